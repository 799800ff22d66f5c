//! A document and the index of its strings.
//! A first pass finds all quotes and whether strings are valid; later steps jump between quotes.

use crate::blocks::{BLOCK, Block, Least, escaped, strings};
use crate::check::escape_end;
use crate::scan::{INTEGER, LOOSE, NotJson, SOUND, Scan, Token, scalar_end, skip_space, skip_word};
use crate::swar::{before, nondigits, word};
use crate::text::character_width;

/// A document and its quotes.
pub(crate) struct Doc<'a> {
    pub text: &'a [u8],
    /// The quotes that are not escaped: a bit for each byte, a word for each block.
    quotes: Vec<u64>,
    /// Flags of every string: `SOUND` or 0.
    strings: u8,
}

impl<'a> Doc<'a> {
    /// Reads a document; `quotes` is memory to reuse.
    pub fn new(text: &'a [u8], mut quotes: Vec<u64>) -> Self {
        quotes.clear();
        let sound = survey(text, &mut quotes);
        Self { text, quotes, strings: if sound { SOUND } else { 0 } }
    }

    /// The empty object, for the fields of the root.
    pub fn empty() -> Self {
        Self { text: b"{}", quotes: Vec::new(), strings: SOUND }
    }

    /// Returns the memory for another document.
    pub fn into_quotes(self) -> Vec<u64> {
        self.quotes
    }

    /// Whether every string is valid: UTF-8, good escapes, no control characters.
    pub fn is_sound(&self) -> bool {
        self.strings != 0
    }

    /// The token of a string.
    pub fn string(&self, start: usize, end: usize) -> Token {
        Token { start, end, link: 0, flags: self.strings }
    }

    /// The value that starts at `pos`, or after the white space there.
    #[allow(clippy::inline_always, reason = "measured: REASON")]
    #[inline(always)]
    pub fn value(&self, pos: usize) -> Scan<Token> {
        let start = skip_space(self.text, pos);
        match self.text.get(start) {
            Some(b'"') => Ok(self.string(start, self.string_end(start + 1)?)),
            Some(b'{' | b'[') => {
                Ok(Token { start, end: self.container_end(start)?, link: 0, flags: 0 })
            }
            Some(b'-' | b'0'..=b'9') => Ok(self.number(start)),
            Some(b't' | b'f' | b'n') => Ok(self.literal(start)),
            _ => Err(NotJson),
        }
    }

    /// The end of the string whose opening quote is before `pos`.
    #[inline]
    pub fn string_end(&self, pos: usize) -> Scan<usize> {
        let mut place = pos / BLOCK;
        let mut quotes = self.quotes.get(place).ok_or(NotJson)? & (u64::MAX << (pos % BLOCK));
        while quotes == 0 {
            place += 1;
            quotes = *self.quotes.get(place).ok_or(NotJson)?;
        }
        Ok(place * BLOCK + quotes.trailing_zeros() as usize + 1)
    }

    #[inline]
    fn number(&self, start: usize) -> Token {
        if let Some(word) = word(self.text, start) {
            let digits = before(nondigits(word));
            let next = (word >> (digits % 8 * 8)).to_le_bytes()[0];
            let short = digits == 1 || self.text[start] != b'0';
            if matches!(digits, 1..=7) && short && ends_scalar(next) {
                return Token { start, end: start + digits, link: 0, flags: INTEGER };
            }
        }
        self.loose(start)
    }

    #[inline]
    fn literal(&self, start: usize) -> Token {
        let end = skip_word(self.text, start);
        match self.text.get(end) {
            Some(next) if end > start && ends_scalar(*next) => {
                Token { start, end, link: 0, flags: 0 }
            }
            _ => self.loose(start),
        }
    }

    /// A number or literal: the text up to the next comma, closing bracket or space.
    fn loose(&self, start: usize) -> Token {
        let end = scalar_end(self.text, start + 1);
        let odd = self.text[start..end].iter().any(|byte| matches!(byte, b'"' | b'{' | b'['));
        Token { start, end, link: 0, flags: if odd { LOOSE } else { 0 } }
    }

