//! Eligibility for support: rule sets of municipalities as data (data/eligibility.json), and one pure evaluation of
//! them.
//!
//! A rule set applies to a municipality from a day on. Text and limits never change under the same id and version,
//! because cases keep the version under which they were admitted.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::birth_date::BirthDate;
use crate::field::{FieldSet, HandoverField as F};
use crate::value::{TargetGroup, Value};

crate::words! {
    /// A condition of a group other than age.
    pub enum Condition("Bedingung einer Zielgruppe") {
        EuCitizen = "EU_CITIZEN": "Unionsbürgerin oder Unionsbürger",
        Migrated = "MIGRATED": "migriert",
        InternationalFamilyHistory = "INTERNATIONAL_FAMILY_HISTORY": "internationale Familiengeschichte",
        DuldungOrGestattung = "DULDUNG_OR_GESTATTUNG": "Duldung oder Aufenthaltsgestattung",
        /// Only what the client stated and the record contains. Nobody is asked for data that Art. 9 DSGVO protects.
        Stated = "STATED": "nach eigener Angabe",
    }
}

crate::words! {
    /// A reason that excludes a person from a group.
    pub enum Exclusion("Ausschluss") {
        CaseManagementClaim = "CASE_MANAGEMENT_CLAIM": "bestehender Case-Management-Anspruch",
        JobcenterLeads = "JOBCENTER_LEADS": "vorrangig durch das Jobcenter integrativ begleitet",
    }
}

crate::words! {
    /// Whether a person belongs to a group, or can be supported at all.
    pub enum Eligibility("Ergebnis einer Prüfung der Zielgruppen") for Senders {
        Eligible = "ELIGIBLE": "gehört dazu",
        NotEligible = "NOT_ELIGIBLE": "gehört nicht dazu",
        Open = "OPEN": "noch offen: es fehlen Angaben",
    }
}

crate::words! {
    /// Why a person does not belong to a group, or which fact is missing.
    pub enum EligibilityReason("Grund, aus dem jemand nicht zu einer Zielgruppe gehört, oder was dafür noch fehlt") for Senders {
        TooYoung = "TOO_YOUNG": "jünger als die untere Altersgrenze",
        TooOld = "TOO_OLD": "älter als die obere Altersgrenze",
        NotEuCitizen = "NOT_EU_CITIZEN": "keine Unionsbürgerschaft",
        NotMigrated = "NOT_MIGRATED": "nicht migriert",
        NoFamilyHistory = "NO_FAMILY_HISTORY": "keine internationale Familiengeschichte",
        NoDuldungOrGestattung = "NO_DULDUNG_OR_GESTATTUNG": "weder Duldung noch Aufenthaltsgestattung",
        NotStated = "NOT_STATED": "nicht angegeben",
        NotFamily = "NOT_FAMILY": "nicht als Familienmitglied einer dieser Gruppen angegeben",
        CaseManagementClaim = "CASE_MANAGEMENT_CLAIM": "bestehender Case-Management-Anspruch",
        JobcenterLeads = "JOBCENTER_LEADS": "vorrangig durch das Jobcenter integrativ begleitet",
        BirthDateUnknown = "BIRTH_DATE_UNKNOWN": "Geburtsdatum fehlt",
        BirthDateInexact = "BIRTH_DATE_INEXACT": "Geburtsdatum nur zum Teil bekannt, das Alter ist nicht sicher",
        NationalityUnknown = "NATIONALITY_UNKNOWN": "Staatsangehörigkeit fehlt",
        MigrationUnknown = "MIGRATION_UNKNOWN": "ob migriert, ist offen",
        FamilyHistoryUnknown = "FAMILY_HISTORY_UNKNOWN": "ob internationale Familiengeschichte, ist offen",
        TitleUnknown = "TITLE_UNKNOWN": "Aufenthaltstitel fehlt",
        CaseManagementClaimUnknown = "CASE_MANAGEMENT_CLAIM_UNKNOWN": "ob ein Case-Management-Anspruch besteht, ist offen",
        JobcenterLeadsUnknown = "JOBCENTER_LEADS_UNKNOWN": "ob das Jobcenter vorrangig begleitet, ist offen",
    }
}

