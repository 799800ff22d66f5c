//! The engine of the native server for Python.

use std::sync::Arc;

use fraiseql_runtime::Engine as Shared;
use pyo3::prelude::*;

/// The plans, connections and values in memory of one process.
#[pyclass(frozen, module = "fraiseql_rs")]
pub(crate) struct Engine {
    shared: Arc<Shared>,
}

impl Engine {
    /// The engine for the thread of the server.
    #[allow(dead_code)]
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }
}

#[pymethods]
impl Engine {
    #[new]
    fn new() -> Self {
        Self { shared: Arc::new(Shared::new()) }
    }
}
