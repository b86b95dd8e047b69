//! Notes, plans and decisions of the viewer's own cases: one statement for any number of cases.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::eligibility::StoredFinding;
use kim_domain::value::TargetGroup;
use sea_orm::DbErr;
use uuid::Uuid;

use super::history::HistoryKey;
use super::{Page, Reads, Window};
use crate::codec::case_file::{self, PlanRow};
use crate::codec::note::{self, NoteRow};
use crate::sql::Columns;

/// A decision on eligibility.
#[derive(Clone, Debug)]
pub struct DecisionRow {
    /// Id.
    pub id: Uuid,
    /// The person who decided.
    pub staff: Option<String>,
    /// For whom a service decided.
    pub acting_for: Option<String>,
    /// The day of the decision.
    pub decided_on: NaiveDate,
    /// The day for which the rules were applied.
    pub reference_date: NaiveDate,
    /// The rule set.
    pub rule_set: String,
    /// Its version.
    pub rule_set_version: i32,
    /// The decision.
    pub eligible: bool,
    /// The groups.
    pub groups: Vec<TargetGroup>,
    /// The findings of the rules.
    pub findings: Vec<StoredFinding>,
    /// The explanation.
    pub explanation: Option<String>,
}

impl DecisionRow {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: columns.next()?,
            staff: columns.next()?,
            acting_for: columns.next()?,
            decided_on: columns.next()?,
            reference_date: columns.next()?,
            rule_set: columns.next()?,
            rule_set_version: columns.next()?,
            eligible: columns.next()?,
            groups: columns.json("eligibility_decision.groups")?.unwrap_or_default(),
            findings: columns.json("eligibility_decision.findings")?.unwrap_or_default(),
            explanation: columns.next()?,
        })
    }
}

impl Reads {
    /// A page of notes for each of these cases, the latest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn notes(
        &self,
        cases: &[Uuid],
        window: &Window<HistoryKey>,
    ) -> Result<HashMap<Uuid, Page<NoteRow>>, DbErr> {
        let mut sql = self.sql();
        let own = self.viewer.agency().id;
        sql.push("SELECT q.case_id");
        note::push_columns(&mut sql);
        sql.first_of_each(("note", "case_id"), cases, ("at", "DESC"), window.fetched(), |sql| {
            sql.push(" AND t.agency_id = ").bind(own);
            if let Some(moment) = window.after {
                sql.push(" AND (t.at, t.id) < (").bind(moment.at).push(",").bind(moment.id).push(")");
            }
        });
        self.pages("note", sql, window, NoteRow::read).await
    }

    /// The number of notes of each of these cases.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_notes(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, i64>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT t.case_id, COUNT(*) FROM note t WHERE t.agency_id = ").bind(self.viewer.agency().id);
        sql.push(" AND ").is_one_of("t.case_id", cases).push(" GROUP BY t.case_id");
        sql.all(self.connection())
            .await?
            .iter()
            .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
            .collect()
    }

    /// The plans of these cases.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn plans(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, PlanRow>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT k.id");
        case_file::push_plan(&mut sql);
        sql.push(" FROM \"case\" k WHERE k.agency_id = ")
            .bind(self.viewer.agency().id)
            .push(" AND ")
            .is_one_of("k.id", cases);
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::noting(row, self.unreadable.as_deref());
            Ok((columns.next()?, PlanRow::read(&mut columns)?))
        };
        Ok(self.readable("case", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// The decisions on each of these cases, the earliest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn decisions(&self, cases: &[Uuid]) -> Result<HashMap<Uuid, Vec<DecisionRow>>, DbErr> {
        let mut sql = self.sql();
        sql.push(
            "SELECT q.case_id, q.id, q.staff, q.acting_for, q.decided_on, q.reference_date, q.rule_set, \
             q.rule_set_version, q.eligible, q.groups, q.findings, q.explanation FROM eligibility_decision q WHERE q.agency_id = ",
        );
        sql.bind(self.viewer.agency().id).push(" AND ").is_one_of("q.case_id", cases);
        sql.push(" ORDER BY q.case_id, q.at, q.id");
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::noting(row, self.unreadable.as_deref());
            Ok((columns.next()?, DecisionRow::read(&mut columns)?))
        };
        let mut found: HashMap<Uuid, Vec<DecisionRow>> = HashMap::new();
        for (case, decision) in self.readable("eligibility_decision", rows.iter().map(read))?.into_iter().flatten() {
            found.entry(case).or_default().push(decision);
        }
        Ok(found)
    }
}
