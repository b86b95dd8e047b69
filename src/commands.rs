//! Runs one command. Each line of [`run`] is a command.

mod agreement;
mod import;
mod migrate;
mod normalise;
mod serve;
mod tick;
mod token;

use std::future::Future;
use std::process::ExitCode;

use crate::cli::{AgreementCommand, Cli, Command, SchemaArgs};
use crate::demo;
use crate::failure::Failure;
use crate::output::print;

/// Runs the command of the command line.
///
/// # Errors
/// [`Failure`]: the message for the terminal, and the exit code.
pub fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Serve(args) => block_on(serve::run(&args))?,
        Command::Demo(args) => block_on(demo::run(&args))?,
        Command::Migrate(args) => block_on(migrate::run(&args))?,
        Command::Normalise(args) => block_on(normalise::run(&args))?,
        Command::Tick(args) => block_on(tick::run(&args))?,
        Command::Token(args) => token::run(args)?,
        Command::Schema(args) => schema(&args)?,
        Command::Disclosure => print(&kim_domain::disclosure::matrix())?,
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
    print(&kim_graphql::sdl(pair))
}

fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?.block_on(command)
}
