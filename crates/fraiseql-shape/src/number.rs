//! Grammar of JSON numbers, and exact integral values.

/// Maximum digits of an integer from an exponent: no IEEE double needs more.
const MOST_DIGITS: usize = 400;

struct Parts<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: &'a [u8],
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn unsigned(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"-").unwrap_or(text)
}

/// The parts of a JSON number; `None` when the text is not one.
fn split(text: &[u8]) -> Option<Parts<'_>> {
    let rest = unsigned(text);
    let negative = rest.len() < text.len();
    let (whole, rest) = rest.split_at(digits(rest));
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return None;
    }
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(tail) if digits(tail) > 0 => tail.split_at(digits(tail)),
        Some(_) => return None,
        None => (&rest[..0], rest),
    };
    let exponent = match rest {
        [] => rest,
        [b'e' | b'E', exponent @ ..] if is_exponent(exponent) => exponent,
        _ => return None,
    };
    Some(Parts { negative, whole, fraction, exponent })
}

fn is_exponent(text: &[u8]) -> bool {
    let size = text.strip_prefix(b"+").unwrap_or(unsigned(text));
    !size.is_empty() && digits(size) == size.len()
}

/// Whether the text is a number by the grammar of RFC 8259.
pub(crate) fn is_number(text: &[u8]) -> bool {
    is_integer(text) || split(text).is_some()
}

/// Whether the text is a JSON number without fraction and exponent.
#[inline]
pub(crate) fn is_integer(text: &[u8]) -> bool {
    match unsigned(text) {
        [] => false,
        [b'0', rest @ ..] => rest.is_empty(),
        size => digits(size) == size.len(),
    }
}

/// Whether a valid number has a value other than zero.
pub(crate) fn is_nonzero(text: &[u8]) -> bool {
    let mut mantissa = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    mantissa.any(|byte| matches!(byte, b'1'..=b'9'))
}

/// Whether a valid number is in the range of an IEEE double.
pub(crate) fn is_double(text: &[u8]) -> bool {
    const MOST: usize = 300;
    // The common case: too few digits to leave the range.
    if text.len() <= MOST && !text.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return true;
    }
    let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    value.is_some_and(f64::is_finite)
}

/// Whether the text is decimal digits, with an optional minus; leading zeros are allowed.
pub(crate) fn is_digits(text: &[u8]) -> bool {
    let size = unsigned(text);
    !size.is_empty() && digits(size) == size.len()
}

/// The integral value of a JSON number or a text of digits, in its shortest form.
pub(crate) fn integral(text: &[u8]) -> Option<String> {
    if is_digits(text) {
        return Some(shortest(unsigned(text).len() < text.len(), unsigned(text), 0));
    }
    let parts = split(text)?;
    let mantissa = [parts.whole, parts.fraction].concat();
    let last = mantissa.iter().rposition(|byte| *byte != b'0').map_or(0, |place| place + 1);
    if last == 0 {
        return Some("0".to_owned());
    }
    let point = i64::try_from(parts.whole.len()).ok()?;
    let length = usize::try_from(point.saturating_add(exponent(parts.exponent))).ok()?;
    if length < last || length > MOST_DIGITS.max(mantissa.len()) {
        return None;
    }
    Some(shortest(parts.negative, &mantissa[..last], length - last))
}

fn exponent(text: &[u8]) -> i64 {
    let size = unsigned(text);
    let sign = if size.len() < text.len() { -1 } else { 1 };
    let size = size.strip_prefix(b"+").unwrap_or(size);
    let value = size.iter().fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    value.saturating_mul(sign)
}

/// Writes digits and further zeros, without leading zeros or a negative zero.
fn shortest(negative: bool, digits: &[u8], zeros: usize) -> String {
    let first = digits.iter().position(|byte| *byte != b'0');
    let Some(first) = first else { return "0".to_owned() };
    let sign = if negative { "-" } else { "" };
    let size = digits[first..].iter().map(|byte| char::from(*byte));
    sign.chars().chain(size).chain(std::iter::repeat_n('0', zeros)).collect()
}

#[cfg(test)]
mod tests {
    use super::{integral, is_double, is_integer, is_nonzero, is_number};

    #[test]
    fn grammar() {
        for good in ["0", "-0", "10", "-7.25", "1e3", "1E+05", "0.0", "2.5e-7"] {
            assert!(is_number(good.as_bytes()), "{good}");
        }
        for bad in ["", "-", "01", "+1", "1.", ".5", "1e", "1e+", "1-", "0x1", "1.e3", "NaN", "1 "]
        {
            assert!(!is_number(bad.as_bytes()), "{bad}");
        }
        assert!(is_integer(b"-12") && !is_integer(b"-012") && !is_integer(b"1.0"));
    }

    #[test]
    fn integral_values_are_exact() {
        let cases = [
            ("1.0", "1"),
            ("1e3", "1000"),
            ("-1.50e1", "-15"),
            ("0.5e1", "5"),
            ("-0.0", "0"),
            ("0e999999999999999999999", "0"),
            ("007", "7"),
            ("120e-1", "12"),
            ("12345678901234567890.0", "12345678901234567890"),
        ];
        for (text, value) in cases {
            assert_eq!(integral(text.as_bytes()).as_deref(), Some(value), "{text}");
        }
        for text in ["1.5", "1e-1", "1e1000000000", "1e99999999999999999999", "x", ""] {
            assert_eq!(integral(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn doubles() {
        for text in ["0", "1.5", "1e308", "-1.7976931348623157E308", "1e-400", "0.1e1"] {
            assert!(is_double(text.as_bytes()), "{text}");
        }
        for text in ["1e309", "-1e400", "1.8e308"] {
            assert!(!is_double(text.as_bytes()), "{text}");
        }
        assert!(is_double("9".repeat(308).as_bytes()) && !is_double("9".repeat(310).as_bytes()));
    }

    #[test]
    fn zero_or_not() {
        assert!(is_nonzero(b"-0.001e7") && !is_nonzero(b"-0.000e7"));
    }
}
