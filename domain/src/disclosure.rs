//! The rule: who sees which field of a handover. Every channel asks this module and no other code.
//!
//! ```text
//! visible = ceiling(receiver's kind, stage) ∩ agreement ∩ ground ∩ offered
//! ```
//!
//! The ceiling follows from law and is code. Agreement, consent and offer are data and can only narrow it.

use chrono::NaiveDate;

use crate::agency::AgencyKind;
use crate::field::{FieldSet, HandoverField};
use crate::purpose::ReferralPurpose;
use crate::referral::ReferralStatus;

/// The most that a kind of agency may ever get of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Never visible.
    Never,
    /// Visible from the offer on.
    Preview,
    /// Visible after acceptance.
    Accepted,
    /// Visible after acceptance, and only if the client ticked the field separately.
    Ticked,
}

/// The ceiling of a field for every kind of agency, in the order of [`AgencyKind::ALL`]. A new field or kind does not
/// compile until it has an entry here. `domain/data/disclosure.csv` is the same table for readers; its columns have another
/// order.
const fn ceiling_of(field: HandoverField) -> [Level; AgencyKind::ALL.len()] {
    use HandoverField as F;
    use Level::{Accepted as A, Never as N, Preview as P, Ticked as C};
    // Koordination, Traeger | Jobcenter, Agentur, Auslaenderbehoerde, Einbuergerungsbehoerde, Jugendamt, Sozialamt,
    // Eingliederungshilfe | JMD, MBE
    #[rustfmt::skip]
    let levels = match field {
        F::Concern => [N, P, P, P, P, P, P, P, P, P, P],
        F::RequestedProcedure => [N, A, N, N, P, P, N, N, N, N, N],
        F::PlanSteps => [N, A, N, N, N, N, A, N, N, A, A],
        F::Documents => [N, C, C, C, A, A, C, C, C, C, C],
        F::FamilyName => [N, A, P, P, P, P, P, P, P, A, A],
        F::GivenName => [N, A, P, P, P, P, P, P, P, A, A],
        F::NameVariants => [N, A, N, N, A, A, N, N, N, N, N],
        F::BirthDate => [N, A, P, P, P, P, P, P, P, A, A],
        F::Age => [N, P, N, N, N, N, N, N, N, P, P],
        F::BirthPlace => [N, A, N, N, A, A, N, N, N, N, N],
        F::Gender => [N, A, A, A, A, A, A, A, C, C, C],
        F::LegalRepresentative => [N, A, A, C, C, C, A, A, A, A, C],
        F::Street => [N, A, A, A, C, A, A, A, A, A, A],
        F::PostalCode => [N, P, P, P, P, P, P, P, P, P, P],
        F::City => [N, P, P, P, P, P, P, P, P, P, P],
        F::Phone => [N, A, A, A, C, A, A, A, A, A, A],
        F::Email => [N, A, A, A, C, A, A, A, A, A, A],
        F::PreferredLanguage => [N, P, P, P, P, P, P, P, P, P, P],
        F::InterpreterNeeded => [N, P, P, P, P, P, P, P, P, P, P],
        F::ContactRestriction => [N, A, A, A, A, A, A, A, A, A, A],
        F::Nationalities => [N, A, A, A, P, P, N, A, A, C, C],
        F::Aufenthaltstitel => [N, A, P, A, P, P, N, P, P, C, C],
        F::AufenthaltstitelValidUntil => [N, A, A, A, P, A, N, A, A, C, C],
        F::Wohnsitzauflage => [N, A, P, C, N, N, N, P, N, N, N],
        F::WorkPermission => [N, A, A, P, N, N, N, N, N, C, C],
        F::InGermanySince => [N, A, C, N, C, A, N, A, N, N, N],
        F::AuslaenderbehoerdeFileNumber => [N, C, N, N, P, A, N, N, N, N, N],
        F::MaritalStatus => [N, A, A, N, C, A, C, A, N, N, C],
        F::HouseholdMembers => [N, C, A, N, N, C, A, A, N, N, C],
        F::MinorChildInHousehold => [N, A, N, N, C, N, N, N, N, N, N],
        F::ChildcareNeeded => [N, A, C, C, N, N, A, N, N, C, C],
        F::Accommodation => [N, A, N, N, N, N, N, A, N, N, N],
        F::GermanLevel => [N, A, A, A, A, A, N, C, C, A, A],
        F::GermanCertificate => [N, A, A, A, A, A, N, N, N, A, A],
        F::Integrationskurs => [N, A, A, C, C, A, N, C, N, A, A],
        F::SchoolDegree => [N, A, C, A, A, C, C, N, N, A, C],
        F::VocationalQualification => [N, A, C, A, C, N, N, N, N, A, A],
        F::Anerkennung => [N, A, C, A, N, N, N, N, N, A, A],
        F::Employment => [N, A, A, A, C, A, N, A, C, C, C],
        F::OccupationWish => [N, A, C, A, N, N, N, N, N, A, A],
        F::Availability => [N, A, C, A, N, N, N, N, C, N, N],
        F::CurrentBenefit => [N, A, A, N, N, N, N, A, C, N, C],
        F::BenefitEndsOn => [N, A, A, N, N, N, N, A, N, N, N],
        F::NeedSince => [N, A, A, N, N, N, N, A, N, N, N],
        F::IntegrationAchievements => [N, C, N, N, C, C, N, N, N, N, N],
        F::Disability => [N, C, N, N, N, N, N, N, C, N, N],
        F::HealthRestrictions => [N, C, N, N, N, N, N, N, C, N, N],
        F::TargetGroup => [N, C, N, N, N, N, N, N, N, N, N],
        F::CounsellingNotes => [N, N, N, N, N, N, N, N, N, N, N],
    };
    levels
}

