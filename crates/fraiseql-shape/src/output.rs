//! Appending to the output in blocks of a fixed size, without a call for each value.
//! Excess bytes of a block are truncated at once.

const BLOCK: usize = 64;
/// Size of a block for keys, which are shorter than most values.
const KEY: usize = 32;
/// From this size on, a call of memcpy is faster.
const LONG: usize = 1024;

/// Appends `doc[start..end]`.
#[allow(clippy::inline_always, reason = "measured: two to four percent of a render")]
#[inline(always)]
pub(crate) fn append(out: &mut Vec<u8>, doc: &[u8], start: usize, end: usize) {
    let length = out.len() + (end - start);
    let mut pos = start;
    while pos < end {
        match doc[pos..].first_chunk::<BLOCK>() {
            Some(block) if end - pos < LONG => out.extend_from_slice(block),
            _ => {
                out.extend_from_slice(&doc[pos..end]);
                return;
            }
        }
        pos += BLOCK;
    }
    out.truncate(length);
}

/// A short text that is appended often: its first bytes, padded, and the rest.
#[derive(Debug)]
pub(crate) struct Padded {
    head: [u8; KEY],
    length: usize,
    rest: Box<[u8]>,
}

impl Padded {
    pub fn new(text: &str) -> Self {
        let (first, rest) = text.as_bytes().split_at(text.len().min(KEY));
        let mut head = [0; KEY];
        head[..first.len()].copy_from_slice(first);
        Self { head, length: first.len(), rest: rest.into() }
    }

    /// Appends the text.
    #[inline]
    pub fn append_to(&self, out: &mut Vec<u8>) {
        let length = out.len() + self.length;
        out.extend_from_slice(&self.head);
        out.truncate(length);
        if !self.rest.is_empty() {
            out.extend_from_slice(&self.rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Padded, append};

    #[test]
    fn appends_exactly_what_is_asked_for() {
        let doc: Vec<u8> = (0..=255).cycle().take(3000).collect();
        for start in [0, 1, 31, 900, 2960] {
            for length in [0, 1, 63, 64, 65, 80, 130, 1023, 1024, 1100] {
                let end = doc.len().min(start + length);
                let mut out = b"before".to_vec();
                append(&mut out, &doc, start, end);
                assert_eq!(&out[6..], &doc[start..end]);
            }
        }
    }

    #[test]
    fn padding_stays_out() {
        for length in [0, 1, 32, 33, 70] {
            let text = "x".repeat(length);
            let mut out = Vec::new();
            Padded::new(&text).append_to(&mut out);
            assert_eq!(out, text.as_bytes());
        }
    }
}
