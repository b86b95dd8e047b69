//! Which web pages may ask from a browser: those of the configured origins, and no others.
//!
//! Credentials are never allowed: the token is in a header that the page sets itself, and there are no cookies.

use poem::Response;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};

/// The request's origin, if it is one of ours.
pub(super) fn allowed(origins: &[HeaderValue], headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ORIGIN).filter(|origin| origins.contains(origin)).cloned()
}

/// The answer to a browser that asks before it asks.
pub(super) fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST")
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type")
        .header(header::ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}

/// Lets the page of this origin read the answer.
pub(super) fn admit(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-request-id, retry-after, www-authenticate"),
    );
}
