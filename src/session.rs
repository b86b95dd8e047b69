//! Sessions of people who signed in with a browser. The tokens stay on the server; the browser has a cookie with a random
//! text, of which the database has only the hash.

mod seal;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kim_domain::fingerprint::hex;
use kim_domain::token::VerifiedToken;
use kim_entity::DbErr;
use kim_entity::browser_session::Model;
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::sessions::Lasting;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use seal::Seal;

/// An act is recorded if the last one that is recorded was so long ago, so that most requests write nothing.
const ACT_RECORDED_EVERY: Duration = Duration::from_secs(60);

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionPeriods {
    /// Without an act of the person.
    pub(crate) idle: Duration,
    /// At the longest.
    pub(crate) longest: Duration,
}

impl SessionPeriods {
    /// Which sessions last at the moment.
    pub(crate) fn lasting(self) -> Lasting {
        let now = now();
        Lasting { now, idle_since: now.saturating_sub(micros(self.idle)) }
    }
}

impl Default for SessionPeriods {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30 * 60), longest: Duration::from_secs(10 * 3_600) }
    }
}

/// What the issuer gave for a session.
#[derive(Deserialize, Serialize)]
pub(crate) struct Tokens {
    /// The token with which every request of the session is verified and admitted, like a bearer token.
    pub(crate) access: String,
}

/// A session that has not ended.
pub(crate) struct Session {
    row: Model,
    /// Names the session without giving access to it: the page says for which session it was loaded.
    pub(crate) tag: String,
    pub(crate) tokens: Tokens,
    /// When it ends if the person does nothing more; microseconds since 1970.
    pub(crate) idle_ends_at: i64,
}

impl Session {
    /// When it ends at the latest; microseconds since 1970.
    pub(crate) const fn ends_at(&self) -> i64 {
        self.row.ends_at
    }
}

/// The text in a browser's cookie: 32 random bytes in hexadecimal.
pub(crate) struct CookieText(String);

impl CookieText {
    fn random() -> Self {
        Self(hex(&rand::random::<[u8; 32]>()))
    }

    /// The text of a cookie. `None` if it is none of ours.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_ours = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_ours.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn id(&self) -> String {
        hex(&Sha256::digest(&self.0))
    }

    fn tag(&self) -> String {
        hex(&Sha256::digest(format!("tag {}", self.0))[..8])
    }
}

/// The sessions of one server's database.
#[derive(Debug)]
pub(crate) struct BrowserSessions {
    database: Database,
    seal: Seal,
    periods: SessionPeriods,
}

impl BrowserSessions {
    /// `key` encrypts tokens. Servers of one database need the same one.
    ///
    /// # Errors
    /// [`Failure::Failed`] if the cryptography does not work on this machine.
    pub(crate) fn new(database: Database, key: &[u8; 32], periods: SessionPeriods) -> Result<Self, Failure> {
        Ok(Self { database, seal: Seal::new(key).map_err(Failure::failed)?, periods })
    }

    /// Begins a session of the person whom a token names. It replaces the browser's former one.
    pub(crate) async fn begin(
        &self,
        person: &VerifiedToken,
        tokens: Tokens,
        former: Option<&CookieText>,
    ) -> Result<(CookieText, Session), SessionError> {
        let (cookie, now) = (CookieText::random(), now());
        let text = serde_json::to_vec(&tokens).map_err(|_| SessionError::Sealing)?;
        let id = cookie.id();
        let row = Model {
            issuer: person.issuer().to_owned(),
            subject: person.subject().to_owned(),
            agency: person.agency_slug().to_owned(),
            role: Code(person.role()),
            tokens: self.seal.seal(&id, &text).map_err(|_| SessionError::Sealing)?,
            began_at: now,
            acted_at: now,
            ends_at: now.saturating_add(micros(self.periods.longest)),
            id,
        };
        self.database.sessions().begin(row.clone(), former.map(CookieText::id).as_deref()).await?;
        let session = self.session(&cookie, row, tokens);
        Ok((cookie, session))
    }

    /// The browser's session, if it has not ended. One whose tokens were sealed with another key has.
    pub(crate) async fn find(&self, cookie: &CookieText) -> Result<Option<Session>, SessionError> {
        let Some(row) = self.database.sessions().find(&cookie.id(), self.periods.lasting()).await? else {
            return Ok(None);
        };
        let text = self.seal.open(&row.id, &row.tokens).ok();
        let tokens = text.and_then(|text| serde_json::from_slice(&text).ok());
        Ok(tokens.map(|tokens| self.session(cookie, row, tokens)))
    }

    /// Records an act of the person, which prolongs the session.
    pub(crate) async fn acted(&self, session: &mut Session) -> Result<(), SessionError> {
        let now = now();
        if now - session.row.acted_at >= micros(ACT_RECORDED_EVERY) {
            self.database.sessions().acted(&session.row.id, now).await?;
            session.row.acted_at = now;
            session.idle_ends_at = self.idle_end(&session.row);
        }
        Ok(())
    }

    pub(crate) async fn end(&self, cookie: &CookieText) -> Result<(), SessionError> {
        self.database.sessions().end(&cookie.id()).await?;
        Ok(())
    }

    fn session(&self, cookie: &CookieText, row: Model, tokens: Tokens) -> Session {
        Session { tag: cookie.tag(), tokens, idle_ends_at: self.idle_end(&row), row }
    }

    fn idle_end(&self, row: &Model) -> i64 {
        row.acted_at.saturating_add(micros(self.periods.idle)).min(row.ends_at)
    }
}

/// Why a session could not be begun or found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the database does not answer")]
    Database(#[from] DbErr),
    #[error("the tokens cannot be encrypted")]
    Sealing,
}

fn micros(period: Duration) -> i64 {
    i64::try_from(period.as_micros()).unwrap_or(i64::MAX)
}

/// The machine's time, by which tokens expire too. The office's clock may be set back for a demonstration.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros)
}
