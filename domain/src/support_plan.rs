//! The Hilfeplan of a case: goals, and steps towards each goal.
//!
//! The plan is the only source of the handover field `planSteps`, which is rewritten whenever the plan changes. It
//! contains the open steps: a receiver sees what is agreed and not yet done.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::agency::AgencyKind;
use crate::value::PlanStep;

crate::words! {
    /// State of a step.
    pub enum StepState("Stand eines Schritts im Hilfeplan") for Senders {
        Open = "OPEN": "offen",
        Done = "DONE": "erledigt",
        Dropped = "DROPPED": "aufgegeben",
    }
}

/// A step towards a goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// What is to be done (Schritt).
    pub text: String,
    /// The responsible party as text: an agency's name, a kind of agency, or a person.
    pub responsible: String,
    /// The responsible agency, if it is one of the municipality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Uuid>,
    /// The kind of agency, if no agency is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<AgencyKind>,
    /// Due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
    /// State of the step.
    pub state: StepState,
}

/// A goal and its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Goal {
    /// What is to be achieved (Ziel).
    pub text: String,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// The steps of a plan that a handover contains: the open ones.
#[must_use]
pub fn open_steps(goals: &[Goal]) -> Vec<PlanStep> {
    goals
        .iter()
        .flat_map(|goal| goal.steps.iter().filter(|step| step.state == StepState::Open).map(move |step| (goal, step)))
        .map(|(goal, step)| PlanStep {
            goal: goal.text.clone(),
            step: step.text.clone(),
            responsible: step.responsible.clone(),
            due_on: step.due_on,
        })
        .collect()
}

/// The plan for imported steps: all of them open, grouped by goal.
#[must_use]
pub fn of_steps(steps: Vec<PlanStep>) -> Vec<Goal> {
    let mut goals: Vec<Goal> = Vec::new();
    for PlanStep { goal, step: text, responsible, due_on } in steps {
        let step = Step { text, responsible, agency: None, kind: None, due_on, state: StepState::Open };
        match goals.iter_mut().find(|known| known.text == goal) {
            Some(known) => known.steps.push(step),
            None => goals.push(Goal { text: goal, steps: vec![step] }),
        }
    }
    goals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str, state: StepState) -> Step {
        Step { text: text.into(), responsible: "Jobcenter".into(), agency: None, kind: None, due_on: None, state }
    }

    #[test]
    fn a_handover_contains_only_open_steps() {
        let steps = vec![step("a", StepState::Done), step("b", StepState::Open), step("c", StepState::Dropped)];
        let goals = vec![Goal { text: "Arbeit".into(), steps }, Goal { text: "Wohnung".into(), steps: vec![] }];
        let open = open_steps(&goals);
        assert_eq!(
            open.iter().map(|one| (one.goal.as_str(), one.step.as_str())).collect::<Vec<_>>(),
            [("Arbeit", "b")]
        );
    }

    #[test]
    fn imported_steps_round_trip_through_a_plan() {
        let imported_step = |goal: &str, step: &str| PlanStep {
            goal: goal.into(),
            step: step.into(),
            responsible: "Träger".into(),
            due_on: None,
        };
        let steps =
            vec![imported_step("B2", "Kurs"), imported_step("B2", "Prüfung"), imported_step("Arbeit", "Praktikum")];
        let goals = of_steps(steps.clone());
        assert_eq!(goals.len(), 2);
        assert_eq!(open_steps(&goals), steps);
    }
}
