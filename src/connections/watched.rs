//! A socket that knows whether something of an answer is still to be written.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No whole head has come since the last answer.
    Waiting,
    /// A request runs.
    Running,
    /// Its answer is being written.
    Answering,
}

/// The socket of one connection.
pub(super) struct Watched {
    socket: Pin<Box<TimeoutStream<TcpStream>>>,
    stage: Arc<watch::Sender<Stage>>,
}

impl Watched {
    pub(super) fn new(socket: TimeoutStream<TcpStream>, stage: Arc<watch::Sender<Stage>>) -> Self {
        Self { socket: Box::pin(socket), stage }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.socket.as_mut().poll_read(cx, into)
    }
}

impl AsyncWrite for Watched {
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
        // Hyper flushes the socket once nothing is left in its own buffers.
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.stage.send_if_modified(|stage| {
                let written = *stage == Stage::Answering;
                if written {
                    *stage = Stage::Waiting;
                }
                written
            });
        }
        flushed
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.as_mut().poll_shutdown(cx)
    }
}
