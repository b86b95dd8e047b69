//! Starts the server and stops it: database, keys, front door; then until a signal, and no request is cut off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::database::Database;
use kim_migration::{LogMigrator, MainMigrator, MigratorTrait};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::connections::{self, Patience};
use crate::failure::Failure;
use crate::fingerprint_key;
use crate::house::House;
use crate::http::graphiql::Tab;
use crate::http::{Front, Limits};
use crate::issuers::Issuers;
use crate::metrics::{Metrics, Page};
use crate::timer::Timer;

/// Who reads metrics is few.
const SCRAPERS: usize = 8;

/// What a server is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The migrated database.
    pub database: Database,
    /// What day it is.
    pub clock: Clock,
    /// The key of the fingerprints.
    pub key: FingerprintKey,
    /// Whose tokens are accepted.
    pub issuers: Arc<Issuers>,
    /// The development issuer's keys, for `kim demo` to serve.
    pub jwks: Option<String>,
    /// The tabs that GraphiQL opens with; `None`: it is not shown.
    pub graphiql: Option<Vec<Tab>>,
    /// What the front door takes.
    pub limits: Limits,
    /// When the clock works; not here for `None`.
    pub timer: Option<Timer>,
    /// Where `/metrics` is; nowhere for `None`.
    pub metrics_listen: Option<SocketAddr>,
}

/// A server that runs.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    ticking: Option<JoinHandle<()>>,
    database: Database,
}

/// Starts what `kim serve` serves.
///
/// # Errors
/// [`Failure::Usage`] without an issuer; [`Failure::Failed`] when keys, database or address cannot be had.
pub async fn start(config: &Config, clock: Clock) -> Result<Running, Failure> {
    let issuers = Issuers::load(&config.issuer).await?;
    let limits = config.limits()?;
    let database = open_within(&config.database, limits.deadline).await?;
    refuse_unmigrated(&database).await?;
    let key = fingerprint_key::read(config.fingerprint_key_file.as_deref(), &config.database)?;
    let graphiql = config.graphiql.then(Vec::new);
    listen(Parts {
        listen: config.listen,
        database,
        clock,
        key,
        issuers,
        jwks: None,
        graphiql,
        limits,
        timer: config.timer(),
        metrics_listen: config.metrics_listen,
    })
    .await
}

/// Opens the database that is there.
///
/// # Errors
/// [`Failure::Failed`] when there is none or it does not answer.
pub async fn open(url: &str) -> Result<Database, Failure> {
    Database::open(url).await.map_err(not_opened)
}

/// Opens the database, and makes its files where there are none.
///
/// # Errors
/// [`Failure::Failed`] when it does not answer or cannot be made.
pub async fn create(url: &str) -> Result<Database, Failure> {
    Database::create(url).await.map_err(not_opened)
}

/// Opens the database for requests, none of whose statements may take longer.
async fn open_within(url: &str, deadline: Duration) -> Result<Database, Failure> {
    Database::open_within(url, deadline).await.map_err(not_opened)
}

fn not_opened(error: impl std::fmt::Display) -> Failure {
    Failure::failed(format!("cannot open the database: {error}"))
}

/// Refuses a database that lacks steps of this version.
///
/// # Errors
/// [`Failure::Failed`] that says what to do.
pub async fn refuse_unmigrated(database: &Database) -> Result<(), Failure> {
    let main = MainMigrator::get_pending_migrations(database.for_migrations().main).await.map_err(Failure::failed)?;
    let log = LogMigrator::get_pending_migrations(database.for_migrations().log).await.map_err(Failure::failed)?;
    match main.len() + log.len() {
        0 => Ok(()),
        steps => Err(Failure::failed(format!(
            "the database is not prepared for this version ({steps} steps are missing): run `kim migrate` first"
        ))),
    }
}

/// Starts a server of given parts.
///
/// # Errors
/// [`Failure::Failed`] when the address cannot be had.
pub async fn listen(mut parts: Parts) -> Result<Running, Failure> {
    let (listener, address) = bind(parts.listen).await?;
    let (stop, stopped) = watch::channel(false);
    let metrics = Metrics::default();
    let metrics_address = match parts.metrics_listen {
        Some(listen) => {
            let (listener, address) = bind(listen).await?;
            metrics.observe(&mut parts.database);
            let page = Arc::new(Page { metrics: metrics.clone(), database: parts.database.clone() });
            tokio::spawn(connections::serve(listener, page, SCRAPERS, Patience::default(), stopped.clone()));
            tracing::info!(%address, "metrics");
            Some(address)
        }
        None => None,
    };

    let ticking = parts.timer.map(|timer| {
        let database = parts.database.clone();
        tokio::spawn(timer.run(database, parts.clock, metrics.clone(), stopped.clone()))
    });
    let backend = House::new(parts.database.clone(), parts.clock, parts.key);
    let most = parts.limits.connections;
    let front = Arc::new(Front::new(backend, parts.issuers, parts.jwks, parts.graphiql, parts.limits, metrics));
    let serving = tokio::spawn(connections::serve(listener, front, most, Patience::default(), stopped));
    tracing::info!(%address, "listening");
    Ok(Running { address, metrics_address, stop, serving, ticking, database: parts.database })
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let why = |error: std::io::Error| Failure::failed(format!("cannot listen on {listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(why)?;
    let address = listener.local_addr().map_err(why)?;
    Ok((listener, address))
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/metrics` is.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The database it serves.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Takes no new request, finishes those that run, and closes the database.
    ///
    /// # Errors
    /// [`Failure::Failed`] when the server or the database ended badly.
    pub async fn stop(self) -> Result<(), Failure> {
        // An error here says that the server has ended already.
        let _ended = self.stop.send(true);
        self.serving.await.map_err(Failure::failed)?;
        if let Some(ticking) = self.ticking {
            ticking.await.map_err(Failure::failed)?;
        }
        self.database.close().await.map_err(Failure::failed)
    }

    /// Serves until one of the signals, then stops.
    ///
    /// # Errors
    /// As [`Running::stop`].
    pub async fn until(self, signals: Signals) -> Result<(), Failure> {
        signals.received().await.map_err(Failure::failed)?;
        tracing::info!("stopping: what runs is finished first");
        self.stop().await
    }
}

/// SIGTERM and SIGINT, which are an order to stop from the moment that this exists: ask for them before anybody is told
/// that the server listens.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens for them.
    ///
    /// # Errors
    /// [`Failure::Failed`] when the system does not let it.
    pub fn install() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
        Ok(Self { terminate, interrupt })
    }

    async fn received(mut self) -> std::io::Result<()> {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        Ok(())
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Listens for them.
    ///
    /// # Errors
    /// None here.
    pub fn install() -> Result<Self, Failure> {
        Ok(Self {})
    }

    async fn received(self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
