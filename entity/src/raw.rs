//! Raw connections and rows of the codecs for tests and the benchmark (feature `raw`). The program is built without it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kim_domain::Word as _;
use kim_domain::fingerprint::ClientFingerprints;
use kim_domain::value::CasePhase;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityName as _, EntityTrait,
    IdenStatic as _, Iterable as _, Statement, Value,
};
use uuid::Uuid;

use crate::codec::case_file::{self, NewCase};
use crate::codec::handover::{self, HandoverRow};
use crate::codec::message::NewMessage;
use crate::codec::name_part;
use crate::codec::note::NewNote;
use crate::codec::person::{self, Fingerprints, PersonRow};
use crate::codec::values::{Changes, Values};
use crate::database::Database;
use crate::database::tx::Tx;
use crate::disclosure_lock::ClosingLock;
use crate::sql::batch::insert_stored;
use crate::sql::{Columns, Sql};

pub use crate::codec::name_part::Named;
pub use crate::sql::batch::Stored;

/// Writes the stays that stored events have ended, for events that were written directly.
///
/// # Errors
/// The database does not answer.
pub async fn record_stays(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    crate::write::stays::record_all(connection).await
}

impl Database {
    /// The main database.
    #[must_use]
    pub fn raw(&self) -> &DatabaseConnection {
        &self.main
    }

    /// The log's database; on PostgreSQL the main database.
    #[must_use]
    pub fn raw_log(&self) -> &DatabaseConnection {
        &self.log
    }

    /// A snapshot, as [`Reads`](crate::read::Reads) begin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn raw_read(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_reading().await
    }

    /// A transaction that writes, as [`Writes`](crate::write::Writes) begin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn raw_write(&self) -> Result<DatabaseTransaction, DbErr> {
        Ok(self.begin_writing().await?.0)
    }

    /// Calls this with every statement from now on, and its values.
    pub fn raw_observe(&mut self, observer: impl Fn(&Statement) + Send + Sync + 'static) {
        self.observe_statements(observer);
    }

    /// A closing for these agencies that is not committed yet: disclosures to them wait until it ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn raw_closing(&self, agencies: &BTreeSet<Uuid>) -> Result<Closing, DbErr> {
        let closing = Tx::write(self).await?;
        Ok(Closing { lock: ClosingLock::take(&closing, agencies).await?, closing })
    }
}

/// A closing that is not committed yet.
#[derive(Debug)]
pub struct Closing {
    lock: ClosingLock,
    closing: Tx,
}

impl Closing {
    /// Commits.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.lock.commit(self.closing).await
    }
}

impl<A: ActiveModelTrait> Stored for A {
    fn table() -> &'static str {
        A::Entity::default().table_name()
    }

    fn columns() -> Vec<&'static str> {
        <A::Entity as EntityTrait>::Column::iter().map(|column| column.as_str()).collect()
    }

    fn cells(&self) -> Vec<Value> {
        let cell = |column| self.get(column).into_value().unwrap_or(Value::String(None));
        <A::Entity as EntityTrait>::Column::iter().map(cell).collect()
    }
}

/// Inserts rows in their order.
///
/// # Errors
/// The database does not answer.
pub async fn insert<S: Stored>(connection: &impl ConnectionTrait, rows: &[S]) -> Result<(), DbErr> {
    insert_stored(connection, rows).await
}

/// Inserts rows in their order, and the parts of their names.
///
/// # Errors
/// The database does not answer.
pub async fn insert_with_parts<R: Named>(connection: &impl ConnectionTrait, rows: &[R]) -> Result<(), DbErr> {
    name_part::insert_with_parts(connection, rows).await
}

/// The handover of a referral.
///
/// # Errors
/// The database does not answer.
pub async fn handover(connection: &impl ConnectionTrait, referral: Uuid) -> Result<Option<HandoverRow>, DbErr> {
    Ok(handover::find(connection, &[referral], handover::fields()).await?.pop())
}

/// Replaces all values of a referral's handover, and the fingerprints of the client.
///
/// # Errors
/// The database does not answer.
pub async fn update_handover(connection: &impl ConnectionTrait, row: &HandoverRow) -> Result<(), DbErr> {
    handover::update(connection, row).await
}

/// How many rows a codec's table has.
///
/// # Errors
/// The database does not answer.
pub async fn count<S: Stored>(connection: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT COUNT(*) FROM \"").push(S::table()).push("\"");
    sql.one(connection).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Reads all rows of a codec's table.