/// The level of one field for one kind of agency.
#[must_use]
pub const fn level(kind: AgencyKind, field: HandoverField) -> Level {
    ceiling_of(field)[kind as usize]
}

/// How much of its ceiling a referral opens now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is visible: the referral is not offered yet, or it is closed.
    Closed,
    /// The preview fields are visible: what the receiver needs to decide whether it is competent.
    Preview,
    /// All fields are visible that the receiver needs for its work.
    Full,
}

/// The stage of a referral today. `access_days`: calendar days after the closing day during which the receiver may
/// still read; the last of them is included.
#[must_use]
pub fn stage(
    status: ReferralStatus,
    ever_accepted: bool,
    closed_on: Option<NaiveDate>,
    access_days: u16,
    today: NaiveDate,
) -> Stage {
    use ReferralStatus as S;
    let open = if ever_accepted { Stage::Full } else { Stage::Preview };
    match status {
        S::Draft | S::Declined | S::Forwarded | S::Withdrawn | S::Expired | S::Returned | S::Suspended => Stage::Closed,
        S::Completed | S::Failed => {
            let last_day = closed_on.and_then(|day| day.checked_add_days(chrono::Days::new(access_days.into())));
            match last_day {
                Some(last_day) if today <= last_day => open,
                Some(_) | None => Stage::Closed,
            }
        }
        S::Offered | S::Acknowledged | S::InfoRequested | S::Accepted | S::InProgress => open,
    }
}

/// What an interface agreement (Schnittstellenvereinbarung) permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The agreed fields; none after a termination for cause.
    pub fields: FieldSet,
    /// The agreed fields that the client must tick separately.
    pub ticked_only: FieldSet,
    /// The agreed fields that a statute permits without consent (§ 69 SGB X).
    pub statutory: FieldSet,
}

impl Agreement {
    /// The agreement of a running referral after a later version narrowed it: a field passes, as a whole or by statute,
    /// only if both versions permit it. The later version never widens anything.
    #[must_use]
    pub const fn narrowed_by(self, later: Self) -> Self {
        Self {
            fields: self.fields.and(later.fields),
            ticked_only: self.ticked_only.or(later.ticked_only),
            statutory: self.statutory.and(later.statutory),
        }
    }
}

/// The client's consent for this receiver and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Fields consented to as a whole.
    pub fields: FieldSet,
    /// Fields ticked one by one.
    pub ticked: FieldSet,
    /// Whether the data protection consent (Art. 6(1)(a) DSGVO, § 67b(2) SGB X) was given.
    pub data_protection: bool,
    /// Whether the release from secrecy (Schweigepflichtentbindung, § 203 StGB) was given.
    pub release_from_secrecy: bool,
    /// Whether the consent names special categories of data (Art. 9(2)(a) DSGVO).
    pub art9: bool,
    /// First valid day in Berlin.
    pub valid_from: NaiveDate,
    /// Last valid day in Berlin; `None`: valid until withdrawn.
    pub valid_until: Option<NaiveDate>,
    /// Whether the consent was withdrawn as a whole.
    pub withdrawn: bool,
}

