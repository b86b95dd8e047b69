//! `kim`: reads the command line, runs one command, and ends with its exit code.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match kim::commands::run(kim::cli::Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("kim: {failure}");
            failure.exit_code()
        }
    }
}
