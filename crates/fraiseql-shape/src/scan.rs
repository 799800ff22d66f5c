//! Finding where JSON values end, without building anything.
//! Skipping asks for balanced brackets and closed strings only; `check` is the strict reader.

use crate::blocks::{BLOCK, block, escaped, mask, strings};
use crate::swar::{before, below, odd, repeat, word, zeros};

/// The text is not JSON here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

pub(crate) type Scan<T> = Result<T, Broken>;

/// The string has a backslash: its escapes are not checked yet.
pub(crate) const ESCAPED: u8 = 1;
/// The string has a control character or a byte outside ASCII: not checked yet.
pub(crate) const ODD: u8 = 2;

const QUOTES: u64 = repeat(b'"');
const BACKSLASHES: u64 = repeat(b'\\');

/// Where one value stands in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub start: usize,
    pub end: usize,
    pub flags: u8,
}

impl Token {
    /// No value: a real one never ends at 0.
    pub const ABSENT: Token = Token { start: 0, end: 0, flags: 0 };

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

/// The value that starts at `pos`, or after the white space there.
#[allow(clippy::inline_always, reason = "measured: two to four percent of a render")]
#[inline(always)]
pub(crate) fn skip_value(doc: &[u8], pos: usize) -> Scan<Token> {
    let start = skip_space(doc, pos);
    let (end, flags) = match doc.get(start) {
        Some(b'"') => string_end(doc, start + 1)?,
        Some(b'{' | b'[') => (container_end(doc, start)?, 0),
        Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => (scalar_end(doc, start + 1), 0),
        _ => return Err(Broken),
    };
    Ok(Token { start, end, flags })
}

/// The end of the string whose opening quote stands before `pos`, and what is left to check.
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
            None => return Err(Broken),
        }
        pos += 1;
    }
}

/// The end of the number or literal in whose middle `pos` stands.
#[inline]
pub(crate) fn scalar_end(doc: &[u8], mut pos: usize) -> usize {
    while pos < doc.len() && !matches!(doc[pos], b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r')
    {
        pos += 1;
    }
    pos
}

/// The end of the object or array that opens at `start`.
pub(crate) fn container_end(doc: &[u8], start: usize) -> Scan<usize> {
    let (mut depth, mut carry, mut inside) = (0_usize, false, 0);
    let mut pos = start;
    while pos < doc.len() {
        let block = block(doc, pos);
        let quotes = mask(&block, |byte| byte == b'"') & !escaped(&block, &mut carry);
        let mut brackets = mask(&block, is_bracket) & !strings(quotes, &mut inside);
        while brackets != 0 {
            let place = brackets.trailing_zeros() as usize;
            // Of the brackets only the opening ones have this bit.
            depth = depth + usize::from(block[place] & 2) - 1;
            if depth == 0 {
                return Ok(pos + place + 1);
            }
            brackets &= brackets - 1;
        }
        pos += BLOCK;
    }
    Err(Broken)
}

#[inline]
fn is_bracket(byte: u8) -> bool {
    (byte | 0x20) == b'{' || (byte | 0x20) == b'}'
}
