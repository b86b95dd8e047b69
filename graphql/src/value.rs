//! The values of handover fields that are objects.

use async_graphql::Object;
use kim_domain::nationality;
use kim_domain::value;

use crate::coded::Coded;
use crate::scalar::Date;

/// A wrapper for each object of the domain.
macro_rules! wrap {
    ($($name:ident),+) => { $(pub(crate) struct $name(pub(crate) value::$name);)+ };
}

wrap!(
    PlanStep,
    Document,
    LegalRepresentative,
    HouseholdMember,
    GermanCertificate,
    IntegrationAchievement,
    Wohnsitzauflage
);

pub(crate) struct Nationality(pub(crate) nationality::Nationality);

/// Ein Ziel im Hilfeplan und der Schritt dorthin.
#[Object(tag = "for work")]
impl PlanStep {
    /// Das Ziel.
    async fn goal(&self) -> &str {
        &self.0.goal
    }
    /// Der Schritt.
    async fn step(&self) -> &str {
        &self.0.step
    }
    /// Wer dafür verantwortlich ist.
    async fn responsible(&self) -> &str {
        &self.0.responsible
    }
    /// Bis wann.
    async fn due_on(&self) -> Option<Date> {
        self.0.due_on.map(Date)
    }
}

/// Eine Unterlage: was vorliegt oder noch fehlt, nie die Unterlage selbst.
#[Object(tag = "for work")]
impl Document {
    /// Bezeichnung der Unterlage.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Stand: ob sie vorliegt.
    async fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }
}

/// Gesetzliche Vertretung.
#[Object(tag = "for work")]
impl LegalRepresentative {
    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Verhältnis zur vertretenen Person.
    async fn relation(&self) -> Option<&str> {
        self.0.relation.as_deref()
    }
    /// Telefon.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }
}

/// Ein Haushaltsmitglied.
#[Object(tag = "for work")]
impl HouseholdMember {
    /// Beziehung zur Klientin oder zum Klienten.
    async fn relation(&self) -> Coded<value::Relation> {
        Coded(self.0.relation)
    }
    /// Vorname.
    async fn given_name(&self) -> Option<&str> {
        self.0.given_name.as_deref()
    }
    /// Familienname.
    async fn family_name(&self) -> Option<&str> {
        self.0.family_name.as_deref()
    }
    /// Geburtsdatum.
    async fn birth_date(&self) -> Option<Date> {
        self.0.birth_date.map(Date)
    }
}

/// Ein Sprachzertifikat: nachgewiesenes, nicht geschätztes Deutsch.
#[Object(tag = "for work")]
impl GermanCertificate {
    /// Nachgewiesenes Niveau (GER).
    async fn level(&self) -> Coded<value::GermanLevel> {
        Coded(self.0.level)
    }
    /// Ausgestellt am.
    async fn issued_on(&self) -> Option<Date> {
        self.0.issued_on.map(Date)
    }
    /// Ausstellende Einrichtung.
    async fn institute(&self) -> Option<&str> {
        self.0.institute.as_deref()
    }
}

/// Eine Integrationsleistung (§§ 25a, 25b AufenthG), die die Klientin oder der Klient zeigen möchte.
#[Object(tag = "for work")]
impl IntegrationAchievement {
    /// Art der Leistung.
    async fn kind(&self) -> &str {
        &self.0.kind
    }
    /// Erreicht am.
    async fn achieved_on(&self) -> Option<Date> {
        self.0.achieved_on.map(Date)
    }
    /// Bemerkung.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

/// Wohnsitzauflage (§ 12a AufenthG).
#[Object(tag = "for work")]
impl Wohnsitzauflage {
    /// Der Ort, auf den sie lautet.
    async fn place(&self) -> &str {
        &self.0.place
    }
}

/// Eine Staatsangehörigkeit.
#[Object(tag = "for work")]
impl Nationality {
    /// Ländercode (ISO 3166-1 alpha-2).
    async fn code(&self) -> &str {
        self.0.code()
    }
    /// Staatsangehörigkeitsschlüssel des Statistischen Bundesamts.
    async fn destatis(&self) -> &str {
        self.0.destatis()
    }
    /// Name des Staates.
    async fn name(&self) -> &str {
        self.0.name()
    }
}
