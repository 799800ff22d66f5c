//! A large rendered text that stays in Rust and is read in pieces.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// From this many bytes on, a rendered text is not copied into a Python object.
pub(crate) const LARGE: usize = 1024 * 1024;

/// A rendered text of at least one mebibyte.
#[pyclass(frozen, module = "fraiseql_rs")]
pub(crate) struct LargeText {
    text: Vec<u8>,
}

impl LargeText {
    pub fn new(text: Vec<u8>) -> Self {
        Self { text }
    }
}

#[pymethods]
impl LargeText {
    fn __len__(&self) -> usize {
        self.text.len()
    }

    /// Return the bytes from ``start`` to ``end`` or the end of the text.
    fn piece<'py>(&self, py: Python<'py>, start: usize, end: usize) -> Bound<'py, PyBytes> {
        let end = end.min(self.text.len());
        PyBytes::new(py, &self.text[start.min(end)..end])
    }
}
