//! The directory: all agencies and agreements, cached in memory. A list needs them for every row, and they change rarely.
//!
//! A request sees the directory in the state of its own snapshot. The statement that looks up the viewer also reads how often
//! agencies and agreements have changed (the table `directory`, updated by triggers). The cached directory is used only if it
//! has that version (docs/adr/0009-the-directory.md).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::NaiveDate;
use kim_domain::Word as _;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::sql::{Columns, Sql};

/// What everybody in a municipality may know about an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyRow {
    /// Id.
    pub id: Uuid,
    /// Name in URLs and tokens.
    pub slug: Arc<str>,
    /// Name for people.
    pub name: Arc<str>,
    /// What it does.
    pub kind: AgencyKind,
    /// How to find and reach it.
    pub details: Arc<AgencyDetails>,
}

/// How to find and reach an agency, and the version of its master data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgencyDetails {
    /// Counts changes of the master data.
    pub version: i32,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Opening hours, in words.
    pub opening_hours: Option<String>,
    /// Code of the district.
    pub district: Option<String>,
}

/// The columns of [`AgencyDetails`] in a table with this alias.
macro_rules! details {
    ($alias:literal) => {
        details!($alias "version", "street", "postal_code", "city", "phone", "email", "opening_hours", "district")
    };
    ($alias:literal $first:literal, $($column:literal),+) => {
        concat!($alias, ".", $first $(, ", ", $alias, ".", $column)+)
    };
}
pub(crate) use details;

impl AgencyDetails {
    /// Reads the columns of [`details`].
    pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            version: columns.next()?,
            street: columns.nullable("agency.street")?,
            postal_code: columns.nullable("agency.postal_code")?,
            city: columns.nullable("agency.city")?,
            phone: columns.nullable("agency.phone")?,
            email: columns.nullable("agency.email")?,
            opening_hours: columns.nullable("agency.opening_hours")?,
            district: columns.nullable("agency.district")?,
        })
    }
}

impl AgencyDetails {
    /// Those of one agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn find(connection: &impl ConnectionTrait, id: Uuid) -> Result<Option<Self>, DbErr> {
        let mut sql = Sql::new(connection.get_database_backend());
        sql.push(concat!("SELECT ", details!("g"), " FROM agency g WHERE g.id = ")).bind(id);
        sql.one(connection).await?.map(|row| Self::read(&mut Columns::of(&row))).transpose()
    }
}

impl AgencyRow {
    /// The columns that [`read`](Self::read) reads.
    pub(crate) const COLUMNS: &str = concat!("g.id, g.slug, g.name, g.kind, ", details!("g"));

    /// Reads [`COLUMNS`](Self::COLUMNS).
    pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: columns.next()?,
            slug: columns.shared_text()?,
            name: columns.shared_text()?,
            kind: columns.word()?,
            details: Arc::new(AgencyDetails::read(columns)?),
        })
    }
}

/// All agencies and agreements at one instant.
#[derive(Debug)]
pub(crate) struct Directory {
    version: i64,
    agencies: HashMap<Uuid, Agency>,
    kinds: HashMap<Arc<str>, AgencyKind>,
    agreements: HashMap<Uuid, Version>,
}

/// An agency, as the rule and a list need it.
#[derive(Clone, Debug)]
pub(crate) struct Agency {
    /// What a party may know about it.
    pub(crate) row: AgencyRow,
    /// Whether its staff are bound by § 203 StGB.
    pub(crate) bound_by_203: bool,
}

/// A version of an agreement, as an offer refers to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pinned {
    /// The fields that it permits.
    pub(crate) agreement: Agreement,
    /// Days for which data stays visible after the end.
    pub(crate) access_days: i16,
    /// Day on which it was terminated for cause.
    pub(crate) ended: Option<NaiveDate>,
}

/// What a version permits on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// The fields that it permits.
    pub(crate) agreement: Agreement,
    /// Days for which data stays visible after the end.
    pub(crate) access_days: i16,
}

/// A version, and the later ones of the same receiver and purpose that narrow running referrals, with their first days.
#[derive(Debug)]
struct Version {
    pinned: Pinned,
    narrowing: Vec<(NaiveDate, Agreement)>,
}

impl Agreed {
    /// For a draft without an agreement.
    pub(crate) const NOTHING: Self = Self {
        agreement: Agreement { fields: FieldSet::EMPTY, ticked_only: FieldSet::EMPTY, statutory: FieldSet::EMPTY },
        access_days: 0,
    };
}

impl Pinned {
    /// What the version permits on a day: narrowed by later versions that have begun, and nothing once it was terminated for
    /// cause.
    pub(crate) fn on(self, today: NaiveDate, narrowing: impl Iterator<Item = Agreement>) -> Agreed {
        let mut agreement = narrowing.fold(self.agreement, Agreement::narrowed_by);
        if self.ended.is_some_and(|day| day <= today) {
            agreement.fields = FieldSet::EMPTY;
        }
        Agreed { agreement, access_days: self.access_days }
    }
}

