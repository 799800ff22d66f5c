//! Leaves and enums: reading a token by the rules of its type and writing it.
//! The rules are graphql-core's `serialize`, where they lose nothing.

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
pub(crate) enum Refused {
    /// It is not JSON.
    Json,
    /// It is JSON, of the wrong kind for its place.
    Kind,
}

type Written = Result<(), Refused>;

/// Where leaves are written to.
pub(crate) struct Sink<'r> {
    pub out: &'r mut Vec<u8>,
    /// The stack of the strict reader, kept between values.
    pub open: &'r mut Vec<u8>,
}

/// Writes the value at `token` as `form` asks, or writes nothing.
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
        return Err(Refused::Json);
    }
    copy(doc.text, token, sink.out);
    Ok(())
}

fn is_container(doc: &Doc<'_>, token: Token, open: &mut Vec<u8>) -> bool {
    let Token { start, end, .. } = token;
    let known = |_: &[u8], start: usize| doc.string_end(start + 1).map_err(|_| start);
    let read = if doc.is_sound() {
        value_end(doc.text, start, open, known)
    } else {
        value_end(doc.text, start, open, strict_string)
    };
    read == Ok(end)
}

#[inline]
fn string(form: Form, doc: &[u8], token: Token, out: &mut Vec<u8>) -> Written {
    if !is_sound(doc, token) {
        return Err(Refused::Json);
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
        Form::Boolean | Form::Truth | Form::Any => return Err(Refused::Kind),
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
        _ => return Err(Refused::Kind),
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
        return Err(Refused::Json);
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
        _ => return Err(Refused::Kind),
    }
    Ok(())
}

/// An integer that needs no look at its range and is in its shortest form.
#[inline]
fn is_short_integer(text: &[u8]) -> bool {
    let size = text.strip_prefix(b"-").unwrap_or(text);
    matches!(size.len(), 1..=9)
        && size.iter().all(u8::is_ascii_digit)
        && (size[0] != b'0' || text.len() == 1)
}

/// An integer of any size in its shortest form.
fn integer(text: &[u8]) -> Result<Vec<u8>, Refused> {
    integral(text).map(String::into_bytes).ok_or(Refused::Kind)
}

/// An `Int` of GraphQL: 32 bits.
fn int(text: &[u8]) -> Result<Vec<u8>, Refused> {
    let value = integral(text).ok_or(Refused::Kind)?;
    if value.parse::<i32>().is_ok() { Ok(value.into_bytes()) } else { Err(Refused::Kind) }
}

fn literal(form: Form, text: &[u8], out: &mut Vec<u8>) -> Written {
    let truth = match text {
        b"true" => true,
        b"false" => false,
        [b'{' | b'[', ..] | b"null" => return Err(Refused::Kind),
        _ => return Err(Refused::Json),
    };
    match form {
        Form::Boolean | Form::Truth => put(out, text),
        Form::Int | Form::Float => put(out, if truth { b"1" } else { b"0" }),
        Form::String | Form::StoredString => put_quoted(out, text),
        _ => return Err(Refused::Kind),
    }
    Ok(())
}

/// Whether a token of the wrong kind is JSON at all, as far as its first byte tells.
pub(crate) fn refusal(doc: &[u8], token: Token) -> Refused {
    let text = token.bytes(doc);
    let json = match text.first() {
        Some(b'"') => is_sound(doc, token),
        Some(b'{' | b'[') => true,
        _ => is_scalar(text),
    };
    if json { Refused::Kind } else { Refused::Json }
}

/// Writes the name that stands for the token in an enum, or nothing.
pub(crate) fn write_enum(node: &EnumNode, doc: &[u8], token: Token, out: &mut Vec<u8>) -> Written {
    let text = token.bytes(doc);
    let found = if text[0] == b'"' {
        let content = &doc[token.start + 1..token.end - 1];
        meaning(&node.strings, &decode(content))
    } else {
        meaning(&node.tokens, text)
    };
    match found {
        Some(name) => {
            put(out, name);
            Ok(())
        }
        None => Err(refusal(doc, token)),
    }
}

fn meaning<'s>(table: &'s [Meaning], value: &[u8]) -> Option<&'s [u8]> {
    let place = table.binary_search_by(|entry| (*entry.0).cmp(value)).ok()?;
    Some(&table[place].1)
}
