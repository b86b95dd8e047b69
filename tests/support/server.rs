//! The real server on a free port over a test's database, and tokens that it accepts.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use kim::config::{Config, IssuerConfig};
use kim::serve::{self, RunningServer};
use kim_domain::agency::{AgencyKind, DataProtectionLaw, LegalForm, Role, Scope};
use kim_domain::calendar::Clock;
use kim_domain::token::{AllowedAgencies, ClaimMapping, Issuer, Keys, VerifiedToken, Verifier};
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::{agency, municipality};
use reqwest::{Client, RequestBuilder};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::database::TestDatabase;
use super::keys::{self, SigningKey};

/// The issuer that may speak for every agency; it has an RSA, an EC and an Ed25519 key.
pub(crate) const MUNICIPAL: &str = "https://login.stadt.example";
/// The issuer that speaks for `jobcenter-koeln` alone; it has the key `OTHER`.
pub(crate) const JOBCENTER: &str = "https://login.jobcenter.example";
/// What both want to find in `aud`.
pub(crate) const AUDIENCE: &str = "kim-test";

/// A server that serves one test.
pub(crate) struct TestServer {
    /// Its database.
    pub(crate) database: TestDatabase,
    running: RunningServer,
    client: Client,
    _files: TempDir,
}

impl TestServer {
    /// Starts `kim serve` in this process with this clock.
    pub(crate) async fn start(database: TestDatabase, clock: Clock) -> Self {
        Self::start_with(database, clock, |_| {}).await
    }

    /// The same with another configuration.
    pub(crate) async fn start_with(database: TestDatabase, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = files.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let issuer = |iss: &str, keys: &[&SigningKey], agencies: &str| IssuerConfig {
            iss: iss.to_owned(),
            audience: AUDIENCE.to_owned(),
            jwks: Some(write(&format!("{agencies}.json").replace('*', "all"), &keys::jwks(keys)).display().to_string()),
            agencies: vec![agencies.to_owned()],
            ..IssuerConfig::default()
        };
        let mut config = Config {
            database: database.url.clone(),
            listen: ([127, 0, 0, 1], 0).into(),
            // A test runs the timer itself.
            timer_seconds: 0,
            fingerprint_key_file: Some(write("fingerprint.key", &"5a".repeat(32))),
            issuer: vec![
                issuer(MUNICIPAL, &[&keys::RSA, &keys::EC, &keys::ED], "*"),
                issuer(JOBCENTER, &[&keys::OTHER], "jobcenter-koeln"),
            ],
            ..Config::default()
        };
        change(&mut config);
        let running = serve::start(&config, clock).await.expect("a server");
        Self { database, running, client: Client::new(), _files: files }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address())
    }

    /// The database as the server opened it.
    pub(crate) fn running_database(&self) -> &Database {
        self.running.database()
    }

    /// The URL of the metrics, for a configuration with `metrics_listen`.
    pub(crate) fn metrics_url(&self) -> String {
        format!("http://{}/metrics", self.running.metrics_address().expect("a listener"))
    }

    /// A POST of a GraphQL document, without a token.
    pub(crate) fn post(&self, query: &str, variables: &Value) -> RequestBuilder {
        self.client
            .post(self.url("/graphql"))
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(json!({"query": query, "variables": variables}).to_string())
    }

    /// Sends a query with a token. Returns the whole answer with its errors.
    pub(crate) async fn ask(&self, token: &str, query: &str, variables: &Value) -> Value {
        let response = self.post(query, variables).bearer_auth(token).send().await.expect("an answer");
        let body = response.text().await.expect("a body");
        serde_json::from_str(&body).unwrap_or_else(|_| panic!("not JSON: {body}"))
    }

    /// Stops the server and returns its database.
    pub(crate) async fn close(self) -> TestDatabase {
        self.running.stop().await.expect("stopped");
        self.database
    }

    /// Finishes running requests and stops the server.
    pub(crate) async fn stop(self) {
        self.running.stop().await.expect("stopped");
    }
}

/// A valid token with every scope for ten minutes.
pub(crate) fn token(agency: &str, role: Role) -> String {
    sign(&claims(agency, role))
}

/// The claims of a valid token, to be changed.
pub(crate) fn claims(agency: &str, role: Role) -> Value {
    let now = get_current_timestamp();
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.code()).collect();
    json!({
        "iss": MUNICIPAL, "aud": AUDIENCE, "sub": "test-person", "nbf": now - 1, "exp": now + 600,
        "agency": agency, "role": role, "scope": scopes.join(" "),
    })
}

/// Signs claims with the municipal issuer's Ed25519 key.
pub(crate) fn sign(claims: &Value) -> String {
    sign_with(&keys::ED, Algorithm::EdDSA, claims)
}

/// Signs claims with a key, by its name.
pub(crate) fn sign_with(key: &SigningKey, algorithm: Algorithm, claims: &Value) -> String {
    let header = Header { kid: Some(key.kid.to_owned()), ..Header::new(algorithm) };
    sign_as(&header, &key.private, claims)
}

/// Signs claims under any header.
pub(crate) fn sign_as(header: &Header, key: &EncodingKey, claims: &Value) -> String {
    encode(header, claims, key).expect("a token")
}

/// Writes an agency of Köln.
pub(crate) async fn add_agency(database: &TestDatabase, slug: &str, kind: AgencyKind, enabled: bool) {
    let ags = "05315000".to_owned();
    let koeln = municipality::ActiveModel { ags: Set(ags.clone()), name: Set("Köln".to_owned()) };
    let already = OnConflict::column(municipality::Column::Ags).do_nothing().to_owned();
    municipality::Entity::insert(koeln)
        .on_conflict(already)
        .exec_without_returning(database.database.raw())
        .await
        .expect("a municipality");
    agency::ActiveModel {
        id: Set(Uuid::now_v7()),
        slug: Set(slug.to_owned()),
        name: Set(slug.to_owned()),
        kind: Set(Code(kind)),
        ags: Set(ags),
        legal_form: Set(Code(LegalForm::Public)),
        bound_by_203: Set(kind == AgencyKind::Traeger),
        data_protection_law: Set(Code(DataProtectionLaw::Dsgvo)),
        controller: Set(format!("koeln/{slug}")),
        association: Set(None),
        district: Set(None),
        baustein: Set(None),
        posts: Set(None),
        internal_specialisation: Set(None),
        enabled: Set(enabled),
        closings: Set(0),
        ..Default::default()
    }
    .insert(database.database.raw())
    .await
    .expect("an agency");
}

/// The verified form of a valid token of the municipal issuer.
pub(crate) fn verified(token: &str) -> VerifiedToken {
    let keys = Keys::from_jwks(keys::jwks(&[&keys::ED]).as_bytes()).expect("a JWKS");
    let issuer = Issuer {
        iss: MUNICIPAL.to_owned(),
        audience: AUDIENCE.to_owned(),
        keys,
        agencies: AllowedAgencies::All,
        claims: ClaimMapping::default(),
    };
    Verifier::new([issuer]).expect("one issuer").verify(token).expect("a good token")
}
