//! Statements that are prepared on a connection.

use std::collections::HashMap;
use std::sync::Arc;

/// Most statements.
const MOST: usize = 1_000;

/// A statement with more than this share of the bytes is not prepared: it would drop too many.
const SHARE: usize = 10;

/// The role and the number of a prepared statement, or the text of one that sets an identity.
///
/// A plan may contain a function that only one role may call, and names that only one role finds.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Key {
    Read(Option<Arc<str>>, u64),
    Setting(Arc<str>),
}

/// The prepared statements of a connection, up to a number and to bytes of their texts.
///
/// `PostgreSQL` takes about a hundred times as much memory for them.
#[derive(Debug)]
pub(crate) struct Statements<T> {
    by_key: HashMap<Key, T>,
    bytes: usize,
    most_bytes: usize,
}

impl<T: Clone> Statements<T> {
    /// None, with the most bytes of the texts of all.
    pub fn new(most_bytes: usize) -> Self {
        Self { by_key: HashMap::new(), bytes: 0, most_bytes }
    }

    /// Whether a statement may be prepared.
    pub const fn takes(&self, text: &str) -> bool {
        text.len().saturating_mul(SHARE) <= self.most_bytes
    }

    /// The prepared statement of a key.
    pub fn get(&self, key: &Key) -> Option<T> {
        self.by_key.get(key).cloned()
    }

    /// Adds a statement; if there are too many, the others are closed.
    pub fn put(&mut self, key: Key, text: &str, prepared: T) {
        if self.by_key.len() >= MOST || self.bytes + text.len() > self.most_bytes {
            self.by_key.clear();
            self.bytes = 0;
        }
        self.bytes += text.len();
        self.by_key.insert(key, prepared);
    }

    /// Removes a statement, whose bytes count until all are closed.
    pub fn remove(&mut self, key: &Key) {
        self.by_key.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn key(number: u64) -> Key {
        Key::Read(None, number)
    }

    #[test]
    fn statements_are_closed_when_their_texts_are_too_long() {
        let mut statements = Statements::new(100);
        for number in 0..10 {
            statements.put(key(number), "0123456789", number);
        }
        assert_eq!(statements.get(&key(0)), Some(0));
        statements.put(key(10), "0123456789", 10);
        assert_eq!((statements.get(&key(0)), statements.get(&key(10))), (None, Some(10)));
        assert!(statements.takes("0123456789"));
        assert!(!statements.takes("01234567890"));
    }

    #[test]
    fn statements_are_closed_when_there_are_too_many() {
        let mut statements = Statements::new(usize::MAX);
        for number in 0..=MOST as u64 {
            statements.put(key(number), "", number);
        }
        assert_eq!((statements.get(&key(0)), statements.get(&key(1_000))), (None, Some(1_000)));
    }
}
