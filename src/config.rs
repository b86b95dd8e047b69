//! Configuration. Flags override `KIM_*` variables, these override kim.toml, and kim.toml overrides the defaults.
//! kim.example.toml contains every key. Unknown keys are refused.

mod issuer;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use kim_casework::timer::TimerPeriods;
use poem::http::HeaderValue;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::failure::Failure;

pub(crate) use issuer::encrypted;
pub use issuer::{ClaimNames, ClaimValues, IssuerConfig, KeySource};

/// The complete configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// URL of the database: `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Whether GraphiQL is served at `/graphiql`.
    pub graphiql: bool,
    /// Origins of web pages that may send requests from a browser (CORS); none by default.
    #[serde(deserialize_with = "empty_is_no_list")]
    pub cors_origins: Vec<String>,
    /// Maximum duration of a request in seconds. Then its database statements are cancelled.
    pub deadline_seconds: u64,
    /// Maximum number of requests that run or wait; further ones are refused.
    pub max_requests: usize,
    /// Maximum number of open connections; further ones wait.
    pub max_connections: usize,
    /// Interval of the timer in seconds; 0 disables the timer of this server.
    pub timer_seconds: u64,
    /// Working days after the due date of an answer, after which an unanswered referral expires.
    pub expire_after_working_days: i16,
    /// Address of Prometheus's `/metrics`; off by default.
    #[serde(default, deserialize_with = "empty_is_none")]
    pub metrics_listen: Option<SocketAddr>,
    /// URL of an OTLP collector (HTTP, protobuf) that receives traces; off by default.
    #[serde(default, deserialize_with = "empty_is_none")]
    pub otlp_endpoint: Option<String>,
    /// File with the key of the clients' fingerprints: 32 bytes in hex.
    #[serde(default, deserialize_with = "empty_is_none")]
    pub fingerprint_key_file: Option<PathBuf>,
    /// Format of the log lines.
    pub log: LogFormat,
    /// Log filter, in the syntax of `tracing_subscriber::EnvFilter`.
    pub log_filter: String,
    /// Trusted issuers of tokens.
    #[serde(default)]
    pub issuer: Vec<IssuerConfig>,
}

/// An optional value. An empty text is none, so that an environment variable can take back what kim.toml sets.
fn empty_is_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

/// A list. An empty text is an empty one, so that an environment variable can take back what kim.toml sets.
fn empty_is_no_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a list of texts, such as [\"https://dashboard.example\"]")]
    enum Given {
        List(Vec<String>),
        Text(String),
    }
    match Given::deserialize(deserializer)? {
        Given::List(list) => Ok(list),
        Given::Text(text) if text.is_empty() => Ok(Vec::new()),
        Given::Text(_) => Err(D::Error::custom("expected a list, such as [\"https://dashboard.example\"]")),
    }
}

/// Format of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines of text, for people.
    Text,
    /// One JSON object per line, for programs.
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
            expire_after_working_days: TimerPeriods::default().expire_after_working_days,
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

/// Limits and allowed origins of the HTTP server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Origins of web pages that may send requests from a browser.
    pub origins: Vec<HeaderValue>,
    /// Maximum duration of a request.
    pub deadline: Duration,
    /// Maximum number of requests that run or wait.
    pub requests: usize,
    /// Of them, the maximum number that run: as many as there are connections of the database.
    pub running: usize,
    /// Maximum number of open connections.
    pub connections: usize,
}

/// Flags that override the configuration. Absent flags change nothing.
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
    /// Reads the configuration from the defaults, the file, the environment and the flags.
    ///
    /// # Errors
    /// [`Failure::Usage`] with the wrong key and its source.
    pub fn read(file: Option<&Path>, flags: &Flags) -> Result<Self, Failure> {
        Self::read_over(&Self::default(), file, flags)
    }

    /// As [`read`](Self::read), with other defaults.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_over(defaults: &Self, file: Option<&Path>, flags: &Flags) -> Result<Self, Failure> {
        if let Some(file) = file.filter(|file| !file.is_file()) {
            return Err(Failure::usage(format!("the configuration file {} does not exist", file.display())));
        }
        // Only the current directory is searched: a kim.toml in a parent directory belongs to something else.
        let file = file.or(Some(Path::new("kim.toml")).filter(|file| file.is_file()));
        let defaults = Figment::from(Serialized::defaults(defaults));
        let config: Self = match file {
            Some(file) => defaults.merge(Toml::file_exact(file)),
            None => defaults,
        }
        .merge(Env::prefixed("KIM_").filter(is_config_key))
        .merge(Serialized::defaults(flags))
        .extract()
        .map_err(to_failure)?;
        for issuer in &config.issuer {
            issuer.check()?;
        }
        config.limits()?;
        config.check_timer()?;
        Ok(config)
    }
}

impl Config {
    /// Limits and allowed origins of the HTTP server.
    ///
    /// # Errors
    /// [`Failure::Usage`] for an invalid origin, or a limit that is 0 or too large.
    pub fn limits(&self) -> Result<Limits, Failure> {
        let origins = self.cors_origins.iter().map(|origin| parse_origin(origin)).collect::<Result<_, _>>()?;
        for (key, value) in [("max_requests", self.max_requests), ("max_connections", self.max_connections)] {
            if !(1..=MAX_CONCURRENCY).contains(&value) {
                return Err(Failure::usage(format!("configuration key \"{key}\": between 1 and {MAX_CONCURRENCY}")));
            }
        }
        if !(1..=3_600).contains(&self.deadline_seconds) {
            return Err(Failure::usage("configuration key \"deadline_seconds\": between 1 and 3600"));
        }
        Ok(Limits {
            origins,
            deadline: Duration::from_secs(self.deadline_seconds),
            requests: self.max_requests,
            running: self.max_requests,
            connections: self.max_connections,
        })
    }
}

impl Config {
    /// The timer's periods.
    #[must_use]
    pub const fn timer_periods(&self) -> TimerPeriods {
        TimerPeriods { expire_after_working_days: self.expire_after_working_days }
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

const MAX_CONCURRENCY: usize = 1_000_000;

/// Parses an origin in the browsers' format: scheme, host and port without a path. `*` is refused, because every
/// allowed origin must be named.
fn parse_origin(text: &str) -> Result<HeaderValue, Failure> {
    let refused = || {
        Failure::usage(format!(
            "configuration key \"cors_origins\": \"{text}\" is not an origin; write for example https://dashboard.example, without a path"
        ))
    };
    let url: reqwest::Url = text.parse().map_err(|_| refused())?;
    let origin = url.origin();
    if !matches!(url.scheme(), "http" | "https") || origin.ascii_serialization() != text {
        return Err(refused());
    }
    HeaderValue::from_str(text).map_err(|_| refused())
}

/// Whether a variable `KIM_*` is a configuration key. `KIM_CONFIG` (the file's path) and `KIM_TEST_*` are not.
fn is_config_key(name: &figment::value::UncasedStr) -> bool {
    name != "config" && !name.starts_with("test_")
}

/// The first error, with its key and source.
fn to_failure(error: figment::Error) -> Failure {
    let place = error.metadata.as_ref().map_or_else(String::new, |metadata| match &metadata.source {
        Some(source) => format!(" in {source}"),
        None => format!(" in {}", metadata.name),
    });
    let path = error.path.join(".");
    Failure::usage(match &error.kind {
        Kind::UnknownField(name, known) => {
            format!("unknown configuration key \"{name}\"{place}; known keys: {}", known.join(", "))
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

#[cfg(test)]
mod tests;
