//! The mutations of cases.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject, SimpleObject};
use kim_casework::case as casework;
use kim_casework::refusal::WorkError;
use kim_casework::work::Work;
use kim_domain::agency::{AgencyKind, Scope};
use kim_domain::case_closing::CloseReason;
use kim_domain::id::Kind;
use kim_domain::support_plan::StepState;
use kim_domain::value::{CasePhase, TargetGroup};

use crate::case::Case;
use crate::case::eligibility::EligibilityStatementsInput;
use crate::case::load;
use crate::case::plan::CasePlan;
use crate::case::record_input::CaseRecordInput;
use crate::error::or_null;
use crate::run::change::{change, local_or_refused};
use crate::run::inputs::inputs;
use crate::run::plan::Plan as _;
use crate::run::planned::alike;
use crate::run::session::Session;
use crate::schema::scalar::Date;
use crate::schema::word_enum::WordEnum;

/// Was aus einer Änderung an einem Fall wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct CasePayload {
    /// Der Fall, wie er jetzt ist.
    case: Option<Case>,
}

inputs! {
    /// Ein Fall, der aufgenommen wird.
    "for senders" OpenCaseInput {
        /// Ihre Fallnummer; bei Ihrer Stelle nur einmal.
        case_number: String,
        /// Schlüssel des Stadtbezirks oder Support-Centers.
        district: Option<String>,
        /// Aufnahme am; ohne Angabe heute.
        opened_on: Option<Date>,
        /// Die Falldaten: mindestens Familienname und Geburtsdatum.
        record: CaseRecordInput,
    }

    /// Was an einem Fall anders werden soll; was nicht genannt ist, bleibt, und null löscht.
    "for senders" UpdateCaseInput of case {
        /// Andere Fallnummer.
        case_number: Option<String>,
        /// Schlüssel des Stadtbezirks oder Support-Centers.
        district: MaybeUndefined<String>,
        /// Phase des Case Managements: jede, vorwärts oder zurück.
        phase: Option<WordEnum<CasePhase>>,
        /// Falldaten.
        record: Option<CaseRecordInput>,
    }

    /// Ein Fall, der abgeschlossen wird (Entpflichtung).
    "for senders" CloseCaseInput of case {
        /// Warum.
        reason: WordEnum<CloseReason>,
        /// Was erreicht wurde, in Worten.
        result: Option<String>,
        /// Zieht offene Übergaben zurück und verwirft Entwürfe; ohne das wird nicht abgeschlossen, solange es welche gibt.
        #[graphql(default)]
        withdraw_referrals: bool,
    }

    /// Eine Beratungsnotiz.
    "for senders" AddNoteInput {
        /// Kennung des Falls.
        case_id: ID,
        /// Der Text.
        text: String,
    }

    /// Der Hilfeplan im Ganzen.
    "for senders" SetPlanInput of case {
        /// Die Ziele in ihrer Reihenfolge.
        goals: Vec<GoalInput>,
    }
}

/// Ein Ziel im Hilfeplan.
#[derive(InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct GoalInput {
    /// Was erreicht werden soll.
    text: String,
    /// Die Schritte dorthin.
    steps: Vec<GoalStepInput>,
}

/// Ein Schritt zu einem Ziel.
#[derive(InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct GoalStepInput {
    /// Was zu tun ist.
    text: String,
    /// Wer dafür verantwortlich ist.
    responsible: ResponsibleInput,
    /// Bis wann.
    due_on: Option<Date>,
    /// Stand.
    #[graphql(default_with = "WordEnum(StepState::Open)")]
    state: WordEnum<StepState>,
}

/// Wer für einen Schritt verantwortlich ist: genau eine Angabe.
#[derive(OneofObject)]
#[graphql(tag = "for senders")]
pub(crate) enum ResponsibleInput {
    /// Kennung einer Stelle Ihrer Kommune.
    AgencyId(ID),
    /// Eine Art von Stelle.
    AgencyKind(WordEnum<AgencyKind>),
    /// Jemand anderes, in Worten, z. B. die Klientin oder der Klient.
    Other(String),
}

inputs! {
    /// Eine Entscheidung über die Zielgruppe.
    "for senders" DecideEligibilityInput of case {
        /// Ob aufgenommen wird.
        eligible: bool,
        /// Die Zielgruppen der Aufnahme.
        #[graphql(default)]
        groups: Vec<WordEnum<TargetGroup>>,
        /// Stichtag; ohne Angabe heute.
        reference_date: Option<Date>,
        /// Was in keinem Feld der Falldaten steht.
        statements: Option<EligibilityStatementsInput>,
        /// Begründung in Worten; nötig, wenn nach der Regelung aufgenommen werden könnte und es nicht wird.
        explanation: Option<String>,
    }
}

