//! Rules for recording a consent: how it is given, and what it must contain to be valid. Pure.
//!
//! Two legal acts are kept apart: the consent under data protection law (Art. 6(1)(a) DSGVO, § 67b(2) SGB X) and the
//! release from secrecy (Schweigepflichtentbindung, § 203 StGB). Which fields either of them opens is decided in
//! [`crate::disclosure`] alone.

use chrono::{Months, NaiveDate};

use crate::agency::AgencyKind;
use crate::birth_date::{BirthDate, is_before_birth};
use crate::disclosure::{Level, Stage, ceiling, level};
use crate::field::{Block, FieldSet, HandoverField};
use crate::purpose::ReferralPurpose;

crate::words! {
    /// How a consent was given (§ 67b(2) SGB X: in writing or electronically; for health data without exception).
    pub enum ConsentForm("Form einer Einwilligung") for Senders | SenderOfficers {
        Written = "WRITTEN": "schriftlich",
        Electronic = "ELECTRONIC": "elektronisch",
        /// Needs the reason why the consent could not be given in writing.
        Oral = "ORAL": "mündlich",
    }
}

crate::words! {
    /// A step in a consent's history.
    pub enum ConsentStep("Schritt in der Geschichte einer Einwilligung") for Senders {
        Recorded = "RECORDED": "erfasst",
        /// A newer consent replaced this one.
        Renewed = "RENEWED": "erneuert",
        Withdrawn = "WITHDRAWN": "als Ganzes widerrufen",
        WithdrawnInPart = "WITHDRAWN_IN_PART": "zum Teil widerrufen",
    }
}

crate::words! {
    /// State of a consent on a day.
    pub enum ConsentState("Stand einer Einwilligung") for Senders | SenderOfficers {
        NotYet = "NOT_YET": "gilt noch nicht",
        InForce = "IN_FORCE": "gilt",
        Ended = "ENDED": "abgelaufen",
        /// A newer consent replaced this one.
        Renewed = "RENEWED": "durch eine neue ersetzt",
        Withdrawn = "WITHDRAWN": "widerrufen",
    }
}

/// Default duration of a consent in months: the usual length of an accompaniment.
pub const DEFAULT_MONTHS: u32 = 12;
/// Maximum duration in months, so that the client is asked again regularly.
pub const MAX_MONTHS: u32 = 24;
/// From this age on a client consents alone; below it a guardian may consent (§ 2 BGB).
pub const AGE_OF_MAJORITY: u32 = 18;
/// From this age on a minor may understand the consent and give it alone. The law lets younger children decide nothing
/// of comparable weight by themselves (§ 1746(1) BGB, § 5 RelKErzG).
pub const MIN_AGE_TO_UNDERSTAND: u32 = 14;

/// The parts of a consent declaration that the rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Fields consented to as a whole.
    pub fields: FieldSet,
    /// Fields ticked one by one.
    pub ticked: FieldSet,
    /// Whether the consent under data protection law was given.
    pub data_protection: bool,
    /// Whether the release from secrecy was given.
    pub release_from_secrecy: bool,
    /// Day of the release; `valid_from` if absent.
    pub release_on: Option<NaiveDate>,
    /// Whether the consent names special categories (Art. 9(2)(a) DSGVO).
    pub art9: bool,
    /// First valid day; today if absent.
    pub valid_from: Option<NaiveDate>,
    /// Last valid day; [`DEFAULT_MONTHS`] after the first day if absent.
    pub valid_until: Option<NaiveDate>,
    /// How the consent was given.
    pub form: ConsentForm,
    /// Whether the reason is recorded why the consent could not be given in writing.
    pub form_has_reason: bool,
    /// Whether a witness is named.
    pub is_witnessed: bool,
    /// Whether a guardian consented for the client or together with the client.
    pub has_guardian: bool,
    /// Whether the recording person confirms that the client, although a minor, understands the consent.
    pub understands: bool,
}

/// The context of a consent: client, receiver and day.
#[derive(Clone, Copy, Debug)]
pub struct ConsentContext {
    /// The receiver's kind.
    pub receiver: AgencyKind,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// Fields that the agreement in force requires to be ticked.
    pub ticked_only: FieldSet,
    /// The client's birth date, if known.
    pub birth_date: Option<BirthDate>,
    /// Today in Berlin.
    pub today: NaiveDate,
}

/// Valid days of an accepted consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidDays {
    /// First valid day.
    pub valid_from: NaiveDate,
    /// Last valid day.
    pub valid_until: NaiveDate,
    /// Day of the release from secrecy, if one was given.
    pub release_on: Option<NaiveDate>,
}

