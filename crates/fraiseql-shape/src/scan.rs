//! Tokens of a document, and functions that find their ends.
//! Skipping needs only balanced brackets and closed strings; `check` is the strict reader.

use crate::swar::{before, below, odd, repeat, word, zeros};

/// The text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJson;

pub(crate) type Scan<T> = Result<T, NotJson>;

/// The string has a backslash; its escapes are unchecked.
pub(crate) const ESCAPED: u8 = 1;
/// The string has a control character or a byte outside ASCII, which are unchecked.
pub(crate) const ODD: u8 = 2;

const QUOTES: u64 = repeat(b'"');
const BACKSLASHES: u64 = repeat(b'\\');

/// The token is a valid string.
pub(crate) const SOUND: u8 = 1;
/// The token is an integer of few digits in its shortest form.
pub(crate) const INTEGER: u8 = 2;
/// The token is no string but has a quote or an opening bracket.
pub(crate) const LOOSE: u8 = 4;
/// The token's inner values are in slots.
pub(crate) const READ: u8 = 8;

/// The position of one value in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub start: usize,
    pub end: usize,
    /// Slot of the inner values, or of the next item of the list: see `read`.
    pub link: u32,
    pub flags: u8,
}

impl Token {
    /// No value: a real one never ends at 0.
    pub const ABSENT: Token = Token { start: 0, end: 0, link: 0, flags: 0 };

    pub fn is_absent(self) -> bool {
        self.end == 0
    }

    pub fn bytes(self, doc: &[u8]) -> &[u8] {
        &doc[self.start..self.end]
    }
}

pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

#[inline]
pub(crate) fn skip_space(doc: &[u8], mut pos: usize) -> usize {
    while pos < doc.len() && is_space(doc[pos]) {
        pos += 1;
    }
    pos
}

/// The end of the string whose opening quote is before `pos`, and flags of unchecked content.
#[inline]
pub(crate) fn string_end(doc: &[u8], mut pos: usize) -> Scan<(usize, u8)> {
    let mut flags = 0;
    while let Some(word) = word(doc, pos) {
        let stop = zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES);
        let strange = odd(word);
        if stop == 0 {
            flags |= if strange == 0 { 0 } else { ODD };
            pos += 8;
            continue;
        }
        flags |= if below(strange, stop) == 0 { 0 } else { ODD };
        pos += before(stop);
        if doc[pos] == b'"' {
            return Ok((pos + 1, flags));
        }
        flags |= ESCAPED;
        pos += 2;
    }
    string_tail(doc, pos, flags)
}

/// The last bytes of a document, one at a time.
fn string_tail(doc: &[u8], mut pos: usize, mut flags: u8) -> Scan<(usize, u8)> {
    loop {
        match doc.get(pos) {
            Some(b'"') => return Ok((pos + 1, flags)),
            Some(b'\\') => {
                flags |= ESCAPED;
                pos += 1;
            }
            Some(0x20..=0x7f) => {}
            Some(_) => flags |= ODD,
            None => return Err(NotJson),
        }
        pos += 1;
    }
}

/// The end of the number or literal around `pos`.
#[inline]
pub(crate) fn scalar_end(doc: &[u8], mut pos: usize) -> usize {
    while pos < doc.len() && !matches!(doc[pos], b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r')
    {
        pos += 1;
    }
    pos
}

/// The end of `true`, `false` or `null` at `pos`, or `pos`.
#[inline]
pub(crate) fn skip_word(doc: &[u8], pos: usize) -> usize {
    match doc[pos..].first_chunk::<5>() {
        Some([b't', b'r', b'u', b'e', _] | [b'n', b'u', b'l', b'l', _]) => pos + 4,
        Some(b"false") => pos + 5,
        _ => pos,
    }
}
