//! Checks how requests are framed, in the bytes as they arrive.
//!
//! Hyper accepts more than RFC 9112 and hides it: a bare LF ends a line, and Content-Length beside Transfer-Encoding is
//! dropped. A proxy that reads such a request differently takes the rest of its body for the next request of somebody
//! else (request smuggling). So each head is judged here, and a request without a judgement is refused as well.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use poem::http::StatusCode;

/// What the framing of a request permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// The connection may stay open.
    Clear,
    /// The request is valid, but the connection ends with its response: only the bytes of a body with Content-Length
    /// are counted here.
    Last,
    /// The request is refused, and the connection ends.
    Refused(StatusCode),
}

/// The judgements on the heads of a connection that have arrived and were not yet answered, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgements(Arc<Mutex<VecDeque<Framing>>>);

impl Judgements {
    fn push(&self, framing: Framing) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(framing);
    }

    /// The judgement on the next request. Without one, hyper has found a request where there should be none.
    pub(super) fn next(&self) -> Framing {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.unwrap_or(Framing::Refused(StatusCode::BAD_REQUEST))
    }
}

/// Reads the bytes of one connection.
#[derive(Debug, Default)]
pub(super) struct FramingReader {
    judgements: Judgements,
    /// The beginning of a line. Hyper stops reading when a head is too large, so its length is limited.
    line: Vec<u8>,
    head: Head,
    /// Bytes of the body that have not arrived yet.
    body: u64,
    /// Whether no further request of this connection is answered.
    ended: bool,
}

/// The lines of a head so far.
#[derive(Debug, Default)]
struct Head {
    began: bool,
    is_http_10: bool,
    fault: Option<StatusCode>,
    content_length: Option<u64>,
    is_chunked: bool,
    host: Option<String>,
    /// Host and port of a target in absolute form.
    authority: Option<String>,
}

impl FramingReader {
    /// The judgements that this reader makes.
    pub(super) fn judgements(&self) -> Judgements {
        self.judgements.clone()
    }

    /// Reads the bytes that arrived.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.ended {
            if self.body > 0 {
                let taken = usize::try_from(self.body).unwrap_or(usize::MAX).min(bytes.len());
                self.body -= taken as u64;
                bytes = &bytes[taken..];
                continue;
            }
            let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
                self.line.extend_from_slice(bytes);
                return;
            };
            self.line.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let mut line = std::mem::take(&mut self.line);
            self.line_ended(&line);
            line.clear();
            self.line = line;
        }
    }

    fn line_ended(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or_else(|| {
            self.head.refuse(StatusCode::BAD_REQUEST);
            line
        });
        match (line.is_empty(), self.head.began) {
            // Empty lines before a request are ignored.
            (true, false) => {}
            (true, true) => {
                let head = std::mem::take(&mut self.head);
                let framing = head.framing();
                self.body = head.content_length.unwrap_or(0);
                self.ended = framing != Framing::Clear;
                self.judgements.push(framing);
            }
            (false, false) => self.head.read_request_line(line),
            (false, true) => self.head.read_header(line),
        }
    }
}

impl Head {
    /// Only the first fault counts.
    fn refuse(&mut self, status: StatusCode) {
        self.fault.get_or_insert(status);
    }

    fn read_request_line(&mut self, line: &[u8]) {
        self.began = true;
        let line = String::from_utf8_lossy(line);
        let mut parts = line.split(' ');
        let (method, target, version) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
        self.is_http_10 = version == Some("HTTP/1.0");
        if method == Some("CONNECT") || parts.next().is_some() || line.chars().any(char::is_control) {
            self.refuse(StatusCode::BAD_REQUEST);
        }
        self.authority = (!target.starts_with('/'))
            .then(|| target.split_once("://"))
            .flatten()
            .and_then(|(_, rest)| rest.split(['/', '?']).next())
            .map(str::to_ascii_lowercase);
    }

    fn read_header(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.trim_matches([' ', '\t']);
        let is_token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        // A line that begins with a blank continues the line before it (obs-fold); its name is no token.
        if !is_token || !line.contains(':') || value.chars().any(|c| c.is_control() && c != '\t') {
            self.refuse(StatusCode::BAD_REQUEST);
        }
        match name.to_ascii_lowercase().as_str() {
            "content-length" => {
                let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                let length = value.parse().ok().filter(|_| is_number);
                if length.is_none() || self.content_length.is_some() {
                    self.refuse(StatusCode::BAD_REQUEST);
                }
                self.content_length = length;
            }
            "transfer-encoding" => {
                if !value.eq_ignore_ascii_case("chunked") || self.is_chunked || self.is_http_10 {
                    self.refuse(StatusCode::BAD_REQUEST);
                }
                self.is_chunked = true;
            }
            "host" => {
                let earlier = self.host.replace(value.to_ascii_lowercase());
                if earlier.is_some() {
                    self.refuse(StatusCode::BAD_REQUEST);
                }
            }
            "expect" if !value.eq_ignore_ascii_case("100-continue") => self.refuse(StatusCode::EXPECTATION_FAILED),
            _ => {}
        }
    }

    fn framing(&self) -> Framing {
        let has_two_lengths = self.is_chunked && self.content_length.is_some();
        let has_two_hosts = self.authority.is_some() && self.authority != self.host;
        match self.fault {
            Some(status) => Framing::Refused(status),
            None if has_two_lengths || has_two_hosts => Framing::Refused(StatusCode::BAD_REQUEST),
            None if self.is_chunked => Framing::Last,
            None => Framing::Clear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(parts: &[&[u8]]) -> Vec<Framing> {
        let mut reader = FramingReader::default();
        parts.iter().for_each(|part| reader.read(part));
        std::iter::from_fn(|| reader.judgements.0.lock().expect("no panic").pop_front()).collect()
    }

    #[test]
    fn a_request_is_judged_however_its_bytes_arrive() {
        let whole =
            b"\r\nPOST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n";
        let single: Vec<&[u8]> = whole.chunks(1).collect();
        for parts in [&[&whole[..]][..], &single] {
            assert_eq!(judged(parts), [Framing::Clear, Framing::Clear]);
        }
    }

    #[test]
    fn after_a_refused_or_chunked_request_none_is_judged() {
        let next = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        let chunked = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(judged(&[chunked, next]), [Framing::Last]);
        let refused = b"GET / HTTP/1.1\nhost: a\r\n\r\n";
        assert_eq!(judged(&[refused, next]), [Framing::Refused(StatusCode::BAD_REQUEST)]);
        let judgements = FramingReader::default().judgements();
        assert_eq!(judgements.next(), Framing::Refused(StatusCode::BAD_REQUEST));
    }
}
