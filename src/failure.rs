//! How a command fails: what it tells the person at the terminal, and its exit code.

use std::fmt;
use std::process::ExitCode;

/// Everything was done.
pub const DONE: u8 = 0;
/// The command failed; nothing was changed.
pub const FAILED: u8 = 1;
/// The command line or the configuration is wrong (clap's own code).
pub const USAGE: u8 = 2;
/// An import went through, and left out rows that it refused.
pub const ROWS_REFUSED: u8 = 3;

/// Why a command did not do what it was asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The command line or the configuration is wrong.
    Usage(String),
    /// It was right, and could not be done.
    Failed(String),
}

impl Failure {
    /// A failure with its reason.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// A wrong command line or configuration, with what is wrong.
    pub fn usage(why: impl fmt::Display) -> Self {
        Self::Usage(why.to_string())
    }

    /// The process's exit code.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => USAGE,
            Self::Failed(_) => FAILED,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) | Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Failure {}
