//! Standard output and standard error of the commands.

use std::io::Write as _;

use crate::failure::Failure;

/// Writes a text to standard output.
///
/// # Errors
/// [`Failure::Failed`] if standard output is closed, or its disk is full.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::failed(format!("cannot write to standard output ({error})")))
}

/// Writes a line to standard error. A closed standard error is ignored, because nobody reads it.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
