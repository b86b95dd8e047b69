//! Cases (table `case`): the work of a Träger with one person.
//!
//! This file is the table's codec: every value is written and read here, by the column of its field.

use chrono::NaiveDate;
use kim_domain::Word as _;
use kim_domain::case_closing::CloseReason;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::support_plan::{self, Goal};
use kim_domain::value::{CasePhase, PlanStep};
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use super::person;
use super::values::{self, Values};
use crate::keys::{CaseKey, ClientKey};
use crate::sql::batch::Stored;
use crate::sql::{Columns, Sql};

/// A new case. It is open.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// UUIDv7.
    pub id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// The Träger's number. It may reveal the specialisation of the Träger, so no other agency gets it.
    pub case_number: String,
    /// Code of the district.
    pub district: Option<String>,
    /// The phase of Case Management.
    pub phase: CasePhase,
    /// First day.
    pub opened_on: NaiveDate,
    /// Hash of the imported row, to find out whether it has changed.
    pub import_hash: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// The values; those of a person's fields are not written.
    pub values: Values,
}

/// Changes of a case.
#[derive(Clone, Debug, Default)]
pub struct CaseChange {
    /// Another number.
    pub case_number: Option<String>,
    /// Another district; `Some(None)` removes it.
    pub district: Option<Option<String>>,
    /// Another phase.
    pub phase: Option<CasePhase>,
    /// The case is closed.
    pub closed: Option<Closed>,
    /// Another plan.
    pub plan: Option<Plan>,
    /// New values; those of a person's fields are not written.
    pub values: Vec<(HandoverField, Option<String>)>,
}

/// The end of a case.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Last day.
    pub on: NaiveDate,
    /// The reason.
    pub reason: CloseReason,
    /// The result, as text.
    pub result: Option<String>,
}

/// A new plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Goals and steps (`kim_domain::support_plan`), as JSON; `plan_steps` is written from it.
    pub goals: String,
    /// The day of the plan.
    pub reviewed_on: NaiveDate,
}

/// One case of the viewer's agency.
#[derive(Clone, Debug)]
pub struct CaseRow {
    /// Id.
    pub id: Uuid,
    /// The Träger's number; no other agency sees it.
    pub case_number: String,
    /// Code of the district.
    pub district: Option<String>,
    /// Code of the phase.
    pub phase: String,
    /// First day.
    pub opened_on: NaiveDate,
    /// Last day.
    pub closed_on: Option<NaiveDate>,
    /// Counts the changes.
    pub version: i32,
    /// Code of the reason for which it was closed.
    pub close_reason: Option<String>,
    /// The result, as text.
    pub result: Option<String>,
    /// The requested values of the record.
    pub record: Values,
    key: CaseKey,
    client: ClientKey,
}

/// The plan of a case as it is stored.
#[derive(Clone, Debug)]
pub struct PlanRow {
    /// Goals and steps: as they were set, or else the imported steps.
    pub goals: Vec<Goal>,
    /// When it was last set.
    pub reviewed_on: Option<NaiveDate>,
}

/// The fields for which the table has a column: those that a person does not have, and that are not computed.
pub(crate) const FIELDS: FieldSet =
    FieldSet::ALL.without(person::FIELDS).without(FieldSet::of(&[HandoverField::Age, HandoverField::HouseholdMembers]));

/// The names of the columns that are not those of fields.
const COLUMNS: [&str; 16] = [
    "id",
    "agency_id",
    "person_id",
    "case_number",
    "district",
    "phase",
    "opened_on",
    "closed_on",
    "import_hash",
    "version",
    "close_reason",
    "result",
    "plan",
    "plan_reviewed_on",
    "created_at",
    "updated_at",
];

impl Stored for NewCase {
    fn table() -> &'static str {
        "case"
    }

    fn columns() -> Vec<&'static str> {
        COLUMNS.into_iter().chain(FIELDS.iter().map(HandoverField::column)).collect()
    }

    fn cells(&self) -> Vec<Value> {
        let (text, day) = (Value::String(None), Value::from(None::<NaiveDate>));
        let mut cells = vec![
            self.id.into(),
            self.agency_id.into(),
            self.person_id.into(),
            self.case_number.clone().into(),
            self.district.clone().into(),
            self.phase.code().into(),
            self.opened_on.into(),
            day.clone(),
            self.import_hash.clone().into(),
            1.into(),
            text.clone(),
            text.clone(),
            text,
            day,
            self.created_at.into(),
            self.created_at.into(),
        ];
        cells.extend(self.values.cells(FIELDS));
        cells
    }
}

