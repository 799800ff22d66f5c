//! Findings of the checks of one connection.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Tags that one check names; where more may have changed, no older entry is valid.
pub(crate) const MAX_NAMED: usize = 10_000;

/// Tags whose last change is remembered.
const MAX_REMEMBERED: usize = 50_000;

/// Tag of the change log that invalidates every entry in memory.
const EVERYTHING: &str = "fraiseql:memory";

/// The row of a check. A check without a row says that nothing has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// Its snapshot.
    pub(crate) snapshot: Option<String>,
    /// Tags of the transactions that the check before did not see.
    pub(crate) tags: Option<Vec<String>>,
    /// The process of the server.
    pub(crate) backend: i32,
    /// Whether the server has neither started again nor read its configuration again.
    pub(crate) steady: bool,
    /// Numbers of the definitions and roles.
    pub(crate) definitions: Definitions,
}

/// Numbers of definitions and roles: the one of the plan, and the one of the snapshot.
pub(crate) type Definitions = (Option<i64>, Option<i64>);

/// Tags and definitions that a value in memory relies on.
#[derive(Clone, Debug)]
pub(crate) struct Reliance {
    /// The last check that had finished before the first statement of its request was sent.
    pub(crate) born: u64,
    /// The number of the statement that compares its definitions and roles.
    pub(crate) watch: u64,
    /// The tags of the change log that invalidate it.
    pub(crate) tags: Vec<Box<str>>,
}

/// The rules of freshness checks, without connection.
///
/// The rules are those of `fraiseql.caching.results.checks`; `docs/concepts/result-caches.md` has
/// the proof.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The last finished check; it only grows.
    number: u64,
    /// The first check of the connection, or the last one that could not name all changes.
    floor: u64,
    /// The last check that found other definitions than the one before, or compared others.
    redefined: u64,
    /// The number of the statement of the last check; it says which definitions were compared.
    watch: u64,
    /// The process of the server; `None` where nothing in memory can be valid.
    backend: Option<i32>,
    snapshot: Option<String>,
    definitions: Definitions,
    changed: HashMap<Arc<str>, u64>,
    /// Changes in their order, with those that were named again later.
    order: VecDeque<(u64, Arc<str>)>,
}

impl State {
    /// Returns the number of a value whose first statement is sent from now on.
    ///
    /// `None` where it cannot be in memory.
    pub(crate) fn born(&self) -> Option<u64> {
        self.backend.map(|_| self.number)
    }

    /// Returns the number of the statement of the last check.
    pub(crate) fn watch(&self) -> u64 {
        self.watch
    }

    /// Returns the parameters of the next check.
    pub(crate) fn parameters(&self) -> (Option<&str>, Option<i32>, Definitions) {
        (self.snapshot.as_deref(), self.backend, self.definitions)
    }

    /// Whether no finished check found a change of anything that a value relies on.
    pub(crate) fn admits(&self, value: &Reliance) -> bool {
        let (born, changed) = (value.born, &self.changed);
        self.backend.is_some()
            && born >= self.floor
            && self.holds(value)
            && value.tags.iter().all(|tag| changed.get(&**tag).is_none_or(|last| *last <= born))
    }

    /// Whether every check since the birth of a value compared its definitions, and found them the
    /// same.
    fn holds(&self, value: &Reliance) -> bool {
        value.born >= self.redefined && value.watch == self.watch
    }

    /// Records the result of a check; false where nothing that it says can be trusted.
    pub(crate) fn accept(&mut self, row: Option<Row>, watch: u64) -> bool {
        self.number += 1;
        let Some(row) = row else { return true };
        let Some(snapshot) = row.snapshot.filter(|_| row.steady) else { return false };
        if self.backend == Some(row.backend) {
            self.record(row.tags.unwrap_or_default());
        } else {
            // Changes before this check are not known.
            self.lose();
            (self.backend, self.floor) = (Some(row.backend), self.number);
        }
        if row.definitions != self.definitions || watch != self.watch {
            self.redefined = self.number;
        }
        (self.snapshot, self.definitions, self.watch) = (Some(snapshot), row.definitions, watch);
        true
    }

    /// Has the next check return its definitions, because it compares others.
    pub(crate) fn compare_others(&mut self) {
        self.definitions = (None, None);
    }

    /// Forgets everything, at the end of the connection.
    pub(crate) fn lose(&mut self) {
        (self.backend, self.snapshot, self.definitions) = (None, None, (None, None));
        self.changed.clear();
        self.order.clear();
        self.floor = self.number + 1;
        self.redefined = self.floor;
    }

