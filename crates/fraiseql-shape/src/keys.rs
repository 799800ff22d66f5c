//! The keys that an object is asked for, and reading an object's values into their slots.

use crate::check::string_fault;
use crate::scan::{Broken, ESCAPED, Scan, Token, skip_space, skip_value, string_end};
use crate::text::decode;

/// The slot of a key that nobody asked for.
const UNUSED: usize = usize::MAX;

/// Keys and their slots, in the order in which `jsonb` keeps keys: by length, then by bytes.
#[derive(Debug)]
pub(crate) struct KeyTable {
    /// The number of this table in its shape.
    pub id: usize,
    entries: Box<[(Box<[u8]>, usize)]>,
}

impl KeyTable {
    /// A table of keys that differ, with the slot of each.
    pub fn new<'k>(id: usize, keys: impl Iterator<Item = (&'k str, usize)>) -> Self {
        let mut entries: Vec<_> =
            keys.map(|(key, slot)| (Box::from(key.as_bytes()), slot)).collect();
        entries.sort_by(|left: &(Box<[u8]>, usize), right| order(&left.0, &right.0));
        Self { id, entries: entries.into() }
    }

    fn slot(&self, key: &[u8]) -> usize {
        let found = self.entries.binary_search_by(|entry| order(&entry.0, key));
        found.map_or(UNUSED, |place| self.entries[place].1)
    }
}

fn order(left: &[u8], right: &[u8]) -> std::cmp::Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The order in which the keys of one table came in earlier objects of this render.
/// Documents of one type have the same keys in the same order: one comparison finds a key.
#[derive(Default)]
pub(crate) struct KeyOrder<'a> {
    seen: Vec<Seen<'a>>,
}

struct Seen<'a> {
    /// Everything from the end of the value before to the start of the value.
    text: &'a [u8],
    /// The first bytes of the text as one number, and which of its bits count.
    head: u128,
    mask: u128,
    slot: usize,
}

impl<'a> Seen<'a> {
    fn new(text: &'a [u8], slot: usize) -> Self {
        let (mut head, mut mask) = ([0; HEAD], [0; HEAD]);
        let length = text.len().min(HEAD);
        head[..length].copy_from_slice(&text[..length]);
        mask[..length].fill(0xff);
        Self { text, head: u128::from_le_bytes(head), mask: u128::from_le_bytes(mask), slot }
    }

    /// Whether this key stands at `pos`.
    #[inline]
    fn is_at(&self, doc: &[u8], pos: usize) -> bool {
        let Some(head) = doc[pos..].first_chunk::<HEAD>() else {
            return doc[pos..].starts_with(self.text);
        };
        (u128::from_le_bytes(*head) ^ self.head) & self.mask == 0
            && (self.text.len() <= HEAD || doc[pos..].starts_with(self.text))
    }
}

/// How many bytes of a key are compared at once.
const HEAD: usize = 16;
/// How many keys that are not where they were expected are passed over to find one.
const LOOK_AHEAD: usize = 8;
/// An object with more keys than this is a map: its order teaches nothing.
const MOST_SEEN: usize = 512;

impl<'a> KeyOrder<'a> {
    /// Notes a key that was not at `next`; gives the place to expect the following key at.
    /// Place 0 is only for the first key of an object, whose text has no comma before it.
    fn learn(&mut self, next: usize, text: &'a [u8], slot: usize) -> usize {
        let ahead = self.seen.iter().skip(next).take(LOOK_AHEAD);
        if let Some(step) = ahead.into_iter().position(|seen| seen.text == text) {
            return next + step + 1;
        }
        if next == self.seen.len() && next < MOST_SEEN {
            self.seen.push(Seen::new(text, slot));
            return next + 1;
        }
        next.max(1)
    }
}

/// Reads the object that opens at `start` into its slots; gives where the object ends.
/// `slots` are those of the whole frame, all absent before; of a key that comes twice the last
/// value stays.
pub(crate) fn fill<'a>(
    table: &KeyTable,
    order: &mut KeyOrder<'a>,
    slots: &mut [Token],
    doc: &'a [u8],
    start: usize,
) -> Scan<usize> {
    let mut pos = start + 1;
    let mut next = 0;
    loop {
        let (slot, value) = match order.seen.get(next) {
            Some(seen) if seen.is_at(doc, pos) => {
                next += 1;
                (seen.slot, pos + seen.text.len())
            }
            _ => {
                let Some((key, value)) = read_key(doc, pos, pos == start + 1)? else {
                    return Ok(skip_space(doc, pos) + 1);
                };
                let slot = find(table, doc, key);
                next = order.learn(next, &doc[pos..value], slot);
                (slot, value)
            }
        };
        let token = skip_value(doc, value)?;
        if let Some(place) = slots.get_mut(slot) {
            *place = token;
        }
        pos = token.end;
    }
}

fn find(table: &KeyTable, doc: &[u8], key: Token) -> usize {
    let text = &doc[key.start + 1..key.end - 1];
    if key.flags & ESCAPED == 0 {
        return table.slot(text);
    }
    if string_fault(doc, key).is_some() { UNUSED } else { table.slot(&decode(text)) }
}

/// The key after a value (or after the opening brace) and the start of its value;
/// nothing where the object closes.
fn read_key(doc: &[u8], pos: usize, first: bool) -> Scan<Option<(Token, usize)>> {
    let mut start = skip_space(doc, pos);
    match doc.get(start) {
        Some(b'}') => return Ok(None),
        Some(b',') if !first => start = skip_space(doc, start + 1),
        Some(b'"') if first => {}
        _ => return Err(Broken),
    }
    if doc.get(start) != Some(&b'"') {
        return Err(Broken);
    }
    let (end, flags) = string_end(doc, start + 1)?;
    let colon = skip_space(doc, end);
    if doc.get(colon) != Some(&b':') {
        return Err(Broken);
    }
    Ok(Some((Token { start, end, flags }, skip_space(doc, colon + 1))))
}
