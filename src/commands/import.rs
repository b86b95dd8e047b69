//! `kim import`: the file goes in, the report comes out, and what was refused can be sent back.

mod progress;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kim_casework::import::{self, Options, Report, check_place, write_private};
use kim_domain::calendar::Clock;

use crate::cli::{ImportArgs, ImportKind};
use crate::config::Config;
use crate::failure::{DONE, Failure, ROWS_REFUSED};
use crate::{fingerprint_key, serve};

pub(super) async fn run(args: &ImportArgs) -> Result<ExitCode, Failure> {
    refuse_own_input(args)?;
    let config = Config::for_data(&args.data)?;
    let file = std::fs::read(&args.file)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", args.file.display())))?;
    refuse_bad_place(args)?;

    let report = read_in(args, &config, &file).await?;

    let told = tell(args, &report);
    if report.refused.is_empty() {
        return told.map(|()| ExitCode::from(DONE));
    }
    // Also if nobody hears the report: the file has what it says of refused rows.
    send_back(args, &report);
    told.map(|()| ExitCode::from(ROWS_REFUSED))
}

/// A report in the place of the list that it reports on would be the end of the list.
fn refuse_own_input(args: &ImportArgs) -> Result<(), Failure> {
    let Some(report) = &args.report else { return Ok(()) };
    // Whatever way the two are written, and whether or not a link stands between them.
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

/// Who asks for the report in a certain place hears now that it cannot be there, and not when the rows are in.
fn refuse_bad_place(args: &ImportArgs) -> Result<(), Failure> {
    let Some(report) = &args.report else { return Ok(()) };
    check_place(report).map_err(|error| {
        Failure::failed(format!(
            "der Bericht kann nicht nach {} geschrieben werden: {error}. Es wurde nichts eingelesen.",
            report.display()
        ))
    })
}

async fn read_in(args: &ImportArgs, config: &Config, file: &[u8]) -> Result<Report, Failure> {
    let database = serve::open(&config.database).await?;
    serve::refuse_unmigrated(&database).await?;
    let clock = args.clock.map_or_else(Clock::system, Clock::on);
    let options = Options { agency: args.agency.clone(), dry_run: args.dry_run };

    let mut shown = progress::Shown::start()?;
    let mut progress = |done: u64, all: u64| shown.tell(done, all);
    let imported = match args.what {
        ImportKind::Agencies => import::agencies(&database, &clock, file, &options, &mut progress).await,
        ImportKind::Agreements => import::agreements(&database, &clock, file, &options, &mut progress).await,
        ImportKind::Cases => {
            let key = fingerprint_key::read(config.fingerprint_key_file.as_deref(), &config.database)?;
            import::cases(&database, &clock, &key, file, &options, &mut progress).await
        }
    };
    shown.end();
    database.close().await.map_err(Failure::failed)?;
    imported.map_err(|error| Failure::failed(format!("{}: {error}", args.file.display())))
}

/// Prints the report. Standard output may be a full disk or a program that has gone.
fn tell(args: &ImportArgs, report: &Report) -> Result<(), Failure> {
    let text = match args.json {
        true => serde_json::to_string(report).map_err(Failure::failed)? + "\n",
        false => report.to_text(),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        let done = match (args.dry_run, report.accepted) {
            (true, _) | (false, 0) => "Es wurde nichts eingelesen.".to_owned(),
            (false, rows) => format!("{rows} Zeilen sind eingelesen."),
        };
        Failure::failed(format!("der Bericht kann nicht ausgegeben werden ({error}). {done}"))
    })
}

/// Writes what was refused to a file. A dry run writes one only where it was told to.
fn send_back(args: &ImportArgs, report: &Report) {
    let path = match &args.report {
        Some(path) => path.clone(),
        None if args.dry_run => return,
        None => beside(&args.file),
    };
    // The rows are in: what cannot be written now is said, and the report above has it all.
    note(&match write_private(&path, &report.to_csv()) {
        Ok(()) => format!("Abgelehnte Zeilen zum Zurücksenden: {}", path.display()),
        Err(error) => {
            format!("kim: cannot write the refused rows to {} ({error}); name a place with --report", path.display())
        }
    });
}

/// A line on standard error. If nobody can hear it, there is nobody to tell.
fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
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
