//! Why connections could not be opened.

use std::error::Error as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::Error;

/// The time without a failure after which a success counts.
///
/// It is longer than the longest pause between two attempts. So a server that admits some of the
/// connections and refuses others has a fault, not one after the other.
const CALM: Duration = Duration::from_secs(6);

/// The last failure of all places.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Option<Fault>>);

#[derive(Debug)]
struct Fault {
    text: String,
    at: Instant,
    /// Whether a connection was opened since.
    over: bool,
}

impl Faults {
    /// Notes that a connection was opened.
    pub fn succeeded(&self) {
        if let Some(fault) = &mut *self.lock() {
            fault.over = true;
        }
    }

    /// Notes why one was not.
    pub fn failed(&self, text: String) {
        *self.lock() = Some(Fault { text, at: Instant::now(), over: false });
    }

    /// The last failure, unless connections have been opened since, and none has failed.
    pub fn last(&self) -> Option<String> {
        let fault = self.lock();
        let lasting = fault.as_ref().filter(|fault| !fault.over || fault.at.elapsed() < CALM);
        lasting.map(|fault| fault.text.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of an error, with its causes.
pub(crate) fn reason(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_ends_a_fault_that_is_not_new() {
        let faults = Faults::default();
        assert_eq!(faults.last(), None);
        faults.failed("refused".into());
        faults.succeeded();
        assert_eq!(faults.last().as_deref(), Some("refused"));
        let earlier = Instant::now().checked_sub(CALM).expect("a machine that runs for a while");
        if let Some(fault) = &mut *faults.lock() {
            fault.at = earlier;
        }
        assert_eq!(faults.last(), None);
        faults.failed("full".into());
        assert_eq!(faults.last().as_deref(), Some("full"));
    }
}
