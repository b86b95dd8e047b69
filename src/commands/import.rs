//! `kim import`: the file goes in, the report comes out, and what was refused can be sent back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use kim_casework::import::{self, Options, Report, write_private};
use kim_domain::calendar::Clock;

use crate::cli::{ImportArgs, ImportKind};
use crate::config::Config;
use crate::failure::{DONE, Failure, ROWS_REFUSED};
use crate::{fingerprint_key, serve};

pub(super) async fn run(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let config = Config::for_data(&args.data)?;
    let file = std::fs::read(&args.file)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", args.file.display())))?;

    let report = read_in(args, &config, &file).await?;

    match args.json {
        true => println!("{}", serde_json::to_string(&report).map_err(Failure::failed)?),
        false => print!("{}", report.to_text()),
    }
    if report.refused.is_empty() {
        return Ok(ExitCode::from(DONE));
    }
    send_back(args, &report);
    Ok(ExitCode::from(ROWS_REFUSED))
}

async fn read_in(args: &ImportArgs, config: &Config, file: &[u8]) -> Result<Report, Failure> {
    let database = serve::open(&config.database).await?;
    serve::refuse_unmigrated(&database).await?;
    let clock = args.clock.map_or_else(Clock::system, Clock::on);
    let options = Options { agency: args.agency.clone(), dry_run: args.dry_run };

    // Draws on standard error, and only if that is a terminal.
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} Zeilen, noch {eta}").map_err(Failure::failed)?,
    );
    let mut progress = |done: u64, all: u64| {
        bar.set_length(all);
        bar.set_position(done);
    };
    let imported = match args.what {
        ImportKind::Agencies => import::agencies(&database, file, &options, &mut progress).await,
        ImportKind::Agreements => import::agreements(&database, &clock, file, &options, &mut progress).await,
        ImportKind::Cases => {
            let key = fingerprint_key::read(config.fingerprint_key_file.as_deref(), &config.database)?;
            import::cases(&database, &clock, &key, file, &options, &mut progress).await
        }
    };
    bar.finish_and_clear();
    database.close().await.map_err(Failure::failed)?;
    imported.map_err(|error| Failure::failed(format!("{}: {error}", args.file.display())))
}

/// Writes what was refused to a file. A dry run writes one only where it was told to.
fn send_back(args: &ImportArgs, report: &Report) {
    let path = match &args.report {
        Some(path) => path.clone(),
        None if args.dry_run => return,
        None => beside(&args.file),
    };
    // The rows are in: what cannot be written now is said, and the report above has it all.
    match write_private(&path, &report.to_csv()) {
        Ok(()) => eprintln!("Abgelehnte Zeilen zum Zurücksenden: {}", path.display()),
        Err(error) => {
            eprintln!("kim: cannot write the refused rows to {} ({error}); name a place with --report", path.display());
        }
    }
}

/// `cases.csv` → `cases.refused.csv`
fn beside(file: &Path) -> PathBuf {
    file.with_extension("refused.csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refused_rows_stand_beside_the_file() {
        assert_eq!(beside(Path::new("a/cases.csv")), Path::new("a/cases.refused.csv"));
        assert_eq!(beside(Path::new("cases")), Path::new("cases.refused.csv"));
    }
}
