//! `/graphql`: who is asking, what is asked, and the answer, in this order.

use async_graphql::parser::types::OperationType;
use kim_domain::token::VerifiedToken;
use kim_graphql::{ApiError, Asked, Code};
use poem::http::{HeaderValue, Method, StatusCode, Version, header};
use poem::{Request, Response};
use tokio::time::timeout;

use super::accept::MediaType;
use super::access::Logged;
use super::answer::{self, Refusal};
use super::{Backend, Front, request};

pub(super) async fn answer<B: Backend>(front: &Front<B>, mut http: Request, id: &str) -> Result<Response, Refusal> {
    let Some(media_type) = MediaType::accepted(http.headers()) else {
        return Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadInput,
            "Antworten gibt es als application/graphql-response+json oder application/json.",
        ));
    };
    let mut logged = Logged::default();
    let mut response = in_media_type(front, &mut http, media_type, id, &mut logged)
        .await
        .unwrap_or_else(|refusal| refusal.in_media_type(media_type).into_response());
    let half_read = request::announces_too_much(&http)
        || matches!(response.status(), StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT);
    if half_read || !request::discard(&mut http).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.extensions_mut().insert(logged);
    Ok(response)
}

async fn in_media_type<B: Backend>(
    front: &Front<B>,
    http: &mut Request,
    media_type: MediaType,
    id: &str,
    logged: &mut Logged,
) -> Result<Response, Refusal> {
    if http.version() == Version::HTTP_11 && !http.headers().contains_key(header::HOST) {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, Code::BadInput, "Der Kopf „Host“ fehlt."));
    }
    let only_queries = match *http.method() {
        Method::GET => true,
        Method::POST => false,
        _ => return Err(answer::method_not_allowed("GET, POST")),
    };

    let token = authenticate(front, http).await?;
    let request = match only_queries {
        true => request::from_address(http),
        false => request::from_body(http).await,
    };
    // Held until the answer is there. Whoever sends slowly holds a connection, and no place; nor is the database asked
    // before all is here.
    let _place = front.places.try_acquire().map_err(|_| Refusal::too_busy())?;
    let viewer =
        match timeout(front.limits.deadline, front.backend.admit(token)).await.map_err(|_| Refusal::too_late())? {
            Ok(Some(viewer)) => viewer,
            Ok(None) => {
                let reason = "its agency is unknown or disabled, or has no such role";
                tracing::debug!(reason, "a token was refused");
                return Err(Refusal::unauthenticated());
            }
            Err(ApiError::TooLate) => return Err(Refusal::too_late()),
            Err(ApiError::Internal { kind, retryable }) => {
                tracing::error!(error_id = id, kind, "a token could not be admitted");
                return Err(Refusal::internal(id, retryable));
            }
        };
    logged.pair = Some(B::pair(&viewer));

    let asked = match Asked::read(request?) {
        Ok(asked) => asked,
        Err(error) => return Ok(answer::unreadable(error, media_type, id)),
    };
    let operation = asked.operation_type();
    logged.operation = operation.map(word);
    if only_queries && matches!(operation, Some(OperationType::Mutation | OperationType::Subscription)) {
        return Err(answer::method_not_allowed("POST"));
    }

    let execution = front.backend.execute(viewer, asked, id);
    let response = timeout(front.limits.deadline, execution).await.map_err(|_| Refusal::too_late())?;
    Ok(answer::graphql(response, media_type, id))
}

/// The bearer token of the request, verified. Two of them are none.
async fn authenticate<B>(front: &Front<B>, http: &Request) -> Result<VerifiedToken, Refusal> {
    let mut all = http.headers().get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return Err(Refusal::unauthenticated()) };
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(Refusal::unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Refusal::unauthenticated());
    }
    front.issuers.verify(token.trim()).await.map_err(|refused| {
        tracing::debug!(reason = refused.reason(), "a token was refused");
        Refusal::unauthenticated()
    })
}

const fn word(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
