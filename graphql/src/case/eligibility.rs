//! Target groups: the rules of the municipality, their result for a case, and the decisions.

use async_graphql::{ID, InputObject, SimpleObject};
use kim_domain::eligibility::{self, Assessment, Eligibility, EligibilityReason, RuleSet, Statements, StoredFinding};
use kim_domain::id::Kind;
use kim_domain::value::TargetGroup;
use kim_entity::read::DecisionRow;

use crate::schema::scalar::{Date, global};
use crate::schema::word_enum::WordEnum;

/// Die Regelung der Zielgruppen einer Kommune. Eine Fassung ändert sich nie; ein Fall behält die, unter der er aufgenommen
/// wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct EligibilityRuleSet {
    /// Name der Regelung.
    id: &'static str,
    /// Fassung.
    version: i32,
    /// Bezeichnung.
    name: &'static str,
    /// Woher der Wortlaut stammt.
    source: &'static str,
    /// Gilt ab.
    valid_from: Date,
    /// Gilt bis; null: bis auf Weiteres.
    valid_until: Option<Date>,
    /// Niemand ist ausgeschlossen.
    open: bool,
    /// Die Zielgruppen; keine, wenn die Regelung offen ist.
    #[graphql(tag = "list 6")]
    groups: Vec<EligibilityGroup>,
}

/// Eine Zielgruppe, wie die Kommune sie beschreibt.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct EligibilityGroup {
    /// Zielgruppe.
    group: WordEnum<TargetGroup>,
    /// Wortlaut.
    wording: &'static str,
    /// Ab diesem Alter, es eingeschlossen; null: jedes.
    age_from: Option<u32>,
    /// Bis zu diesem Alter, es eingeschlossen: bis zum Tag vor dem nächsten Geburtstag.
    age_to: Option<u32>,
}

impl From<&'static RuleSet> for EligibilityRuleSet {
    fn from(set: &'static RuleSet) -> Self {
        let group = |rule: &'static eligibility::GroupRule| EligibilityGroup {
            group: WordEnum(rule.group),
            wording: &rule.wording,
            age_from: rule.ages.map(|ages| ages.from),
            age_to: rule.ages.map(|ages| ages.to),
        };
        Self {
            id: &set.id,
            version: set.version,
            name: &set.name,
            source: &set.source,
            valid_from: Date(set.valid_from),
            valid_until: set.valid_until.map(Date),
            open: set.open,
            groups: set.groups.iter().map(group).collect(),
        }
    }
}

/// Was die Regelung zu einer Zielgruppe ergibt.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct EligibilityFinding {
    /// Zielgruppe.
    group: WordEnum<TargetGroup>,
    /// Ergebnis.
    result: WordEnum<Eligibility>,
    /// Was dagegen spricht oder noch fehlt; leer, wenn die Person dazugehört.
    #[graphql(tag = "list 3")]
    reasons: Vec<WordEnum<EligibilityReason>>,
}

/// Ergebnis einer Prüfung der Zielgruppen auf einen Stichtag. Sie entscheidet nichts.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct EligibilityCheck {
    /// Der Stichtag.
    reference_date: Date,
    /// Die Regelung: die der Aufnahme, sonst die am Stichtag geltende; null, wenn keine hinterlegt ist.
    rule_set: Option<EligibilityRuleSet>,
    /// Ergebnis über alle Zielgruppen: Eine genügt.
    result: WordEnum<Eligibility>,
    /// Ergebnis je Zielgruppe.
    #[graphql(tag = "list 6")]
    findings: Vec<EligibilityFinding>,
}

impl EligibilityCheck {
    pub(crate) fn of(on: chrono::NaiveDate, set: Option<&'static RuleSet>, assessment: Option<Assessment>) -> Self {
        let findings = assessment.iter().flat_map(|assessment| &assessment.groups).map(|one| EligibilityFinding {
            group: WordEnum(one.group),
            result: WordEnum(one.result),
            reasons: one.reasons.iter().copied().map(WordEnum).collect(),
        });
        Self {
            reference_date: Date(on),
            rule_set: set.map(Into::into),
            findings: findings.collect(),
            // Without rules the result is open.
            result: WordEnum(assessment.as_ref().map_or(Eligibility::Open, |assessment| assessment.result)),
        }
    }
}

/// Eine Entscheidung über die Zielgruppe. Sie ändert sich nie; eine neue tritt daneben.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct EligibilityDecision {
    /// Kennung.
    id: ID,
    /// Entschieden am.
    decided_on: Date,
    /// Stichtag, auf den die Regelung angewendet wurde.
    reference_date: Date,
    /// Die Regelung und Fassung, unter der entschieden wurde.
    rule_set: Option<EligibilityRuleSet>,
    /// Ob aufgenommen wurde.
    eligible: bool,
    /// Die Zielgruppen der Aufnahme.
    #[graphql(tag = "list 3")]
    groups: Vec<WordEnum<TargetGroup>>,
    /// Was die Regelung damals ergab.
    #[graphql(tag = "list 6")]
    findings: Vec<EligibilityFinding>,
    /// Begründung in Worten.
    explanation: Option<String>,
    /// Wer entschieden hat.
    staff: Option<String>,
    /// Für wen ein Fachverfahren gehandelt hat.
    acting_for: Option<String>,
}

impl From<&DecisionRow> for EligibilityDecision {
    fn from(row: &DecisionRow) -> Self {
        let finding = |stored: &StoredFinding| EligibilityFinding {
            group: WordEnum(stored.group),
            result: WordEnum(stored.result),
            reasons: stored.reasons.iter().copied().map(WordEnum).collect(),
        };
        Self {
            id: global(Kind::Decision, row.id),
            decided_on: Date(row.decided_on),
            reference_date: Date(row.reference_date),
            rule_set: eligibility::by_id(&row.rule_set, row.rule_set_version).map(Into::into),
            eligible: row.eligible,
            groups: row.groups.iter().copied().map(WordEnum).collect(),
            findings: row.findings.iter().map(finding).collect(),
            explanation: row.explanation.clone(),
            staff: row.staff.clone(),
            acting_for: row.acting_for.clone(),
        }
    }
}

/// Was für die Prüfung bekannt sein muss und in keinem Feld der Falldaten steht. Nichts gesagt: noch offen.
#[derive(Default, InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct EligibilityStatementsInput {
    /// Ob die Person nach Deutschland gekommen ist.
    migrated: Option<bool>,
    /// Ob sie eine internationale Familiengeschichte hat.
    international_family_history: Option<bool>,
    /// Gehört als haushaltsangehöriges Familienmitglied zu jemandem aus diesen Zielgruppen.
    #[graphql(default)]
    family_of: Vec<WordEnum<TargetGroup>>,
    /// Ob anderswo ein Anspruch auf Case Management besteht.
    case_management_claim: Option<bool>,
    /// Ob sie vorrangig durch das Jobcenter integrativ begleitet wird.
    jobcenter_leads: Option<bool>,
}

impl From<EligibilityStatementsInput> for Statements {
    fn from(input: EligibilityStatementsInput) -> Self {
        Self {
            migrated: input.migrated,
            international_family_history: input.international_family_history,
            family_of: input.family_of.into_iter().map(|group| group.0).collect(),
            case_management_claim: input.case_management_claim,
            jobcenter_leads: input.jobcenter_leads,
        }
    }
}
