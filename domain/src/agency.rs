//! Agencies and the roles that act for them.

crate::words! {
    /// What an organisational unit does (§ 67(4) SGB X: the unit that does the task is the controller).
    pub enum AgencyKind("Art der Stelle") for All {
        Koordination = "KOORDINATION": "Koordinierende Stelle (Kommunales Integrationszentrum)",
        Traeger = "TRAEGER": "Träger des Case Managements",
        Jobcenter = "JOBCENTER": "Jobcenter",
        AgenturFuerArbeit = "AGENTUR_FUER_ARBEIT": "Agentur für Arbeit",
        Auslaenderbehoerde = "AUSLAENDERBEHOERDE": "Ausländerbehörde",
        Einbuergerungsbehoerde = "EINBUERGERUNGSBEHOERDE": "Einbürgerungsbehörde",
        Jugendamt = "JUGENDAMT": "Jugendamt",
        Sozialamt = "SOZIALAMT": "Sozialamt",
        Eingliederungshilfe = "EINGLIEDERUNGSHILFE": "Träger der Eingliederungshilfe",
        Jmd = "JMD": "Jugendmigrationsdienst",
        Mbe = "MBE": "Migrationsberatung für erwachsene Zugewanderte",
    }
}

impl AgencyKind {
    /// Whether agencies of this kind hand cases over. Today only the Träger do. Another sender is one more arm here.
    #[must_use]
    pub const fn sends(self) -> bool {
        match self {
            Self::Traeger => true,
            Self::Koordination
            | Self::Jobcenter
            | Self::AgenturFuerArbeit
            | Self::Auslaenderbehoerde
            | Self::Einbuergerungsbehoerde
            | Self::Jugendamt
            | Self::Sozialamt
            | Self::Eingliederungshilfe
            | Self::Jmd
            | Self::Mbe => false,
        }
    }

    /// Whether referrals can be addressed to agencies of this kind.
    #[must_use]
    pub const fn receives(self) -> bool {
        !matches!(self, Self::Koordination)
    }

    /// Whether agencies of this kind are bodies under § 35 SGB I. A Wohlfahrtsverband is not (§ 69 SGB X).
    #[must_use]
    pub const fn is_sgb_body(self) -> bool {
        match self {
            Self::Jobcenter
            | Self::AgenturFuerArbeit
            | Self::Jugendamt
            | Self::Sozialamt
            | Self::Eingliederungshilfe => true,
            Self::Koordination
            | Self::Traeger
            | Self::Auslaenderbehoerde
            | Self::Einbuergerungsbehoerde
            | Self::Jmd
            | Self::Mbe => false,
        }
    }
}

crate::words! {
    /// The role of a person or program at its agency.
    pub enum Role("Rolle") for All {
        Clerk = "CLERK": "Sachbearbeitung",
        CaseManager = "CASE_MANAGER": "Case Management",
        Coordinator = "COORDINATOR": "Koordination",
        DataProtectionOfficer = "DATA_PROTECTION_OFFICER": "Datenschutzbeauftragte",
        Administrator = "ADMINISTRATOR": "Administration",
        Service = "SERVICE": "Fachverfahren (Dienst)",
    }
}

impl Role {
    /// Whether this role exists at agencies of this kind. A token with any other pair is refused with 401.
    #[must_use]
    pub const fn exists_at(self, kind: AgencyKind) -> bool {
        match self {
            Self::CaseManager => matches!(kind, AgencyKind::Traeger),
            Self::Clerk => !matches!(kind, AgencyKind::Traeger | AgencyKind::Koordination),
            Self::Service => !matches!(kind, AgencyKind::Koordination),
            Self::Coordinator => matches!(kind, AgencyKind::Koordination),
            Self::DataProtectionOfficer | Self::Administrator => true,
        }
    }

    /// Whether this role works on referrals. Referrals exist only in the schemas of these roles.
    #[must_use]
    pub const fn works_on_referrals(self) -> bool {
        match self {
            Self::Clerk | Self::CaseManager | Self::Service => true,
            Self::Coordinator | Self::DataProtectionOfficer | Self::Administrator => false,
        }
    }
}

impl Role {
    /// Whether this role works on agreement proposals. Proposals exist only in the schemas of these roles.
    #[must_use]
    pub const fn works_on_agreements(self) -> bool {
        match self {
            Self::Administrator | Self::Coordinator | Self::DataProtectionOfficer => true,
            Self::Clerk | Self::CaseManager | Self::Service => false,
        }
    }
}

