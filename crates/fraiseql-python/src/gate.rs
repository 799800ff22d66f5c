//! The one gate to the Rust core: it lets go of the GIL and maps errors to Python's.

use fraiseql_shape::{CompileError, StreamTooShort, check_json};
use pyo3::exceptions::PyValueError;
use pyo3::marker::Ungil;
use pyo3::{PyErr, PyResult, Python};

/// Below this many bytes of input the work takes less time than handing the GIL around.
const WORTH_A_RELEASE: usize = 8 * 1024;

/// Why the core refused its input.
pub(crate) enum Refusal {
    Description(CompileError),
    Streams(StreamTooShort),
    NotJson(usize),
}

impl From<Refusal> for PyErr {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Description(error) => PyValueError::new_err(error.to_string()),
            Refusal::Streams(error) => PyValueError::new_err(error.to_string()),
            Refusal::NotJson(offset) => {
                PyValueError::new_err(format!("not valid JSON at byte offset {offset}"))
            }
        }
    }
}

/// Runs `work` over `size` bytes of input, without the GIL when that pays.
pub(crate) fn run<T, F>(py: Python<'_>, size: usize, work: F) -> PyResult<T>
where
    F: Ungil + FnOnce() -> Result<T, Refusal>,
    T: Ungil,
    Result<T, Refusal>: Ungil,
{
    let outcome = if size < WORTH_A_RELEASE { work() } else { py.detach(work) };
    Ok(outcome?)
}

/// Raises `ValueError` unless `data` is one JSON value.
pub(crate) fn check(py: Python<'_>, data: &[u8]) -> PyResult<()> {
    run(py, data.len(), || check_json(data).map_err(Refusal::NotJson))
}
