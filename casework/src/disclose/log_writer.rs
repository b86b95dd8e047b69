//! Writes the log: one transaction for all entries that wait.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::NaiveDate;
use kim_domain::calendar::{Clock, midnight_micros};
use kim_domain::disclosure;
use kim_domain::field::HandoverField;
use kim_entity::DbErr;
use kim_entity::code::Code;
use kim_entity::database::{Database, is_dead_connection, is_timeout};
use kim_entity::disclosed::{self, Fact};
use kim_entity::disclosure_log;
use kim_entity::log::Log;
use kim_entity::read::{Reads, ReferralRow};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::known::{Facts, Known, Portion};
use super::{Entry, Recorded, Shown};

/// So many entries go into one transaction at most.
const TOGETHER: usize = 64;

/// Why a field could be shown.
const CONSENT: &str = "CONSENT";
const STATUTE: &str = "STATUTE";
/// One's own handover: no disclosure to another, and so not in `disclosed`.
const OWN: &str = "OWN";

/// By referral: its receiver, and what is not in `disclosed` yet.
type News = BTreeMap<Uuid, (Uuid, Facts)>;

/// Writes entries, many at once.
pub(super) struct LogWriter {
    database: Arc<Database>,
    clock: Clock,
    known: Mutex<Known>,
}

impl LogWriter {
    pub(super) fn new(database: Arc<Database>, clock: Clock) -> Self {
        Self { database, clock, known: Mutex::default() }
    }

    /// Writes what comes until nobody is left to send.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Entry>) {
        let writer = Arc::new(self);
        let mut waiting = Vec::new();
        while queue.recv_many(&mut waiting, TOGETHER).await > 0 {
            // Whoever gave up waiting is shown nothing.
            waiting.retain(|entry| !entry.told.is_closed());
            if waiting.is_empty() {
                continue;
            }
            let (writer, entries) = (Arc::clone(&writer), std::mem::take(&mut waiting));
            // In a task of its own: should it panic, those who wait are told so, and the next are written.
            let _ = tokio::spawn(async move { writer.write(entries).await }).await;
        }
    }

    /// Writes entries in one transaction. One whose agency is having something closed just now is left to wait for that
    /// by itself, and holds up nobody else.
    async fn write(self: Arc<Self>, entries: Vec<Entry>) {
        let agencies = entries.iter().map(|entry| entry.reader.agency_id).collect();
        let (log, free) = match Log::begin(&self.database, &agencies).await {
            Ok(begun) => begun,
            Err(error) => return tell_all(entries, Err(error)),
        };
        let (entries, held): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| free.contains(&entry.reader.agency_id));
        self.each_alone(held);
        match self.fill(log, &entries).await {
            // What one of them has wrong must not be the others' failure.
            Err(error) if entries.len() > 1 && !is_dead_connection(&error) && !is_timeout(&error) => {
                self.each_alone(entries)
            }
            result => tell_all(entries, result),
        }
    }

    fn each_alone(self: &Arc<Self>, entries: Vec<Entry>) {
        for entry in entries {
            let writer = Arc::clone(self);
            tokio::spawn(async move {
                let result = match Log::begin_when_free(&writer.database, entry.reader.agency_id).await {
                    Ok(log) => writer.fill(log, std::slice::from_ref(&entry)).await,
                    Err(error) => Err(error),
                };
                tell_all(vec![entry], result);
            });
        }
    }

    /// Fills and ends the transaction, under whose locks nothing is closed to these entries' agencies.
    async fn fill(&self, log: Log, entries: &[Entry]) -> Result<Vec<Recorded>, DbErr> {
        let agencies: BTreeSet<Uuid> = entries.iter().map(|entry| entry.reader.agency_id).collect();
        let closings = log.closings(&agencies).await?;
        // Under the locks, for which midnight may have been waited: a day that ended may have ended a consent.
        let today = self.clock.today();
        let (mut recorded, mut shown, mut news) = (Vec::with_capacity(entries.len()), Vec::new(), BTreeMap::new());
        let lost = self.database.dead_connection_at();
        for entry in entries {
            let now = closings.get(&entry.reader.agency_id).copied().unwrap_or(0);
            let released = today == entry.begun.today
                && (now == entry.begun.closings || still_released(&self.database, entry).await?);
            recorded.push(if released { Recorded::Written } else { Recorded::Overtaken(now) });
            if released {
                shown.push(entry);
                self.add_news(&mut news, &entry.shown, today, lost);
            }
        }
        // Only now that the rule was asked: what it releases may rest on a consent that was given a moment ago.
        let at = self.clock.now_micros();
        let rows: Result<Vec<_>, _> = shown.into_iter().map(|entry| log_rows(at, entry)).collect();
        let rows = rows?.concat();
        if rows.is_empty() {
            log.roll_back().await?;
            return Ok(recorded);
        }
        log.write(rows).await?;
        log.record(&facts_in_order(&news), at, midnight_micros(today)).await?;
        log.commit().await?;
        let written = news.into_iter().map(|(referral, (_, facts))| (referral, facts));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).learn(today, lost, written);
        Ok(recorded)
    }

    /// Adds what is not in `disclosed` yet. What one sees of one's own is no disclosure.
    fn add_news(&self, news: &mut News, shown: &[Shown], today: NaiveDate, lost: Option<Instant>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for one in shown.iter().filter(|one| !one.own) {
            let facts = known.news(today, lost, one.referral_id, facts_of(one));
            if !facts.is_empty() {
                let (_, all) = news.entry(one.referral_id).or_insert((one.receiver_id, Facts::default()));
                *all = all.then(facts);
            }
        }
    }
}

