//! A socket that notices when a response is written completely.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;

use super::framing::FramingReader;

/// Stage of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No complete head arrived since the connection's start or the last response, at this instant.
    Waiting(Instant),
    /// The head of a request is complete, and its body was not at this instant.
    Receiving(Instant),
    /// A request is running.
    Running,
    /// The response is being written, since this instant.
    Responding(Instant),
}

impl Stage {
    /// Since when the connection waits for the client.
    pub(super) fn waits_since(self) -> Option<Instant> {
        match self {
            Self::Waiting(since) | Self::Receiving(since) | Self::Responding(since) => Some(since),
            Self::Running => None,
        }
    }
}

/// The socket of a connection. Changes the stage from `Responding` to `Waiting` when the response is flushed.
pub(super) struct WatchedSocket {
    socket: Pin<Box<TimeoutStream<TcpStream>>>,
    stage: Arc<watch::Sender<Stage>>,
    framing: FramingReader,
}

impl WatchedSocket {
    pub(super) fn new(
        socket: TimeoutStream<TcpStream>,
        stage: Arc<watch::Sender<Stage>>,
        framing: FramingReader,
    ) -> Self {
        Self { socket: Box::pin(socket), stage, framing }
    }
}

impl AsyncRead for WatchedSocket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.socket.as_mut().poll_read(cx, buffer);
        self.framing.read(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for WatchedSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.as_mut().poll_write(cx, bytes)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.socket.as_mut().poll_write_vectored(cx, parts)
    }
    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.socket.as_mut().poll_flush(cx);
        // Hyper flushes the socket when its own buffers are empty.
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.stage.send_if_modified(|stage| {
                let is_written = matches!(*stage, Stage::Responding(_));
                if is_written {
                    *stage = Stage::Waiting(Instant::now());
                }
                is_written
            });
        }
        flushed
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.as_mut().poll_shutdown(cx)
    }
}
