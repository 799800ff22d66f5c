//! Grammar of dates, times, instants and UUIDs that `PostgreSQL` reads under any settings.
//! `fraiseql/grammars.py` has the same grammar for Python and SQL.

/// The latest year of an instant and of a date in `PostgreSQL`.
const LAST_INSTANT: u32 = 294_276;
const LAST_DATE: u32 = 5_874_897;
const MOST_DECIMALS: usize = 20;

/// Whether the text is a date.
pub(crate) fn is_date(text: &[u8]) -> bool {
    is_endless(text) || day(text, LAST_DATE).is_some_and(<[u8]>::is_empty)
}

/// Whether the text is an instant, or a date, which means its beginning.
pub(crate) fn is_instant(text: &[u8]) -> bool {
    is_endless(text) || day(text, LAST_INSTANT).is_some_and(is_clock_of_day)
}

/// Whether the text is a time of day, perhaps with an offset.
pub(crate) fn is_time(text: &[u8]) -> bool {
    clock(text).is_some_and(is_offset)
}

/// Whether the text is a UUID, with or without hyphens and braces.
pub(crate) fn is_uuid(text: &[u8]) -> bool {
    let text = match text {
        [b'{', inside @ .., b'}'] => inside,
        _ => text,
    };
    let hyphened = text.len() == 36;
    (hyphened || text.len() == 32)
        && text.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 if hyphened => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_endless(text: &[u8]) -> bool {
    matches!(text, b"infinity" | b"-infinity")
}

fn is_clock_of_day(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b'T' | b't' | b' ', rest @ ..] => is_time(rest),
        _ => false,
    }
}

/// Reads year, month, day and era; returns the text between the day and the era.
fn day(text: &[u8], last: u32) -> Option<&[u8]> {
    let (text, bc) = match text.strip_suffix(b" BC") {
        Some(before) => (before, true),
        None => (text, false),
    };
    let size = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(4..=7).contains(&size) || (size > 4 && text[0] == b'0') || (bc && size > 4) {
        return None;
    }
    let year = value(&text[..size])?;
    let [b'-', m1, m2, b'-', d1, d2, rest @ ..] = &text[size..] else { return None };
    let (month, date) = (value(&[*m1, *m2])?, value(&[*d1, *d2])?);
    let fits = (1..=last).contains(&year) && (1..=days(month, year, bc)).contains(&date);
    fits.then_some(rest)
}

fn days(month: u32, year: u32, bc: bool) -> u32 {
    // The year 1 BC is the year 0.
    let year = if bc { year - 1 } else { year };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    }
}

fn value(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?
        .parse()
        .ok()
}

fn two(text: &[u8], most: u32) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    value(digits).filter(|number| *number <= most).map(|number| (number, rest))
}

/// Reads hours, minutes and optional seconds, and returns the rest.
fn clock(text: &[u8]) -> Option<&[u8]> {
    let (hours, rest) = two(text, 24)?;
    let (minutes, rest) = two(rest.strip_prefix(b":")?, 59)?;
    let (seconds, zero, rest) = match rest.strip_prefix(b":") {
        Some(rest) => {
            let (seconds, rest) = two(rest, 60)?;
            let (zero, rest) = fraction(rest)?;
            (seconds, zero, rest)
        }
        None => (0, true, rest),
    };
    (hours < 24 || (minutes == 0 && seconds == 0 && zero)).then_some(rest)
}

/// Reads an optional fraction; returns whether it is zero, and the rest.
fn fraction(text: &[u8]) -> Option<(bool, &[u8])> {
    let Some(rest) = text.strip_prefix(b".") else { return Some((true, text)) };
    let size = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let zero = rest[..size].iter().all(|byte| *byte == b'0');
    (1..=MOST_DECIMALS).contains(&size).then_some((zero, &rest[size..]))
}

/// Whether the text is an offset from UTC or empty.
fn is_offset(text: &[u8]) -> bool {
    match text {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', rest @ ..] => offset_parts(rest).unwrap_or(false),
        _ => false,
    }
}

fn offset_parts(text: &[u8]) -> Option<bool> {
    let (_, rest) = match text {
        [hour, rest @ ..]
            if hour.is_ascii_digit() && !rest.first().is_some_and(u8::is_ascii_digit) =>
        {
            (0, rest)
        }
        _ => two(text, 15)?,
    };
    let Some(minutes) = rest.strip_prefix(b":") else {
        return Some(rest.is_empty() || matches!(two(rest, 59), Some((_, []))));
    };
    let (_, rest) = two(minutes, 59)?;
    Some(rest.is_empty() || matches!(two(rest.strip_prefix(b":")?, 59), Some((_, []))))
}

#[cfg(test)]
mod tests {
    use super::{is_date, is_instant, is_time, is_uuid};

    fn check(is: fn(&[u8]) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(is(text.as_bytes()), "{text}");
        }
        for text in bad {
            assert!(!is(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn dates() {
        let good = ["2024-02-29", "infinity", "0001-02-29 BC", "12345-01-01", "5874897-12-31"];
        let bad = ["2023-02-29", "0000-01-01", "2024-13-01", "1-1-1", "soon", "", "5874898-01-01"];
        check(is_date, &good, &bad);
        check(is_date, &["0401-02-29 BC"], &["0101-02-29 BC", "02024-01-01", "2024-01-01T00:00"]);
    }

    #[test]
    fn instants() {
        let good = [
            "2024-01-01",
            "2024-01-01T10:00",
            "2024-01-01 24:00:00.0Z",
            "2024-01-01t10:00:60.5z",
            "0044-03-15T12:00:00+00:00 BC",
            "10000-01-01T00:00:00.123456789-15:59:59",
            "2024-01-01T00:00:00+0530",
            "2024-01-01T00:00:00+5",
        ];
        let bad = [
            "2024-01-01T",
            "2024-01-01T24:00:01",
            "2024-01-01T10:00:00+16",
            "2024-01-01T10:00:00.",
            "2024-01-01T1:00",
            "2024-01-01X10:00",
            "2024-01-01T10:00:00+05:3",
            "20240101T100000Z",
            "now",
        ];
        check(is_instant, &good, &bad);
    }

    #[test]
    fn times_and_uuids() {
        check(is_time, &["24:00:00", "23:59:59.9999999", "10:00+02"], &["24:00:01", "10", "9:00"]);
        let plain = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
        let (upper, braced) = (plain.to_uppercase(), format!("{{{plain}}}"));
        let bare = plain.replace('-', "");
        check(is_uuid, &[plain, &upper, &braced, &bare], &["", "{}", &plain[1..], "x"]);
        check(is_uuid, &[], &[&plain.replace('b', "g"), &bare.replacen('6', "-", 1)]);
    }
}
