//! Joins the front door to the schema and the database.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::token::VerifiedToken;
use kim_entity::database::Database;
use kim_entity::read::Reads;
use kim_graphql::{Api, ApiError, Asked};

use crate::http::Backend;

/// The server behind the front door.
pub(crate) struct House {
    database: Database,
    api: Api,
}

impl House {
    /// The house over one database.
    #[must_use]
    pub(crate) fn new(database: Database, clock: Clock, key: FingerprintKey) -> Self {
        Self { api: Api::new(database.clone(), clock, key), database }
    }
}

impl Backend for House {
    type Viewer = Reads;

    async fn admit(&self, token: VerifiedToken) -> Result<Option<Reads>, ApiError> {
        self.api.admit(token).await
    }

    fn pair(admitted: &Reads) -> (AgencyKind, Role) {
        (admitted.viewer().agency().kind, admitted.viewer().role())
    }

    async fn execute(&self, admitted: Reads, asked: Asked, request_id: &str) -> async_graphql::Response {
        self.api.execute(admitted, asked, request_id).await
    }

    async fn ready(&self) -> bool {
        self.database.is_reachable().await
    }
}