/// Appends the columns of a case `k` of the client `p`, and these fields of its record.
pub(crate) fn push_columns(sql: &mut Sql, record: FieldSet) {
    sql.push(
        "k.id, k.case_number, k.district, k.phase, k.opened_on, k.closed_on, k.version, k.close_reason, k.result, \
         k.person_id",
    );
    person::push_columns(sql, record);
    push_values(sql, record);
}

/// Appends the columns of those of these fields that a case `k` has.
pub(crate) fn push_values(sql: &mut Sql, fields: FieldSet) {
    values::push_columns(sql, "k", fields.and(FIELDS));
}

/// Reads what [`push_values`] appended.
pub(crate) fn read_values(columns: &mut Columns<'_>, fields: FieldSet) -> Result<Values, DbErr> {
    Values::read(columns, fields.and(FIELDS))
}

impl CaseRow {
    /// The proof that it was found.
    #[must_use]
    pub fn key(&self) -> CaseKey {
        self.key
    }

    /// The client, whose id is never shown.
    #[must_use]
    pub fn client(&self) -> ClientKey {
        self.client
    }

    /// Reads what [`push_columns`] appended.
    pub(crate) fn read(columns: &mut Columns<'_>, record: FieldSet) -> Result<Self, DbErr> {
        let id = columns.next()?;
        let mut case = Self {
            id,
            key: CaseKey::of(id),
            case_number: columns.next()?,
            district: columns.next()?,
            phase: columns.next()?,
            opened_on: columns.next()?,
            closed_on: columns.nullable("case.closed_on")?,
            version: columns.next()?,
            close_reason: columns.next()?,
            result: columns.next()?,
            client: ClientKey::of(columns.next()?),
            record: person::read(columns, record)?,
        };
        case.record.read_more(columns, record.and(FIELDS))?;
        Ok(case)
    }
}

/// Appends the columns of the plan of a case `k`.
pub(crate) fn push_plan(sql: &mut Sql) {
    sql.push(", k.plan, k.plan_steps, k.plan_reviewed_on");
}

impl PlanRow {
    /// Reads what [`push_plan`] appended.
    pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let plan: Option<Vec<Goal>> = columns.json("case.plan")?;
        let steps: Option<Vec<PlanStep>> = columns.json("case.plan_steps")?;
        let goals = plan.unwrap_or_else(|| support_plan::of_steps(steps.unwrap_or_default()));
        Ok(Self { goals, reviewed_on: columns.nullable("case.plan_reviewed_on")? })
    }
}

/// Appends the number of a case `k`.
pub(crate) fn push_number(sql: &mut Sql) {
    sql.push("k.case_number");
}

/// Reads what [`push_number`] appended.
pub(crate) fn read_number(columns: &mut Columns<'_>) -> Result<String, DbErr> {
    columns.next()
}

/// Appends the hash of the imported row of a case `k`.
pub(crate) fn push_import_hash(sql: &mut Sql) {
    sql.push("k.import_hash");
}

/// Reads what [`push_import_hash`] appended.
pub(crate) fn read_import_hash(columns: &mut Columns<'_>) -> Result<Option<String>, DbErr> {
    columns.next()
}

/// Appends the columns of a case `k` from which its deadlines are computed.
pub(crate) fn push_progress(sql: &mut Sql) {
    sql.push("k.phase, k.opened_on, k.plan_reviewed_on");
}

/// Reads what [`push_progress`] appended: the phase, and the day on which the plan was last reviewed or the case opened.
pub(crate) fn read_progress(columns: &mut Columns<'_>) -> Result<(Option<CasePhase>, NaiveDate), DbErr> {
    let phase: String = columns.next()?;
    let (opened_on, reviewed_on): (NaiveDate, Option<NaiveDate>) = (columns.next()?, columns.next()?);
    Ok((CasePhase::from_code(&phase), reviewed_on.unwrap_or(opened_on)))
}

