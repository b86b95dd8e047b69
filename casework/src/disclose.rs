//! Writes down what was disclosed, before it leaves: the log of requests, and per referral and field the first and
//! last time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::disclosure;
use kim_domain::field::FieldSet;
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::read::{ReferralRow, Snapshot};
use kim_entity::viewer::Viewer;
use kim_entity::{disclosed, disclosure_log};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, EntityTrait as _};
use uuid::Uuid;

/// What was shown of one referral in one request.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The referral.
    pub referral_id: Uuid,
    /// Its receiver.
    pub receiver_id: Uuid,
    /// Shown to the agency that handed it over.
    pub own: bool,
    /// Fields that a statute lets pass.
    pub statutory: FieldSet,
    /// Fields that the client consented to.
    pub consented: FieldSet,
    /// Fields that were asked for and visible, also where the value is null.
    pub fields: FieldSet,
    /// Whether messages were shown.
    pub messages: bool,
}

/// Who read, in which request, by which operation.
#[derive(Clone, Debug)]
pub struct Reader {
    agency_id: Uuid,
    agency: String,
    role: Role,
    subject: String,
    acting_for: Option<String>,
    request_id: String,
    operation: String,
}

impl Reader {
    /// The viewer, the request's id, and the hash of the operation's document.
    #[must_use]
    pub fn of(viewer: &Viewer, request_id: &str, operation: &str) -> Self {
        Self {
            agency_id: viewer.agency().id,
            agency: viewer.agency().slug.clone(),
            role: viewer.role(),
            subject: viewer.subject().to_owned(),
            acting_for: viewer.acting_for().map(str::to_owned),
            request_id: request_id.to_owned(),
            operation: operation.to_owned(),
        }
    }
}

/// Why a field could be shown.
const CONSENT: &str = "CONSENT";
const STATUTE: &str = "STATUTE";
/// One's own handover: no disclosure to another, and so not in `disclosed`.
const OWN: &str = "OWN";

/// The part of what was shown that one ground carries.
struct Part {
    ground: &'static str,
    fields: FieldSet,
    messages: bool,
}

/// What became of a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Recorded {
    /// It is there: the answer may leave.
    Written,
    /// Something was closed to the agency since the answer was begun: it is to be made anew, and this is the count now.
    Overtaken(i64),
}

/// When an answer was begun.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// How often something was closed to the viewer's agency before.
    pub closings: i64,
    /// The day for which the rule was asked.
    pub today: NaiveDate,
}

