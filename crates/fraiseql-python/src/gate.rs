//! Calls of the Rust core: releases the GIL and maps errors to Python's.

use fraiseql_shape::{CompileError, StreamTooShort, check_json};
use pyo3::exceptions::PyValueError;
use pyo3::marker::Ungil;
use pyo3::{PyErr, PyResult, Python};

/// Below this many bytes of input, releasing the GIL costs more than it saves.
const WORTH_A_RELEASE: usize = 8 * 1024;

/// An error of the core.
pub(crate) enum CoreError {
    Description(CompileError),
    Streams(StreamTooShort),
    NotJson(usize),
}

impl From<CoreError> for PyErr {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Description(error) => PyValueError::new_err(error.to_string()),
            CoreError::Streams(error) => PyValueError::new_err(error.to_string()),
            CoreError::NotJson(offset) => {
                PyValueError::new_err(format!("not valid JSON at byte offset {offset}"))
            }
        }
    }
}

/// Runs `work` over `size` bytes of input, without the GIL if they are many.
pub(crate) fn run<T, F>(py: Python<'_>, size: usize, work: F) -> PyResult<T>
where
    F: Ungil + FnOnce() -> Result<T, CoreError>,
    T: Ungil,
    Result<T, CoreError>: Ungil,
{
    let outcome = if size < WORTH_A_RELEASE { work() } else { py.detach(work) };
    Ok(outcome?)
}

/// Raises `ValueError` unless `data` is one JSON value.
pub(crate) fn check(py: Python<'_>, data: &[u8]) -> PyResult<()> {
    run(py, data.len(), || check_json(data).map_err(CoreError::NotJson))
}
