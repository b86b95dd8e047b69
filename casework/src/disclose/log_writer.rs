//! Writes the log. All waiting entries go into one transaction.

use std::collections::{BTreeMap, HashMap};
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

use super::written_today::{Facts, Portion, WrittenToday};
use super::{Entry, LogOutcome, Shown};

/// Maximum number of entries per transaction.
const MAX_BATCH: usize = 64;

/// Grounds of a disclosure.
const CONSENT: &str = "CONSENT";
const STATUTE: &str = "STATUTE";
/// A handover of the own agency. This is no disclosure and not written to `disclosed`.
const OWN: &str = "OWN";

/// By referral: its receiver, and the disclosures that are not in `disclosed` yet.
type Unwritten = BTreeMap<Uuid, (Uuid, Facts)>;

/// Writes entries in batches.
pub(super) struct LogWriter {
    database: Arc<Database>,
    clock: Clock,
    written_today: Mutex<WrittenToday>,
}

impl LogWriter {
    pub(super) fn new(database: Arc<Database>, clock: Clock) -> Self {
        Self { database, clock, written_today: Mutex::default() }
    }

    /// Writes entries until all senders are dropped.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Entry>) {
        let writer = Arc::new(self);
        let mut waiting = Vec::new();
        while queue.recv_many(&mut waiting, MAX_BATCH).await > 0 {
            // A requester that stopped waiting shows nothing, so nothing is logged.
            waiting.retain(|entry| !entry.result_sender.is_closed());
            if waiting.is_empty() {
                continue;
            }
            let (writer, entries) = (Arc::clone(&writer), std::mem::take(&mut waiting));
            // In a separate task, so that a panic fails only these entries.
            let _ = tokio::spawn(async move { writer.write(entries).await }).await;
        }
    }

    /// Writes entries in one transaction. An entry whose agency has a closing in progress waits for it separately,
    /// without delaying the others.
    async fn write(self: Arc<Self>, entries: Vec<Entry>) {
        let agencies = entries.iter().map(|entry| entry.reader.agency_id).collect();
        let (log, unblocked) = match Log::begin(&self.database, &agencies).await {
            Ok(locked) => locked,
            Err(error) => return send_results(entries, Err(error)),
        };
        let (entries, blocked): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| unblocked.contains(&entry.reader.agency_id));
        self.write_separately(blocked);
        match self.fill(log, &entries).await {
            // An error of one entry must not fail the others.
            Err(error) if entries.len() > 1 && !is_dead_connection(&error) && !is_timeout(&error) => {
                self.write_separately(entries)
            }
            result => send_results(entries, result),
        }
    }

    fn write_separately(self: &Arc<Self>, entries: Vec<Entry>) {
        for entry in entries {
            let writer = Arc::clone(self);
            tokio::spawn(async move {
                let result = match Log::begin_when_free(&writer.database, entry.reader.agency_id).await {
                    Ok(log) => writer.fill(log, std::slice::from_ref(&entry)).await,
                    Err(error) => Err(error),
                };
                send_results(vec![entry], result);
            });
        }
    }

    /// Fills and commits the transaction. It holds locks under which no field can be closed for the entries' agencies.
    async fn fill(&self, log: Log, entries: &[Entry]) -> Result<Vec<LogOutcome>, DbErr> {
        // Read after the locks, because midnight may have passed while waiting, and a consent may have ended with the
        // day.
        let today = self.clock.today();
        let (mut recorded, mut shown, mut unwritten) = (Vec::with_capacity(entries.len()), Vec::new(), BTreeMap::new());
        let lost = self.database.dead_connection_at();
        for entry in entries {
            let now = log.closings(entry.reader.agency_id);
            let released = today == entry.start.today
                && (now == entry.start.closings || still_released(&self.database, entry).await?);
            recorded.push(if released { LogOutcome::Written } else { LogOutcome::Outdated(now) });
            if released {
                shown.push(entry);
                self.add_unwritten(&mut unwritten, &entry.shown, today, lost);
            }
        }
        // Read after the rule was evaluated, because the rule may rely on a consent that was given a moment ago.
        let at = self.clock.now_micros();
        let rows: Result<Vec<_>, _> = shown.into_iter().map(|entry| log_rows(at, entry)).collect();
        let rows = rows?.concat();
        if rows.is_empty() {
            log.roll_back().await?;
            return Ok(recorded);
        }
        log.write(rows).await?;
        log.record(&facts_in_order(&unwritten), at, midnight_micros(today)).await?;
        log.commit().await?;
        let written = unwritten.into_iter().map(|(referral, (_, facts))| (referral, facts));
        self.written_today.lock().unwrap_or_else(PoisonError::into_inner).remember(today, lost, written);
        Ok(recorded)
    }

    /// Collects disclosures that are not in `disclosed` yet. A sender's own view is no disclosure.
    fn add_unwritten(&self, unwritten: &mut Unwritten, shown: &[Shown], today: NaiveDate, lost: Option<Instant>) {
        let mut known = self.written_today.lock().unwrap_or_else(PoisonError::into_inner);
        for one in shown.iter().filter(|one| !one.own) {
            let facts = known.unwritten(today, lost, one.referral_id, facts_of(one));
            if !facts.is_empty() {
                let (_, all) = unwritten.entry(one.referral_id).or_insert((one.receiver_id, Facts::default()));
                *all = all.merge(facts);
            }
        }
    }
}

fn send_results(entries: Vec<Entry>, result: Result<Vec<LogOutcome>, DbErr>) {
    match result {
        Ok(recorded) => {
            for (entry, recorded) in entries.into_iter().zip(recorded) {
                // The requester may have stopped waiting. Then it shows nothing.
                let _ = entry.result_sender.send(Ok(recorded));
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for entry in entries {
                let _ = entry.result_sender.send(Err(Arc::clone(&error)));
            }
        }
    }
}

/// Whether the rule still releases all disclosures on the same grounds. No field is closed meanwhile, because the
/// caller holds the disclosure lock of the viewer's agency.
async fn still_released(database: &Database, entry: &Entry) -> Result<bool, DbErr> {
    let ids: Vec<Uuid> = entry.shown.iter().map(|one| one.referral_id).collect();
    let snapshot = Reads::begin(database, Arc::clone(&entry.viewer), entry.start.today).await?;
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

/// The disclosures of a received handover, by ground.
fn facts_of(shown: &Shown) -> Facts {
    let by_consent = shown.fields.and(shown.consented);
    let texts_by_consent = shown.messages && !shown.consented.is_empty();
    Facts {
        by_consent: Portion { fields: by_consent, messages: texts_by_consent },
        by_statute: Portion { fields: shown.fields.without(by_consent), messages: shown.messages && !texts_by_consent },
    }
}

/// One row for each distinct set of fields.
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

/// The new disclosures as rows. Another server may have written them on the same day.
fn facts_in_order(unwritten: &Unwritten) -> Vec<Fact> {
    let mut facts = Vec::new();
    // Sorted, so that two writers with the same rows cannot deadlock.
    for (&referral_id, &(receiver_id, ref of_referral)) in unwritten {
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
