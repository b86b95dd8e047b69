//! What is found by its id. Root fields of one request that ask by id at the same time are answered from one batch.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_graphql::{Context, ID, Interface};
use dataloader::BatchFn;
use dataloader::cached::Loader;
use kim_domain::agency::Scope;
use kim_domain::id::Kind;
use kim_entity::DbErr;
use kim_entity::read::Reads;
use uuid::Uuid;

use crate::agency::Agency;
use crate::agreement::{Agreement, AgreementPlan, agreements};
use crate::asked::ById;
use crate::case::Case;
use crate::consent::{self, Consent, ConsentPlan};
use crate::error::{Failure, or_null};
use crate::limit::Limit;
use crate::load;
use crate::plan::{CasePlan, Plan as _, ReferralPlan};
use crate::proposal::{AgreementProposal, ProposalPlan, proposals};
use crate::referral::Referral;
use crate::scalar::{self, local};
use crate::session::{Session, Snapshot};
use crate::vocabulary::Vocabulary;

/// How many ids one field may be given.
pub(crate) const MAX_IDS: usize = 100;

/// Was eine Kennung hat und mit ihr wiedergefunden werden kann.
#[derive(Clone, Interface)]
#[graphql(tag = "for all", field(name = "id", ty = "ID", desc = "Kennung."))]
pub(crate) enum Node {
    Agency(Agency),
    Agreement(Arc<Agreement>),
    AgreementProposal(Arc<AgreementProposal>),
    Referral(Arc<Referral>),
    Case(Arc<Case>),
    Consent(Arc<Consent>),
}

/// An id, and what is asked of what it names.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    Agency(Uuid),
    Agreement(Uuid, AgreementPlan),
    Proposal(Uuid, ProposalPlan),
    Referral(Uuid, Arc<ReferralPlan>),
    Case(Uuid, Arc<CasePlan>),
    Consent(Uuid, ConsentPlan),
}

impl fmt::Debug for Wanted {
    /// Short, because the loader writes every key into the text of an error that it then drops.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wanted")
    }
}

/// What was found; `None` for what is not the viewer's.
type Found = Result<Option<Node>, Failure>;

/// Reads what root fields of one request want, in batches.
pub(crate) struct NodeLoader(Loader<Wanted, Found, Batch>);

impl NodeLoader {
    /// For a request with one root field or with several, which reads from this snapshot.
    ///
    /// The engine starts all root fields before it goes on with one that waits. So it is enough to yield once until each has said what
    /// it wants, and a field that is alone need not wait at all.
    pub(crate) fn new(snapshot: Arc<Snapshot>, several_fields: bool) -> Self {
        let loader = Loader::new(Batch(snapshot)).with_max_batch_size(usize::MAX);
        Self(loader.with_yield_count(several_fields.into()))
    }

    pub(crate) async fn find(&self, wanted: Wanted) -> Found {
        self.0.try_load(wanted).await.unwrap_or_else(|_| Err(no_entry()))
    }

    /// What was found for each of these.
    pub(crate) async fn find_all(&self, wanted: Vec<Wanted>) -> Result<HashMap<Wanted, Found>, Failure> {
        self.0.try_load_many(wanted).await.map_err(|_| no_entry())
    }
}

/// A batch has an entry for each of its keys.
fn no_entry() -> Failure {
    Failure::Internal(DbErr::RecordNotFound("an entry of a batch".into()))
}

/// Reads a batch from the request's snapshot.
struct Batch(Arc<Snapshot>);

impl BatchFn<Wanted, Found> for Batch {
    async fn load(&mut self, keys: &[Wanted]) -> HashMap<Wanted, Found> {
        let read = async { read(self.0.reads().await?, keys).await };
        match Box::pin(read).await {
            Ok(mut found) => keys.iter().map(|key| (key.clone(), Ok(found.remove(key)))).collect(),
            Err(failure) => keys.iter().map(|key| (key.clone(), Err(failure.clone()))).collect(),
        }
    }
}

/// Reads each row once, with all that is asked of it, and as many statements as the kinds of rows and their relations need.
async fn read(snapshot: &Reads, keys: &[Wanted]) -> Result<HashMap<Wanted, Node>, Failure> {
    let mut found: HashMap<(Kind, Uuid), Node> = HashMap::new();
    let (mut agencies, mut of_agreements, mut of_proposals) = (Vec::new(), ById::default(), ById::default());
    let (mut of_referrals, mut of_cases, mut of_consents) = (ById::default(), ById::default(), ById::default());
    for key in keys {
        match key {
            Wanted::Agency(id) => agencies.push(*id),
            Wanted::Agreement(id, plan) => of_agreements.add(*id, plan),
            Wanted::Proposal(id, plan) => of_proposals.add(*id, plan),
            Wanted::Referral(id, plan) => of_referrals.add(*id, &**plan),
            Wanted::Case(id, plan) => of_cases.add(*id, &**plan),
            Wanted::Consent(id, plan) => of_consents.add(*id, plan),
        }
    }
    for row in snapshot.agencies_by_id(&agencies).await? {
        found.insert((Kind::Agency, row.id), Node::Agency(Agency(row)));
    }
    let rows = snapshot.agreements_by_id(&of_agreements.ids()).await?;
    for (row, one) in rows.iter().zip(agreements(snapshot, &rows, of_agreements.together()).await?) {
        found.insert((Kind::Agreement, row.id), Node::Agreement(Arc::new(one)));
    }
    let rows = snapshot.proposals_by_id(&of_proposals.ids()).await?;
    for (row, one) in rows.iter().zip(proposals(snapshot, &rows, of_proposals.together()).await?) {
        found.insert((Kind::Proposal, row.id), Node::AgreementProposal(Arc::new(one)));
    }
    let rows = snapshot.consents_by_id(&of_consents.ids()).await?;
    for (row, one) in rows.iter().zip(consent::load(snapshot, &rows, of_consents.together()).await?) {
        found.insert((Kind::Consent, row.id), Node::Consent(Arc::new(one)));
    }
    for one in load::referrals_by_id(snapshot, &of_referrals).await? {
        found.insert((Kind::Referral, one.row.id), Node::Referral(Arc::new(one)));
    }
    for one in load::cases_by_id(snapshot, &of_cases).await? {
        found.insert((Kind::Case, one.row.id), Node::Case(Arc::new(one)));
    }
    Ok(keys.iter().filter_map(|key| Some((key.clone(), found.get(&key.place())?.clone()))).collect())
}

