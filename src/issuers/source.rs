//! Reads the keys of one issuer: from a file, a URL, or by OpenID discovery.

use std::path::Path;
use std::time::Duration;

use kim_domain::token::Keys;
use serde::Deserialize;

use crate::config::{KeySource, encrypted};
use crate::failure::Failure;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum size of a JWK set or an OpenID configuration in bytes. Usual ones have a few kilobytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// Source of one issuer's keys.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) iss: String,
    pub(super) keys: KeySource,
    pub(super) client: reqwest::Client,
}

/// The part of an OpenID configuration that is needed (OpenID Connect Discovery 1.0, 3).
#[derive(Deserialize)]
struct OpenIdConfiguration {
    issuer: String,
    jwks_uri: String,
}

/// An HTTP client without redirects, so that keys are only fetched from the configured URL.
pub(super) fn client() -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(RESPONSE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kim/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Failure::failed)
}

impl Source {
    /// Reads the keys, and says otherwise why they cannot be used.
    pub(super) async fn read(&self) -> Result<Keys, String> {
        let jwks = match &self.keys {
            KeySource::File(path) => read_file(path).await?,
            KeySource::Url(url) => self.fetch(url.clone()).await?,
            KeySource::Discovery(url) => self.fetch(self.discover(url.clone()).await?).await?,
        };
        if String::from_utf8_lossy(&jwks).contains(crate::development::PUBLIC_KEY) {
            return Err("they contain the development issuer's key, which is public".to_owned());
        }
        Keys::from_jwks(&jwks).map_err(|error| error.to_string())
    }

    /// The place of the keys, as messages name it.
    pub(super) fn place(&self) -> String {
        match &self.keys {
            KeySource::File(path) => path.display().to_string(),
            KeySource::Url(url) | KeySource::Discovery(url) => url.to_string(),
        }
    }

    /// The URL of the keys in the OpenID configuration, which must be this issuer's own (OpenID Connect Discovery 1.0,
    /// 4.3).
    async fn discover(&self, url: reqwest::Url) -> Result<reqwest::Url, String> {
        let found: OpenIdConfiguration = serde_json::from_slice(&self.fetch(url).await?)
            .map_err(|_| "the answer is not an OpenID configuration with \"issuer\" and \"jwks_uri\"".to_owned())?;
        if found.issuer != self.iss {
            return Err(format!("the OpenID configuration is that of the issuer {}", found.issuer));
        }
        encrypted(&found.jwks_uri)
            .ok_or_else(|| format!("\"jwks_uri\" is not an https URL (http only on this machine): {}", found.jwks_uri))
    }

    async fn fetch(&self, url: reqwest::Url) -> Result<Vec<u8>, String> {
        let mut response = self.client.get(url).send().await.map_err(|error| root_cause(&error))?;
        if !response.status().is_success() {
            return Err(format!("the answer is {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| root_cause(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(format!("the answer is longer than {MAX_BYTES} bytes"));
            }
        }
        Ok(body)
    }
}

async fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let size = tokio::fs::metadata(path).await.map_err(|error| error.to_string())?.len();
    if usize::try_from(size).is_ok_and(|size| size <= MAX_BYTES) {
        tokio::fs::read(path).await.map_err(|error| error.to_string())
    } else {
        Err(format!("the file is longer than {MAX_BYTES} bytes"))
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
