//! Appending to the output in blocks of a fixed size, which needs no call per value.
//! A block may bring bytes too many along; they are cut off again at once.

const BLOCK: usize = 32;
/// From this size on a call to the system's copy is worth it.
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

/// A short text that is appended very often, padded to whole blocks.
#[derive(Debug)]
pub(crate) struct Padded {
    blocks: Box<[[u8; BLOCK]]>,
    length: usize,
}

impl Padded {
    pub fn new(text: &str) -> Self {
        let blocks = text.as_bytes().chunks(BLOCK).map(|chunk| {
            let mut block = [0; BLOCK];
            block[..chunk.len()].copy_from_slice(chunk);
            block
        });
        Self { blocks: blocks.collect(), length: text.len() }
    }

    /// Appends the text.
    #[inline]
    pub fn append_to(&self, out: &mut Vec<u8>) {
        let length = out.len() + self.length;
        for block in &self.blocks {
            out.extend_from_slice(block);
        }
        out.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::{Padded, append};

    #[test]
    fn appends_exactly_what_is_asked_for() {
        let doc: Vec<u8> = (0..=255).cycle().take(3000).collect();
        for start in [0, 1, 31, 900, 2960] {
            for length in [0, 1, 31, 32, 33, 40, 1023, 1024, 1100] {
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
