//! `kim demo`: the server with example data and the development issuer. Never for real data.

mod continued;
mod data;
mod enrich;
mod greeting;
mod guard;
mod lock;
mod play;
mod shift;
mod users;

use std::net::TcpListener;

use kim_casework::timer::tick;
use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::database::Database;

use crate::cli::DemoArgs;
use crate::config::{Config, Flags};
use crate::failure::Failure;
use crate::http::{DemoPerson, Page};
use crate::issuers::Issuers;
use crate::output::print;
use crate::serve::{self, ServerParts};
use crate::session::{BrowserSessions, SessionPeriods};
use crate::timer::Timer;
use crate::{database, development, fingerprint_key, telemetry};

pub use data::{Filled, prepare};
pub use lock::Lock;
pub use play::play;
pub use users::{DemoUser, users};

/// Runs the demo until a shutdown signal arrives.
///
/// # Errors
/// [`Failure`]: why the demo could not start.
pub async fn run(args: &DemoArgs) -> Result<(), Failure> {
    // Whoever builds a front end against the demo needs its origins and limits. What could lead to other data or other
    // people's tokens stays the demo's own.
    let defaults = Config { log_filter: "warn".to_owned(), ..Config::default() };
    let config = Config::read_over(&defaults, args.config.as_deref(), &Flags::default())?;
    let _telemetry = telemetry::start(&config)?;
    refuse_taken_address(args)?;
    let clock = args.clock.map_or_else(Clock::system, Clock::on);
    make_folder(&args.database)?;
    guard::refuse_foreign_file(&args.database).await?;
    let _lock = Lock::acquire(&args.database).await?;
    let database = database::create(&args.database).await?;
    let key = key(&args.database)?;
    let filled = data::prepare(&database, &clock, &key, args.keep).await?;
    // Before the first request, so that users do not see the timer's actions happen between two of their requests.
    tick(&database, &clock, config.timer_periods(), || true).await.map_err(Failure::failed)?;
    let users = users(&clock)?;
    let tabs = users.iter().flat_map(|user| user.tabs.clone()).chain(play(&database).await?).collect();
    let signals = serve::ShutdownSignals::install()?;
    let page = page(&database, &users)?;
    let running = serve::listen(ServerParts {
        listen: args.listen,
        key,
        database,
        clock,
        issuers: Issuers::fixed(development::verifier()?),
        jwks: Some(development::jwks()),
        graphiql: Some(tabs),
        page: Some(page),
        limits: config.limits()?,
        timer: Timer::configured(&config),
        metrics_listen: config.metrics_listen,
    })
    .await?;
    print(&greeting::text(running.address(), &users, filled.as_ref()))?;
    running.run_until(signals).await
}

/// The page's routes, with the demo's people. Its sessions end with the process.
///
/// # Errors
/// [`Failure::Failed`] if the cryptography does not work on this machine.
pub fn page(database: &Database, users: &[DemoUser]) -> Result<Page, Failure> {
    let people = users.iter().filter(|user| user.role != Role::Service);
    let people = people.map(|user| DemoPerson { agency: user.agency.to_owned(), role: user.role }).collect();
    let sessions = BrowserSessions::new(database.clone(), &rand::random(), SessionPeriods::default())?;
    Ok(Page { sessions, demo: Some(people) })
}

/// Checks the address before the database is emptied, so that a second demo that is started by mistake does not delete
/// the data of the first.
fn refuse_taken_address(args: &DemoArgs) -> Result<(), Failure> {
    TcpListener::bind(args.listen).map(drop).map_err(|error| {
        Failure::failed(format!(
            "cannot listen on {}: {error}; is a demo running already? Another address: --listen ADDR:PORT",
            args.listen
        ))
    })
}

fn make_folder(database: &str) -> Result<(), Failure> {
    let file = lock::sqlite_file(database);
    file.as_deref().and_then(std::path::Path::parent).map_or(Ok(()), std::fs::create_dir_all).map_err(Failure::failed)
}

/// The fingerprint key. With SQLite it is next to the database as usual, so that `kim import` into the demo uses the same
/// key. With PostgreSQL it is a constant, because the people are invented.
fn key(database: &str) -> Result<FingerprintKey, Failure> {
    if database.starts_with("sqlite:") {
        fingerprint_key::read(None, database)
    } else {
        Ok(FingerprintKey::new(*b"kim demo: a key that anyone sees"))
    }
}
