//! Does a use case once, and loads what the answer shows.

use async_graphql::{Context, ID, SimpleObject};
use kim_casework::once::{IdempotentRequest, once};
use kim_casework::referral::{ReferralResult, Target};
use kim_casework::refusal::WorkError;
use kim_casework::work::Work;
use kim_domain::agency::Scope;
use kim_domain::fingerprint::hex;
use kim_domain::id::Kind;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::asked::alike;
use crate::error::{Failure, or_null};
use crate::load;
use crate::plan::{Plan as _, ReferralPlan};
use crate::referral::Referral;
use crate::scalar::local;
use crate::session::Session;

/// Was aus einer Änderung an einer Übergabe wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct ReferralPayload {
    /// Die Übergabe, wie Sie sie jetzt sehen; null, wenn es sie nicht mehr gibt.
    referral: Option<Referral>,
}

/// Does to the referral of an input what takes no more than one call: `referral!(ctx, "accept", input, accept, more…)`.
macro_rules! referral {
    ($ctx:expr, $mutation:literal, $input:ident, $work:ident $(, $argument:expr)*) => {
        $crate::mutation::done::with_referral($ctx, $mutation, $input.idempotency_key.clone(), async |work| {
            kim_casework::referral::$work(work, $input.target()? $(, $argument)*).await
        })
        .await
    };
}
pub(crate) use referral;

/// Does something with a referral.
pub(crate) async fn with_referral(
    ctx: &Context<'_>,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<ReferralResult, WorkError>,
) -> Option<ReferralPayload> {
    let changed = async {
        let done: ReferralResult = change(ctx, Scope::ReferralWrite, mutation, key, work).await?;
        let plan = ReferralPlan::below::<ReferralPayload>(ctx);
        let snapshot = Session::of(ctx).after().await?;
        let rows = snapshot.referrals_by_id(&[done.referral]).await?;
        let referral = load::referrals(&snapshot, alike(rows, &plan)).await?.pop();
        drop(snapshot);
        Ok(Some(ReferralPayload { referral }))
    };
    or_null(ctx, Box::pin(changed).await)
}

/// Does a use case once, if the token has the scope.
pub(crate) async fn change<T: Serialize + DeserializeOwned>(
    ctx: &Context<'_>,
    scope: Scope,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<T, WorkError>,
) -> Result<T, Failure> {
    let desk = Session::of(ctx).write(scope)?;
    let request = IdempotentRequest { mutation, hash: hash_of_input(ctx), key };
    // On the heap: the engine moves a root's future through one frame for each part of the root, and a use case's is large.
    Ok(Box::pin(once(desk, &request, work)).await?)
}

/// A hash of the input as it was sent, without its key. An object's members have no order.
fn hash_of_input(ctx: &Context<'_>) -> String {
    let arguments = ctx.field().arguments().unwrap_or_default();
    let input = arguments.into_iter().find(|(name, _)| name == "input").map(|(_, value)| value).unwrap_or_default();
    let mut json = input.into_json().unwrap_or_default();
    if let Some(members) = json.as_object_mut() {
        members.remove("idempotencyKey");
    }
    hex(&Sha256::digest(json.to_string().as_bytes()))
}

/// The referral that an input names. An id of another kind is as unknown as one that does not exist.
pub(crate) fn target(id: &ID, expected_version: i32) -> Result<Target, WorkError> {
    Ok(Target { id: local_or_refused(Kind::Referral, id)?, expected_version })
}

/// An id of this kind in an input.
pub(crate) fn local_or_refused(kind: Kind, id: &ID) -> Result<Option<uuid::Uuid>, WorkError> {
    local(kind, id).map_err(|_| WorkError::bad_input("Eine Kennung in „input“ ist nicht lesbar."))
}
