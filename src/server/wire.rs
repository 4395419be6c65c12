//! The socket as hyper sees it: notes when bytes arrive and what a head says of its length, and keeps a waiting call alive when its client has only closed
//! its own half.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::{head::Head, timeline::Timeline};

/// What is read of a head at once; most are shorter.
const PIECE_BYTES: usize = 2 << 10;

/// A connection's socket.
pub(super) struct Wire<'a> {
    io: TokioIo<TcpStream>,
    timeline: &'a Timeline,
    head: Head,
}

impl<'a> Wire<'a> {
    pub(super) fn new(stream: TcpStream, timeline: &'a Timeline) -> Self {
        Self { io: TokioIo::new(stream), timeline, head: Head::default() }
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.io.into_inner()
    }

    /// Reads a piece of a head, looks at it and hands it on.
    fn read_head(&mut self, cx: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut room = [0; PIECE_BYTES];
        let most = into.remaining().min(PIECE_BYTES);
        let mut piece = ReadBuf::new(&mut room[..most]);
        ready!(Pin::new(self.io.inner_mut()).poll_read(cx, &mut piece))?;
        self.head.watch(piece.filled());
        self.timeline.note_length(self.head.says_length());
        into.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }

    /// Looks whether there is something to read and leaves it where it is.
    fn peek(&self, cx: &mut Context<'_>) -> Poll<io::Result<Found>> {
        let mut room = [0; 1];
        let mut peeked = ReadBuf::new(&mut room);
        let found = ready!(self.io.inner().poll_peek(cx, &mut peeked))?;
        Poll::Ready(Ok(if found == 0 { Found::End } else { Found::Bytes }))
    }

    /// Whether hyper may read now, or would only learn what it is not to know yet.
    ///
    /// With a whole request in hand hyper reads on, to notice a hang-up. Bytes that come then are only noted: they begin
    /// the next request. The end of the stream is kept back until there is a reply: a client that closes its writing half
    /// after asking still wants the answer, and one that is gone costs no more than the deadline. The same end may come
    /// right behind a body that the service has not looked at yet: it is kept back until it has. A broken connection is
    /// passed on at once, and hyper drops the call.
    fn may_read(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let deciding = self.timeline.is_deciding();
        if !deciding && (!self.timeline.is_reading_body() || self.timeline.is_end_due()) {
            return Poll::Ready(Ok(()));
        }
        match ready!(self.peek(cx))? {
            Found::Bytes if !deciding => return Poll::Ready(Ok(())),
            Found::Bytes => self.timeline.read(Instant::now()),
            Found::End => {}
        }
        // No waker is kept: the connection's task asks `may_read_again` after every turn.
        self.timeline.hold_back();
        Poll::Pending
    }
}

/// What [`Wire::peek`] found.
enum Found {
    Bytes,
    End,
}

impl Read for Wire<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        ready!(self.may_read(cx))?;
        let read = if self.timeline.is_reading_head() {
            ready!(self.read_head(cx, into))
        } else {
            ready!(Pin::new(&mut self.io).poll_read(cx, into))
        };
        self.timeline.read(Instant::now());
        Poll::Ready(read)
    }
}

impl Write for Wire<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }
}
