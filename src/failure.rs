//! Failures of a command: the message for the terminal, and the exit code.

use std::fmt;
use std::process::ExitCode;

/// The command succeeded.
pub const DONE: u8 = 0;
/// The command failed; nothing was changed unless the message says otherwise.
pub const FAILED: u8 = 1;
/// The command line or the configuration is wrong (clap's own code).
pub const USAGE: u8 = 2;
/// An import wrote the valid rows and refused others.
pub const ROWS_REFUSED: u8 = 3;

/// Why a command failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The command line or the configuration is wrong.
    Usage(String),
    /// The command line and the configuration are valid, but the command could not be executed.
    Failed(String),
}

impl Failure {
    /// [`Failure::Failed`] with a reason.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// [`Failure::Usage`] with a reason.
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
