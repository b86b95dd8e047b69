//! `/graphql`: authenticates the client, reads the request, admits the viewer, and executes the operation, in this
//! order.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use kim_domain::token::VerifiedToken;
use kim_graphql::{ApiError, Code, ParsedRequest, WeighedRequest};
use poem::http::{HeaderValue, Method, StatusCode, Version, header};
use poem::{Request, Response};
use tokio::time::{Instant, sleep, timeout_at};

use super::accept::MediaType;
use super::access::RequestContext;
use super::answer::{self, Rejection};
use super::turns::{Claim, Full, Turn};
use super::{GraphqlBackend, HttpServer, request};

/// Delay of the answer to a request for which there is no place.
const REFUSAL_DELAY: Duration = Duration::from_millis(300);

/// How a request says who sends it.
pub(super) enum Credentials {
    /// By a token in the header `Authorization`.
    Bearer,
    /// By a session of the page, which has this token.
    Session(String),
}

impl Credentials {
    /// The same response for every refused token.
    fn refused(&self) -> Rejection {
        match self {
            Self::Bearer => Rejection::unauthenticated(),
            Self::Session(_) => Rejection::not_signed_in(),
        }
    }
}

/// Answers a request with a bearer token.
pub(super) async fn answer<B: GraphqlBackend>(
    server: &HttpServer<B>,
    http: Request,
    id: &str,
) -> Result<Response, Rejection> {
    answer_with(server, http, id, Credentials::Bearer).await
}

/// Answers a request. Whatever its credentials, the token is verified and its holder admitted in the same way.
pub(super) async fn answer_with<B: GraphqlBackend>(
    server: &HttpServer<B>,
    mut http: Request,
    id: &str,
    credentials: Credentials,
) -> Result<Response, Rejection> {
    let Some(media_type) = MediaType::accepted(http.headers()) else {
        return Err(Rejection::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadInput,
            "Antworten gibt es als application/graphql-response+json oder application/json.",
        ));
    };
    let mut context = RequestContext::default();
    let mut response = respond(server, &mut http, media_type, id, &mut context, &credentials)
        .await
        .unwrap_or_else(|rejection| rejection.in_media_type(media_type).into_response());
    let partly_read = request::announces_too_large_body(&http)
        || matches!(response.status(), StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT);
    if partly_read || !request::discard(&mut http).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.extensions_mut().insert(context);
    Ok(response)
}

async fn respond<B: GraphqlBackend>(
    server: &HttpServer<B>,
    http: &mut Request,
    media_type: MediaType,
    id: &str,
    context: &mut RequestContext,
    credentials: &Credentials,
) -> Result<Response, Rejection> {
    if http.version() == Version::HTTP_11 && !http.headers().contains_key(header::HOST) {
        return Err(Rejection::new(StatusCode::BAD_REQUEST, Code::BadInput, "Der Kopf „Host“ fehlt."));
    }
    let only_queries = match *http.method() {
        Method::GET => true,
        Method::POST => false,
        _ => return Err(answer::method_not_allowed("GET, POST")),
    };

    let token = authenticate(server, http, credentials).await?;
    let request = match only_queries {
        true => request::from_query_string(http),
        false => request::from_body(http).await,
    };
    // Read and weighed before it gets a connection of the database. An error in its text is for admitted viewers only.
    let parsed = request.map(ParsedRequest::read);
    let operation = parsed.as_ref().ok().and_then(|parsed| parsed.as_ref().ok()?.operation_type());
    let weighed = parsed.map(|parsed| parsed.map(|parsed| server.backend.weigh(&token, parsed)));
    let known = weighed.as_ref().ok().and_then(|weighed| weighed.as_ref().ok());
    if let Some(response) = known.and_then(WeighedRequest::too_expensive) {
        context.operation = operation.map(label);
        return Ok(answer::graphql(response, media_type, id));
    }
    let claim = Claim {
        agency: token.agency_slug().to_owned(),
        subject: token.subject().to_owned(),
        is_statistics: known.is_some_and(WeighedRequest::is_statistics),
    };
    // It is held until the response is complete. A slow client occupies none, because its body was read before.
    let until = Instant::now() + server.limits.deadline;
    let _turn = take_turn(server, claim, until).await?;
    let viewer =
        match timeout_at(until, server.backend.admit(token)).await.map_err(|_| Rejection::deadline_exceeded())? {
            Ok(Some(viewer)) => viewer,
            Ok(None) => {
                let rule = "the agency is unknown or disabled, or its kind does not have the role";
                tracing::debug!(claim = "agency or role", rule, "a token was refused");
                return Err(credentials.refused());
            }
            Err(ApiError::Timeout) => return Err(Rejection::deadline_exceeded()),
            Err(ApiError::Internal { kind, retryable }) => {
                tracing::error!(error_id = id, kind, "admitting a viewer failed");
                return Err(Rejection::internal(id, retryable));
            }
        };
    context.pair = Some(B::pair(&viewer));

    let weighed = match weighed? {
        Ok(weighed) => weighed,
        Err(error) => return Ok(answer::parse_failed(error, media_type, id)),
    };
    context.operation = operation.map(label);
    if only_queries && matches!(operation, Some(OperationType::Mutation | OperationType::Subscription)) {
        return Err(answer::method_not_allowed("POST"));
    }

    let execution = server.backend.execute(viewer, weighed, id);
    let response = timeout_at(until, execution).await.map_err(|_| Rejection::deadline_exceeded())?;
    Ok(answer::graphql(response, media_type, id))
}

/// Waits until the request may run. A refusal comes late, so that a program that repeats at once delays nobody.
async fn take_turn<B>(server: &HttpServer<B>, claim: Claim, until: Instant) -> Result<Turn, Rejection> {
    match timeout_at(until, server.turns.take(claim)).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(Full)) => {
            sleep(REFUSAL_DELAY).await;
            Err(Rejection::too_busy())
        }
        Err(_) => Err(Rejection::too_busy()),
    }
}

/// Verifies the token of the request.
async fn authenticate<B>(
    server: &HttpServer<B>,
    http: &Request,
    credentials: &Credentials,
) -> Result<VerifiedToken, Rejection> {
    let token = match credentials {
        Credentials::Bearer => bearer(http)?,
        Credentials::Session(token) => token,
    };
    server.issuers.verify(token).await.map_err(|refused| {
        tracing::debug!(claim = refused.claim(), rule = refused.rule(), "a token was refused");
        credentials.refused()
    })
}

/// The bearer token of the request. A request with two Authorization headers is refused.
fn bearer(http: &Request) -> Result<&str, Rejection> {
    let mut all = http.headers().get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return Err(Rejection::unauthenticated()) };
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(Rejection::unauthenticated)?;
    match scheme.eq_ignore_ascii_case("Bearer") {
        true => Ok(token.trim()),
        false => Err(Rejection::unauthenticated()),
    }
}

const fn label(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
