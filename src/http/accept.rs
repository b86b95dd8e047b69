//! Negotiates the media type of a response (GraphQL over HTTP has two), and checks that a request body is JSON.

use poem::http::{HeaderMap, HeaderValue, header};

/// Media type of a response. It also decides the status code of a request that GraphQL refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: a refused request gets 4xx or 5xx.
    GraphqlResponse,
    /// `application/json`: a well-formed request gets 200 even if it is refused, for older clients.
    Json,
}

impl MediaType {
    pub(super) const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    /// The client's preferred media type: JSON without an Accept header, `None` if the client accepts neither type.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        let mut has_ranges = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',').filter(|range| !range.trim().is_empty()) {
                has_ranges = true;
                let Some((quality, media_type)) = parse_range(range) else { continue };
                if quality > 0.0 && best.is_none_or(|(best_quality, _)| quality > best_quality) {
                    best = Some((quality, media_type));
                }
            }
        }
        if has_ranges { best.map(|(_, media_type)| media_type) } else { Some(Self::Json) }
    }
}

fn parse_range(range: &str) -> Option<(f32, MediaType)> {
    let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media_type = match parts.next()?.as_str() {
        "application/graphql-response+json" => MediaType::GraphqlResponse,
        "application/json" | "application/*" | "*/*" => MediaType::Json,
        _ => return None,
    };
    let mut quality = 1.0;
    for parameter in parts {
        match parameter.split_once('=') {
            Some(("charset", charset)) if !is_utf8(charset) => return None,
            Some(("q", q)) => quality = q.parse().ok()?,
            Some(_) | None => {}
        }
    }
    Some((quality, media_type))
}

/// Whether Content-Type is JSON in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return false };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(|part| part.trim().to_ascii_lowercase());
    parts.next().as_deref() == Some("application/json")
        && parts.all(|parameter| parameter.strip_prefix("charset=").is_none_or(is_utf8))
}

fn is_utf8(charset: &str) -> bool {
    matches!(charset.trim_matches('"'), "utf-8" | "utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(value: &'static str) -> Option<MediaType> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]);
        MediaType::accepted(&headers)
    }

    #[test]
    fn the_client_chooses_the_media_type() {
        use MediaType::{GraphqlResponse, Json};
        assert_eq!(MediaType::accepted(&HeaderMap::new()), Some(Json));
        for (value, expected) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/json", Some(Json)),
            ("Application/JSON; charset=UTF-8", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.8, application/json", Some(Json)),
            ("application/graphql-response+json;q=0, */*", Some(Json)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
            ("text/html", None),
            ("application/json; charset=utf-16", None),
            ("application/json; q=x", None),
        ] {
            assert_eq!(accepted(value), expected, "{value}");
        }
    }

    #[test]
    fn a_json_body_needs_a_json_content_type() {
        let is = |value| is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))]));
        assert!(
            is("application/json") && is("application/json;charset=utf-8") && is("Application/Json; charset=\"UTF-8\"")
        );
        for other in ["", "text/plain", "application/json; charset=latin1", "application/graphql", "application/json5"]
        {
            assert!(!is(other), "{other}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