    /// The end of the object or array that opens at `start`.
    pub fn container_end(&self, start: usize) -> Scan<usize> {
        let (mut depth, mut inside) = (0_usize, 0);
        let mut from_start = u64::MAX << (start % BLOCK);
        for (place, quotes) in self.quotes.iter().enumerate().skip(start / BLOCK) {
            let pos = place * BLOCK;
            let block = Block::at(self.text, pos);
            let mut brackets =
                block.brackets() & !strings(quotes & from_start, &mut inside) & from_start;
            while brackets != 0 {
                let bracket = pos + brackets.trailing_zeros() as usize;
                // Only opening brackets have this bit.
                depth = depth + usize::from(self.text[bracket] & 2) - 1;
                if depth == 0 {
                    return Ok(bracket + 1);
                }
                brackets &= brackets - 1;
            }
            from_start = u64::MAX;
        }
        Err(NotJson)
    }
}

#[inline]
fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r')
}

/// Finds the quotes; true when every string of the document is valid.
fn survey(text: &[u8], quotes: &mut Vec<u64>) -> bool {
    let mut survey = Survey { text, carry: false, sound: true, checked: 0, least: Least::new() };
    let blocks = text.chunks_exact(BLOCK);
    let rest = blocks.remainder();
    // Plus one for the rest.
    quotes.reserve(blocks.len() + 1);
    quotes.extend(blocks.enumerate().map(|(place, bytes)| {
        let block = Block::at(bytes, 0);
        survey.quotes(place * BLOCK, &block)
    }));
    if !rest.is_empty() {
        let block = Block::at(rest, 0);
        quotes.push(survey.quotes(text.len() - rest.len(), &block));
    }
    survey.sound
        && !survey.carry
        && (!survey.least.is_control() || !has_controls_inside(text, quotes))
}

/// Findings of the first pass, up to the current block.
struct Survey<'a> {
    text: &'a [u8],
    /// Whether the next block's first byte is escaped.
    carry: bool,
    /// Whether all escapes and all characters outside ASCII are valid.
    sound: bool,
    /// Where the last character outside ASCII ends.
    checked: usize,
    least: Least,
}

impl Survey<'_> {
    /// The quotes of the block at `pos` that are not escaped.
    #[inline]
    fn quotes(&mut self, pos: usize, block: &Block) -> u64 {
        self.least.add(block);
        if !block.is_ascii() {
            self.characters(pos, block.high());
        }
        let quotes = block.equal(b'"');
        if !self.carry && !block.has(b'\\') {
            return quotes;
        }
        let escaped = escaped(block, &mut self.carry);
        self.sound &= has_good_escapes(self.text, pos, escaped);
        quotes & !escaped
    }

    /// Checks the characters outside ASCII of the block at `pos`.
    fn characters(&mut self, pos: usize, mut high: u64) {
        while high != 0 {
            let start = pos + high.trailing_zeros() as usize;
            if start >= self.checked {
                let width = character_width(&self.text[start..]);
                self.sound &= width > 0;
                self.checked = start + width;
            }
            high &= high - 1;
        }
    }
}

/// Whether valid escapes end at these bytes of the block at `pos`.
#[cold]
fn has_good_escapes(text: &[u8], pos: usize, mut escaped: u64) -> bool {
    while escaped != 0 {
        let place = pos + escaped.trailing_zeros() as usize;
        if place == 0 || escape_end(text, place - 1).is_none() {
            return false;
        }
        escaped &= escaped - 1;
    }
    true
}

#[cold]
fn has_controls_inside(text: &[u8], quotes: &[u64]) -> bool {
    let mut inside = 0;
    quotes.iter().enumerate().any(|(place, quotes)| {
        let controls = Block::at(text, place * BLOCK).controls();
        strings(*quotes, &mut inside) & controls != 0
    })
}
