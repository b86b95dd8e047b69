//! The cases of the viewer's own agency, with all their data. No other agency ever reads these tables.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::birth_date::BirthDate;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::fingerprint::ClientFingerprints;
use kim_domain::value::{HouseholdMember, Value};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{Page, Reads, Window};
use crate::codec::case_file::CaseRow;
use crate::codec::{case_file, household_member, person};
use crate::sql::{Columns, Sql};

/// The text of a field that is computed from a value that cannot be read. It is no value of these fields either, so that
/// the field is an error where it is shown.
const NO_VALUE: &str = "unreadable";

/// A page of cases.
pub type CasePage = Page<CaseRow>;

/// Filters a list of the viewer's cases.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// One of these phases, by code.
    pub phase: Option<Vec<&'static str>>,
    /// Whether it is open.
    pub open: Option<bool>,
    /// The agency's own number, exactly.
    pub case_number: Option<String>,
    /// The keyed fingerprints of a client.
    pub client: Option<ClientFingerprints>,
}

impl Reads {
    /// One page of the agency's cases, the latest opened first, with these fields of their records.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        window: &Window<(NaiveDate, Uuid)>,
        record: FieldSet,
    ) -> Result<CasePage, DbErr> {
        let mut sql = self.select_cases(record);
        self.narrow_cases(&mut sql, filter);
        if let Some((opened_on, id)) = window.after {
            sql.push(" AND (k.opened_on, k.id) < (").bind(opened_on).push(",").bind(id).push(")");
        }
        sql.push(" ORDER BY k.opened_on DESC, k.id DESC").limit(window.fetched());
        let mut page = Page::cut(self.fetch_cases(sql, record).await?, window).flat();
        self.add_household(&mut page.rows, record).await?;
        Ok(page)
    }

    /// The number of cases that the filter matches.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_cases(&self, filter: &CaseFilter) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM \"case\" k JOIN person p ON p.id = k.person_id WHERE ");
        self.narrow_cases(&mut sql, filter);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// Those of these cases that are of the viewer's agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn cases_by_id(&self, ids: &[Uuid], record: FieldSet) -> Result<Vec<CaseRow>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.select_cases(record);
        self.narrow_cases(&mut sql, &CaseFilter::default());
        sql.push(" AND ").is_one_of("k.id", ids);
        let mut rows: Vec<CaseRow> = self.fetch_cases(sql, record).await?.into_iter().flatten().collect();
        self.add_household(&mut rows, record).await?;
        Ok(rows)
    }

    fn select_cases(&self, record: FieldSet) -> Sql {
        let mut sql = self.sql();
        sql.push("SELECT ");
        case_file::push_columns(&mut sql, with_birth_date(record));
        sql.push(" FROM \"case\" k JOIN person p ON p.id = k.person_id WHERE ");
        sql
    }

    fn narrow_cases(&self, sql: &mut Sql, filter: &CaseFilter) {
        sql.push("k.agency_id = ").bind(self.viewer.agency().id);
        if let Some(phases) = &filter.phase {
            sql.push(" AND ");
            case_file::push_has_phase(sql, phases);
        }
        match filter.open {
            Some(true) => _ = sql.push(" AND k.closed_on IS NULL"),
            Some(false) => _ = sql.push(" AND k.closed_on IS NOT NULL"),
            None => {}
        }
        if let Some(number) = &filter.case_number {
            sql.push(" AND ");
            case_file::push_has_number(sql, number);
        }
        if let Some(client) = &filter.client {
            sql.push(" AND ");
            person::push_is_client(sql, self.viewer.agency().id, client);
        }
    }

    /// None for a row that cannot be read.
    async fn fetch_cases(&self, sql: Sql, record: FieldSet) -> Result<Vec<Option<CaseRow>>, DbErr> {
        let rows = sql.all(self.connection()).await?;
        self.readable("case", rows.iter().map(|row| self.read_case(row, record)))
    }

    fn read_case(&self, row: &QueryResult, record: FieldSet) -> Result<CaseRow, DbErr> {
        let mut case = CaseRow::read(&mut Columns::noting(row, self.unreadable.as_deref()), with_birth_date(record))?;
        if record.contains(HandoverField::Age) {
            let born = case.record.get(HandoverField::BirthDate);
            let age = match born.map(str::parse::<BirthDate>) {
                Some(Ok(born)) => born.age_on(self.today).map(|age| age.to_string()),
                Some(Err(_)) if self.unreadable.is_none() => return Err(DbErr::Type("no birth date".into())),
                Some(Err(_)) => Some(NO_VALUE.to_owned()),
                None => None,
            };
            case.record.push(HandoverField::Age, age.as_deref());
        }
        Ok(case)
    }

    async fn add_household(&self, cases: &mut [CaseRow], record: FieldSet) -> Result<(), DbErr> {
        if !record.contains(HandoverField::HouseholdMembers) || cases.is_empty() {
            return Ok(());
        }
        let persons: Vec<Uuid> = cases.iter().map(|case| case.client().id()).collect();
        let mut sql = self.sql();
        sql.push("SELECT m.person_id");
        household_member::push_columns(&mut sql);
        sql.push(" FROM household_member m WHERE ").is_one_of("m.person_id", &persons).push(" ORDER BY m.id");
        // None for a household with a member that cannot be read.
        let mut households: HashMap<Uuid, Option<Vec<HouseholdMember>>> = HashMap::new();
        for row in &sql.all(self.connection()).await? {
            let mut columns = Columns::of(row);
            let members = households.entry(columns.next()?).or_insert_with(|| Some(Vec::new()));
            match household_member::read(&mut columns) {
                Ok(member) => {
                    if let Some(members) = members {
                        members.push(member);
                    }
                }
                Err(error) if self.unreadable.is_none() => return Err(error),
                Err(_) => *members = None,
            }
        }
        for case in cases {
            let encode = |members: Option<Vec<HouseholdMember>>| match members {
                Some(members) => Value::HouseholdMembers(members).encode(),
                None => NO_VALUE.to_owned(),
            };
            let members = households.remove(&case.client().id()).map(encode);
            case.record.push(HandoverField::HouseholdMembers, members.as_deref());
        }
        Ok(())
    }
}

/// Adds the birth date if the age is requested, which is computed from it.
fn with_birth_date(record: FieldSet) -> FieldSet {
    if record.contains(HandoverField::Age) { record.or(FieldSet::of(&[HandoverField::BirthDate])) } else { record }
}
