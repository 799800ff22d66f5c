//! The connections of a process to `PostgreSQL`.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::CancelToken;

use crate::identity::Setting;
use crate::lane::{Failure, Lane, Rows};
use crate::parameter::Parameter;
use crate::plan::{Answer, Statement};
use crate::target::Target;
use crate::tls::Connector;

/// The first and the longest pause before a connection is opened again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// The first pauses, after which requests no longer wait for all connections to be open.
const WARMING: usize = 20;

/// From this duration on, a statement gets a connection of its own.
const SLOW: Duration = Duration::from_millis(20);

/// The time without any answer after which nothing may wait for a shared connection.
const STALL: Duration = Duration::from_millis(200);

/// The connections to one target.
#[derive(Debug)]
pub(crate) struct Lanes {
    target: Target,
    tls: Connector,
    /// Shared by reads by key.
    shared: Vec<Arc<Place>>,
    /// Used by one statement at a time.
    own: Vec<Arc<Place>>,
    free: Arc<Semaphore>,
    next: AtomicUsize,
}

/// The place of a connection, open or not.
#[derive(Debug, Default)]
struct Place {
    lane: Mutex<Option<Arc<Lane>>>,
    opening: AtomicBool,
    taken: AtomicBool,
    retry: Mutex<Option<(Instant, Duration)>>,
}

impl Lanes {
    /// The connections to a target, none of which is open.
    ///
    /// # Errors
    /// Names the part of the encryption that is not supported.
    pub fn new(target: Target) -> Result<Self, String> {
        let tls = Connector::new(target.address.encryption.as_ref())?;
        let places = |count: usize| (0..count).map(|_| Arc::default()).collect();
        Ok(Self {
            tls,
            shared: places(target.key_connections.max(1)),
            own: places(target.connections.max(1)),
            free: Arc::new(Semaphore::new(target.connections.max(1))),
            next: AtomicUsize::new(0),
            target,
        })
    }

    /// Whether they lead to this target.
    pub fn lead_to(&self, target: &Target) -> bool {
        self.target == *target
    }

    /// Opens all connections, unless that takes long.
    pub async fn warm(&self) {
        for _ in 0..WARMING {
            let places = self.shared.iter().chain(&self.own);
            let closed = places.filter(|place| self.open_lane(place).is_none()).count();
            if closed == 0 {
                return;
            }
            tokio::time::sleep(PAUSES.0).await;
        }
    }