fn tell_all(entries: Vec<Entry>, result: Result<Vec<Recorded>, DbErr>) {
    match result {
        Ok(recorded) => {
            for (entry, recorded) in entries.into_iter().zip(recorded) {
                // Whoever gave up waiting is shown nothing.
                let _ = entry.told.send(Ok(recorded));
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for entry in entries {
                let _ = entry.told.send(Err(Arc::clone(&error)));
            }
        }
    }
}

/// Whether the rule releases now, on the same grounds, all that is to be shown. Nothing is closed meanwhile: the caller
/// holds the lock of disclosures to the viewer's agency.
async fn still_released(database: &Database, entry: &Entry) -> Result<bool, DbErr> {
    let ids: Vec<Uuid> = entry.shown.iter().map(|one| one.referral_id).collect();
    let snapshot = Reads::begin(database, Arc::clone(&entry.viewer), entry.begun.today).await?;
    let rows = snapshot.referrals_by_id(&ids).await?;
    drop(snapshot);
    let rows: HashMap<Uuid, ReferralRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(entry.shown.iter().all(|one| {
        rows.get(&one.referral_id).is_some_and(|row| {
            let released = row.visible().fields();
            let by_consent = disclosure::consented(&row.terms);
            one.fields.is_within(released)
                && (one.own || one.fields.and(one.consented).is_within(by_consent))
                && (one.own
                    || !one.messages
                    || (!released.is_empty() && one.consented.is_empty() == by_consent.is_empty()))
        })
    }))
}

/// What another's handover disclosed, by ground.
fn facts_of(shown: &Shown) -> Facts {
    let by_consent = shown.fields.and(shown.consented);
    let texts_by_consent = shown.messages && !shown.consented.is_empty();
    Facts {
        by_consent: Portion { fields: by_consent, messages: texts_by_consent },
        by_statute: Portion { fields: shown.fields.without(by_consent), messages: shown.messages && !texts_by_consent },
    }
}

/// One row for each distinct set.
fn log_rows(at: i64, entry: &Entry) -> Result<Vec<disclosure_log::Model>, DbErr> {
    let mut sets: BTreeMap<(&'static str, i64, bool), Vec<Uuid>> = BTreeMap::new();
    for one in &entry.shown {
        let parts = match one.own {
            true => vec![(OWN, Portion { fields: one.fields, messages: one.messages })],
            false => by_ground(facts_of(one)).into_iter().filter(|(_, portion)| !portion.is_empty()).collect(),
        };
        for (ground, portion) in parts {
            let set = (ground, portion.fields.to_i64(), portion.messages);
            sets.entry(set).or_default().push(one.referral_id);
        }
    }
    let reader = &entry.reader;
    let row = |((ground, fields, messages), referrals): ((&'static str, i64, bool), Vec<Uuid>)| {
        Ok(disclosure_log::Model {
            id: kim_domain::id::new_uuid(),
            at,
            request_id: reader.request_id.clone(),
            agency_id: reader.agency_id,
            agency: reader.agency.clone(),
            role: Code(reader.role),
            subject: reader.subject.clone(),
            acting_for: reader.acting_for.clone(),
            operation: reader.operation.clone(),
            referrals: serde_json::to_string(&referrals).map_err(|error| DbErr::Json(error.to_string()))?,
            fields,
            messages,
            ground: ground.to_owned(),
        })
    };
    sets.into_iter().map(row).collect()
}

fn by_ground(facts: Facts) -> [(&'static str, Portion); 2] {
    [(CONSENT, facts.by_consent), (STATUTE, facts.by_statute)]
}

/// What is new, as rows. Another server may have written them today.
fn facts_in_order(news: &News) -> Vec<Fact> {
    let mut facts = Vec::new();
    // In one order for all writers: two that show the same rows never wait for each other crosswise.
    for (&referral_id, &(receiver_id, ref of_referral)) in news {
        let from = facts.len();
        for (ground, portion) in by_ground(*of_referral) {
            let messages = portion.messages.then_some(disclosed::MESSAGES);
            let fields = portion.fields.iter().map(HandoverField::code).chain(messages);
            facts.extend(fields.map(|field| Fact { referral_id, field, receiver_id, ground }));
        }
        facts[from..].sort_by_key(|fact| fact.field);
    }
    facts
}
