//! What the front door needs of the house behind it.

use std::future::Future;

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::token::VerifiedToken;
use kim_graphql::{ApiError, Asked};

/// Admits viewers and answers their operations.
pub trait Backend: Send + Sync + 'static {
    /// Someone who was admitted, with a place at the database: short-lived.
    type Viewer: Send;

    /// The viewer of a token; `None` for an unknown or disabled agency, or a role that does not exist at its kind.
    /// An error is the database's; it was logged.
    fn admit(&self, token: VerifiedToken) -> impl Future<Output = Result<Option<Self::Viewer>, ApiError>> + Send;

    /// Kind and role: which schema the viewer has, and all that a log may say of it.
    fn pair(viewer: &Self::Viewer) -> (AgencyKind, Role);

    /// Answers one operation. What goes wrong is inside the response, masked.
    fn execute(
        &self,
        viewer: Self::Viewer,
        asked: Asked,
        request_id: &str,
    ) -> impl Future<Output = async_graphql::Response> + Send;

    /// Whether the database answers.
    fn ready(&self) -> impl Future<Output = bool> + Send;
}
