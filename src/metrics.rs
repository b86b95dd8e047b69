//! Counters and durations for Prometheus. Every label value comes from a closed list, so that no label contains an
//! agency, a name or text from a client.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kim_entity::database::{Database, Pool};
use kim_graphql::{Code, DocumentCounts, Limit};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, Request, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::issuers::{IssuerState, Issuers};
use crate::telemetry;

/// Upper bounds of the histogram's buckets, in seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0];

/// A label value that is a constant of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Fixed(&'static str);

impl EncodeLabelValue for Fixed {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        encoder.write_str(self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: Fixed,
    code: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    limit: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerbLabel {
    verb: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionLabel {
    action: Fixed,
}

/// The issuers are a closed list too: those of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct IssuerLabel {
    issuer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: Fixed,
    state: Fixed,
}

/// All metrics.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<OperationLabel, Histogram, fn() -> Histogram>,
    refusals: Family<LimitLabel, Counter>,
    statements: Family<VerbLabel, Counter>,
    connections: Family<PoolLabels, Gauge>,
    ticks: Family<ResultLabel, Counter>,
    actions: Family<ActionLabel, Counter>,
    documents: Family<ResultLabel, Counter>,
    issuers: Family<IssuerLabel, Gauge>,
    lost_lines: Counter,
    registry: Arc<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("kim");
        let requests = Family::default();
        registry.register(
            "requests",
            "GraphQL requests, by type of operation and code of the first error",
            requests.clone(),
        );
        let durations = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let about = "Duration of GraphQL requests";
        registry.register_with_unit("request_duration", about, Unit::Seconds, durations.clone());
        let refusals = Family::default();
        registry.register("refusals", "Requests refused because they exceed a limit, by limit", refusals.clone());
        let statements = Family::default();
        registry.register("statements", "SQL statements, by first keyword", statements.clone());
        let connections = Family::default();
        registry.register("database_connections", "Database connections, by pool and state", connections.clone());
        let ticks = Family::default();
        registry.register("timer_runs", "Runs of the timer, by result", ticks.clone());
        let actions = Family::default();
        registry.register("timer_actions", "Actions of the timer, by kind", actions.clone());
        let documents = Family::default();
        let about = "Lookups of prepared GraphQL documents, by result: hit, miss or never_kept";
        registry.register("documents", about, documents.clone());
        let issuers = Family::default();
        let about = "Whether an issuer's keys could be read at the last attempt: 1 or 0";
        registry.register("issuer_up", about, issuers.clone());
        let lost_lines = Counter::default();
        let about = "Lines of the log that could not be written to standard error";
        registry.register("log_lines_lost", about, lost_lines.clone());
        let registry = Arc::new(registry);
        Self {
            requests,
            durations,
            refusals,
            statements,
            connections,
            ticks,
            actions,
            documents,
            issuers,
            lost_lines,
            registry,
        }
    }
}

impl Metrics {
    /// Records an answered GraphQL request. `code` is the code of the first error, and `limit` the exceeded limit.
    pub(crate) fn answered(
        &self,
        operation: Option<&'static str>,
        code: Option<Code>,
        limit: Option<Limit>,
        took: Duration,
    ) {
        let operation = Fixed(operation.unwrap_or("none"));
        let code = Fixed(code.map_or("OK", Code::code));
        self.requests.get_or_create(&RequestLabels { operation, code }).inc();
        self.durations.get_or_create(&OperationLabel { operation }).observe(took.as_secs_f64());
        if let Some(limit) = limit {
            self.refusals.get_or_create(&LimitLabel { limit: Fixed(limit.code()) }).inc();
        }
    }

    /// Records a run of the timer; `counts` contains the number of actions by kind.
    pub(crate) fn ticked(&self, all_done: bool, counts: &[(&'static str, u64)]) {
        self.ticks.get_or_create(&ResultLabel { result: Fixed(if all_done { "ok" } else { "failed" }) }).inc();
        for &(action, count) in counts {
            self.actions.get_or_create(&ActionLabel { action: Fixed(action) }).inc_by(count);
        }
    }

    /// Counts the statements of a database from now on, by their first keyword.
    pub(crate) fn observe(&self, database: &mut Database) {
        let statements = self.statements.clone();
        database.observe(move |statement| {
            let verb = ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"];
            let verb = verb.into_iter().find(|verb| statement.trim_start().starts_with(verb)).unwrap_or("other");
            statements.get_or_create(&VerbLabel { verb: Fixed(verb) }).inc();
        });
    }

    fn text(&self, pools: &[Pool], issuers: &Issuers) -> String {
        for (iss, state) in issuers.states() {
            let label = IssuerLabel { issuer: iss.to_owned() };
            self.issuers.get_or_create(&label).set(i64::from(state == IssuerState::Current));
        }
        for pool in pools {
            let gauge = |state| {
                self.connections.get_or_create(&PoolLabels { pool: Fixed(pool.name), state: Fixed(state) }).clone()
            };
            gauge("idle").set(pool.idle);
            gauge("used").set(pool.open - pool.idle);
        }
        let DocumentCounts { hits, misses, never_kept } = kim_graphql::document_counts();
        for (result, count) in [("hit", hits), ("miss", misses), ("never_kept", never_kept)] {
            self.documents
                .get_or_create(&ResultLabel { result: Fixed(result) })
                .inner()
                .store(count, Ordering::Relaxed);
        }
        self.lost_lines.inner().store(telemetry::lost_lines(), Ordering::Relaxed);
        let mut text = String::new();
        // Writing to a String never fails.
        let _written = encode(&mut text, &self.registry);
        text
    }
}

/// The endpoint `/metrics`. It has its own listener, because only the operator's network may reach it.
pub(crate) struct MetricsEndpoint {
    pub(crate) metrics: Metrics,
    pub(crate) database: Database,
    pub(crate) issuers: Arc<Issuers>,
}

impl Endpoint for MetricsEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match (request.method(), request.uri().path()) {
            (&Method::GET, "/metrics") => Response::builder()
                .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
                .body(self.metrics.text(&self.database.pools(), &self.issuers)),
            _ => StatusCode::NOT_FOUND.into(),
        })
    }
}
