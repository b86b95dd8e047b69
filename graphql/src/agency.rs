//! Agencies, purposes and interface agreements.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use kim_domain::agency::AgencyKind;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_domain::purpose::{Rechtskreis, ReferralPurpose};
use kim_entity::read::{AgencyRow, AgreementRow};
use uuid::Uuid;

use crate::coded::Coded;
use crate::connection::connection;
use crate::scalar::{Date, global};

/// The names of agencies that a request needs.
pub(crate) type Parties = Arc<HashMap<Uuid, AgencyRow>>;

/// An agency.
#[derive(Clone)]
pub(crate) struct Agency(pub(crate) AgencyRow);

/// Eine Stelle: die Organisationseinheit, die eine Aufgabe wahrnimmt (§ 67 Abs. 4 SGB X).
#[Object]
impl Agency {
    /// Kennung.
    pub(crate) async fn id(&self) -> ID {
        global(Kind::Agency, self.0.id)
    }
    /// Kurzname, wie er im Token steht.
    async fn slug(&self) -> &str {
        &self.0.slug
    }
    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Art der Stelle.
    async fn kind(&self) -> Coded<AgencyKind> {
        Coded(self.0.kind)
    }
}

pub(crate) const AGENCIES: &str = "agencies";

connection!(AgencyConnection, AgencyEdge, Agency, "Eine Seite der Stellen Ihrer Kommune.");

/// A purpose.
#[derive(Clone, Copy)]
pub(crate) struct Purpose(pub(crate) ReferralPurpose);

/// Ein Zweck: was von welcher Art von Stelle erbeten werden kann.
#[Object]
impl Purpose {
    /// Schlüssel.
    async fn code(&self) -> Coded<ReferralPurpose> {
        Coded(self.0)
    }
    /// Bezeichnung.
    async fn label(&self) -> &str {
        self.0.label()
    }
    /// Art der Stelle, die gefragt werden kann.
    async fn receiver_kind(&self) -> Coded<AgencyKind> {
        Coded(self.0.receiver_kind())
    }
    /// Rechtskreis.
    async fn rechtskreis(&self) -> Coded<Rechtskreis> {
        Coded(self.0.rechtskreis())
    }
}

/// A version of an interface agreement.
#[derive(Clone)]
pub(crate) struct Agreement {
    pub(crate) row: AgreementRow,
    pub(crate) parties: Parties,
}

/// Eine Schnittstellenvereinbarung in einer Fassung. Fassungen ändern sich nie.
#[Object]
impl Agreement {
    /// Kennung der Fassung.
    pub(crate) async fn id(&self) -> ID {
        global(Kind::Agreement, self.row.id)
    }
    /// Die Stelle, an die übergeben wird.
    async fn receiver(&self) -> Option<Agency> {
        self.parties.get(&self.row.receiver_id).cloned().map(Agency)
    }
    /// Zweck.
    async fn purpose(&self) -> Purpose {
        Purpose(self.row.purpose)
    }
    /// Fassung, fortlaufend.
    async fn version(&self) -> i32 {
        self.row.version
    }
    /// Gilt ab.
    async fn valid_from(&self) -> Date {
        Date(self.row.valid_from)
    }
    /// Gilt bis einschließlich; null: unbefristet.
    async fn valid_until(&self) -> Option<Date> {
        self.row.valid_until.map(Date)
    }
    /// Frist zur Antwort in Arbeitstagen.
    async fn respond_working_days(&self) -> i32 {
        self.row.respond_working_days.into()
    }
    /// Wie viele Kalendertage nach dem Abschluss noch gelesen werden darf.
    async fn access_days(&self) -> i32 {
        self.row.access_days.into()
    }
    /// Ansprechstelle (E-Mail).
    async fn contact(&self) -> &str {
        &self.row.contact
    }
    /// Rechtsgrundlage.
    async fn legal_ground(&self) -> &str {
        &self.row.legal_ground
    }
    /// Die vereinbarten Felder.
    async fn fields(&self) -> Vec<AgreementField> {
        let field = |field: HandoverField| AgreementField {
            field: Coded(field),
            label: field.label(),
            ticked_only: self.row.ticked_only.contains(field),
            statutory: self.row.statutory.contains(field),
        };
        self.row.fields.iter().map(field).collect()
    }
}

/// Ein vereinbartes Feld.
#[derive(SimpleObject)]
pub(crate) struct AgreementField {
    /// Das Feld.
    field: Coded<HandoverField>,
    /// Die Bezeichnung.
    label: &'static str,
    /// Nur, wenn die Klientin oder der Klient es einzeln ankreuzt.
    ticked_only: bool,
    /// Auf gesetzlicher Grundlage, ohne Einwilligung.
    statutory: bool,
}

pub(crate) const AGREEMENTS: &str = "agreements";

connection!(
    AgreementConnection,
    AgreementEdge,
    Agreement,
    "Eine Seite der Schnittstellenvereinbarungen, die Ihre Stelle betreffen."
);
