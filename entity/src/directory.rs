//! The directory: agencies and agreements, which a list needs for every row and which change rarely, kept in memory.
//!
//! A request uses it exactly as it is in the request's own snapshot. The statement that looks up who asks also reads how
//! often agencies and agreements have changed (the table `directory`, on which triggers count); only if that is the
//! version that is kept, what is kept is used (docs/adr/0009-the-directory.md).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::NaiveDate;
use kim_domain::Word as _;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::read::AgencyRow;
use crate::sql::{Columns, Sql};

/// All agencies and agreements at one instant.
#[derive(Debug)]
pub(crate) struct Directory {
    version: i64,
    agencies: HashMap<Uuid, Agency>,
    agreements: HashMap<Uuid, Version>,
}

/// What the rule and a list need of an agency.
#[derive(Clone, Debug)]
pub(crate) struct Agency {
    /// What a party may know of it.
    pub(crate) row: AgencyRow,
    /// Whether its staff are bound by § 203 StGB.
    pub(crate) bound_by_203: bool,
}

/// A version of an agreement by itself, as an offer pins it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pinned {
    /// What it lets through.
    pub(crate) agreement: Agreement,
    /// Days for which data stays visible after the end.
    pub(crate) access_days: i16,
    /// Day on which it was terminated for cause.
    pub(crate) ended: Option<NaiveDate>,
}

/// What is left of a version on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// What it lets through.
    pub(crate) agreement: Agreement,
    /// Days for which data stays visible after the end.
    pub(crate) access_days: i16,
}

/// A version, and the later ones of the same receiver and purpose that narrow what runs, with their first days.
#[derive(Debug)]
struct Version {
    pinned: Pinned,
    narrowing: Vec<(NaiveDate, Agreement)>,
}

impl Agreed {
    /// Of a draft without an agreement.
    pub(crate) const NOTHING: Self = Self {
        agreement: Agreement { fields: FieldSet::EMPTY, ticked_only: FieldSet::EMPTY, statutory: FieldSet::EMPTY },
        access_days: 0,
    };
}

impl Pinned {
    /// What is left of it: narrowed by later versions that have begun, and nothing once it was terminated for cause.
    pub(crate) fn on(self, today: NaiveDate, narrowing: impl Iterator<Item = Agreement>) -> Agreed {
        let mut agreement = narrowing.fold(self.agreement, Agreement::narrowed_by);
        if self.ended.is_some_and(|day| day <= today) {
            agreement.fields = FieldSet::EMPTY;
        }
        Agreed { agreement, access_days: self.access_days }
    }
}

impl Directory {
    /// An agency, if there is one.
    pub(crate) fn find(&self, id: Uuid) -> Option<&Agency> {
        self.agencies.get(&id)
    }

    /// An agency that a referral names.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if it is not there, or of a kind that this program does not know.
    pub(crate) fn agency(&self, id: Uuid) -> Result<&Agency, DbErr> {
        self.find(id).ok_or_else(|| DbErr::RecordNotFound("an agency in the directory".to_owned()))
    }

    /// What is left of a version on a day.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if it is not there.
    pub(crate) fn agreed(&self, id: Uuid, today: NaiveDate) -> Result<Agreed, DbErr> {
        let missing = || DbErr::RecordNotFound("an agreement in the directory".to_owned());
        let Version { pinned, narrowing } = self.agreements.get(&id).ok_or_else(missing)?;
        let begun = narrowing.iter().filter(|(from, _)| *from <= today).map(|&(_, agreement)| agreement);
        Ok(pinned.on(today, begun))
    }

    /// How often it has changed; `None` if nothing counts that, because the table was emptied by hand.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn version(connection: &impl ConnectionTrait) -> Result<Option<i64>, DbErr> {
        let mut sql = Sql::new(connection.get_database_backend());
        sql.push("SELECT version FROM directory");
        sql.one(connection).await?.map(|row| row.try_get_by_index(0)).transpose()
    }

    /// Reads all of it, in two statements.
    async fn read(connection: &impl ConnectionTrait, version: i64) -> Result<Self, DbErr> {
        let mut sql = Sql::new(connection.get_database_backend());
        sql.push("SELECT g.id, g.slug, g.name, g.kind, g.bound_by_203 FROM agency g");
        let mut agencies = HashMap::new();
        for row in &sql.all(connection).await? {
            let mut columns = Columns::of(row);
            let (id, slug, name) = (columns.next()?, columns.shared_text()?, columns.shared_text()?);
            let kind: String = columns.next()?;
            // One of an unknown kind must not shut out everybody else: a row that names it is an error.
            if let Some(kind) = AgencyKind::from_code(&kind) {
                let row = AgencyRow { id, slug, name, kind };
                agencies.insert(id, Agency { row, bound_by_203: columns.next()? });
            }
        }
        Ok(Self { version, agencies, agreements: agreements(connection).await? })
    }
}

/// Every version of every agreement.
async fn agreements(connection: &impl ConnectionTrait) -> Result<HashMap<Uuid, Version>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push(
        "SELECT a.id, a.receiver_id, a.purpose, a.fields, a.ticked_only, a.statutory_fields, a.access_days, \
         a.terminated_for_cause_on, a.narrows_running, a.valid_from FROM agreement a \
         ORDER BY a.receiver_id, a.purpose, a.version DESC",
    );
    let mut agreements = HashMap::new();
    // The latest comes first: what was passed of the same receiver and purpose is later.
    let mut passed: Option<(Uuid, String)> = None;
    let mut narrowing = Vec::new();
    for row in &sql.all(connection).await? {
        let mut columns = Columns::of(row);
        let id = columns.next()?;
        let of = Some((columns.next()?, columns.next()?));
        if passed != of {
            narrowing.clear();
            passed = of;
        }
        let agreement =
            Agreement { fields: columns.fields()?, ticked_only: columns.fields()?, statutory: columns.fields()? };
        let pinned = Pinned { agreement, access_days: columns.next()?, ended: columns.next()? };
        agreements.insert(id, Version { pinned, narrowing: narrowing.clone() });
        let (narrows, from): (bool, NaiveDate) = (columns.next()?, columns.next()?);
        if narrows {
            narrowing.push((from, agreement));
        }
    }
    Ok(agreements)
}

/// Where the directory that was read last is kept, for all requests of the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf(Arc<RwLock<Option<Arc<Directory>>>>);

impl Shelf {
    /// The directory of this version: what is kept, or what is read now and kept from then on.
    ///
    /// The version must have been read in the same snapshot, which only reads. On PostgreSQL that is REPEATABLE READ, on
    /// SQLite a deferred transaction: every statement sees the instant of the first, so that version and content belong
    /// together. A transaction that writes sees what it has not committed, under a version that may yet be another's.
    ///
    /// # Errors
    /// The database does not answer, or an agency or agreement cannot be read.
    pub(crate) async fn at(&self, version: i64, snapshot: &impl ConnectionTrait) -> Result<Arc<Directory>, DbErr> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.version == version) {
            return Ok(kept);
        }
        let read = Arc::new(Directory::read(snapshot, version).await?);
        // Also in the place of a later one: it may be of a server that failed before its standby had it, and would then be
        // read anew for every request. Where a slow request put back an earlier one, the next one reads once more.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&read));
        Ok(read)
    }
}
