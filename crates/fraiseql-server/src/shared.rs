//! State of a server that all its connections use.

use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    parked: Mutex<HashMap<u64, Parked>>,
    draining: AtomicBool,
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
            parked: Mutex::default(),
            draining: AtomicBool::new(false),
            drain: Notify::new(),
        }
    }

    /// Ends the connections that wait for a request; the others end after their response.
    pub fn begin_to_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.drain.notify_waiters();
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The connections that Python serves, by their number.
    pub fn parked(&self) -> MutexGuard<'_, HashMap<u64, Parked>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once the server drains.
    pub async fn drained(&self) {
        let drained = self.drain.notified();
        if !self.is_draining() {
            drained.await;
        }
    }
}