/// Why a declaration cannot be recorded as a consent. The text says how to correct it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// Neither of the two legal acts was declared.
    #[error("Bitte „dataProtection“ oder „releaseFromSecrecy“ angeben: sonst wurde nichts erklärt.")]
    Nothing,
    /// No field was given.
    #[error("Bitte mindestens ein Feld in „fields“ oder „ticked“ angeben.")]
    NoField,
    /// Fields that this kind of agency never gets.
    #[error("Diese Art von Stelle bekommt nie: {}.", labels(*.0))]
    Never(FieldSet),
    /// Fields that count only if ticked separately.
    #[error("Nur einzeln angekreuzt, in „ticked“: {}.", labels(*.0))]
    OnlyTicked(FieldSet),
    /// Special categories without a consent that names them.
    #[error(
        "Besondere Kategorien verlangen eine ausdrückliche Einwilligung (Art. 9 Abs. 2 lit. a DSGVO): bitte mit der \
         Klientin oder dem Klienten klären und „art9: true“ angeben."
    )]
    Art9,
    /// Oral consent for health data.
    #[error("Für Gesundheitsdaten muss die Einwilligung schriftlich oder elektronisch sein (§ 67b Abs. 2 SGB X).")]
    OralForHealth,
    /// Oral consent without reason or witness.
    #[error("Eine mündliche Einwilligung braucht „formReason“ (warum nicht schriftlich) und „witness“.")]
    OralWithoutReason,
    /// The given day lies in the future.
    #[error("„{0}“ liegt in der Zukunft: eine Einwilligung wird erfasst, wenn sie gegeben ist.")]
    Future(&'static str),
    /// The given day lies before the client's birth.
    #[error("„{0}“ liegt vor dem Geburtsdatum.")]
    BeforeBirth(&'static str),
    /// A release day without a release.
    #[error("„releaseOn“ gehört zu „releaseFromSecrecy: true“.")]
    DayWithoutRelease,
    /// The consent is over before it is recorded.
    #[error("„validUntil“ liegt vor heute oder vor „validFrom“.")]
    Over,
    /// No end was given, and the default duration is over by now.
    #[error(
        "„validFrom“ liegt mehr als {DEFAULT_MONTHS} Monate zurück: ohne „validUntil“ ist die Einwilligung schon abgelaufen. Bitte \
         neu fragen, oder „validUntil“ angeben, wenn sie länger gelten soll (höchstens {MAX_MONTHS} Monate)."
    )]
    OverByNow,
    /// Longer than [`MAX_MONTHS`].
    #[error("Eine Einwilligung gilt höchstens {MAX_MONTHS} Monate; danach bitte neu fragen.")]
    TooLong,
    /// A minor, or a person of unknown age, without a guardian.
    #[error(
        "Die Klientin oder der Klient ist minderjährig, oder das Geburtsdatum fehlt: bitte „guardian“ angeben, oder \
         „understands: true“, wenn sie oder er selbst versteht, worum es geht."
    )]
    Minor,
    /// A child too young to consent alone.
    #[error("Unter {MIN_AGE_TO_UNDERSTAND} Jahren willigt ein, wer sorgeberechtigt ist: bitte „guardian“ angeben.")]
    Child,
}

impl ConsentError {
    /// The fields concerned.
    #[must_use]
    pub const fn fields(self) -> FieldSet {
        match self {
            Self::Never(fields) | Self::OnlyTicked(fields) => fields,
            Self::Nothing
            | Self::NoField
            | Self::Art9
            | Self::OralForHealth
            | Self::OralWithoutReason
            | Self::Future(_)
            | Self::BeforeBirth(_)
            | Self::DayWithoutRelease
            | Self::Over
            | Self::OverByNow
            | Self::TooLong
            | Self::Minor
            | Self::Child => FieldSet::EMPTY,
        }
    }
}

fn labels(fields: FieldSet) -> String {
    fields.iter().map(HandoverField::label).collect::<Vec<_>>().join(", ")
}

/// The fields that a client can only tick separately: those that the ceiling or the agreement requires to be ticked,
/// and every special category.
#[must_use]
pub fn only_ticked(receiver: AgencyKind, ticked_only: FieldSet) -> FieldSet {
    let must = |field: &HandoverField| field.is_art9() || level(receiver, *field) == Level::Ticked;
    HandoverField::ALL.iter().copied().filter(must).collect::<FieldSet>().or(ticked_only)
}

