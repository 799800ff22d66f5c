//! Search for bytes in a machine word (SWAR).
//! A mask marks a byte by its high bit; only the lowest mark of a mask is exact.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const SPACES: u64 = 0x2020_2020_2020_2020;

/// The word with `byte` in all eight positions.
pub(crate) const fn repeat(byte: u8) -> u64 {
    ONES * byte as u64
}

/// The eight bytes from `pos` on; `None` when fewer are left.
#[inline]
pub(crate) fn word(doc: &[u8], pos: usize) -> Option<u64> {
    let bytes = doc.get(pos..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes))
}

/// Marks the bytes that are zero.
#[inline]
pub(crate) const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Marks control characters (below 0x20) and bytes outside ASCII.
#[inline]
pub(crate) const fn odd(word: u64) -> u64 {
    (word | word.wrapping_sub(SPACES)) & HIGH
}

/// Marks bytes that are not decimal digits.
#[inline]
pub(crate) const fn nondigits(word: u64) -> u64 {
    let values = word ^ repeat(b'0');
    (values | values.wrapping_add(repeat(0x76))) & HIGH
}

/// Number of bytes before the first mark; eight without a mark.
#[inline]
pub(crate) const fn before(mask: u64) -> usize {
    (mask.trailing_zeros() / 8) as usize
}

/// The marks of `mask` before the first mark of `stop`.
#[inline]
pub(crate) const fn below(mask: u64, stop: u64) -> u64 {
    mask & ((stop & stop.wrapping_neg()).wrapping_sub(1))
}
