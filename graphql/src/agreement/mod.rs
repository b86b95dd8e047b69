//! Interface agreements with their signatures and opinions.

pub(crate) mod mutations;
pub(crate) mod proposal;
pub(crate) mod proposal_queries;
pub(crate) mod queries;

use std::collections::{BTreeSet, HashMap};

use async_graphql::{Context, ID, SimpleObject};
use kim_domain::agreement::{AgreementSide, Content, OpinionVerdict};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_entity::read::{ActRow, AgencyRow, AgreementRow, OpinionRow, Reads};
use uuid::Uuid;

use crate::agency::{self, Agency, Parties, Purpose};
use crate::error::Failure;
use crate::run::by_id::FindById;
use crate::run::connection::connection;
use crate::run::plan::{Plan, Selected};
use crate::run::planned::{Loading, PlannedById};
use crate::run::session::Session;
use crate::schema::needs::AgreementNeed;
use crate::schema::scalar::{Date, DateTime, global};
use crate::schema::word_enum::WordEnum;

/// The relations that a selection on agreements or proposals needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct AgreementPlan {
    pub(crate) signatures: bool,
    /// Opinions of data protection officers.
    pub(crate) opinions: bool,
    /// The agencies on both sides.
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

    fn merge(&mut self, other: &Self) {
        let Self { signatures, opinions, sides } = other;
        self.signatures |= signatures;
        self.opinions |= opinions;
        self.sides |= sides;
    }
}

/// Signatures and opinions, by proposal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acts {
    pub(crate) signatures: HashMap<Uuid, Vec<ActRow>>,
    pub(crate) opinions: HashMap<Uuid, Vec<OpinionRow>>,
}

impl Acts {
    /// Reads the lists that the plan needs, each with one statement.
    pub(crate) async fn fetch(snapshot: &Reads, proposals: &[Uuid], plan: AgreementPlan) -> Result<Self, Failure> {
        Ok(Self {
            signatures: if plan.signatures { snapshot.signatures(proposals).await? } else { HashMap::new() },
            opinions: if plan.opinions { snapshot.opinions(proposals).await? } else { HashMap::new() },
        })
    }

    /// The signatures of a proposal and the opinions on it.
    pub(crate) fn of(&self, proposal: Option<Uuid>) -> (&[ActRow], &[OpinionRow]) {
        let signatures = proposal.and_then(|id| self.signatures.get(&id)).map_or(&[][..], Vec::as_slice);
        let opinions = proposal.and_then(|id| self.opinions.get(&id)).map_or(&[][..], Vec::as_slice);
        (signatures, opinions)
    }

    /// The agencies that signed or gave an opinion.
    pub(crate) fn agencies(&self) -> impl Iterator<Item = Uuid> + '_ {
        let opinions = self.opinions.values().flatten().map(|opinion| &opinion.act);
        self.signatures.values().flatten().chain(opinions).map(|act| act.agency_id)
    }
}

/// Adds the planned relations to rows of agreements, in their order.
pub(crate) async fn agreements(
    snapshot: &Reads,
    rows: &[AgreementRow],
    plan: AgreementPlan,
) -> Result<Vec<Agreement>, Failure> {
    let proposals: Vec<Uuid> = rows.iter().filter_map(|row| row.proposal_id).collect();
    let acts = Acts::fetch(snapshot, &proposals, plan).await?;
    let coordination = if plan.sides { snapshot.coordination().await? } else { None };
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.receiver_id).chain(acts.agencies()).collect();
    let parties = agency::parties(snapshot, ids).await?;
    Ok(rows.iter().map(|row| Agreement::of(row, &parties, &acts, coordination.as_ref())).collect())
}

/// Those of these agreements that the viewer may read, by id, with the planned relations.
pub(crate) async fn agreements_by_id(
    snapshot: &Reads,
    ids: &[Uuid],
    plan: AgreementPlan,
) -> Result<Vec<(Uuid, Agreement)>, Failure> {
    let rows = snapshot.agreements_by_id(ids).await?;
    let loaded = agreements(snapshot, &rows, plan).await?;
    Ok(rows.iter().map(|row| row.id).zip(loaded).collect())
}

