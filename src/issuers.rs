//! Whose tokens are accepted, with their keys kept fresh: read at the start, every quarter of an hour, and, at most
//! once a minute, when a token names a key that is not known yet. Keys that cannot be read leave the last ones in force.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kim_domain::token::{Issuer, Keys, Refused, VerifiedToken, Verifier};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::{IssuerConfig, KeySource};
use crate::failure::Failure;

const REFRESH_EVERY: Duration = Duration::from_secs(15 * 60);
const AT_MOST_EVERY: Duration = Duration::from_secs(60);
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A key set is some kilobytes; more is no key set.
const LARGEST: usize = 256 * 1024;

/// The issuers we trust.
#[derive(Debug)]
pub struct Issuers {
    verifier: RwLock<Arc<Verifier>>,
    sources: BTreeMap<String, Source>,
}

/// Where one issuer's keys come from.
#[derive(Debug)]
struct Source {
    keys: KeySource,
    client: reqwest::Client,
    /// Held while reading, so that a crowd of tokens with unknown keys causes one request.
    read_at: Mutex<Instant>,
}

impl Issuers {
    /// Trusts a verifier whose keys never change: the demo's.
    #[must_use]
    pub fn fixed(verifier: Verifier) -> Arc<Self> {
        Arc::new(Self { verifier: RwLock::new(Arc::new(verifier)), sources: BTreeMap::new() })
    }

    /// Reads the keys of every configured issuer, and keeps them fresh as long as the result lives.
    ///
    /// # Errors
    /// [`Failure::Usage`] without an issuer, or with one twice; [`Failure::Failed`] when keys cannot be read.
    pub async fn load(configs: &[IssuerConfig]) -> Result<Arc<Self>, Failure> {
        if configs.is_empty() {
            return Err(Failure::usage(
                "no issuer to trust: add an [[issuer]] to kim.toml (see kim.example.toml), or use `kim demo` to look around",
            ));
        }
        let client = client()?;
        let mut issuers = Vec::new();
        let mut sources = BTreeMap::new();
        for config in configs {
            let source = Source { keys: config.source()?, client: client.clone(), read_at: Mutex::new(Instant::now()) };
            let keys = source.read().await.map_err(|why| {
                Failure::failed(format!("issuer {}: cannot read the keys at {}: {why}", config.iss, config.jwks))
            })?;
            issuers.push(Issuer {
                iss: config.iss.clone(),
                audience: config.audience.clone(),
                keys,
                agencies: config.speaks_for()?,
            });
            sources.insert(config.iss.clone(), source);
        }
        let verifier = Verifier::new(issuers).map_err(Failure::usage)?;
        let issuers = Arc::new(Self { verifier: RwLock::new(Arc::new(verifier)), sources });
        tokio::spawn(keep_fresh(Arc::downgrade(&issuers)));
        Ok(issuers)
    }

    /// Checks a token; if it names a key that a trusted issuer may have since we last looked, looks again first.
    ///
    /// # Errors
    /// [`Refused`], always the same to the outside.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, Refused> {
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

    /// Reads one issuer's keys again, unless that was done within the last minute.
    async fn refresh(&self, iss: &str) {
        let Some(source) = self.sources.get(iss) else { return };
        let mut read_at = source.read_at.lock().await;
        if read_at.elapsed() < AT_MOST_EVERY {
            return;
        }
        *read_at = Instant::now();
        match source.read().await {
            Ok(keys) => {
                let mut verifier = self.verifier.write().unwrap_or_else(PoisonError::into_inner);
                *verifier = Arc::new(verifier.with_keys(iss, keys));
            }
            Err(why) => {
                tracing::warn!(issuer = iss, why, "the issuer's keys cannot be read; the last ones stay in force")
            }
        }
    }
}

async fn keep_fresh(issuers: std::sync::Weak<Issuers>) {
    loop {
        tokio::time::sleep(REFRESH_EVERY).await;
        let Some(issuers) = issuers.upgrade() else { return };
        for iss in issuers.sources.keys() {
            issuers.refresh(iss).await;
        }
    }
}

/// Follows no redirect: the keys are where the configuration says, and nowhere else.
fn client() -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
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
            return Err("the development issuer's key is among them, and that key is public".to_owned());
        }
        Keys::from_jwks(&jwks).map_err(|error| error.to_string())
    }

    async fn fetch(&self, url: reqwest::Url) -> Result<Vec<u8>, String> {
        let mut response = self.client.get(url).send().await.map_err(|error| innermost(&error))?;
        if !response.status().is_success() {
            return Err(format!("the answer is {}", response.status()));
        }
        let mut jwks = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
            jwks.extend_from_slice(&chunk);
            if jwks.len() > LARGEST {
                return Err(format!("the answer is longer than {LARGEST} bytes"));
            }
        }
        Ok(jwks)
    }
}

async fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let size = tokio::fs::metadata(path).await.map_err(|error| error.to_string())?.len();
    if usize::try_from(size).is_ok_and(|size| size <= LARGEST) {
        tokio::fs::read(path).await.map_err(|error| error.to_string())
    } else {
        Err(format!("the file is longer than {LARGEST} bytes"))
    }
}

/// An HTTP error's cause: its outer text only says that there was one.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
