//! Writing leaf and enum values by the rules of their types.
//! The rules are those of graphql-core's `serialize`, except where these would lose digits.

use crate::check::{is_scalar, is_sound, string as strict_string, value_end};
use crate::description::Form;
use crate::doc::Doc;
use crate::moment::{self, is_uuid};
use crate::number::{integral, is_double, is_integer, is_nonzero, is_number};
use crate::output::append;
use crate::scan::{INTEGER, Token};
use crate::shape::{EnumNode, Meaning};
use crate::text::{decode, is_storable};

/// Why a token was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// It is not JSON.
    NotJson,
    /// It is JSON of another kind than the field expects.
    WrongKind,
}

type Written = Result<(), Rejection>;

/// Output of leaf values.
pub(crate) struct Sink<'r> {
    pub out: &'r mut Vec<u8>,
    /// Stack of the strict reader, reused from value to value.
    pub open: &'r mut Vec<u8>,
}

/// Writes the value at `token` in `form`; on an error nothing is written.
#[inline]
pub(crate) fn write(form: Form, doc: &Doc<'_>, token: Token, sink: &mut Sink<'_>) -> Written {
    if form == Form::Any {
        return raw(doc, token, sink);
    }
    let doc = doc.text;
    let text = token.bytes(doc);
    match text.first() {
        Some(b'"') => string(form, doc, token, sink.out),
        Some(b'-' | b'0'..=b'9') => number(form, doc, token, sink.out),
        _ => literal(form, text, sink.out),
    }
}

#[inline]
fn copy(doc: &[u8], token: Token, out: &mut Vec<u8>) {
    append(out, doc, token.start, token.end);
}

fn put(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(text);
}

fn put_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

fn raw(doc: &Doc<'_>, token: Token, sink: &mut Sink<'_>) -> Written {
    let text = token.bytes(doc.text);
    let valid = match text.first() {
        Some(b'"') => is_sound(doc.text, token),
        Some(b'{' | b'[') => is_container(doc, token, sink.open),
        _ => is_scalar(text),
    };
    if !valid {
        return Err(Rejection::NotJson);
    }
    copy(doc.text, token, sink.out);
    Ok(())
}

fn is_container(doc: &Doc<'_>, token: Token, open: &mut Vec<u8>) -> bool {
    let Token { start, end, .. } = token;
    let string_end = |_: &[u8], start: usize| doc.string_end(start + 1).map_err(|_| start);
    let read = if doc.is_sound() {
        value_end(doc.text, start, open, string_end)
    } else {
        value_end(doc.text, start, open, strict_string)
    };
    read == Ok(end)
}

#[inline]
fn string(form: Form, doc: &[u8], token: Token, out: &mut Vec<u8>) -> Written {
    if !is_sound(doc, token) {
        return Err(Rejection::NotJson);
    }
    let content = &doc[token.start + 1..token.end - 1];
    match form {
        Form::String | Form::Text | Form::Id => copy(doc, token, out),
        Form::StoredString | Form::StoredText | Form::StoredId if is_storable(content) => {
            copy(doc, token, out);
        }
        Form::Date if moment::is_date(&decode(content)) => copy(doc, token, out),
        Form::DateTime if moment::is_instant(&decode(content)) => copy(doc, token, out),
        Form::Time if moment::is_time(&decode(content)) => copy(doc, token, out),
        Form::Uuid if is_uuid(&decode(content)) => copy(doc, token, out),
        Form::Boolean | Form::Truth | Form::Any => return Err(Rejection::WrongKind),
        _ => return number_in_string(form, &decode(content), out),
    }
    Ok(())
}

#[cold]
fn number_in_string(form: Form, text: &[u8], out: &mut Vec<u8>) -> Written {
    match form {
        Form::Int if is_integer(text) => put(out, &int(text)?),
        Form::Integer if is_integer(text) => put(out, &integer(text)?),
        Form::Float if is_number(text) && is_double(text) => put(out, text),
        Form::Number if is_number(text) => put(out, text),
        Form::QuotedInteger if is_integer(text) => put_quoted(out, &integer(text)?),
        Form::QuotedNumber if is_number(text) => put_quoted(out, text),
        _ => return Err(Rejection::WrongKind),
    }
    Ok(())
}

