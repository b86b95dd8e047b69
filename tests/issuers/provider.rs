//! `oidc-provider` in its own process: a real OpenID Connect issuer for service tokens.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use jsonwebtoken::{Algorithm, get_current_timestamp};
use kim::config::IssuerConfig;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::demo::needs_packages;
use crate::support::keys;
use crate::support::process::OwnProcess;
use crate::support::server::{AUDIENCE, sign_with};

const FOLDER: &str = "tests/issuers/provider";
const CLIENT: &str = "fachverfahren-17";

/// A running provider.
pub(crate) struct Provider {
    /// Its URL, which is its `iss`.
    pub(crate) iss: String,
    _child: OwnProcess,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Provider {
    /// Starts a provider with its keys in this file. Each token gets these claims. Port 0 selects a free port.
    pub(crate) fn start(keys: &Path, port: u16, claims: &Value) -> Self {
        needs_packages(FOLDER);
        let mut command = Command::new("node");
        command
            .arg("provider.mjs")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER))
            .env("PORT", port.to_string())
            .env("KEYS", keys)
            .env("CLIENT", keys::EC.jwk.to_string())
            .env("AUDIENCE", AUDIENCE)
            .env("CLAIMS", claims.to_string());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut provider = Self { iss: String::new(), _child: OwnProcess(child), input, output };
        provider.iss = provider.line();
        provider
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.output.read_line(&mut line).expect("a line"), 0, "the provider ended");
        line.trim().to_owned()
    }

    /// Its port, for a restart.
    pub(crate) fn port(&self) -> u16 {
        self.iss.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }

    /// Replaces its key: the new one signs, and the old one is no longer published.
    pub(crate) fn rotate(&mut self) {
        self.input.write_all(b"\n").expect("a line");
        assert_eq!(self.line(), "rotated");
    }

    /// Its configuration, without `jwks`: the keys are found by discovery.
    pub(crate) fn config(&self) -> IssuerConfig {
        IssuerConfig {
            iss: self.iss.clone(),
            audience: AUDIENCE.to_owned(),
            agencies: vec!["jobcenter-koeln".to_owned()],
            ..IssuerConfig::default()
        }
    }

    /// An access token by client credentials, for which the client signs with its private key (RFC 7523).
    pub(crate) async fn token(iss: &str) -> String {
        let now = get_current_timestamp();
        let assertion =
            json!({"iss": CLIENT, "sub": CLIENT, "aud": iss, "jti": Uuid::now_v7(), "exp": now + 60, "iat": now});
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &sign_with(&keys::EC, Algorithm::ES256, &assertion)),
            ("scope", "referral:read"),
        ];
        let body = form.map(|(name, value)| format!("{name}={}", value.replace(':', "%3A"))).join("&");
        let request = reqwest::Client::new().post(format!("{iss}/token")).body(body);
        let response = request.header("content-type", "application/x-www-form-urlencoded").send().await.expect("sent");
        let answer = response.text().await.expect("a body");
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}
