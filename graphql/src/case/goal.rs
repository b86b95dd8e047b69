//! The support plan (Hilfeplan) of a case.

use async_graphql::SimpleObject;
use kim_domain::agency::AgencyKind;
use kim_domain::support_plan::{self, StepState};

use crate::agency::{Agency, Parties};
use crate::schema::scalar::Date;
use crate::schema::word_enum::WordEnum;

/// Ein Ziel im Hilfeplan.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct Goal {
    /// Was erreicht werden soll.
    text: String,
    /// Die Schritte dorthin.
    #[graphql(tag = "list 5")]
    steps: Vec<GoalStep>,
}

/// Ein Schritt zu einem Ziel. In eine Übergabe kommen die offenen Schritte, wenn sie kopiert werden.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct GoalStep {
    /// Was zu tun ist.
    text: String,
    /// Wer dafür verantwortlich ist, in Worten.
    responsible: String,
    /// Die verantwortliche Stelle, wenn eine genannt ist.
    agency: Option<Agency>,
    /// Die Art der verantwortlichen Stelle, wenn keine genannt ist.
    agency_kind: Option<WordEnum<AgencyKind>>,
    /// Bis wann.
    due_on: Option<Date>,
    /// Stand.
    state: WordEnum<StepState>,
}

impl Goal {
    pub(crate) fn of(goal: &support_plan::Goal, parties: &Parties) -> Self {
        let step = |step: &support_plan::Step| GoalStep {
            text: step.text.clone(),
            responsible: step.responsible.clone(),
            agency: step.agency.and_then(|id| parties.get(&id).cloned()).map(Agency),
            agency_kind: step.kind.map(WordEnum),
            due_on: step.due_on.map(Date),
            state: WordEnum(step.state),
        };
        Self { text: goal.text.clone(), steps: goal.steps.iter().map(step).collect() }
    }
}