/// Writes the log of one request: all of it or nothing. A disclosure happens when this commits, and no closing can commit
/// between the look at what was closed and that. If something was closed since the answer was begun, the rule is asked
/// again for what it shows: what it still releases may go, so that a busy day of withdrawals stops nobody's reading.
///
/// # Errors
/// The log cannot be written; then nothing may be shown.
pub async fn record(
    database: &Database,
    clock: &Clock,
    viewer: &Arc<Viewer>,
    reader: &Reader,
    shown: &[Shown],
    begun: Begun,
) -> Result<Recorded, DbErr> {
    let transaction = database.disclose(reader.agency_id).await?;
    // Under the lock, for which midnight may have been waited: a day that ended may have ended a consent.
    let now = database.closings(&transaction, reader.agency_id).await?;
    let released = clock.today() == begun.today
        && (now == begun.closings || still_released(database, viewer, shown, begun.today).await?);
    if !released {
        transaction.rollback().await?;
        return Ok(Recorded::Overtaken(now));
    }
    let at = clock.now_micros();
    let mut sets: BTreeMap<(&'static str, i64, bool), Vec<Uuid>> = BTreeMap::new();
    let mut facts = Vec::new();
    for one in shown {
        for part in parts(one) {
            sets.entry((part.ground, part.fields.to_i64(), part.messages)).or_default().push(one.referral_id);
            if !one.own {
                facts.extend(facts_of(one, &part, at));
            }
        }
    }
    insert_log(&transaction, at, reader, sets).await?;
    upsert_disclosed(&transaction, facts).await?;
    transaction.commit().await?;
    Ok(Recorded::Written)
}

/// Whether the rule releases now, on the same grounds, all that is to be shown. Nothing is closed meanwhile: the caller
/// holds the lock of disclosures to the viewer's agency.
async fn still_released(
    database: &Database,
    viewer: &Arc<Viewer>,
    shown: &[Shown],
    today: NaiveDate,
) -> Result<bool, DbErr> {
    let ids: Vec<Uuid> = shown.iter().map(|one| one.referral_id).collect();
    let snapshot = Snapshot::begin(database, Arc::clone(viewer), today).await?;
    let rows = snapshot.referrals_by_id(&ids).await?;
    snapshot.end().await?;
    let rows: HashMap<Uuid, ReferralRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(shown.iter().all(|one| {
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

fn parts(shown: &Shown) -> Vec<Part> {
    if shown.own {
        return vec![Part { ground: OWN, fields: shown.fields, messages: shown.messages }];
    }
    let by_consent = shown.fields.and(shown.consented);
    let by_statute = shown.fields.without(by_consent);
    let texts_by_consent = shown.messages && !shown.consented.is_empty();
    [
        Part { ground: CONSENT, fields: by_consent, messages: texts_by_consent },
        Part { ground: STATUTE, fields: by_statute, messages: shown.messages && !texts_by_consent },
    ]
    .into_iter()
    .filter(|part| part.messages || !part.fields.is_empty())
    .collect()
}

fn facts_of(shown: &Shown, part: &Part, at: i64) -> Vec<disclosed::ActiveModel> {
    let messages = part.messages.then_some(disclosed::MESSAGES);
    part.fields
        .iter()
        .map(|field| field.code())
        .chain(messages)
        .map(|field| disclosed::ActiveModel {
            referral_id: Set(shown.referral_id),
            field: Set(field.to_owned()),
            receiver_id: Set(shown.receiver_id),
            first_at: Set(at),
            last_at: Set(at),
            ground: Set(part.ground.to_owned()),
        })
        .collect()
}

async fn insert_log(
    transaction: &DatabaseTransaction,
    at: i64,
    reader: &Reader,
    sets: BTreeMap<(&'static str, i64, bool), Vec<Uuid>>,
) -> Result<(), DbErr> {
    let rows = sets.into_iter().map(|((ground, fields, messages), referrals)| disclosure_log::ActiveModel {
        id: Set(kim_domain::id::new_uuid()),
        at: Set(at),
        request_id: Set(reader.request_id.clone()),
        agency_id: Set(reader.agency_id),
        agency: Set(reader.agency.clone()),
        role: Set(Code(reader.role)),
        subject: Set(reader.subject.clone()),
        acting_for: Set(reader.acting_for.clone()),
        operation: Set(reader.operation.clone()),
        referrals: Set(serde_json::json!(referrals).to_string()),
        fields: Set(fields),
        messages: Set(messages),
        ground: Set(ground.to_owned()),
    });
    disclosure_log::Entity::insert_many(rows).exec_without_returning(transaction).await.map(|_| ())
}

/// How many rows one statement takes, within SQLite's limit of bound values.
const ROWS: usize = 4_000;

async fn upsert_disclosed(
    transaction: &DatabaseTransaction,
    mut facts: Vec<disclosed::ActiveModel>,
) -> Result<(), DbErr> {
    // One order for all writers: two requests that show the same rows never wait for each other crosswise.
    facts.sort_by(|a, b| (a.referral_id.as_ref(), a.field.as_ref()).cmp(&(b.referral_id.as_ref(), b.field.as_ref())));
    for rows in facts.chunks(ROWS) {
        disclosed::Entity::insert_many(rows.to_vec())
            .on_conflict(
                OnConflict::columns([disclosed::Column::ReferralId, disclosed::Column::Field])
                    .update_columns([disclosed::Column::LastAt, disclosed::Column::Ground])
                    .to_owned(),
            )
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}