impl GoalInput {
    fn goal(self) -> Result<casework::NewGoal, WorkError> {
        let step = |step: GoalStepInput| {
            let responsible = match step.responsible {
                ResponsibleInput::AgencyId(id) => casework::Responsible::Agency(local_or_refused(Kind::Agency, &id)?),
                ResponsibleInput::AgencyKind(kind) => casework::Responsible::Kind(kind.0),
                ResponsibleInput::Other(who) => casework::Responsible::Other(who),
            };
            let due_on = step.due_on.map(|day| day.0);
            Ok(casework::NewStep { text: step.text, responsible, due_on, state: step.state.0 })
        };
        let steps = self.steps.into_iter().map(step).collect::<Result<_, WorkError>>()?;
        Ok(casework::NewGoal { text: self.text, steps })
    }
}

/// Runs a use case on a case and reads the case again.
async fn with_case(
    ctx: &Context<'_>,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<casework::CaseResult, WorkError>,
) -> Option<CasePayload> {
    let payload = async {
        let changed: casework::CaseResult = change(ctx, Scope::CaseWrite, mutation, key, work).await?;
        let plan = CasePlan::below::<CasePayload>(ctx);
        let snapshot = Session::of(ctx).after().await?;
        let rows = snapshot.cases_by_id(&[changed.case], plan.record).await?;
        let case = load::cases(&snapshot, alike(rows, &plan)).await?.pop();
        drop(snapshot);
        Ok(Some(CasePayload { case }))
    };
    or_null(ctx, Box::pin(payload).await)
}

/// The mutations of cases.
#[derive(Default)]
pub(crate) struct CaseMutation;

#[Object]
impl CaseMutation {
    /// Nimmt einen Fall auf.
    #[graphql(tag = "for senders")]
    async fn open_case(&self, ctx: &Context<'_>, input: OpenCaseInput) -> Option<CasePayload> {
        with_case(ctx, "openCase", input.idempotency_key.clone(), async |work| {
            let case = casework::OpenCase {
                case_number: input.case_number,
                district: input.district,
                opened_on: input.opened_on.map(|day| day.0),
                record: input.record.record()?,
            };
            casework::open(work, &case).await
        })
        .await
    }

    /// Ändert einen Fall. Keine Übergabe ändert sich dadurch: Das tut nur `changeHandover`.
    #[graphql(tag = "for senders")]
    async fn update_case(&self, ctx: &Context<'_>, input: UpdateCaseInput) -> Option<CasePayload> {
        with_case(ctx, "updateCase", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let change = casework::UpdateCase {
                case_number: input.case_number,
                district: match input.district {
                    MaybeUndefined::Undefined => None,
                    MaybeUndefined::Null => Some(None),
                    MaybeUndefined::Value(code) => Some(Some(code)),
                },
                phase: input.phase.map(|phase| phase.0),
                record: input.record.unwrap_or_default().record()?,
            };
            casework::update(work, target, &change).await
        })
        .await
    }

    /// Schließt einen Fall ab: letzte Phase, und die Aufbewahrungsfrist beginnt. Was noch übergeben ist, muss beendet sein
    /// oder wird mit `withdrawReferrals` zurückgezogen.
    #[graphql(tag = "for senders")]
    async fn close_case(&self, ctx: &Context<'_>, input: CloseCaseInput) -> Option<CasePayload> {
        with_case(ctx, "closeCase", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let close = casework::CloseCase {
                reason: input.reason.0,
                result: input.result,
                withdraw_referrals: input.withdraw_referrals,
            };
            casework::close(work, target, &close).await
        })
        .await
    }

    /// Schreibt eine Beratungsnotiz. Sie bleibt, wie sie ist, und verlässt Ihre Stelle nie.
    #[graphql(tag = "for senders")]
    async fn add_note(&self, ctx: &Context<'_>, input: AddNoteInput) -> Option<CasePayload> {
        with_case(ctx, "addNote", input.idempotency_key.clone(), async |work| {
            casework::add_note(work, local_or_refused(Kind::Case, &input.case_id)?, &input.text).await
        })
        .await
    }

    /// Setzt den Hilfeplan im Ganzen. Derselbe Plan noch einmal ist eine Überprüfung.
    #[graphql(tag = "for senders")]
    async fn set_plan(&self, ctx: &Context<'_>, input: SetPlanInput) -> Option<CasePayload> {
        with_case(ctx, "setPlan", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let goals = input.goals.into_iter().map(GoalInput::goal).collect::<Result<Vec<_>, _>>()?;
            casework::set_plan(work, target, &goals).await
        })
        .await
    }

    /// Hält eine Entscheidung über die Zielgruppe fest, mit der Regelung und dem, was sie ergab.
    #[graphql(tag = "for senders")]
    async fn decide_eligibility(&self, ctx: &Context<'_>, input: DecideEligibilityInput) -> Option<CasePayload> {
        with_case(ctx, "decideEligibility", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let decide = casework::Decide {
                eligible: input.eligible,
                groups: input.groups.into_iter().map(|group| group.0).collect(),
                reference_date: input.reference_date.map(|day| day.0),
                statements: input.statements.unwrap_or_default().into(),
                explanation: input.explanation,
            };
            casework::decide(work, target, &decide).await
        })
        .await
    }
}
