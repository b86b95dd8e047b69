//! `kim-bench`: measures kim beside its peers and beside bare SQL, on the same rows, in one run.

mod agency;
mod data;
mod failure;
mod issuer;
mod kim;
mod requests;
mod scene;
mod task;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use kim_entity::database::Database;

use crate::data::Scale;
use crate::failure::Failure;
use crate::scene::Scene;
use crate::task::Task;

/// Measures kim beside its peers and beside bare SQL, on the same rows, in one run.
#[derive(Debug, Parser)]
#[command(max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the tables and fill them
    Data {
        /// The empty database: sqlite:PATH or postgres://USER@HOST/NAME (as a superuser)
        #[arg(long)]
        database: String,
        /// How much
        #[arg(long, default_value = "1")]
        scale: Scale,
    },
    /// Write what is needed to start kim on such a database and to ask it by hand: kim.toml, and for every kind of
    /// request a file with one `TOKEN<tab>BODY` a line
    Prepare {
        /// The filled database
        #[arg(long)]
        database: String,
        /// Where kim will listen
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// Where to write
        #[arg(long)]
        folder: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Data { database, scale } => data::make(&database, scale).await,
        Command::Prepare { database, listen, folder } => prepare(&database, &listen, &folder).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("kim-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn prepare(url: &str, listen: &str, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let database = Database::open(url).await?;
    let scene = Scene::read(&database).await?;
    kim::configure(&folder, &scene.issuer, url, listen)?;
    std::fs::write(folder.join("issuer.pem"), scene.issuer.public_pem())?;
    for task in Task::ALL {
        let asks = match task {
            Task::Accept => requests::kim_accepts(&scene, &scene.singles)?,
            // Its cursor is given out by a server that runs.
            Task::Deep => continue,
            _ => requests::kim(&scene, task)?,
        };
        requests::write(&folder.join(format!("{}.tsv", task.name())), &asks)?;
    }
    Ok(database.close().await?)
}
