//! Runs a mutation of one referral and builds its payload.

use async_graphql::{Context, ID, SimpleObject};
use kim_casework::referral::{ReferralResult, Target};
use kim_casework::refusal::WorkError;
use kim_casework::work::Work;
use kim_domain::agency::Scope;
use kim_domain::id::Kind;

use crate::error::or_null;
use crate::referral::Referral;
use crate::referral::load;
use crate::referral::plan::ReferralPlan;
use crate::run::change::{change, local_or_refused};
use crate::run::plan::Plan as _;
use crate::run::planned::alike;
use crate::run::session::Session;

/// Was aus einer Änderung an einer Übergabe wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct ReferralPayload {
    /// Die Übergabe, wie Sie sie jetzt sehen; null, wenn es sie nicht mehr gibt.
    referral: Option<Referral>,
}

/// Runs a use case that needs only the referral of the input and these arguments:
/// `referral!(ctx, "failReferral", input, fail, input.reason.0)`.
macro_rules! referral {
    ($ctx:expr, $mutation:literal, $input:ident, $work:ident $(, $argument:expr)*) => {
        $crate::referral::payload::with_referral($ctx, $mutation, $input.idempotency_key.clone(), async |work| {
            kim_casework::referral::$work(work, $input.target()? $(, $argument)*).await
        })
        .await
    };
}
pub(crate) use referral;

/// Runs a use case on a referral and reads the referral again.
pub(crate) async fn with_referral(
    ctx: &Context<'_>,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<ReferralResult, WorkError>,
) -> Option<ReferralPayload> {
    let payload = async {
        let changed: ReferralResult = change(ctx, Scope::ReferralWrite, mutation, key, work).await?;
        let plan = ReferralPlan::below::<ReferralPayload>(ctx);
        let snapshot = Session::of(ctx).after().await?;
        let rows = snapshot.referrals_by_id(&[changed.referral]).await?;
        let referral = load::referrals(&snapshot, alike(rows, &plan)).await?.pop();
        drop(snapshot);
        Ok(Some(ReferralPayload { referral }))
    };
    or_null(ctx, Box::pin(payload).await)
}

/// The referral of an input. An id of another kind is treated like an unknown id.
pub(crate) fn target(id: &ID, expected_version: i32) -> Result<Target, WorkError> {
    Ok(Target { id: local_or_refused(Kind::Referral, id)?, expected_version })
}