#[inline]
fn number(form: Form, doc: &[u8], token: Token, out: &mut Vec<u8>) -> Written {
    let text = token.bytes(doc);
    if form == Form::Int && (token.flags & INTEGER != 0 || is_short_integer(text)) {
        copy(doc, token, out);
        return Ok(());
    }
    if !is_number(text) {
        return Err(Rejection::NotJson);
    }
    match form {
        Form::Int => put(out, &int(text)?),
        Form::Float if is_double(text) => copy(doc, token, out),
        Form::Number => copy(doc, token, out),
        Form::String | Form::StoredString | Form::QuotedNumber => put_quoted(out, text),
        Form::Boolean => put(out, if is_nonzero(text) { b"true" } else { b"false" }),
        Form::Id | Form::StoredId => put_quoted(out, &integer(text)?),
        Form::Integer if is_integer(text) => copy(doc, token, out),
        Form::QuotedInteger if is_integer(text) => put_quoted(out, text),
        _ => return Err(Rejection::WrongKind),
    }
    Ok(())
}

/// Whether the text is an integer in its shortest form that is certain to be in range.
#[inline]
fn is_short_integer(text: &[u8]) -> bool {
    let size = text.strip_prefix(b"-").unwrap_or(text);
    matches!(size.len(), 1..=9)
        && size.iter().all(u8::is_ascii_digit)
        && (size[0] != b'0' || text.len() == 1)
}

/// An integer of any size in its shortest form.
fn integer(text: &[u8]) -> Result<Vec<u8>, Rejection> {
    integral(text).map(String::into_bytes).ok_or(Rejection::WrongKind)
}

/// An `Int` of GraphQL: 32 bits.
fn int(text: &[u8]) -> Result<Vec<u8>, Rejection> {
    let value = integral(text).ok_or(Rejection::WrongKind)?;
    if value.parse::<i32>().is_ok() { Ok(value.into_bytes()) } else { Err(Rejection::WrongKind) }
}

fn literal(form: Form, text: &[u8], out: &mut Vec<u8>) -> Written {
    let truth = match text {
        b"true" => true,
        b"false" => false,
        [b'{' | b'[', ..] | b"null" => return Err(Rejection::WrongKind),
        _ => return Err(Rejection::NotJson),
    };
    match form {
        Form::Boolean | Form::Truth => put(out, text),
        Form::Int | Form::Float => put(out, if truth { b"1" } else { b"0" }),
        Form::String | Form::StoredString => put_quoted(out, text),
        _ => return Err(Rejection::WrongKind),
    }
    Ok(())
}

/// Whether a token of the wrong kind is JSON, judged by its first byte.
pub(crate) fn rejection(doc: &[u8], token: Token) -> Rejection {
    let text = token.bytes(doc);
    let json = match text.first() {
        Some(b'"') => is_sound(doc, token),
        Some(b'{' | b'[') => true,
        _ => is_scalar(text),
    };
    if json { Rejection::WrongKind } else { Rejection::NotJson }
}

/// Writes the name of the enum member for the token; on an error nothing is written.
pub(crate) fn write_enum(node: &EnumNode, doc: &[u8], token: Token, out: &mut Vec<u8>) -> Written {
    let text = token.bytes(doc);
    let member = if text[0] == b'"' {
        let content = &doc[token.start + 1..token.end - 1];
        meaning(&node.strings, &decode(content))
    } else {
        meaning(&node.tokens, text)
    };
    match member {
        Some(name) => {
            put(out, name);
            Ok(())
        }
        None => Err(rejection(doc, token)),
    }
}

fn meaning<'s>(table: &'s [Meaning], value: &[u8]) -> Option<&'s [u8]> {
    let place = table.binary_search_by(|entry| (*entry.0).cmp(value)).ok()?;
    Some(&table[place].1)
}
