//! Who can be supported: rule sets of municipalities as data (data/eligibility.json), and one pure evaluation of them.
//!
//! A rule set holds for a municipality from a day on; its text and its bounds never change under the same id and version,
//! because cases keep the version under which they were admitted.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::age_on;
use crate::field::{FieldSet, HandoverField as F};
use crate::value::{TargetGroup, Value};

crate::words! {
    /// What a group asks of a person beside its age.
    pub enum Condition("Bedingung einer Zielgruppe") {
        EuCitizen = "EU_CITIZEN": "Unionsbürgerin oder Unionsbürger",
        Migrated = "MIGRATED": "migriert",
        InternationalFamilyHistory = "INTERNATIONAL_FAMILY_HISTORY": "internationale Familiengeschichte",
        DuldungOrGestattung = "DULDUNG_OR_GESTATTUNG": "Duldung oder Aufenthaltsgestattung",
        /// The client says so, and the record holds it: nobody is asked for what Art. 9 DSGVO protects.
        Stated = "STATED": "nach eigener Angabe",
    }
}

crate::words! {
    /// What keeps a person out of a group.
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
    /// Why a person does not belong to a group, or what is not known yet.
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
        NationalityUnknown = "NATIONALITY_UNKNOWN": "Staatsangehörigkeit fehlt",
        MigrationUnknown = "MIGRATION_UNKNOWN": "ob migriert, ist offen",
        FamilyHistoryUnknown = "FAMILY_HISTORY_UNKNOWN": "ob internationale Familiengeschichte, ist offen",
        TitleUnknown = "TITLE_UNKNOWN": "Aufenthaltstitel fehlt",
        CaseManagementClaimUnknown = "CASE_MANAGEMENT_CLAIM_UNKNOWN": "ob ein Case-Management-Anspruch besteht, ist offen",
        JobcenterLeadsUnknown = "JOBCENTER_LEADS_UNKNOWN": "ob das Jobcenter vorrangig begleitet, ist offen",
    }
}

/// Ages in full years, both included: 27 holds until the day before the 28th birthday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ages {
    /// From this age on.
    pub from: u32,
    /// To this age.
    pub to: u32,
}

/// One group of a rule set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupRule {
    /// The group.
    pub group: TargetGroup,
    /// In the municipality's own words.
    pub wording: String,
    /// The ages; `None`: any.
    #[serde(default)]
    pub ages: Option<Ages>,
    /// All of these.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// None of these.
    #[serde(default)]
    pub unless: Vec<Exclusion>,
    /// A member of the household of somebody in one of these groups. Empty: no such condition.
    #[serde(default)]
    pub family_of: Vec<TargetGroup>,
}

