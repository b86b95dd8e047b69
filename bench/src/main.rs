//! `kim-bench`: measures kim, its peers and bare SQL on the same rows in one run.

mod agency;
mod check;
mod compare;
mod data;
mod failure;
mod fixture;
mod flood;
mod issuer;
mod load;
mod machine;
mod postgres;
mod process;
mod report;
mod requests;
mod results;
mod rule;
mod run;
mod soak;
mod start;
mod subject;
mod task;
mod work;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::data::Scale;
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::issuer::Issuer;
use crate::run::RunArgs;
use crate::subject::kim;
use crate::task::Task;

/// Measures kim, its peers and bare SQL on the same rows in one run.
#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure, and write bench/RESULTS.md and bench/results.json
    Run(Box<RunArgs>),
    /// Create kim's tables in an empty database and fill them
    Data {
        /// The database: sqlite:PATH or postgres://USER@HOST/NAME, as a superuser
        #[arg(long)]
        database: String,
        /// Amount of data
        #[arg(long, default_value = "1")]
        scale: Scale,
    },
    /// Write the files that are needed to start kim on such a database and to send requests by hand
    ///
    /// These are kim.toml with the issuer's keys, and for every task a file with one TOKEN<tab>BODY per line, as
    /// src/load.lua reads it: wrk -t1 -c16 -d10 -s load.lua http://127.0.0.1:8080/graphql -- FOLDER/list.tsv
    Prepare {
        /// The filled database
        #[arg(long)]
        database: String,
        /// The address on which kim will listen
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// The folder for the files
        #[arg(long)]
        folder: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = async {
        match Cli::parse().command {
            Command::Run(args) => run::run(*args).await,
            Command::Data { database, scale } => data::make(&database, scale).await,
            Command::Prepare { database, listen, folder } => prepare(&database, &listen, &folder).await,
        }
    };
    // When this program is stopped, the subjects must stop too. They are killed when the futures are dropped.
    let done = tokio::select! {
        done = command => done,
        signal = stop_signal() => Err(signal),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("kim-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn stop_signal() -> Failure {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => Failure::new("stopped"),
        _ = terminated => Failure::new("terminated"),
    }
}

async fn prepare(url: &str, listen: &str, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let issuer = Issuer::new()?;
    let fixture = Fixture::load(url, &issuer).await?;
    kim::configure(&folder, &issuer, url, listen)?;
    // The cursor of a deep page must come from a running server.
    for task in Task::ALL.into_iter().filter(|&task| task != Task::Deep) {
        requests::write(&folder.join(format!("{}.tsv", task.name())), &kim::requests_without_cursor(task, &fixture))?;
    }
    Ok(())
}
