//! The compiled shape for Python.

use fraiseql_shape::{Element, Item, Rendered, Shape as Compiled, Stream};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::errors::RenderError;
use crate::gate::{CoreError, run};
use crate::items::{borrow, hold_streams, only_document};
use crate::text::{LARGE, LargeText};

/// A compiled shape: immutable, and usable from many threads at once.
#[pyclass(frozen, module = "fraiseql_rs")]
pub(crate) struct Shape {
    compiled: Compiled,
}

type Triple<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyList>>, Option<Bound<'py, PyDict>>);

#[pymethods]
impl Shape {
    #[new]
    fn new(py: Python<'_>, description: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let text = description.as_bytes();
        let compile = || Compiled::compile(text).map_err(CoreError::Description);
        run(py, text.len(), compile).map(|compiled| Self { compiled })
    }

    /// Render the response for ``streams``.
    ///
    /// Raises ``OverflowError`` where it has more than ``max_bytes``.
    #[pyo3(signature = (streams, max_bytes=None))]
    fn render<'py>(
        &self,
        py: Python<'py>,
        streams: &Bound<'py, PyAny>,
        max_bytes: Option<usize>,
    ) -> PyResult<Triple<'py>> {
        let max_bytes = max_bytes.unwrap_or(usize::MAX);
        if let Some(document) = only_document(streams) {
            let stream = [Some(vec![Item::One(Element::Document(document.as_bytes()))])];
            return self.answer(py, &stream, max_bytes);
        }
        let held = hold_streams(streams)?;
        self.answer(py, &borrow(&held)?, max_bytes)
    }
}

impl Shape {
    fn answer<'py>(
        &self,
        py: Python<'py>,
        streams: &[Option<Stream<'_>>],
        max_bytes: usize,
    ) -> PyResult<Triple<'py>> {
        let size = streams.iter().flatten().flatten().map(Item::size).sum();
        let compiled = &self.compiled;
        let render = || compiled.render_within(streams, max_bytes).map_err(CoreError::Streams);
        let rendered = run(py, size, render)?;
        if rendered.too_large {
            return Err(PyOverflowError::new_err(format!("more than {max_bytes} bytes")));
        }
        answer(py, rendered)
    }
}

/// The rendered text; a large text is not copied, to save memory.
fn text(py: Python<'_>, body: Vec<u8>) -> PyResult<Bound<'_, PyAny>> {
    if body.len() < LARGE {
        return Ok(PyBytes::new(py, &body).into_any());
    }
    Ok(Bound::new(py, LargeText::new(body))?.into_any())
}

fn answer(py: Python<'_>, rendered: Rendered) -> PyResult<Triple<'_>> {
    let body = text(py, rendered.body)?;
    let errors = rendered.errors.into_iter().map(RenderError::new);
    let errors = match errors.len() {
        0 => None,
        _ => Some(PyList::new(py, errors.collect::<Vec<_>>())?),
    };
    if rendered.missing.is_empty() {
        return Ok((body, errors, None));
    }
    let missing = PyDict::new(py);
    for (stream, objects) in rendered.missing {
        let objects = objects.iter().map(|object| PyBytes::new(py, object));
        missing.set_item(stream, PyList::new(py, objects.collect::<Vec<_>>())?)?;
    }
    Ok((body, errors, Some(missing)))
}
