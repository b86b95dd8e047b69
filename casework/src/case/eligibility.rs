//! Decides whether a client belongs to a target group, under one version of a rule set.

use chrono::NaiveDate;
use kim_domain::eligibility::{self, Assessment, Eligibility, Facts, RuleSet, Statements, StoredFinding};
use kim_domain::id::new_uuid;
use kim_domain::value::TargetGroup;
use kim_entity::case_file::CaseChange;
use kim_entity::eligibility_decision;
use kim_entity::viewer::Author;
use kim_entity::write::OwnList;
use serde_json::json;

use super::{CaseResult, Target, own_open, update_row};
use crate::list_length::require_room;
use crate::refusal::WorkError;
use crate::text::text;
use crate::work::Work;

/// A decision to record.
#[derive(Clone, Debug)]
pub struct Decide {
    /// Whether the client is eligible.
    pub eligible: bool,
    /// The groups to which the client belongs.
    pub groups: Vec<TargetGroup>,
    /// Day on which the rules are applied; `None`: today.
    pub reference_date: Option<NaiveDate>,
    /// Facts for which the record has no field.
    pub statements: Statements,
    /// Explanation, as text.
    pub explanation: Option<String>,
}

/// Records a decision and the findings of the rules. A person decides, within the rules of the funding: a client whom
/// the rules exclude, or for whom data is missing, is not admitted. A rejection of a client whom the rules would admit
/// needs an explanation.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for a closed case, one decision too many, without a rule set on that day, or against the rules; BAD_INPUT.
pub async fn decide(work: &mut Work<'_>, target: Target, input: &Decide) -> Result<CaseResult, WorkError> {
    let case = own_open(work, target, eligibility::READ).await?;
    require_room(work, OwnList::Decisions(case.id)).await?;
    let on = input.reference_date.unwrap_or(work.today());
    let admitted = work.reads().decisions(&[case.id]).await?.remove(&case.id).unwrap_or_default();
    let admitted = admitted.iter().find(|decision| decision.eligible);
    let admitted = admitted.map(|decision| (decision.rule_set.as_str(), decision.rule_set_version));
    let set = eligibility::applicable(&work.viewer().agency().ags, admitted, on).ok_or_else(|| {
        WorkError::not_allowed("Für Ihre Kommune ist an diesem Tag keine Regelung der Zielgruppen hinterlegt.")
    })?;
    let facts = Facts::of(|field| case.record.get(field), &input.statements);
    let found = eligibility::evaluate(set, &facts, on);
    let explanation = input.explanation.as_deref().map(|why| text("explanation", why)).transpose()?;
    if input.eligible {
        admits(set, &found, &input.groups)?;
    } else if !input.groups.is_empty() {
        return Err(WorkError::bad_input("„groups“ gehört zu einer Aufnahme: bitte weglassen."));
    } else if found.result != Eligibility::NotEligible && explanation.is_none() {
        return Err(WorkError::bad_input("„explanation“ fehlt: Nach den Regeln wäre eine Aufnahme möglich."));
    }
    let findings: Vec<StoredFinding> = found.groups.iter().map(Into::into).collect();
    update_row(work, &case, CaseChange::default()).await?;
    let Author { agency_id, staff, acting_for } = work.viewer().author();
    let decision = eligibility_decision::Model {
        id: new_uuid(),
        case_id: case.id,
        agency_id,
        staff: Some(staff),
        acting_for,
        at: work.now(),
        decided_on: work.today(),
        reference_date: on,
        rule_set: set.id.clone(),
        rule_set_version: set.version,
        eligible: input.eligible,
        groups: json!(input.groups).to_string(),
        findings: json!(findings).to_string(),
        statements: json!(input.statements).to_string(),
        explanation,
    };
    work.writes().insert_decision(case.key(), decision).await?;
    Ok(CaseResult { case: case.id })
}

/// Whether the rules admit the client for each of these groups.
fn admits(set: &RuleSet, found: &Assessment, groups: &[TargetGroup]) -> Result<(), WorkError> {
    if groups.is_empty() && !set.open {
        return Err(WorkError::bad_input("„groups“ fehlt: Zu welcher Zielgruppe gehört die Klientin oder der Klient?"));
    }
    for group in groups {
        let Some(of_group) = found.groups.iter().find(|one| one.group == *group) else {
            if set.open {
                continue;
            }
            let text = format!("„groups“: „{}“ ist keine Zielgruppe von „{}“.", group.label(), set.name);
            return Err(WorkError::bad_input(text));
        };
        if of_group.result != Eligibility::Eligible {
            let reasons: Vec<_> = of_group.reasons.iter().map(|reason| reason.label()).collect();
            let text = format!(
                "Zu „{}“ gehört die Klientin oder der Klient nach „{}“ nicht, oder es ist noch offen: {}.",
                group.label(),
                set.name,
                reasons.join(", ")
            );
            return Err(WorkError::not_allowed(text));
        }
    }
    Ok(())
}
