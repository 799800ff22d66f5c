//! Sixty-four bytes at a time: one bit a byte, so that whole blocks are passed without a branch.
//! The loops over bytes are written so that the compiler turns them into vector instructions.

/// How many bytes one block has, and bits one mask.
pub(crate) const BLOCK: usize = 64;

/// Picks bit *n* of byte *n*.
const DIAGONAL: u64 = 0x8040_2010_0804_0201;
const ONES: u64 = 0x0101_0101_0101_0101;

/// The 64 bytes from `pos` on; zeros stand after the end of the document.
#[inline]
pub(crate) fn block(doc: &[u8], pos: usize) -> [u8; BLOCK] {
    let rest = &doc[pos..];
    if let Some(block) = rest.first_chunk::<BLOCK>() {
        return *block;
    }
    let mut padded = [0; BLOCK];
    padded[..rest.len()].copy_from_slice(rest);
    padded
}

/// Bit *n* says whether byte *n* is wanted.
#[inline]
pub(crate) fn mask(block: &[u8; BLOCK], wanted: impl Fn(u8) -> bool) -> u64 {
    let mut hits = [0_u8; BLOCK];
    for (hit, byte) in hits.iter_mut().zip(block) {
        *hit = if wanted(*byte) { 0xff } else { 0 };
    }
    let mut bits = 0;
    for (place, eight) in hits.chunks_exact(8).enumerate() {
        let mut word = [0; 8];
        word.copy_from_slice(eight);
        let picked = u64::from_le_bytes(word) & DIAGONAL;
        bits |= (picked.wrapping_mul(ONES) >> 56) << (place * 8);
    }
    bits
}

/// Whether any byte is the one wanted.
#[inline]
pub(crate) fn has(block: &[u8; BLOCK], wanted: u8) -> bool {
    block.iter().fold(0, |any, byte| any | u8::from(*byte == wanted)) != 0
}

/// Which bytes stand after a backslash that escapes them; `carry` goes from block to block.
#[inline]
pub(crate) fn escaped(block: &[u8; BLOCK], carry: &mut bool) -> u64 {
    let mut bits = u64::from(*carry);
    *carry = false;
    if !has(block, b'\\') {
        return bits;
    }
    let mut backslashes = mask(block, |byte| byte == b'\\') & !bits;
    while backslashes != 0 {
        let first = backslashes & backslashes.wrapping_neg();
        let next = first << 1;
        *carry = next == 0;
        bits |= next;
        backslashes &= !(first | next);
    }
    bits
}

/// Which bytes stand inside strings, given the quotes; `inside` goes from block to block.
/// An opening quote counts as inside, a closing one does not.
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
    use super::{block, escaped, mask, strings};

    #[test]
    fn masks_have_one_bit_a_byte() {
        let block = block(b"x{a}{", 1);
        assert_eq!(mask(&block, |byte| byte == b'{'), 0b1001);
        assert_eq!(mask(&block, |byte| byte == 0), u64::MAX << 4);
    }

    #[test]
    fn escapes_go_over_the_edge_of_a_block() {
        let mut carry = false;
        let doc = [b'\\'; 67];
        assert_eq!(escaped(&block(&doc, 0), &mut carry), 0xaaaa_aaaa_aaaa_aaaa);
        assert!(!carry);
        assert_eq!(
            escaped(&block(&doc, 1)[..].try_into().unwrap(), &mut true),
            0x5555_5555_5555_5555
        );
        let mut carry = false;
        escaped(&block(&[&[b'a'; 63][..], b"\\"].concat(), 0), &mut carry);
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
