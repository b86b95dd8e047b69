//! Fields and purposes in plain language (Leichte Sprache, Anlage 2 BITV 2.0), for texts that clients read: no
//! abbreviations, short or hyphenated words, no passive, no genitive.

use crate::field::HandoverField;
use crate::purpose::ReferralPurpose;

/// What a field contains, addressed to the client.
#[must_use]
pub const fn field(field: HandoverField) -> &'static str {
    use HandoverField as F;
    match field {
        F::Concern => "Wobei Sie Hilfe brauchen",
        F::RequestedProcedure => "Welchen Antrag Sie stellen",
        F::PlanSteps => "Ihre Ziele und Ihre nächsten Schritte",
        F::Documents => "Welche Papiere Sie haben",
        F::FamilyName => "Ihr Nach-Name",
        F::GivenName => "Ihr Vor-Name",
        F::NameVariants => "Wie man Ihren Namen noch schreibt",
        F::BirthDate => "Ihr Geburts-Tag",
        F::Age => "Ihr Alter",
        F::BirthPlace => "Ihr Geburts-Ort",
        F::Gender => "Ihr Geschlecht",
        F::LegalRepresentative => "Wer für Sie entscheiden darf",
        F::Street => "Ihre Straße und Ihre Haus-Nummer",
        F::PostalCode => "Ihre Post-Leit-Zahl",
        F::City => "Ihr Wohn-Ort",
        F::Phone => "Ihre Telefon-Nummer",
        F::Email => "Ihre E-Mail-Adresse",
        F::PreferredLanguage => "Ihre Sprache",
        F::InterpreterNeeded => "Ob Ihnen jemand übersetzen soll",
        F::ContactRestriction => "Wie man Sie erreichen darf",
        F::Nationalities => "Aus welchem Land Ihr Pass ist",
        F::Aufenthaltstitel => "Ihr Aufenthalts-Recht in Deutschland",
        F::AufenthaltstitelValidUntil => "Wie lange Ihr Aufenthalts-Recht gilt",
        F::Wohnsitzauflage => "Wo Sie wohnen müssen",
        F::WorkPermission => "Ob Sie arbeiten dürfen",
        F::InGermanySince => "Seit wann Sie in Deutschland sind",
        F::AuslaenderbehoerdeFileNumber => "Ihre Nummer bei der Ausländer-Behörde",
        F::MaritalStatus => "Ob Sie verheiratet sind",
        F::HouseholdMembers => "Wer mit Ihnen zusammen wohnt",
        F::MinorChildInHousehold => "Ob Kinder bei Ihnen wohnen",
        F::ChildcareNeeded => "Ob jemand auf Ihre Kinder aufpassen soll",
        F::Accommodation => "Wie Sie wohnen",
        F::GermanLevel => "Wie gut Sie Deutsch sprechen",
        F::GermanCertificate => "Ihr Zeugnis für Deutsch",
        F::Integrationskurs => "Ihr Integrations-Kurs",
        F::SchoolDegree => "Ihr Schul-Abschluss",
        F::VocationalQualification => "Welchen Beruf Sie gelernt haben",
        F::Anerkennung => "Ob Ihr Beruf auch in Deutschland gilt",
        F::Employment => "Welche Arbeit Sie haben",
        F::OccupationWish => "Welche Arbeit Sie haben möchten",
        F::Availability => "Wann Sie Zeit haben",
        F::CurrentBenefit => "Welches Geld Sie vom Amt bekommen",
        F::BenefitEndsOn => "Bis wann Sie dieses Geld bekommen",
        F::NeedSince => "Seit wann Sie Geld brauchen",
        F::IntegrationAchievements => "Was Sie in Deutschland geschafft haben",
        F::Disability => "Ob Sie eine Behinderung haben",
        F::HealthRestrictions => "Was Ihnen wegen Ihrer Gesundheit schwer fällt",
        F::TargetGroup => "Zu welcher Gruppe Sie gehören",
        F::CounsellingNotes => "Unsere Notizen aus der Beratung",
    }
}

/// What a purpose is about, addressed to the client. The text follows "Es geht um:".
#[must_use]
pub const fn purpose(purpose: ReferralPurpose) -> &'static str {
    use ReferralPurpose as P;
    match purpose {
        P::BenefitApplication => "Geld vom Job-Center",
        P::IntegrationCourse => "Ein Integrations-Kurs",
        P::CareerGuidance => "Die Suche nach einem Beruf",
        P::JobPlacement => "Die Suche nach Arbeit",
        P::Recognition => "Ihr Beruf soll auch in Deutschland gelten",
        P::ResidenceConsolidation => "Ein sicheres Aufenthalts-Recht",
        P::TitleExtension => "Ihr Aufenthalts-Recht soll länger gelten",
        P::Naturalisation => "Der deutsche Pass",
        P::YouthWelfare => "Hilfe für junge Menschen und für Familien",
        P::SocialAssistance => "Geld vom Sozial-Amt",
        P::AsylumSeekerBenefits => "Geld für Menschen im Asyl-Verfahren",
        P::ParticipationSupport => "Hilfe bei einer Behinderung",
        P::YouthMigrationCounselling => "Beratung für junge Menschen",
        P::MigrationCounselling => "Beratung für Erwachsene",
        P::CaseManagement => "Hilfe von einer Fach-Kraft",
    }
}

/// Checks the rules that a program can check: no abbreviations or signs, no long words without a hyphen, short
/// sentences, and none of the words that form passives and subjunctives.
#[cfg(test)]
pub(crate) fn is_plain(text: &str) -> Result<(), String> {
    const SHORT_SENTENCE: usize = 12;
    const LONG_WORD: usize = 12;
    for line in text.lines() {
        for sentence in line.split(['.', '?', '!', ':']) {
            let words: Vec<&str> = sentence.split_whitespace().collect();
            if words.len() > SHORT_SENTENCE {
                return Err(format!("a long sentence: {sentence}"));
            }
            for word in words {
                let parts = word.split('-').map(|part| part.chars().filter(|letter| letter.is_alphabetic()).count());
                if parts.max() > Some(LONG_WORD) {
                    return Err(format!("a long word: {word}"));
                }
                let bare = word.trim_matches(|letter: char| !letter.is_alphabetic()).to_lowercase();
                if ["wird", "werden", "wurde", "wurden", "würde", "hätte", "könnte", "des", "bzw", "ggf", "inkl"]
                    .contains(&bare.as_str())
                {
                    return Err(format!("not plain: {word} in {sentence}"));
                }
            }
        }
        if line.contains(['§', '(', ')', '/', '%', '&', ';']) {
            return Err(format!("signs: {line}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_and_purpose_is_in_plain_language() {
        for &one in HandoverField::ALL {
            assert_eq!(is_plain(field(one)), Ok(()), "{one:?}");
        }
        for &one in ReferralPurpose::ALL {
            assert_eq!(is_plain(purpose(one)), Ok(()), "{one:?}");
        }
    }

    #[test]
    fn texts_that_are_not_plain_are_refused() {
        for text in ["Ihre Daten werden gesendet.", "Die Aufenthaltsverfestigung.", "nach § 3", "das Amt (ABH)"] {
            assert!(is_plain(text).is_err(), "{text}");
        }
    }
}
