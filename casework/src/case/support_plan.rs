//! The support plan (Hilfeplan) of a case. It is always set as a whole, which counts as a review.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::support_plan::{Goal, Step, StepState, open_steps};
use kim_domain::value::Value;
use kim_entity::case_file::{CaseChange, Plan};
use uuid::Uuid;

use super::{CaseResult, Target, own_for_fields, update_row};
use crate::refusal::WorkError;
use crate::text::line;
use crate::work::Work;

/// Maximum number of goals of a plan, and of steps of a goal.
const MAX_ITEMS: usize = 20;

/// Who is responsible for a step.
#[derive(Clone, Debug)]
pub enum Responsible {
    /// An agency of the municipality; `None` for an id that cannot belong to one.
    Agency(Option<Uuid>),
    /// A kind of agency.
    Kind(AgencyKind),
    /// Somebody else, for example the client.
    Other(String),
}

/// A step to set.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// The task.
    pub text: String,
    /// Who is responsible.
    pub responsible: Responsible,
    /// Due date.
    pub due_on: Option<NaiveDate>,
    /// State of the step.
    pub state: StepState,
}

/// A goal to set.
#[derive(Clone, Debug)]
pub struct NewGoal {
    /// The goal.
    pub text: String,
    /// The steps.
    pub steps: Vec<NewStep>,
}

/// Sets the plan, and derives the plan steps that a handover would contain. Setting the same plan again is a review.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED if the case is closed and its steps are not disputed, BAD_INPUT.
pub async fn set_plan(work: &mut Work<'_>, target: Target, goals: &[NewGoal]) -> Result<CaseResult, WorkError> {
    let case = own_for_fields(work, target, FieldSet::EMPTY, FieldSet::of(&[F::PlanSteps])).await?;
    if goals.len() > MAX_ITEMS || goals.iter().any(|goal| goal.steps.len() > MAX_ITEMS) {
        return Err(WorkError::bad_input(format!(
            "Ein Plan hat höchstens {MAX_ITEMS} Ziele, ein Ziel höchstens {MAX_ITEMS} Schritte."
        )));
    }
    let names = agencies(work, goals).await?;
    let goals: Vec<Goal> = goals.iter().map(|goal| checked(goal, &names)).collect::<Result<_, _>>()?;
    let open = open_steps(&goals);
    let unwritable = |error: serde_json::Error| kim_entity::DbErr::Type(error.to_string());
    let plan = serde_json::to_string(&goals).map_err(unwritable)?;
    let plan = Plan { goals: plan, reviewed_on: work.today() };
    let steps = (!open.is_empty()).then(|| Value::PlanSteps(open).encode());
    let change = CaseChange { plan: Some(plan), values: vec![(F::PlanSteps, steps)], ..Default::default() };
    update_row(work, &case, change).await?;
    Ok(CaseResult { case: case.id })
}

/// Names of the agencies of the viewer's municipality that are responsible for steps.
async fn agencies(work: &Work<'_>, goals: &[NewGoal]) -> Result<HashMap<Uuid, String>, WorkError> {
    let named = goals.iter().flat_map(|goal| &goal.steps).filter_map(|step| match step.responsible {
        Responsible::Agency(id) => id,
        Responsible::Kind(_) | Responsible::Other(_) => None,
    });
    let ids: Vec<Uuid> = named.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = work.writes().agencies_of_municipality(ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

fn checked(goal: &NewGoal, names: &HashMap<Uuid, String>) -> Result<Goal, WorkError> {
    let step = |step: &NewStep| {
        let (responsible, agency, kind) = match &step.responsible {
            Responsible::Agency(id) => {
                let found = id.and_then(|id| names.get(&id).map(|name| (id, name.clone())));
                let (id, name) = found
                    .ok_or_else(|| WorkError::bad_input("„responsible.agencyId“ ist keine Stelle Ihrer Kommune."))?;
                (name, Some(id), None)
            }
            Responsible::Kind(kind) => (kind.label().to_owned(), None, Some(*kind)),
            Responsible::Other(who) => (line("responsible.other", who)?, None, None),
        };
        let text = line("steps.text", &step.text)?;
        Ok(Step { text, responsible, agency, kind, due_on: step.due_on, state: step.state })
    };
    let steps = goal.steps.iter().map(step).collect::<Result<_, WorkError>>()?;
    Ok(Goal { text: line("goals.text", &goal.text)?, steps })
}