/// Ages in full years, both included: 27 applies until the day before the 28th birthday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ages {
    /// Minimum age.
    pub from: u32,
    /// Maximum age.
    pub to: u32,
}

/// One group of a rule set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupRule {
    /// The group.
    pub group: TargetGroup,
    /// The municipality's own wording.
    pub wording: String,
    /// The ages; `None`: any age.
    #[serde(default)]
    pub ages: Option<Ages>,
    /// Conditions that must all be met.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Exclusions of which none may apply.
    #[serde(default)]
    pub unless: Vec<Exclusion>,
    /// The person must be a family member in the household of somebody in one of these groups. Empty: no such
    /// condition.
    #[serde(default)]
    pub family_of: Vec<TargetGroup>,
}

/// A municipality's rule set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSet {
    /// Name of the rule set in the database and the API.
    pub id: String,
    /// Version of the rule set; counts its corrections.
    pub version: i32,
    /// Amtlicher Gemeindeschlüssel.
    pub ags: String,
    /// Name for people.
    pub name: String,
    /// Source of the wording.
    pub source: String,
    /// First valid day.
    pub valid_from: NaiveDate,
    /// Last valid day; `None`: until further notice.
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    /// Whether everybody is eligible.
    #[serde(default)]
    pub open: bool,
    /// The groups; empty if everybody is eligible.
    #[serde(default)]
    pub groups: Vec<GroupRule>,
}

static RULE_SETS: LazyLock<Vec<RuleSet>> = LazyLock::new(|| {
    // If the file cannot be read, the list is empty here and a test fails.
    serde_json::from_str(include_str!("../data/eligibility.json")).unwrap_or_default()
});

/// All rule sets of a municipality, the earliest first.
pub fn of_municipality(ags: &str) -> impl Iterator<Item = &'static RuleSet> {
    RULE_SETS.iter().filter(move |set| set.ags == ags)
}

/// The rule set with this id and version.
#[must_use]
pub fn by_id(id: &str, version: i32) -> Option<&'static RuleSet> {
    RULE_SETS.iter().find(|set| set.id == id && set.version == version)
}

/// The rule set in force in a municipality on a day: of several, the one that began last.
#[must_use]
pub fn in_force(ags: &str, on: NaiveDate) -> Option<&'static RuleSet> {
    of_municipality(ags)
        .filter(|set| set.valid_from <= on && set.valid_until.is_none_or(|last_day| on <= last_day))
        .max_by_key(|set| (set.valid_from, set.version))
}

/// The rule set that applies to a case: the one under which it was admitted, else the one in force on the day.
#[must_use]
pub fn applicable(ags: &str, admitted: Option<(&str, i32)>, on: NaiveDate) -> Option<&'static RuleSet> {
    admitted.and_then(|(id, version)| by_id(id, version)).or_else(|| in_force(ags, on))
}

/// Facts that the case manager states because the record has no field for them. `None`: not stated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Statements {
    /// Whether the client immigrated to Germany from abroad.
    pub migrated: Option<bool>,
    /// Whether the client or the client's parents immigrated to Germany from abroad.
    pub international_family_history: Option<bool>,
    /// Groups of the client's family members in the same household.
    pub family_of: Vec<TargetGroup>,
    /// Whether the client has a claim to case management elsewhere.
    pub case_management_claim: Option<bool>,
    /// Whether the Jobcenter leads the integration.
    pub jobcenter_leads: Option<bool>,
}

/// The fields of a record that an evaluation reads.
pub const READ: FieldSet = FieldSet::of(&[
    F::BirthDate,
    F::Nationalities,
    F::Aufenthaltstitel,
    F::InGermanySince,
    F::TargetGroup,
    F::Disability,
]);