impl Wanted {
    fn place(&self) -> (Kind, Uuid) {
        match self {
            Self::Agency(id) => (Kind::Agency, *id),
            Self::Agreement(id, _) => (Kind::Agreement, *id),
            Self::Proposal(id, _) => (Kind::Proposal, *id),
            Self::Referral(id, _) => (Kind::Referral, *id),
            Self::Case(id, _) => (Kind::Case, *id),
            Self::Consent(id, _) => (Kind::Consent, *id),
        }
    }
}

/// What an id names, whatever kind it is of.
pub(crate) async fn any(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, Failure> {
    let known = Vocabulary::of_request(ctx);
    let Some((kind, id)) = scalar::any(id)? else { return Ok(None) };
    // What is not in the viewer's schema is not found: validation is no wall here.
    let (scope, wanted) = match kind {
        Kind::Agency if known.has::<Agency>() => return Session::of(ctx).nodes().find(Wanted::Agency(id)).await,
        Kind::Agreement if known.has::<Agreement>() => {
            (Scope::AgreementRead, Wanted::Agreement(id, AgreementPlan::of_field(ctx)))
        }
        Kind::Proposal if known.has::<AgreementProposal>() => {
            (Scope::AgreementRead, Wanted::Proposal(id, ProposalPlan::of_field(ctx)))
        }
        Kind::Referral if known.has::<Referral>() => {
            (Scope::ReferralRead, Wanted::Referral(id, Arc::new(ReferralPlan::of_field(ctx))))
        }
        Kind::Case if known.has::<Case>() => (Scope::CaseRead, Wanted::Case(id, Arc::new(CasePlan::of_field(ctx)))),
        Kind::Consent if known.has::<Consent>() => (Scope::CaseRead, Wanted::Consent(id, ConsentPlan::of_field(ctx))),
        Kind::Agency
        | Kind::Agreement
        | Kind::Referral
        | Kind::Case
        | Kind::Consent
        | Kind::Proposal
        | Kind::Person
        | Kind::Message
        | Kind::Event
        | Kind::Disclosure
        | Kind::Note
        | Kind::Decision
        | Kind::Correction => return Ok(None),
    };
    Session::of(ctx).nodes_in(scope)?.find(wanted).await
}

/// One referral.
pub(crate) async fn referral(ctx: &Context<'_>, id: &ID) -> Result<Option<Arc<Referral>>, Failure> {
    let nodes = Session::of(ctx).nodes_in(Scope::ReferralRead)?;
    let Some(id) = local(Kind::Referral, id)? else { return Ok(None) };
    let found = nodes.find(Wanted::Referral(id, Arc::new(ReferralPlan::of_field(ctx)))).await?;
    Ok(found.and_then(Node::referral))
}

/// Several referrals, in the order of their ids.
pub(crate) async fn referrals(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Arc<Referral>>>, Failure> {
    let nodes = Session::of(ctx).nodes_in(Scope::ReferralRead)?;
    if ids.len() > MAX_IDS {
        let text = format!("„ids“ hat höchstens {MAX_IDS} Kennungen.");
        return Err(Failure::LimitExceeded(Limit::Ids, text));
    }
    let plan = Arc::new(ReferralPlan::of_field(ctx));
    // An id that cannot be read is refused at its place.
    let read = |(place, id)| or_null(&ctx.with_index(place), local(Kind::Referral, id));
    let wanted: Vec<_> =
        ids.iter().enumerate().map(read).map(|id| Some(Wanted::Referral(id?, Arc::clone(&plan)))).collect();
    let found = nodes.find_all(wanted.iter().flatten().cloned().collect()).await?;
    let of = |wanted: &Option<Wanted>| match wanted.as_ref().and_then(|wanted| found.get(wanted)) {
        Some(found) => Ok(found.clone()?.and_then(Node::referral)),
        None => Ok(None),
    };
    wanted.iter().map(of).collect()
}

/// One of the viewer's own cases.
pub(crate) async fn case(ctx: &Context<'_>, id: &ID) -> Result<Option<Arc<Case>>, Failure> {
    let nodes = Session::of(ctx).nodes_in(Scope::CaseRead)?;
    let Some(id) = local(Kind::Case, id)? else { return Ok(None) };
    let found = nodes.find(Wanted::Case(id, Arc::new(CasePlan::of_field(ctx)))).await?;
    Ok(found.and_then(Node::case))
}

impl Node {
    fn referral(self) -> Option<Arc<Referral>> {
        if let Self::Referral(referral) = self { Some(referral) } else { None }
    }

    fn case(self) -> Option<Arc<Case>> {
        if let Self::Case(case) = self { Some(case) } else { None }
    }
}