    /// Runs a statement, unless it took long before.
    pub async fn run(
        &self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<Rows, Failure> {
        if statement.rest.lasts() {
            return Err(Failure::Failed);
        }
        if statement.answer != Answer::Key || statement.slow.load(Ordering::Relaxed) {
            return self.run_alone(statement, parameters, most).await;
        }
        let (place, lane) = self.shared_lane().ok_or(Failure::Failed)?;
        let mut running = pin!(lane.run(statement, parameters, most));
        loop {
            let since = lane.answers();
            if let Ok(rows) = tokio::time::timeout(STALL, running.as_mut()).await {
                let rows = rows?;
                statement.slow.store(rows.run.duration > SLOW, Ordering::Relaxed);
                return Ok(rows);
            }
            if lane.answers() == since {
                // Others must not wait behind the statement that takes long.
                statement.slow.store(true, Ordering::Relaxed);
                place.abandon(&lane, &self.tls);
                return Err(Failure::Failed);
            }
        }
    }

    async fn run_alone(
        &self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<Rows, Failure> {
        let held = self.held().await?;
        let lane = Arc::clone(&held.lane);
        self.ended(statement, held, lane.run(statement, parameters, most)).await
    }

    /// Runs a statement under an identity, on a connection that nothing else uses.
    pub async fn run_as(
        &self,
        setting: &Setting,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<Rows, Failure> {
        if statement.rest.lasts() {
            return Err(Failure::Failed);
        }
        let held = self.held().await?;
        let lane = Arc::clone(&held.lane);
        self.ended(statement, held, lane.run_as(setting, statement, parameters, most)).await
    }

    /// Waits for the end of a statement; its connection is free again, or closed.
    async fn ended(
        &self,
        statement: &Statement,
        held: Held,
        running: impl Future<Output = Result<Rows, Failure>>,
    ) -> Result<Rows, Failure> {
        let Ok(rows) = tokio::time::timeout(self.target.longest(), running).await else {
            // Python waits as long as the settings allow.
            statement.rest.begin();
            return Err(Failure::Failed);
        };
        if let Ok(rows) = &rows {
            statement.slow.store(rows.run.duration > SLOW, Ordering::Relaxed);
        }
        if !matches!(rows, Err(Failure::TooLarge | Failure::Open)) {
            held.finish();
        }
        rows
    }

    /// A connection that nothing else uses, until it is dropped.
    async fn held(&self) -> Result<Held, Failure> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(|_| Failure::Failed)?;
        self.own_lane(permit).ok_or(Failure::Failed)
    }

    /// An open connection for reads by key; those that are not open are being opened.
    fn shared_lane(&self) -> Option<(&Arc<Place>, Arc<Lane>)> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.shared.len();
        let mut places = (0..count).map(|number| &self.shared[(first + number) % count]);
        places.find_map(|place| Some((place, self.open_lane(place)?)))
    }

    /// A connection that nothing else uses.
    fn own_lane(&self, permit: OwnedSemaphorePermit) -> Option<Held> {
        let free = |place: &&Arc<Place>| !place.taken.load(Ordering::Relaxed);
        for place in self.own.iter().filter(free) {
            if let Some(lane) = self.open_lane(place) {
                place.taken.store(true, Ordering::Relaxed);
                let place = Arc::clone(place);
                let tls = self.tls.clone();
                return Some(Held { place, lane, tls, _permit: permit, finished: false });
            }
        }
        None
    }

    fn open_lane(&self, place: &Arc<Place>) -> Option<Arc<Lane>> {
        let mut lane = place.lane.lock().unwrap_or_else(PoisonError::into_inner);
        if lane.as_ref().is_some_and(|lane| lane.is_closed()) {
            *lane = None;
        }
        if lane.is_none() {
            place.open(&self.target, &self.tls);
        }
        lane.clone()
    }
}

impl Place {
    /// Opens the connection in the background, unless that is being done or has just failed.
    fn open(self: &Arc<Self>, target: &Target, tls: &Connector) {
        let waits = self.retry().is_some_and(|(at, _)| Instant::now() < at);
        if waits || self.opening.swap(true, Ordering::Relaxed) {
            return;
        }
        let (place, target, tls) = (Arc::clone(self), target.clone(), tls.clone());
        tokio::spawn(async move {
            place.opened(Lane::open(&target, tls).await);
        });
    }

    fn opened(&self, lane: Result<Lane, Failure>) {
        if let Ok(lane) = lane {
            *self.retry() = None;
            *self.lane.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(lane));
        } else {
            let mut retry = self.retry();
            let (first, longest) = PAUSES;
            let pause = retry.map_or(first, |(_, pause)| (pause * 2).min(longest));
            *retry = Some((Instant::now() + pause, pause));
        }
        self.opening.store(false, Ordering::Relaxed);
    }

    /// Closes a connection whose statement still runs, and cancels the statement.
    fn abandon(&self, lane: &Arc<Lane>, tls: &Connector) {
        let mut current = self.lane.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, lane)) {
            *current = None;
            cancel(lane.cancel_token(), tls.clone());
        }
    }

    fn retry(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Duration)>> {
        self.retry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that one statement uses.
struct Held {
    place: Arc<Place>,
    lane: Arc<Lane>,
    tls: Connector,
    _permit: OwnedSemaphorePermit,
    finished: bool,
}

impl Held {
    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Held {
    /// Frees the connection; one whose statement still runs is closed, and the statement cancelled.
    fn drop(&mut self) {
        if !self.finished {
            self.place.abandon(&self.lane, &self.tls);
        }
        self.place.taken.store(false, Ordering::Relaxed);
    }
}

/// Cancels the running statement; if that fails, it ends at its own time-out.
fn cancel(token: CancelToken, tls: Connector) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            let _ = token.cancel_query(tls).await;
        });
    }
}
