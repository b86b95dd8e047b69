//! One request from its text to its answer.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensionValues, Pos, Response, ServerError, Value};
use chrono::NaiveDate;
use kim_casework::disclose::{AnswerStart, DisclosureLog, LogOutcome, Reader, Shown};
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::token::VerifiedToken;
use kim_entity::database::{Database, is_dead_connection, is_timeout};
use kim_entity::read::Reads;
use kim_entity::viewer::Viewer;
use uuid::Uuid;

use crate::document::ParsedRequest;
use crate::document::prepared::{self, Ready};
use crate::engine::{error_text, failed_fields, repeated_fields, root_order};
use crate::error::{Code, MAX_ERRORS, kind_of, masked, too_late};
use crate::root::schemas::{self, Schema};
use crate::run::session::{Session, Shape};

/// So often an answer is made anew because something was closed to its agency.
const ATTEMPTS: usize = 8;

/// Answers requests.
#[derive(Clone)]
pub struct Api {
    database: Arc<Database>,
    clock: Clock,
    key: Arc<FingerprintKey>,
    ledger: DisclosureLog,
}

/// Why a token could be neither admitted nor refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// The database did not answer in time.
    Timeout,
    /// The database did not answer.
    Internal {
        /// What it was, for the log.
        kind: &'static str,
        /// Whether the same request may succeed a little later.
        retryable: bool,
    },
}

impl Api {
    /// Over a database, by a clock, with the key of the fingerprints. Inside a runtime.
    #[must_use]
    pub fn new(database: Database, clock: Clock, key: FingerprintKey) -> Self {
        let database = Arc::new(database);
        Self { ledger: DisclosureLog::open(Arc::clone(&database), clock), database, clock, key: Arc::new(key) }
    }

    /// Admits a verified token, and begins what its viewer may read; `None` means 401, whatever the reason.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn admit(&self, token: VerifiedToken) -> Result<Option<Reads>, ApiError> {
        let today = self.clock.today();
        let admit = || Reads::admit(&self.database, token.clone(), today);
        self.database.retry_if_dead(admit).await.map_err(|error| {
            if is_timeout(&error) {
                return ApiError::Timeout;
            }
            ApiError::Internal { kind: kind_of(&error), retryable: is_dead_connection(&error) }
        })
    }

    /// Answers the request of whoever was admitted. What it discloses is in the log before this returns; if the log cannot be written, nothing
    /// is disclosed. If something was closed to the viewer's agency meanwhile, it is answered anew.
    pub async fn execute(&self, admitted: Reads, asked: ParsedRequest, request_id: &str) -> Response {
        let viewer = Arc::clone(admitted.viewer());
        let schema = schemas::of(viewer.agency().kind, viewer.role());
        let known = schemas::known(schema);
        let mut ready = match prepared::prepare(asked, (viewer.agency().kind, viewer.role()), known) {
            Ok(ready) => ready,
            Err(refused) => return Response::from_errors(refused),
        };
        let reader = Reader::of(&viewer, request_id, &ready.document().fingerprint);
        let mut closings = viewer.closings();
        // What changes something reads what is there afterwards.
        let mut snapshot = Some(admitted).filter(|_| !ready.prepared.changes);
        for _ in 0..ATTEMPTS {
            let (mut response, shown, today) = match self.attempt(schema, &viewer, snapshot.take(), &ready).await {
                Ok(answered) => answered,
                Err(broken) => return broken,
            };
            error_text::word(&mut response.errors, &ready.document().rewritten, known);
            if response.data == Value::Null {
                return response;
            }
            ready.keep();
            if shown.is_empty() {
                return response;
            }
            let start = AnswerStart { closings, today };
            match self.ledger.record(&viewer, &reader, shown, start).await {
                Ok(LogOutcome::Written) => return response,
                Ok(LogOutcome::Outdated(now)) => closings = now,
                Err(error) if is_timeout(&error) => break,
                Err(error) => {
                    let kind = kind_of(&error);
                    return internal("the log of disclosures could not be written", kind, is_dead_connection(&error));
                }
            }
        }
        Response::from_errors(vec![unplaced(too_late())])
    }

    /// Executes once, on this snapshot or one of its own.
    async fn attempt(
        &self,
        schema: &Schema,
        viewer: &Arc<Viewer>,
        snapshot: Option<Reads>,
        ready: &Ready<'_>,
    ) -> Result<(Response, Vec<Shown>, NaiveDate), Response> {
        let (database, key) = (Arc::clone(&self.database), Arc::clone(&self.key));
        let shape = Shape {
            needs_engine_merge: ready.document().needs_engine_merge,
            several_fields: ready.prepared.root_keys.len() > 1,
        };
        let session = Session::new(Arc::clone(viewer), database, key, self.clock, snapshot, shape);
        // The day for which the rule is asked, and no later one: midnight may pass at any moment.
        let (today, session) = (session.today(), Arc::new(session));
        let response = schema.execute(ready.request().data(Arc::clone(&session))).await;
        let mut response = whole(response);
        root_order::restore(&mut response.data, &ready.prepared.root_keys);
        match Arc::into_inner(session) {
            Some(session) => Ok((response, session.close(), today)),
            None => Err(internal("a session outlived its request", "session", false)),
        }
    }
}

/// Gives every error its code, and makes the answer whole.
fn whole(mut response: Response) -> Response {
    for error in &mut response.errors {
        if error.extensions.as_ref().is_none_or(|extensions| extensions.get("code").is_none()) {
            let code = if error.path.is_empty() { Code::ValidationFailed } else { Code::BadInput };
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.code());
        }
    }
    repeated_fields::report_once(&mut response.errors);
    failed_fields::empty(&mut response);
    if response.data == Value::Null {
        if response.errors.iter().any(|error| has_code(error, Code::Timeout)) {
            // Whichever clock spoke first, the request's or the database's, is nothing to the caller.
            return Response::from_errors(vec![unplaced(too_late())]);
        }
        // Two rules of the engine may say the same of the same place.
        response.errors.dedup_by(|a, b| a.message == b.message && a.locations == b.locations && a.path == b.path);
        response.errors.truncate(MAX_ERRORS);
    }
    response
}

fn has_code(error: &ServerError, code: Code) -> bool {
    error.extensions.as_ref().and_then(|all| all.get("code")) == Some(&Value::from(code.code()))
}

fn internal(what: &'static str, kind: &'static str, retryable: bool) -> Response {
    let id = Uuid::now_v7();
    tracing::error!(error_id = %id, kind, "{what}");
    Response::from_errors(vec![unplaced(masked(id, retryable))])
}

/// An error that has no place in the document: there is no line 0.
fn unplaced(error: Error) -> ServerError {
    ServerError { locations: Vec::new(), ..error.into_server_error(Pos::default()) }
}
