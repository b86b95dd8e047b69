//! The command line. Its `--help` texts are the manual.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use kim_domain::Word;
use kim_domain::agency::{AgencyKind, Role, Scope};
use kim_domain::purpose::ReferralPurpose;

use crate::config::{Config, Flags, LogFormat};
use crate::failure::Failure;

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed; nothing was changed, unless the message says otherwise
  2  the command line or the configuration is wrong
  3  an import wrote the valid rows and refused others";

/// The GraphQL server between the agencies of Kommunales Integrationsmanagement (NRW).
#[derive(Debug, Parser)]
#[command(name = "kim", version, after_help = EXIT_CODES, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API.
    ///
    /// Trusts only the configured issuers, and needs at least one to start. Prepare the database with `kim migrate`
    /// first. On SIGTERM or Ctrl-C the server finishes the running requests and exits.
    Serve(ServeArgs),
    /// Start a demo server on an embedded database with example agencies, cases and tokens.
    ///
    /// Prints a URL, and for each role an agency, a token and a working command line. Never use it for real data: the
    /// key that signs the tokens is public.
    Demo(DemoArgs),
    /// Prepare a new database, or upgrade a database to this version.
    ///
    /// Safe to repeat: only missing migrations run. Make a backup before you upgrade.
    Migrate(MigrateArgs),
    /// Bring stored text to the form of this version, and renew the fingerprints by which clients are found.
    ///
    /// Needed once after an upgrade whose changelog says so. Needs the fingerprint key, and changes nothing with another one.
    /// Text becomes NFC; handovers change in nothing else. Values that this version would refuse stay as they are and are listed by id and column, never by
    /// value. Works in batches, also while servers run; a run that was stopped is continued by the next. Safe to repeat.
    Normalise(NormaliseArgs),
    /// Run the timer once and print its actions: for cron, if `timer_seconds` is 0.
    ///
    /// Expires unanswered referrals, suspends referrals that lost their ground, withdraws referrals that were suspended
    /// for too long, sends reminders, and deletes old idempotency keys. Safe to run at the same time as servers and
    /// other runs of `kim tick`.
    Tick(TickArgs),
    /// Print a token of the development issuer, without any other output.
    ///
    /// `kim demo` accepts the token; `kim serve` always refuses it. This command does not check that the agency exists.
    #[command(
        after_help = "Example:\n  curl -H \"Authorization: Bearer $(kim token --agency jobcenter-koeln --role CLERK)\" ..."
    )]
    Token(TokenArgs),
    /// Print the GraphQL schema (SDL): complete, or as one kind of agency and role sees it.
    Schema(SchemaArgs),
    /// Print as Markdown which fields each kind of agency may get at most: the ceiling of the disclosure rule.
    Disclosure,
    /// Work with interface agreements (Schnittstellenvereinbarungen).
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// Load districts, agencies, agreements or cases from a spreadsheet export.
    ///
    /// Recognises semicolon or comma, UTF-8 or Windows-1252, and German or ISO dates. A file that was probably written in
    /// another encoding is refused, unless --encoding names it. The order of the columns does not matter. All valid rows are written in one transaction. Refused rows are reported with line, column, value and
    /// reason, and written to a file that can be sent back. Importing a file again changes nothing.
    Import(ImportArgs),
}

/// Configuration file and database.
#[derive(Args, Clone, Debug, Default)]
pub struct DataArgs {
    /// Configuration file [default: kim.toml, if it exists]. kim.example.toml explains every key.
    #[arg(long, value_name = "FILE", env = "KIM_CONFIG")]
    pub config: Option<PathBuf>,
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite:kim.sqlite].
    // Without clap's `env`, because `--help` would print the variable's value with the password. `Config` reads
    // KIM_DATABASE.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

impl DataArgs {
    /// Reads the configuration for a command that only uses the database.
    ///
    /// # Errors
    /// [`Failure::Usage`] with the wrong key and its source.
    pub fn config(&self) -> Result<Config, Failure> {
        Config::read(self.config.as_deref(), &Flags { database: self.database.clone(), ..Flags::default() })
    }
}

/// `kim serve`
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
    /// Address to listen on; port 0 selects a free port [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Format of the log lines on standard error [default: text].
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}

/// `kim demo`
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Configuration file [default: kim.toml, if it exists]. The demo uses cors_origins, the limits, the timer, metrics,
    /// traces and log; never database, listen, fingerprint_key_file, graphiql or [[issuer]].
    #[arg(long, value_name = "FILE", env = "KIM_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address to listen on; port 0 selects a free port.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Database for the examples. Only an empty database, or one that a demo created, is ever overwritten.
    #[arg(long, value_name = "URL", default_value = "sqlite:.kim-demo/kim.sqlite")]
    pub database: String,
    /// Day to use as the current day, as YYYY-MM-DD [default: today].
    #[arg(long, value_name = "DATE")]
    pub clock: Option<NaiveDate>,
    /// Keep the data of the last demo instead of creating new data.
    #[arg(long)]
    pub keep: bool,
}

