//! Trusted issuers and their keys. Keys are read at the start, every quarter of an hour, and when a token's key is
//! unknown or its signature does not match. If keys cannot be read, the last ones stay in force. An issuer without keys is
//! out: its tokens are refused, the others' are not, and its keys are tried again each minute.

mod source;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use kim_domain::token::{Issuer, Keys, TokenError, VerifiedToken, Verifier};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::config::IssuerConfig;
use crate::failure::Failure;
use source::Source;

/// Interval in which the keys of an issuer are tried again after a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);
/// All keys are read again after so many of these intervals: every quarter of an hour.
const RETRIES_PER_REFRESH: u32 = 15;
/// Minimum interval between two reads that tokens cause.
const MIN_TOKEN_INTERVAL: Duration = Duration::from_secs(60);
/// The same while the issuer has no keys, so that none of its tokens is accepted.
const MIN_TOKEN_INTERVAL_WITHOUT_KEYS: Duration = Duration::from_secs(10);

/// Maximum number of requests that wait until the keys of their issuer are read. Further ones are refused at once, so that an
/// issuer that does not answer cannot take all connections.
const MAX_WAITING: usize = 64;
/// Maximum time that a request waits for it. The read goes on after that.
const MAX_WAIT: Duration = Duration::from_secs(3);
/// At the start, the time for the other issuers after the first one's keys were read.
const START_WAIT: Duration = Duration::from_secs(2);

/// The trusted issuers.
#[derive(Debug)]
pub struct Issuers {
    verifier: RwLock<Arc<Verifier>>,
    waiting: Semaphore,
    sources: BTreeMap<String, Keyring>,
}

/// The keys of one issuer, to be read again.
#[derive(Debug)]
struct Keyring {
    source: Source,
    /// When a token last caused a read. Locked during each read, so that many tokens cause only one.
    token_read_at: Mutex<Option<Instant>>,
    has_keys: AtomicBool,
    last_read_failed: AtomicBool,
}

/// Whether the keys of an issuer could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerState {
    /// The last read succeeded.
    Current,
    /// The last read failed; the keys of an earlier one are in force.
    OldKeys,
    /// No read has succeeded; all tokens of this issuer are refused.
    NoKeys,
}

impl Issuers {
    /// Issuers of a verifier whose keys never change, for the demo.
    #[must_use]
    pub fn fixed(verifier: Verifier) -> Arc<Self> {
        Arc::new(Self::new(verifier, BTreeMap::new()))
    }

    /// Reads the keys of every configured issuer, and refreshes them as long as the result lives.
    ///
    /// # Errors
    /// [`Failure::Usage`] if there is no issuer, or two with the same `iss`; [`Failure::Failed`] if no issuer's keys can
    /// be read.
    pub async fn load(configs: &[IssuerConfig]) -> Result<Arc<Self>, Failure> {
        if configs.is_empty() {
            return Err(Failure::usage(
                "no trusted issuer: add an [[issuer]] to kim.toml (see kim.example.toml), or use `kim demo` for a trial",
            ));
        }
        let client = source::client()?;
        let (mut trusted, mut sources) = (Vec::new(), BTreeMap::new());
        for config in configs {
            trusted.push(Issuer {
                iss: config.iss.clone(),
                audience: config.audience.clone(),
                keys: Keys::none(),
                agencies: config.allowed_agencies()?,
                claims: config.claim_mapping()?,
            });
            let source = Source { iss: config.iss.clone(), keys: config.source()?, client: client.clone() };
            let keyring = Keyring {
                source,
                token_read_at: Mutex::new(None),
                has_keys: AtomicBool::new(false),
                last_read_failed: AtomicBool::new(false),
            };
            sources.insert(config.iss.clone(), keyring);
        }
        let verifier = Verifier::new(trusted).map_err(Failure::usage)?;
        let issuers = Arc::new(Self::new(verifier, sources));
        issuers.read_first().await?;
        tokio::spawn(refresh_periodically(Arc::downgrade(&issuers)));
        Ok(issuers)
    }

    /// Reads all keys. Returns when they were read, or some time after the first ones were: the other reads go on.
    async fn read_first(self: &Arc<Self>) -> Result<(), Failure> {
        let mut reads = JoinSet::new();
        let all: Vec<String> = self.sources.keys().cloned().collect();
        for iss in all {
            let issuers = Arc::clone(self);
            reads.spawn(async move { issuers.read(issuers.sources.get(&iss)?).await });
        }
        let (mut failures, mut until) = (Vec::new(), None);
        loop {
            let next = match until {
                Some(until) => timeout_at(until, reads.join_next()).await.ok().flatten(),
                None => reads.join_next().await,
            };
            match next {
                Some(Ok(None)) => until = until.or(Some(Instant::now() + START_WAIT)),
                Some(Ok(Some(why))) => failures.push(why),
                Some(Err(_)) => {}
                None => break,
            }
        }
        reads.detach_all();
        if failures.len() == self.sources.len() { Err(Failure::failed(failures.join("; "))) } else { Ok(()) }
    }