crate::words! {
    /// Legal form of an agency. It decides which duties under § 87 AufenthG its staff have.
    pub enum LegalForm("Rechtsform") {
        Public = "PUBLIC": "öffentlich",
        Private = "PRIVATE": "privat",
        Church = "CHURCH": "kirchlich",
    }
}

crate::words! {
    /// The data protection law that applies to an agency (Art. 91 DSGVO).
    pub enum DataProtectionLaw("Datenschutzrecht") {
        Dsgvo = "DSGVO": "Datenschutz-Grundverordnung",
        Kdg = "KDG": "Gesetz über den Kirchlichen Datenschutz",
        DsgEkd = "DSG_EKD": "EKD-Datenschutzgesetz",
    }
}

crate::words! {
    /// A part of an agency's master data that can change. Slug, kind and municipality identify the agency and never change.
    pub enum AgencyField("Angabe zu einer Stelle") for Administrators {
        Name = "NAME": "Name",
        Street = "STREET": "Straße und Hausnummer",
        PostalCode = "POSTAL_CODE": "Postleitzahl",
        City = "CITY": "Ort",
        Phone = "PHONE": "Telefon",
        Email = "EMAIL": "E-Mail-Adresse",
        OpeningHours = "OPENING_HOURS": "Öffnungszeiten",
        District = "DISTRICT": "Schlüssel des Stadtbezirks oder Support-Centers",
        LegalForm = "LEGAL_FORM": "Rechtsform",
        BoundBy203 = "BOUND_BY_203": "Schweigepflicht nach § 203 StGB",
        DataProtectionLaw = "DATA_PROTECTION_LAW": "Datenschutzrecht",
        Controller = "CONTROLLER": "Verantwortlicher",
        Association = "ASSOCIATION": "Verband",
        Baustein = "BAUSTEIN": "Baustein",
        Posts = "POSTS": "Stellen (Personal)",
        InternalSpecialisation = "INTERNAL_SPECIALISATION": "innere Spezialisierung",
    }
}

impl AgencyField {
    /// Its column in the database and in lists.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Street => "street",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::OpeningHours => "opening_hours",
            Self::District => "district",
            Self::LegalForm => "legal_form",
            Self::BoundBy203 => "bound_by_203",
            Self::DataProtectionLaw => "data_protection_law",
            Self::Controller => "controller",
            Self::Association => "association",
            Self::Baustein => "baustein",
            Self::Posts => "posts",
            Self::InternalSpecialisation => "internal_specialisation",
        }
    }
}

crate::words! {
    /// What a token may be used for. A missing scope refuses with FORBIDDEN; it does not hide anything.
    pub enum Scope("Berechtigung") {
        ReferralRead = "referral:read": "Übergaben lesen",
        ReferralWrite = "referral:write": "Übergaben bearbeiten",
        CaseRead = "case:read": "Fälle lesen",
        CaseWrite = "case:write": "Fälle bearbeiten",
        AgreementRead = "agreement:read": "Schnittstellenvereinbarungen lesen",
        AgreementWrite = "agreement:write": "Schnittstellenvereinbarungen bearbeiten",
        ConsentWrite = "consent:write": "Einwilligungen erfassen",
        StatisticsRead = "statistics:read": "Statistik lesen",
        AuditRead = "audit:read": "Protokoll lesen",
        AgencyRead = "agency:read": "Änderungen der Stammdaten lesen",
        AgencyWrite = "agency:write": "Stammdaten bearbeiten",
    }
}

/// Every pair of kind and role that can hold a token. Each pair has its own schema.
pub fn pairs() -> impl Iterator<Item = (AgencyKind, Role)> {
    AgencyKind::ALL
        .iter()
        .flat_map(|&kind| Role::ALL.iter().map(move |&role| (kind, role)))
        .filter(|&(kind, role)| role.exists_at(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_43_pairs_of_kind_and_role() {
        assert_eq!(pairs().count(), 1 + 9 + 10 + 1 + 11 + 11);
    }

    #[test]
    fn case_managers_exist_only_at_a_traeger() {
        for &kind in AgencyKind::ALL {
            assert_eq!(Role::CaseManager.exists_at(kind), kind == AgencyKind::Traeger, "{kind}");
            assert_eq!(Role::Coordinator.exists_at(kind), kind == AgencyKind::Koordination, "{kind}");
        }
        assert!(!Role::Clerk.exists_at(AgencyKind::Traeger));
        assert!(!Role::Clerk.exists_at(AgencyKind::Koordination));
        assert!(!Role::Service.exists_at(AgencyKind::Koordination));
    }
}
