//! Agencies and purposes.

pub(crate) mod history;
pub(crate) mod mutations;
pub(crate) mod queries;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::{ID, Object};
use kim_domain::agency::AgencyKind;
use kim_domain::id::Kind;
use kim_domain::purpose::{Rechtskreis, ReferralPurpose};
use kim_entity::read::{AgencyRow, Reads};
use uuid::Uuid;

use crate::error::Failure;
use crate::run::by_id::FindById;
use crate::run::connection::connection;
use crate::run::plan::{Plan, Selected};
use crate::run::planned::{Loading, PlannedById};
use crate::schema::scalar::global;
use crate::schema::word_enum::WordEnum;

/// The agencies that an answer names, by id.
pub(crate) type Parties = Arc<HashMap<Uuid, AgencyRow>>;

/// An agency.
#[derive(Clone)]
pub(crate) struct Agency(pub(crate) AgencyRow);

/// Eine Stelle: die Organisationseinheit, die eine Aufgabe wahrnimmt (§ 67 Abs. 4 SGB X).
#[Object(tag = "for all")]
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
    async fn kind(&self) -> WordEnum<AgencyKind> {
        WordEnum(self.0.kind)
    }
    /// Straße und Hausnummer.
    async fn street(&self) -> Option<&str> {
        self.0.details.street.as_deref()
    }
    /// Postleitzahl.
    async fn postal_code(&self) -> Option<&str> {
        self.0.details.postal_code.as_deref()
    }
    /// Ort.
    async fn city(&self) -> Option<&str> {
        self.0.details.city.as_deref()
    }
    /// Telefon.
    async fn phone(&self) -> Option<&str> {
        self.0.details.phone.as_deref()
    }
    /// E-Mail-Adresse der Stelle.
    async fn email(&self) -> Option<&str> {
        self.0.details.email.as_deref()
    }
    /// Öffnungszeiten, in Worten.
    async fn opening_hours(&self) -> Option<&str> {
        self.0.details.opening_hours.as_deref()
    }
    /// Schlüssel des Stadtbezirks oder Support-Centers, in dem die Stelle arbeitet.
    async fn district(&self) -> Option<&str> {
        self.0.details.district.as_deref()
    }
    /// Zählt die Änderungen der Stammdaten: die Version für `updateAgency`.
    #[graphql(tag = "for administrators")]
    async fn version(&self) -> i32 {
        self.0.details.version
    }
}

/// Empty: a row of an agency has all of its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct AgencyPlan;

impl Plan for AgencyPlan {
    type Of = Agency;

    fn add(&mut self, _: &Selected<'_>) {}

    fn merge(&mut self, _: &Self) {}
}

impl FindById for Agency {
    type Plan = AgencyPlan;

    fn find<'f>(snapshot: &'f Reads, requested: &'f PlannedById<'f, AgencyPlan>) -> Loading<'f, (Uuid, Self)> {
        Box::pin(async {
            let rows = snapshot.agencies_by_id(&requested.ids()).await?;
            Ok(rows.into_iter().map(|row| (row.id, Self(row))).collect())
        })
    }
}

/// The list's name in its cursors.
pub(crate) const AGENCIES: &str = "agencies";

connection!(AgencyConnection, AgencyEdge, Agency, "for all", "Eine Seite der Stellen Ihrer Kommune.");

/// A purpose.
#[derive(Clone, Copy)]
pub(crate) struct Purpose(pub(crate) ReferralPurpose);

/// Ein Zweck: was von welcher Art von Stelle erbeten werden kann.
#[Object(tag = "for all")]
impl Purpose {
    /// Schlüssel.
    async fn code(&self) -> WordEnum<ReferralPurpose> {
        WordEnum(self.0)
    }
    /// Bezeichnung.
    async fn label(&self) -> &str {
        self.0.label()
    }
    /// Art der Stelle, die gefragt werden kann.
    async fn receiver_kind(&self) -> WordEnum<AgencyKind> {
        WordEnum(self.0.receiver_kind())
    }
    /// Rechtskreis.
    async fn rechtskreis(&self) -> WordEnum<Rechtskreis> {
        WordEnum(self.0.rechtskreis())
    }
}

/// Reads agencies that an answer names, for example as a side of a referral or an agreement.
pub(crate) async fn parties(snapshot: &Reads, ids: BTreeSet<Uuid>) -> Result<Parties, Failure> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let found = snapshot.parties(&ids).await?;
    Ok(Arc::new(found.into_iter().map(|agency| (agency.id, agency)).collect()))
}