/// `kim migrate`
#[derive(Args, Debug)]
pub struct MigrateArgs {
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
    /// Undo all migrations: ALL DATA IS LOST. Does nothing without --yes-delete-all-data.
    #[arg(long)]
    pub down: bool,
    /// Confirm --down.
    #[arg(long, requires = "down")]
    pub yes_delete_all_data: bool,
}

/// `kim normalise`
#[derive(Args, Debug)]
pub struct NormaliseArgs {
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
    /// Renew all fingerprints with a new key, because the former one is lost or known to others. Otherwise a key that made
    /// none of the stored fingerprints is refused.
    #[arg(long)]
    pub new_key: bool,
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
    #[arg(long, value_parser = code_parser::<Role>())]
    pub role: Role,
    /// Scope of the token; may be repeated [default: the usual scopes of the role].
    #[arg(long, value_name = "SCOPE", value_parser = code_parser::<Scope>(), value_delimiter = ' ', num_args = 1..)]
    pub scope: Vec<Scope>,
    /// Lifetime of the token, e.g. 15m, 8h, 30d.
    #[arg(long, value_name = "TIME", value_parser = parse_seconds, default_value = "12h")]
    pub ttl: u64,
    /// Narrow the token to referrals of this purpose; may be repeated.
    #[arg(long, value_name = "PURPOSE", value_parser = code_parser::<ReferralPurpose>(), num_args = 1..)]
    pub purpose: Vec<ReferralPurpose>,
    /// The person or program that uses the token [default: another one for each role and agency].
    #[arg(long, value_name = "NAME")]
    pub subject: Option<String>,
    /// The person on whose behalf a program acts (claim act.sub).
    #[arg(long, value_name = "NAME")]
    pub acting_for: Option<String>,
}

/// `kim schema`
#[derive(Args, Debug)]
pub struct SchemaArgs {
    /// Kind of agency that sees the schema.
    #[arg(long, value_parser = code_parser::<AgencyKind>(), requires = "role")]
    pub kind: Option<AgencyKind>,
    /// Role that sees the schema.
    #[arg(long, value_parser = code_parser::<Role>(), requires = "kind")]
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
    /// The purpose of the agreement.
    #[arg(long, value_name = "PURPOSE", value_parser = code_parser::<ReferralPurpose>())]
    pub purpose: ReferralPurpose,
    /// Version of the agreement [default: the latest].
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<i32>,
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `kim import`
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// Content of the file.
    #[arg(value_enum)]
    pub what: ImportKind,
    /// The file to import.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Configuration and database.
    #[command(flatten)]
    pub data: DataArgs,
    /// Encoding of the file, e.g. windows-1250, windows-1254, macintosh [default: UTF-8 or windows-1252, recognised].
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Heading of a column that is not meant for the import although it looks like one that is. May be repeated.
    #[arg(long = "ignore-column", value_name = "HEADING")]
    pub ignored_columns: Vec<String>,
    /// Check and report without writing anything.
    #[arg(long)]
    pub dry_run: bool,
    /// Change agencies that are known with other content, instead of refusing their rows. Only for agencies.
    #[arg(long)]
    pub update: bool,
    /// Print the report as one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
    /// Import only this agency's own rows, and refuse rows of other agencies.
    #[arg(long, value_name = "SLUG")]
    pub agency: Option<String>,
    /// File for the refused rows, readable only by you [default: NAME.refused.csv in the current directory].
    /// Overwrites an earlier report, but no other file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Day to use as the current day, as YYYY-MM-DD [default: today].
    #[arg(long, value_name = "DATE")]
    pub clock: Option<NaiveDate>,
}

/// Kinds of import files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ImportKind {
    /// Districts of municipalities other than Köln and Duisburg, whose districts are known.
    Districts,
    /// Agencies: the organisational units and their controllers (Verantwortliche).
    Agencies,
    /// Agreements: the fields that each receiver may get for a purpose.
    Agreements,
    /// Cases, each with the referral that the row describes.
    Cases,
}

/// Parses a code of a closed list; the error message and `--help` show the list.
fn code_parser<W: Word>() -> impl TypedValueParser<Value = W> {
    PossibleValuesParser::new(W::ALL.iter().map(|word| word.code()))
        .try_map(|code| W::from_code(&code).ok_or("unknown code"))
}

/// Parses a duration such as `15m` to seconds.
fn parse_seconds(text: &str) -> Result<u64, String> {
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
    fn clap_accepts_the_command_definitions() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        assert_eq!(parse_seconds("90"), Ok(90));
        assert_eq!(parse_seconds("15m"), Ok(900));
        assert_eq!(parse_seconds("8h"), Ok(28_800));
        assert_eq!(parse_seconds("30d"), Ok(2_592_000));
        for wrong in ["", "h", "0", "-1", "1w", "400d", "1.5h", "99999999999999999999", "99999999999999999d", "5 h"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_schema_needs_both_kind_and_role() {
        assert!(Cli::try_parse_from(["kim", "schema", "--kind", "JOBCENTER"]).is_err());
        assert!(Cli::try_parse_from(["kim", "schema", "--role", "CLERK"]).is_err());
        assert!(Cli::try_parse_from(["kim", "schema", "--kind", "JOBCENTER", "--role", "CLERK"]).is_ok());
    }

    #[test]
    fn scopes_are_repeated_flags_or_one_list() {
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
