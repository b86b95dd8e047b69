//! Executes one request: from the parsed document to the response.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensionValues, Pos, Response, ServerError, Value};
use chrono::NaiveDate;
use kim_casework::disclose::{AnswerStart, DisclosureLog, LogOutcome, Reader, Shown};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::token::VerifiedToken;
use kim_entity::database::{Database, is_dead_connection, is_timeout};
use kim_entity::read::Reads;
use kim_entity::viewer::Viewer;
use uuid::Uuid;

use crate::document::ParsedRequest;
use crate::document::prepared::{self, PreparedRequest};
use crate::engine::{error_text, failed_fields, repeated_fields, root_order};
use crate::error::{Code, MAX_ERRORS, incomplete, kind_of, masked, timed_out};
use crate::root::schemas::{self, Schema};
use crate::run::session::{Session, Shape};
use crate::schema::visible_schema::VisibleSchema;

/// Maximum number of executions of one request. A request is executed again if fields were closed to the viewer's
/// agency in the meantime.
const ATTEMPTS: usize = 8;

/// Executes requests.
#[derive(Clone)]
pub struct Api {
    database: Arc<Database>,
    clock: Clock,
    key: Arc<FingerprintKey>,
    disclosure_log: DisclosureLog,
}

/// Why a token could be neither accepted nor rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// The database did not answer in time.
    Timeout,
    /// The database failed.
    Internal {
        /// The kind of failure, for the log.
        kind: &'static str,
        /// Whether a retry of the request may succeed.
        retryable: bool,
    },
}

/// A parsed request, weighed before its viewer is admitted, so that it has no connection of the database yet.
pub struct WeighedRequest(Weighed);

enum Weighed {
    /// The kind of the agency is not known yet.
    Parsed(ParsedRequest),
    /// Prepared for this kind and role.
    Prepared((AgencyKind, Role), Result<PreparedRequest<'static>, Vec<ServerError>>),
}

impl From<ParsedRequest> for WeighedRequest {
    fn from(request: ParsedRequest) -> Self {
        Self(Weighed::Parsed(request))
    }
}

impl std::fmt::Debug for WeighedRequest {
    /// Without the variables, so that they cannot get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WeighedRequest")
    }
}

impl WeighedRequest {
    /// The request for the engine, without further checks, if it was only parsed.
    #[must_use]
    pub fn request(&self) -> Option<async_graphql::Request> {
        match &self.0 {
            Weighed::Parsed(request) => Some(request.request()),
            Weighed::Prepared(..) => None,
        }
    }

    /// Whether the request asks for statistics.
    #[must_use]
    pub fn is_statistics(&self) -> bool {
        matches!(&self.0, Weighed::Prepared(_, Ok(request)) if request.prepared.is_statistics)
    }

    /// The response to a request that exceeds a limit. Other errors are for admitted viewers only.
    #[must_use]
    pub fn too_expensive(&self) -> Option<Response> {
        let Weighed::Prepared(_, Err(refused)) = &self.0 else { return None };
        let exceeds = refused.iter().any(|error| has_code(error, Code::LimitExceeded));
        exceeds.then(|| Response::from_errors(refused.clone()))
    }
}

impl Api {
    /// Creates the API and starts its disclosure log. Must be called inside a Tokio runtime.
    #[must_use]
    pub fn new(database: Database, clock: Clock, key: FingerprintKey) -> Self {
        let database = Arc::new(database);
        Self { disclosure_log: DisclosureLog::open(Arc::clone(&database), clock), database, clock, key: Arc::new(key) }
    }

    /// Admits a verified token and begins its viewer's snapshot. `None` means 401, for every reason.
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

    /// Weighs a request of a verified token on the schema of its agency's kind and its role, as far as the kind is cached. This
    /// uses no connection of the database.
    #[must_use]
    pub fn weigh(&self, token: &VerifiedToken, request: ParsedRequest) -> WeighedRequest {
        let kind = self.database.cached_kind(token.agency_slug());
        let Some(kind) = kind.filter(|&kind| token.role().exists_at(kind)) else { return request.into() };
        let pair = (kind, token.role());
        let visible = schemas::visible(schemas::of(kind, token.role()));
        WeighedRequest(Weighed::Prepared(pair, prepared::prepare(request, pair, visible)))
    }

