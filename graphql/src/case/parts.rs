//! Relations of cases that are read only if the plan needs them: notes, goals, decisions, deadlines, disputes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::{ID, Object};
use kim_domain::field::FieldSet;
use kim_domain::id::Kind;
use kim_domain::upcoming::CaseFacts;
use kim_entity::read::{CaseRow, DecisionRow, NoteRow, PlanRow, Reads};
use uuid::Uuid;

use crate::agency::{self, Parties};
use crate::case::plan::CasePlan;
use crate::error::Failure;
use crate::run::connection::connection;
use crate::run::history::{Histories, History};
use crate::run::planned::Relation;
use crate::schema::scalar::{DateTime, global};

/// The list's name in its cursors.
pub(crate) const NOTES: &str = "notes";

/// The relations of one case.
pub(crate) struct CaseParts {
    pub(crate) notes: History<NoteRow>,
    pub(crate) plan: Relation<Option<PlanRow>>,
    pub(crate) decisions: Relation<Vec<DecisionRow>>,
    /// `None` for a closed case.
    pub(crate) facts: Relation<Option<CaseFacts>>,
    /// The agencies that the plan names.
    pub(crate) parties: Parties,
    /// Fields of the record that a receiver reported as wrong and that are not decided yet.
    pub(crate) disputed: Relation<FieldSet>,
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
    let (mut plans, mut parties) = (HashMap::new(), Parties::default());
    if let Some(ids) = ids(|plan| plan.goals) {
        plans = snapshot.plans(&ids).await?;
        let steps = plans.values().flat_map(|plan| &plan.goals).flat_map(|goal| &goal.steps);
        let named: BTreeSet<Uuid> = steps.filter_map(|step| step.agency).collect();
        parties = agency::parties(snapshot, named).await?;
    }
    let mut decisions = match ids(|plan| plan.decisions) {
        Some(ids) => snapshot.decisions(&ids).await?,
        None => HashMap::new(),
    };
    let mut facts: HashMap<Uuid, CaseFacts> = match ids(|plan| plan.deadlines) {
        Some(ids) => snapshot.deadline_facts(Some(&ids)).await?.into_iter().collect(),
        None => HashMap::new(),
    };
    let disputed = match ids(|plan| plan.disputed) {
        Some(ids) => snapshot.disputes_of_cases(&ids).await?,
        None => HashMap::new(),
    };
    let part = |(row, plan): &(CaseRow, &CasePlan)| {
        let id = row.id;
        let parts = CaseParts {
            notes: notes.take(id),
            plan: Relation::planned(plan.goals, || plans.remove(&id)),
            decisions: Relation::planned(plan.decisions, || decisions.remove(&id).unwrap_or_default()),
            facts: Relation::planned(plan.deadlines, || facts.remove(&id)),
            parties: Arc::clone(&parties),
            disputed: Relation::planned(plan.disputed, || disputed.get(&id).copied().unwrap_or_default()),
        };
        (id, parts)
    };
    Ok(rows.iter().map(part).collect())
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
