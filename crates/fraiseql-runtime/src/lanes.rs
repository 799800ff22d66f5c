//! The connections of a process to `PostgreSQL`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connected::Connected;
use crate::faults::Faults;
use crate::identity::Setting;
use crate::lane::Lane;
use crate::parameter::Parameter;
use crate::pipeline::Pipeline;
use crate::place::{Held, PAUSES, Place};
use crate::plan::{Answer, Statement};
use crate::rows::{Failure, Rows};
use crate::target::Target;
use crate::tls::Connector;

/// The first pauses, after which requests no longer wait for all connections to be open.
const WARMING: usize = 20;

/// From this duration on, a statement gets a connection of its own.
const SLOW: Duration = Duration::from_millis(20);

/// The connections to one target.
#[derive(Debug)]
pub(crate) struct Lanes {
    target: Target,
    tls: Connector,
    /// Shared by reads by key.
    shared: Vec<Arc<Place<Pipeline>>>,
    /// Used by one statement at a time.
    own: Vec<Arc<Place<Lane>>>,
    free: Arc<Semaphore>,
    faults: Arc<Faults>,
}

impl Lanes {
    /// The connections to a target, none of which is open.
    ///
    /// # Errors
    /// Names the part of the encryption that is not supported.
    pub fn new(target: Target) -> Result<Self, String> {
        let tls = Connector::new(target.address.encryption.as_ref())?;
        Ok(Self {
            tls,
            shared: places(target.key_connections),
            own: places(target.connections),
            free: Arc::new(Semaphore::new(target.connections.max(1))),
            faults: Arc::default(),
            target,
        })
    }

    /// Whether they lead to this target.
    pub fn lead_to(&self, target: &Target) -> bool {
        self.target == *target
    }

    /// Why no connection, or not each one, can be opened; `None` if they can.
    pub fn fault(&self) -> Option<String> {
        self.faults.last()
    }

    /// Opens all connections, unless that takes long.
    pub async fn warm(&self) {
        for _ in 0..WARMING {
            let shared = self.shared.iter().filter(|place| self.open(place).is_none()).count();
            let own = self.own.iter().filter(|place| self.open(place).is_none()).count();
            if shared + own == 0 {
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
            // Apart, so that the future of a read by key stays small.
            return Box::pin(self.run_alone(statement, parameters, most)).await;
        }
        let pipeline = self.pipeline().ok_or(Failure::Failed)?;
        let rows = pipeline.run(statement, parameters, most).await;
        // Others must not wait behind a statement that takes long. Which one of a transaction did
        // so is not known: the others come back after they have run alone. One that fails stays,
        // since with other values it may succeed.
        let slow = match &rows {
            Ok(rows) => rows.run.duration > SLOW,
            Err(failure) => matches!(failure, Failure::Stalled | Failure::TooLarge),
        };
        statement.slow.store(slow, Ordering::Relaxed);
        rows
    }

    async fn run_alone(
        &self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<Rows, Failure> {
        let held = self.held(statement).await?;
        let lane = Arc::clone(held.lane());
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
        let held = self.held(statement).await?;
        let lane = Arc::clone(held.lane());
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
            held.abandon();
            return Err(Failure::Failed);
        };
        if let Ok(rows) = &rows {
            statement.slow.store(rows.run.duration > SLOW, Ordering::Relaxed);
        }
        match rows {
            Err(Failure::TooLarge | Failure::Open) => held.abandon(),
            _ => held.finish(),
        }
        rows
    }

    /// A connection that nothing else uses, until it is dropped.
    async fn held(&self, statement: &Statement) -> Result<Held, Failure> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(|_| Failure::Failed)?;
        let quick = !statement.slow.load(Ordering::Relaxed);
        self.own_lane(permit, quick).ok_or(Failure::Failed)
    }

    /// An open connection for reads by key; those that are not open are being opened.
    fn pipeline(&self) -> Option<Arc<Pipeline>> {
        let mut busy = None;
        for place in &self.shared {
            let Some(pipeline) = self.open(place) else { continue };
            if pipeline.is_free() {
                return Some(pipeline);
            }
            busy = busy.or(Some(pipeline));
        }
        busy
    }

    /// A connection that nothing else uses.
    fn own_lane(&self, permit: OwnedSemaphorePermit, quick: bool) -> Option<Held> {
        let lanes = self.own.iter().filter(|place| !place.is_taken());
        let mut open = lanes.filter_map(|place| Some((place, self.open(place)?)));
        let (place, lane) = open.next()?;
        Some(Held::new(place, lane, self.tls.clone(), permit, quick))
    }

    fn open<C: Connected>(&self, place: &Arc<Place<C>>) -> Option<Arc<C>> {
        place.connection(&self.target, &self.tls, &self.faults)
    }
}

/// At least one place.
fn places<C: Connected>(count: usize) -> Vec<Arc<Place<C>>> {
    (0..count.max(1)).map(|_| Arc::default()).collect()
}
