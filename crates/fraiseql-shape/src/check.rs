//! The strict JSON reader.
//! Iterative: a level of depth costs one byte of a stack.

use crate::number;
use crate::scan::{ESCAPED, ODD, SOUND, Token, scalar_end, skip_space, string_end};

/// The byte at which the text stops being JSON.
type Strict<T> = Result<T, usize>;

/// Checks that `doc` is one JSON value in UTF-8, with only white space around it.
///
/// # Errors
/// The offset in bytes of the first thing that is not JSON.
pub fn check_json(doc: &[u8]) -> Result<(), usize> {
    let end = value_end(doc, 0, &mut Vec::new(), string)?;
    let rest = skip_space(doc, end);
    if rest == doc.len() { Ok(()) } else { Err(rest) }
}

/// The end of the valid value at `pos`; `open` is the stack of expected closing brackets, and
/// `string` returns the end of the valid string that opens at a position.
pub(crate) fn value_end(
    doc: &[u8],
    pos: usize,
    open: &mut Vec<u8>,
    string: impl Copy + Fn(&[u8], usize) -> Strict<usize>,
) -> Strict<usize> {
    open.clear();
    let mut pos = pos;
    loop {
        pos = match enter(doc, skip_space(doc, pos), open, string)? {
            Entered::Inside(inside) => inside,
            Entered::Complete(end) => match leave(doc, end, open, string)? {
                Left::Next(next) => next,
                Left::All(end) => return Ok(end),
            },
        };
    }
}

enum Entered {
    /// A container was opened; its first value starts here.
    Inside(usize),
    /// A value without content, or an empty container, ended here.
    Complete(usize),
}

#[inline]
fn enter(
    doc: &[u8],
    pos: usize,
    open: &mut Vec<u8>,
    string: impl Fn(&[u8], usize) -> Strict<usize>,
) -> Strict<Entered> {
    let close = match doc.get(pos) {
        Some(b'{') => b'}',
        Some(b'[') => b']',
        Some(b'"') => return string(doc, pos).map(Entered::Complete),
        _ => return scalar(doc, pos).map(Entered::Complete),
    };
    let inside = skip_space(doc, pos + 1);
    if doc.get(inside) == Some(&close) {
        return Ok(Entered::Complete(inside + 1));
    }
    open.push(close);
    if close == b'}' {
        key(doc, inside, string).map(Entered::Inside)
    } else {
        Ok(Entered::Inside(inside))
    }
}

enum Left {
    /// Another value follows here.
    Next(usize),
    /// The outermost value ended here.
    All(usize),
}

#[inline]
fn leave(
    doc: &[u8],
    end: usize,
    open: &mut Vec<u8>,
    string: impl Fn(&[u8], usize) -> Strict<usize>,
) -> Strict<Left> {
    let mut end = end;
    while let Some(&close) = open.last() {
        let pos = skip_space(doc, end);
        match doc.get(pos) {
            Some(b',') if close == b'}' => {
                return key(doc, skip_space(doc, pos + 1), string).map(Left::Next);
            }
            Some(b',') => return Ok(Left::Next(pos + 1)),
            Some(&byte) if byte == close => end = pos + 1,
            _ => return Err(pos),
        }
        open.pop();
    }
    Ok(Left::All(end))
}

/// Reads a key with its colon and returns the position after it.
fn key(doc: &[u8], pos: usize, string: impl Fn(&[u8], usize) -> Strict<usize>) -> Strict<usize> {
    if doc.get(pos) != Some(&b'"') {
        return Err(pos);
    }
    let colon = skip_space(doc, string(doc, pos)?);
    if doc.get(colon) == Some(&b':') { Ok(colon + 1) } else { Err(colon) }
}

fn scalar(doc: &[u8], pos: usize) -> Strict<usize> {
    let end = scalar_end(doc, pos);
    if is_scalar(&doc[pos..end]) { Ok(end) } else { Err(pos) }
}

/// Whether the text is exactly one number, `true`, `false` or `null`.
pub(crate) fn is_scalar(text: &[u8]) -> bool {
    matches!(text, b"true" | b"false" | b"null") || number::is_number(text)
}

/// The end of the valid string that opens at `start`.
pub(crate) fn string(doc: &[u8], start: usize) -> Strict<usize> {
    let (end, flags) = string_end(doc, start + 1).map_err(|_| doc.len())?;
    if flags == 0 { Ok(end) } else { unusual_fault(doc, start, end, flags).map_or(Ok(end), Err) }
}

/// Whether the string at a token is valid.
#[inline]
pub(crate) fn is_sound(doc: &[u8], token: Token) -> bool {
    token.flags & SOUND != 0 || unusual_fault(doc, token.start, token.end, ESCAPED | ODD).is_none()
}

/// The position of the first invalid byte of a string; `flags` select the checks.
#[cold]
fn unusual_fault(doc: &[u8], start: usize, end: usize, flags: u8) -> Option<usize> {
    let (first, last) = (start + 1, end - 1);
    let text = &doc[first..last];
    if flags & ODD != 0 {
        if let Some(control) = text.iter().position(|byte| *byte < 0x20) {
            return Some(first + control);
        }
    }
    if flags & ESCAPED != 0 {
        if let Some(fault) = escape_fault(text) {
            return Some(first + fault);
        }
    }
    std::str::from_utf8(text).err().map(|error| first + error.valid_up_to())
}

fn escape_fault(text: &[u8]) -> Option<usize> {
    let mut pos = 0;
    while let Some(step) = text[pos..].iter().position(|byte| *byte == b'\\') {
        pos += step;
        let Some(end) = escape_end(text, pos) else { return Some(pos) };
        pos = end;
    }
    None
}

/// The end of the escape whose backslash is at `pos`, if it is valid.
pub(crate) fn escape_end(text: &[u8], pos: usize) -> Option<usize> {
    match text.get(pos + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(pos + 2),
        b'u' if has_four_digits(&text[pos + 2..]) => Some(pos + 6),
        _ => None,
    }
}

fn has_four_digits(text: &[u8]) -> bool {
    text.len() >= 4 && text[..4].iter().all(u8::is_ascii_hexdigit)
}
