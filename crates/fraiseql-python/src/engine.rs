//! The engine of the native server for Python.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use fraiseql_runtime::{Engine as Shared, Header, Method, Request, Response};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tokio::runtime::{Builder, Runtime};

/// The plans, connections and values in memory of one process.
#[pyclass(frozen, module = "fraiseql_rs")]
pub(crate) struct Engine {
    shared: Arc<Shared>,
    /// Runs `answer`; made at its first call.
    runtime: Mutex<Option<Runtime>>,
}

type Headers = Vec<(Vec<u8>, Vec<u8>)>;
type Reply<'py> = (u16, Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)>, Bound<'py, PyBytes>);

impl Engine {
    /// The engine for the thread of the server.
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    fn run(&self, request: &Request) -> Result<Option<Response>, std::io::Error> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if runtime.is_none() {
            *runtime = Some(Builder::new_current_thread().enable_all().build()?);
        }
        Ok(runtime.as_ref().and_then(|runtime| {
            runtime.block_on(async {
                self.shared.warm().await;
                self.shared.answer(request).await
            })
        }))
    }
}

#[pymethods]
impl Engine {
    #[new]
    fn new() -> Self {
        Self { shared: Arc::new(Shared::new()), runtime: Mutex::new(None) }
    }

    /// Set the settings of the application, as JSON.
    fn configure(&self, settings: &[u8]) -> PyResult<()> {
        self.shared.configure(settings).map_err(PyValueError::new_err)
    }

    /// Set the server of the connections, as JSON; those to another one are closed.
    fn connect(&self, target: &[u8]) -> PyResult<()> {
        self.shared.connect(target).map_err(PyValueError::new_err)
    }

    /// Close the connections.
    fn disconnect(&self) {
        self.shared.disconnect();
    }

    /// Return why connections cannot be opened; None if they can, or none is wanted.
    fn fault(&self) -> Option<String> {
        self.shared.fault()
    }

    /// Drop all plans, and return the number of the edition that begins.
    fn begin(&self) -> u64 {
        self.shared.begin()
    }

    /// Add a plan, as JSON; one of an earlier edition is dropped.
    fn add(&self, edition: u64, plan: &[u8]) -> PyResult<()> {
        self.shared.add(edition, plan).map_err(PyValueError::new_err)
    }

    /// Set the names of the headers that decide the identity of a request.
    fn declare(&self, headers: Vec<Vec<u8>>) {
        self.shared.declare(headers.into_iter().map(Bytes::from).collect());
    }

    /// Drop all identities, and return the number of the edition that begins.
    fn begin_identities(&self) -> u64 {
        self.shared.begin_identities()
    }

    /// Add an identity, as JSON, of an edition for requests with these values of the headers.
    ///
    /// Return its number; None if the edition has ended.
    fn identify(
        &self,
        edition: u64,
        values: Vec<Option<Vec<u8>>>,
        identity: &[u8],
    ) -> PyResult<Option<u64>> {
        let values: Vec<_> = values.into_iter().map(|value| value.map(Bytes::from)).collect();
        self.shared.identify(edition, &values, identity).map_err(PyValueError::new_err)
    }

    /// Note that a request with this ``accept`` gets a response of this type.
    #[pyo3(signature = (accept, content_type))]
    fn accept(&self, accept: Option<Vec<u8>>, content_type: Vec<u8>) {
        self.shared.accept(accept.map(Bytes::from), content_type.into());
    }

    /// Note that a body of this ``content-type`` is JSON.
    fn json(&self, content_type: Vec<u8>) {
        self.shared.json(content_type.into());
    }

    /// Return the counts since the last call, as JSON.
    fn take_counts<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.shared.take_counts())
    }

    /// Return how many requests were answered from memory, live, by Python, and by Python unread.
    fn outcomes(&self) -> [u64; 4] {
        self.shared.outcomes()
    }

    /// Answer a request without a server; None where Python has to.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        query: Vec<u8>,
        headers: Headers,
        body: Vec<u8>,
    ) -> PyResult<Option<Reply<'py>>> {
        let method = match method {
            "GET" => Method::Get,
            "POST" => Method::Post,
            _ => return Err(PyValueError::new_err("not GET or POST")),
        };
        let headers: Vec<Header> =
            headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let request = Request { method, query: query.into(), headers, body: body.into() };
        let answer = py
            .detach(|| self.run(&request))
            .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        Ok(answer.map(|response| reply(py, &response)))
    }
}

fn reply<'py>(py: Python<'py>, response: &Response) -> Reply<'py> {
    let bytes = |text: &Bytes| PyBytes::new(py, text);
    let headers = response.headers.iter().map(|(name, value)| (bytes(name), bytes(value)));
    (response.status, headers.collect(), bytes(&response.body))
}
