//! Runs a use case once per idempotency key.

use std::collections::BTreeSet;

use async_graphql::parser::types::OperationType;
use async_graphql::{Context, ID, SelectionField};
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
use crate::schema::scalar::{ID_EXAMPLE, local};
use crate::schema::visible_schema::{VisibleFields, VisibleSchema};

/// Runs a use case once per idempotency key, if the token has the scope, and the scopes for what is selected from the
/// payload.
pub(crate) async fn change<T: Serialize + DeserializeOwned>(
    ctx: &Context<'_>,
    scope: Scope,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<T, WorkError>,
) -> Result<T, Failure> {
    let session = Session::of(ctx);
    let context = session.write(scope)?;
    scopes_of_payload(ctx).into_iter().try_for_each(|scope| session.check(scope))?;
    let request = IdempotentRequest { mutation, hash: hash_of_input(ctx), key };
    // On the heap: a use case's future is large, and the engine moves the future of a root field through one stack
    // frame for each part of the merged root.
    Ok(Box::pin(once(context, &request, work)).await?)
}

/// The scopes that the selection from the payload of the current mutation needs, as its types and fields declare them.
/// The right to change something includes no right to read, so they are checked before anything changes, and again for
/// a repeated request, which gets the current values.
fn scopes_of_payload(ctx: &Context<'_>) -> BTreeSet<Scope> {
    let (schema, mut scopes) = (VisibleSchema::of_request(ctx), BTreeSet::new());
    let root = schema.root(OperationType::Mutation).and_then(|root| schema.fields_of(root.name()));
    let payload = root.and_then(|root| root.get(ctx.field().name()));
    if let Some(fields) = payload.and_then(|payload| schema.fields_of(&payload.type_name)) {
        add_scopes(ctx.field(), fields, schema, &mut scopes);
    }
    scopes
}

/// The depth of the recursion is bounded by the limits of a document.
fn add_scopes(field: SelectionField<'_>, of: &VisibleFields, schema: &VisibleSchema, scopes: &mut BTreeSet<Scope>) {
    for selected in field.selection_set() {
        // `__typename` is not among the fields.
        let Some(visible) = of.get(selected.name()) else { continue };
        scopes.extend(&visible.declared.scopes);
        if let Some(below) = schema.fields_of(&visible.type_name) {
            add_scopes(selected, below, schema, scopes);
        }
    }
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
    local(kind, id).map_err(|_| WorkError::bad_input(format!("Eine Kennung in „input“ ist nicht lesbar. {ID_EXAMPLE}")))
}
