//! Purposes of referrals: what can be requested from which kind of agency.

use crate::agency::AgencyKind;

crate::words! {
    /// The body of law or the programme that a purpose belongs to.
    pub enum Rechtskreis("Rechtskreis") for All {
        SgbII = "SGB_II": "SGB II",
        SgbIII = "SGB_III": "SGB III",
        Aufenthg = "AUFENTHG": "Aufenthaltsgesetz",
        Stag = "STAG": "Staatsangehörigkeitsgesetz",
        SgbVIII = "SGB_VIII": "SGB VIII",
        SgbXII = "SGB_XII": "SGB XII",
        Asylblg = "ASYLBLG": "Asylbewerberleistungsgesetz",
        SgbIX = "SGB_IX": "SGB IX",
        Jmd = "JMD": "Jugendmigrationsdienst",
        Mbe = "MBE": "Migrationsberatung",
        Kim = "KIM": "Kommunales Integrationsmanagement",
    }
}

impl Rechtskreis {
    /// Whether this is part of the Sozialgesetzbuch, so that § 69 SGB X can permit a transmission between its bodies.
    #[must_use]
    pub const fn is_sgb(self) -> bool {
        match self {
            Self::SgbII | Self::SgbIII | Self::SgbVIII | Self::SgbXII | Self::SgbIX => true,
            Self::Aufenthg | Self::Stag | Self::Asylblg | Self::Jmd | Self::Mbe | Self::Kim => false,
        }
    }
}

crate::words! {
    /// What a referral requests from its receiver.
    pub enum ReferralPurpose("Zweck einer Übergabe") for All {
        BenefitApplication = "BENEFIT_APPLICATION": "Antrag auf Grundsicherungsgeld",
        IntegrationCourse = "INTEGRATION_COURSE": "Integrationskurs",
        CareerGuidance = "CAREER_GUIDANCE": "Berufsberatung",
        JobPlacement = "JOB_PLACEMENT": "Arbeitsvermittlung",
        Recognition = "RECOGNITION": "Anerkennung eines Berufsabschlusses",
        ResidenceConsolidation = "RESIDENCE_CONSOLIDATION": "Aufenthaltsverfestigung (§§ 25a, 25b AufenthG)",
        TitleExtension = "TITLE_EXTENSION": "Verlängerung des Aufenthaltstitels",
        Naturalisation = "NATURALISATION": "Einbürgerung (§ 10 StAG)",
        YouthWelfare = "YOUTH_WELFARE": "Hilfe für junge Volljährige und Familien",
        SocialAssistance = "SOCIAL_ASSISTANCE": "Sozialhilfe",
        AsylumSeekerBenefits = "ASYLUM_SEEKER_BENEFITS": "Leistungen nach dem AsylbLG",
        ParticipationSupport = "PARTICIPATION_SUPPORT": "Eingliederungshilfe",
        YouthMigrationCounselling = "YOUTH_MIGRATION_COUNSELLING": "Beratung im Jugendmigrationsdienst",
        MigrationCounselling = "MIGRATION_COUNSELLING": "Migrationsberatung",
        CaseManagement = "CASE_MANAGEMENT": "Case Management (KIM Baustein 2)",
    }
}

impl ReferralPurpose {
    /// The kind of agency that receives referrals of this purpose.
    #[must_use]
    pub const fn receiver_kind(self) -> AgencyKind {
        match self {
            Self::BenefitApplication => AgencyKind::Jobcenter,
            Self::IntegrationCourse => AgencyKind::Jobcenter,
            Self::CareerGuidance => AgencyKind::AgenturFuerArbeit,
            Self::JobPlacement => AgencyKind::AgenturFuerArbeit,
            Self::Recognition => AgencyKind::AgenturFuerArbeit,
            Self::ResidenceConsolidation => AgencyKind::Auslaenderbehoerde,
            Self::TitleExtension => AgencyKind::Auslaenderbehoerde,
            Self::Naturalisation => AgencyKind::Einbuergerungsbehoerde,
            Self::YouthWelfare => AgencyKind::Jugendamt,
            Self::SocialAssistance => AgencyKind::Sozialamt,
            Self::AsylumSeekerBenefits => AgencyKind::Sozialamt,
            Self::ParticipationSupport => AgencyKind::Eingliederungshilfe,
            Self::YouthMigrationCounselling => AgencyKind::Jmd,
            Self::MigrationCounselling => AgencyKind::Mbe,
            Self::CaseManagement => AgencyKind::Traeger,
        }
    }

    /// The body of law that the purpose belongs to.
    #[must_use]
    pub const fn rechtskreis(self) -> Rechtskreis {
        match self {
            Self::BenefitApplication => Rechtskreis::SgbII,
            Self::IntegrationCourse => Rechtskreis::SgbII,
            Self::CareerGuidance => Rechtskreis::SgbIII,
            Self::JobPlacement => Rechtskreis::SgbIII,
            Self::Recognition => Rechtskreis::SgbIII,
            Self::ResidenceConsolidation => Rechtskreis::Aufenthg,
            Self::TitleExtension => Rechtskreis::Aufenthg,
            Self::Naturalisation => Rechtskreis::Stag,
            Self::YouthWelfare => Rechtskreis::SgbVIII,
            Self::SocialAssistance => Rechtskreis::SgbXII,
            Self::AsylumSeekerBenefits => Rechtskreis::Asylblg,
            Self::ParticipationSupport => Rechtskreis::SgbIX,
            Self::YouthMigrationCounselling => Rechtskreis::Jmd,
            Self::MigrationCounselling => Rechtskreis::Mbe,
            Self::CaseManagement => Rechtskreis::Kim,
        }
    }

    /// Whether the purpose alone reveals a special category (Art. 9 DSGVO).
    #[must_use]
    pub const fn is_art9(self) -> bool {
        match self {
            Self::ParticipationSupport => true,
            Self::BenefitApplication
            | Self::IntegrationCourse
            | Self::CareerGuidance
            | Self::JobPlacement
            | Self::Recognition
            | Self::ResidenceConsolidation
            | Self::TitleExtension
            | Self::Naturalisation
            | Self::YouthWelfare
            | Self::SocialAssistance
            | Self::AsylumSeekerBenefits
            | Self::YouthMigrationCounselling
            | Self::MigrationCounselling
            | Self::CaseManagement => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_purposes_match_the_table() {
        let table = include_str!("../data/purposes.csv");
        let yes = |flag: &str| flag == "yes";
        for (line, purpose) in table.lines().skip(1).zip(ReferralPurpose::ALL) {
            let cells: Vec<&str> = line.split(';').collect();
            assert_eq!(cells[0], purpose.code());
            assert_eq!(cells[1], purpose.receiver_kind().code());
            assert_eq!(cells[2], purpose.rechtskreis().code());
            assert_eq!(yes(cells[3]), purpose.rechtskreis().is_sgb(), "{purpose}");
            assert_eq!(yes(cells[4]), purpose.is_art9(), "{purpose}");
            assert_eq!(cells[5], purpose.label());
        }
        assert_eq!(table.lines().count() - 1, ReferralPurpose::ALL.len());
    }
}
