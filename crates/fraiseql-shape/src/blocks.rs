//! Blocks of 64 bytes as masks with a bit for each byte, for scanning without branches.

use wide::u8x16;

/// Bytes of a block, and bits of a mask.
pub(crate) const BLOCK: usize = 64;

const LANES: usize = 16;

/// Sixty-four bytes of a document, padded with spaces.
#[derive(Clone, Copy)]
pub(crate) struct Block([u8x16; 4]);

impl Block {
    /// The block from `pos` on.
    #[inline]
    pub fn at(doc: &[u8], pos: usize) -> Self {
        let rest = &doc[pos..];
        if let Some(bytes) = rest.first_chunk::<BLOCK>() {
            return Self::new(bytes);
        }
        let mut padded = [b' '; BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        Self::new(&padded)
    }

    #[inline]
    fn new(bytes: &[u8; BLOCK]) -> Self {
        let lane = |place: usize| {
            let mut lane = [0; LANES];
            lane.copy_from_slice(&bytes[place * LANES..][..LANES]);
            u8x16::new(lane)
        };
        Self([lane(0), lane(1), lane(2), lane(3)])
    }

    /// The mask of bytes that equal `byte`.
    #[inline]
    pub fn equal(&self, byte: u8) -> u64 {
        let bytes = u8x16::splat(byte);
        self.mask(|lane| lane.cmp_eq(bytes))
    }

    /// Whether any byte equals `byte`.
    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        let bytes = u8x16::splat(byte);
        let [a, b, c, d] = self.0.map(|lane| lane.cmp_eq(bytes));
        ((a | b) | (c | d)).move_mask() != 0
    }

    /// The mask of brackets; only opening brackets have the bit 2.
    #[inline]
    pub fn brackets(&self) -> u64 {
        let (open, close) = (u8x16::splat(b'{'), u8x16::splat(b'}'));
        let fold = u8x16::splat(0x20);
        self.mask(|lane| (lane | fold).cmp_eq(open) | (lane | fold).cmp_eq(close))
    }

    /// Whether all bytes are ASCII.
    #[inline]
    pub fn is_ascii(&self) -> bool {
        let [a, b, c, d] = self.0;
        ((a | b) | (c | d)).move_mask() == 0
    }

    /// The mask of bytes outside ASCII.
    pub fn high(&self) -> u64 {
        self.mask(|lane| lane)
    }

    /// The mask of control characters.
    #[inline]
    pub fn controls(&self) -> u64 {
        let last = u8x16::splat(0x1f);
        self.mask(|lane| lane.min(last).cmp_eq(lane))
    }

    #[inline]
    fn mask(&self, select: impl Fn(u8x16) -> u8x16) -> u64 {
        // Only the low 16 bits are ever set.
        let bits = |lane: u8x16| u64::from(select(lane).move_mask().unsigned_abs());
        let [a, b, c, d] = self.0.map(bits);
        a | b << 16 | c << 32 | d << 48
    }
}

/// The least byte of many blocks.
#[derive(Clone, Copy)]
pub(crate) struct Least(u8x16);

impl Least {
    pub fn new() -> Self {
        Self(u8x16::splat(u8::MAX))
    }

    #[inline]
    pub fn add(&mut self, block: &Block) {
        let [a, b, c, d] = block.0;
        self.0 = self.0.min(a.min(b).min(c.min(d)));
    }

    /// Whether it is a control character.
    pub fn is_control(&self) -> bool {
        self.0.to_array().iter().any(|byte| *byte < b' ')
    }
}

/// The mask of bytes that a backslash escapes; `carry` goes from block to block.
#[inline]
pub(crate) fn escaped(block: &Block, carry: &mut bool) -> u64 {
    let mut bits = u64::from(*carry);
    *carry = false;
    let mut backslashes = block.equal(b'\\') & !bits;
    while backslashes != 0 {
        let first = backslashes & backslashes.wrapping_neg();
        let next = first << 1;
        *carry = next == 0;
        bits |= next;
        backslashes &= !(first | next);
    }
    bits
}

/// The mask of bytes inside strings for a mask of quotes; `inside` goes from block to block.
/// It includes opening quotes and excludes closing ones.
#[inline]
pub(crate) fn strings(quotes: u64, inside: &mut u64) -> u64 {
    let mut bits = quotes;
    for distance in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << distance;
    }
    bits ^= *inside;
    *inside = if bits >> 63 == 1 { u64::MAX } else { 0 };
    bits
}

#[cfg(test)]
mod tests {
    use super::{Block, Least, escaped, strings};

    #[test]
    fn masks_have_one_bit_a_byte() {
        let block = Block::at(b"x{a}{\x1f\x20\xff", 1);
        assert_eq!(block.equal(b'{'), 0b1001);
        assert_eq!(block.brackets(), 0b1101);
        assert_eq!(block.controls(), 0b1_0000);
        assert_eq!(block.equal(b' '), u64::MAX << 7 | 0b10_0000);
        assert!(block.has(0xff) && !block.has(b'x'));
        let block = Block::at(&[b'['; 70], 6);
        assert_eq!((block.equal(b'['), block.brackets()), (u64::MAX, u64::MAX));
    }

    #[test]
    fn the_least_byte_of_blocks() {
        let mut least = Least::new();
        least.add(&Block::at("é ".as_bytes(), 0));
        assert!(!least.is_control());
        least.add(&Block::at(b"a\n", 0));
        least.add(&Block::at(b"abc ", 0));
        assert!(least.is_control());
    }

    #[test]
    fn bytes_outside_ascii() {
        let block = Block::at("aé~".as_bytes(), 0);
        assert!(!block.is_ascii() && Block::at(b"~\0", 0).is_ascii());
        assert_eq!(block.high(), 0b110);
    }

    #[test]
    fn escapes_go_over_the_edge_of_a_block() {
        let mut carry = false;
        let doc = [b'\\'; 67];
        assert_eq!(escaped(&Block::at(&doc, 0), &mut carry), 0xaaaa_aaaa_aaaa_aaaa);
        assert!(!carry);
        assert_eq!(escaped(&Block::at(&doc, 1), &mut true), 0x5555_5555_5555_5555);
        let mut carry = false;
        escaped(&Block::at(&[&[b'a'; 63][..], b"\\"].concat(), 0), &mut carry);
        assert!(carry);
    }

    #[test]
    fn strings_go_over_the_edge_of_a_block() {
        let mut inside = 0;
        assert_eq!(strings(0b10_0100, &mut inside), 0b01_1100);
        assert_eq!(inside, 0);
        strings(1 << 60, &mut inside);
        assert_eq!(strings(0b1000, &mut inside), 0b0111);
    }
}
