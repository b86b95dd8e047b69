//! Accepts a limited number of connections with timeouts, and finishes running requests on shutdown.
//!
//! Speaks only HTTP/1.1, because the reverse proxy provides TLS and HTTP/2. Poem's own server is not used, because it
//! has no timeout for reading a request head.

mod framing;
mod watched;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use framing::{Framing, FramingReader};
use watched::{Stage, WatchedSocket};

/// Timeouts of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionTimeouts {
    /// Maximum time until a request head is complete, counted from the connection's start or the last response. Slow
    /// and idle clients are dropped alike.
    pub(crate) read_head: Duration,
    /// The same while a new connection waits for a place. Then it is also the maximum time for a body, and for a response.
    pub(crate) if_full: Duration,
    /// Maximum time in which a client reads nothing of its response. Then the client is dropped.
    pub(crate) write: Duration,
    /// Maximum time for running requests to finish after the shutdown began. Then they are aborted.
    pub(crate) shutdown: Duration,
}

impl Default for ConnectionTimeouts {
    fn default() -> Self {
        Self {
            read_head: Duration::from_secs(30),
            if_full: Duration::from_secs(2),
            write: Duration::from_secs(30),
            shutdown: Duration::from_secs(20),
        }
    }
}

/// Size of hyper's read buffer in bytes. A head contains a token of a few KiB and, for GET, a query. A head that is
/// much larger is answered with 431 before it is complete.
const READ_BUFFER_BYTES: usize = 64 * 1024;
/// On shutdown, the time to close a connection without a running request.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);
/// Delay after a failed accept, for example because no file descriptor is free.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Interval in which a connection without a complete head checks whether it must make room.
const ROOM_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Serves until `stop` is true. While `max_connections` are open, a new connection waits, and those that have waited for
/// their clients for some time are closed.
pub(crate) async fn serve<E>(
    listener: TcpListener,
    endpoint: Arc<E>,
    max_connections: usize,
    timeouts: ConnectionTimeouts,
    stop: watch::Receiver<bool>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let permits = Arc::new(Semaphore::new(max_connections));
    let full = watch::Sender::new(false);
    let mut open = JoinSet::new();
    let mut stop_receiver = stop.clone();
    let stopping = signalled(&mut stop_receiver);
    tokio::pin!(stopping);
    loop {
        let accepted = async {
            let (socket, peer) = listener.accept().await.ok()?;
            signal(&full, permits.available_permits() == 0);
            // The semaphore is never closed.
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            signal(&full, false);
            Some((permit, socket, peer))
        };
        tokio::select! {
            () = &mut stopping => break,
            accepted = accepted => match accepted {
                Some((permit, socket, peer)) => {
                    let (endpoint, stop, full) = (Arc::clone(&endpoint), stop.clone(), full.subscribe());
                    open.spawn(async move {
                        serve_connection(socket, peer, endpoint, timeouts, (stop, full)).await;
                        drop(permit);
                    });
                }
                None => sleep(ACCEPT_RETRY_DELAY).await,
            },
        }
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    let finished = timeout(timeouts.shutdown, async { while open.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        tracing::warn!(connections = open.len(), "aborted requests that were still running at shutdown");
        open.shutdown().await;
    }
}

/// Sets a signal. Its receivers, one for each connection, are only woken if it changes.
fn signal(sender: &watch::Sender<bool>, on: bool) {
    sender.send_if_modified(|signal| std::mem::replace(signal, on) != on);
}

/// Returns when `signal` becomes true. A dropped sender does not give the signal.
async fn signalled(signal: &mut watch::Receiver<bool>) {
    if signal.wait_for(|signal| *signal).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Returns when all places are taken and this connection has waited for its client for `patience`: for a head, for a body, or
/// for the client to read.
async fn must_make_room(mut full: watch::Receiver<bool>, stage: watch::Receiver<Stage>, patience: Duration) {
    loop {
        signalled(&mut full).await;
        if stage.borrow().waits_since().is_some_and(|since| since.elapsed() >= patience) {
            return;
        }
        sleep(ROOM_CHECK_INTERVAL).await;
    }
}

async fn serve_connection<E>(
    socket: TcpStream,
    peer: SocketAddr,
    endpoint: Arc<E>,
    timeouts: ConnectionTimeouts,
    (mut stop, full): (watch::Receiver<bool>, watch::Receiver<bool>),
) where
    E: Endpoint<Output = Response> + 'static,
{
    let Ok(local) = socket.local_addr() else { return };
    // Responses are written as a whole, so Nagle's algorithm would only delay them.
    let _best_effort = socket.set_nodelay(true);
    let mut socket = TimeoutStream::new(socket);
    socket.set_write_timeout(Some(timeouts.write));

    let stage = Arc::new(watch::Sender::new(Stage::Waiting(Instant::now())));
    let mut stage_receiver = stage.subscribe();
    let must_make_room = must_make_room(full, stage.subscribe(), timeouts.if_full);
    let framing = FramingReader::default();
    let judgements = framing.judgements();
    let socket = WatchedSocket::new(socket, Arc::clone(&stage), framing);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (endpoint, stage, framing) = (Arc::clone(&endpoint), Arc::clone(&stage), judgements.next());
        async move {
            let is_whole = request.body().is_end_stream();
            stage.send_replace(if is_whole { Stage::Running } else { Stage::Receiving(Instant::now()) });
            let mut response = match framing {
                Framing::Refused(status) => refused(status),
                Framing::Clear | Framing::Last => {
                    let mut request: Request =
                        (request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP).into();
                    if !is_whole {
                        let body = request.take_body();
                        request.set_body(watched_body(body, Arc::clone(&stage)));
                    }
                    endpoint.call(request).await.unwrap_or_else(poem::Error::into_response)
                }
            };
            if framing != Framing::Clear {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            stage.send_replace(Stage::Responding(Instant::now()));
            Ok::<_, Infallible>(hyper::Response::from(response))
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts.read_head)
        .max_buf_size(READ_BUFFER_BYTES)
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended.err().iter().for_each(log_parse_error),
        () = must_make_room => return,
        () = signalled(&mut stop) => {}
    }
    serving.as_mut().graceful_shutdown();
    tokio::select! {
        _ended = &mut serving => return,
        // The connection itself owns the sender, so `wait_for` does not fail while `serving` lives.
        _idle = stage_receiver.wait_for(|stage| matches!(stage, Stage::Waiting(_))) => {}
    }
    // Only an incomplete head or the last bytes of a response can be left.
    let _ended = timeout(CLOSE_TIMEOUT, serving).await;
}

/// A body that changes the stage from `Receiving` to `Running` when it is complete.
fn watched_body(body: Body, stage: Arc<watch::Sender<Stage>>) -> Body {
    let complete = futures_util::stream::once(async move {
        stage.send_if_modified(|stage| {
            let is_receiving = matches!(*stage, Stage::Receiving(_));
            if is_receiving {
                *stage = Stage::Running;
            }
            is_receiving
        });
        Ok(Bytes::new())
    });
    Body::from_bytes_stream(body.into_bytes_stream().chain(complete))
}

/// The response to a request whose framing is refused. Like hyper's own, it has no body.
fn refused(status: StatusCode) -> Response {
    tracing::info!(target: "kim::request", status = status.as_u16(), "a request was not framed as HTTP demands");
    status.into()
}

/// Logs requests that hyper answers by itself: invalid HTTP (400) and too large heads (431). Other connection errors
/// are caused by the client and not logged.
fn log_parse_error(error: &hyper::Error) {
    if error.is_parse_too_large() {
        tracing::info!(target: "kim::request", status = 431, "a request head was too large");
    } else if error.is_parse() {
        tracing::info!(target: "kim::request", status = 400, "a request head was not valid HTTP");
    }
}

#[cfg(test)]
mod tests;
