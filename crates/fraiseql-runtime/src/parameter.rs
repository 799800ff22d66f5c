//! Parameters of statements.

use std::borrow::Cow;
use std::error::Error;

use bytes::{BufMut, BytesMut};
use serde::Deserialize;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use crate::cursor::{Part, Value};
use crate::json::Json;
use crate::template::Slots;

/// Where the value of a parameter comes from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// The same text, as `PostgreSQL` reads it, in all requests; null for SQL's null.
    Text(Option<String>),
    /// The value in this slot, sent as this type.
    Slot(usize, Wire),
    /// The list in this slot, its items sent as this type.
    List(usize, Wire),
    /// A value in the cursor in this slot.
    Cursor(usize, Part),
    /// A `LIKE` pattern of the text in this slot, literally, between these two texts.
    Pattern(usize, String, String),
}

/// The type that a value of a request is sent as.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Wire {
    Int8,
    Text,
    Uuid,
    Bool,
}

/// A parameter, ready to be sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Parameter<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Uuid([u8; 16]),
    /// In the text form of `PostgreSQL`, for a parameter of any type.
    Text(Cow<'a, str>),
}

impl Source {
    /// The slot that it reads.
    pub fn slot(&self) -> Option<usize> {
        match self {
            Self::Text(_) => None,
            Self::Slot(slot, _)
            | Self::List(slot, _)
            | Self::Cursor(slot, _)
            | Self::Pattern(slot, ..) => Some(*slot),
        }
    }

    /// The parameter for the values of a request; `None` if Python has to convert the value.
    pub fn parameter<'a>(&'a self, slots: &Slots<'a>) -> Option<Parameter<'a>> {
        match self {
            Self::Text(None) => Some(Parameter::Null),
            Self::Text(Some(text)) => Some(Parameter::Text(Cow::Borrowed(text))),
            Self::Pattern(slot, before, after) => {
                let Json::Text(text) = (*slots.get(*slot)?)? else { return None };
                Some(Parameter::Text(Cow::Owned(format!("{before}{}{after}", literal(text)))))
            }
            Self::Slot(slot, wire) => wire.parameter((*slots.get(*slot)?)?),
            Self::Cursor(slot, part) => {
                let Json::Text(text) = (*slots.get(*slot)?)? else { return None };
                Some(match part.value(text)? {
                    Value::Null => Parameter::Null,
                    Value::Text(text) => Parameter::Text(Cow::Owned(text)),
                })
            }
            Self::List(slot, wire) => {
                let Json::List(items) = (*slots.get(*slot)?)? else { return None };
                array(items, *wire).map(|text| Parameter::Text(Cow::Owned(text)))
            }
        }
    }
}

impl Wire {
    fn parameter<'a>(self, value: &'a Json<'a>) -> Option<Parameter<'a>> {
        match (self, value) {
            (Self::Int8, Json::Int(number)) => Some(Parameter::Int(*number)),
            (Self::Int8, Json::Text(text)) => integer(text).map(Parameter::Int),
            (Self::Text, Json::Text(text)) => Some(Parameter::Text(Cow::Borrowed(text))),
            (Self::Uuid, Json::Text(text)) => uuid(text).map(Parameter::Uuid),
            (Self::Bool, Json::Bool(value)) => Some(Parameter::Bool(*value)),
            _ => None,
        }
    }
}

/// A list as the text of an array; `None` if Python has to convert an item.
fn array(items: &[Json<'_>], wire: Wire) -> Option<String> {
    let mut text = String::from("{");
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        match (wire.parameter(item)?, item) {
            (Parameter::Int(number), _) => text.push_str(&number.to_string()),
            (_, Json::Text(item)) => {
                text.push('"');
                for character in item.chars() {
                    if matches!(character, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(character);
                }
                text.push('"');
            }
            _ => return None,
        }
    }
    text.push('}');
    Some(text)
}

/// Escapes the characters that have a meaning in a pattern.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Reads decimal digits, with a minus before them or not.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Reads a UUID with its four hyphens; other forms are left to Python.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let text = text.as_bytes();
    let mut uuid = [0; 16];
    let mut place = 0;
    if text.len() != 36 {
        return None;
    }
    for byte in &mut uuid {
        if matches!(place, 8 | 13 | 18 | 23) {
            if text[place] != b'-' {
                return None;
            }
            place += 1;
        }
        *byte = digit(text[place])? << 4 | digit(text[place + 1])?;
        place += 2;
    }
    Some(uuid)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Int(number) if *ty == Type::INT8 => out.put_i64(*number),
            Self::Bool(value) if *ty == Type::BOOL => out.put_u8(u8::from(*value)),
            Self::Uuid(uuid) if *ty == Type::UUID => out.put_slice(uuid),
            Self::Text(text) => out.put_slice(text.as_bytes()),
            _ => return Err("a parameter of another type".into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }

    fn encode_format(&self, _ty: &Type) -> Format {
        if matches!(self, Self::Text(_)) { Format::Text } else { Format::Binary }
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_four_hyphens() {
        let mut expected = [0x11; 16];
        expected[15] = 0xfe;
        assert_eq!(uuid("11111111-1111-1111-1111-1111111111fE"), Some(expected));
        for text in ["", "111111111111111111111111111111fE", "11111111-1111-1111-1111-1111111111fg"]
        {
            assert_eq!(uuid(text), None, "{text}");
        }
        assert_eq!(uuid("11111111-1111-1111-1111-11111111-1fE"), None);
    }

    #[test]
    fn patterns_match_literally() {
        assert_eq!(literal(r"a%_\"), r"a\%\_\\");
    }

    #[test]
    fn items_of_arrays_are_quoted() {
        let texts = [r#"a"b\c"#, "", "NULL", "{,}"];
        let items: Vec<_> = texts.iter().map(|text| Json::Text(Cow::Borrowed(*text))).collect();
        let expected = r#"{"a\"b\\c","","NULL","{,}"}"#;
        assert_eq!(array(&items, Wire::Text).unwrap(), expected);
        assert_eq!(array(&[Json::Int(-1), Json::Int(2)], Wire::Int8).unwrap(), "{-1,2}");
        assert_eq!(array(&[], Wire::Uuid).unwrap(), "{}");
        assert_eq!(array(&items, Wire::Uuid), None);
        assert_eq!(array(&[Json::Null], Wire::Text), None);
    }

    #[test]
    fn integers_are_decimal_digits() {
        assert_eq!(integer("-12"), Some(-12));
        for text in ["", "-", "+1", " 1", "1_0", "9223372036854775808", "\u{0661}"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }
}
