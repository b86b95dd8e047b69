//! Refusals of use cases. A refused use case changes nothing, and its text says what to do.

use kim_domain::field::FieldSet;
use kim_domain::life::{MoveError, ReferralAction};
use kim_domain::referral::ReferralStatus;
use kim_entity::DbErr;
use serde::{Deserialize, Serialize};

kim_domain::words! {
    /// The codes of refusals in the API.
    pub enum ErrorCode("Grund einer Verweigerung") {
        BadInput = "BAD_INPUT": "Eine Angabe ist nicht brauchbar",
        NotFound = "NOT_FOUND": "Das gibt es nicht, oder es ist nicht Ihres",
        ActionNotAllowed = "ACTION_NOT_ALLOWED": "Das darf diese Stelle hier nicht",
        IllegalTransition = "ILLEGAL_TRANSITION": "Das geht von diesem Stand aus nicht",
        NoAgreement = "NO_AGREEMENT": "Es gilt keine Schnittstellenvereinbarung",
        NoLegalGround = "NO_LEGAL_GROUND": "Es gibt keine Rechtsgrundlage",
        Conflict = "CONFLICT": "Jemand war schneller",
        IdempotencyMismatch = "IDEMPOTENCY_MISMATCH": "Der Schlüssel gehört zu einer anderen Anfrage",
        LimitExceeded = "LIMIT_EXCEEDED": "Zu viel auf einmal",
        RateLimited = "RATE_LIMITED": "Zu oft gefragt",
    }
}

/// A refusal that is stored, so that a repeat of the request gets it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The code.
    #[serde(rename = "because")]
    pub code: ErrorCode,
    /// German text for the user.
    pub text: String,
    /// The current version, if it is not the expected one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// The handover fields that the refusal concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// Why a use case failed.
#[derive(Debug)]
pub enum WorkError {
    /// The use case was refused.
    Refused(Refused),
    /// The database did not answer.
    Database(DbErr),
}

impl From<DbErr> for WorkError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl WorkError {
    pub(crate) fn with_code(code: ErrorCode, text: impl Into<String>) -> Self {
        Self::Refused(Refused { code, text: text.into(), version: None, fields: Vec::new() })
    }

    /// An invalid input. The text names it and says why.
    #[must_use]
    pub fn bad_input(text: impl Into<String>) -> Self {
        Self::with_code(ErrorCode::BadInput, text)
    }

    /// The target does not exist or is not the viewer's. Both have the same answer.
    #[must_use]
    pub fn not_found() -> Self {
        Self::with_code(ErrorCode::NotFound, "Das gibt es nicht, oder es gehört nicht zu Ihrer Stelle.")
    }

    /// A decision cannot be changed.
    pub(crate) fn decided() -> Self {
        Self::with_code(ErrorCode::IllegalTransition, "Über diese Meldung ist schon entschieden.")
    }

    /// More rows than one call may contain.
    pub(crate) fn too_much(text: impl Into<String>) -> Self {
        Self::with_code(ErrorCode::LimitExceeded, text)
    }

    pub(crate) fn not_allowed(text: impl Into<String>) -> Self {
        Self::with_code(ErrorCode::ActionNotAllowed, text)
    }

    /// Another request of a colleague or of the other side was faster.
    pub(crate) fn conflict(version: i32) -> Self {
        Self::Refused(Refused {
            code: ErrorCode::Conflict,
            text: format!(
                "Inzwischen hat sich etwas geändert (Version {version}). Bitte neu laden und noch einmal entscheiden."
            ),
            version: Some(version),
            fields: Vec::new(),
        })
    }

    /// Too many requests. The text says when to retry.
    pub(crate) fn rate_limited(text: impl Into<String>) -> Self {
        Self::with_code(ErrorCode::RateLimited, text)
    }

    pub(crate) fn no_agreement() -> Self {
        Self::with_code(
            ErrorCode::NoAgreement,
            "Für diese Stelle und diesen Zweck gilt heute keine Schnittstellenvereinbarung.",
        )
    }

    /// No legal ground for these fields, or for the whole referral if `fields` is empty.
    pub(crate) fn no_ground(fields: FieldSet) -> Self {
        let labels: Vec<_> = fields.iter().map(|field| field.label()).collect();
        let text = match labels.is_empty() {
            true => "Es fehlt eine gültige Einwilligung (und, wo nötig, die Schweigepflichtentbindung).".to_owned(),
            false => format!("Ohne Einwilligung, Vereinbarung oder einzelnes Häkchen: {}.", labels.join(", ")),
        };
        Self::Refused(Refused {
            code: ErrorCode::NoLegalGround,
            text,
            version: None,
            fields: fields.iter().map(|field| field.code().to_owned()).collect(),
        })
    }

    /// The state does not allow the action. The text says what to do.
    pub(crate) fn illegal(text: impl Into<String>) -> Self {
        Self::with_code(ErrorCode::IllegalTransition, text)
    }

    /// The referral's state does not allow the action.
    pub(crate) fn unmoved(why: MoveError, action: ReferralAction, status: ReferralStatus) -> Self {
        match why {
            MoveError::NotYours => Self::not_allowed(format!("„{}“ ist Sache der anderen Stelle.", action.label())),
            MoveError::Illegal => Self::with_code(
                ErrorCode::IllegalTransition,
                format!("„{}“ geht nicht mehr oder noch nicht: die Übergabe ist „{}“.", action.label(), status.label()),
            ),
        }
    }
}
