//! Counts of the hits of one value.

use std::mem;
use std::time::{Duration, Instant};

/// Hits since the last time that somebody took them.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Answers.
    pub hits: u64,
    /// Those of them that had status 304.
    pub unchanged: u64,
    /// Sum of the durations in seconds.
    pub seconds: f64,
    /// Sum of the times since the value was registered, in seconds.
    pub ages: f64,
    /// The longest of these times, in seconds.
    pub oldest: f64,
    /// Answers by duration: below the first bound, below the second, …; then all others.
    pub classes: Vec<u64>,
}

impl Counts {
    /// Counts an answer.
    ///
    /// The bounds are in units of 1/16 ms, in ascending order.
    pub(crate) fn add(&mut self, took: Duration, registered: Instant, same: bool, bounds: &[u64]) {
        let age = registered.elapsed().as_secs_f64();
        self.hits += 1;
        self.unchanged += u64::from(same);
        self.seconds += took.as_secs_f64();
        self.ages += age;
        self.oldest = self.oldest.max(age);
        self.classes.resize(bounds.len() + 1, 0);
        let units = u64::try_from(took.as_nanos() / 62_500).unwrap_or(u64::MAX);
        self.classes[bounds.partition_point(|bound| *bound <= units)] += 1;
    }

    /// Returns the counts, and begins again; `None` where nothing was counted.
    pub(crate) fn take(&mut self) -> Option<Self> {
        (self.hits > 0).then(|| mem::take(self))
    }
}
