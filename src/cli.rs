//! The command line. What `--help` says is the manual.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use kim_domain::Word;
use kim_domain::agency::{AgencyKind, Role, Scope};
use kim_domain::purpose::ReferralPurpose;

use crate::config::LogFormat;

const CODES: &str = "Exit codes:
  0  done
  1  failed; nothing was changed, unless the message says that it was done
  2  the command line or the configuration is wrong
  3  an import went through and left out the rows that it refused";

/// The GraphQL server between the agencies of Kommunales Integrationsmanagement (NRW).
#[derive(Debug, Parser)]
#[command(name = "kim", version, after_help = CODES, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API.
    ///
    /// Trusts the issuers of the configuration and no others, and refuses to start without one. The database must
    /// have been prepared with `kim migrate`. SIGTERM or Ctrl-C finishes what runs and ends.
    Serve(ServeArgs),
    /// Show it: start on an embedded database with example agencies, cases and tokens.
    ///
    /// Prints a URL, and for each role an agency, a token and a command line that works. Never for real data: the
    /// key that signs its tokens is public.
    Demo(DemoArgs),
    /// Prepare the database, or bring it to this version.
    ///
    /// Safe to repeat: what is done is not done again. Make a backup before you upgrade.
    Migrate(MigrateArgs),
    /// Let the clock work once, and print what it did: for cron, where `timer_seconds` is 0.
    ///
    /// Lets expire what nobody answered, suspends what lost its ground, withdraws what was suspended for too long,
    /// reminds, and forgets old idempotency keys. Safe to run beside servers and beside itself.
    Tick(TickArgs),
    /// Print a token of the development issuer, and nothing else.
    ///
    /// Accepted by a `kim demo` that runs, never by `kim serve`. Whether the agency exists is not checked here.
    #[command(
        after_help = "Example:\n  curl -H \"Authorization: Bearer $(kim token --agency jobcenter-koeln --role CLERK)\" ..."
    )]
    Token(TokenArgs),
    /// Print the GraphQL schema (SDL): the whole, or as one kind of agency and role sees it.
    Schema(SchemaArgs),
    /// Print who may get which field, as Markdown: the rule's ceiling for each kind of agency.
    Disclosure,
    /// Work with interface agreements (Schnittstellenvereinbarungen).
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// Load agencies, agreements or cases from a spreadsheet export.
    ///
    /// Semicolon or comma, UTF-8 or Windows-1252, German dates or ISO: all are recognised, and the columns may stand
    /// in any order. The rows that are right go in, in one transaction; the others are reported with line, column,
    /// value and reason, and written to a file that can be sent back. The same file twice changes nothing.
    Import(ImportArgs),
}

/// Where the configuration and the data are.
#[derive(Args, Clone, Debug, Default)]
pub struct DataArgs {
    /// Configuration file [default: kim.toml, if there is one]. kim.example.toml explains every key.
    #[arg(long, value_name = "FILE", env = "KIM_CONFIG")]
    pub config: Option<PathBuf>,
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite:kim.sqlite].
    // Not clap's `env`: its help would print a password. The configuration reads KIM_DATABASE.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// `kim serve`
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Logs as lines of text or of JSON, on standard error [default: text].
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}

/// `kim demo`
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Database for the examples. Only an empty one, or one that a demo made, is ever overwritten.
    #[arg(long, value_name = "URL", default_value = "sqlite:.kim-demo/kim.sqlite")]
    pub database: String,
    /// The day it is, as YYYY-MM-DD [default: today].
    #[arg(long, value_name = "DATE")]
    pub clock: Option<NaiveDate>,
    /// Keep the data of the last demo instead of making it anew.
    #[arg(long)]
    pub keep: bool,
}

/// `kim migrate`
#[derive(Args, Debug)]
pub struct MigrateArgs {
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
    /// Take everything away again: ALL DATA IS LOST. Does nothing without --yes-delete-all-data.
    #[arg(long)]
    pub down: bool,
    /// Say that --down is meant.
    #[arg(long, requires = "down")]
    pub yes_delete_all_data: bool,
}

/// `kim tick`
#[derive(Args, Debug)]
pub struct TickArgs {
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `kim token`
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// The agency's slug, e.g. jobcenter-koeln.
    #[arg(long, value_name = "SLUG")]
    pub agency: String,
    /// The role at this agency.
    #[arg(long, value_parser = word::<Role>())]
    pub role: Role,
    /// What the token may be used for; may be repeated [default: what the role usually needs].
    #[arg(long, value_name = "SCOPE", value_parser = word::<Scope>(), value_delimiter = ' ', num_args = 1..)]
    pub scope: Vec<Scope>,
    /// How long it is good, e.g. 15m, 8h, 30d.
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "12h")]
    pub ttl: u64,
    /// Narrow it to referrals of this purpose; may be repeated.
    #[arg(long, value_name = "PURPOSE", value_parser = word::<ReferralPurpose>(), num_args = 1..)]
    pub purpose: Vec<ReferralPurpose>,
    /// The person (or program) that uses it.
    #[arg(long, value_name = "NAME")]
    pub subject: Option<String>,
    /// For whom a program acts (claim act.sub).
    #[arg(long, value_name = "NAME")]
    pub acting_for: Option<String>,
}

