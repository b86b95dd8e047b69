//! One request from its text to its answer.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ErrorExtensionValues, PathSegment, Request, Response, ServerError, Value};
use kim_casework::disclose;
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::token::VerifiedToken;
use kim_entity::database::Database;
use kim_entity::viewer::Viewer;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::Code;
use crate::schema;
use crate::session::Session;

/// Answers requests.
#[derive(Clone)]
pub struct Api {
    database: Arc<Database>,
    clock: Clock,
    key: Arc<FingerprintKey>,
}

/// The database did not answer while a token was admitted.
#[derive(Debug)]
pub struct ApiError;

impl Api {
    /// Over a database, by a clock, with the key of the fingerprints.
    #[must_use]
    pub fn new(database: Database, clock: Clock, key: FingerprintKey) -> Self {
        Self { database: Arc::new(database), clock, key: Arc::new(key) }
    }

    /// Admits a verified token; `None` means 401, whatever the reason.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn admit(&self, token: VerifiedToken) -> Result<Option<Viewer>, ApiError> {
        Viewer::admit(&self.database, token).await.map_err(|error| {
            tracing::error!(kind = ?std::mem::discriminant(&error), "a token could not be admitted");
            ApiError
        })
    }

    /// Answers a request. What it discloses is in the log before this returns; if the log cannot be written, nothing
    /// is disclosed.
    pub async fn execute(&self, viewer: Viewer, mut request: Request, request_id: &str) -> Response {
        let operation = fingerprint(&request.query);
        match request.parsed_query() {
            Ok(document) => {
                if let Some(refused) = refuse(document) {
                    return Response::from_errors(vec![refused]);
                }
            }
            Err(error) => return Response::from_errors(vec![with_code(error, Code::ParseFailed)]),
        }
        let schema = schema::of(viewer.agency().kind, viewer.role());
        let reader = disclose::Reader::of(&viewer, request_id, &operation);
        let session =
            Arc::new(Session::new(viewer, Arc::clone(&self.database), Arc::clone(&self.key), self.clock.today()));

        let response = schema.execute(request.data(Arc::clone(&session))).await;
        let response = whole(response);

        let Some(session) = Arc::into_inner(session) else {
            return internal("a session outlived its request");
        };
        let shown = session.close().await;
        if response.data == Value::Null || shown.is_empty() {
            return response;
        }
        match disclose::record(&self.database, self.clock.now_micros(), &reader, &shown).await {
            Ok(()) => response,
            Err(_) => internal("the log of disclosures could not be written"),
        }
    }
}

/// Subscriptions come later; until then they are refused with a word of their own.
fn refuse(document: &ExecutableDocument) -> Option<ServerError> {
    use async_graphql::parser::types::OperationType;
    let subscribes = |ty: OperationType| ty == OperationType::Subscription;
    document.operations.iter().find(|(_, operation)| subscribes(operation.node.ty)).map(|(_, operation)| {
        let error = ServerError::new("Abonnements gibt es hier nicht.", Some(operation.pos));
        with_code(error, Code::OperationNotAllowed)
    })
}

/// Gives every error its code, and makes the answer whole: an error at a field that cannot be null leaves nothing of
/// the answer, so that what is logged is what left.
fn whole(mut response: Response) -> Response {
    let mut broken = false;
    for error in &mut response.errors {
        if error.extensions.as_ref().is_none_or(|extensions| extensions.get("code").is_none()) {
            let code = if error.path.is_empty() { Code::ValidationFailed } else { Code::BadInput };
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.code());
        }
        broken |= !is_null_at(&response.data, &error.path);
    }
    if broken {
        response.data = Value::Null;
    }
    response
}

/// Whether the answer says null at this very place.
fn is_null_at(data: &Value, path: &[PathSegment]) -> bool {
    let found = path.iter().try_fold(data, |value, segment| match (value, segment) {
        (Value::Object(fields), PathSegment::Field(name)) => fields.get(name.as_str()),
        (Value::List(items), PathSegment::Index(index)) => items.get(*index),
        _ => None,
    });
    found == Some(&Value::Null)
}

fn internal(what: &'static str) -> Response {
    let id = Uuid::now_v7();
    tracing::error!(error_id = %id, "{what}");
    let mut error = ServerError::new("Interner Fehler. Bitte nennen Sie der Betreuung die Kennung.", None);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("code", Code::Internal.code());
    extensions.set("id", id.to_string());
    Response::from_errors(vec![error])
}

fn with_code(mut error: ServerError, code: Code) -> ServerError {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.code());
    error
}

/// A document's hash: which operation it was, without its text.
fn fingerprint(document: &str) -> String {
    Sha256::digest(document.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
