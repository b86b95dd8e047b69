//! CORS: only web pages of the configured origins may send requests from a browser.
//!
//! Credentials are never allowed: the page sets the token's header itself, and there are no cookies.

use poem::Response;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};

/// The request's origin, if it is a configured one.
pub(super) fn allowed(origins: &[HeaderValue], headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ORIGIN).filter(|origin| origins.contains(origin)).cloned()
}

/// The response to a preflight request from an allowed origin.
pub(super) fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST")
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type")
        .header(header::ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}

/// Allows pages of this origin to read the response.
pub(super) fn allow(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-request-id, retry-after, www-authenticate"),
    );
}
