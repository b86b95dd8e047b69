//! The root field `node`: any object by its id.

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

/// The query `node`.
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

/// Finds an object of any kind by its id.
async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, Failure> {
    let (session, schema) = (Session::of(ctx), VisibleSchema::of_request(ctx));
    let Some((kind, id)) = scalar::any(id)? else { return Ok(None) };
    // Types outside the viewer's schema are not found. Validation cannot refuse them, because the kind is in the id.
    match kind {
        Kind::Agency if schema.has::<Agency>() => Ok(by_id::one(ctx, id).await?.map(Node::Agency)),
        Kind::Agreement if schema.has::<Agreement>() => {
            session.check(Scope::AgreementRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::Agreement))
        }
        Kind::Proposal if schema.has::<AgreementProposal>() => {
            session.check(Scope::AgreementRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::AgreementProposal))
        }
        Kind::Referral if schema.has::<Referral>() => {
            session.check(Scope::ReferralRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::Referral))
        }
        Kind::Case if schema.has::<Case>() => {
            session.check(Scope::CaseRead)?;
            Ok(by_id::one(ctx, id).await?.map(Node::Case))
        }
        Kind::Consent if schema.has::<Consent>() => {
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
