//! Responses of Python, repeated while nothing that they rely on has changed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::counts::Counts;
use super::entry::Entry;
use super::key::asked;
use super::values::Values;
use crate::check::{Checks, Reliance, Server, StatementPair};
use crate::message::{Header, Request, Response};

/// A response with status 200 that may be repeated for an equal request.
#[derive(Debug)]
pub struct NewValue {
    /// Number that Python gave it, for its counts.
    pub id: u64,
    /// The number of the identity of its client; 0 if all clients are alike.
    pub client: u64,
    /// Result of [`Hits::begin`], before anything was asked for this response.
    pub begun: (u64, u64),
    /// The number of the statement that compares its definitions and roles.
    pub watch: u64,
    /// The tags of the change log that invalidate it.
    pub tags: Vec<Box<str>>,
    /// The headers.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Bytes,
}

/// Hits since the last call of [`Hits::drain`].
#[derive(Debug, Default)]
pub struct Drained {
    /// Counts by the number of the value.
    pub counts: Vec<(u64, Counts)>,
    /// Numbers of the values that are no longer in memory.
    pub gone: Vec<u64>,
}

/// Figures of memory and its checks.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Values.
    pub values: usize,
    /// Their bytes, about.
    pub bytes: usize,
    /// Finished checks.
    pub checks: u64,
    /// Requests that waited for them.
    pub checked: u64,
}

#[derive(Debug, Default)]
struct Inner {
    values: Values,
    /// Counts the times that everything was forgotten.
    epoch: u64,
    bounds: Arc<[u64]>,
    drained: Drained,
}

/// Exact responses in the memory of one process.
#[derive(Debug, Default)]
pub struct Hits {
    inner: Mutex<Inner>,
    checks: Arc<Checks>,
}

impl Hits {
    /// Sets the most bytes of all values, and the bounds of [`Counts::classes`].
    pub fn configure(&self, max_bytes: usize, bounds: &[u64]) {
        let mut inner = self.lock();
        inner.values.limit(max_bytes);
        inner.bounds = bounds.into();
    }

    /// Has checks ask `pair` of `server`, at most once per `interval`.
    pub fn check(&self, server: Server, pair: StatementPair, interval: Duration) {
        self.checks.use_setup(server, pair, interval);
    }

    /// Returns the mark of a request that begins now; see [`NewValue::begun`].
    ///
    /// `None` where its response cannot be in memory.
    pub fn begin(&self) -> Option<(u64, u64)> {
        let epoch = self.lock().epoch;
        self.checks.born().map(|born| (epoch, born))
    }

    /// Returns the number of the statement of the last check.
    pub fn watch(&self) -> u64 {
        self.checks.watch()
    }

    /// Remembers the response to a request; false where it cannot be valid.
    ///
    /// The response equals the live answer of a moment after [`Hits::begin`] was called.
    pub fn remember(&self, request: &Request, value: NewValue) -> bool {
        let (epoch, born) = value.begun;
        let reliance = Reliance { born, watch: value.watch, tags: value.tags };
        let Some(asked) = asked(request, value.client).filter(|asked| asked.etags.is_none()) else {
            return false;
        };
        let mut inner = self.lock();
        if epoch != inner.epoch || !self.checks.admits(&reliance) {
            return false;
        }
        let entry = Arc::new(Entry::new(value.id, reliance, value.headers, value.body));
        let gone = inner.values.put(&asked.key, entry);
        let kept = gone.iter().all(|each| each.id != value.id);
        inner.retire(gone);
        kept
    }

    /// Forgets all values, and those that requests are computing now.
    pub fn forget(&self) {
        let mut inner = self.lock();
        inner.epoch += 1;
        let gone = inner.values.clear();
        inner.retire(gone);
    }

    /// Forgets all values, and makes no more checks.
    pub fn stop(&self) {
        self.forget();
        self.checks.stop();
    }

    /// Returns the counts since the last call.
    pub fn drain(&self) -> Drained {
        let mut inner = self.lock();
        let counts = inner.values.entries().filter_map(|entry| {
            let counts = entry.take_counts()?;
            Some((entry.id, counts))
        });
        let counts: Vec<_> = counts.collect();
        let mut drained = std::mem::take(&mut inner.drained);
        drained.counts.extend(counts);
        drained
    }

    /// Has requests join the check that was sent, which is wrong; for tests.
    #[cfg(feature = "mutants")]
    pub fn ride_on_sent_checks(&self, rides: bool) {
        self.checks.ride_on_sent_checks(rides);
    }

    /// Returns the figures of `/metrics`.
    pub fn totals(&self) -> Totals {
        let (values, bytes) = self.lock().values.figures();
        let figures = self.checks.figures();
        Totals { values, bytes, checks: figures.checks, checked: figures.checked }
    }

    /// Answers a client from memory; `None` where Python has to answer.
    pub async fn answer(&self, request: &Request, client: u64) -> Option<Response> {
        self.checks.ensure_running();
        if self.lock().values.is_empty() {
            return None;
        }
        let start = Instant::now();
        let asked = asked(request, client)?;
        let entry = self.lock().values.find(&asked.key)?;
        let unchanged = asked.etags.is_some_and(|etags| entry.is(etags));
        if asked.etags.is_some() && !unchanged {
            // The client may have some of the values.
            return None;
        }
        if !self.checks.join().await {
            return None;
        }
        let (bounds, valid) = self.confirm(&asked.key, &entry);
        let took = start.elapsed();
        valid.then(|| {
            entry.count(took, unchanged, &bounds);
            entry.response(took, unchanged)
        })
    }

    /// Returns whether a value is valid in the last check; a value that is not goes.
    fn confirm(&self, key: &[u8], entry: &Arc<Entry>) -> (Arc<[u64]>, bool) {
        let mut inner = self.lock();
        let found = inner.values.find(key).filter(|found| Arc::ptr_eq(found, entry));
        let valid = found.is_some() && self.checks.admits(&entry.reliance);
        if found.is_some() && !valid {
            let gone = inner.values.drop_entry(key);
            inner.retire(gone.into_iter().collect());
        }
        (Arc::clone(&inner.bounds), valid)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Holds the counts of values that have gone until somebody takes them.
    fn retire(&mut self, gone: Vec<Arc<Entry>>) {
        for entry in gone {
            let counts = entry.take_counts().map(|counts| (entry.id, counts));
            self.drained.counts.extend(counts);
            self.drained.gone.push(entry.id);
        }
    }
}
