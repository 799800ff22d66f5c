//! Cursors of pages, as far as they are plainly what Python has written.

use std::borrow::Cow;

use serde::Deserialize;

const VERSION: u8 = 1;

/// A value in the cursors of one order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Digest of the order.
    digest: String,
    /// Number of the value.
    place: usize,
    /// Which values may be null.
    nullable: Vec<bool>,
}

/// A value in a cursor.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Text(String),
}

impl Part {
    /// The value in a cursor; `None` if Python has to read the cursor.
    pub fn value(&self, cursor: &str) -> Option<Value> {
        let text = decoded(cursor)?;
        let (version, digest, mut values): (u8, Cow<'_, str>, Vec<Option<String>>) =
            serde_json::from_slice(&text).ok()?;
        let fits = |(value, nullable): (&Option<String>, &bool)| {
            value.as_ref().map_or(*nullable, |value| !value.contains('\0'))
        };
        let is_own = version == VERSION
            && digest == self.digest
            && values.len() == self.nullable.len()
            && values.iter().zip(&self.nullable).all(fits);
        if !is_own || self.place >= values.len() {
            return None;
        }
        Some(values.swap_remove(self.place).map_or(Value::Null, Value::Text))
    }
}

/// Decodes base64 of the alphabet for URLs, without padding and without other bits at its end.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for letter in group {
            bits = bits << 6 | sextet(*letter)?;
        }
        let whole = match group.len() {
            4 => 3,
            3 if bits.trailing_zeros() >= 2 => 2,
            2 if bits.trailing_zeros() >= 4 => 1,
            _ => return None,
        };
        let aligned = bits << (32 - 6 * group.len());
        bytes.extend_from_slice(&aligned.to_be_bytes()[..whole]);
    }
    Some(bytes)
}

fn sextet(letter: u8) -> Option<u32> {
    let number = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(u32::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(place: usize) -> Part {
        Part { digest: "d1".into(), place, nullable: vec![true, false] }
    }

    #[test]
    fn values_are_read() {
        // [1, "d1", [null, "7"]]
        let cursor = "WzEsICJkMSIsIFtudWxsLCAiNyJdXQ";
        assert_eq!(part(0).value(cursor), Some(Value::Null));
        assert_eq!(part(1).value(cursor), Some(Value::Text("7".into())));
    }

    #[test]
    fn other_cursors_are_left_to_python() {
        for cursor in [
            "",
            "W",
            "WzEsICJkMSIsIFtudWxsLCAiNyJdXQ==",
            // [1, "d2", [null, "7"]]
            "WzEsICJkMiIsIFtudWxsLCAiNyJdXQ",
            // [1, "d1", ["7", null]]
            "WzEsICJkMSIsIFsiNyIsIG51bGxdXQ",
            // [1.0, "d1", [null, "7"]]
            "WzEuMCwgImQxIiwgW251bGwsICI3Il1d",
        ] {
            assert_eq!(part(1).value(cursor), None, "{cursor}");
        }
    }
}
