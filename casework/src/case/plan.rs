//! The Hilfeplan of a case, set as a whole: whoever sets it has looked at all of it, which is what a review is.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::plan::{Goal, Step, StepState, open_steps};
use kim_domain::value::Value;
use kim_entity::case_file::{CaseChange, Plan};
use uuid::Uuid;

use super::{Done, Target, own_to_write, touch};
use crate::refusal::Refusal;
use crate::text::line;
use crate::work::Work;

/// So many goals has a plan at the most, and so many steps a goal.
const MOST: usize = 20;

/// Who does a step.
#[derive(Clone, Debug)]
pub enum Responsible {
    /// An agency of the municipality; `None` for an id that cannot be one's.
    Agency(Option<Uuid>),
    /// A kind of agency.
    Kind(AgencyKind),
    /// Somebody else, such as the client.
    Other(String),
}

/// A step as it is set.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// What is to be done.
    pub text: String,
    /// Who does it.
    pub responsible: Responsible,
    /// Until when.
    pub due_on: Option<NaiveDate>,
    /// How far it is.
    pub state: StepState,
}

/// A goal as it is set.
#[derive(Clone, Debug)]
pub struct NewGoal {
    /// What is to be reached.
    pub text: String,
    /// The steps.
    pub steps: Vec<NewStep>,
}

/// Sets the plan, and with it what a handover would tell of it. The same plan once more is a review.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED once the case is closed but while its steps are disputed, BAD_INPUT.
pub async fn set_plan(work: &mut Work<'_>, target: Target, goals: &[NewGoal]) -> Result<Done, Refusal> {
    let case = own_to_write(work, target, FieldSet::EMPTY, FieldSet::of(&[F::PlanSteps])).await?;
    if goals.len() > MOST || goals.iter().any(|goal| goal.steps.len() > MOST) {
        return Err(Refusal::bad_input(format!(
            "Ein Plan hat höchstens {MOST} Ziele, ein Ziel höchstens {MOST} Schritte."
        )));
    }
    let names = agencies(work, goals).await?;
    let goals: Vec<Goal> = goals.iter().map(|goal| checked(goal, &names)).collect::<Result<_, _>>()?;
    let told = open_steps(&goals);
    let unwritable = |error: serde_json::Error| kim_entity::DbErr::Type(error.to_string());
    let plan = serde_json::to_string(&goals).map_err(unwritable)?;
    let plan = Plan { goals: plan, reviewed_on: work.today() };
    let steps = (!told.is_empty()).then(|| Value::PlanSteps(told).encode());
    let change = CaseChange { plan: Some(plan), values: vec![(F::PlanSteps, steps)], ..Default::default() };
    touch(work, &case, change).await?;
    Ok(Done { case: case.id })
}

/// The names of the agencies that the steps name, of those in the viewer's municipality.
async fn agencies(work: &Work<'_>, goals: &[NewGoal]) -> Result<HashMap<Uuid, String>, Refusal> {
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

fn checked(goal: &NewGoal, names: &HashMap<Uuid, String>) -> Result<Goal, Refusal> {
    let step = |step: &NewStep| {
        let (responsible, agency, kind) = match &step.responsible {
            Responsible::Agency(id) => {
                let found = id.and_then(|id| names.get(&id).map(|name| (id, name.clone())));
                let (id, name) = found
                    .ok_or_else(|| Refusal::bad_input("„responsible.agencyId“ ist keine Stelle Ihrer Kommune."))?;
                (name, Some(id), None)
            }
            Responsible::Kind(kind) => (kind.label().to_owned(), None, Some(*kind)),
            Responsible::Other(who) => (line("responsible.other", who)?, None, None),
        };
        let text = line("steps.text", &step.text)?;
        Ok(Step { text, responsible, agency, kind, due_on: step.due_on, state: step.state })
    };
    let steps = goal.steps.iter().map(step).collect::<Result<_, Refusal>>()?;
    Ok(Goal { text: line("goals.text", &goal.text)?, steps })
}
