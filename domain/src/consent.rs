//! How a client consents, and what a consent must be to count: pure rules over what is recorded.
//!
//! Two legal acts are kept apart: the consent of data protection law (Art. 6(1)(a) DSGVO, § 67b(2) SGB X) and the release
//! from secrecy (Schweigepflichtentbindung, § 203 StGB). What either opens, [`crate::disclosure`] alone decides.

use chrono::{Months, NaiveDate};

use crate::agency::AgencyKind;
use crate::calendar::age_on;
use crate::disclosure::{Level, Stage, ceiling, level};
use crate::field::{Block, FieldSet, HandoverField};
use crate::purpose::ReferralPurpose;

crate::words! {
    /// How a consent was given (§ 67b(2) SGB X: written or electronic; for health data always).
    pub enum ConsentForm("Form einer Einwilligung") for Senders | SenderOfficers {
        Written = "WRITTEN": "schriftlich",
        Electronic = "ELECTRONIC": "elektronisch",
        /// With the reason why it could not be written.
        Oral = "ORAL": "mündlich",
    }
}

crate::words! {
    /// What became of a consent, in its history.
    pub enum ConsentStep("Schritt in der Geschichte einer Einwilligung") for Senders {
        Recorded = "RECORDED": "erfasst",
        /// Another one took its place.
        Renewed = "RENEWED": "erneuert",
        Withdrawn = "WITHDRAWN": "als Ganzes widerrufen",
        WithdrawnInPart = "WITHDRAWN_IN_PART": "zum Teil widerrufen",
    }
}

crate::words! {
    /// Where a consent stands on a day.
    pub enum ConsentState("Stand einer Einwilligung") for Senders | SenderOfficers {
        NotYet = "NOT_YET": "gilt noch nicht",
        InForce = "IN_FORCE": "gilt",
        Ended = "ENDED": "abgelaufen",
        /// Another one took its place.
        Renewed = "RENEWED": "durch eine neue ersetzt",
        Withdrawn = "WITHDRAWN": "widerrufen",
    }
}

/// Months that a consent runs if nobody says otherwise: as long as an accompaniment usually takes.
pub const USUAL_MONTHS: u32 = 12;
/// The longest, in months: the client is asked again before what was said becomes a habit.
pub const MOST_MONTHS: u32 = 24;
/// From this age a client consents alone, unless a guardian does (§ 2 BGB).
pub const OF_AGE: u32 = 18;
/// From this age a client may understand what it is about and consent alone. Younger ones decide nothing as grave by
/// themselves (§ 1746(1) BGB, § 5 RelKErzG).
pub const MAY_UNDERSTAND: u32 = 14;

/// What was said, as far as a rule looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// Fields consented to as a whole.
    pub fields: FieldSet,
    /// Fields ticked one by one.
    pub ticked: FieldSet,
    /// The consent of data protection law.
    pub data_protection: bool,
    /// The release from secrecy.
    pub release_from_secrecy: bool,
    /// Its day; the first of the consent if none.
    pub release_on: Option<NaiveDate>,
    /// It names special categories (Art. 9(2)(a) DSGVO).
    pub art9: bool,
    /// First day; today if none.
    pub valid_from: Option<NaiveDate>,
    /// Last day; [`USUAL_MONTHS`] from the first if none.
    pub valid_until: Option<NaiveDate>,
    /// How it was given.
    pub form: ConsentForm,
    /// Whether the reason stands there why it could not be written.
    pub form_has_reason: bool,
    /// Whether a witness is named.
    pub is_witnessed: bool,
    /// Whether a guardian consented for the client or with it.
    pub has_guardian: bool,
    /// Whether whoever records it saw that the client, though a minor, understands what it is about.
    pub understands: bool,
}

/// Whom it concerns, and on which day.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The kind of agency that may get it.
    pub receiver: AgencyKind,
    /// What for.
    pub purpose: ReferralPurpose,
    /// What the agreement in force wants ticked.
    pub ticked_only: FieldSet,
    /// The client's birth date, if it is known.
    pub birth_date: Option<NaiveDate>,
    /// Today in Berlin.
    pub today: NaiveDate,
}

/// The days of a consent that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: NaiveDate,
    /// Day of the release from secrecy, if there is one.
    pub release_on: Option<NaiveDate>,
}

