//! Logs (lines of text or JSON on standard error), and traces if a collector is configured. Neither contains the
//! content of a request or the person it is about.

mod log_lines;

use std::io;

use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, LogFormat};
use crate::failure::Failure;
use crate::telemetry::log_lines::LastLines;

/// Libraries whose log lines quote error texts of the database, which can quote data.
const SILENCED: [&str; 2] = ["sqlx=off", "sea_orm=off"];

/// How many lines of the log were lost.
pub(crate) fn lost_lines() -> u64 {
    log_lines::lost()
}

/// Keeps logs and traces running. Writes the waiting lines and sends the remaining traces when it is dropped.
#[derive(Debug)]
#[must_use = "logs are written and traces sent only until this value is dropped"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    _last_lines: LastLines,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && traces.shutdown().is_err()
        {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Starts logs and traces for the lifetime of the process.
///
/// # Errors
/// [`Failure::Usage`] if `log_filter` or `otlp_endpoint` is invalid.
pub fn start(config: &Config) -> Result<Telemetry, Failure> {
    let filter = EnvFilter::try_new(&config.log_filter)
        .map_err(|error| Failure::usage(format!("configuration key \"log_filter\": {error}")))?;
    let filter = SILENCED.iter().filter_map(|one| one.parse().ok()).fold(filter, EnvFilter::add_directive);
    let traces = config.otlp_endpoint.as_deref().map(trace_provider).transpose()?;
    if let Some(traces) = &traces {
        opentelemetry::global::set_tracer_provider(traces.clone());
    }
    let (writer, last_lines) = log_lines::start(io::stderr()).map_err(Failure::failed)?;
    let subscriber = fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    match config.log {
        LogFormat::Text => subscriber.with_ansi(false).finish().try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).finish().try_init(),
    }
    .map_err(Failure::failed)?;
    hide_panic_messages();
    Ok(Telemetry { traces, _last_lines: last_lines })
}

fn trace_provider(endpoint: &str) -> Result<SdkTracerProvider, Failure> {
    let refused = |why: String| Failure::usage(format!("configuration key \"otlp_endpoint\": {why}"));
    let url: reqwest::Url = endpoint.parse().map_err(|error| refused(format!("not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("must be http or https".to_owned()));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let resource = Resource::builder_empty().with_service_name("kim").build();
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

/// Logs only the location of a panic, because its message may quote the value that caused it. The location is enough to
/// find the bug.
fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "panic");
    }));
}
