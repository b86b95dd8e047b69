//! Slow, idle and stuck clients, too many of them, and the end.

use poem::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::*;

/// Answers "/large" with more than a socket's buffers hold, "/slow" after 300 ms, and the rest at once.
struct Told;

impl Endpoint for Told {
    type Output = Response;
    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match request.uri().path() {
            "/large" => "x".repeat(32 * 1024 * 1024).into(),
            "/slow" => {
                sleep(Duration::from_millis(300)).await;
                "slow".into()
            }
            _ => "quick".into(),
        })
    }
}

struct Served {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: tokio::task::JoinHandle<()>,
}

async fn serving(most: usize) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let brief = Duration::from_millis(500);
    let patience = Patience { head: brief, stuck: brief, grace: Duration::from_secs(5) };
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve(listener, Arc::new(Told), most, patience, stopped));
    Served { address, stop, serving }
}

async fn connect(served: &Served, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(served.address).await.expect("a connection");
    socket.write_all(text.as_bytes()).await.expect("sent");
    socket
}

/// What comes until the server closes.
async fn rest(socket: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset is a way to close, too.
    let _closed = timeout(Duration::from_secs(4), socket.read_to_end(&mut all)).await.expect("it was closed");
    String::from_utf8(all).expect("text")
}

#[tokio::test]
async fn a_client_that_says_nothing_or_half_a_head_is_dropped() {
    let served = serving(10).await;
    let begun = Instant::now();
    for half in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        rest(&mut connect(&served, half).await).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(4));
    // One byte after the other does not help.
    let mut socket = connect(&served, "GET / HTTP/1.1\r\nx-slow: ").await;
    let dripping = async {
        while socket.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(4), dripping).await.expect("it was dropped");
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_answer() {
    let served = serving(10).await;
    let answer = rest(&mut connect(&served, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("quick"), "{answer}");
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_dropped() {
    let served = serving(1).await;
    let _stuck = connect(&served, "GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // There is place for one: this one is answered when the stuck one is gone.
    let mut next = connect(&served, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(rest(&mut next).await.ends_with("quick"));
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_for_their_turn() {
    let served = serving(1).await;
    let close = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut first = connect(&served, &close("/slow")).await;
    let mut second = connect(&served, &close("/")).await;
    assert!(timeout(Duration::from_millis(100), second.read_u8()).await.is_err(), "it waits");
    assert!(rest(&mut first).await.ends_with("slow"));
    assert!(rest(&mut second).await.ends_with("quick"));
}

#[tokio::test]
async fn what_runs_is_finished_and_what_idles_is_closed_at_the_end() {
    let served = serving(10).await;
    let mut idle = connect(&served, "").await;
    let mut slow = connect(&served, "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    served.stop.send(true).expect("it runs");
    assert!(rest(&mut slow).await.ends_with("slow"));
    rest(&mut idle).await;
    timeout(Duration::from_secs(2), served.serving).await.expect("in time").expect("ended");
}

#[tokio::test]
async fn half_a_head_does_not_keep_the_server_from_ending() {
    let served = serving(10).await;
    let mut fresh = connect(&served, "GET / HTTP/1.1\r\nx-slow: ").await;
    let mut kept = connect(&served, "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HT").await;
    sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    served.stop.send(true).expect("it runs");
    timeout(Duration::from_secs(2), served.serving).await.expect("in time").expect("ended");
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    assert!(rest(&mut kept).await.ends_with("quick"));
    rest(&mut fresh).await;
}

#[tokio::test]
async fn an_answer_that_is_being_written_is_finished() {
    let served = serving(10).await;
    let mut slow = connect(&served, "GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    served.stop.send(true).expect("it runs");
    sleep(Duration::from_millis(300)).await;
    assert!(rest(&mut slow).await.len() > 32 * 1024 * 1024);
}

#[tokio::test]
async fn a_head_that_never_ends_is_refused() {
    let served = serving(10).await;
    let mut socket = connect(&served, "GET / HTTP/1.1\r\nx-long: ").await;
    let _refused = socket.write_all(&[b'a'; 100 * 1024]).await;
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 431");
}
