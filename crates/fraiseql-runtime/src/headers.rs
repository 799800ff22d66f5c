//! Headers of requests that decide the answer, as Python has read them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;

use crate::message::{Header, Method, Request};

/// Values of a header that are remembered.
const MOST: usize = 256;
/// Bytes of the longest one.
const LONGEST: usize = 512;

/// Values of headers whose meaning Python has decided.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// The type of the response by the value of `accept`; none for no such header.
    accepted: HashMap<Option<Bytes>, Bytes>,
    /// Values of `content-type` that mean JSON.
    bodies: Vec<Bytes>,
}

impl Headers {
    /// Notes that a request with this `accept` gets a response of this type.
    pub fn accept(&self, accept: Option<Bytes>, content_type: Bytes) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let short = accept.as_ref().is_none_or(|value| value.len() <= LONGEST);
        if short && table.accepted.len() < MOST {
            table.accepted.insert(accept, content_type);
        }
    }

    /// Notes that a body of this `content-type` is JSON.
    pub fn json(&self, content_type: Bytes) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = !table.bodies.contains(&content_type);
        if is_new && table.bodies.len() < MOST && content_type.len() <= LONGEST {
            table.bodies.push(content_type);
        }
    }

    /// The type of the response, or `None` where Python has to read the headers.
    pub fn media(&self, request: &Request) -> Option<Bytes> {
        let mut accept = None;
        let mut content_type = None;
        for (name, value) in &request.headers {
            let place = match name.as_ref() {
                b"accept" => &mut accept,
                b"content-type" => &mut content_type,
                b"content-encoding" => return None,
                b"sec-fetch-site" if value.as_ref() == b"cross-site" => return None,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if request.method == Method::Post && !table.bodies.contains(content_type?) {
            return None;
        }
        table.accepted.get(&accept.cloned()).cloned()
    }
}

/// A header with a constant name.
pub(crate) fn header(name: &'static [u8], value: impl Into<Bytes>) -> Header {
    (Bytes::from_static(name), value.into())
}
