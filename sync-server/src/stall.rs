//! A connection whose other end has stopped reading is given up.
//!
//! HTTP bounds how long a client may take to ask, not how long it may take to read the answer. A client that asks again
//! and again and reads nothing fills the buffers and would keep its place for ever. So writing may stand still for so
//! long and no longer; each byte that is taken begins the time anew.
//! Example: with 30 s, a client that takes one byte in 29 s is served, one that takes none in 30 s is cut off.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream on which writing may not stand still for longer than a limit.
#[derive(Debug)]
pub struct Unstalled<S> {
    stream: S,
    limit: Duration,
    standstill: Option<Pin<Box<Sleep>>>,
}

impl<S> Unstalled<S> {
    /// Puts a limit on standstills.
    pub const fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, standstill: None }
    }

    /// Passes on what writing came to, unless it stands still for too long.
    fn bound<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.standstill = None;
            return written;
        }
        let limit = self.limit;
        let standstill = self.standstill.get_or_insert_with(|| Box::pin(sleep(limit)));
        match standstill.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other end does not read"))),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unstalled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unstalled<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bound(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.bound(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.bound(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.bound(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn who_does_not_read_is_given_up_and_who_reads_slowly_is_not() {
        let (ours, mut theirs) = duplex(4);
        let mut ours = Unstalled::new(ours, Duration::from_millis(20));
        ours.write_all(b"abcd").await.unwrap();
        let mut buffer = [0; 8];
        let (written, read) = tokio::join!(ours.write_all(b"efgh"), theirs.read_exact(&mut buffer));
        assert_eq!((written.is_ok(), read.unwrap()), (true, 8));
        ours.write_all(b"abcd").await.unwrap();
        assert_eq!(ours.write_all(b"e").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
