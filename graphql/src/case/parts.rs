//! Relations of cases that are read only if the plan needs them: notes, goals, decisions, deadlines, disputes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::{ID, Object};
use kim_domain::field::FieldSet;
use kim_domain::id::Kind;
use kim_domain::support_plan::Goal;
use kim_domain::upcoming::CaseFacts;
use kim_entity::read::{CaseRow, DecisionRow, NoteRow, PlanRow, Reads};
use uuid::Uuid;

use crate::agency::{self, Parties};
use crate::case::goal;
use crate::case::plan::CasePlan;
use crate::error::Failure;
use crate::run::connection::connection;
use crate::run::history::{Histories, History};
use crate::schema::scalar::{DateTime, global};

/// The list's name in its cursors.
pub(crate) const NOTES: &str = "notes";

/// The relations of one case.
#[derive(Default)]
pub(crate) struct CaseParts {
    pub(crate) notes: History<NoteRow>,
    pub(crate) plan: Option<(PlanRow, Vec<Goal>)>,
    pub(crate) decisions: Vec<DecisionRow>,
    /// `None` for a closed case.
    pub(crate) facts: Option<CaseFacts>,
    pub(crate) parties: Parties,
    /// Fields of the record that a receiver reported as wrong and that are not decided yet.
    pub(crate) disputed: FieldSet,
}

/// Reads the planned relations of each case, with a constant number of statements.
pub(crate) async fn parts(
    snapshot: &Reads,
    rows: &[(CaseRow, &CasePlan)],
) -> Result<HashMap<Uuid, CaseParts>, Failure> {
    let ids = |has: fn(&CasePlan) -> bool| ids_where(rows, has);
    let notes: Vec<_> = rows.iter().map(|(row, plan)| (row.id, &plan.notes)).collect();
    let read = |ids: Vec<Uuid>, window| async move { snapshot.notes(&ids, &window).await };
    let count = |ids: Vec<Uuid>| async move { snapshot.count_notes(&ids).await };
    let mut notes = Histories::fetch(NOTES, &notes, read, count).await?;
    let part =
        |(row, _): &(CaseRow, &CasePlan)| (row.id, CaseParts { notes: notes.take(row.id), ..CaseParts::default() });
    let mut parts: HashMap<Uuid, CaseParts> = rows.iter().map(part).collect();
    if let Some(ids) = ids(|plan| plan.goals) {
        let plans = snapshot.plans(&ids).await?;
        let plans: Vec<_> = plans.into_iter().map(|(id, row)| (id, goal::goals(&row), row)).collect();
        let steps = plans.iter().flat_map(|(_, goals, _)| goals).flat_map(|goal| &goal.steps);
        let named: BTreeSet<Uuid> = steps.filter_map(|step| step.agency).collect();
        let parties = agency::parties(snapshot, named).await?;
        for (id, goals, row) in plans {
            let part = parts.entry(id).or_default();
            part.plan = Some((row, goals));
            part.parties = Arc::clone(&parties);
        }
    }
    if let Some(ids) = ids(|plan| plan.decisions) {
        for (id, decisions) in snapshot.decisions(&ids).await? {
            parts.entry(id).or_default().decisions = decisions;
        }
    }
    if let Some(ids) = ids(|plan| plan.deadlines) {
        for (id, facts) in snapshot.deadline_facts(Some(&ids)).await? {
            parts.entry(id).or_default().facts = Some(facts);
        }
    }
    if let Some(ids) = ids(|plan| plan.disputed) {
        for (id, fields) in snapshot.disputes_of_cases(&ids).await? {
            parts.entry(id).or_default().disputed = fields;
        }
    }
    Ok(parts)
}

/// The cases whose plan needs a relation; `None` if there are none.
fn ids_where(rows: &[(CaseRow, &CasePlan)], has: impl Fn(&CasePlan) -> bool) -> Option<Vec<Uuid>> {
    let ids: Vec<Uuid> = rows.iter().filter(|(_, plan)| has(plan)).map(|(row, _)| row.id).collect();
    Some(ids).filter(|ids| !ids.is_empty())
}

/// A counselling note.
pub(crate) struct Note(pub(crate) NoteRow);

/// Eine Beratungsnotiz: wird nie geändert und verlässt Ihre Stelle nie (§ 203 StGB, § 65 SGB VIII).
#[Object(tag = "for senders")]
impl Note {
    /// Kennung.
    async fn id(&self) -> ID {
        global(Kind::Note, self.0.id)
    }
    /// Geschrieben.
    async fn at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.0.at)
    }
    /// Wer sie geschrieben hat.
    async fn staff(&self) -> Option<&str> {
        self.0.staff.as_deref()
    }
    /// Für wen ein Fachverfahren gehandelt hat.
    async fn acting_for(&self) -> Option<&str> {
        self.0.acting_for.as_deref()
    }
    /// Der Text.
    async fn text(&self) -> &str {
        &self.0.body
    }
}

connection!(NoteConnection, NoteEdge, Note, "for senders", "Eine Seite der Beratungsnotizen, die neueste zuerst.");