/// Appends the condition that `k` has one of these phases, by code.
pub(crate) fn push_has_phase(sql: &mut Sql, phases: &[&'static str]) {
    sql.push("k.phase IN (NULL");
    for phase in phases {
        sql.push(",").bind(*phase);
    }
    sql.push(")");
}

/// Appends the condition that `k` has one of these numbers.
pub(crate) fn push_has_number_of(sql: &mut Sql, numbers: &[String]) {
    sql.push("k.case_number IN ").rows([numbers.iter().map(Value::from).collect()]);
}

/// Sets only the day on which a case was closed.
#[cfg(feature = "raw")]
pub(crate) async fn write_closed_on(
    connection: &impl ConnectionTrait,
    id: Uuid,
    on: Option<NaiveDate>,
) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("UPDATE \"case\" SET closed_on = ").bind(on).push(" WHERE id = ").bind(id);
    sql.run(connection).await.map(drop)
}

/// Writes result and plan of a case that stays open.
#[cfg(feature = "raw")]
pub(crate) async fn write_texts(
    connection: &impl ConnectionTrait,
    id: Uuid,
    result: &str,
    plan: &str,
) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("UPDATE \"case\" SET result = ").bind(result).push(", plan = ").bind(plan).push(" WHERE id = ").bind(id);
    sql.run(connection).await.map(drop)
}

/// Appends the condition that `k` has this number.
pub(crate) fn push_has_number(sql: &mut Sql, number: &str) {
    sql.push("k.case_number = ").bind(number);
}

/// Writes the value of one field that a case has.
pub(crate) async fn write(
    connection: &impl ConnectionTrait,
    id: Uuid,
    field: HandoverField,
    value: &str,
) -> Result<(), DbErr> {
    values::write(connection, "\"case\"", id, field, value).await
}

/// Changes an agency's case if it still has this version, and returns whether it had. The row stays locked until the commit.
pub(crate) async fn update(
    connection: &impl ConnectionTrait,
    (id, version): (Uuid, i32),
    agency: Uuid,
    change: CaseChange,
    now: i64,
) -> Result<bool, DbErr> {
    let CaseChange { case_number, district, phase, closed, plan, values } = change;
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("UPDATE \"case\" SET version = ").bind(version + 1).push(", updated_at = ").bind(now);
    if let Some(number) = case_number {
        sql.push(", case_number = ").bind(number);
    }
    if let Some(district) = district {
        sql.push(", district = ").bind(district);
    }
    if let Some(phase) = phase {
        sql.push(", phase = ").bind(phase.code());
    }
    if let Some(Closed { on, reason, result }) = closed {
        sql.push(", closed_on = ").bind(on).push(", close_reason = ").bind(reason.code());
        sql.push(", result = ").bind(result);
    }
    if let Some(Plan { goals, reviewed_on }) = plan {
        sql.push(", plan = ").bind(goals).push(", plan_reviewed_on = ").bind(reviewed_on);
    }
    values::push_changes(&mut sql, &values, FIELDS);
    sql.push(" WHERE id = ").bind(id).push(" AND agency_id = ").bind(agency).push(" AND version = ").bind(version);
    Ok(sql.run(connection).await? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kim_domain::field::Block;

    #[test]
    fn a_case_has_the_fields_of_the_request_the_sensitive_ones_and_the_notes() {
        for &field in HandoverField::ALL {
            let kept = matches!(field.block(), Block::Request | Block::Sensitive | Block::Notes);
            assert_eq!(FIELDS.contains(field), kept, "{field:?}");
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_column_and_no_value_of_a_person() {
        let values = [(HandoverField::Concern, "Kita".to_owned()), (HandoverField::City, "canary".to_owned())];
        let case = NewCase {
            id: Uuid::nil(),
            agency_id: Uuid::nil(),
            person_id: Uuid::nil(),
            case_number: "F-1".to_owned(),
            district: None,
            phase: CasePhase::Intake,
            opened_on: NaiveDate::MIN,
            import_hash: None,
            created_at: 0,
            values: values.into_iter().collect(),
        };
        let (columns, cells) = (NewCase::columns(), case.cells());
        assert_eq!(cells.len(), columns.len());
        let place = columns.iter().position(|&column| column == HandoverField::Concern.column()).expect("a column");
        assert_eq!(cells[place], Value::from("Kita"));
        assert!(!cells.contains(&Value::from("canary")));
    }
}
