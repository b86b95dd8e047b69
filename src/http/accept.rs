//! Which of the two media types of GraphQL over HTTP an answer has, and whether a body is JSON.

use poem::http::{HeaderMap, HeaderValue, header};

/// How an answer is written; it also decides the status of a request that GraphQL refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: 4xx and 5xx come from GraphQL.
    GraphqlResponse,
    /// `application/json`: a well-formed request is answered with 200, for clients of old.
    Json,
}

impl MediaType {
    pub(super) const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    /// The type the client likes best; JSON if it does not say; `None` if it takes neither.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        let mut said = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.to_str().unwrap_or_default().split(',').filter(|range| !range.trim().is_empty()) {
                said = true;
                let Some((quality, media_type)) = read_range(range) else { continue };
                if quality > 0.0 && best.is_none_or(|(so_far, _)| quality > so_far) {
                    best = Some((quality, media_type));
                }
            }
        }
        if said { best.map(|(_, media_type)| media_type) } else { Some(Self::Json) }
    }
}

fn read_range(range: &str) -> Option<(f32, MediaType)> {
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

/// Whether a body says that it is JSON in UTF-8.
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
    fn json_must_say_that_it_is_json() {
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
