//! The application behind the HTTP server: the API on one database.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::token::VerifiedToken;
use kim_entity::database::Database;
use kim_entity::log::Log;
use kim_entity::read::Reads;
use kim_graphql::{Api, ApiError, ParsedRequest, WeighedRequest};

use crate::http::GraphqlBackend;

/// The API and the database whose readiness the server reports.
pub(crate) struct App {
    database: Database,
    api: Api,
}

impl App {
    /// The application on one database. `key` makes the fingerprints of clients.
    #[must_use]
    pub(crate) fn new(database: Database, clock: Clock, key: FingerprintKey) -> Self {
        Self { api: Api::new(database.clone(), clock, key), database }
    }
}

impl GraphqlBackend for App {
    type Viewer = Reads;

    fn weigh(&self, token: &VerifiedToken, request: ParsedRequest) -> WeighedRequest {
        self.api.weigh(token, request)
    }

    async fn admit(&self, token: VerifiedToken) -> Result<Option<Reads>, ApiError> {
        self.api.admit(token).await
    }

    fn pair(reads: &Reads) -> (AgencyKind, Role) {
        (reads.viewer().agency().kind, reads.viewer().role())
    }

    async fn execute(&self, reads: Reads, request: WeighedRequest, request_id: &str) -> async_graphql::Response {
        self.api.execute(reads, request, request_id).await
    }

    async fn ready(&self) -> bool {
        self.database.is_reachable().await && Log::can_be_written(&self.database).await
    }
}
