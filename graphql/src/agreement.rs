//! Interface agreements, and what their parties did for them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use kim_domain::agreement::{AgreementSide, Content, OpinionVerdict};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_entity::read::{ActRow, AgencyRow, AgreementRow, Reads};
use uuid::Uuid;

use crate::agency::{Agency, Parties, Purpose};
use crate::coded::Coded;
use crate::connection::connection;
use crate::error::Failure;
use crate::load;
use crate::needs::AgreementNeed;
use crate::plan::{Plan, Selected};
use crate::scalar::{Date, DateTime, global};
use crate::session::Session;

/// What is asked of agreements or proposals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AgreementPlan {
    /// Who signed.
    pub(crate) signatures: bool,
    /// Who advised.
    pub(crate) opinions: bool,
    /// Who stands on either side.
    pub(crate) sides: bool,
}

impl Plan for AgreementPlan {
    type Of = Agreement;

    fn add(&mut self, agreement: &Selected<'_>) {
        for need in agreement.fields().flat_map(|field| AgreementNeed::of(field.needs())) {
            match need {
                AgreementNeed::Signatures => self.signatures = true,
                AgreementNeed::Opinions => self.opinions = true,
                AgreementNeed::Sides => self.sides = true,
            }
        }
    }
}

/// What was done for agreements or proposals, by the proposal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acts {
    pub(crate) signatures: HashMap<Uuid, Vec<ActRow>>,
    pub(crate) opinions: HashMap<Uuid, Vec<ActRow>>,
}

impl Acts {
    /// What a plan asks for: a statement for each list.
    pub(crate) async fn fetch(snapshot: &Reads, proposals: &[Uuid], plan: AgreementPlan) -> Result<Self, Failure> {
        let none = HashMap::new();
        Ok(Self {
            signatures: if plan.signatures { snapshot.signatures(proposals).await? } else { none.clone() },
            opinions: if plan.opinions { snapshot.opinions(proposals).await? } else { none },
        })
    }

    /// The agencies that acted.
    pub(crate) fn agencies(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.signatures.values().chain(self.opinions.values()).flatten().map(|act| act.agency_id)
    }
}

/// Completes rows of agreements, in their order.
pub(crate) async fn agreements(
    snapshot: &Reads,
    rows: Vec<AgreementRow>,
    plan: AgreementPlan,
) -> Result<Vec<Agreement>, Failure> {
    let proposals: Vec<Uuid> = rows.iter().filter_map(|row| row.proposal_id).collect();
    let mut acts = Acts::fetch(snapshot, &proposals, plan).await?;
    let coordination = if plan.sides { snapshot.coordination().await? } else { None };
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.receiver_id).chain(acts.agencies()).collect();
    let parties = load::parties(snapshot, ids).await?;
    let mut take = |proposal: Option<Uuid>| {
        proposal.map(|id| (acts.signatures.remove(&id), acts.opinions.remove(&id))).unwrap_or_default()
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let (signatures, opinions) = take(row.proposal_id);
            Agreement {
                signatures: signatures.unwrap_or_default(),
                opinions: opinions.unwrap_or_default(),
                coordination: coordination.clone(),
                parties: Arc::clone(&parties),
                row,
            }
        })
        .collect())
}

/// A version of an interface agreement.
#[derive(Clone)]
pub(crate) struct Agreement {
    pub(crate) row: AgreementRow,
    pub(crate) parties: Parties,
    pub(crate) signatures: Vec<ActRow>,
    pub(crate) opinions: Vec<ActRow>,
    pub(crate) coordination: Option<AgencyRow>,
}

/// Eine Schnittstellenvereinbarung in einer Fassung. Fassungen ändern sich nie.
#[Object(tag = "for all", tag = "plan agreement")]
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
    #[graphql(tag = "list 20")]
    async fn fields(&self) -> Vec<AgreementField> {
        AgreementField::list(self.row.fields, &(&self.row).into())
    }
    /// Die beiden Seiten.
    #[graphql(tag = "list 2", tag = "needs sides")]
    async fn parties(&self) -> Vec<AgreementParty> {
        AgreementParty::both(self.row.receiver_id, &self.parties, self.coordination.as_ref())
    }
    /// Weitere Abreden; null auch, wenn die Fassung eingelesen wurde.
    async fn terms(&self) -> Option<&str> {
        self.row.terms.as_deref()
    }
    /// Ob diese Fassung auch einschränkt, was unter früheren Fassungen läuft.
    async fn narrows_running(&self) -> bool {
        self.row.narrows_running
    }
    /// Gekündigt: Von diesem Tag an wird nichts mehr angeboten.
    async fn terminated_on(&self) -> Option<Date> {
        self.row.terminated_on.map(Date)
    }
    /// Aus wichtigem Grund gekündigt: Auch laufende Übergaben sind geschlossen.
    async fn terminated_for_cause(&self) -> bool {
        self.row.for_cause
    }
    /// Die Unterschriften; keine, wenn die Fassung eingelesen wurde.
    #[graphql(tag = "list 2", tag = "needs signatures")]
    async fn signatures(&self) -> Vec<AgreementSignature> {
        self.signatures.iter().map(|act| AgreementSignature::of(act, &self.parties)).collect()
    }
    /// Die Stellungnahmen der Datenschutzbeauftragten.
    #[graphql(tag = "for agreements", tag = "list 2", tag = "needs opinions")]
    async fn opinions(&self) -> Vec<AgreementOpinion> {
        self.opinions.iter().map(|act| AgreementOpinion::of(act, &self.parties)).collect()
    }
}

