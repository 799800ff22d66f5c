//! Faults of a render for Python.

use fraiseql_shape::{Detail, RenderError as Fault, Step};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyString};

/// A fault of one value of a rendered result.
#[pyclass(frozen, module = "fraiseql_rs")]
pub(crate) struct RenderError {
    fault: Fault,
}

impl RenderError {
    pub fn new(fault: Fault) -> Self {
        Self { fault }
    }
}

#[pymethods]
impl RenderError {
    /// Id of the nearest field in the description.
    #[getter]
    fn field_id(&self) -> u32 {
        self.fault.field
    }

    /// Kind of the fault.
    #[getter]
    fn code(&self) -> &'static str {
        self.fault.code.as_str()
    }

    /// Response keys and list indices of the value.
    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let steps = self.fault.path.iter().map(|step| match step {
            Step::Key(key) => PyString::new(py, key).into_any(),
            Step::Index(index) => PyInt::new(py, *index).into_any(),
        });
        PyList::new(py, steps.collect::<Vec<_>>())
    }

    /// The offending text, cut to 80 characters, or the number of the failure.
    #[getter]
    fn detail<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match &self.fault.detail {
            Detail::Text(text) => PyString::new(py, text).into_any(),
            Detail::Failure(number) => PyInt::new(py, *number).into_any(),
        }
    }

    /// The named type that was expected.
    #[getter]
    fn type_name(&self) -> &str {
        &self.fault.type_name
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let path = self.path(py)?.repr()?;
        let detail = self.detail(py).repr()?;
        let Fault { field, code, type_name, .. } = &self.fault;
        Ok(format!(
            "RenderError(field_id={field}, code='{code}', path={path}, detail={detail}, \
             type_name='{type_name}')"
        ))
    }
}
