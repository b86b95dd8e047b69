//! Runs one command: each line of [`run`] is one of them.

mod agreement;
pub mod import;
pub mod migrate;
mod serve;
mod tick;
mod token;

use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;

use crate::cli::{AgreementCommand, Cli, Command, SchemaArgs};
use crate::demo;
use crate::failure::Failure;

/// Runs what the command line asks for.
///
/// # Errors
/// [`Failure`]: what to tell the person at the terminal, and the exit code.
pub fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Serve(args) => block_on(serve::run(&args))?,
        Command::Demo(args) => block_on(demo::run(&args))?,
        Command::Migrate(args) => block_on(migrate::run(&args))?,
        Command::Tick(args) => block_on(tick::run(&args))?,
        Command::Token(args) => token::run(args)?,
        Command::Schema(args) => schema(&args)?,
        Command::Disclosure => say(&kim_domain::disclosure::matrix())?,
        Command::Agreement(AgreementCommand::Export(args)) => block_on(agreement::export(&args))?,
        Command::Import(args) => return block_on(import::run(&args)),
    }
    Ok(ExitCode::SUCCESS)
}

fn schema(args: &SchemaArgs) -> Result<(), Failure> {
    let pair = args.kind.zip(args.role);
    if let Some((kind, role)) = pair.filter(|(kind, role)| !role.exists_at(*kind)) {
        return Err(Failure::usage(format!("there is no {role} at a {kind}")));
    }
    say(&kim_graphql::sdl(pair))
}

/// Writes a text to standard output, which may be full or gone.
///
/// # Errors
/// [`Failure::Failed`]
pub fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::failed(format!("cannot write to standard output ({error})")))
}

fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?.block_on(work)
}
