//! A response in memory.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::counts::Counts;
use crate::check::Reliance;
use crate::message::{Header, Response};

const TIMING: &[u8] = b"server-timing";

/// A response to an exact request, and the tags and definitions that it relies on.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Number that Python gave it.
    pub(crate) id: u64,
    /// Tags and definitions that it relies on.
    pub(crate) reliance: Reliance,
    headers: Vec<Header>,
    body: Bytes,
    etag: Option<Bytes>,
    registered: Instant,
    counts: Mutex<Counts>,
}

impl Entry {
    /// Returns the entry of a response with status 200.
    pub(crate) fn new(id: u64, reliance: Reliance, headers: Vec<Header>, body: Bytes) -> Self {
        let etag = headers.iter().find(|(name, _)| name == "etag").map(|(_, value)| value.clone());
        let counts = Mutex::default();
        Self { id, reliance, headers, body, etag, registered: Instant::now(), counts }
    }

    /// Returns an entry that relies on nothing.
    #[cfg(test)]
    pub(crate) fn for_test(body: Bytes) -> Self {
        let reliance = Reliance { born: 0, watch: 0, tags: Vec::new() };
        Self::new(0, reliance, Vec::new(), body)
    }

    /// Returns its bytes, about.
    pub(crate) fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        let tags = self.reliance.tags.iter().map(|tag| tag.len() + 16);
        self.body.len() + headers.sum::<usize>() + tags.sum::<usize>()
    }

    /// Whether `If-None-Match` names the response and nothing else.
    pub(crate) fn is(&self, etags: &[u8]) -> bool {
        self.etag.as_ref().is_some_and(|etag| etag == etags)
    }

    /// Returns the response.
    ///
    /// `unchanged`: The client has it.
    pub(crate) fn response(&self, took: Duration, unchanged: bool) -> Response {
        let mut headers = Vec::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            if name == TIMING {
                headers.push((name.clone(), timing(took)));
            } else if !(unchanged && (name == "content-type" || name == "content-length")) {
                headers.push((name.clone(), value.clone()));
            }
        }
        let body = if unchanged { Bytes::new() } else { self.body.clone() };
        Response { status: if unchanged { 304 } else { 200 }, headers, body }
    }

    /// Counts an answer.
    pub(crate) fn count(&self, took: Duration, unchanged: bool, bounds: &[u64]) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.add(took, self.registered, unchanged, bounds);
    }

    /// Returns the counts since the last call.
    pub(crate) fn take_counts(&self) -> Option<Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Returns `Server-Timing`: the names of Python's, and the road.
fn timing(took: Duration) -> Bytes {
    let milliseconds = took.as_secs_f64() * 1e3;
    let steps = format!(
        "parse;dur=0, validate;dur=0, plan;dur=0, sql;dur={milliseconds:.2}, render;dur=0.00, \
         road;desc=\"native\""
    );
    steps.into()
}