/// All inputs of the rule for one referral and one receiver today.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The receiver's kind.
    pub receiver: AgencyKind,
    /// The sender's kind.
    pub sender: AgencyKind,
    /// Whether the sender is bound by § 203 StGB.
    pub sender_bound_by_203: bool,
    /// The referral's purpose.
    pub purpose: ReferralPurpose,
    /// The referral's stage.
    pub stage: Stage,
    /// The agreement version pinned by the offer, [narrowed](Agreement::narrowed_by) by every later version that
    /// narrows running referrals.
    pub agreement: Agreement,
    /// The client's consent for this receiver and purpose, if there is one.
    pub consent: Option<Consent>,
    /// The fields that the sender offered.
    pub offered: FieldSet,
    /// Today in Berlin.
    pub today: NaiveDate,
}

/// A set of fields that the rule has released. Only [`visible`] makes a non-empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Visible(FieldSet);

impl Visible {
    /// The empty set.
    pub const NOTHING: Self = Self(FieldSet::EMPTY);
    /// The released fields.
    #[must_use]
    pub const fn fields(self) -> FieldSet {
        self.0
    }
    /// The requested part of the released fields: never more than the rule released.
    #[must_use]
    pub const fn restrict_to(self, fields: FieldSet) -> Self {
        Self(self.0.and(fields))
    }
}

/// The fields that the receiver may see now.
#[must_use]
pub fn visible(terms: &Terms) -> Visible {
    Visible(ceiling(terms.receiver, terms.stage).and(terms.agreement.fields).and(ground(terms)).and(terms.offered))
}

/// The ceiling of one kind of agency as field sets.
#[derive(Clone, Copy)]
struct Ceiling {
    preview: FieldSet,
    full: FieldSet,
    ticked: FieldSet,
}

/// Computed at compile time: the rule runs for every row of every list.
const CEILINGS: [Ceiling; AgencyKind::ALL.len()] = {
    let mut all =
        [Ceiling { preview: FieldSet::EMPTY, full: FieldSet::EMPTY, ticked: FieldSet::EMPTY }; AgencyKind::ALL.len()];
    let mut number = 0;
    while number < HandoverField::ALL.len() {
        let field = HandoverField::ALL[number];
        let levels = ceiling_of(field);
        let mut kind = 0;
        while kind < levels.len() {
            match levels[kind] {
                Level::Never => {}
                Level::Preview => {
                    all[kind].preview.insert(field);
                    all[kind].full.insert(field);
                }
                Level::Accepted => all[kind].full.insert(field),
                Level::Ticked => {
                    all[kind].full.insert(field);
                    all[kind].ticked.insert(field);
                }
            }
            kind += 1;
        }
        number += 1;
    }
    all
};

/// The most that a kind of agency may get at a stage.
#[must_use]
pub const fn ceiling(kind: AgencyKind, stage: Stage) -> FieldSet {
    let ceiling = CEILINGS[kind as usize];
    match stage {
        Stage::Closed => FieldSet::EMPTY,
        Stage::Preview => ceiling.preview,
        Stage::Full => ceiling.full,
    }
}

/// The fields for which there is a legal ground today: consent or statute.
fn ground(terms: &Terms) -> FieldSet {
    consented(terms).or(statutory(terms))
}

/// The fields that the client's consent releases today.
#[must_use]
pub fn consented(terms: &Terms) -> FieldSet {
    match terms.consent {
        Some(consent) if consent_holds(terms) => {
            let ticked_only = terms.agreement.ticked_only.or(must_be_ticked(terms.receiver));
            consent.fields.without(ticked_only).or(consent.ticked)
        }
        Some(_) | None => FieldSet::EMPTY,
    }
}

/// Whether the client's consent is effective today: both legal acts, within its valid days, not withdrawn.
#[must_use]
pub fn consent_holds(terms: &Terms) -> bool {
    terms.consent.is_some_and(|consent| {
        consent.data_protection
            && (consent.release_from_secrecy || !terms.sender_bound_by_203)
            && (consent.art9 || !terms.purpose.is_art9())
            && !consent.withdrawn
            && consent.valid_from <= terms.today
            && consent.valid_until.is_none_or(|last_day| terms.today <= last_day)
    })
}

