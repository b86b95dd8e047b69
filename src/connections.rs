//! Accepts connections: at most so many, each with time limits, and at the end finishes what runs.
//!
//! HTTP/1.1 alone: TLS and HTTP/2 are the reverse proxy's. Poem's own server sets no limit on reading a request's head.

mod watched;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use watched::{Stage, Watched};

/// How long a connection may be accepted, kept and ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// A request's head must be there so long after the connection was opened or the last answer given: a slow client
    /// and an idle one are dropped alike.
    pub(crate) head: Duration,
    /// A client that takes nothing of its answer for so long is dropped.
    pub(crate) stuck: Duration,
    /// What still runs so long after the order to stop is cut off.
    pub(crate) grace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), stuck: Duration::from_secs(30), grace: Duration::from_secs(20) }
    }
}

/// A head is a token of some KiB and, in a GET, a query; much more is answered with 431 before it is whole.
const LARGEST_HEAD: usize = 64 * 1024;
/// For the end of a connection on which nothing runs, when stopping.
const LAST_BYTES: Duration = Duration::from_millis(100);
/// After a failed accept (no file descriptor is free) it is not tried at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` says so. Beyond `most` connections, new ones wait to be accepted.
pub(crate) async fn serve<E>(
    listener: TcpListener,
    endpoint: Arc<E>,
    most: usize,
    patience: Patience,
    stop: watch::Receiver<bool>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let places = Arc::new(Semaphore::new(most));
    let mut open = JoinSet::new();
    let mut ordered = stop.clone();
    let ordered = stopped(&mut ordered);
    tokio::pin!(ordered);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            let (socket, peer) = listener.accept().await.ok()?;
            Some((place, socket, peer))
        };
        tokio::select! {
            () = &mut ordered => break,
            accepted = accepted => match accepted {
                Some((place, socket, peer)) => {
                    let (endpoint, stop) = (Arc::clone(&endpoint), stop.clone());
                    open.spawn(async move {
                        connection(socket, peer, endpoint, patience, stop).await;
                        drop(place);
                    });
                }
                None => sleep(PAUSE).await,
            },
        }
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    let finished = timeout(patience.grace, async { while open.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        tracing::warn!(connections = open.len(), "cut off what still ran");
        open.shutdown().await;
    }
}

/// Returns at the order to stop. A dropped sender is none.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn connection<E>(
    socket: TcpStream,
    peer: SocketAddr,
    endpoint: Arc<E>,
    patience: Patience,
    mut stop: watch::Receiver<bool>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let Ok(local) = socket.local_addr() else { return };
    // Answers are written whole: waiting for more to send only delays them.
    let _without = socket.set_nodelay(true);
    let mut socket = TimeoutStream::new(socket);
    socket.set_write_timeout(Some(patience.stuck));

    let stage = Arc::new(watch::Sender::new(Stage::Waiting));
    let mut waiting = stage.subscribe();
    let socket = Watched::new(socket, Arc::clone(&stage));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (endpoint, stage) = (Arc::clone(&endpoint), Arc::clone(&stage));
        async move {
            stage.send_replace(Stage::Running);
            let request = (request, LocalAddr(local.into()), RemoteAddr(peer.into()), Scheme::HTTP).into();
            let response = endpoint.call(request).await.unwrap_or_else(poem::Error::into_response);
            stage.send_replace(Stage::Answering);
            Ok::<_, Infallible>(hyper::Response::from(response))
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended.err().iter().for_each(tell),
        () = stopped(&mut stop) => {}
    }
    serving.as_mut().graceful_shutdown();
    tokio::select! {
        _ended = &mut serving => return,
        // The sender lives in the connection itself.
        _idle = waiting.wait_for(|stage| *stage == Stage::Waiting) => {}
    }
    // What is left is half a head, or the last bytes of an answer on their way.
    let _ended = timeout(LAST_BYTES, serving).await;
}

/// Hyper answers by itself what is no HTTP (400) and a head that is too large (431). How else a connection ends badly is
/// its client's business.
fn tell(error: &hyper::Error) {
    if error.is_parse_too_large() {
        tracing::info!(target: "kim::request", status = 431, "a head was too large");
    } else if error.is_parse() {
        tracing::info!(target: "kim::request", status = 400, "a head was no HTTP");
    }
}

#[cfg(test)]
mod tests;
