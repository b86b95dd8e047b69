//! Errors, each with a code from one closed list. An error never tells the caller more than the caller may know.

pub(crate) mod limit;

use async_graphql::context::ContextBase;
use async_graphql::{Context, Error, ErrorExtensionValues, ErrorExtensions as _, Pos, ServerError, Value};
use kim_casework::refusal::{ErrorCode, Refused, WorkError};
use kim_domain::Word as _;
use kim_domain::agency::Scope;
use kim_entity::DbErr;
use kim_entity::database::{is_dead_connection, is_timeout};
use uuid::Uuid;

use crate::error::limit::Limit;

kim_domain::words! {
    /// Every code that `extensions.code` can have.
    pub enum Code("Fehlercode") {
        Unauthenticated = "UNAUTHENTICATED": "Kein gültiges Token",
        Forbidden = "FORBIDDEN": "Dem Token fehlt eine Berechtigung",
        BadInput = "BAD_INPUT": "Eine Angabe ist nicht lesbar",
        NotFound = "NOT_FOUND": "Das gibt es nicht, oder es ist nicht Ihres",
        ActionNotAllowed = "ACTION_NOT_ALLOWED": "Das darf diese Stelle hier nicht",
        IllegalTransition = "ILLEGAL_TRANSITION": "Das geht von diesem Stand aus nicht",
        NoAgreement = "NO_AGREEMENT": "Es gilt keine Schnittstellenvereinbarung",
        NoLegalGround = "NO_LEGAL_GROUND": "Es gibt keine Rechtsgrundlage",
        Conflict = "CONFLICT": "Jemand war schneller",
        IdempotencyMismatch = "IDEMPOTENCY_MISMATCH": "Der Schlüssel gehört zu einer anderen Anfrage",
        LimitExceeded = "LIMIT_EXCEEDED": "Zu viel auf einmal",
        RateLimited = "RATE_LIMITED": "Zu viele Anfragen zur gleichen Zeit",
        Timeout = "TIMEOUT": "Es hat zu lange gedauert",
        Internal = "INTERNAL": "Interner Fehler",
        ParseFailed = "GRAPHQL_PARSE_FAILED": "Die Anfrage ist kein GraphQL",
        ValidationFailed = "GRAPHQL_VALIDATION_FAILED": "Die Anfrage passt nicht zum Schema",
        OperationNotAllowed = "OPERATION_NOT_ALLOWED": "Diese Art von Operation ist hier nicht erlaubt",
    }
}

/// Maximum number of errors in the response to a refused request. A small document can contain thousands.
pub(crate) const MAX_ERRORS: usize = 20;

/// A failed query or mutation. Deliberately without `Display`: the caller gets only the code and a text written by kim.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The token lacks a scope.
    Forbidden(Scope),
    /// An argument is invalid. The text names it and says what to do.
    BadInput(String),
    /// A page or a list of ids is too long. The text names the maximum.
    LimitExceeded(Limit, String),
    /// A change that was refused.
    Refused(Refused),
    /// The database failed, or contains an invalid value.
    Internal(DbErr),
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Internal(error)
    }
}

impl From<WorkError> for Failure {
    fn from(refusal: WorkError) -> Self {
        match refusal {
            WorkError::Refused(refused) => Self::Refused(refused),
            WorkError::Database(error) => Self::Internal(error),
        }
    }
}

/// Every [`ErrorCode`] has a [`Code`] of the same name; a test checks it.
fn code_of(code: ErrorCode) -> Code {
    Code::from_code(code.code()).unwrap_or(Code::Internal)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Forbidden(scope) => error(
                Code::Forbidden,
                format!("Dem Token fehlt die Berechtigung „{}“ ({}).", scope.code(), scope.label()),
            ),
            Failure::BadInput(text) => error(Code::BadInput, text),
            Failure::LimitExceeded(limit, text) => {
                error(Code::LimitExceeded, text).extend_with(|_, extensions| extensions.set("limit", limit.code()))
            }
            Failure::Refused(refused) => error(code_of(refused.code), refused.text).extend_with(|_, extensions| {
                // The only limit of a use case.
                if refused.code == ErrorCode::LimitExceeded {
                    extensions.set("limit", Limit::Items.code());
                }
                if let Some(version) = refused.version {
                    extensions.set("version", version);
                }
                if !refused.fields.is_empty() {
                    extensions.set("fields", refused.fields);
                }
            }),
            Failure::Internal(cause) if is_timeout(&cause) => {
                tracing::warn!("the database took too long");
                timed_out()
            }
            Failure::Internal(cause) => {
                let id = Uuid::now_v7();
                // The text of a database error can quote data, so only its kind is logged.
                tracing::error!(error_id = %id, kind = kind_of(&cause), "a request failed at the database");
                masked(id, is_dead_connection(&cause))
            }
        }
    }
}

