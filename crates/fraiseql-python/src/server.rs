//! The server of connections for Python.

use std::os::fd::IntoRawFd;
use std::time::Duration;

use fraiseql_server::{Access, Event, HandOver, Options, Server as Connections};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::engine::Engine;

/// Connections that are answered in Rust, or handed over.
#[pyclass(frozen, module = "fraiseql_rs")]
pub(crate) struct Server {
    server: Connections,
    bell: i32,
}

/// What happened since Python asked last.
type Events<'py> = (Vec<Handed<'py>>, Vec<u64>, Vec<Answered<'py>>, usize, bool);
/// Number, file of the socket or -1, received, unsent, seconds, answers.
type Handed<'py> = (u64, i32, Bound<'py, PyBytes>, Bound<'py, PyBytes>, f64, u64);
/// Host and port of the client, what proxies say about it, first line of the request, status.
type Answered<'py> = (Option<(String, u16)>, Vec<Bound<'py, PyBytes>>, Bound<'py, PyBytes>, u16);

#[pymethods]
impl Server {
    #[new]
    #[pyo3(signature = (engine, path, *, connections, busy, idle, patience, unsent, access_log))]
    #[expect(clippy::too_many_arguments)]
    fn new(
        engine: &Engine,
        path: &[u8],
        connections: usize,
        busy: &[u8],
        idle: f64,
        patience: f64,
        unsent: usize,
        access_log: bool,
    ) -> PyResult<Self> {
        let options = Options {
            path: path.to_vec().into(),
            connections,
            busy: busy.to_vec().into(),
            idle: duration(idle)?,
            patience: duration(patience)?,
            unsent,
            access_log,
        };
        let (server, bell) = Connections::new(engine.shared(), options)?;
        Ok(Self { server, bell: bell.into_raw_fd() })
    }

    /// File of a socket that is readable when events wait; the caller closes it.
    #[getter]
    fn bell(&self) -> i32 {
        self.bell
    }

    /// Connections that are served in Rust.
    #[getter]
    fn connections(&self) -> usize {
        self.server.connections()
    }

    /// Bytes of responses that wait in Rust for clients.
    #[getter]
    fn unsent(&self) -> usize {
        self.server.unsent()
    }

    /// Start, with the listening socket that was sent through the bell.
    fn start(&self) -> PyResult<()> {
        Ok(self.server.start()?)
    }

    /// Return the events that wait.
    fn take<'py>(&self, py: Python<'py>) -> Events<'py> {
        let mut events: Events<'py> = (Vec::new(), Vec::new(), Vec::new(), 0, false);
        for event in self.server.take() {
            match event {
                Event::HandOver(connection) => events.0.push(handed(py, connection)),
                Event::Gone(id) => events.1.push(id),
                Event::Access(access) => events.2.push(answered(py, &access)),
                Event::Refused => events.3 += 1,
                Event::Failed => events.4 = true,
            }
        }
        events
    }

    /// Take back a connection, after a response and before the next request.
    fn give_back(&self, number: u64) {
        self.server.give_back(number);
    }

    /// Forget a connection that is closed.
    fn closed(&self, number: u64) {
        self.server.closed(number);
    }

    /// Hand over all requests, or no longer.
    fn pause(&self, paused: bool) {
        self.server.pause(paused);
    }

    /// Accept no more connections, and end those that wait for a request.
    fn drain(&self) {
        self.server.drain();
    }

    /// End all connections and the thread.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.server.stop());
    }
}

fn duration(seconds: f64) -> PyResult<Duration> {
    let duration = Duration::try_from_secs_f64(seconds);
    duration.map_err(|error| PyValueError::new_err(error.to_string()))
}

fn handed(py: Python<'_>, connection: HandOver) -> Handed<'_> {
    let HandOver { id, socket, received, unsent, elapsed, answered } = connection;
    let file = socket.map_or(-1, IntoRawFd::into_raw_fd);
    let bytes = |text: &[u8]| PyBytes::new(py, text);
    (id, file, bytes(&received), bytes(&unsent), elapsed.as_secs_f64(), answered)
}

fn answered<'py>(py: Python<'py>, access: &Access) -> Answered<'py> {
    let client = access.client.map(|client| (client.ip().to_string(), client.port()));
    let forwarded = access.forwarded.iter().map(|value| PyBytes::new(py, value)).collect();
    (client, forwarded, PyBytes::new(py, &access.line), access.status)
}
