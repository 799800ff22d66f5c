//! State of a server that all its connections use.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::events::Events;
use crate::options::Options;
use crate::reply::Clock;

/// Counts that Python reads, and the switch that it sets.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Connections, those that Python serves among them.
    pub open: Arc<AtomicUsize>,
    /// Connections that are served here.
    pub here: Arc<AtomicUsize>,
    /// Bytes of responses that wait here for clients.
    pub unsent: Arc<AtomicUsize>,
    /// Whether Python gets all requests.
    pub paused: AtomicBool,
}

/// An amount that is counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Arc<AtomicUsize>, usize);

impl Counted {
    pub fn new(counter: &Arc<AtomicUsize>, amount: usize) -> Self {
        counter.fetch_add(amount, Ordering::Relaxed);
        Self(Arc::clone(counter), amount)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

/// A connection that Python serves; the socket is one more handle of the same connection.
#[derive(Debug)]
pub(crate) struct Parked {
    pub stream: TcpStream,
    pub open: Counted,
}

/// State of one server.
#[derive(Debug)]
pub(crate) struct Shared<A> {
    pub answers: A,
    pub options: Options,
    pub events: Events,
    pub counts: Arc<Counts>,
    pub clock: Clock,
    pub parked: RefCell<HashMap<u64, Parked>>,
    draining: Cell<bool>,
    drain: Notify,
}

impl<A> Shared<A> {
    pub fn new(answers: A, options: Options, events: Events, counts: Arc<Counts>) -> Self {
        Self {
            answers,
            options,
            events,
            counts,
            clock: Clock::default(),
            parked: RefCell::default(),
            draining: Cell::new(false),
            drain: Notify::new(),
        }
    }

    /// Ends the connections that wait for a request; the others end after their response.
    pub fn begin_to_drain(&self) {
        self.draining.set(true);
        self.drain.notify_waiters();
    }

    pub fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Returns once the server drains.
    pub async fn drained(&self) {
        if !self.draining.get() {
            self.drain.notified().await;
        }
    }
}
