//! PostgreSQL's connections.

use std::str::FromStr as _;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions as _};
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr};
use tokio::time::timeout;

use super::dead_connections::DeadConnections;
use super::session::Purpose;
use super::{PREPARED, options, refused};

/// Connections for reading: for each core that this process may use, and the minimum and maximum in all. A request that finds
/// none free waits in a queue. With more of them each request took 10 % longer when measured; fewer would all be occupied by a
/// few long statements.
const READERS: (u32, std::ops::RangeInclusive<u32>) = (4, 8..=32);

/// How long one connection may take after the pool gave up.
const ONE_CONNECTION: Duration = Duration::from_secs(3);

/// The number of connections for reading.
pub(super) fn readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
    let (each, all) = READERS;
    each.saturating_mul(cores).clamp(*all.start(), *all.end())
}

pub(super) async fn open_postgres(
    url: &str,
    (connections, purpose): (u32, Purpose),
    session: &[(&'static str, &'static str)],
    deadline: Option<Duration>,
    dead: &DeadConnections,
) -> Result<DatabaseConnection, DbErr> {
    // SeaORM's own message about a URL that it cannot parse quotes it, password and all.
    PgConnectOptions::from_str(url).map_err(|_| refused("the PostgreSQL URL cannot be parsed"))?;
    let (session, dead) = (session.to_vec(), dead.clone());
    let mut options = options(url, connections);
    if let Some(deadline) = deadline {
        options.statement_timeout(deadline);
    }
    options
        .set_application_name("kim")
        // A ping for each request would cost a round trip: only a connection that was idle is pinged first.
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .map_sqlx_postgres_before_acquire(move |connection, meta| {
            let suspected = dead.suspects(meta.age);
            Box::pin(async move {
                match suspected {
                    // A session of a former primary answers, but its server is a standby now.
                    true => sqlx::query_scalar(purpose.leads_to_primary()).fetch_one(connection).await,
                    false => Ok(true),
                }
            })
        })
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.options(session.iter().copied()).statement_cache_capacity(PREPARED)
        });
    match sea_orm::Database::connect(options).await {
        // The pool tried until its time was over, and does not say what failed.
        Err(DbErr::Conn(RuntimeErr::SqlxError(cause))) if matches!(*cause, sqlx::Error::PoolTimedOut) => {
            Err(reason(url).await.unwrap_or_else(|| DbErr::Conn(RuntimeErr::SqlxError(cause))))
        }
        opened => opened,
    }
}

/// Why there is no connection. `None` if one can be opened by now.
async fn reason(url: &str) -> Option<DbErr> {
    let options = PgConnectOptions::from_str(url).ok()?;
    match timeout(ONE_CONNECTION, options.connect()).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(refused(format!("PostgreSQL cannot be reached: {error}"))),
        Err(_) => Some(refused("PostgreSQL cannot be reached: no answer")),
    }
}
