//! The bytes of a response, as uvicorn writes them.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use fraiseql_runtime::Response;

const PHRASES: [(u16, &str); 10] = [
    (200, "OK"),
    (204, "No Content"),
    (304, "Not Modified"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (405, "Method Not Allowed"),
    (500, "Internal Server Error"),
    (503, "Service Unavailable"),
    (504, "Gateway Timeout"),
];
const CLOSE: &[u8] = b"connection: close\r\n";
const LENGTH: &[u8] = b"content-length";

/// Most bytes of a body that is copied behind its head: one piece costs less to send than two.
const SMALL: usize = 4 * 1024;

/// The value of the header `date`, written once a second.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Option<(Instant, String)>>);

impl Clock {
    fn write(&self, head: &mut Vec<u8>) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = cached.as_ref().filter(|(at, _)| at.elapsed() < Duration::from_secs(1));
        if fresh.is_none() {
            let text = httpdate::fmt_http_date(SystemTime::now());
            *cached = Some((Instant::now(), text));
        }
        if let Some((_, text)) = &*cached {
            head.extend_from_slice(text.as_bytes());
        }
    }
}

/// The head of a response, or `None` where Python has to answer.
///
/// Python answers if the length of the body is not the declared one: a client would take the next
/// response for a part of such a body.
pub(crate) fn head(response: &Response, clock: &Clock, close: bool) -> Option<Vec<u8>> {
    let (_, phrase) = PHRASES.iter().find(|(status, _)| *status == response.status)?;
    has_its_length(response).then_some(())?;
    let mut head = Vec::with_capacity(512);
    // It does not fail: a vector takes all.
    let _ = write!(head, "HTTP/1.1 {} {phrase}\r\ndate: ", response.status);
    clock.write(&mut head);
    head.extend_from_slice(b"\r\n");
    for (name, value) in &response.headers {
        for part in [name, &b": "[..], value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(if close { CLOSE } else { b"" });
    head.extend_from_slice(b"\r\n");
    Some(head)
}

fn has_its_length(response: &Response) -> bool {
    let length = response.headers.iter().find(|(name, _)| name == LENGTH);
    match length {
        Some((_, text)) => **text == *response.body.len().to_string().as_bytes(),
        None => matches!(response.status, 204 | 304) && response.body.is_empty(),
    }
}

/// A head and a body that are being sent.
#[derive(Debug)]
pub(crate) struct Unsent {
    head: Bytes,
    body: Bytes,
}

impl Unsent {
    pub fn new(mut head: Vec<u8>, mut body: Bytes) -> Self {
        if body.len() <= SMALL {
            head.extend_from_slice(&body);
            body = Bytes::new();
        }
        Self { head: head.into(), body }
    }

    /// What is left, where that is one piece.
    pub fn whole(&self) -> Option<&Bytes> {
        self.body.is_empty().then_some(&self.head)
    }

    pub fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    pub fn slices(&self) -> [std::io::IoSlice<'_>; 2] {
        [&self.head, &self.body].map(|part| std::io::IoSlice::new(part))
    }

    /// Leaves out the first bytes, which were sent.
    pub fn advance(&mut self, count: usize) {
        let of_head = count.min(self.head.len());
        drop(self.head.split_to(of_head));
        drop(self.body.split_to(count - of_head));
    }

    /// The rest in one piece.
    pub fn rest(self) -> Bytes {
        if self.head.is_empty() { self.body } else { [self.head, self.body].concat().into() }
    }
}