/// A municipality's rules.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSet {
    /// Its name in the database and the API.
    pub id: String,
    /// Counts corrections of the same rule set.
    pub version: i32,
    /// Amtlicher Gemeindeschlüssel.
    pub ags: String,
    /// For people.
    pub name: String,
    /// Where the wording is from.
    pub source: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None`: until further notice.
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    /// Nobody is left out.
    #[serde(default)]
    pub open: bool,
    /// The groups; none where it is open.
    #[serde(default)]
    pub groups: Vec<GroupRule>,
}

static RULE_SETS: LazyLock<Vec<RuleSet>> = LazyLock::new(|| {
    // A test reads the same file and fails where it cannot be read.
    serde_json::from_str(include_str!("../data/eligibility.json")).unwrap_or_default()
});

/// Every rule set of a municipality, the earliest first.
pub fn of_municipality(ags: &str) -> impl Iterator<Item = &'static RuleSet> {
    RULE_SETS.iter().filter(move |set| set.ags == ags)
}

/// The rule set of this id and version.
#[must_use]
pub fn by_id(id: &str, version: i32) -> Option<&'static RuleSet> {
    RULE_SETS.iter().find(|set| set.id == id && set.version == version)
}

/// The rule set in force in a municipality on a day: the latest begun.
#[must_use]
pub fn in_force(ags: &str, on: NaiveDate) -> Option<&'static RuleSet> {
    of_municipality(ags)
        .filter(|set| set.valid_from <= on && set.valid_until.is_none_or(|last_day| on <= last_day))
        .max_by_key(|set| (set.valid_from, set.version))
}

/// The rule set under which a case is looked at: the one under which it was admitted, or else the one in force on the day.
#[must_use]
pub fn applicable(ags: &str, admitted: Option<(&str, i32)>, on: NaiveDate) -> Option<&'static RuleSet> {
    admitted.and_then(|(id, version)| by_id(id, version)).or_else(|| in_force(ags, on))
}

/// What the case manager says and the record has no field for. `None`: nothing said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Statements {
    /// Whether the client came to Germany.
    pub migrated: Option<bool>,
    /// Whether the client or the parents did.
    pub international_family_history: Option<bool>,
    /// Somebody of these groups lives in the same household and is family.
    pub family_of: Vec<TargetGroup>,
    /// Whether there is a claim to case management elsewhere.
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

/// The states of the European Union but for Germany, whose citizens are nobody's Unionsbürger here.
const EU: [&str; 26] = [
    "AT", "BE", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
    "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
/// Codes that say that a nationality is not known: not clarified, not stated.
const UNKNOWN: [&str; 2] = ["XB", "XC"];

/// What is known of a person. `None`: not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    birth_date: Option<NaiveDate>,
    eu_citizen: Option<bool>,
    migrated: Option<bool>,
    family_history: Option<bool>,
    duldung_or_gestattung: Option<bool>,
    stated: Vec<TargetGroup>,
    statements: Statements,
}

impl Facts {
    /// From a record's stored values and what the case manager says. `read` gives a field's stored text.
    pub fn of<'r>(read: impl Fn(F) -> Option<&'r str>, statements: &Statements) -> Self {
        let value = |field: F| read(field).and_then(|text| Value::parse(field.value_type(), text));
        let mut facts = Self { statements: statements.clone(), ..Self::default() };
        if let Some(Value::Date(day)) = value(F::BirthDate) {
            facts.birth_date = Some(day);
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
        let came = read(F::InGermanySince).is_some();
        facts.migrated = statements.migrated.or(came.then_some(true));
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

/// What an evaluation found of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The group.
    pub group: TargetGroup,
    /// In the municipality's words.
    pub wording: &'static str,
    /// Whether the person belongs to it.
    pub result: Eligibility,
    /// Why not, or what is missing; empty if it does.
    pub reasons: Vec<EligibilityReason>,
}

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Over all groups: one is enough.
    pub result: Eligibility,
    /// Group by group, in the rule set's order.
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
    let groups: Vec<Finding> = set.groups.iter().map(|rule| find(rule, facts, on)).collect();
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

/// A condition that is not met, or of which it is not known.
enum Missed {
    Not(EligibilityReason),
    Unknown(EligibilityReason),
}

fn find(rule: &'static GroupRule, facts: &Facts, on: NaiveDate) -> Finding {
    use EligibilityReason as R;
    let ages = rule.ages.and_then(|ages| age(ages, facts, on));
    let conditions = rule.conditions.iter().filter_map(|condition| match condition {
        Condition::EuCitizen => unmet(facts.eu_citizen, R::NotEuCitizen, R::NationalityUnknown),
        Condition::Migrated => unmet(facts.migrated, R::NotMigrated, R::MigrationUnknown),
        Condition::InternationalFamilyHistory => {
            unmet(facts.family_history, R::NoFamilyHistory, R::FamilyHistoryUnknown)
        }
        Condition::DuldungOrGestattung => unmet(facts.duldung_or_gestattung, R::NoDuldungOrGestattung, R::TitleUnknown),
        Condition::Stated => unmet(Some(facts.stated.contains(&rule.group)), R::NotStated, R::NotStated),
    });
    let family = (!rule.family_of.is_empty()
        && !rule.family_of.iter().any(|group| facts.statements.family_of.contains(group)))
    .then_some(Missed::Not(R::NotFamily));
    let exclusions = rule.unless.iter().filter_map(|exclusion| match exclusion {
        Exclusion::CaseManagementClaim => {
            let free = facts.statements.case_management_claim.map(|claim| !claim);
            unmet(free, R::CaseManagementClaim, R::CaseManagementClaimUnknown)
        }
        Exclusion::JobcenterLeads => {
            let free = facts.statements.jobcenter_leads.map(|leads| !leads);
            unmet(free, R::JobcenterLeads, R::JobcenterLeadsUnknown)
        }
    });
    let (mut against, mut unknown) = (Vec::new(), Vec::new());
    for missed in ages.into_iter().chain(conditions).chain(family).chain(exclusions) {
        match missed {
            Missed::Not(reason) => against.push(reason),
            Missed::Unknown(reason) => unknown.push(reason),
        }
    }
    // What is unknown does not matter once something speaks against it: nobody is asked for nothing.
    let (result, reasons) = match (against.is_empty(), unknown.is_empty()) {
        (false, _) => (Eligibility::NotEligible, against),
        (true, false) => (Eligibility::Open, unknown),
        (true, true) => (Eligibility::Eligible, Vec::new()),
    };
    Finding { group: rule.group, wording: &rule.wording, result, reasons }
}

fn age(ages: Ages, facts: &Facts, on: NaiveDate) -> Option<Missed> {
    let Some(born) = facts.birth_date else { return Some(Missed::Unknown(EligibilityReason::BirthDateUnknown)) };
    let age = age_on(born, on);
    if age < ages.from {
        Some(Missed::Not(EligibilityReason::TooYoung))
    } else if age > ages.to {
        Some(Missed::Not(EligibilityReason::TooOld))
    } else {
        None
    }
}

fn unmet(is: Option<bool>, not: EligibilityReason, unknown: EligibilityReason) -> Option<Missed> {
    match is {
        Some(true) => None,
        Some(false) => Some(Missed::Not(not)),
        None => Some(Missed::Unknown(unknown)),
    }
}

#[cfg(test)]
mod tests;
