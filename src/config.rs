//! Configuration: defaults < kim.toml < `KIM_*` < flags. Every key is in kim.example.toml; an unknown one is refused.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use kim_casework::clock::Patience;
use kim_domain::token::SpeaksFor;
use poem::http::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::cli::DataArgs;
use crate::failure::Failure;
use crate::http::Limits;
use crate::timer::Timer;

/// Everything that can be configured.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the data is: `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether GraphiQL is served at `/graphiql`.
    pub graphiql: bool,
    /// The origins whose web pages may ask from a browser (CORS); none by default.
    pub cors_origins: Vec<String>,
    /// How long a request may take, in seconds; then its work in the database is given up.
    pub deadline_seconds: u64,
    /// How many requests run at once; one more is refused.
    pub max_requests: usize,
    /// How many connections are open at once; one more waits.
    pub max_connections: usize,
    /// The timer works so often, in seconds; 0: not here.
    pub timer_seconds: u64,
    /// So many working days after its due day an unanswered referral expires.
    pub expire_after_working_days: i16,
    /// Where `/metrics` is, for Prometheus; nowhere by default.
    pub metrics_listen: Option<SocketAddr>,
    /// Where traces are sent: the URL of an OTLP collector (HTTP, protobuf); nowhere by default.
    pub otlp_endpoint: Option<String>,
    /// The file with the key of the fingerprints by which a client is found: 32 bytes in hex.
    pub fingerprint_key_file: Option<PathBuf>,
    /// Text or JSON.
    pub log: LogFormat,
    /// What is logged, in the syntax of `tracing_subscriber::EnvFilter`.
    pub log_filter: String,
    /// Whose tokens are accepted.
    #[serde(default)]
    pub issuer: Vec<IssuerConfig>,
}

/// One issuer of tokens.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The claim `iss`, to the letter.
    pub iss: String,
    /// What the claim `aud` must contain.
    pub audience: String,
    /// Its public keys: the path of a file, or a URL.
    pub jwks: String,
    /// The slugs of the agencies it may speak for, or `*` alone.
    pub agencies: Vec<String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for programs.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: "sqlite:kim.sqlite".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            graphiql: false,
            cors_origins: Vec::new(),
            deadline_seconds: 10,
            max_requests: 128,
            max_connections: 1_024,
            timer_seconds: 60,
            expire_after_working_days: Patience::default().expire_after_working_days,
            metrics_listen: None,
            otlp_endpoint: None,
            fingerprint_key_file: None,
            log: LogFormat::Text,
            log_filter: "info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,poem=warn,hyper=warn,hyper_util=warn,\
                         h2=warn,reqwest=warn,rustls=warn,async_graphql=warn"
                .to_owned(),
            issuer: Vec::new(),
        }
    }
}

/// Flags that stand above the configuration; what is absent changes nothing.
#[derive(Debug, Default, Serialize)]
pub struct Flags {
    /// `--database`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// `--listen`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// `--log`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogFormat>,
}

impl Config {
    /// Reads the configuration for a command that only touches data.
    ///
    /// # Errors
    /// [`Failure::Usage`] that names the key and where it stands.
    pub fn for_data(args: &DataArgs) -> Result<Self, Failure> {
        Self::read(args.config.as_deref(), &Flags { database: args.database.clone(), ..Flags::default() })
    }

    /// Reads the configuration: defaults, file, environment, flags.
    ///
    /// # Errors
    /// [`Failure::Usage`] that names the key and where it stands.
    pub fn read(file: Option<&Path>, flags: &Flags) -> Result<Self, Failure> {
        if let Some(file) = file.filter(|file| !file.is_file()) {
            return Err(Failure::usage(format!("there is no configuration file {}", file.display())));
        }
        // In this directory alone: a kim.toml further up is somebody else's.
        let file = file.or(Some(Path::new("kim.toml")).filter(|file| file.is_file()));
        let defaults = Figment::from(Serialized::defaults(Self::default()));
        let config: Self = match file {
            Some(file) => defaults.merge(Toml::file_exact(file)),
            None => defaults,
        }
        .merge(Env::prefixed("KIM_").filter(is_key))
        .merge(Serialized::defaults(flags))
        .extract()
        .map_err(explain)?;
        for issuer in &config.issuer {
            issuer.check()?;
        }
        config.limits()?;
        config.check_timer()?;
        Ok(config)
    }
}

impl Config {
    /// What the front door takes.
    ///
    /// # Errors
    /// [`Failure::Usage`] for an origin that is none, or a limit that lets nothing through.
    pub fn limits(&self) -> Result<Limits, Failure> {
        let origins = self.cors_origins.iter().map(|origin| origin_of(origin)).collect::<Result<_, _>>()?;
        for (key, value) in [("max_requests", self.max_requests), ("max_connections", self.max_connections)] {
            if !(1..=MOST_AT_ONCE).contains(&value) {
                return Err(Failure::usage(format!("configuration key \"{key}\": between 1 and {MOST_AT_ONCE}")));
            }
        }
        if !(1..=3_600).contains(&self.deadline_seconds) {
            return Err(Failure::usage("configuration key \"deadline_seconds\": between 1 and 3600"));
        }
        Ok(Limits {
            origins,
            deadline: Duration::from_secs(self.deadline_seconds),
            requests: self.max_requests,
            connections: self.max_connections,
        })
    }
}

