//! Spellings of purposes, and of the procedure that a purpose can name.

use std::sync::LazyLock;

use kim_domain::field::HandoverField;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::value::Procedure;

use super::{Spelled, Spellings, fold, letters, spelled};

spelled!(ReferralPurpose {
    BenefitApplication: "Antrag Grundsicherungsgeld", "Grundsicherungsgeld", "Antrag Bürgergeld", "Bürgergeld";
    IntegrationCourse: "Zulassung Integrationskurs", "Verpflichtung Integrationskurs";
    JobPlacement: "Vermittlung", "Vermittlung in Arbeit";
    Recognition: "Anerkennung Berufsabschluss", "Anerkennung", "Berufsanerkennung";
    ResidenceConsolidation: "Aufenthaltsverfestigung", "Aufenthaltsverfestigung § 25a", "Aufenthaltsverfestigung § 25b",
        "Aufenthaltsverfestigung § 25a AufenthG", "Aufenthaltsverfestigung § 25b AufenthG", "§ 25a", "§ 25b",
        "§ 25a AufenthG", "§ 25b AufenthG";
    TitleExtension: "Verlängerung Aufenthaltstitel", "Titelverlängerung", "Verlängerung";
    Naturalisation: "Einbürgerung", "Einbürgerung § 10", "§ 10 StAG";
    YouthWelfare: "Hilfe für junge Volljährige", "Jugendhilfe", "Hilfe zur Erziehung";
    AsylumSeekerBenefits: "Leistungen AsylbLG", "AsylbLG";
    YouthMigrationCounselling: "Jugendmigrationsdienst", "JMD";
    MigrationCounselling: "MBE", "Migrationsberatung für erwachsene Zugewanderte";
    CaseManagement: "Case Management", "CM", "Fallübergabe", "KIM Case Management";
});

/// The purpose, and the procedure if the text names one.
pub(crate) fn purpose(text: &str) -> Option<(ReferralPurpose, Option<Procedure>)> {
    let purpose = ReferralPurpose::find(text)?;
    let folded = letters(&fold(text));
    let procedure = match purpose {
        // The label names both paragraphs, so it names neither procedure.
        ReferralPurpose::ResidenceConsolidation if folded.contains("25a") && folded.contains("25b") => None,
        ReferralPurpose::ResidenceConsolidation if folded.contains("25a") => Some(Procedure::Aufenthaltserlaubnis25a),
        ReferralPurpose::ResidenceConsolidation if folded.contains("25b") => Some(Procedure::Aufenthaltserlaubnis25b),
        ReferralPurpose::TitleExtension => Some(Procedure::Verlaengerung),
        ReferralPurpose::Naturalisation => Some(Procedure::Einbuergerung),
        ReferralPurpose::ResidenceConsolidation
        | ReferralPurpose::BenefitApplication
        | ReferralPurpose::IntegrationCourse
        | ReferralPurpose::CareerGuidance
        | ReferralPurpose::JobPlacement
        | ReferralPurpose::Recognition
        | ReferralPurpose::YouthWelfare
        | ReferralPurpose::SocialAssistance
        | ReferralPurpose::AsylumSeekerBenefits
        | ReferralPurpose::ParticipationSupport
        | ReferralPurpose::YouthMigrationCounselling
        | ReferralPurpose::MigrationCounselling
        | ReferralPurpose::CaseManagement => None,
    };
    Some((purpose, procedure))
}

/// The field with this label, name or code.
pub(crate) fn field(text: &str) -> Option<HandoverField> {
    static FIELDS: LazyLock<Spellings<HandoverField>> = LazyLock::new(|| {
        let mut fields = Spellings::default();
        for &field in HandoverField::ALL {
            fields.add(field.label(), field);
            fields.add(field.name(), field);
        }
        fields
    });
    FIELDS.find(text).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_may_name_its_procedure() {
        use ReferralPurpose as P;
        for (text, expected) in [
            ("Einbürgerung", Some((P::Naturalisation, Some(Procedure::Einbuergerung)))),
            (
                "Aufenthaltsverfestigung § 25a",
                Some((P::ResidenceConsolidation, Some(Procedure::Aufenthaltserlaubnis25a))),
            ),
            (
                "aufenthaltsverfestigung §25b",
                Some((P::ResidenceConsolidation, Some(Procedure::Aufenthaltserlaubnis25b))),
            ),
            ("Aufenthaltsverfestigung", Some((P::ResidenceConsolidation, None))),
            ("Aufenthaltsverfestigung (§§ 25a, 25b AufenthG)", Some((P::ResidenceConsolidation, None))),
            ("Verlängerung Aufenthaltstitel", Some((P::TitleExtension, Some(Procedure::Verlaengerung)))),
            ("Hilfe für junge Volljährige", Some((P::YouthWelfare, None))),
            ("Case Management", Some((P::CaseManagement, None))),
            ("JOB_PLACEMENT", Some((P::JobPlacement, None))),
            ("Abschiebung", None),
            ("Einbürgerung?", None),
            ("keine/Einbürgerung", None),
            ("Aufenthaltsverfestigung § 25a/b", None),
        ] {
            assert_eq!(purpose(text), expected, "{text}");
        }
    }

    #[test]
    fn every_label_of_a_field_finds_only_that_field() {
        for &label in HandoverField::ALL {
            assert_eq!(field(label.label()), Some(label));
            assert_eq!(field(label.name()), Some(label));
        }
        assert_eq!(field("unterlagen (liste)"), Some(HandoverField::Documents));
        for text in ["Schuhgröße", "Telefon?", "(Telefon)", "!Telefon"] {
            assert_eq!(field(text), None, "{text}");
        }
    }
}
