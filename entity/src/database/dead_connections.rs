//! Dead connections: PostgreSQL was restarted, something between it and this process dropped them, or they lead to a server
//! that is no longer the primary.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::Error;
use sea_orm::{DbErr, RuntimeErr};

use super::session::NOT_PRIMARY;

/// How long after a dead connection was found older ones are checked before use.
const SUSPICION: Duration = Duration::from_secs(60);

/// When a connection was last found dead. One dead connection is seldom alone, so all that are older are pinged before use; a
/// healthy pool needs no pings.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeadConnections(Arc<Mutex<Option<Instant>>>);

impl DeadConnections {
    /// Records that one was found.
    pub(crate) fn record(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        tracing::warn!("a connection to the database was lost");
    }

    /// When the last one was found.
    pub(crate) fn last(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection of this age must be pinged before use.
    pub(crate) fn suspects(&self, age: Duration) -> bool {
        self.last().is_some_and(|last| last.elapsed() < SUSPICION && last.elapsed() < age)
    }
}

/// Whether the error means that the connection is of no use any more, not that the statement was wrong.
#[must_use]
pub fn is_dead_connection(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return matches!(error, DbErr::Conn(RuntimeErr::Internal(why)) if why == NOT_PRIMARY);
    };
    if matches!(**cause, Error::Io(_)) {
        return true;
    }
    let code = cause.as_database_error().and_then(|database| database.code());
    // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, read_only_sql_transaction (a former primary), and
    // the class of connection exceptions.
    code.is_some_and(|code| matches!(&*code, "57P01" | "57P02" | "57P03" | "57P05" | "25006") || code.starts_with("08"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_older_than_a_dead_one_are_suspected() {
        let dead = DeadConnections::default();
        assert!(!dead.suspects(Duration::from_secs(1_000)));
        dead.record();
        assert!(dead.suspects(Duration::from_secs(1_000)) && !dead.suspects(Duration::ZERO));
    }
}
