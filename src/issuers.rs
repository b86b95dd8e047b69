//! Trusted issuers and their keys. Keys are fetched at the start, every quarter of an hour, and at most once a minute
//! when a token has an unknown key. If keys cannot be fetched, the last ones stay in force.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kim_domain::token::{Issuer, Keys, TokenError, VerifiedToken, Verifier};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::{IssuerConfig, KeySource};
use crate::failure::Failure;

const REFRESH_INTERVAL: Duration = Duration::from_secs(15 * 60);
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum size of a JWK set in bytes. A usual set has a few kilobytes.
const MAX_JWKS_BYTES: usize = 256 * 1024;

/// The trusted issuers.
#[derive(Debug)]
pub struct Issuers {
    verifier: RwLock<Arc<Verifier>>,
    sources: BTreeMap<String, Source>,
}

/// Source of one issuer's keys.
#[derive(Debug)]
struct Source {
    keys: KeySource,
    client: reqwest::Client,
    /// Time of the last fetch. Locked during a fetch, so that many tokens with unknown keys cause only one request.
    fetched_at: Mutex<Instant>,
}

impl Issuers {
    /// Issuers of a verifier whose keys never change, for the demo.
    #[must_use]
    pub fn fixed(verifier: Verifier) -> Arc<Self> {
        Arc::new(Self { verifier: RwLock::new(Arc::new(verifier)), sources: BTreeMap::new() })
    }

    /// Reads the keys of every configured issuer, and refreshes them as long as the result lives.
    ///
    /// # Errors
    /// [`Failure::Usage`] if there is no issuer, or two with the same `iss`; [`Failure::Failed`] if keys
    /// cannot be read.
    pub async fn load(configs: &[IssuerConfig]) -> Result<Arc<Self>, Failure> {
        if configs.is_empty() {
            return Err(Failure::usage(
                "no trusted issuer: add an [[issuer]] to kim.toml (see kim.example.toml), or use `kim demo` for a trial",
            ));
        }
        let client = client()?;
        let mut issuers = Vec::new();
        let mut sources = BTreeMap::new();
        for config in configs {
            let source =
                Source { keys: config.source()?, client: client.clone(), fetched_at: Mutex::new(Instant::now()) };
            let keys = source.read().await.map_err(|why| {
                Failure::failed(format!("issuer {}: cannot read the keys at {}: {why}", config.iss, config.jwks))
            })?;
            issuers.push(Issuer {
                iss: config.iss.clone(),
                audience: config.audience.clone(),
                keys,
                agencies: config.allowed_agencies()?,
            });
            sources.insert(config.iss.clone(), source);
        }
        let verifier = Verifier::new(issuers).map_err(Failure::usage)?;
        let issuers = Arc::new(Self { verifier: RwLock::new(Arc::new(verifier)), sources });
        tokio::spawn(refresh_periodically(Arc::downgrade(&issuers)));
        Ok(issuers)
    }

    /// Verifies a token. If its key is unknown, the issuer's keys are refreshed first.
    ///
    /// # Errors
    /// [`TokenError`]; its text is always the same.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, TokenError> {
        let verifier = self.current();
        match (verifier.verify(token), verifier.issuer_with_unknown_key(token)) {
            (Err(_), Some(iss)) => {
                self.refresh(iss).await;
                self.current().verify(token)
            }
            (result, _) => result,
        }
    }

    fn current(&self) -> Arc<Verifier> {
        Arc::clone(&self.verifier.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fetches one issuer's keys again, unless they were fetched within the last minute.
    async fn refresh(&self, iss: &str) {
        let Some(source) = self.sources.get(iss) else { return };
        let mut fetched_at = source.fetched_at.lock().await;
        if fetched_at.elapsed() < MIN_REFRESH_INTERVAL {
            return;
        }
        *fetched_at = Instant::now();
        match source.read().await {
            Ok(keys) => {
                let mut verifier = self.verifier.write().unwrap_or_else(PoisonError::into_inner);
                *verifier = Arc::new(verifier.with_keys(iss, keys));
            }
            Err(why) => {
                tracing::warn!(issuer = iss, why, "the issuer's keys could not be fetched; the last ones stay in force")
            }
        }
    }
}

async fn refresh_periodically(issuers: std::sync::Weak<Issuers>) {
    loop {
        tokio::time::sleep(REFRESH_INTERVAL).await;
        let Some(issuers) = issuers.upgrade() else { return };
        for iss in issuers.sources.keys() {
            issuers.refresh(iss).await;
        }
    }
}

/// An HTTP client without redirects, so that keys are only fetched from the configured URL.
fn client() -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(RESPONSE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kim/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Failure::failed)
}

impl Source {
    async fn read(&self) -> Result<Keys, String> {
        let jwks = match &self.keys {
            KeySource::File(path) => read_file(path).await?,
            KeySource::Url(url) => self.fetch(url.clone()).await?,
        };
        if String::from_utf8_lossy(&jwks).contains(crate::development::PUBLIC_KEY) {
            return Err("they contain the development issuer's key, which is public".to_owned());
        }
        Keys::from_jwks(&jwks).map_err(|error| error.to_string())
    }

    async fn fetch(&self, url: reqwest::Url) -> Result<Vec<u8>, String> {
        let mut response = self.client.get(url).send().await.map_err(|error| root_cause(&error))?;
        if !response.status().is_success() {
            return Err(format!("the answer is {}", response.status()));
        }
        let mut jwks = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| root_cause(&error))? {
            jwks.extend_from_slice(&chunk);
            if jwks.len() > MAX_JWKS_BYTES {
                return Err(format!("the answer is longer than {MAX_JWKS_BYTES} bytes"));
            }
        }
        Ok(jwks)
    }
}

async fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let size = tokio::fs::metadata(path).await.map_err(|error| error.to_string())?.len();
    if usize::try_from(size).is_ok_and(|size| size <= MAX_JWKS_BYTES) {
        tokio::fs::read(path).await.map_err(|error| error.to_string())
    } else {
        Err(format!("the file is longer than {MAX_JWKS_BYTES} bytes"))
    }
}

/// The innermost cause of an HTTP error. The outer text only says that the request failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