    /// Executes a request of an admitted viewer. All disclosures are logged before this function returns. If the log
    /// cannot be written, nothing is disclosed. If fields were closed to the viewer's agency in the meantime, the
    /// request is executed again.
    pub async fn execute(&self, admitted: Reads, request: impl Into<WeighedRequest>, request_id: &str) -> Response {
        let viewer = Arc::clone(admitted.viewer());
        let schema = schemas::of(viewer.agency().kind, viewer.role());
        let visible = schemas::visible(schema);
        let pair = (viewer.agency().kind, viewer.role());
        let prepared = match request.into().0 {
            Weighed::Parsed(request) => prepared::prepare(request, pair, visible),
            Weighed::Prepared(weighed, request) if weighed == pair => request,
            // The cache is up to date now.
            Weighed::Prepared(..) => return internal("the kind of an agency has changed", "outdated kind", true),
        };
        let mut request = match prepared {
            Ok(request) => request,
            Err(refused) => return Response::from_errors(refused),
        };
        let reader = Reader::of(&viewer, request_id, &request.document().fingerprint);
        let mut closings = viewer.closings();
        // A mutation must read the rows after its changes, so it does not use the snapshot from before.
        let mut snapshot = Some(admitted).filter(|_| !request.prepared.is_mutation);
        for _ in 0..ATTEMPTS {
            let attempt = self.attempt((schema, visible), &viewer, snapshot.take(), &request);
            let (mut response, shown, today) = match attempt.await {
                Ok(executed) => executed,
                Err(failed) => return failed,
            };
            error_text::rewrite(&mut response.errors, &request.document().rewritten, visible);
            if response.data == Value::Null {
                return response;
            }
            request.cache();
            if shown.is_empty() {
                return response;
            }
            let start = AnswerStart { closings, today };
            match self.disclosure_log.record(&viewer, &reader, shown, start).await {
                Ok(LogOutcome::Written) => return response,
                Ok(LogOutcome::Outdated(now)) => closings = now,
                Err(error) if is_timeout(&error) => break,
                Err(error) => {
                    let kind = kind_of(&error);
                    return internal("the log of disclosures could not be written", kind, is_dead_connection(&error));
                }
            }
        }
        Response::from_errors(vec![without_location(timed_out())])
    }

    /// Executes the request once, on the given snapshot or on a new one.
    async fn attempt(
        &self,
        (schema, visible): (&Schema, &VisibleSchema),
        viewer: &Arc<Viewer>,
        snapshot: Option<Reads>,
        request: &PreparedRequest<'_>,
    ) -> Result<(Response, Vec<Shown>, NaiveDate), Response> {
        let (database, key) = (Arc::clone(&self.database), Arc::clone(&self.key));
        let shape = Shape {
            needs_engine_merge: request.document().needs_engine_merge,
            several_fields: request.prepared.root_keys.len() > 1,
        };
        let session = Session::new(Arc::clone(viewer), database, key, self.clock, snapshot, shape);
        // The log must use the day on which the rule was evaluated: midnight may pass during the request.
        let (today, session) = (session.today(), Arc::new(session));
        let mut response = schema.execute(request.engine_request(visible).data(Arc::clone(&session))).await;
        request.report(&mut response, visible);
        let mut response = complete(response);
        let missing = session.unreadable();
        if !missing.is_empty() && response.data != Value::Null {
            // Without a path: the schema has no place for a row that cannot be read.
            response.errors.push(incomplete(&missing));
        }
        root_order::restore(&mut response.data, &request.prepared.root_keys);
        match Arc::into_inner(session) {
            Some(session) => Ok((response, session.close(), today)),
            None => Err(internal("a session outlived its request", "session", false)),
        }
    }
}

/// Gives every error its code and repairs the response.
fn complete(mut response: Response) -> Response {
    for error in &mut response.errors {
        if error.extensions.as_ref().is_none_or(|extensions| extensions.get("code").is_none()) {
            let code = if error.path.is_empty() { Code::ValidationFailed } else { Code::BadInput };
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.code());
        }
    }
    repeated_fields::report_once(&mut response.errors);
    failed_fields::remove_data(&mut response);
    if response.data == Value::Null {
        if response.errors.iter().any(|error| has_code(error, Code::Timeout)) {
            // The response must not reveal whether the request or the database timed out first.
            return Response::from_errors(vec![without_location(timed_out())]);
        }
        // Gap: two validation rules of the engine can report the same error. No upstream issue found.
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
    Response::from_errors(vec![without_location(masked(id, retryable))])
}

/// An error of the whole request, which has no location in the document.
fn without_location(error: Error) -> ServerError {
    ServerError { locations: Vec::new(), ..error.into_server_error(Pos::default()) }
}