fn error(code: Code, text: String) -> Error {
    Error::new(text).extend_with(|_, extensions| extensions.set("code", code.code()))
}

/// The message of the code `TIMEOUT`.
pub const TIMEOUT_MESSAGE: &str =
    "Die Anfrage hat zu lange gedauert und wurde abgebrochen. Bitte weniger auf einmal abfragen.";

/// The error for a request that timed out.
pub(crate) fn timed_out() -> Error {
    error(Code::Timeout, TIMEOUT_MESSAGE.to_owned()).extend_with(|_, extensions| extensions.set("retryable", true))
}

/// The error for an internal failure: a code and the id of the log entry with the details.
pub(crate) fn masked(id: Uuid, retryable: bool) -> Error {
    error(Code::Internal, "Interner Fehler. Bitte nennen Sie der Betreuung die Kennung.".to_owned()).extend_with(
        |_, extensions| {
            extensions.set("id", id.to_string());
            if retryable {
                extensions.set("retryable", true);
            }
        },
    )
}

/// The value of a nullable field whose stored value cannot be read: null, and an error that does not name the value.
pub(crate) fn unreadable<T>(ctx: &ContextBase<'_, T>, column: &'static str) -> Value {
    let id = Uuid::now_v7();
    tracing::error!(error_id = %id, kind = "stored value", column, "a stored value is not of its type");
    ctx.add_error(ctx.set_error_path(masked(id, false).into_server_error(Pos::default())));
    Value::Null
}

/// The error for an answer in which rows or values are missing that cannot be read.
pub(crate) fn incomplete(places: &[&'static str]) -> ServerError {
    let id = Uuid::now_v7();
    tracing::error!(error_id = %id, kind = "stored value", ?places, "an answer lacks what cannot be read");
    ServerError { locations: Vec::new(), ..masked(id, false).into_server_error(Pos::default()) }
}

/// An error in a document.
pub(crate) fn invalid(text: String, at: Pos) -> ServerError {
    with_code(ServerError::new(text, Some(at)), Code::ValidationFailed)
}

/// Sets the code of an error of the engine.
pub(crate) fn with_code(mut error: ServerError, code: Code) -> ServerError {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.code());
    error
}

/// The kind of a database error. The text of the error can quote data.
pub(crate) fn kind_of(error: &DbErr) -> &'static str {
    if is_dead_connection(error) {
        "connection lost"
    } else if matches!(error, DbErr::ConnectionAcquire(_)) {
        "no connection was free"
    } else if matches!(error, DbErr::Conn(_)) {
        "connection"
    } else if matches!(error, DbErr::Exec(_) | DbErr::Query(_)) {
        "statement"
    } else if matches!(error, DbErr::Type(_) | DbErr::TryIntoErr { .. }) {
        "type of a value"
    } else if matches!(error, DbErr::RecordNotFound(_) | DbErr::RecordNotInserted | DbErr::RecordNotUpdated) {
        "a row is missing"
    } else {
        "other"
    }
}

/// The value of a nullable field. A failure becomes null and an error, and the other fields keep their values.
pub(crate) fn or_null<T>(ctx: &Context<'_>, result: Result<Option<T>, Failure>) -> Option<T> {
    result.unwrap_or_else(|failure| {
        let error = Error::from(failure).into_server_error(ctx.item.pos);
        ctx.add_error(ctx.set_error_path(error));
        None
    })
}
