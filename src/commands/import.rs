//! `kim import`: imports a file, prints the report, and writes the refused rows to a file that can be sent back.

mod progress;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kim_casework::import::{self, Options, Report, check_place, write_private};
use kim_domain::calendar::Clock;

use crate::cli::{ImportArgs, ImportKind};
use crate::config::Config;
use crate::database::{open, refuse_unprepared};
use crate::failure::{DONE, Failure, ROWS_REFUSED};
use crate::fingerprint_key;
use crate::output::note;

pub(super) async fn run(args: &ImportArgs) -> Result<ExitCode, Failure> {
    if args.update && args.what != ImportKind::Agencies {
        return Err(Failure::usage("--update gibt es nur für Stellen: kim import agencies FILE --update"));
    }
    refuse_own_input(args)?;
    let config = args.data.config()?;
    let file = std::fs::read(&args.file)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", args.file.display())))?;
    refuse_bad_place(args)?;

    let file = match &args.encoding {
        Some(name) => import::recode(&file, name).map_err(Failure::usage)?,
        None => file,
    };
    let report = run_import(args, &config, &file).await?;

    let printed = print_report(args, &report);
    if report.refused.is_empty() {
        return printed.map(|()| ExitCode::from(DONE));
    }
    // Also if the report could not be printed, because this file contains the refused rows too.
    write_refused_rows(args, &report);
    printed.map(|()| ExitCode::from(ROWS_REFUSED))
}

/// Refuses a report that would overwrite the imported file.
fn refuse_own_input(args: &ImportArgs) -> Result<(), Failure> {
    let Some(report) = &args.report else { return Ok(()) };
    if report == Path::new("-") {
        return Err(Failure::usage(
            "--report braucht eine Datei; --json gibt den Bericht auf der Standardausgabe aus.",
        ));
    }
    // Canonical paths, because one file has many spellings and links.
    let is_same = report.canonicalize().is_ok_and(|report| args.file.canonicalize().is_ok_and(|file| file == report));
    if is_same {
        return Err(Failure::usage(format!(
            "--report nennt die Datei, die eingelesen werden soll ({}): Sie würde überschrieben. Bitte eine andere \
             Datei nennen; es wurde nichts gelesen und nichts geschrieben.",
            report.display()
        )));
    }
    Ok(())
}

/// Checks the place of the report before anything is imported.
fn refuse_bad_place(args: &ImportArgs) -> Result<(), Failure> {
    let Some(report) = &args.report else { return Ok(()) };
    check_place(report).map_err(|error| {
        Failure::failed(format!(
            "der Bericht kann nicht nach {} geschrieben werden: {error}. Es wurde nichts eingelesen.",
            report.display()
        ))
    })
}

async fn run_import(args: &ImportArgs, config: &Config, file: &[u8]) -> Result<Report, Failure> {
    let database = open(&config.database).await?;
    refuse_unprepared(&database).await?;
    let clock = args.clock.map_or_else(Clock::system, Clock::on);
    let options = Options {
        agency: args.agency.clone(),
        dry_run: args.dry_run,
        ignored_columns: args.ignored_columns.clone(),
        update: args.update,
    };

    let mut display = progress::Progress::start()?;
    let mut progress = |done: u64, total: u64| display.update(done, total);
    let imported = match args.what {
        ImportKind::Districts => import::districts(&database, &clock, file, &options, &mut progress).await,
        ImportKind::Agencies => import::agencies(&database, &clock, file, &options, &mut progress).await,
        ImportKind::Agreements => import::agreements(&database, &clock, file, &options, &mut progress).await,
        ImportKind::Cases => {
            let key = fingerprint_key::read(config.fingerprint_key_file.as_deref(), &config.database)?;
            import::cases(&database, &clock, &key, file, &options, &mut progress).await
        }
    };
    display.end();
    database.close().await.map_err(Failure::failed)?;
    imported.map_err(|error| Failure::failed(format!("{}: {error}", args.file.display())))
}

/// Prints the report. If that fails, the error says how many rows were imported.
fn print_report(args: &ImportArgs, report: &Report) -> Result<(), Failure> {
    let text = match args.json {
        true => serde_json::to_string(report).map_err(Failure::failed)? + "\n",
        false => report.to_text(),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        let imported = match (args.dry_run, report.accepted + report.updated) {
            (true, _) | (false, 0) => "Es wurde nichts eingelesen.".to_owned(),
            (false, rows) => format!("{rows} Zeilen sind eingelesen."),
        };
        Failure::failed(format!("der Bericht kann nicht ausgegeben werden ({error}). {imported}"))
    })
}

/// Writes the refused rows to a file. A dry run writes it only if `--report` is given.
fn write_refused_rows(args: &ImportArgs, report: &Report) {
    let path = match &args.report {
        Some(path) => path.clone(),
        None if args.dry_run => return,
        None => default_report_path(&args.file),
    };
    // No failure of the command: the valid rows are imported, and the printed report contains the refused ones.
    note(&match write_private(&path, &report.to_csv()) {
        Ok(()) => format!("Abgelehnte Zeilen zum Zurücksenden: {}", path.display()),
        Err(error) => {
            format!(
                "kim: Die abgelehnten Zeilen können nicht nach {} geschrieben werden ({error}). Bitte mit --report einen anderen Ort nennen.",
                path.display()
            )
        }
    });
}

/// `exports/cases.csv` → `cases.refused.csv` in the current directory, because the file's folder may be someone else's.
fn default_report_path(file: &Path) -> PathBuf {
    file.with_extension("refused.csv").file_name().map_or_else(|| PathBuf::from("refused.csv"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_report_is_in_the_current_directory() {
        for (file, report) in [
            ("a/cases.csv", "cases.refused.csv"),
            ("/share/a/cases.csv", "cases.refused.csv"),
            ("cases", "cases.refused.csv"),
            ("../cases.csv", "cases.refused.csv"),
            ("..", "refused.csv"),
        ] {
            assert_eq!(default_report_path(Path::new(file)), Path::new(report), "{file}");
        }
    }
}
