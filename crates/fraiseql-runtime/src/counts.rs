//! Counts of the requests of a plan, until Python takes them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Serialize, Serializer};

/// The smallest durations of the classes, in units of 62.5 µs: the bounds of both histograms of
/// Python, which are doublings and those of `/metrics`.
const CLASSES: [u64; 36] = [
    0, 1, 2, 4, 8, 16, 32, 40, 64, 80, 128, 160, 256, 400, 512, 800, 1024, 1600, 2048, 4000, 4096,
    8000, 8192, 16_000, 16_384, 32_768, 40_000, 65_536, 80_000, 131_072, 262_144, 524_288,
    1_048_576, 2_097_152, 4_194_304, 8_388_608,
];

/// Runs of a request or of a statement.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Runs {
    seconds: f64,
    rows: u64,
    bytes: u64,
    #[serde(serialize_with = "counted_classes")]
    classes: [u64; CLASSES.len()],
}

impl Default for Runs {
    fn default() -> Self {
        Self { seconds: 0.0, rows: 0, bytes: 0, classes: [0; CLASSES.len()] }
    }
}

/// Writes pairs of the smallest duration of a class and the number of its runs.
fn counted_classes<S: Serializer>(
    classes: &[u64; CLASSES.len()],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(CLASSES.iter().zip(classes).filter(|(_, runs)| **runs > 0))
}

impl Runs {
    /// Adds a run.
    pub fn add(&mut self, duration: Duration, rows: usize, bytes: usize) {
        let units = u64::try_from(duration.as_nanos() / 62_500).unwrap_or(u64::MAX);
        let class = CLASSES.partition_point(|smallest| *smallest <= units) - 1;
        self.classes[class] += 1;
        self.seconds += duration.as_secs_f64();
        self.rows += rows as u64;
        self.bytes += bytes as u64;
    }

    fn is_empty(&self) -> bool {
        self.classes.iter().all(|runs| *runs == 0)
    }
}

/// One run of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub duration: Duration,
    pub rows: usize,
    pub bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Counts {
    requests_and_statements: Mutex<Vec<Runs>>,
}

impl Counts {
    pub fn new(statements: usize) -> Self {
        Self { requests_and_statements: Mutex::new(vec![Runs::default(); statements + 1]) }
    }

    /// Counts a request with its statements.
    pub fn add(&self, duration: Duration, bytes: usize, runs: &[Run]) {
        let mut all = self.requests_and_statements.lock().unwrap_or_else(PoisonError::into_inner);
        all[0].add(duration, 0, bytes);
        for (counts, run) in all[1..].iter_mut().zip(runs) {
            counts.add(run.duration, run.rows, run.bytes);
        }
    }

    /// Returns the counts since the last call: the requests, then each statement.
    pub fn take(&self) -> Option<Vec<Runs>> {
        let mut all = self.requests_and_statements.lock().unwrap_or_else(PoisonError::into_inner);
        if all[0].is_empty() {
            return None;
        }
        let empty = vec![Runs::default(); all.len()];
        Some(std::mem::replace(&mut *all, empty))
    }
}
