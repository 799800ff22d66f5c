//! Counts of requests by who answered them.

use std::sync::atomic::{AtomicU64, Ordering};

/// Who answered a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// Memory, after a freshness check.
    Memory,
    /// The database, without Python.
    Live,
    /// Python, because nothing is known here that answers it.
    Python,
    /// Python, and nothing was looked up for it.
    Unread,
}

/// Requests by outcome.
#[derive(Debug, Default)]
pub(crate) struct Outcomes([AtomicU64; 4]);

impl Outcomes {
    /// Counts a request.
    pub fn add(&self, outcome: Outcome) {
        self.0[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The counts, in the order of the outcomes.
    pub fn totals(&self) -> [u64; 4] {
        self.0.each_ref().map(|count| count.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_own_count() {
        let outcomes = Outcomes::default();
        for (times, outcome) in
            [Outcome::Memory, Outcome::Live, Outcome::Python, Outcome::Unread].iter().enumerate()
        {
            (0..=times).for_each(|_| outcomes.add(*outcome));
        }
        assert_eq!(outcomes.totals(), [1, 2, 3, 4]);
    }
}
