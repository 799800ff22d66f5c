//! Exact responses in the memory of the native server, for Python.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fraiseql_runtime::{
    Engine as Shared, Header, Method, NewValue, Request, Server, StatementPair, Totals,
};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::engine::Engine;

type Headers = Vec<(PyBackedBytes, PyBackedBytes)>;
type Drained = (Vec<(u64, u64, u64, f64, f64, f64, Vec<u64>)>, Vec<u64>);

/// Exact responses in memory, which the native server gives again after a freshness check.
#[pyclass(frozen, module = "fraiseql_rs")]
pub(crate) struct Hits {
    shared: Arc<Shared>,
}

#[pymethods]
impl Hits {
    #[new]
    fn new(engine: &Engine) -> Self {
        Self { shared: engine.shared() }
    }

    /// Set the most bytes of all values, and the bounds of the counted durations.
    #[allow(clippy::needless_pass_by_value)]
    fn configure(&self, max_bytes: usize, bounds: Vec<u64>) {
        self.shared.hits().configure(max_bytes, &bounds);
    }

    /// Have checks ask a pair of statements of a server.
    fn check(
        &self,
        server: (String, i64, i64),
        watch: u64,
        statements: (String, String),
        interval: f64,
    ) {
        let (address, loaded, started) = server;
        let (probe, statement) = statements;
        let pair = StatementPair { watch, probe, statement };
        let interval = Duration::try_from_secs_f64(interval).unwrap_or_default();
        self.shared.hits().check(Server { address, loaded, started }, pair, interval);
    }

    /// Return the mark of a request that begins now; None where its response cannot be in memory.
    fn begin(&self) -> Option<(u64, u64)> {
        self.shared.hits().begin()
    }

    /// Remember the response to a request; false where it cannot be valid.
    #[allow(clippy::needless_pass_by_value)]
    fn remember(
        &self,
        number: u64,
        begun: (u64, u64),
        reliance: (u64, Vec<String>),
        request: (bool, PyBackedBytes, Headers, PyBackedBytes, u64),
        response: (Headers, PyBackedBytes),
    ) -> bool {
        let (watch, tags) = reliance;
        let (is_get, query, sent, content, client) = request;
        let method = if is_get { Method::Get } else { Method::Post };
        let request =
            Request { method, query: copy(&query), headers: copies(&sent), body: copy(&content) };
        let (headers, body) = response;
        let tags = tags.into_iter().map(String::into_boxed_str).collect();
        let (headers, body) = (copies(&headers), copy(&body));
        let value = NewValue { id: number, client, begun, watch, tags, headers, body };
        self.shared.hits().remember(&request, value)
    }

    /// Forget all values.
    fn forget(&self) {
        self.shared.hits().forget();
    }

    /// Forget all values, and make no more checks.
    fn stop(&self) {
        self.shared.hits().stop();
    }

    /// Return the counts since the last call, and the values that have gone.
    fn drain(&self) -> Drained {
        let drained = self.shared.hits().drain();
        let counts = drained.counts.into_iter().map(|(id, each)| {
            (id, each.hits, each.unchanged, each.seconds, each.ages, each.oldest, each.classes)
        });
        (counts.collect(), drained.gone)
    }

    /// Return the numbers of values, bytes, checks, and requests that waited for checks.
    fn totals(&self) -> (usize, usize, u64, u64) {
        let Totals { values, bytes, checks, checked } = self.shared.hits().totals();
        (values, bytes, checks, checked)
    }
}

fn copy(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn copies(headers: &Headers) -> Vec<Header> {
    headers.iter().map(|(name, value)| (copy(name), copy(value))).collect()
}
