//! Collects everything that this process logs, at every level, so that a test can search it.

use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

static LINES: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(Mutex::default);

/// Starts to collect. Idempotent: the process has one collection.
pub(crate) fn collect() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(Collector)
        .finish();
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// The collected text.
pub(crate) fn collected() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

struct Collector;

impl Write for Collector {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Collector {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        Self
    }
}
