//! `kim demo`: the server on example data, with the development issuer. Never for real data.

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

use kim_casework::clock::tick;
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;

use crate::cli::DemoArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::issuers::Issuers;
use crate::serve::{self, Parts};
use crate::{development, fingerprint_key, telemetry};

pub use data::{Filled, prepare};
pub use lock::Lock;
pub use play::play;
pub use users::{DemoUser, users};

/// Runs the demo until a signal.
///
/// # Errors
/// [`Failure`]: what kept it from starting.
pub async fn run(args: &DemoArgs) -> Result<(), Failure> {
    let _telemetry = telemetry::start(&Config { log_filter: "warn".to_owned(), ..Config::default() })?;
    refuse_taken_address(args)?;
    let clock = args.clock.map_or_else(Clock::system, Clock::on);
    make_folder(&args.database)?;
    guard::refuse_foreign_file(&args.database).await?;
    let _held_until_the_end = Lock::take(&args.database).await?;
    let database = serve::create(&args.database).await?;
    let key = key(&args.database)?;
    let filled = data::prepare(&database, &clock, &key, args.keep).await?;
    // Before the first visitor, so that nobody sees it happen between two looks.
    tick(&database, &clock, Config::default().patience(), || true).await.map_err(Failure::failed)?;
    let users = users(&clock)?;
    let tabs = users.iter().flat_map(|user| user.tabs.clone()).chain(play(&database).await?).collect();
    let signals = serve::Signals::install()?;
    let running = serve::listen(Parts {
        listen: args.listen,
        key,
        database,
        clock,
        issuers: Issuers::fixed(development::verifier()?),
        jwks: Some(development::jwks()),
        graphiql: Some(tabs),
        limits: Config::default().limits()?,
        timer: Config::default().timer(),
        metrics_listen: None,
    })
    .await?;
    crate::commands::say(&greeting::text(running.address(), &users, filled.as_ref()))?;
    running.until(signals).await
}

/// Before anything is emptied: a demo that runs already keeps its data when a second one is started by mistake.
fn refuse_taken_address(args: &DemoArgs) -> Result<(), Failure> {
    TcpListener::bind(args.listen).map(drop).map_err(|error| {
        Failure::failed(format!(
            "cannot listen on {}: {error}; does a demo run already? --listen ADDR:PORT",
            args.listen
        ))
    })
}

fn make_folder(database: &str) -> Result<(), Failure> {
    let file = lock::sqlite_file(database);
    file.as_deref().and_then(std::path::Path::parent).map_or(Ok(()), std::fs::create_dir_all).map_err(Failure::failed)
}

/// Beside a SQLite file as ever, so that `kim import` into the demo uses the same one. On PostgreSQL a fixed one: the
/// people are invented.
fn key(database: &str) -> Result<FingerprintKey, Failure> {
    if database.starts_with("sqlite:") {
        fingerprint_key::read(None, database)
    } else {
        Ok(FingerprintKey::new(*b"kim demo: a key that anyone sees"))
    }
}
