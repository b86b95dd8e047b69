//! `/graphiql`: the page, its files, and the tabs with which it opens. Everything is embedded in this binary.

use std::borrow::Cow;

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Serialize;

use super::answer;

/// The files that `make graphiql` created; empty in a build without it.
#[derive(RustEmbed)]
#[folder = "web/graphiql/dist/"]
struct Bundle;

const PAGE: &str = include_str!("../../web/graphiql/page/index.html");
const MISSING: &str = include_str!("../../web/graphiql/page/missing.html");
const START: &str = include_str!("../../web/graphiql/page/start.js");
const STYLE: &str = include_str!("../../web/graphiql/page/start.css");

/// The page may load scripts only from this server, and send requests only to it. `unsafe-inline` applies only to
/// styles, because GraphiQL's menus write inline styles. Fonts and the cursors of its stylesheet are `data:` URLs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
     img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A tab with which GraphiQL opens.
#[derive(Clone, Debug, Serialize)]
pub struct Tab {
    /// The document; GraphiQL names the tab after its operation.
    pub query: String,
    /// The variables, as JSON.
    pub variables: String,
    /// The request headers, as JSON.
    pub headers: String,
}

/// Whether this binary contains GraphiQL, because `make graphiql` ran before the build.
#[must_use]
pub fn is_built_in() -> bool {
    Bundle::get("graphiql.min.js").is_some()
}

/// The response to a path under `/graphiql`; `None` if there is no such file.
pub(super) fn answer(path: &str, tabs: &[Tab]) -> Option<Response> {
    Some(match path {
        "" if is_built_in() => file(StatusCode::OK, "text/html; charset=utf-8", Cow::Borrowed(PAGE.as_bytes())),
        "" => file(StatusCode::NOT_FOUND, "text/html; charset=utf-8", Cow::Borrowed(MISSING.as_bytes())),
        "/start.js" => file(StatusCode::OK, "text/javascript; charset=utf-8", Cow::Borrowed(START.as_bytes())),
        "/start.css" => file(StatusCode::OK, "text/css; charset=utf-8", Cow::Borrowed(STYLE.as_bytes())),
        "/tabs.json" => answer::json(serde_json::to_string(tabs).ok()?),
        other => {
            let name = other.strip_prefix('/').filter(|name| name.ends_with(".js") || name.ends_with(".css"))?;
            let EmbeddedFile { data, metadata } = Bundle::get(name)?;
            file(StatusCode::OK, metadata.mimetype(), data)
        }
    })
}

fn file(status: StatusCode, media_type: &str, content: Cow<'static, [u8]>) -> Response {
    Response::builder()
        .status(status)
        .content_type(media_type)
        .header(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))
        .body(content.into_owned())
}