/// The fields released without consent: only between two bodies under § 35 SGB I, for a purpose of the Sozialgesetzbuch
/// (§§ 67d, 69 SGB X). Never fields that must be ticked, never Art. 9 data (§ 67b(1) SGB X), and never data that came
/// from a Träger (§ 76 SGB X, § 65 SGB VIII), which the sender's kind tells.
#[must_use]
pub fn statutory(terms: &Terms) -> FieldSet {
    if terms.sender.is_sgb_body() && terms.receiver.is_sgb_body() && terms.purpose.rechtskreis().is_sgb() {
        terms.agreement.statutory.without(must_be_ticked(terms.receiver))
    } else {
        FieldSet::EMPTY
    }
}

/// The fields that a kind of agency gets only if ticked separately. Every Art. 9 field (DSGVO) is among them or is
/// never given; a test checks the table for that.
const fn must_be_ticked(kind: AgencyKind) -> FieldSet {
    CEILINGS[kind as usize].ticked
}

crate::words! {
    /// Why a field of the viewer's schema is not shown now.
    pub enum WithheldReason("Grund, aus dem ein Feld nicht gezeigt wird") for Work {
        Closed = "CLOSED": "Die Übergabe ist geschlossen oder ausgesetzt",
        ConsentEnded = "CONSENT_ENDED": "Die Einwilligung besteht nicht oder nicht mehr",
        NotYetAccepted = "NOT_YET_ACCEPTED": "Erst nach der Annahme",
        NotInAgreement = "NOT_IN_AGREEMENT": "Nicht Teil der Schnittstellenvereinbarung",
        NotOffered = "NOT_OFFERED": "Nicht übergeben",
    }
}

/// Why a field is not visible; `None` if it is. The reason follows from the terms alone, never from the value. It does
/// not tell whether the client or the sender left the field out: both are NOT_OFFERED.
#[must_use]
pub fn withheld(terms: &Terms, field: HandoverField) -> Option<WithheldReason> {
    if visible(terms).fields().contains(field) {
        None
    } else if terms.stage == Stage::Closed {
        Some(WithheldReason::Closed)
    } else if !consent_holds(terms) && !statutory(terms).contains(field) {
        Some(WithheldReason::ConsentEnded)
    } else if ceiling(terms.receiver, Stage::Full).without(ceiling(terms.receiver, terms.stage)).contains(field) {
        Some(WithheldReason::NotYetAccepted)
    } else if !terms.agreement.fields.contains(field) {
        Some(WithheldReason::NotInAgreement)
    } else {
        Some(WithheldReason::NotOffered)
    }
}

/// The fields that exist in the schema of a kind of agency: everything it may ever receive or send.
#[must_use]
pub fn known_to(kind: AgencyKind) -> FieldSet {
    if kind.sends() { receivable_by_anyone() } else { ceiling(kind, Stage::Full) }
}

/// The fields that at least one kind of agency may receive, and therefore the fields that a sender may send.
const fn receivable_by_anyone() -> FieldSet {
    let mut all = FieldSet::EMPTY;
    let mut kind = 0;
    while kind < CEILINGS.len() {
        all = all.or(CEILINGS[kind].full);
        kind += 1;
    }
    all
}

/// The ceiling as a Markdown table, for docs/disclosure.md and `kim disclosure`.
#[must_use]
pub fn matrix() -> String {
    let mut page = String::from(include_str!("disclosure.md"));
    page.push_str("\n| Feld | Bezeichnung | Art. 9 |");
    for kind in AgencyKind::ALL {
        page.push_str(&format!(" {} |", kind.code()));
    }
    page.push_str(&format!("\n|---|---|---|{}\n", ":-:|".repeat(AgencyKind::ALL.len())));
    for &field in HandoverField::ALL {
        let art9 = if field.is_art9() { "ja" } else { "" };
        page.push_str(&format!("| `{}` | {} | {art9} |", field.name(), field.label()));
        for &kind in AgencyKind::ALL {
            let letter = match level(kind, field) {
                Level::Never => "–",
                Level::Preview => "P",
                Level::Accepted => "A",
                Level::Ticked => "C",
            };
            page.push_str(&format!(" {letter} |"));
        }
        page.push('\n');
    }
    page
}