impl Directory {
    /// An agency, if it exists.
    pub(crate) fn find(&self, id: Uuid) -> Option<&Agency> {
        self.agencies.get(&id)
    }

    /// An agency that a referral names.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if it does not exist, or is of a kind that this program does not know.
    pub(crate) fn agency(&self, id: Uuid) -> Result<&Agency, DbErr> {
        self.find(id).ok_or_else(|| DbErr::RecordNotFound("an agency in the directory".to_owned()))
    }

    /// What a version permits on a day.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if it does not exist.
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

    /// Reads the whole directory with two statements.
    async fn read(connection: &impl ConnectionTrait, version: i64) -> Result<Self, DbErr> {
        let mut sql = Sql::new(connection.get_database_backend());
        sql.push(concat!("SELECT g.id, g.slug, g.name, g.kind, g.bound_by_203, ", details!("g"), " FROM agency g"));
        let (mut agencies, mut kinds) = (HashMap::new(), HashMap::new());
        for row in &sql.all(connection).await? {
            let mut columns = Columns::of(row);
            let (id, slug, name) = (columns.next()?, columns.shared_text()?, columns.shared_text()?);
            let kind: String = columns.next()?;
            // An agency of an unknown kind is skipped, so that all others work; a row that refers to it is an error.
            if let Some(kind) = AgencyKind::from_code(&kind) {
                kinds.insert(Arc::clone(&slug), kind);
                let bound_by_203 = columns.next()?;
                let details = AgencyDetails::read(&mut columns).unwrap_or_else(|_| {
                    tracing::error!(
                        kind = "stored value",
                        table = "agency",
                        "an agency whose details are unreadable has none"
                    );
                    AgencyDetails::default()
                });
                let row = AgencyRow { id, slug, name, kind, details: Arc::new(details) };
                agencies.insert(id, Agency { row, bound_by_203 });
            }
        }
        Ok(Self { version, agencies, kinds, agreements: agreements(connection).await? })
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
    // The latest version comes first: those seen before, of the same receiver and purpose, are later.
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
        let pinned = pinned(&mut columns).unwrap_or_else(|_| {
            tracing::error!(
                kind = "stored value",
                table = "agreement",
                "an agreement that is unreadable permits nothing"
            );
            Pinned { agreement: Agreed::NOTHING.agreement, access_days: 0, ended: None }
        });
        agreements.insert(id, Version { pinned, narrowing: narrowing.clone() });
        // A version whose first day cannot be read may have begun.
        let (narrows, from) = (columns.next()?, columns.next().unwrap_or(NaiveDate::MIN));
        if narrows {
            narrowing.push((from, pinned.agreement));
        }
    }
    Ok(agreements)
}

fn pinned(columns: &mut Columns<'_>) -> Result<Pinned, DbErr> {
    // All columns are passed, also if one of them cannot be read.
    let [fields, ticked_only, statutory] = [columns.fields(), columns.fields(), columns.fields()];
    let (access_days, ended) = (columns.next(), columns.next());
    let agreement = Agreement { fields: fields?, ticked_only: ticked_only?, statutory: statutory? };
    Ok(Pinned { agreement, access_days: access_days?, ended: ended? })
}

/// The cache of the directory that was read last, for all requests of the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct DirectoryCache(Arc<RwLock<Option<Arc<Directory>>>>);

impl DirectoryCache {
    /// The kind of the agency with this slug in the cached directory, which may be outdated.
    pub(crate) fn kind_of(&self, slug: &str) -> Option<AgencyKind> {
        let cached = self.0.read().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().and_then(|directory| directory.kinds.get(slug).copied())
    }

    /// The directory of this version: the cached one, or else it is read and cached.
    ///
    /// The version must have been read in the same snapshot, which only reads. On PostgreSQL that is REPEATABLE READ, on
    /// SQLite a deferred transaction: every statement sees the instant of the first, so that version and content belong
    /// together. A transaction that writes would see its own uncommitted rows, under a version that another transaction may
    /// commit with other rows.
    ///
    /// # Errors
    /// The database does not answer, or an agency or agreement cannot be read.
    pub(crate) async fn at(&self, version: i64, snapshot: &impl ConnectionTrait) -> Result<Arc<Directory>, DbErr> {
        let cached = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(cached) = cached.filter(|cached| cached.version == version) {
            return Ok(cached);
        }
        let read = Arc::new(Directory::read(snapshot, version).await?);
        // It also replaces a later version: that may come from a server that failed before its standby had it, and would
        // then be read again for every request. If a slow request puts back an earlier version, the next request reads again.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&read));
        Ok(read)
    }
}
