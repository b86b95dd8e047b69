//! The program `kim`: parses the command line, runs one command, and exits with the command's exit code.

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