async fn all<S: Stored>(
    connection: &impl ConnectionTrait,
    read: impl Fn(&mut Columns<'_>) -> Result<S, DbErr>,
) -> Result<Vec<S>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT ").push(&S::columns().join(", ")).push(" FROM \"").push(S::table()).push("\"");
    sql.all(connection).await?.iter().map(|row| read(&mut Columns::of(row))).collect()
}

/// All notes.
///
/// # Errors
/// The database does not answer.
pub async fn notes(connection: &impl ConnectionTrait) -> Result<Vec<NewNote>, DbErr> {
    let read = |columns: &mut Columns<'_>| {
        let (id, case_id, agency_id) = (columns.next()?, columns.next()?, columns.next()?);
        let (staff, acting_for, at, body) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
        Ok(NewNote { id, case_id, agency_id, staff, acting_for, at, body })
    };
    all(connection, read).await
}

/// All messages.
///
/// # Errors
/// The database does not answer.
pub async fn messages(connection: &impl ConnectionTrait) -> Result<Vec<NewMessage>, DbErr> {
    let read = |columns: &mut Columns<'_>| {
        let (id, referral_id, sent_at) = (columns.next()?, columns.next()?, columns.next()?);
        let (agency_id, staff, acting_for) = (columns.next()?, columns.next()?, columns.next()?);
        Ok(NewMessage { id, referral_id, sent_at, agency_id, staff, acting_for, body: columns.next()? })
    };
    all(connection, read).await
}

/// All persons.
///
/// # Errors
/// The database does not answer.
pub async fn persons(connection: &impl ConnectionTrait) -> Result<Vec<PersonRow>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT person_id, fingerprint FROM person_name_part");
    let mut parts: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    for row in &sql.all(connection).await? {
        parts.entry(row.try_get_by_index(0)?).or_default().insert(row.try_get_by_index(1)?);
    }
    let read = |columns: &mut Columns<'_>| {
        let (id, agency_id, whole, phonetic) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
        let parts = parts.get(&id).cloned().unwrap_or_default();
        let fingerprints =
            Option::map(whole, |whole| Fingerprints { exact: ClientFingerprints { whole, parts }, phonetic });
        let (created_at, _): (_, i64) = (columns.next()?, columns.next()?);
        Ok(PersonRow { id, agency_id, fingerprints, created_at, values: Values::read(columns, person::FIELDS)? })
    };
    all(connection, read).await
}

/// All cases, as they were opened.
///
/// # Errors
/// The database does not answer.
pub async fn cases(connection: &impl ConnectionTrait) -> Result<Vec<NewCase>, DbErr> {
    let read = |columns: &mut Columns<'_>| {
        let (id, agency_id, person_id) = (columns.next()?, columns.next()?, columns.next()?);
        let (case_number, district, phase) = (columns.next()?, columns.next()?, columns.next::<String>()?);
        let (opened_on, _closed_on) = (columns.next()?, columns.next::<Option<NaiveDate>>()?);
        let (import_hash, _version) = (columns.next()?, columns.next::<i32>()?);
        let (_reason, _result) = (columns.next::<Option<String>>()?, columns.next::<Option<String>>()?);
        let (_plan, _reviewed_on) = (columns.next::<Option<String>>()?, columns.next::<Option<NaiveDate>>()?);
        let (created_at, _updated_at) = (columns.next()?, columns.next::<i64>()?);
        let phase = CasePhase::from_code(&phase).ok_or_else(|| DbErr::Type("a phase".into()))?;
        let values = Values::read(columns, case_file::FIELDS)?;
        Ok(NewCase {
            id,
            agency_id,
            person_id,
            case_number,
            district,
            phase,
            opened_on,
            import_hash,
            created_at,
            values,
        })
    };
    all(connection, read).await
}

/// Writes values of a person.
///
/// # Errors
/// The database does not answer.
pub async fn update_person(
    connection: &impl ConnectionTrait,
    person: &PersonRow,
    changes: &Changes,
) -> Result<(), DbErr> {
    person::update(connection, person.id, person.agency_id, changes, None, 0).await
}

/// Sets only the day on which a case was closed.
///
/// # Errors
/// The database does not answer.
pub async fn close_case(connection: &impl ConnectionTrait, id: Uuid, on: Option<NaiveDate>) -> Result<(), DbErr> {
    case_file::write_closed_on(connection, id, on).await
}

/// Writes result and plan of a case that stays open.
///
/// # Errors
/// The database does not answer.
pub async fn write_case_texts(
    connection: &impl ConnectionTrait,
    id: Uuid,
    result: &str,
    plan: &str,
) -> Result<(), DbErr> {
    case_file::write_texts(connection, id, result, plan).await
}
