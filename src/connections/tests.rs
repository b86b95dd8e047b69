//! Slow, idle and stuck clients, the limit of connections, and the shutdown.

use poem::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::*;

/// Answers "/large" with more bytes than a socket's buffers hold, "/slow" after 300 ms, and other paths immediately.
struct TestEndpoint;

impl Endpoint for TestEndpoint {
    type Output = Response;
    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        Ok(match request.uri().path() {
            "/large" => "x".repeat(32 * 1024 * 1024).into(),
            "/body" => request.take_body().into_vec().await.expect("a body").into(),
            "/body-then-slow" => {
                request.take_body().into_vec().await.expect("a body");
                sleep(Duration::from_millis(1_000)).await;
                Response::builder().header("connection", "close").body("slow")
            }
            "/slow" => {
                sleep(Duration::from_millis(300)).await;
                "slow".into()
            }
            _ => "quick".into(),
        })
    }
}

struct TestServer {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: tokio::task::JoinHandle<()>,
}

async fn start(max_connections: usize) -> TestServer {
    let short = Duration::from_millis(500);
    let timeouts =
        ConnectionTimeouts { read_head: short, if_full: short, write: short, shutdown: Duration::from_secs(5) };
    start_with(max_connections, timeouts).await
}

async fn start_with(max_connections: usize, timeouts: ConnectionTimeouts) -> TestServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve(listener, Arc::new(TestEndpoint), max_connections, timeouts, stopped));
    TestServer { address, stop, serving }
}

async fn connect(server: &TestServer, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.expect("a connection");
    socket.write_all(text.as_bytes()).await.expect("sent");
    socket
}

/// Reads until the server closes the connection.
async fn read_to_end(socket: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // The server may also close with a reset.
    let _closed = timeout(Duration::from_secs(4), socket.read_to_end(&mut all)).await.expect("it was closed");
    String::from_utf8(all).expect("text")
}

#[tokio::test]
async fn a_client_that_sends_nothing_or_an_incomplete_head_is_dropped() {
    let server = start(10).await;
    let started = Instant::now();
    for incomplete in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        read_to_end(&mut connect(&server, incomplete).await).await;
    }
    assert!(started.elapsed() < Duration::from_secs(4));
    // Sending single bytes does not prolong the timeout.
    let mut socket = connect(&server, "GET / HTTP/1.1\r\nx-slow: ").await;
    let sending = async {
        while socket.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(4), sending).await.expect("it was dropped");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_response() {
    let server = start(10).await;
    let answer = read_to_end(&mut connect(&server, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("quick"), "{answer}");
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_dropped() {
    let server = start(1).await;
    let _stuck = connect(&server, "GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // The limit is one connection, so this one is answered when the stuck connection is dropped.
    let mut next = connect(&server, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(read_to_end(&mut next).await.ends_with("quick"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let server = start(1).await;
    let close = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut first = connect(&server, &close("/slow")).await;
    let mut second = connect(&server, &close("/")).await;
    assert!(timeout(Duration::from_millis(100), second.read_u8()).await.is_err(), "it waits");
    assert!(read_to_end(&mut first).await.ends_with("slow"));
    assert!(read_to_end(&mut second).await.ends_with("quick"));
}

#[tokio::test]
async fn connections_without_a_complete_head_make_room_for_others() {
    let timeouts = ConnectionTimeouts { if_full: Duration::from_millis(300), ..ConnectionTimeouts::default() };
    let server = start_with(20, timeouts).await;
    let mut running = connect(&server, "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut incomplete = Vec::new();
    for text in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "].into_iter().cycle().take(30) {
        incomplete.push(connect(&server, text).await);
    }
    let started = Instant::now();
    let mut next = connect(&server, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(read_to_end(&mut next).await.ends_with("quick"));
    // The first twenty are closed after 0.3 s. The last ones then take places, and leave one free.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let mut answer = [0; 12];
    running.read_exact(&mut answer).await.expect("a running request is not closed");
    assert_eq!(&answer, b"HTTP/1.1 200");

    // Nothing is closed while places are free.
    let mut idle = connect(&server, "GET / HT").await;
    assert!(timeout(Duration::from_millis(700), idle.read_u8()).await.is_err(), "it stays open");
}

#[tokio::test]
async fn shutdown_finishes_running_requests_and_closes_idle_connections() {
    let server = start(10).await;
    let mut idle = connect(&server, "").await;
    let mut slow = connect(&server, "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    server.stop.send(true).expect("the server runs");
    assert!(read_to_end(&mut slow).await.ends_with("slow"));
    read_to_end(&mut idle).await;
    timeout(Duration::from_secs(2), server.serving).await.expect("in time").expect("ended");
}

#[tokio::test]
async fn connections_that_wait_for_their_clients_make_room_for_others() {
    let never = Duration::from_secs(60);
    let timeouts = ConnectionTimeouts {
        read_head: never,
        if_full: Duration::from_millis(300),
        write: never,
        shutdown: Duration::from_millis(1),
    };
    for (slow, is_closed) in [
        ("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc", true),
        ("POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", true),
        ("GET /large HTTP/1.1\r\nhost: a\r\n\r\n", true),
        ("POST /body-then-slow HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc", false),
    ] {
        let server = start_with(2, timeouts).await;
        let mut open = [connect(&server, slow).await, connect(&server, slow).await];
        let began = Instant::now();
        let mut other = connect(&server, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        let answer = timeout(Duration::from_secs(3), read_to_end(&mut other)).await.expect("an answer");
        assert!(answer.ends_with("quick"), "{slow:?}: {answer}");
        assert_eq!(began.elapsed() < Duration::from_millis(900), is_closed, "{slow:?}: {:?}", began.elapsed());
        if !is_closed {
            assert!(read_to_end(&mut open[0]).await.ends_with("slow"), "a request that runs is finished");
        }
    }
}

#[tokio::test]
async fn an_incomplete_head_does_not_delay_the_shutdown() {
    let server = start(10).await;
    let mut fresh = connect(&server, "GET / HTTP/1.1\r\nx-slow: ").await;
    let mut kept = connect(&server, "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HT").await;
    sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    server.stop.send(true).expect("the server runs");
    timeout(Duration::from_secs(2), server.serving).await.expect("in time").expect("ended");
    assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
    assert!(read_to_end(&mut kept).await.ends_with("quick"));
    read_to_end(&mut fresh).await;
}

#[tokio::test]
async fn shutdown_finishes_a_response_that_is_being_written() {
    let server = start(10).await;
    let mut slow = connect(&server, "GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    server.stop.send(true).expect("the server runs");
    sleep(Duration::from_millis(300)).await;
    assert!(read_to_end(&mut slow).await.len() > 32 * 1024 * 1024);
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = start(10).await;
    let mut socket = connect(&server, "GET / HTTP/1.1\r\nx-long: ").await;
    let _refused = socket.write_all(&[b'a'; 100 * 1024]).await;
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 431");
}