impl FindById for Agreement {
    type Plan = AgreementPlan;

    fn find<'f>(snapshot: &'f Reads, requested: &'f PlannedById<'f, AgreementPlan>) -> Loading<'f, (Uuid, Self)> {
        Box::pin(async { agreements_by_id(snapshot, &requested.ids(), requested.together()).await })
    }
}

/// Eine Schnittstellenvereinbarung in einer Fassung. Fassungen ändern sich nie.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for all", tag = "plan agreement", tag = "scope agreement:read")]
pub(crate) struct Agreement {
    /// Kennung der Fassung.
    #[graphql(owned, tag = "conveyed")]
    pub(crate) id: ID,
    /// Die Stelle, an die übergeben wird.
    receiver: Option<Agency>,
    /// Zweck.
    purpose: Purpose,
    /// Fassung, fortlaufend.
    #[graphql(tag = "conveyed")]
    version: i32,
    /// Gilt ab.
    valid_from: Date,
    /// Gilt bis einschließlich; null: unbefristet.
    valid_until: Option<Date>,
    /// Frist zur Antwort in Arbeitstagen.
    respond_working_days: i32,
    /// Wie viele Kalendertage nach dem Abschluss noch gelesen werden darf.
    access_days: i32,
    /// Ansprechstelle (E-Mail).
    contact: String,
    /// Rechtsgrundlage.
    legal_ground: String,
    /// Die vereinbarten Felder.
    #[graphql(tag = "list 20")]
    fields: Vec<AgreementField>,
    /// Die beiden Seiten.
    #[graphql(tag = "list 2", tag = "needs sides")]
    parties: Vec<AgreementParty>,
    /// Weitere Abreden; null auch, wenn die Fassung eingelesen wurde.
    terms: Option<String>,
    /// Ob diese Fassung auch einschränkt, was unter früheren Fassungen läuft.
    narrows_running: bool,
    /// Gekündigt: Von diesem Tag an wird nichts mehr angeboten.
    terminated_on: Option<Date>,
    /// Aus wichtigem Grund gekündigt: Auch laufende Übergaben sind geschlossen.
    terminated_for_cause: bool,
    /// Die Unterschriften; keine, wenn die Fassung eingelesen wurde.
    #[graphql(tag = "list 2", tag = "needs signatures")]
    signatures: Vec<AgreementSignature>,
    /// Die Stellungnahmen der Datenschutzbeauftragten.
    #[graphql(tag = "for agreements", tag = "list 2", tag = "needs opinions")]
    opinions: Vec<AgreementOpinion>,
}

impl Agreement {
    fn of(row: &AgreementRow, parties: &Parties, acts: &Acts, coordination: Option<&AgencyRow>) -> Self {
        let (signatures, opinions) = acts.of(row.proposal_id);
        Self {
            id: global(Kind::Agreement, row.id),
            receiver: parties.get(&row.receiver_id).cloned().map(Agency),
            purpose: Purpose(row.purpose),
            version: row.version,
            valid_from: Date(row.valid_from),
            valid_until: row.valid_until.map(Date),
            respond_working_days: row.respond_working_days.into(),
            access_days: row.access_days.into(),
            contact: row.contact.clone(),
            legal_ground: row.legal_ground.clone(),
            fields: AgreementField::list(row.fields, &row.into()),
            parties: AgreementParty::both(row.receiver_id, parties, coordination),
            terms: row.terms.clone(),
            narrows_running: row.narrows_running,
            terminated_on: row.terminated_on.map(Date),
            terminated_for_cause: row.for_cause,
            signatures: signatures.iter().map(|act| AgreementSignature::of(act, parties)).collect(),
            opinions: opinions.iter().map(|opinion| AgreementOpinion::of(opinion, parties)).collect(),
        }
    }
}

