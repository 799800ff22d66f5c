//! The place of one connection, and its use by one statement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_postgres::CancelToken;

use crate::connected::Connected;
use crate::faults::Faults;
use crate::lane::Lane;
use crate::target::Target;
use crate::tls::Connector;

/// The first and the longest pause before a connection is opened again.
pub(crate) const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// The time in which a statement that nobody waits for may end by itself.
const GRACE: Duration = Duration::from_millis(100);

/// The place of a connection, open or not.
#[derive(Debug)]
pub(crate) struct Place<C> {
    connection: Mutex<Option<Arc<C>>>,
    opening: AtomicBool,
    taken: AtomicBool,
    retry: Mutex<Option<(Instant, Duration)>>,
}

impl<C> Default for Place<C> {
    fn default() -> Self {
        Self {
            connection: Mutex::default(),
            opening: AtomicBool::default(),
            taken: AtomicBool::default(),
            retry: Mutex::default(),
        }
    }
}

impl<C: Connected> Place<C> {
    /// Whether a statement uses the connection alone.
    pub fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }

    /// The open connection; one that is not open is being opened.
    pub fn connection(
        self: &Arc<Self>,
        target: &Target,
        tls: &Connector,
        faults: &Arc<Faults>,
    ) -> Option<Arc<C>> {
        let mut connection = self.current();
        if connection.as_ref().is_some_and(|open| open.is_closed()) {
            *connection = None;
        }
        if connection.is_none() {
            self.open(target, tls, faults);
        }
        connection.clone()
    }

    /// Opens the connection in the background, unless that is being done or has just failed.
    fn open(self: &Arc<Self>, target: &Target, tls: &Connector, faults: &Arc<Faults>) {
        let waits = self.retry().is_some_and(|(at, _)| Instant::now() < at);
        if waits || self.opening.swap(true, Ordering::Relaxed) {
            return;
        }
        let (place, target, tls) = (Arc::clone(self), target.clone(), tls.clone());
        let faults = Arc::clone(faults);
        tokio::spawn(async move {
            place.opened(C::open(&target, tls).await, &faults);
        });
    }

    fn opened(&self, connection: Result<C, String>, faults: &Faults) {
        match connection {
            Ok(connection) => {
                faults.succeeded();
                *self.retry() = None;
                *self.current() = Some(Arc::new(connection));
            }
            Err(fault) => {
                faults.failed(fault);
                let mut retry = self.retry();
                let (first, longest) = PAUSES;
                let pause = retry.map_or(first, |(_, pause)| (pause * 2).min(longest));
                *retry = Some((Instant::now() + pause, pause));
            }
        }
        self.opening.store(false, Ordering::Relaxed);
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<C>>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn retry(&self) -> MutexGuard<'_, Option<(Instant, Duration)>> {
        self.retry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<Lane> {
    /// Closes a connection whose statement still runs, and cancels the statement.
    fn abandon(&self, lane: &Arc<Lane>, tls: &Connector) {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, lane)) {
            *current = None;
            cancel(lane.cancel_token(), tls.clone());
        }
    }
}

/// A connection that one statement uses.
///
/// Dropped while the statement runs, because nobody waits for it any more, it is free again as soon
/// as the statement has ended; if that takes long, it is closed and the statement cancelled.
pub(crate) struct Held {
    place: Arc<Place<Lane>>,
    lane: Arc<Lane>,
    tls: Connector,
    permit: Option<OwnedSemaphorePermit>,
    quick: bool,
}

impl Held {
    /// Takes a connection; `quick` says that its statement has not been known to take long.
    pub fn new(
        place: &Arc<Place<Lane>>,
        lane: Arc<Lane>,
        tls: Connector,
        permit: OwnedSemaphorePermit,
        quick: bool,
    ) -> Self {
        place.taken.store(true, Ordering::Relaxed);
        Self { place: Arc::clone(place), lane, tls, permit: Some(permit), quick }
    }

    /// The connection.
    pub fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    /// Frees the connection, whose statement has ended.
    pub fn finish(mut self) {
        free(&self.place, self.permit.take());
    }

    /// Closes the connection, and cancels its statement.
    pub fn abandon(mut self) {
        self.place.abandon(&self.lane, &self.tls);
        free(&self.place, self.permit.take());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let (place, lane, tls) =
            (Arc::clone(&self.place), Arc::clone(&self.lane), self.tls.clone());
        match Handle::try_current() {
            Ok(runtime) if self.quick => drop(runtime.spawn(async move {
                // To close it for each client that leaves would cost more than the statement.
                if !timeout(GRACE, lane.has_settled()).await.unwrap_or(false) {
                    place.abandon(&lane, &tls);
                }
                free(&place, Some(permit));
            })),
            _ => {
                place.abandon(&lane, &tls);
                free(&place, Some(permit));
            }
        }
    }
}

/// Frees a place before its permit, whose next owner looks for a free one.
fn free(place: &Place<Lane>, permit: Option<OwnedSemaphorePermit>) {
    place.taken.store(false, Ordering::Relaxed);
    drop(permit);
}

/// Cancels the running statement; if that fails, it ends at its own time-out.
fn cancel(token: CancelToken, tls: Connector) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(async move {
            let _ = token.cancel_query(tls).await;
        });
    }
}
