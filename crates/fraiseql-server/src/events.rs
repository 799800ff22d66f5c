//! Events for Python: a queue, and one byte that wakes its loop.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

/// A connection that Python serves from now on.
#[derive(Debug)]
pub struct HandOver {
    /// Number of the connection.
    pub id: u64,
    /// The socket; `None` if Python has it already.
    pub socket: Option<TcpStream>,
    /// Bytes that were received and not answered.
    pub received: Bytes,
    /// The end of the last response, which is not sent yet.
    pub unsent: Bytes,
    /// How long the client has been sending this request.
    pub elapsed: Duration,
    /// Requests of the connection that were answered here since Python had it.
    pub answered: u64,
}

/// A request that was answered here.
#[derive(Debug)]
pub struct Access {
    /// The address of the client.
    pub client: Option<SocketAddr>,
    /// The values of `x-forwarded-for`: what proxies say about the client.
    pub forwarded: Vec<Bytes>,
    /// The first line of the request, without the version.
    pub line: Bytes,
    /// The status of the response.
    pub status: u16,
}

/// An event for Python.
#[derive(Debug)]
pub enum Event {
    /// A connection that Python serves from now on.
    HandOver(HandOver),
    /// A connection that Python has a socket of has ended.
    Gone(u64),
    /// A connection was refused, because too many are open.
    Refused,
    /// A request that was answered here.
    Access(Access),
    /// The thread of the server has ended without being stopped.
    Failed,
}

/// The queue of events.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    waiting: Arc<Mutex<Vec<Event>>>,
    bell: Arc<UnixStream>,
}

impl Events {
    /// Returns the queue, and the socket that becomes readable when an event waits.
    pub fn new() -> io::Result<(Self, UnixStream)> {
        let (bell, ear) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ear.set_nonblocking(true)?;
        Ok((Self { waiting: Arc::default(), bell: Arc::new(bell) }, ear))
    }

    /// The end of the pair of sockets that belongs to the server.
    pub fn bell(&self) -> &UnixStream {
        &self.bell
    }

    /// Adds an event; wakes Python unless it was woken already.
    pub fn push(&self, event: Event) {
        let first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(event);
            waiting.len() == 1
        };
        if first {
            // It fails only if the bell is full, which has rung then, or if Python has ended.
            drop((&*self.bell).write(&[1]));
        }
    }

    /// Returns the events that wait.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
