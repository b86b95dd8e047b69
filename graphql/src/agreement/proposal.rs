//! Proposals of interface agreements.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{ID, SimpleObject};
use kim_domain::agency::Scope;
use kim_domain::agreement::{Position, ProposalAction, ProposalStatus};
use kim_domain::id::Kind;
use kim_entity::read::{ActRow, AgencyRow, OpinionRow, ProposalRow, Reads};
use kim_entity::viewer::Viewer;
use uuid::Uuid;

use crate::agency::{self, Agency, Parties, Purpose};
use crate::agreement::{
    Acts, Agreement, AgreementField, AgreementOpinion, AgreementParty, AgreementPlan, AgreementSignature,
    agreements_by_id,
};
use crate::error::Failure;
use crate::run::by_id::FindById;
use crate::run::connection::connection;
use crate::run::plan::{Plan, Selected, merge_relation};
use crate::run::planned::{Loading, PlannedById};
use crate::schema::scalar::{Date, DateTime, global};
use crate::schema::word_enum::WordEnum;

/// The relations that a selection on proposals needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ProposalPlan {
    own: AgreementPlan,
    /// The agreement that was concluded from the proposal.
    agreement: Option<AgreementPlan>,
}

impl Plan for ProposalPlan {
    type Of = AgreementProposal;

    fn add(&mut self, proposal: &Selected<'_>) {
        self.own.add(proposal);
        for agreement in proposal.each::<Agreement>() {
            self.agreement.get_or_insert_default().add(&agreement);
        }
    }

    fn merge(&mut self, other: &Self) {
        let Self { own, agreement } = other;
        self.own.merge(own);
        merge_relation(&mut self.agreement, agreement.as_ref());
    }
}

/// Adds the planned relations to rows of proposals, in their order.
pub(crate) async fn proposals(
    snapshot: &Reads,
    rows: &[ProposalRow],
    plan: ProposalPlan,
) -> Result<Vec<AgreementProposal>, Failure> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    // `available_actions` always needs the signatures and opinions.
    let acts = Acts::fetch(snapshot, &ids, AgreementPlan { signatures: true, opinions: true, ..plan.own }).await?;
    let coordination = if plan.own.sides { snapshot.coordination().await? } else { None };
    let agencies: BTreeSet<Uuid> = rows
        .iter()
        .flat_map(|row| [Some(row.receiver_id), Some(row.agency_id), row.closed_by_id])
        .flatten()
        .chain(acts.agencies())
        .collect();
    let parties = agency::parties(snapshot, agencies).await?;
    let concluded: HashMap<Uuid, Agreement> = match plan.agreement {
        Some(plan) => {
            let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.agreement_id).collect();
            agreements_by_id(snapshot, &ids, plan).await?.into_iter().collect()
        }
        None => HashMap::new(),
    };
    let complete = |row: &ProposalRow| {
        let agreement = row.agreement_id.and_then(|id| concluded.get(&id).cloned());
        AgreementProposal::of(row, &parties, &acts, coordination.as_ref(), agreement, snapshot.viewer())
    };
    Ok(rows.iter().map(complete).collect())
}

impl FindById for AgreementProposal {
    type Plan = ProposalPlan;

    fn find<'f>(snapshot: &'f Reads, requested: &'f PlannedById<'f, ProposalPlan>) -> Loading<'f, (Uuid, Self)> {
        Box::pin(async {
            let rows = snapshot.proposals_by_id(&requested.ids()).await?;
            let loaded = proposals(snapshot, &rows, requested.together()).await?;
            Ok(rows.iter().map(|row| row.id).zip(loaded).collect())
        })
    }
}

