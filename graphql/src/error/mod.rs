//! What may go wrong, with a code from one closed list. An error never says more than its caller may know.

pub(crate) mod limit;

use async_graphql::{Context, Error, ErrorExtensionValues, ErrorExtensions as _, ServerError};
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

/// Of a request that was refused as a whole, so many reasons are told: a small document can have thousands.
pub(crate) const MAX_ERRORS: usize = 20;

/// A failed read or change. It is deliberately no `Display`: only its code and a text of ours reach the caller.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The token lacks a scope.
    Forbidden(Scope),
    /// An argument cannot be used; the text says which and what to do.
    BadInput(String),
    /// A page or a list of ids is too long; the text says how long it may be.
    LimitExceeded(Limit, String),
    /// A change that may not be made.
    Refused(Refused),
    /// The database did not answer, or holds what it must not hold.
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

/// The codes of changes are among ours: a test holds them to it.
fn code_of(code: ErrorCode) -> Code {
    Code::from_code(code.code()).unwrap_or(Code::Internal)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Forbidden(scope) => with_code(
                Code::Forbidden,
                format!("Dem Token fehlt die Berechtigung „{}“ ({}).", scope.code(), scope.label()),
            ),
            Failure::BadInput(text) => with_code(Code::BadInput, text),
            Failure::LimitExceeded(limit, text) => {
                with_code(Code::LimitExceeded, text).extend_with(|_, extensions| extensions.set("limit", limit.code()))
            }
            Failure::Refused(refused) => with_code(code_of(refused.code), refused.text).extend_with(|_, extensions| {
                if let Some(version) = refused.version {
                    extensions.set("version", version);
                }
                if !refused.fields.is_empty() {
                    extensions.set("fields", refused.fields);
                }
            }),
            Failure::Internal(cause) if is_timeout(&cause) => {
                tracing::warn!("the database took too long");
                too_late()
            }
            Failure::Internal(cause) => {
                let id = Uuid::now_v7();
                // What a database says can quote data: its kind is logged, its text is not.
                tracing::error!(error_id = %id, kind = kind_of(&cause), "a request failed at the database");
                masked(id, is_dead_connection(&cause))
            }
        }
    }
}

fn with_code(code: Code, text: String) -> Error {
    Error::new(text).extend_with(|_, extensions| extensions.set("code", code.code()))
}

/// What is said of a request whose time is over.
pub const TIMEOUT_MESSAGE: &str =
    "Die Anfrage hat zu lange gedauert und wurde abgebrochen. Bitte weniger auf einmal abfragen.";

/// The request's time is over, and the database said so first.
pub(crate) fn too_late() -> Error {
    with_code(Code::Timeout, TIMEOUT_MESSAGE.to_owned()).extend_with(|_, extensions| extensions.set("retryable", true))
}

/// An error of ours to the caller: a code, and the id under which the log has the rest.
pub(crate) fn masked(id: Uuid, retryable: bool) -> Error {
    with_code(Code::Internal, "Interner Fehler. Bitte nennen Sie der Betreuung die Kennung.".to_owned()).extend_with(
        |_, extensions| {
            extensions.set("id", id.to_string());
            if retryable {
                extensions.set("retryable", true);
            }
        },
    )
}

/// Gives an error of the engine its code.
pub(crate) fn coded(mut error: ServerError, code: Code) -> ServerError {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.code());
    error
}

/// What broke, in words of ours: what a database says can quote data.
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

/// For a field that may be null: a failure is reported beside its intact siblings.
pub(crate) fn or_null<T>(ctx: &Context<'_>, result: Result<Option<T>, Failure>) -> Option<T> {
    result.unwrap_or_else(|failure| {
        let error = Error::from(failure).into_server_error(ctx.item.pos);
        ctx.add_error(ctx.set_error_path(error));
        None
    })
}
