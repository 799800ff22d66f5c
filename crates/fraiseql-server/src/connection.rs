//! One connection, while it is served here.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use fraiseql_runtime::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::answers::Answers;
use crate::events::{Access, Event, HandOver};
use crate::head::{Layout, Parsed, parse};
use crate::reply::{Unsent, head};
use crate::shared::{Counted, Parked, Shared};

const READ_BYTES: usize = 8 * 1024;

/// A connection that waits for a request, or whose request is being answered.
#[derive(Debug)]
pub(crate) struct Connection<A> {
    id: u64,
    stream: Option<TcpStream>,
    shared: Arc<Shared<A>>,
    open: Option<Counted>,
    _here: Counted,
    buffer: BytesMut,
    /// Whether Python has a socket of this connection.
    seen: bool,
    /// Whether it has had a request before, so that it may wait longer for the next one.
    used: bool,
    /// When it was opened, or the request that is being received began.
    since: Instant,
    answered: u64,
}

enum Received {
    More,
    Slow,
    Ended,
}

enum Next {
    Continue,
    /// Python gets these received bytes, and these unsent ones.
    HandOver(Bytes, Bytes),
    End,
}

impl<A: Answers> Connection<A> {
    pub fn new(
        id: u64,
        stream: TcpStream,
        shared: Arc<Shared<A>>,
        open: Counted,
        seen: bool,
    ) -> Self {
        let here = Counted::new(&shared.counts.here, 1);
        Self {
            id,
            stream: Some(stream),
            shared,
            open: Some(open),
            _here: here,
            buffer: BytesMut::new(),
            seen,
            used: seen,
            since: Instant::now(),
            answered: 0,
        }
    }

    /// Answers requests until the connection ends or Python takes it.
    pub async fn run(mut self) {
        let Some(mut stream) = self.stream.take() else { return };
        loop {
            let next = match parse(&self.buffer, &self.shared.options.path) {
                Parsed::Foreign => self.unread(),
                Parsed::Whole(layout) => self.answer(&layout, &mut stream).await,
                Parsed::Partial => match self.receive(&mut stream).await {
                    Received::More => Next::Continue,
                    Received::Slow if self.buffer.is_empty() && self.used => Next::End,
                    Received::Slow => self.unread(),
                    Received::Ended => Next::End,
                },
            };
            match next {
                Next::Continue => {}
                Next::End => return,
                Next::HandOver(received, unsent) => {
                    // An error means that the process may open no more files: the client is cut.
                    drop(self.hand_over(stream, &received, unsent));
                    return;
                }
            }
        }
    }

    /// Hands over what was received, which is no whole request that may be answered here.
    fn unread(&self) -> Next {
        if !self.buffer.is_empty() {
            self.shared.answers.unread();
        }
        Next::HandOver(Bytes::new(), Bytes::new())
    }

    async fn receive(&mut self, stream: &mut TcpStream) -> Received {
        let options = &self.shared.options;
        let idle = self.buffer.is_empty() && self.used;
        let end = self.since + if idle { options.idle } else { options.patience };
        let first = self.buffer.is_empty();
        self.buffer.reserve(READ_BYTES);
        let read = tokio::select! {
            biased;
            read = stream.read_buf(&mut self.buffer) => read,
            () = sleep_until(end) => return Received::Slow,
            () = self.shared.drained() => return Received::Ended,
        };
        if first {
            self.since = Instant::now();
        }
        if read.is_ok_and(|count| count > 0) { Received::More } else { Received::Ended }
    }

    async fn answer(&mut self, layout: &Layout, stream: &mut TcpStream) -> Next {
        let (request, whole) = layout.take(&mut self.buffer);
        if self.shared.counts.paused.load(Ordering::Relaxed) {
            self.shared.answers.unread();
            return Next::HandOver(whole, Bytes::new());
        }
        let response = tokio::select! {
            biased;
            response = self.shared.answers.answer(&request) => response,
            () = gone(stream) => return Next::End,
        };
        let close = self.shared.is_draining();
        let Some(response) = response else { return Next::HandOver(whole, Bytes::new()) };
        let Some(head) = head(&response, &self.shared.clock, close) else {
            return Next::HandOver(whole, Bytes::new());
        };
        (self.used, self.answered) = (true, self.answered + 1);
        self.log(stream, &request, &whole, response.status);
        let next = self.send(stream, Unsent::new(head, response.body)).await;
        self.since = Instant::now();
        if close && matches!(next, Next::Continue) { Next::End } else { next }
    }

    fn log(&self, stream: &TcpStream, request: &Request, whole: &Bytes, status: u16) {
        if self.shared.options.access_log {
            // The first line without " HTTP/1.1".
            let line = whole.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let line = whole.slice(..line.len().saturating_sub(b" HTTP/1.1".len()));
            let client = stream.peer_addr().ok();
            let named = request.headers.iter().filter(|(name, _)| name == "x-forwarded-for");
            let forwarded = named.map(|(_, value)| value.clone()).collect();
            self.shared.events.push(Event::Access(Access { client, forwarded, line, status }));
        }
    }

    async fn send(&self, stream: &mut TcpStream, mut unsent: Unsent) -> Next {
        let counter = &self.shared.counts.unsent;
        let held = Counted::new(counter, unsent.len());
        let end = Instant::now() + self.shared.options.patience;
        loop {
            let written = tokio::select! {
                biased;
                written = write(stream, &unsent) => written,
                () = sleep_until(end) => break,
            };
            match written {
                Ok(count) if count > 0 => unsent.advance(count),
                _ => return Next::End,
            }
            if unsent.len() == 0 {
                return Next::Continue;
            }
            if counter.load(Ordering::Relaxed) > self.shared.options.unsent {
                break;
            }
        }
        drop(held);
        Next::HandOver(Bytes::new(), unsent.rest())
    }

    /// Lets Python serve the connection from now on.
    fn hand_over(&mut self, stream: TcpStream, first: &Bytes, unsent: Bytes) -> io::Result<()> {
        let stream = stream.into_std()?;
        let socket = if self.seen { None } else { Some(stream.try_clone()?) };
        let Some(open) = self.open.take() else { return Ok(()) };
        self.shared.parked().insert(self.id, Parked { stream, open });
        let elapsed = self.since.elapsed();
        let received = [first.as_ref(), &self.buffer].concat().into();
        let (id, answered) = (self.id, self.answered);
        let event = HandOver { id, socket, received, unsent, elapsed, answered };
        self.shared.events.push(Event::HandOver(event));
        Ok(())
    }
}

impl<A> Drop for Connection<A> {
    fn drop(&mut self) {
        // The count is gone if Python serves the connection.
        if self.seen && self.open.is_some() {
            self.shared.events.push(Event::Gone(self.id));
        }
    }
}

/// Sends what the socket takes.
async fn write(stream: &mut TcpStream, unsent: &Unsent) -> io::Result<usize> {
    match unsent.whole() {
        Some(bytes) => stream.write(bytes).await,
        None => stream.write_vectored(&unsent.slices()).await,
    }
}

/// Returns once the client has closed the connection.
async fn gone(stream: &TcpStream) {
    if matches!(stream.peek(&mut [0]).await, Ok(count) if count > 0) {
        // It has sent its next request already.
        pending::<()>().await;
    }
}