    fn record(&mut self, tags: Vec<String>) {
        if tags.len() >= MAX_NAMED || tags.iter().any(|tag| tag == EVERYTHING) {
            self.floor = self.number;
            self.changed.clear();
            self.order.clear();
            return;
        }
        for tag in tags {
            let tag: Arc<str> = tag.into();
            self.changed.insert(Arc::clone(&tag), self.number);
            self.order.push_back((self.number, tag));
        }
        while self.order.len() > MAX_REMEMBERED {
            self.forget_oldest();
        }
    }

    /// Forgets the oldest change; values from before it are no longer valid.
    fn forget_oldest(&mut self) {
        if let Some((number, tag)) = self.order.pop_front() {
            if self.changed.get(&tag) == Some(&number) {
                self.changed.remove(&tag);
                self.floor = self.floor.max(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EVERYTHING, MAX_NAMED, MAX_REMEMBERED, Reliance, Row, State};

    fn row(tags: &[&str]) -> Row {
        Row {
            snapshot: Some("1:1:".to_owned()),
            tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
            backend: 7,
            steady: true,
            definitions: (Some(1), Some(2)),
        }
    }

    fn started() -> State {
        let mut state = State::default();
        assert_eq!(state.born(), None);
        assert!(state.accept(Some(row(&[])), 3));
        state
    }

    fn value(state: &State, tag: &str) -> Reliance {
        let born = state.born().expect("it is connected");
        Reliance { born, watch: 3, tags: vec![tag.into()] }
    }

    #[test]
    fn a_change_after_the_birth_ends_a_value() {
        let mut state = started();
        let old = value(&state, "a");
        assert!(state.accept(None, 3) && state.admits(&old));
        assert!(state.accept(Some(row(&["b"])), 3) && state.admits(&old));
        assert!(state.accept(Some(row(&["a"])), 3) && !state.admits(&old));
        assert!(state.admits(&value(&state, "a")));
    }

    #[test]
    fn another_process_of_the_server_ends_everything() {
        let mut state = started();
        let old = value(&state, "a");
        assert!(state.accept(Some(Row { backend: 8, ..row(&[]) }), 3));
        assert!(!state.admits(&old) && state.admits(&value(&state, "a")));
        state.lose();
        assert!(state.born().is_none());
    }

    #[test]
    fn a_server_that_is_not_steady_is_not_believed() {
        let mut state = started();
        assert!(!state.accept(Some(Row { steady: false, ..row(&[]) }), 3));
        assert!(!state.accept(Some(Row { snapshot: None, ..row(&[]) }), 3));
    }

    #[test]
    fn other_definitions_end_everything() {
        let mut state = started();
        for definitions in [(Some(9), Some(2)), (Some(9), Some(8))] {
            let old = value(&state, "a");
            assert!(state.accept(Some(Row { definitions, ..row(&[]) }), 3));
            assert!(!state.admits(&old) && state.admits(&value(&state, "a")));
        }
    }

    #[test]
    fn a_statement_that_compares_others_confirms_nothing_older() {
        let mut state = started();
        let old = value(&state, "a");
        state.compare_others();
        assert!(state.accept(Some(row(&[])), 4));
        assert!(!state.admits(&old) && !state.admits(&Reliance { watch: 4, ..old }));
        let new = Reliance { watch: 4, ..value(&state, "a") };
        assert!(state.admits(&new));
    }

    #[test]
    fn more_changes_than_a_check_names_end_everything() {
        for tags in [vec!["b"; MAX_NAMED], vec![EVERYTHING]] {
            let mut state = started();
            let old = value(&state, "a");
            assert!(state.accept(Some(row(&tags)), 3));
            assert!(!state.admits(&old) && state.admits(&value(&state, "a")));
        }
    }

    #[test]
    fn a_change_that_is_forgotten_still_ends_older_values() {
        let mut state = started();
        let old = value(&state, "a");
        assert!(state.accept(Some(row(&["a"])), 3));
        let kept = value(&state, "a");
        for part in 0..=(MAX_REMEMBERED / 5_000) {
            let tags: Vec<_> = (0..5_000).map(|n| format!("{part}.{n}")).collect();
            let tags: Vec<_> = tags.iter().map(String::as_str).collect();
            assert!(state.accept(Some(row(&tags)), 3));
        }
        assert!(!state.changed.contains_key("a"));
        assert!(!state.admits(&old) && state.admits(&Reliance { born: kept.born + 1, ..kept }));
        assert!(state.order.len() <= MAX_REMEMBERED);
    }
}
