//! ID tokens, by which an issuer tells a client who has signed in (OpenID Connect Core 1.0, 3.1.3.7). They give no access.

use serde_json::Value;

use super::claims::{self, Claims};
use super::{TokenError, Verifier};

/// What the ID token of a sign-in must say.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// The issuer where the person signed in.
    pub iss: &'a str,
    /// This program, as the issuer knows it.
    pub client_id: &'a str,
    /// The random text that the sign-in began with. It binds the token to the browser.
    pub nonce: &'a str,
}

/// Who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdToken {
    /// The person (`sub`), as the issuer names it.
    pub subject: String,
    /// The issuer's own session (`sid`), which a back-channel logout names.
    pub session: Option<String>,
}

impl Verifier {
    /// Checks the ID token of a sign-in: signature, issuer, audience, times, and that it belongs to this sign-in.
    ///
    /// # Errors
    /// [`TokenError`]; its text is always the same.
    pub fn verify_id_token(&self, token: &str, sign_in: SignIn<'_>) -> Result<IdToken, TokenError> {
        let (issuer, header) = self.issuer_of(token)?;
        // The answer of one issuer's token endpoint must not be another issuer's token.
        if issuer.iss != sign_in.iss {
            return Err(TokenError::new("iss", "is not the issuer of the sign-in"));
        }
        let found = issuer.verified_claims(token, &header, sign_in.client_id)?;
        refuse_other_use(&found)?;
        require_party(&found, sign_in.client_id)?;
        if found.get("nonce").and_then(Value::as_str) != Some(sign_in.nonce) {
            return Err(TokenError::new("nonce", "is not that of the sign-in"));
        }
        if !found.get("iat").is_some_and(Value::is_number) {
            return Err(TokenError::new("iat", "is missing or no number"));
        }
        let session = found.get("sid").map(|sid| claims::subject("sid", Some(sid))).transpose()?;
        Ok(IdToken { subject: claims::subject("sub", found.get("sub"))?, session })
    }
}

/// Refuses a logout or event token, and what says that it is an access token.
fn refuse_other_use(found: &Claims) -> Result<(), TokenError> {
    if found.contains_key("events") {
        return Err(TokenError::new("events", "marks a logout or event token"));
    }
    let claim_type = found.get("typ").map(|name| name.as_str().unwrap_or_default().to_ascii_lowercase());
    match claim_type.as_deref() {
        None | Some("id" | "jwt") => Ok(()),
        Some(_) => Err(TokenError::new("typ", "is not that of an ID token")),
    }
}

/// A token for several audiences, or for another party, must be meant for this client (`azp`).
fn require_party(found: &Claims, client_id: &str) -> Result<(), TokenError> {
    let has_others = found.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    match found.get("azp") {
        Some(party) if party == client_id => Ok(()),
        None if !has_others => Ok(()),
        Some(_) => Err(TokenError::new("azp", "is another client")),
        None => Err(TokenError::new("azp", "is missing beside several audiences")),
    }
}