/// Member states of the European Union except Germany: in German law, German citizens are not Unionsbürger.
const EU: [&str; 26] = [
    "AT", "BE", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
    "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
/// Nationality codes for "not clarified" and "not stated".
const UNKNOWN: [&str; 2] = ["XB", "XC"];

/// The known facts of a person. `None`: not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    birth_date: Option<BirthDate>,
    eu_citizen: Option<bool>,
    migrated: Option<bool>,
    family_history: Option<bool>,
    duldung_or_gestattung: Option<bool>,
    stated: Vec<TargetGroup>,
    statements: Statements,
}

impl Facts {
    /// Collects the facts from a record's stored values and the case manager's statements. `read` returns a field's
    /// stored text.
    pub fn of<'r>(read: impl Fn(F) -> Option<&'r str>, statements: &Statements) -> Self {
        let value = |field: F| read(field).and_then(|text| Value::parse(field.value_type(), text));
        let mut facts = Self { statements: statements.clone(), ..Self::default() };
        if let Some(Value::BirthDate(born)) = value(F::BirthDate) {
            facts.birth_date = Some(born);
        }
        let mut foreign = false;
        if let Some(Value::Nationalities(list)) = value(F::Nationalities) {
            let known: Vec<_> = list.iter().map(|one| one.code()).filter(|code| !UNKNOWN.contains(code)).collect();
            if !known.is_empty() {
                facts.eu_citizen = Some(known.iter().any(|code| EU.contains(code)));
            }
            foreign = known.iter().any(|code| *code != "DE");
        }
        if let Some(Value::Aufenthaltstitel(title)) = value(F::Aufenthaltstitel) {
            facts.duldung_or_gestattung = Some(title.is_duldung() || title.is_gestattung());
        }
        let has_arrival_date = read(F::InGermanySince).is_some();
        facts.migrated = statements.migrated.or(has_arrival_date.then_some(true));
        facts.family_history =
            statements.international_family_history.or((foreign || facts.migrated == Some(true)).then_some(true));
        if let Some(Value::TargetGroups(groups)) = value(F::TargetGroup) {
            facts.stated = groups;
        }
        if read(F::Disability).is_some() && !facts.stated.contains(&TargetGroup::Behinderung) {
            facts.stated.push(TargetGroup::Behinderung);
        }
        facts
    }
}

/// Result of the evaluation of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The group.
    pub group: TargetGroup,
    /// The municipality's wording.
    pub wording: &'static str,
    /// Whether the person belongs to the group.
    pub result: Eligibility,
    /// Why not, or what is missing; empty if the person belongs to the group.
    pub reasons: Vec<EligibilityReason>,
}

/// Result of the evaluation of one group as a decision keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFinding {
    /// The group.
    pub group: TargetGroup,
    /// Whether the person belonged to the group.
    pub result: Eligibility,
    /// Why not, or what was missing.
    pub reasons: Vec<EligibilityReason>,
}

impl From<&Finding> for StoredFinding {
    fn from(found: &Finding) -> Self {
        Self { group: found.group, result: found.result, reasons: found.reasons.clone() }
    }
}

/// Result of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Result over all groups: one matching group is enough.
    pub result: Eligibility,
    /// Results per group, in the rule set's order.
    pub groups: Vec<Finding>,
}

impl Assessment {
    /// The groups that the person belongs to.
    pub fn eligible(&self) -> impl Iterator<Item = TargetGroup> {
        self.groups.iter().filter(|found| found.result == Eligibility::Eligible).map(|found| found.group)
    }
}