/// Ein vereinbartes Feld.
#[derive(SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct AgreementField {
    /// Das Feld.
    #[graphql(tag = "for any-field")]
    field: Coded<HandoverField>,
    /// Die Bezeichnung.
    label: &'static str,
    /// Nur, wenn die Klientin oder der Klient es einzeln ankreuzt.
    ticked_only: bool,
    /// Auf gesetzlicher Grundlage, ohne Einwilligung.
    statutory: bool,
}

impl AgreementField {
    /// These fields, as a version has them.
    pub(crate) fn list(fields: FieldSet, content: &Content) -> Vec<Self> {
        let field = |field: HandoverField| Self {
            field: Coded(field),
            label: field.label(),
            ticked_only: content.ticked_only.contains(field),
            statutory: content.statutory.contains(field),
        };
        fields.iter().map(field).collect()
    }
}

/// Eine Seite der Vereinbarung.
#[derive(SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct AgreementParty {
    /// Welche.
    side: Coded<AgreementSide>,
    /// Die Stelle, die für sie handelt.
    agency: Option<Agency>,
}

impl AgreementParty {
    pub(crate) fn both(receiver: Uuid, parties: &Parties, coordination: Option<&AgencyRow>) -> Vec<Self> {
        let agency = |side| match side {
            AgreementSide::Receiver => parties.get(&receiver).cloned(),
            AgreementSide::Sender => coordination.cloned(),
        };
        let party = |&side: &AgreementSide| Self { side: Coded(side), agency: agency(side).map(Agency) };
        AgreementSide::ALL.iter().map(party).collect()
    }
}

/// Eine Unterschrift.
#[derive(SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct AgreementSignature {
    /// Für welche Seite.
    side: Coded<AgreementSide>,
    /// Die Stelle, die für sie unterschrieben hat.
    agency: Option<Agency>,
    /// Wann.
    signed_at: Option<DateTime>,
    /// Wer; nur bei Ihrer eigenen Stelle.
    staff: Option<String>,
}

impl AgreementSignature {
    pub(crate) fn of(act: &ActRow, parties: &Parties) -> Self {
        Self {
            side: Coded(act.side),
            agency: parties.get(&act.agency_id).cloned().map(Agency),
            signed_at: DateTime::from_micros(act.at),
            staff: act.own_staff.clone(),
        }
    }
}

/// Eine Stellungnahme der oder des Datenschutzbeauftragten einer Seite.
#[derive(SimpleObject)]
#[graphql(tag = "for agreements")]
pub(crate) struct AgreementOpinion {
    /// Für welche Seite.
    side: Coded<AgreementSide>,
    /// Die Stelle, für die sie abgegeben wurde.
    agency: Option<Agency>,
    /// Wann.
    given_at: Option<DateTime>,
    /// Das Ergebnis.
    verdict: Option<Coded<OpinionVerdict>>,
    /// Die Begründung.
    reasons: Option<String>,
    /// Wer; nur bei Ihrer eigenen Stelle.
    staff: Option<String>,
}

impl AgreementOpinion {
    pub(crate) fn of(act: &ActRow, parties: &Parties) -> Self {
        Self {
            side: Coded(act.side),
            agency: parties.get(&act.agency_id).cloned().map(Agency),
            given_at: DateTime::from_micros(act.at),
            verdict: act.verdict.map(Coded),
            reasons: act.reasons.clone(),
            staff: act.own_staff.clone(),
        }
    }
}

/// An agreement after a change, read anew.
pub(crate) async fn after(ctx: &Context<'_>, id: Uuid, plan: AgreementPlan) -> Result<Option<Agreement>, Failure> {
    let snapshot = Session::of(ctx).after().await?;
    let rows = snapshot.agreements_by_id(&[id]).await?;
    let agreement = agreements(&snapshot, rows, plan).await?.pop();
    drop(snapshot);
    Ok(agreement)
}

pub(crate) const AGREEMENTS: &str = "agreements";

connection!(
    AgreementConnection,
    AgreementEdge,
    Agreement,
    "for all",
    "Eine Seite der Schnittstellenvereinbarungen, die Ihre Stelle betreffen."
);
