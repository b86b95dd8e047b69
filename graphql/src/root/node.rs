//! Whatever has an id.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object};
use kim_domain::agency::Scope;
use kim_domain::id::Kind;

use crate::agency::Agency;
use crate::agreement::Agreement;
use crate::agreement::proposal::AgreementProposal;
use crate::case::Case;
use crate::consent::Consent;
use crate::error::{Failure, or_null};
use crate::referral::Referral;
use crate::run::by_id;
use crate::run::session::Session;
use crate::schema::scalar;
use crate::schema::visible_schema::VisibleSchema;

/// Was eine Kennung hat und mit ihr wiedergefunden werden kann.
#[derive(Interface)]
#[graphql(tag = "for all", field(name = "id", ty = "ID", desc = "Kennung."))]
pub(crate) enum Node {
    Agency(Arc<Agency>),
    Agreement(Arc<Agreement>),
    AgreementProposal(Arc<AgreementProposal>),
    Referral(Arc<Referral>),
    Case(Arc<Case>),
    Consent(Arc<Consent>),
}

/// The root field of whatever has an id.
#[derive(Default)]
pub(crate) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Was diese Kennung hat; null, wenn es nicht Ihres ist oder es das nicht gibt.
    #[graphql(tag = "for all")]
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Kennung.")] id: ID) -> Option<Node> {
        or_null(ctx, find(ctx, &id).await)
    }
}

/// What an id names, whatever kind it is of.
async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, Failure> {
    let (session, known) = (Session::of(ctx), VisibleSchema::of_request(ctx));
    let Some((kind, id)) = scalar::any(id)? else { return Ok(None) };
    // What is not in the viewer's schema is not found: validation is no wall here.
    match kind {
        Kind::Agency if known.has::<Agency>() => Ok(by_id::one(ctx, id).await?.map(Node::Agency)),
        Kind::Agreement if known.has::<Agreement>() => {
            session.check(Scope::AgreementRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::Agreement))
        }
        Kind::Proposal if known.has::<AgreementProposal>() => {
            session.check(Scope::AgreementRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::AgreementProposal))
        }
        Kind::Referral if known.has::<Referral>() => {
            session.check(Scope::ReferralRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::Referral))
        }
        Kind::Case if known.has::<Case>() => {
            session.check(Scope::CaseRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::Case))
        }
        Kind::Consent if known.has::<Consent>() => {
            session.check(Scope::CaseRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::Consent))
        }
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
        | Kind::Correction => Ok(None),
    }
}
