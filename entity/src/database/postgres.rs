//! PostgreSQL's connections.

use std::str::FromStr as _;
use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{DatabaseConnection, DbErr};

use super::dead_connections::Losses;
use super::{PREPARED, options, refused};

/// Connections for reading on PostgreSQL, for each core that this process may use, and the least and the most of them in
/// all. Who finds none free waits in line: more of them at work than this were measured to take 10 % longer for each request,
/// and fewer would all be taken by a few long statements.
const READERS: (u32, std::ops::RangeInclusive<u32>) = (4, 8..=32);

/// How many connections there are for reading on PostgreSQL.
pub(super) fn readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
    let (each, all) = READERS;
    each.saturating_mul(cores).clamp(*all.start(), *all.end())
}

pub(super) async fn open_postgres(
    url: &str,
    connections: u32,
    session: &[(&'static str, &'static str)],
    deadline: Option<Duration>,
    losses: &Losses,
) -> Result<DatabaseConnection, DbErr> {
    // SeaORM's own message about a URL that it cannot parse quotes it, password and all.
    PgConnectOptions::from_str(url).map_err(|_| refused("the PostgreSQL URL cannot be parsed"))?;
    let (session, losses) = (session.to_vec(), losses.clone());
    let mut options = options(url, connections);
    if let Some(deadline) = deadline {
        options.statement_timeout(deadline);
    }
    options
        .set_application_name("kim")
        // A ping per request would be a round trip; a connection that rested is asked first.
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .map_sqlx_postgres_before_acquire(move |connection, meta| {
            let doubted = losses.doubt(meta.age);
            Box::pin(async move {
                if doubted {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.options(session.iter().copied()).statement_cache_capacity(PREPARED)
        });
    sea_orm::Database::connect(options).await
}