/// Applies a rule set to a person on a day.
#[must_use]
pub fn evaluate(set: &'static RuleSet, facts: &Facts, on: NaiveDate) -> Assessment {
    let groups: Vec<Finding> = set.groups.iter().map(|rule| evaluate_group(rule, facts, on)).collect();
    let any = |wanted: Eligibility| groups.iter().any(|found| found.result == wanted);
    let result = if set.open || any(Eligibility::Eligible) {
        Eligibility::Eligible
    } else if any(Eligibility::Open) {
        Eligibility::Open
    } else {
        Eligibility::NotEligible
    };
    Assessment { result, groups }
}

/// A condition that is not met, or of which it is unknown whether it is met.
enum Unmet {
    Not(EligibilityReason),
    Unknown(EligibilityReason),
}

fn evaluate_group(rule: &'static GroupRule, facts: &Facts, on: NaiveDate) -> Finding {
    use EligibilityReason as R;
    let ages = rule.ages.and_then(|ages| age(ages, facts, on));
    let conditions = rule.conditions.iter().filter_map(|condition| match condition {
        Condition::EuCitizen => check(facts.eu_citizen, R::NotEuCitizen, R::NationalityUnknown),
        Condition::Migrated => check(facts.migrated, R::NotMigrated, R::MigrationUnknown),
        Condition::InternationalFamilyHistory => {
            check(facts.family_history, R::NoFamilyHistory, R::FamilyHistoryUnknown)
        }
        Condition::DuldungOrGestattung => check(facts.duldung_or_gestattung, R::NoDuldungOrGestattung, R::TitleUnknown),
        Condition::Stated => check(Some(facts.stated.contains(&rule.group)), R::NotStated, R::NotStated),
    });
    let family = (!rule.family_of.is_empty()
        && !rule.family_of.iter().any(|group| facts.statements.family_of.contains(group)))
    .then_some(Unmet::Not(R::NotFamily));
    let exclusions = rule.unless.iter().filter_map(|exclusion| match exclusion {
        Exclusion::CaseManagementClaim => {
            let free = facts.statements.case_management_claim.map(|claim| !claim);
            check(free, R::CaseManagementClaim, R::CaseManagementClaimUnknown)
        }
        Exclusion::JobcenterLeads => {
            let free = facts.statements.jobcenter_leads.map(|leads| !leads);
            check(free, R::JobcenterLeads, R::JobcenterLeadsUnknown)
        }
    });
    let (mut against, mut unknown) = (Vec::new(), Vec::new());
    for unmet in ages.into_iter().chain(conditions).chain(family).chain(exclusions) {
        match unmet {
            Unmet::Not(reason) => against.push(reason),
            Unmet::Unknown(reason) => unknown.push(reason),
        }
    }
    // Once a condition is not met, unknown facts do not matter: they are not reported, so nobody is asked for them in
    // vain.
    let (result, reasons) = match (against.is_empty(), unknown.is_empty()) {
        (false, _) => (Eligibility::NotEligible, against),
        (true, false) => (Eligibility::Open, unknown),
        (true, true) => (Eligibility::Eligible, Vec::new()),
    };
    Finding { group: rule.group, wording: &rule.wording, result, reasons }
}

fn age(ages: Ages, facts: &Facts, on: NaiveDate) -> Option<Unmet> {
    let Some(born) = facts.birth_date else { return Some(Unmet::Unknown(EligibilityReason::BirthDateUnknown)) };
    let (lowest, highest) = born.ages_on(on);
    if highest < ages.from {
        Some(Unmet::Not(EligibilityReason::TooYoung))
    } else if lowest > ages.to {
        Some(Unmet::Not(EligibilityReason::TooOld))
    } else if lowest < ages.from || highest > ages.to {
        Some(Unmet::Unknown(EligibilityReason::BirthDateInexact))
    } else {
        None
    }
}

fn check(is: Option<bool>, not: EligibilityReason, unknown: EligibilityReason) -> Option<Unmet> {
    match is {
        Some(true) => None,
        Some(false) => Some(Unmet::Not(not)),
        None => Some(Unmet::Unknown(unknown)),
    }
}

#[cfg(test)]
mod tests;
