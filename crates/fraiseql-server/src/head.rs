//! The requests that may be answered here: a strict part of HTTP/1.1.
//!
//! Whatever is unusual is foreign: Python's parser decides about it, with all bytes of the
//! connection. So two parsers never disagree about where a request ends.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use fraiseql_runtime::{Header, Method, Request};
use httparse::{EMPTY_HEADER, Status};

use crate::options::{BODY_BYTES, HEAD_BYTES};

const MOST_HEADERS: usize = 64;

/// Kinds of the first bytes of a connection.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// The beginning of a request.
    Partial,
    /// A whole request that may be answered here.
    Whole(Layout),
    /// A request for Python.
    Foreign,
}

/// The places of the parts of a request.
#[derive(Debug)]
pub(crate) struct Layout {
    method: Method,
    query: Range<usize>,
    headers: Vec<(Range<usize>, Range<usize>)>,
    body: Range<usize>,
}

/// Looks at the first request of `buffer`, for the path of GraphQL.
pub(crate) fn parse(buffer: &[u8], path: &[u8]) -> Parsed {
    if !may_be_known(buffer, path) {
        return Parsed::Foreign;
    }
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(buffer) {
        Ok(Status::Complete(length)) => whole(buffer, &request, length, path),
        Ok(Status::Partial) if buffer.len() < HEAD_BYTES => Parsed::Partial,
        _ => Parsed::Foreign,
    }
}

/// Whether the buffer begins as a request for `path`, as far as it goes.
fn may_be_known(buffer: &[u8], path: &[u8]) -> bool {
    [&b"POST "[..], b"GET "].iter().any(|method| {
        let (start, rest) = buffer.split_at(buffer.len().min(method.len()));
        let shared = rest.len().min(path.len());
        method.starts_with(start)
            && rest[..shared] == path[..shared]
            && matches!(rest.get(path.len()), None | Some(b' ' | b'?'))
    })
}

fn whole(buffer: &[u8], request: &httparse::Request, head: usize, path: &[u8]) -> Parsed {
    let Some((method, body)) = framing(request).filter(|_| is_strict(&buffer[..head])) else {
        return Parsed::Foreign;
    };
    if buffer.len() < head + body {
        return Parsed::Partial;
    }
    let place = |part: &[u8]| {
        let start = part.as_ptr().addr() - buffer.as_ptr().addr();
        start..start + part.len()
    };
    let target = place(request.path.unwrap_or_default().as_bytes());
    let query = (target.start + path.len() + 1).min(target.end)..target.end;
    let headers = request.headers.iter();
    let headers = headers.map(|header| (place(header.name.as_bytes()), place(header.value)));
    Parsed::Whole(Layout { method, query, headers: headers.collect(), body: head..head + body })
}

/// The method and the length of the body, if both are plain.
fn framing(request: &httparse::Request) -> Option<(Method, usize)> {
    let plain = |byte: u8| byte != b'#' && byte.is_ascii_graphic();
    if request.version != Some(1) || !request.path?.bytes().all(plain) {
        return None;
    }
    let mut length = None;
    for header in request.headers.iter() {
        let named = |name: &str| header.name.eq_ignore_ascii_case(name);
        if !header.value.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return None;
        }
        if named("content-length") {
            if length.is_some() {
                return None;
            }
            length = Some(number(header.value)?);
        } else if named("connection") {
            header.value.eq_ignore_ascii_case(b"keep-alive").then_some(())?;
        } else if ["transfer-encoding", "expect", "upgrade", "te", "trailer", "proxy-connection"]
            .iter()
            .any(|name| named(name))
        {
            return None;
        }
    }
    match (request.method?, length) {
        ("GET", None | Some(0)) => Some((Method::Get, 0)),
        ("POST", Some(length)) if length <= BODY_BYTES => Some((Method::Post, length)),
        _ => None,
    }
}

/// A length of at most seven digits, without a sign.
fn number(text: &[u8]) -> Option<usize> {
    if text.is_empty() || text.len() > 7 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0')))
}

/// Whether each line of the head ends with CR LF, and none is empty but the last.
fn is_strict(head: &[u8]) -> bool {
    head.first().is_some_and(u8::is_ascii_uppercase)
        && memchr::memchr_iter(b'\n', head).all(|at| at > 0 && head[at - 1] == b'\r')
        && memchr::memchr_iter(b'\r', head).all(|at| head.get(at + 1) == Some(&b'\n'))
}

impl Layout {
    /// Takes the request out of the buffer; returns its bytes too, for Python.
    pub fn take(&self, buffer: &mut BytesMut) -> (Request, Bytes) {
        for (name, _) in &self.headers {
            // Python writes names in lower case too.
            buffer[name.clone()].make_ascii_lowercase();
        }
        let whole = buffer.split_to(self.body.end).freeze();
        let part = |range: &Range<usize>| whole.slice(range.clone());
        let headers = self.headers.iter();
        let request = Request {
            method: self.method,
            query: part(&self.query),
            headers: headers.map(|(name, value)| -> Header { (part(name), part(value)) }).collect(),
            body: part(&self.body),
        };
        (request, whole)
    }
}