/// Ein vereinbartes Feld.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct AgreementField {
    /// Das Feld.
    #[graphql(tag = "for any-field")]
    field: WordEnum<HandoverField>,
    /// Die Bezeichnung.
    label: &'static str,
    /// Nur, wenn die Klientin oder der Klient es einzeln ankreuzt.
    ticked_only: bool,
    /// Auf gesetzlicher Grundlage, ohne Einwilligung.
    statutory: bool,
}

impl AgreementField {
    /// The fields of an agreement with this content.
    pub(crate) fn list(fields: FieldSet, content: &Content) -> Vec<Self> {
        let field = |field: HandoverField| Self {
            field: WordEnum(field),
            label: field.label(),
            ticked_only: content.ticked_only.contains(field),
            statutory: content.statutory.contains(field),
        };
        fields.iter().map(field).collect()
    }
}

/// Eine Seite der Vereinbarung.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct AgreementParty {
    /// Welche.
    side: WordEnum<AgreementSide>,
    /// Die Stelle, die für sie handelt.
    agency: Option<Agency>,
}

impl AgreementParty {
    pub(crate) fn both(receiver: Uuid, parties: &Parties, coordination: Option<&AgencyRow>) -> Vec<Self> {
        let agency = |side| match side {
            AgreementSide::Receiver => parties.get(&receiver).cloned(),
            AgreementSide::Sender => coordination.cloned(),
        };
        let party = |&side: &AgreementSide| Self { side: WordEnum(side), agency: agency(side).map(Agency) };
        AgreementSide::ALL.iter().map(party).collect()
    }
}

/// Eine Unterschrift.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for all")]
pub(crate) struct AgreementSignature {
    /// Für welche Seite.
    side: WordEnum<AgreementSide>,
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
            side: WordEnum(act.side),
            agency: parties.get(&act.agency_id).cloned().map(Agency),
            signed_at: DateTime::from_micros(act.at),
            staff: act.own_staff.clone(),
        }
    }
}

/// Eine Stellungnahme der oder des Datenschutzbeauftragten einer Seite.
#[derive(Clone, SimpleObject)]
#[graphql(tag = "for agreements")]
pub(crate) struct AgreementOpinion {
    /// Für welche Seite.
    side: WordEnum<AgreementSide>,
    /// Die Stelle, für die sie abgegeben wurde.
    agency: Option<Agency>,
    /// Wann.
    given_at: Option<DateTime>,
    /// Das Ergebnis.
    verdict: Option<WordEnum<OpinionVerdict>>,
    /// Die Begründung.
    reasons: Option<String>,
    /// Wer; nur bei Ihrer eigenen Stelle.
    staff: Option<String>,
}

impl AgreementOpinion {
    pub(crate) fn of(opinion: &OpinionRow, parties: &Parties) -> Self {
        let act = &opinion.act;
        Self {
            side: WordEnum(act.side),
            agency: parties.get(&act.agency_id).cloned().map(Agency),
            given_at: DateTime::from_micros(act.at),
            verdict: Some(WordEnum(opinion.verdict)),
            reasons: opinion.reasons.clone(),
            staff: act.own_staff.clone(),
        }
    }
}

/// Reads an agreement after a change, from a new snapshot.
pub(crate) async fn agreement_after_change(
    ctx: &Context<'_>,
    id: Uuid,
    plan: AgreementPlan,
) -> Result<Option<Agreement>, Failure> {
    let snapshot = Session::of(ctx).after().await?;
    let found = agreements_by_id(&snapshot, &[id], plan).await?.pop();
    drop(snapshot);
    Ok(found.map(|(_, agreement)| agreement))
}

/// The list's name in its cursors.
pub(crate) const AGREEMENTS: &str = "agreements";

connection!(
    AgreementConnection,
    AgreementEdge,
    Agreement,
    "for all",
    "Eine Seite der Schnittstellenvereinbarungen, die Ihre Stelle betreffen."
);
