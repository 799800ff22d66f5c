//! A check that runs once for all who wait.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use super::state::{Reliance, State};
use super::statement::{Connection, Parameters, Server, StatementPair};

/// Time after which a check is abandoned.
const LONGEST: Duration = Duration::from_secs(1);

/// Pause after a failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The statement of a check, and its server.
#[derive(Clone, Debug)]
struct Setup {
    server: Server,
    pair: StatementPair,
    interval: Duration,
}

/// Counts since the process began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Finished checks.
    pub(crate) checks: u64,
    /// Requests that waited for them.
    pub(crate) checked: u64,
}

#[derive(Debug, Default)]
struct Shared {
    state: State,
    setup: Option<Arc<Setup>>,
    waiting: Vec<oneshot::Sender<bool>>,
    figures: Figures,
}

/// Freshness checks of one process, all on one connection.
///
/// A request joins the next check, never one that was sent: its snapshot may be older than the
/// request. One check runs at a time; those who arrive meanwhile share the next.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    shared: Mutex<Shared>,
    wake: Notify,
    runs: AtomicBool,
    /// Left out by a test: requests join the check that was sent.
    #[cfg(feature = "mutants")]
    rides: AtomicBool,
}

impl Checks {
    /// Has checks ask `pair` of `server` from the next one on.
    ///
    /// The first one runs as soon as requests are answered.
    pub(crate) fn use_setup(&self, server: Server, pair: StatementPair, interval: Duration) {
        self.lock().setup = Some(Arc::new(Setup { server, pair, interval }));
        self.wake.notify_one();
    }

    /// Makes no more checks until the next setup; nothing in memory is valid.
    pub(crate) fn stop(&self) {
        let mut shared = self.lock();
        shared.setup = None;
        shared.state.lose();
        shared.waiting.clear();
        drop(shared);
        self.wake.notify_one();
    }

    /// Returns the number of a value whose first statement is sent from now on.
    pub(crate) fn born(&self) -> Option<u64> {
        self.lock().state.born()
    }

    /// Returns the number of the statement of the last check.
    pub(crate) fn watch(&self) -> u64 {
        self.lock().state.watch()
    }

    /// Whether no finished check found a change of anything that a value relies on.
    pub(crate) fn admits(&self, value: &Reliance) -> bool {
        self.lock().state.admits(value)
    }

    /// Returns counts since the process began.
    pub(crate) fn figures(&self) -> Figures {
        self.lock().figures
    }

    /// Waits for the next check; false where it failed.
    ///
    /// Called on the runtime that runs the checks.
    pub(crate) async fn join(self: &Arc<Self>) -> bool {
        let (sender, receiver) = oneshot::channel();
        {
            let mut shared = self.lock();
            if shared.setup.is_none() {
                return false;
            }
            shared.figures.checked += 1;
            shared.waiting.push(sender);
        }
        self.wake.notify_one();
        receiver.await.unwrap_or(false)
    }

    /// Starts the task that runs checks, on the runtime of the caller, unless it runs.
    pub(crate) fn ensure_running(self: &Arc<Self>) {
        if !self.runs.load(Ordering::Relaxed) && !self.runs.swap(true, Ordering::AcqRel) {
            tokio::spawn(run(Running(Arc::clone(self))));
        }
    }

    /// Has requests join the check that was sent, which is wrong.
    #[cfg(feature = "mutants")]
    pub(crate) fn ride_on_sent_checks(&self, rides: bool) {
        self.rides.store(rides, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody waits, and the last check was of this setup.
    fn is_idle(&self, setup: &Setup) -> bool {
        let shared = self.lock();
        let state = &shared.state;
        shared.waiting.is_empty() && state.born().is_some() && state.watch() == setup.pair.watch
    }

    /// Takes those who wait: a check that is sent from now on is for them.
    fn take_waiting(&self) -> (Vec<oneshot::Sender<bool>>, Parameters) {
        let mut shared = self.lock();
        (mem::take(&mut shared.waiting), Parameters::from(&shared.state))
    }

    fn lose(&self) {
        let mut shared = self.lock();
        shared.state.lose();
        shared.waiting.clear();
    }
}

/// The task that runs checks; at its end, however it comes, nothing in memory is valid.
struct Running(Arc<Checks>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lose();
        self.0.runs.store(false, Ordering::Release);
    }
}

async fn run(running: Running) {
    let checks = &running.0;
    let mut connection: Option<Connection> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        checks.wake.notified().await;
        let setup = checks.lock().setup.clone();
        let Some(setup) = setup else {
            connection = None;
            continue;
        };
        if checks.is_idle(&setup) || attempt(checks, &setup, &mut connection).await {
            pause = FIRST_PAUSE;
            continue;
        }
        connection = None;
        checks.lose();
        refuse_for(checks, pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Runs one check for those who wait; false for a failure.
async fn attempt(checks: &Checks, setup: &Setup, connection: &mut Option<Connection>) -> bool {
    if !setup.interval.is_zero() {
        sleep(setup.interval).await;
    }
    let ready = timeout(LONGEST, prepare(checks, setup, connection)).await.unwrap_or(false);
    let Some(open) = connection.as_mut().filter(|_| ready) else { return false };
    #[allow(unused_mut)]
    let (mut waiting, parameters) = checks.take_waiting();
    let Ok(Ok(row)) = timeout(LONGEST, open.run(&parameters)).await else { return false };
    #[cfg(feature = "mutants")]
    if checks.rides.load(Ordering::SeqCst) {
        waiting.extend(checks.take_waiting().0);
    }
    let succeeded = {
        let mut shared = checks.lock();
        shared.figures.checks += 1;
        // A setup that was withdrawn meanwhile has lost everything.
        shared.setup.is_some() && shared.state.accept(row, open.watch())
    };
    for waiter in waiting {
        // A request that is gone does not wait.
        let _ = waiter.send(succeeded);
    }
    succeeded
}

/// Opens the connection, or has it compare other definitions; false for a failure.
async fn prepare(checks: &Checks, setup: &Setup, connection: &mut Option<Connection>) -> bool {
    match connection {
        Some(open) if open.is_to(&setup.server) => {
            if open.watch() == setup.pair.watch {
                return true;
            }
            checks.lock().state.compare_others();
            open.change(&setup.pair).await.is_ok()
        }
        _ => {
            checks.lock().state.lose();
            *connection = Connection::open(&setup.server, &setup.pair).await.ok();
            connection.is_some()
        }
    }
}

/// Refuses those who wait, for a while, or until another setup comes.
async fn refuse_for(checks: &Checks, pause: Duration) {
    let failed = checks.lock().setup.clone();
    let _ = timeout(pause, async {
        loop {
            checks.wake.notified().await;
            let mut shared = checks.lock();
            shared.waiting.clear();
            if !same(shared.setup.as_ref(), failed.as_ref()) {
                checks.wake.notify_one();
                return;
            }
        }
    })
    .await;
}

fn same(left: Option<&Arc<Setup>>, right: Option<&Arc<Setup>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (None, None) => true,
        _ => false,
    }
}
