//! Compresses responses with gzip or brotli.
//!
//! The BREACH attack reads a secret from the lengths of many compressed responses, which a foreign page makes a
//! victim's browser request. This does not work here: there are no cookies, the token is in a header that only allowed
//! pages can set (`cors.rs`), and no response contains the token. Therefore responses are compressed. Compressed
//! request bodies are refused, because a small body could decompress to a huge one, and requests are short.

use poem::http::{HeaderMap, header};
use poem::web::{Compress, CompressionAlgo, CompressionLevel};
use poem::{IntoResponse as _, Response};

/// Minimum size of a compressed body in bytes. A shorter response fits into one packet anyway.
const MIN_BYTES: usize = 1_024;

/// Compresses a response with the client's preferred algorithm, if there is one.
pub(super) async fn compress(mut response: Response, algorithm: Option<CompressionAlgo>) -> Response {
    let Some(algorithm) = algorithm else { return response };
    // The body is in memory already. This call only determines its length.
    let Ok(body) = response.take_body().into_bytes().await else { return response };
    let short = body.len() < MIN_BYTES;
    response.set_body(body);
    if short {
        return response;
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    Compress::new(response, algorithm).with_quality(CompressionLevel::Fastest).into_response()
}

/// The client's preferred algorithm among the supported ones. Brotli wins a tie.
pub(super) fn accepted(headers: &HeaderMap) -> Option<CompressionAlgo> {
    let mut best: Option<(f32, CompressionAlgo)> = None;
    let mut identity = 0.0;
    for coding in
        headers.get_all(header::ACCEPT_ENCODING).iter().flat_map(|value| value.to_str().unwrap_or_default().split(','))
    {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = match parts.find_map(|parameter| parameter.strip_prefix("q=")) {
            Some(quality) => quality.parse().unwrap_or(0.0),
            None => 1.0,
        };
        let algorithm = match name.as_str() {
            "br" => CompressionAlgo::BR,
            "gzip" | "x-gzip" => CompressionAlgo::GZIP,
            "identity" => {
                identity = quality;
                continue;
            }
            _ => continue,
        };
        let better = |(best_quality, best_algorithm): (f32, CompressionAlgo)| {
            quality > best_quality || (quality == best_quality && best_algorithm == CompressionAlgo::GZIP)
        };
        if quality > 0.0 && best.is_none_or(better) {
            best = Some((quality, algorithm));
        }
    }
    best.filter(|(quality, _)| *quality >= identity).map(|(_, algorithm)| algorithm)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn the_client_chooses_the_coding() {
        use CompressionAlgo::{BR, GZIP};
        for (value, expected) in [
            ("", None),
            ("*", None),
            ("deflate, zstd", None),
            ("gzip", Some(GZIP)),
            ("gzip, deflate, br, zstd", Some(BR)),
            ("br, gzip", Some(BR)),
            ("br;q=0.5, gzip", Some(GZIP)),
            ("GZIP ; q=0.5", Some(GZIP)),
            ("gzip;q=0", None),
            ("gzip;q=x", None),
            ("gzip;q=0.5, identity", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(accepted(&headers), expected, "{value}");
        }
    }
}
