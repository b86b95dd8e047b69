//! Compresses responses with gzip or brotli.
//!
//! The BREACH attack reads a secret from the lengths of many compressed responses, which a foreign page makes a
//! victim's browser request. This does not work here: there are no cookies, the token is in a header that only allowed
//! pages can set (`cors.rs`), and no response contains the token. Therefore responses are compressed. Compressed
//! request bodies are refused, because a small body could decompress to a huge one, and requests are short.

use std::io::{self, Write as _};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use poem::Response;
use poem::http::{HeaderMap, HeaderValue, header};

/// Minimum size of a compressed body in bytes. A shorter response fits into one packet anyway.
const MIN_BYTES: usize = 1_024;

/// A way to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Brotli,
}

impl Coding {
    const fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        })
    }

    /// The fastest level of each, because most of the gain comes from the repeated names of fields.
    fn compress(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut compressed = Vec::with_capacity(body.len() / 4);
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(compressed, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Brotli => {
                let fastest = BrotliEncoderParams { quality: 0, ..Default::default() };
                brotli::BrotliCompress(&mut &body[..], &mut compressed, &fastest)?;
                Ok(compressed)
            }
        }
    }
}

/// Compresses a response with the client's preferred coding, if there is one.
pub(super) async fn compress(mut response: Response, coding: Option<Coding>) -> Response {
    let Some(coding) = coding else { return response };
    // The body is in memory already.
    let Ok(body) = response.take_body().into_bytes().await else { return response };
    match (body.len() >= MIN_BYTES).then(|| coding.compress(&body)) {
        Some(Ok(compressed)) => {
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response.headers_mut().insert(header::CONTENT_ENCODING, coding.name());
            response.set_body(compressed);
        }
        Some(Err(_)) | None => response.set_body(body),
    }
    response
}

/// The client's preferred coding among the supported ones. Brotli wins a tie.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Coding> {
    let mut best: Option<(f32, Coding)> = None;
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
            "br" => Coding::Brotli,
            "gzip" | "x-gzip" => Coding::Gzip,
            "identity" => {
                identity = quality;
                continue;
            }
            _ => continue,
        };
        let better = |(best_quality, best_algorithm): (f32, Coding)| {
            quality > best_quality || (quality == best_quality && best_algorithm == Coding::Gzip)
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
        use Coding::{Brotli, Gzip};
        for (value, expected) in [
            ("", None),
            ("*", None),
            ("deflate, zstd", None),
            ("gzip", Some(Gzip)),
            ("gzip, deflate, br, zstd", Some(Brotli)),
            ("br, gzip", Some(Brotli)),
            ("br;q=0.5, gzip", Some(Gzip)),
            ("GZIP ; q=0.5", Some(Gzip)),
            ("gzip;q=0", None),
            ("gzip;q=x", None),
            ("gzip;q=0.5, identity", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(accepted(&headers), expected, "{value}");
        }
    }
}
