//! Connections that turned out dead: PostgreSQL was restarted, or something between it and us forgot them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::Error;
use sea_orm::{DbErr, RuntimeErr};

/// So long after a loss connections are doubted that are older than it.
const DOUBT: Duration = Duration::from_secs(60);

/// When a connection was last found dead. One dead connection is seldom alone: all that are as old are asked before they
/// are used, which a healthy pool is spared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses(Arc<Mutex<Option<Instant>>>);

impl Losses {
    /// Another one.
    pub(crate) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        tracing::warn!("a connection to the database was lost");
    }

    /// When it was.
    pub(crate) fn last(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection of this age is to be asked before it is used.
    pub(crate) fn doubt(&self, age: Duration) -> bool {
        self.last().is_some_and(|last| last.elapsed() < DOUBT && last.elapsed() < age)
    }
}

/// Whether the connection is dead, rather than what was asked on it wrong.
#[must_use]
pub fn is_lost(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    if matches!(**cause, Error::Io(_)) {
        return true;
    }
    let code = cause.as_database_error().and_then(|database| database.code());
    // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, and the class of connection exceptions.
    code.is_some_and(|code| matches!(&*code, "57P01" | "57P02" | "57P03" | "57P05") || code.starts_with("08"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_older_than_a_loss_is_doubted() {
        let losses = Losses::default();
        assert!(!losses.doubt(Duration::from_secs(1_000)));
        losses.note();
        assert!(losses.doubt(Duration::from_secs(1_000)) && !losses.doubt(Duration::ZERO));
    }
}
