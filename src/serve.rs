//! Starts the server with its timer and its metrics, and shuts it down without aborting requests.

use std::net::SocketAddr;
use std::sync::Arc;

use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::database::Database;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::config::{Config, Limits};
use crate::connections::{self, ConnectionTimeouts};
use crate::database::{open_within, refuse_unprepared};
use crate::failure::Failure;
use crate::fingerprint_key;
use crate::http::graphiql::Tab;
use crate::http::{HttpServer, Page};
use crate::issuers::Issuers;
use crate::metrics::{Metrics, MetricsEndpoint};
use crate::timer::Timer;

/// Maximum number of open connections to `/metrics`.
const MAX_METRICS_CONNECTIONS: usize = 8;

/// Everything that a server needs to start.
#[derive(Debug)]
pub struct ServerParts {
    /// Address to listen on; port 0 selects a free port.
    pub listen: SocketAddr,
    /// The migrated database.
    pub database: Database,
    /// Clock of the current day and time.
    pub clock: Clock,
    /// Key of the clients' fingerprints.
    pub key: FingerprintKey,
    /// Issuers whose tokens are accepted.
    pub issuers: Arc<Issuers>,
    /// The development issuer's public keys, which only `kim demo` serves.
    pub jwks: Option<String>,
    /// Tabs with which GraphiQL opens; `None` disables GraphiQL.
    pub graphiql: Option<Vec<Tab>>,
    /// The page's routes; `None` disables them.
    pub page: Option<Page>,
    /// Limits and allowed origins of the HTTP server.
    pub limits: Limits,
    /// Timer of this server; `None` disables it.
    pub timer: Option<Timer>,
    /// Address of `/metrics`; `None` disables it.
    pub metrics_listen: Option<SocketAddr>,
}

/// A running server.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    timer: Option<JoinHandle<()>>,
    database: Database,
}

/// Starts the server of `kim serve`.
///
/// # Errors
/// [`Failure::Usage`] without an issuer; [`Failure::Failed`] if no issuer's keys can be read, the database cannot be opened, or the
/// address is in use.
pub async fn start(config: &Config, clock: Clock) -> Result<RunningServer, Failure> {
    let issuers = Issuers::load(&config.issuer).await?;
    let limits = config.limits()?;
    let database = open_within(&config.database, limits.deadline).await?;
    refuse_unprepared(&database).await?;
    let key = fingerprint_key::read(config.fingerprint_key_file.as_deref(), &config.database)?;
    let graphiql = config.graphiql.then(Vec::new);
    listen(ServerParts {
        listen: config.listen,
        database,
        clock,
        key,
        issuers,
        jwks: None,
        graphiql,
        page: None,
        limits,
        timer: Timer::configured(config),
        metrics_listen: config.metrics_listen,
    })
    .await
}

/// Starts a server.
///
/// # Errors
/// [`Failure::Failed`] if the server cannot listen on the address.
pub async fn listen(mut parts: ServerParts) -> Result<RunningServer, Failure> {
    let (listener, address) = bind(parts.listen).await?;
    let (stop, stopped) = watch::channel(false);
    let metrics = Metrics::default();
    let metrics_address = match parts.metrics_listen {
        Some(listen) => {
            let (listener, address) = bind(listen).await?;
            metrics.observe(&mut parts.database);
            let (database, issuers) = (parts.database.clone(), Arc::clone(&parts.issuers));
            let endpoint = Arc::new(MetricsEndpoint { metrics: metrics.clone(), database, issuers });
            let timeouts = ConnectionTimeouts::default();
            tokio::spawn(connections::serve(listener, endpoint, MAX_METRICS_CONNECTIONS, timeouts, stopped.clone()));
            tracing::info!(%address, "metrics");
            Some(address)
        }
        None => None,
    };

    let timer = parts.timer.map(|timer| {
        let database = parts.database.clone();
        tokio::spawn(timer.run(database, parts.clock, metrics.clone(), stopped.clone()))
    });
    parts.limits.running = parts.database.concurrency();
    let app = App::new(parts.database.clone(), parts.clock, parts.key);
    let (max_connections, timeouts) = (parts.limits.connections, ConnectionTimeouts::default());
    let http =
        Arc::new(HttpServer::new(app, parts.issuers, parts.jwks, parts.graphiql, parts.page, parts.limits, metrics));
    let serving = tokio::spawn(connections::serve(listener, http, max_connections, timeouts, stopped));
    tracing::info!(%address, "listening");
    Ok(RunningServer { address, metrics_address, stop, serving, timer, database: parts.database })
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let failure = |error: std::io::Error| Failure::failed(format!("cannot listen on {listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(failure)?;
    let address = listener.local_addr().map_err(failure)?;
    Ok((listener, address))
}

impl RunningServer {
    /// The address on which the server listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of `/metrics`.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The server's database.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Accepts no new requests, finishes the running ones, and closes the database.
    ///
    /// # Errors
    /// [`Failure::Failed`] if the server panicked, or the database could not be closed.
    pub async fn stop(self) -> Result<(), Failure> {
        // This fails if the server has ended already.
        let _ended = self.stop.send(true);
        self.serving.await.map_err(Failure::failed)?;
        if let Some(timer) = self.timer {
            timer.await.map_err(Failure::failed)?;
        }
        self.database.close().await.map_err(Failure::failed)
    }

    /// Serves until a shutdown signal arrives, then stops.
    ///
    /// # Errors
    /// As [`RunningServer::stop`].
    pub async fn run_until(self, signals: ShutdownSignals) -> Result<(), Failure> {
        signals.received().await.map_err(Failure::failed)?;
        tracing::info!("stopping: running requests are finished first");
        self.stop().await
    }
}

/// Receiver of SIGTERM and SIGINT. It must exist before the server's address is announced, because a signal that arrives
/// earlier kills the process.
#[derive(Debug)]
pub struct ShutdownSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl ShutdownSignals {
    /// Registers the signal handlers.
    ///
    /// # Errors
    /// [`Failure::Failed`] if the operating system refuses.
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
impl ShutdownSignals {
    /// Ctrl-C needs no registration on this platform.
    ///
    /// # Errors
    /// None.
    pub fn install() -> Result<Self, Failure> {
        Ok(Self {})
    }

    async fn received(self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
