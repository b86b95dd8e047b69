//! The interface between the HTTP server and the API behind it.

use std::future::Future;

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::token::VerifiedToken;
use kim_graphql::{ApiError, ParsedRequest, WeighedRequest};

/// Admits viewers and answers their operations.
pub trait GraphqlBackend: Send + Sync + 'static {
    /// An admitted viewer with a database connection. Short-lived, because it occupies the connection.
    type Viewer: Send;

    /// Weighs a request before it gets a connection of the database.
    fn weigh(&self, token: &VerifiedToken, request: ParsedRequest) -> WeighedRequest;

    /// Admits the viewer of a token. `None` for an unknown or disabled agency, or a role that does not exist at the
    /// agency's kind. Errors are database errors, which were logged already.
    fn admit(&self, token: VerifiedToken) -> impl Future<Output = Result<Option<Self::Viewer>, ApiError>> + Send;

    /// Kind and role. They select the viewer's schema, and are all that a log may contain about the viewer.
    fn pair(viewer: &Self::Viewer) -> (AgencyKind, Role);

    /// Answers one operation. Errors are part of the response, with masked texts.
    fn execute(
        &self,
        viewer: Self::Viewer,
        request: WeighedRequest,
        request_id: &str,
    ) -> impl Future<Output = async_graphql::Response> + Send;

    /// Whether the database answers and the log of disclosures can be written.
    fn ready(&self) -> impl Future<Output = bool> + Send;
}
