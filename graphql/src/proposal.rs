//! Proposals of interface agreements.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use kim_domain::agency::Scope;
use kim_domain::agreement::{ProposalAction, ProposalStatus, Standpoint};
use kim_domain::id::Kind;
use kim_entity::read::{ActRow, AgencyRow, ProposalRow, Reads};
use uuid::Uuid;

use crate::agency::{Agency, Parties, Purpose};
use crate::agreement::{
    Acts, Agreement, AgreementField, AgreementOpinion, AgreementParty, AgreementPlan, AgreementSignature, agreements,
};
use crate::coded::Coded;
use crate::connection::connection;
use crate::error::Failure;
use crate::load;
use crate::plan::{Plan, Selected};
use crate::scalar::{Date, DateTime, global};
use crate::session::Session;

/// What is asked of proposals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProposalPlan {
    own: AgreementPlan,
    /// The agreement that it became.
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
}

/// Completes rows of proposals, in their order.
pub(crate) async fn proposals(
    snapshot: &Reads,
    rows: Vec<ProposalRow>,
    plan: ProposalPlan,
) -> Result<Vec<AgreementProposal>, Failure> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    // Who has signed also says what can still be done.
    let mut acts = Acts::fetch(snapshot, &ids, AgreementPlan { signatures: true, opinions: true, ..plan.own }).await?;
    let coordination = if plan.own.sides { snapshot.coordination().await? } else { None };
    let agencies: BTreeSet<Uuid> = rows
        .iter()
        .flat_map(|row| [Some(row.receiver_id), Some(row.agency_id), row.closed_by_id])
        .flatten()
        .chain(acts.agencies())
        .collect();
    let parties = load::parties(snapshot, agencies).await?;
    let became: HashMap<Uuid, Agreement> = match plan.agreement {
        Some(plan) => {
            let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.agreement_id).collect();
            let found = agreements(snapshot, snapshot.agreements_by_id(&ids).await?, plan).await?;
            found.into_iter().map(|agreement| (agreement.row.id, agreement)).collect()
        }
        None => HashMap::new(),
    };
    Ok(rows
        .into_iter()
        .map(|row| AgreementProposal {
            signatures: acts.signatures.remove(&row.id).unwrap_or_default(),
            opinions: acts.opinions.remove(&row.id).unwrap_or_default(),
            agreement: row.agreement_id.and_then(|id| became.get(&id).cloned()),
            coordination: coordination.clone(),
            parties: Arc::clone(&parties),
            row,
        })
        .collect())
}

/// A proposal with everything that its plan asked for.
pub(crate) struct AgreementProposal {
    pub(crate) row: ProposalRow,
    parties: Parties,
    signatures: Vec<ActRow>,
    opinions: Vec<ActRow>,
    coordination: Option<AgencyRow>,
    agreement: Option<Agreement>,
}

impl AgreementProposal {
    fn agency(&self, id: Uuid) -> Option<Agency> {
        self.parties.get(&id).cloned().map(Agency)
    }
}

