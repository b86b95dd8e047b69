//! The program `kim`: parses the command line, runs one command, and exits with the command's exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match kim::commands::run(kim::cli::Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            // Standard error may be closed or full. `eprintln!` would panic then, and the exit code would be another one.
            let _unwritten = writeln!(std::io::stderr(), "kim: {failure}");
            failure.exit_code()
        }
    }
}
