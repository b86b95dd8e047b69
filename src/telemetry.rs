//! Logs: lines of text or JSON on standard error. What a request asked, and for whom, is in none of them.

use std::io::stderr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, LogFormat};
use crate::failure::Failure;

/// Starts logging, for the rest of the process's life.
///
/// # Errors
/// [`Failure::Usage`] when `log_filter` is none.
pub fn start(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log_filter)
        .map_err(|error| Failure::usage(format!("configuration key \"log_filter\": {error}")))?;
    let lines = fmt().with_env_filter(filter).with_writer(stderr);
    match config.log {
        LogFormat::Text => lines.with_ansi(false).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    }
    .map_err(Failure::failed)?;
    hide_panic_messages();
    Ok(())
}

/// A panic's message may quote the value that caused it; the place is enough to find the bug.
fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "panic");
    }));
}