/// Ein Vorschlag für eine Schnittstellenvereinbarung. Was er sagt, ändert sich nie: Anderes wird ein anderer Vorschlag.
#[derive(SimpleObject)]
#[graphql(tag = "for agreements", tag = "plan agreement", tag = "scope agreement:read")]
pub(crate) struct AgreementProposal {
    /// Kennung.
    #[graphql(owned, tag = "conveyed")]
    pub(crate) id: ID,
    /// Zählt Unterschriften, Stellungnahmen und das Ende.
    #[graphql(tag = "conveyed")]
    version: i32,
    /// Stand.
    #[graphql(tag = "conveyed")]
    status: WordEnum<ProposalStatus>,
    /// Was Sie jetzt damit tun können.
    #[graphql(tag = "list 3")]
    available_actions: Vec<WordEnum<ProposalAction>>,
    /// Die Stelle, an die übergeben werden soll.
    receiver: Option<Agency>,
    /// Zweck.
    purpose: Purpose,
    /// Soll gelten ab; frühestens ab dem Tag der letzten Unterschrift oder Stellungnahme.
    valid_from: Date,
    /// Soll gelten bis einschließlich; null: unbefristet.
    valid_until: Option<Date>,
    /// Frist zur Antwort in Arbeitstagen.
    respond_working_days: i32,
    /// Wie viele Kalendertage nach dem Abschluss noch gelesen werden darf.
    access_days: i32,
    /// Ansprechstelle (E-Mail).
    contact: String,
    /// Rechtsgrundlage.
    legal_ground: String,
    /// Die vorgeschlagenen Felder.
    #[graphql(tag = "list 20")]
    fields: Vec<AgreementField>,
    /// Weitere Abreden.
    terms: Option<String>,
    /// Ob auch eingeschränkt werden soll, was unter früheren Fassungen läuft.
    narrows_running: bool,
    /// Die beiden Seiten.
    #[graphql(tag = "list 2", tag = "needs sides")]
    parties: Vec<AgreementParty>,
    /// Die Stelle, die ihn gemacht hat.
    proposed_by: Option<Agency>,
    /// Wann er gemacht wurde.
    proposed_at: Option<DateTime>,
    /// Die Unterschriften.
    #[graphql(tag = "list 2", tag = "needs signatures")]
    signatures: Vec<AgreementSignature>,
    /// Die Stellungnahmen der Datenschutzbeauftragten. Bedenken halten ihn nicht auf, aber vorliegen müssen beide.
    #[graphql(tag = "list 2", tag = "needs opinions")]
    opinions: Vec<AgreementOpinion>,
    /// Die Fassung, die daraus wurde.
    agreement: Option<Agreement>,
    /// Die Stelle, die ihn abgelehnt oder zurückgenommen hat.
    closed_by: Option<Agency>,
    /// Wann er vereinbart, abgelehnt oder zurückgenommen wurde.
    closed_at: Option<DateTime>,
    /// Warum er abgelehnt oder zurückgenommen wurde.
    close_reason: Option<String>,
}

impl AgreementProposal {
    fn of(
        row: &ProposalRow,
        parties: &Parties,
        acts: &Acts,
        coordination: Option<&AgencyRow>,
        agreement: Option<Agreement>,
        viewer: &Viewer,
    ) -> Self {
        let agency = |id: Uuid| parties.get(&id).cloned().map(Agency);
        let (signatures, opinions) = acts.of(Some(row.id));
        Self {
            id: global(Kind::Proposal, row.id),
            version: row.version,
            status: WordEnum(row.status),
            available_actions: available_actions(row, signatures, opinions, viewer),
            receiver: agency(row.receiver_id),
            purpose: Purpose(row.purpose),
            valid_from: Date(row.valid_from),
            valid_until: row.valid_until.map(Date),
            respond_working_days: row.content.respond_working_days.into(),
            access_days: row.content.access_days.into(),
            contact: row.contact.clone(),
            legal_ground: row.legal_ground.clone(),
            fields: AgreementField::list(row.content.fields, &row.content),
            terms: row.terms.clone(),
            narrows_running: row.content.narrows_running,
            parties: AgreementParty::both(row.receiver_id, parties, coordination),
            proposed_by: agency(row.agency_id),
            proposed_at: DateTime::from_micros(row.created_at),
            signatures: signatures.iter().map(|act| AgreementSignature::of(act, parties)).collect(),
            opinions: opinions.iter().map(|opinion| AgreementOpinion::of(opinion, parties)).collect(),
            agreement,
            closed_by: row.closed_by_id.and_then(agency),
            closed_at: row.closed_at.and_then(DateTime::from_micros),
            close_reason: row.close_reason.clone(),
        }
    }
}

/// The actions that the viewer can take on a proposal now.
fn available_actions(
    row: &ProposalRow,
    signatures: &[ActRow],
    opinions: &[OpinionRow],
    viewer: &Viewer,
) -> Vec<WordEnum<ProposalAction>> {
    let own = viewer.agency().id;
    let position = Position { kind: viewer.agency().kind, role: viewer.role(), is_receiver: own == row.receiver_id };
    let open = row.status == ProposalStatus::Open && viewer.may(Scope::AgreementWrite);
    let is_pending = |action: &ProposalAction| match action {
        ProposalAction::Sign => !signatures.iter().any(|act| Some(act.side) == position.side()),
        ProposalAction::GiveOpinion => !opinions.iter().any(|opinion| Some(opinion.act.side) == position.side()),
        ProposalAction::Reject | ProposalAction::TakeBack => true,
    };
    let may = |action: &ProposalAction| open && position.may(*action, own == row.agency_id) && is_pending(action);
    ProposalAction::ALL.iter().copied().filter(may).map(WordEnum).collect()
}

/// The list's name in its cursors.
pub(crate) const PROPOSALS: &str = "agreementProposals";

connection!(
    AgreementProposalConnection,
    AgreementProposalEdge,
    AgreementProposal,
    "for agreements",
    "Eine Seite der Vorschläge für Schnittstellenvereinbarungen, die Ihre Stelle betreffen."
);
