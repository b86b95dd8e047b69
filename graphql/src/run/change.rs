//! Runs a use case once per idempotency key.

use async_graphql::{Context, ID};
use kim_casework::once::{IdempotentRequest, once};
use kim_casework::refusal::WorkError;
use kim_casework::work::Work;
use kim_domain::agency::Scope;
use kim_domain::fingerprint::hex;
use kim_domain::id::Kind;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::error::Failure;
use crate::run::session::Session;
use crate::schema::scalar::local;

/// Runs a use case once per idempotency key, if the token has the scope.
pub(crate) async fn change<T: Serialize + DeserializeOwned>(
    ctx: &Context<'_>,
    scope: Scope,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<T, WorkError>,
) -> Result<T, Failure> {
    let context = Session::of(ctx).write(scope)?;
    let request = IdempotentRequest { mutation, hash: hash_of_input(ctx), key };
    // On the heap: a use case's future is large, and the engine moves the future of a root field through one stack
    // frame for each part of the merged root.
    Ok(Box::pin(once(context, &request, work)).await?)
}

/// A hash of the input without the idempotency key. The order of members does not matter.
fn hash_of_input(ctx: &Context<'_>) -> String {
    let arguments = ctx.field().arguments().unwrap_or_default();
    let input = arguments.into_iter().find(|(name, _)| name == "input").map(|(_, value)| value).unwrap_or_default();
    let mut json = input.into_json().unwrap_or_default();
    if let Some(members) = json.as_object_mut() {
        members.remove("idempotencyKey");
    }
    hex(&Sha256::digest(json.to_string().as_bytes()))
}

/// Decodes an id in an input. `None` for an id of another kind.
pub(crate) fn local_or_refused(kind: Kind, id: &ID) -> Result<Option<uuid::Uuid>, WorkError> {
    local(kind, id).map_err(|_| WorkError::bad_input("Eine Kennung in „input“ ist nicht lesbar."))
}
