//! Selected keys of an object, and their order in documents.

use crate::check::is_sound;
use crate::doc::Doc;
use crate::scan::{NotJson, Scan, Token, skip_space};
use crate::text::decode;

/// The slot of a value, and the inner values that are read with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub slot: usize,
    pub below: Below,
}

/// Inner values that are read together with the outer object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    Nothing,
    /// The value, as this node.
    Node(usize),
    /// The object's inner document.
    Document,
}

impl Target {
    /// The target of a key that is not selected.
    const UNUSED: Self = Self { slot: usize::MAX, below: Below::Nothing };
}

/// Keys and their targets, in the key order of `jsonb`: by length, then by bytes.
#[derive(Debug)]
pub(crate) struct KeyTable {
    /// Number of this table in its shape.
    pub id: usize,
    entries: Box<[(Box<[u8]>, Target)]>,
}

impl KeyTable {
    /// Makes a table of distinct keys and their targets.
    pub fn new<'k>(id: usize, keys: impl Iterator<Item = (&'k str, Target)>) -> Self {
        let mut entries: Vec<_> =
            keys.map(|(key, target)| (Box::from(key.as_bytes()), target)).collect();
        entries.sort_by(|left: &(Box<[u8]>, Target), right| order(&left.0, &right.0));
        Self { id, entries: entries.into() }
    }

    /// Sets the inner values to read for each slot.
    pub fn note_below(&mut self, below: impl Fn(usize) -> Below) {
        for (_, target) in &mut self.entries {
            target.below = below(target.slot);
        }
    }

    fn target(&self, key: &[u8]) -> Target {
        let place = self.entries.binary_search_by(|entry| order(&entry.0, key));
        place.map_or(Target::UNUSED, |place| self.entries[place].1)
    }

    fn find(&self, doc: &Doc<'_>, key: Token) -> Target {
        let text = &doc.text[key.start + 1..key.end - 1];
        if !text.contains(&b'\\') {
            return self.target(text);
        }
        if is_sound(doc.text, key) { self.target(&decode(text)) } else { Target::UNUSED }
    }
}

fn order(left: &[u8], right: &[u8]) -> std::cmp::Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The order of the keys of one table in earlier objects.
/// Documents of one type have the same keys in the same order, so one comparison matches a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyOrder {
    seen: Vec<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    /// The first bytes of the text as a number, and a mask of the bits that count.
    head: u128,
    mask: u128,
    /// The text from the end of the previous value to the start of the value.
    text: Box<[u8]>,
    /// Whether it is the first key of an object, whose text has no comma.
    first: bool,
    target: Target,
}

impl Seen {
    fn new(text: &[u8], first: bool, target: Target) -> Self {
        let (mut head, mut mask) = ([0; HEAD], [0; HEAD]);
        let length = text.len().min(HEAD);
        head[..length].copy_from_slice(&text[..length]);
        mask[..length].fill(0xff);
        let (head, mask) = (u128::from_le_bytes(head), u128::from_le_bytes(mask));
        Self { head, mask, text: text.into(), first, target }
    }

    /// Whether this key is at `pos`.
    #[inline]
    fn is_at(&self, doc: &[u8], pos: usize) -> bool {
        let Some(head) = doc[pos..].first_chunk::<HEAD>() else {
            return doc[pos..].starts_with(&self.text);
        };
        (u128::from_le_bytes(*head) ^ self.head) & self.mask == 0
            && (self.text.len() <= HEAD || doc[pos..].starts_with(&self.text))
    }
}

/// Bytes of a key that are compared at once.
const HEAD: usize = 16;
/// Expected keys that are skipped to find the next match.
const LOOK_AHEAD: usize = 8;
/// An object with more keys than this is a map, whose order is not learned.
const MOST_SEEN: usize = 256;
/// Longer keys are not stored.
const LONGEST_SEEN: usize = 256;

/// A key of the document and its target.
pub(crate) struct KeyMatch {
    pub target: Target,
    /// Where its value starts.
    pub value: usize,
    /// The index of the next expected key.
    pub next: usize,
}

impl KeyOrder {
    /// The key at `pos`, if it is the expected key `next`.
    #[inline]
    pub fn expected(&self, next: usize, doc: &[u8], pos: usize, first: bool) -> Option<KeyMatch> {
        let seen = self.seen.get(next)?;
        if !seen.is_at(doc, pos) || seen.first != first {
            return None;
        }
        Some(KeyMatch { target: seen.target, value: pos + seen.text.len(), next: next + 1 })
    }

    /// The key at `pos`, if it is one of the expected keys soon after `next`.
    pub fn ahead(&self, next: usize, doc: &[u8], pos: usize, first: bool) -> Option<KeyMatch> {
        (next + 1..=next + LOOK_AHEAD).find_map(|next| self.expected(next, doc, pos, first))
    }

    /// Whether another key can be stored.
    pub fn has_room(&self, length: usize) -> bool {
        self.seen.len() < MOST_SEEN && length <= LONGEST_SEEN
    }

    /// Stores a key that was not at `next`.
    pub fn learn(&mut self, next: usize, text: &[u8], first: bool, target: Target) {
        self.seen.insert(next, Seen::new(text, first, target));
    }
}

/// Reads the key after a value (or after the opening brace) without an expected order;
/// `None` where the object closes.
pub(crate) fn read_key(
    table: &KeyTable,
    doc: &Doc<'_>,
    pos: usize,
    first: bool,
) -> Scan<Option<(Target, usize)>> {
    let mut start = skip_space(doc.text, pos);
    match doc.text.get(start) {
        Some(b'}') => return Ok(None),
        Some(b',') if !first => start = skip_space(doc.text, start + 1),
        Some(b'"') if first => {}
        _ => return Err(NotJson),
    }
    if doc.text.get(start) != Some(&b'"') {
        return Err(NotJson);
    }
    let end = doc.string_end(start + 1)?;
    let colon = skip_space(doc.text, end);
    if doc.text.get(colon) != Some(&b':') {
        return Err(NotJson);
    }
    let target = table.find(doc, doc.string(start, end));
    Ok(Some((target, skip_space(doc.text, colon + 1))))
}
