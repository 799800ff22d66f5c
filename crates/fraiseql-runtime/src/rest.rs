//! Pauses of statements that take long, in which Python runs them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first and the longest pause of a statement.
const PAUSES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3_600));

/// The pauses of one statement.
///
/// A statement that takes long here would take as long again in Python: it is stopped early, and
/// after that not begun for a while, which doubles each time.
#[derive(Debug, Default)]
pub(crate) struct Rest(Mutex<Option<(Instant, Duration)>>);

impl Rest {
    /// Whether the statement is left to Python now.
    pub fn lasts(&self) -> bool {
        self.lock().is_some_and(|(end, _)| Instant::now() < end)
    }

    /// Begins a pause.
    pub fn begin(&self) {
        let mut rest = self.lock();
        let (first, longest) = PAUSES;
        let pause = rest.map_or(first, |(_, pause)| (pause * 2).min(longest));
        *rest = Some((Instant::now() + pause, pause));
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Duration)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles() {
        let rest = Rest::default();
        assert!(!rest.lasts());
        rest.begin();
        assert!(rest.lasts());
        rest.begin();
        assert_eq!(rest.lock().map(|(_, pause)| pause), Some(PAUSES.0 * 2));
    }
}