/// Why what was said is no consent that can be recorded. The text says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Neither legal act.
    #[error("Bitte „dataProtection“ oder „releaseFromSecrecy“ angeben: sonst wurde nichts erklärt.")]
    Nothing,
    /// No field.
    #[error("Bitte mindestens ein Feld in „fields“ oder „ticked“ angeben.")]
    NoField,
    /// Fields that this kind of agency never gets.
    #[error("Diese Art von Stelle bekommt nie: {}.", labels(*.0))]
    Never(FieldSet),
    /// Fields that only count ticked by themselves.
    #[error("Nur einzeln angekreuzt, in „ticked“: {}.", labels(*.0))]
    OnlyTicked(FieldSet),
    /// Special categories without a consent that names them.
    #[error(
        "Besondere Kategorien verlangen eine ausdrückliche Einwilligung (Art. 9 Abs. 2 lit. a DSGVO): bitte mit der \
         Klientin oder dem Klienten klären und „art9: true“ angeben."
    )]
    Art9,
    /// Health data by word of mouth.
    #[error("Für Gesundheitsdaten muss die Einwilligung schriftlich oder elektronisch sein (§ 67b Abs. 2 SGB X).")]
    OralForHealth,
    /// By word of mouth without reason or witness.
    #[error("Eine mündliche Einwilligung braucht „formReason“ (warum nicht schriftlich) und „witness“.")]
    OralWithoutReason,
    /// A day to come.
    #[error("„{0}“ liegt in der Zukunft: eine Einwilligung wird erfasst, wenn sie gegeben ist.")]
    Future(&'static str),
    /// A day of release without a release.
    #[error("„releaseOn“ gehört zu „releaseFromSecrecy: true“.")]
    DayWithoutRelease,
    /// Over before it is recorded.
    #[error("„validUntil“ liegt vor heute oder vor „validFrom“.")]
    Over,
    /// Over by now, as nobody said how long it lasts.
    #[error(
        "„validFrom“ liegt mehr als {USUAL_MONTHS} Monate zurück: ohne „validUntil“ ist die Einwilligung schon abgelaufen. Bitte \
         neu fragen, oder „validUntil“ angeben, wenn sie länger gelten soll (höchstens {MOST_MONTHS} Monate)."
    )]
    OverByNow,
    /// Longer than [`MOST_MONTHS`].
    #[error("Eine Einwilligung gilt höchstens {MOST_MONTHS} Monate; danach bitte neu fragen.")]
    TooLong,
    /// A minor, or somebody whose age is unknown, alone.
    #[error(
        "Die Klientin oder der Klient ist minderjährig, oder das Geburtsdatum fehlt: bitte „guardian“ angeben, oder \
         „understands: true“, wenn sie oder er selbst versteht, worum es geht."
    )]
    Minor,
    /// Too young to consent alone.
    #[error("Unter {MAY_UNDERSTAND} Jahren willigt ein, wer sorgeberechtigt ist: bitte „guardian“ angeben.")]
    Child,
}

impl Flaw {
    /// The fields that it is about.
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

/// The fields that a client can only tick one by one: what the ceiling or the agreement wants ticked, and every special
/// category.
#[must_use]
pub fn only_ticked(receiver: AgencyKind, ticked_only: FieldSet) -> FieldSet {
    let must = |field: &HandoverField| field.is_art9() || level(receiver, *field) == Level::Ticked;
    HandoverField::ALL.iter().copied().filter(must).collect::<FieldSet>().or(ticked_only)
}

/// Whether what was said is a consent, and on which days it runs.
///
/// # Errors
/// The first [`Flaw`].
pub fn check(said: &Said, about: &About) -> Result<Days, Flaw> {
    let all = said.fields.or(said.ticked);
    if !said.data_protection && !said.release_from_secrecy {
        return Err(Flaw::Nothing);
    }
    if all.is_empty() {
        return Err(Flaw::NoField);
    }
    let never = all.without(ceiling(about.receiver, Stage::Full));
    if !never.is_empty() {
        return Err(Flaw::Never(never));
    }
    let unticked = said.fields.without(said.ticked).and(only_ticked(about.receiver, about.ticked_only));
    if !unticked.is_empty() {
        return Err(Flaw::OnlyTicked(unticked));
    }
    if !said.art9 && (about.purpose.is_art9() || all.iter().any(HandoverField::is_art9)) {
        return Err(Flaw::Art9);
    }
    // A purpose that tells of a disability tells of health (Art. 4 Nr. 15 DSGVO).
    let of_health = about.purpose.is_art9() || all.iter().any(|field| field.block() == Block::Health);
    match said.form {
        ConsentForm::Oral if of_health => return Err(Flaw::OralForHealth),
        ConsentForm::Oral if !said.form_has_reason || !said.is_witnessed => return Err(Flaw::OralWithoutReason),
        ConsentForm::Oral | ConsentForm::Written | ConsentForm::Electronic => {}
    }
    // No law fixes an age: whoever sees what it means consents (§ 36 SGB I begins at 15, Art. 8 DSGVO at 16, each for
    // another matter). So under 18 either a guardian consents or somebody answers for having looked; where there is nothing
    // to look for, a guardian alone.
    match about.birth_date.map(|born| age_on(born, about.today)) {
        Some(OF_AGE..) => {}
        _ if said.has_guardian => {}
        Some(..MAY_UNDERSTAND) => return Err(Flaw::Child),
        Some(_) | None if !said.understands => return Err(Flaw::Minor),
        Some(_) | None => {}
    }
    days(said, about.today)
}

fn days(said: &Said, today: NaiveDate) -> Result<Days, Flaw> {
    let valid_from = said.valid_from.unwrap_or(today);
    let months = |count| valid_from.checked_add_months(Months::new(count)).unwrap_or(valid_from);
    let valid_until = said.valid_until.unwrap_or_else(|| months(USUAL_MONTHS));
    if valid_from > today {
        return Err(Flaw::Future("validFrom"));
    }
    if said.release_on.is_some() && !said.release_from_secrecy {
        return Err(Flaw::DayWithoutRelease);
    }
    if said.release_on.is_some_and(|day| day > today) {
        return Err(Flaw::Future("releaseOn"));
    }
    if valid_until < today && said.valid_until.is_none() {
        return Err(Flaw::OverByNow);
    }
    if valid_until < today || valid_until < valid_from {
        return Err(Flaw::Over);
    }
    if valid_until > months(MOST_MONTHS) {
        return Err(Flaw::TooLong);
    }
    let release_on = said.release_from_secrecy.then(|| said.release_on.unwrap_or(valid_from));
    Ok(Days { valid_from, valid_until, release_on })
}

/// Where a consent stands on a day.
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