impl Config {
    /// How patient the clock is.
    #[must_use]
    pub const fn patience(&self) -> Patience {
        Patience { expire_after_working_days: self.expire_after_working_days }
    }

    /// The timer, if it runs here.
    #[must_use]
    pub fn timer(&self) -> Option<Timer> {
        let every = Duration::from_secs(self.timer_seconds);
        (!every.is_zero()).then_some(Timer { every, patience: self.patience() })
    }

    fn check_timer(&self) -> Result<(), Failure> {
        if self.timer_seconds > 86_400 {
            return Err(Failure::usage("configuration key \"timer_seconds\": between 0 (off) and 86400"));
        }
        if !(1..=250).contains(&self.expire_after_working_days) {
            return Err(Failure::usage("configuration key \"expire_after_working_days\": between 1 and 250"));
        }
        Ok(())
    }
}

const MOST_AT_ONCE: usize = 1_000_000;

/// An origin as browsers write it: scheme, host and port, nothing after them. `*` is none: who asks is named.
fn origin_of(text: &str) -> Result<HeaderValue, Failure> {
    let refused = || {
        Failure::usage(format!(
            "configuration key \"cors_origins\": \"{text}\" is no origin; write https://dashboard.example, without a path"
        ))
    };
    let url: reqwest::Url = text.parse().map_err(|_| refused())?;
    let origin = url.origin();
    if !matches!(url.scheme(), "http" | "https") || origin.ascii_serialization() != text {
        return Err(refused());
    }
    HeaderValue::from_str(text).map_err(|_| refused())
}

/// Two kinds of variable begin with `KIM_` and are no keys: the file's own place, and what our tests are told.
fn is_key(name: &figment::value::UncasedStr) -> bool {
    name != "config" && !name.starts_with("test_")
}

/// The first mistake, in words that name key and source.
fn explain(error: figment::Error) -> Failure {
    let place = error.metadata.as_ref().map_or_else(String::new, |metadata| match &metadata.source {
        Some(source) => format!(" in {source}"),
        None => format!(" in {}", metadata.name),
    });
    let path = error.path.join(".");
    Failure::usage(match &error.kind {
        Kind::UnknownField(name, known) => {
            format!("unknown configuration key \"{name}\"{place}; known are {}", known.join(", "))
        }
        Kind::MissingField(name) => format!("configuration key \"{name}\" is missing{place}"),
        Kind::InvalidType(..)
        | Kind::InvalidValue(..)
        | Kind::InvalidLength(..)
        | Kind::UnknownVariant(..)
        | Kind::DuplicateField(_)
        | Kind::ISizeOutOfRange(_)
        | Kind::USizeOutOfRange(_)
        | Kind::Unsupported(_)
        | Kind::UnsupportedKey(..)
        | Kind::Message(_) => format!("configuration key \"{path}\"{place}: {}", error.kind),
    })
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A URL: https, or http on this machine.
    Url(reqwest::Url),
}

impl IssuerConfig {
    fn check(&self) -> Result<(), Failure> {
        if self.iss == crate::development::ISS {
            return Err(Failure::usage(format!(
                "issuer {}: this is the development issuer, whose key is public; `kim serve` never trusts it",
                self.iss
            )));
        }
        if self.iss.is_empty() || self.audience.is_empty() {
            return Err(Failure::usage("an issuer needs \"iss\" and \"audience\""));
        }
        self.source()?;
        self.speaks_for().map(drop)
    }

    /// For whom it speaks.
    ///
    /// # Errors
    /// [`Failure::Usage`] when that is nobody, or all and some.
    pub fn speaks_for(&self) -> Result<SpeaksFor, Failure> {
        let slugs: BTreeSet<String> = self.agencies.iter().cloned().collect();
        if slugs.is_empty() || slugs.contains("") || (slugs.contains("*") && slugs.len() > 1) {
            return Err(Failure::usage(format!(
                "issuer {}: \"agencies\" lists the slugs it may speak for, or \"*\" alone",
                self.iss
            )));
        }
        Ok(if slugs.contains("*") { SpeaksFor::All } else { SpeaksFor::Agencies(slugs) })
    }

    /// Where its keys are.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the URL is none, or would fetch keys over an open line.
    pub fn source(&self) -> Result<KeySource, Failure> {
        if !self.jwks.contains("://") {
            return Ok(KeySource::File(PathBuf::from(&self.jwks)));
        }
        let url: reqwest::Url = self
            .jwks
            .parse()
            .map_err(|error| Failure::usage(format!("issuer {}: \"jwks\" is no URL: {error}", self.iss)))?;
        match url.scheme() {
            "https" => Ok(KeySource::Url(url)),
            "http" if url.host_str().is_some_and(is_this_machine) => Ok(KeySource::Url(url)),
            _ => Err(Failure::usage(format!(
                "issuer {}: \"jwks\" must be a file or an https URL (http only on this machine)",
                self.iss
            ))),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