    fn new(verifier: Verifier, sources: BTreeMap<String, Keyring>) -> Self {
        Self { verifier: RwLock::new(Arc::new(verifier)), waiting: Semaphore::new(MAX_WAITING), sources }
    }

    /// Verifies a token. If other keys of its issuer could change the result, they are read first.
    ///
    /// # Errors
    /// [`TokenError`]; its text is always the same.
    pub async fn verify(self: &Arc<Self>, token: &str) -> Result<VerifiedToken, TokenError> {
        let verifier = self.current();
        let refused = match verifier.verify(token) {
            Ok(verified) => return Ok(verified),
            Err(refused) => refused,
        };
        match verifier.issuer_with_other_keys(token, refused) {
            Some(iss) => {
                self.wait_for_read(iss).await;
                self.current().verify(token)
            }
            None => Err(refused),
        }
    }

    /// Each issuer that is configured, and whether its keys could be read.
    pub fn states(&self) -> impl Iterator<Item = (&str, IssuerState)> {
        self.sources.iter().map(|(iss, keyring)| (iss.as_str(), keyring.state()))
    }

    fn current(&self) -> Arc<Verifier> {
        Arc::clone(&self.verifier.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until one issuer's keys are read for a token, for a limited time and with a limited number of others.
    async fn wait_for_read(self: &Arc<Self>, iss: &str) {
        let Ok(_place) = self.waiting.try_acquire() else { return };
        let (issuers, iss) = (Arc::clone(self), iss.to_owned());
        // A task of its own, because a client that leaves must not end a read for others.
        let read = tokio::spawn(async move { issuers.read_for_token(&iss).await });
        let _late = timeout(MAX_WAIT, read).await;
    }

    /// Reads one issuer's keys, unless a token caused a read a moment ago. A token that waits for another token's read
    /// causes none of its own.
    async fn read_for_token(&self, iss: &str) {
        let Some(keyring) = self.sources.get(iss) else { return };
        let mut read_at = keyring.token_read_at.lock().await;
        let interval = match keyring.state() {
            IssuerState::NoKeys => MIN_TOKEN_INTERVAL_WITHOUT_KEYS,
            IssuerState::Current | IssuerState::OldKeys => MIN_TOKEN_INTERVAL,
        };
        if read_at.is_none_or(|at| at.elapsed() >= interval) {
            self.replace_keys(keyring).await;
            *read_at = Some(Instant::now());
        }
    }

    /// Reads one issuer's keys. Returns why they cannot be used.
    async fn read(&self, keyring: &Keyring) -> Option<String> {
        let _one_at_a_time = keyring.token_read_at.lock().await;
        self.replace_keys(keyring).await
    }

    async fn replace_keys(&self, keyring: &Keyring) -> Option<String> {
        let Source { iss, .. } = &keyring.source;
        let result = keyring.source.read().await;
        keyring.last_read_failed.store(result.is_err(), Ordering::Relaxed);
        match result {
            Ok(keys) => {
                let mut verifier = self.verifier.write().unwrap_or_else(PoisonError::into_inner);
                *verifier = Arc::new(verifier.with_keys(iss, keys));
                keyring.has_keys.store(true, Ordering::Relaxed);
                None
            }
            Err(why) => {
                let consequence = match keyring.state() {
                    IssuerState::NoKeys => "all its tokens are refused",
                    IssuerState::Current | IssuerState::OldKeys => "the last keys stay in force",
                };
                let place = keyring.source.place();
                tracing::warn!(issuer = iss, place, why, consequence, "the keys of an issuer cannot be read");
                Some(format!("issuer {iss}: cannot read the keys at {place}: {why}"))
            }
        }
    }
}

impl Keyring {
    fn state(&self) -> IssuerState {
        match (self.has_keys.load(Ordering::Relaxed), self.last_read_failed.load(Ordering::Relaxed)) {
            (false, _) => IssuerState::NoKeys,
            (true, true) => IssuerState::OldKeys,
            (true, false) => IssuerState::Current,
        }
    }
}

async fn refresh_periodically(issuers: Weak<Issuers>) {
    for round in 1_u32.. {
        tokio::time::sleep(RETRY_INTERVAL).await;
        let Some(issuers) = issuers.upgrade() else { return };
        retry(&issuers, round % RETRIES_PER_REFRESH == 0).await;
    }
}

/// Reads the keys of the issuers whose last read failed, or of all issuers.
async fn retry(issuers: &Issuers, all: bool) {
    let due = issuers.sources.values().filter(|one| all || one.state() != IssuerState::Current);
    join_all(due.map(|one| issuers.read(one))).await;
}

#[cfg(test)]
mod tests;