/// `kim schema`
#[derive(Args, Debug)]
pub struct SchemaArgs {
    /// As this kind of agency sees it.
    #[arg(long, value_parser = word::<AgencyKind>(), requires = "role")]
    pub kind: Option<AgencyKind>,
    /// As this role sees it.
    #[arg(long, value_parser = word::<Role>(), requires = "kind")]
    pub role: Option<Role>,
}

/// `kim agreement`
#[derive(Debug, Subcommand)]
pub enum AgreementCommand {
    /// Print an agreement as a document (Markdown, in German): parties, purpose, legal ground, fields, dates,
    /// terms, signatures and opinions.
    #[command(
        after_help = "Example:\n  kim agreement export --receiver jobcenter-koeln --purpose BENEFIT_APPLICATION > vereinbarung.md"
    )]
    Export(AgreementExportArgs),
}

/// `kim agreement export`
#[derive(Args, Debug)]
pub struct AgreementExportArgs {
    /// The receiving agency's slug, e.g. jobcenter-koeln.
    #[arg(long, value_name = "SLUG")]
    pub receiver: String,
    /// What it is about.
    #[arg(long, value_name = "PURPOSE", value_parser = word::<ReferralPurpose>())]
    pub purpose: ReferralPurpose,
    /// Which version [default: the latest].
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<i32>,
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `kim import`
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// What the file holds.
    #[arg(value_enum)]
    pub what: ImportKind,
    /// The file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
    /// Check and report, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the report as one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
    /// Take this agency's own rows only; rows of others are refused.
    #[arg(long, value_name = "SLUG")]
    pub agency: Option<String>,
    /// Where the refused rows are written, readable by you alone [default: beside FILE, as NAME.refused.csv].
    /// Replaces an earlier report, and no other file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The day it is, as YYYY-MM-DD [default: today].
    #[arg(long, value_name = "DATE")]
    pub clock: Option<NaiveDate>,
}

/// What can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ImportKind {
    /// Agencies: the organisational units and who answers for them.
    Agencies,
    /// Agreements: what each receiver may get for which purpose.
    Agreements,
    /// Cases, each with the referral that its row describes.
    Cases,
}

/// Takes a code of a closed list, and shows the list when it is another.
fn word<W: Word>() -> impl TypedValueParser<Value = W> {
    PossibleValuesParser::new(W::ALL.iter().map(|word| word.code()))
        .try_map(|code| W::from_code(&code).ok_or("no such word"))
}

/// A duration as people write it, in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("use a number with s, m, h or d, such as 15m or 8h".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "use a number with s, m, h or d, such as 15m or 8h".to_owned())?;
    match number.checked_mul(unit) {
        Some(seconds) if (1..=366 * 86_400).contains(&seconds) => Ok(seconds),
        _ => Err("between one second and 366 days".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_duration_is_read_as_people_write_it() {
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("8h"), Ok(28_800));
        assert_eq!(seconds("30d"), Ok(2_592_000));
        for wrong in ["", "h", "0", "-1", "1w", "400d", "1.5h", "99999999999999999999", "99999999999999999d", "5 h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn half_a_viewer_has_no_schema() {
        assert!(Cli::try_parse_from(["kim", "schema", "--kind", "JOBCENTER"]).is_err());
        assert!(Cli::try_parse_from(["kim", "schema", "--role", "CLERK"]).is_err());
        assert!(Cli::try_parse_from(["kim", "schema", "--kind", "JOBCENTER", "--role", "CLERK"]).is_ok());
    }

    #[test]
    fn scopes_come_one_by_one_or_in_a_row() {
        for line in [
            &["kim", "token", "--agency", "a", "--role", "CLERK", "--scope", "case:read", "--scope", "audit:read"][..],
            &["kim", "token", "--agency", "a", "--role", "CLERK", "--scope", "case:read audit:read"],
        ] {
            let Command::Token(args) = Cli::try_parse_from(line).expect("a command line").command else {
                panic!("another command");
            };
            assert_eq!(args.scope, [Scope::CaseRead, Scope::AuditRead]);
        }
    }
}
