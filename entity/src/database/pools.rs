//! How the pools of connections are used, for metrics and the readiness check.

use std::time::Instant;

use sea_orm::{DatabaseConnection, DbBackend};

use super::postgres::readers;
use super::{CONNECTIONS, Database};

/// A pool of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What its connections are for.
    pub name: &'static str,
    /// How many connections are open.
    pub open: i64,
    /// How many of them are unused.
    pub idle: i64,
}

impl Database {
    /// Whether both databases answer.
    pub async fn is_reachable(&self) -> bool {
        self.main.ping().await.is_ok() && self.log.ping().await.is_ok()
    }

    /// How many requests can use a connection at once.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        let reading = if self.backend() == DbBackend::Sqlite { CONNECTIONS } else { readers() };
        usize::try_from(reading + CONNECTIONS).unwrap_or(usize::MAX)
    }

    /// When a connection was last found dead. If a standby took over, commits on it may be lost.
    #[must_use]
    pub fn dead_connection_at(&self) -> Option<Instant> {
        self.dead.last()
    }

    /// How many connections are open and idle now, for metrics.
    #[must_use]
    pub fn pools(&self) -> Vec<Pool> {
        let sqlite = self.backend() == DbBackend::Sqlite;
        let pool = |name, connection: &DatabaseConnection| {
            let (open, idle) = if sqlite {
                let pool = connection.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            } else {
                let pool = connection.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            };
            let idle = i64::try_from(idle).unwrap_or(i64::MAX).min(open.into());
            Pool { name, open: open.into(), idle }
        };
        let mut pools = vec![pool("main", &self.main)];
        // On each database the other pools are the same as these.
        if sqlite {
            pools.extend([pool("log", &self.log), pool("writer", &self.writer)]);
        } else {
            pools.push(pool("reader", &self.reader));
        }
        pools
    }
}
