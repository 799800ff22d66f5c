//! The operation of a request: its document, its name and its variables.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::{Json, Key};
use crate::message::{Method, Request};

/// An operation as the client asks for it.
#[derive(Debug, Default)]
pub(crate) struct Operation<'a> {
    pub document: Cow<'a, str>,
    /// `None` for no name, and for an empty one.
    pub name: Option<Cow<'a, str>>,
    /// The members of `variables`; none for null.
    pub variables: Vec<(Cow<'a, str>, Json<'a>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    query: Key<'a>,
    #[serde(borrow, default, rename = "operationName")]
    name: Option<Key<'a>>,
    #[serde(borrow, default)]
    variables: Option<Json<'a>>,
    #[serde(borrow, default)]
    extensions: Option<Json<'a>>,
}

impl<'a> Operation<'a> {
    /// Reads the operation of a request; `None` for anything that is not plainly one.
    pub fn of(request: &'a Request) -> Option<Self> {
        match request.method {
            Method::Post => Self::of_body(&request.body),
            Method::Get => Self::of_query(&request.query),
        }
    }

    fn of_body(body: &'a [u8]) -> Option<Self> {
        let body: Body<'a> = serde_json::from_slice(body).ok()?;
        let extended = body.extensions.is_some_and(|value| !is_empty(&value));
        if extended {
            return None;
        }
        let name = body.name.map(|Key(name)| name).filter(|name| !name.is_empty());
        let variables = members(body.variables)?;
        Some(Self { document: body.query.0, name, variables })
    }

    fn of_query(query: &'a [u8]) -> Option<Self> {
        let mut document = None;
        let mut name = None;
        let mut variables = None;
        for piece in query.split(|byte| *byte == b'&') {
            let equals = piece.iter().position(|byte| *byte == b'=')?;
            let place = match &piece[..equals] {
                b"query" => &mut document,
                b"operationName" => &mut name,
                b"variables" => &mut variables,
                _ => return None,
            };
            if place.replace(decoded(&piece[equals + 1..])?).is_some() {
                return None;
            }
        }
        let variables = match variables {
            Some(text) if !text.is_empty() => owned_members(&text)?,
            _ => Vec::new(),
        };
        let name = name.filter(|name| !name.is_empty()).map(Cow::Owned);
        Some(Self { document: Cow::Owned(document?), name, variables })
    }
}

fn is_empty(value: &Json<'_>) -> bool {
    matches!(value, Json::Object(members) if members.is_empty())
}

fn members(variables: Option<Json<'_>>) -> Option<Vec<(Cow<'_, str>, Json<'_>)>> {
    match variables {
        None | Some(Json::Null) => Some(Vec::new()),
        Some(Json::Object(members)) => Some(members),
        Some(_) => None,
    }
}

/// The members of the text of an object, which do not borrow from it.
fn owned_members<'a>(text: &str) -> Option<Vec<(Cow<'a, str>, Json<'a>)>> {
    let value: Json<'_> = serde_json::from_str(text).ok()?;
    members(Some(value.into_owned()))
}

/// Decodes a value of a query string; `None` where Python might decode it in another way.
fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => bytes.push(digit(*rest.next()?)? << 4 | digit(*rest.next()?)?),
            byte if byte.is_ascii() => bytes.push(*byte),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Option<String> {
        let operation = Operation::of_body(text.as_bytes())?;
        Some(format!("{} {:?} {}", operation.document, operation.name, operation.variables.len()))
    }

    fn query(text: &str) -> Option<String> {
        let operation = Operation::of_query(text.as_bytes())?;
        Some(format!("{} {:?} {}", operation.document, operation.name, operation.variables.len()))
    }

    #[test]
    fn a_plain_body_is_read() {
        assert_eq!(body(r#"{"query":"{a}"}"#).unwrap(), "{a} None 0");
        let whole = r#" {"variables":{"i":1},"operationName":"O","query":"{\n}","extensions":{}}"#;
        assert_eq!(body(whole).unwrap(), "{\n} Some(\"O\") 1");
        let empty = r#"{"query":"{a}","variables":null,"operationName":""}"#;
        assert_eq!(body(empty).unwrap(), "{a} None 0");
    }

    #[test]
    fn an_unusual_body_is_left_to_python() {
        for text in [
            r#"{"query":"{a}","query":"{b}"}"#,
            r#"{"query":"{a}","variables":{"i":1,"i":2}}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":{"o":{"i":1,"\u0069":2}}}"#,
            r#"{"query":"{a}","extensions":{"persistedQuery":{}}}"#,
            r#"{"query":"{a}","other":1}"#,
            r#"{"query":"\ud800"}"#,
            r#"{"query":"{a}"} x"#,
            r#"{"query":null}"#,
            "[]",
            "",
        ] {
            assert!(body(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_plain_query_string_is_read() {
        assert_eq!(query("query=%7Ba+b%7D").unwrap(), "{a b} None 0");
        assert_eq!(
            query("variables=%7B%22i%22:1%7D&operationName=O&query={a}").unwrap(),
            "{a} Some(\"O\") 1"
        );
    }

    #[test]
    fn an_unusual_query_string_is_left_to_python() {
        for text in [
            "",
            "query",
            "query=%7",
            "query=%zz",
            "query=a&query=b",
            "query=a&x=1",
            "query=%ff",
            "a",
            "query=a&",
        ] {
            assert!(query(text).is_none(), "{text}");
        }
    }
}
