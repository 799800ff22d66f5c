//! Decoding of JSON strings.

use std::borrow::Cow;

/// The decoded content of a valid JSON string without its quotes.
/// A lone half of a surrogate pair becomes U+FFFD, which equals no key and no value.
pub(crate) fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        decoded.extend_from_slice(&rest[..at]);
        rest = escape(&rest[at + 1..], &mut decoded);
    }
    decoded.extend_from_slice(rest);
    Cow::Owned(decoded)
}

/// Decodes one escape after its backslash and returns the rest.
fn escape<'a>(text: &'a [u8], decoded: &mut Vec<u8>) -> &'a [u8] {
    let Some((&kind, rest)) = text.split_first() else { return text };
    let plain = match kind {
        b'u' => return unicode(rest, decoded),
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    };
    decoded.push(plain);
    rest
}

fn unicode<'a>(text: &'a [u8], decoded: &mut Vec<u8>) -> &'a [u8] {
    let Some((first, rest)) = unit(text) else { return text };
    let (code, rest) = match rest.strip_prefix(b"\\u").and_then(unit) {
        Some((second @ 0xdc00..=0xdfff, after)) if (0xd800..0xdc00).contains(&first) => {
            (0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00), after)
        }
        _ => (first, rest),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

/// Whether the content of a valid JSON string is text that `PostgreSQL` can store: without NUL and
/// without half of a surrogate pair.
pub(crate) fn is_storable(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let Some((kind, after)) = rest[at + 1..].split_first() else { return true };
        rest = after;
        if *kind == b'u' {
            let Some((first, after)) = unit(rest) else { return true };
            let second = after.strip_prefix(b"\\u").and_then(unit);
            rest = match (first, second) {
                (0xd800..=0xdbff, Some((0xdc00..=0xdfff, after))) => after,
                (0 | 0xd800..=0xdfff, _) => return false,
                _ => after,
            };
        }
    }
    true
}

/// Four hexadecimal digits, and the rest.
fn unit(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(4)?;
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((value, rest))
}

/// Number of bytes of the UTF-8 character at the beginning, outside ASCII; 0 if it is not one.
pub(crate) fn character_width(text: &[u8]) -> usize {
    match text {
        [0xc2..=0xdf, 0x80..=0xbf, ..] => 2,
        [0xe1..=0xec | 0xee | 0xef, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xe0, 0xa0..=0xbf, 0x80..=0xbf, ..]
        | [0xed, 0x80..=0x9f, 0x80..=0xbf, ..] => 3,
        [0xf1..=0xf3, 0x80..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf0, 0x90..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf4, 0x80..=0x8f, 0x80..=0xbf, 0x80..=0xbf, ..] => 4,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{character_width, decode, is_storable};

    #[test]
    fn widths_are_those_of_the_standard_library() {
        // All first and second bytes; the others are valid, then one is too low or too high.
        for (first, second) in (0x80..=0xff).flat_map(|a| (0x70..=0xff).map(move |b| (a, b))) {
            for (third, fourth) in
                [(0x80, 0xbf), (0xbf, 0x80), (0x7f, 0x80), (0xc0, 0x80), (0x80, 0xc0)]
            {
                let text = [first, second, third, fourth];
                let good = (2..=4).find(|end| std::str::from_utf8(&text[..*end]).is_ok());
                assert_eq!(character_width(&text), good.unwrap_or(0), "{text:x?}");
            }
        }
        assert_eq!(character_width("é".as_bytes()), 2);
        assert_eq!(character_width(&"😀".as_bytes()[..3]), 0);
    }

    #[test]
    fn escapes() {
        assert_eq!(&*decode(br#"a\"\\\/\n\u00e9"#), "a\"\\/\né".as_bytes());
        assert_eq!(&*decode(br"\ud83d\ude00!"), "😀!".as_bytes());
        assert_eq!(&*decode(br"\ud83dx\ude00"), "\u{fffd}x\u{fffd}".as_bytes());
    }

    #[test]
    fn storable() {
        for text in [r"a\n\u0041\ud83d\ude00", r"\\u0000", r"\\ud800", "é", r"\u00001"] {
            let nul = text == r"\u00001";
            assert_eq!(is_storable(text.as_bytes()), !nul, "{text}");
        }
        for text in
            [r"\u0000", r"\ud800", r"\ud800\ud800", r"\ude00", r"\\\u0000", r"\ud83dx\ude00"]
        {
            assert!(!is_storable(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn malformed_escapes_do_not_panic() {
        for text in [&b"\\"[..], b"\\u", b"\\u12", b"\\uzzzz", b"\\ud800\\u", b"\\u+123"] {
            decode(text);
        }
    }
}
