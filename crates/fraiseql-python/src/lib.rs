//! The Python module `fraiseql_rs`: shapes and the strict JSON check.
//! Only compiled handles and bytes cross the boundary; there is no global state.

mod engine;
mod errors;
mod gate;
mod hits;
mod items;
#[cfg(unix)]
mod server;
mod shape;
mod text;

use pyo3::prelude::*;

/// Native core of `FraiseQL`: renders documents into the text of a GraphQL response.
#[pymodule]
mod _native {
    use pyo3::prelude::*;
    use pyo3::types::{PyAny, PyBytes};

    use crate::gate;

    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::errors::RenderError;
    #[pymodule_export]
    use crate::hits::Hits;
    #[cfg(unix)]
    #[pymodule_export]
    use crate::server::Server;
    #[pymodule_export]
    use crate::shape::Shape;
    #[pymodule_export]
    use crate::text::LargeText;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    /// Check that ``data`` is exactly one JSON value in UTF-8.
    #[pyfunction]
    fn check_json(data: &Bound<'_, PyBytes>) -> PyResult<()> {
        gate::check(data.py(), data.as_bytes())
    }

    /// Return one row as a document of the type named ``type_name``.
    #[pyfunction]
    fn transform_one<'py>(
        row: &Bound<'py, PyAny>,
        type_name: &Bound<'py, PyAny>,
        info: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        info.call_method1("document", (row, type_name))
    }
}