/// Ein Vorschlag für eine Schnittstellenvereinbarung. Was er sagt, ändert sich nie: Anderes wird ein anderer Vorschlag.
#[Object(tag = "for agreements", tag = "plan agreement")]
impl AgreementProposal {
    /// Kennung.
    pub(crate) async fn id(&self) -> ID {
        global(Kind::Proposal, self.row.id)
    }
    /// Zählt Unterschriften, Stellungnahmen und das Ende.
    async fn version(&self) -> i32 {
        self.row.version
    }
    /// Stand.
    async fn status(&self) -> Coded<ProposalStatus> {
        Coded(self.row.status)
    }
    /// Was Sie jetzt damit tun können.
    #[graphql(tag = "list 3")]
    async fn available_actions(&self, ctx: &Context<'_>) -> Vec<Coded<ProposalAction>> {
        let viewer = Session::of(ctx).viewer();
        let own = viewer.agency().id;
        let at =
            Standpoint { kind: viewer.agency().kind, role: viewer.role(), is_receiver: own == self.row.receiver_id };
        let has = |acts: &[ActRow]| acts.iter().any(|act| Some(act.side) == at.side());
        let open = self.row.status == ProposalStatus::Open && viewer.may(Scope::AgreementWrite);
        let still = |action: &ProposalAction| match action {
            ProposalAction::Sign => !has(&self.signatures),
            ProposalAction::GiveOpinion => !has(&self.opinions),
            ProposalAction::Reject | ProposalAction::TakeBack => true,
        };
        let may = |action: &ProposalAction| open && at.may(*action, own == self.row.agency_id) && still(action);
        ProposalAction::ALL.iter().copied().filter(may).map(Coded).collect()
    }
    /// Die Stelle, an die übergeben werden soll.
    async fn receiver(&self) -> Option<Agency> {
        self.agency(self.row.receiver_id)
    }
    /// Zweck.
    async fn purpose(&self) -> Purpose {
        Purpose(self.row.purpose)
    }
    /// Soll gelten ab; frühestens ab dem Tag der letzten Unterschrift oder Stellungnahme.
    async fn valid_from(&self) -> Date {
        Date(self.row.valid_from)
    }
    /// Soll gelten bis einschließlich; null: unbefristet.
    async fn valid_until(&self) -> Option<Date> {
        self.row.valid_until.map(Date)
    }
    /// Frist zur Antwort in Arbeitstagen.
    async fn respond_working_days(&self) -> i32 {
        self.row.content.respond_working_days.into()
    }
    /// Wie viele Kalendertage nach dem Abschluss noch gelesen werden darf.
    async fn access_days(&self) -> i32 {
        self.row.content.access_days.into()
    }
    /// Ansprechstelle (E-Mail).
    async fn contact(&self) -> &str {
        &self.row.contact
    }
    /// Rechtsgrundlage.
    async fn legal_ground(&self) -> &str {
        &self.row.legal_ground
    }
    /// Die vorgeschlagenen Felder.
    #[graphql(tag = "list 20")]
    async fn fields(&self) -> Vec<AgreementField> {
        AgreementField::list(self.row.content.fields, &self.row.content)
    }
    /// Weitere Abreden.
    async fn terms(&self) -> Option<&str> {
        self.row.terms.as_deref()
    }
    /// Ob auch eingeschränkt werden soll, was unter früheren Fassungen läuft.
    async fn narrows_running(&self) -> bool {
        self.row.content.narrows_running
    }
    /// Die beiden Seiten.
    #[graphql(tag = "list 2", tag = "needs sides")]
    async fn parties(&self) -> Vec<AgreementParty> {
        AgreementParty::both(self.row.receiver_id, &self.parties, self.coordination.as_ref())
    }
    /// Die Stelle, die ihn gemacht hat.
    async fn proposed_by(&self) -> Option<Agency> {
        self.agency(self.row.agency_id)
    }
    /// Wann er gemacht wurde.
    async fn proposed_at(&self) -> Option<DateTime> {
        DateTime::from_micros(self.row.created_at)
    }
    /// Die Unterschriften.
    #[graphql(tag = "list 2", tag = "needs signatures")]
    async fn signatures(&self) -> Vec<AgreementSignature> {
        self.signatures.iter().map(|act| AgreementSignature::of(act, &self.parties)).collect()
    }
    /// Die Stellungnahmen der Datenschutzbeauftragten. Bedenken halten ihn nicht auf, aber vorliegen müssen beide.
    #[graphql(tag = "list 2", tag = "needs opinions")]
    async fn opinions(&self) -> Vec<AgreementOpinion> {
        self.opinions.iter().map(|act| AgreementOpinion::of(act, &self.parties)).collect()
    }
    /// Die Fassung, die daraus wurde.
    async fn agreement(&self) -> Option<&Agreement> {
        self.agreement.as_ref()
    }
    /// Die Stelle, die ihn abgelehnt oder zurückgenommen hat.
    async fn closed_by(&self) -> Option<Agency> {
        self.row.closed_by_id.and_then(|id| self.agency(id))
    }
    /// Wann er vereinbart, abgelehnt oder zurückgenommen wurde.
    async fn closed_at(&self) -> Option<DateTime> {
        self.row.closed_at.and_then(DateTime::from_micros)
    }
    /// Warum er abgelehnt oder zurückgenommen wurde.
    async fn close_reason(&self) -> Option<&str> {
        self.row.close_reason.as_deref()
    }
}

pub(crate) const PROPOSALS: &str = "agreementProposals";

connection!(
    AgreementProposalConnection,
    AgreementProposalEdge,
    AgreementProposal,
    "for agreements",
    "Eine Seite der Vorschläge für Schnittstellenvereinbarungen, die Ihre Stelle betreffen."
);
