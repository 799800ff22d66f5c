//! Responses by request, bounded in bytes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::entry::Entry;

/// Bytes that an entry takes besides its texts, about.
const OVERHEAD: usize = 1_000;

#[derive(Debug)]
struct Slot {
    key: Arc<[u8]>,
    entry: Arc<Entry>,
    size: usize,
    used: AtomicBool,
}

/// Responses by request; of those that were not used for long, one goes when room is needed.
#[derive(Debug, Default)]
pub(crate) struct Values {
    places: HashMap<Arc<[u8]>, usize>,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    hand: usize,
    size: usize,
    max_bytes: usize,
}

impl Values {
    /// Sets the most bytes of all entries together.
    pub(crate) fn limit(&mut self, max_bytes: usize) {
        self.max_bytes = max_bytes;
    }

    /// Whether there is no entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the number of entries, and their bytes, about.
    pub(crate) fn figures(&self) -> (usize, usize) {
        (self.places.len(), self.size)
    }

    /// Returns every entry.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.slots.iter().flatten().map(|slot| &slot.entry)
    }

    /// Returns an entry.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Arc<Entry>> {
        let slot = self.slots[*self.places.get(key)?].as_ref()?;
        slot.used.store(true, Ordering::Relaxed);
        Some(Arc::clone(&slot.entry))
    }

    /// Adds an entry; returns those that had to go, this one included where it is too large.
    pub(crate) fn put(&mut self, key: &[u8], entry: Arc<Entry>) -> Vec<Arc<Entry>> {
        let mut gone: Vec<_> = self.drop_entry(key).into_iter().collect();
        let size = 2 * key.len() + entry.size() + OVERHEAD;
        if size.saturating_mul(8) > self.max_bytes {
            gone.push(entry);
            return gone;
        }
        while self.size + size > self.max_bytes {
            gone.extend(self.drop_unused());
        }
        let key: Arc<[u8]> = key.into();
        let slot = Slot { key: Arc::clone(&key), entry, size, used: AtomicBool::new(false) };
        let place = self.free.pop().unwrap_or(self.slots.len());
        if place == self.slots.len() {
            self.slots.push(Some(slot));
        } else {
            self.slots[place] = Some(slot);
        }
        self.places.insert(key, place);
        self.size += size;
        gone
    }

    /// Removes an entry and returns it.
    pub(crate) fn drop_entry(&mut self, key: &[u8]) -> Option<Arc<Entry>> {
        let place = self.places.remove(key)?;
        self.empty(place)
    }

    /// Removes all entries and returns them.
    pub(crate) fn clear(&mut self) -> Vec<Arc<Entry>> {
        self.places.clear();
        self.free.clear();
        (self.hand, self.size) = (0, 0);
        self.slots.drain(..).flatten().map(|slot| slot.entry).collect()
    }

    /// Removes the next entry that was not used since the hand passed it last.
    fn drop_unused(&mut self) -> Option<Arc<Entry>> {
        loop {
            let place = self.hand % self.slots.len();
            self.hand = place + 1;
            let Some(slot) = &self.slots[place] else { continue };
            if !slot.used.swap(false, Ordering::Relaxed) {
                self.places.remove(&slot.key);
                return self.empty(place);
            }
        }
    }

    fn empty(&mut self, place: usize) -> Option<Arc<Entry>> {
        let slot = self.slots[place].take()?;
        self.free.push(place);
        self.size -= slot.size;
        Some(slot.entry)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::entry::Entry;
    use super::Values;

    fn entry(size: usize) -> Arc<Entry> {
        Arc::new(Entry::for_test(vec![0; size].into()))
    }

    #[test]
    fn what_was_used_stays() {
        let mut values = Values::default();
        values.limit(40_000);
        values.put(b"first", entry(10));
        for number in 0..200_u32 {
            assert!(values.find(b"first").is_some(), "{number}");
            values.put(&number.to_le_bytes(), entry(500));
            assert!(values.figures().1 <= 40_000);
        }
        assert!(values.find(&3_u32.to_le_bytes()).is_none());
    }

    #[test]
    fn the_size_is_that_of_what_is_there() {
        let mut values = Values::default();
        values.limit(1_000_000);
        values.put(b"a", entry(10));
        let one = values.figures();
        values.put(b"a", entry(10));
        assert_eq!(values.figures(), one);
        values.put(b"b", entry(20));
        values.drop_entry(b"b");
        assert_eq!(values.figures(), one);
        assert_eq!(values.put(b"c", entry(200_000)).len(), 1);
        assert_eq!(values.clear().len(), 1);
        assert_eq!(values.figures(), (0, 0));
    }
}