/// Whether the declaration is a valid consent, and on which days it is valid.
///
/// # Errors
/// The first [`ConsentError`].
pub fn check(declaration: &Declaration, context: &ConsentContext) -> Result<ValidDays, ConsentError> {
    let all = declaration.fields.or(declaration.ticked);
    if !declaration.data_protection && !declaration.release_from_secrecy {
        return Err(ConsentError::Nothing);
    }
    if all.is_empty() {
        return Err(ConsentError::NoField);
    }
    let never = all.without(ceiling(context.receiver, Stage::Full));
    if !never.is_empty() {
        return Err(ConsentError::Never(never));
    }
    let unticked =
        declaration.fields.without(declaration.ticked).and(only_ticked(context.receiver, context.ticked_only));
    if !unticked.is_empty() {
        return Err(ConsentError::OnlyTicked(unticked));
    }
    if !declaration.art9 && (context.purpose.is_art9() || all.iter().any(HandoverField::is_art9)) {
        return Err(ConsentError::Art9);
    }
    // A purpose that reveals a disability reveals health data (Art. 4 Nr. 15 DSGVO).
    let about_health = context.purpose.is_art9() || all.iter().any(|field| field.block() == Block::Health);
    match declaration.form {
        ConsentForm::Oral if about_health => return Err(ConsentError::OralForHealth),
        ConsentForm::Oral if !declaration.form_has_reason || !declaration.is_witnessed => {
            return Err(ConsentError::OralWithoutReason);
        }
        ConsentForm::Oral | ConsentForm::Written | ConsentForm::Electronic => {}
    }
    // No law fixes an age of consent: whoever understands the consent can give it (§ 36 SGB I begins at 15, Art. 8
    // DSGVO at 16, each for another matter). So for a client under 18 either a guardian consents, or the recording
    // person confirms that the client understands. Below the minimum age only a guardian can consent.
    // Of the ages that are possible the lowest counts for the first, and the highest for the second.
    match context.birth_date.map(|born| born.ages_on(context.today)) {
        Some((AGE_OF_MAJORITY.., _)) => {}
        _ if declaration.has_guardian => {}
        Some((_, ..MIN_AGE_TO_UNDERSTAND)) => return Err(ConsentError::Child),
        Some(_) | None if !declaration.understands => return Err(ConsentError::Minor),
        Some(_) | None => {}
    }
    refuse_before_birth(declaration, context)?;
    days(declaration, context.today)
}

/// The days of a consent of a list. One that has ended is history, which no rule can change; any other is checked like a
/// new one.
///
/// # Errors
/// The first [`ConsentError`].
pub fn check_listed(declaration: &Declaration, context: &ConsentContext) -> Result<ValidDays, ConsentError> {
    let (valid_from, valid_until) = period(declaration, context.today);
    if valid_until >= context.today || valid_until < valid_from {
        return check(declaration, context);
    }
    refuse_before_birth(declaration, context)?;
    Ok(ValidDays { valid_from, valid_until, release_on: release_day(declaration, valid_from) })
}

fn refuse_before_birth(declaration: &Declaration, context: &ConsentContext) -> Result<(), ConsentError> {
    for (name, day) in [("validFrom", declaration.valid_from), ("releaseOn", declaration.release_on)] {
        if is_before_birth(context.birth_date, day) {
            return Err(ConsentError::BeforeBirth(name));
        }
    }
    Ok(())
}

/// First and last valid day.
fn period(declaration: &Declaration, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let valid_from = declaration.valid_from.unwrap_or(today);
    (valid_from, declaration.valid_until.unwrap_or_else(|| months_after(valid_from, DEFAULT_MONTHS)))
}

fn months_after(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_add_months(Months::new(count)).unwrap_or(day)
}

fn release_day(declaration: &Declaration, valid_from: NaiveDate) -> Option<NaiveDate> {
    declaration.release_from_secrecy.then(|| declaration.release_on.unwrap_or(valid_from))
}

fn days(declaration: &Declaration, today: NaiveDate) -> Result<ValidDays, ConsentError> {
    let (valid_from, valid_until) = period(declaration, today);
    if valid_from > today {
        return Err(ConsentError::Future("validFrom"));
    }
    if declaration.release_on.is_some() && !declaration.release_from_secrecy {
        return Err(ConsentError::DayWithoutRelease);
    }
    if declaration.release_on.is_some_and(|day| day > today) {
        return Err(ConsentError::Future("releaseOn"));
    }
    if valid_until < today && declaration.valid_until.is_none() {
        return Err(ConsentError::OverByNow);
    }
    if valid_until < today || valid_until < valid_from {
        return Err(ConsentError::Over);
    }
    if valid_until > months_after(valid_from, MAX_MONTHS) {
        return Err(ConsentError::TooLong);
    }
    Ok(ValidDays { valid_from, valid_until, release_on: release_day(declaration, valid_from) })
}

/// State of a consent on a day.
#[must_use]
pub fn state(
    valid_from: NaiveDate,
    valid_until: Option<NaiveDate>,
    withdrawn: bool,
    renewed: bool,
    today: NaiveDate,
) -> ConsentState {
    if withdrawn {
        ConsentState::Withdrawn
    } else if renewed {
        ConsentState::Renewed
    } else if today < valid_from {
        ConsentState::NotYet
    } else if valid_until.is_some_and(|last_day| last_day < today) {
        ConsentState::Ended
    } else {
        ConsentState::InForce
    }
}

#[cfg(test)]
mod tests;
