//! Reading streams from Python objects: references are kept, so that the bytes stay alive and
//! unchanged while they are rendered without the GIL.

use fraiseql_shape::{Element, Item, Stream};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PySequence, PyString, PyTuple};

/// One element with the reference that keeps its bytes alive.
pub(crate) enum Held<'py> {
    Bytes(Bound<'py, PyBytes>),
    Text(Bound<'py, PyString>),
    Null,
    Failure(i64),
}

/// One item of a stream: an element, or a list of them.
pub(crate) enum HeldItem<'py> {
    One(Held<'py>),
    Many(Vec<Held<'py>>),
}

/// The streams of a render; `None` stands for one that is not computed yet.
pub(crate) type HeldStreams<'py> = Vec<Option<Vec<HeldItem<'py>>>>;

/// The document of a render that has one stream with one document, which most small ones are.
pub(crate) fn only_document<'py>(streams: &Bound<'py, PyAny>) -> Option<Bound<'py, PyBytes>> {
    let stream = only(streams)?;
    only(&stream)?.cast_into_exact().ok()
}

/// The only element of a list or tuple.
fn only<'py>(sequence: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    if let Ok(tuple) = sequence.cast_exact::<PyTuple>() {
        return if tuple.len() == 1 { tuple.get_item(0).ok() } else { None };
    }
    let list = sequence.cast_exact::<PyList>().ok()?;
    if list.len() == 1 { list.get_item(0).ok() } else { None }
}

pub(crate) fn hold_streams<'py>(streams: &Bound<'py, PyAny>) -> PyResult<HeldStreams<'py>> {
    let mut held = Vec::new();
    for stream in sequence(streams, "streams")?.try_iter()? {
        let stream = stream?;
        held.push(if stream.is_none() { None } else { Some(hold_stream(&stream)?) });
    }
    Ok(held)
}

fn sequence<'a, 'py>(
    value: &'a Bound<'py, PyAny>,
    what: &str,
) -> PyResult<&'a Bound<'py, PySequence>> {
    if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyString>() {
        return Err(wrong(value, what, "a sequence"));
    }
    value.cast::<PySequence>().map_err(|_| wrong(value, what, "a sequence"))
}

fn wrong(value: &Bound<'_, PyAny>, what: &str, wanted: &str) -> PyErr {
    match value.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("{what} must be {wanted}, not {name}")),
        Err(error) => error,
    }
}

fn hold_stream<'py>(stream: &Bound<'py, PyAny>) -> PyResult<Vec<HeldItem<'py>>> {
    let items = sequence(stream, "a stream")?;
    let mut held = Vec::with_capacity(items.len()?);
    for item in items.try_iter()? {
        held.push(hold_item(&item?)?);
    }
    Ok(held)
}

fn hold_item<'py>(item: &Bound<'py, PyAny>) -> PyResult<HeldItem<'py>> {
    if let Ok(list) = item.cast::<PyList>() {
        return Ok(HeldItem::Many(list.iter().map(|e| hold_element(&e)).collect::<PyResult<_>>()?));
    }
    if let Ok(tuple) = item.cast::<PyTuple>() {
        return Ok(HeldItem::Many(
            tuple.iter().map(|e| hold_element(&e)).collect::<PyResult<_>>()?,
        ));
    }
    hold_element(item).map(HeldItem::One)
}

/// An element by itself, or the first one of a record.
fn hold_element<'py>(element: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    if let Some(held) = hold_value(element)? {
        return Ok(held);
    }
    if let Ok(number) = element.cast::<PyInt>() {
        return hold_failure(number);
    }
    let first = match element.get_item(0) {
        Ok(first) => first,
        Err(error) if error.is_instance_of::<PyTypeError>(element.py()) => {
            return Err(wrong(element, "an element", "bytes, str, None, int or a record"));
        }
        Err(error) => return Err(error),
    };
    hold_value(&first)?.ok_or_else(|| wrong(&first, "a record's document", "bytes, str or None"))
}

fn hold_value<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Held<'py>>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(Held::Bytes(bytes.clone())));
    }
    if let Ok(text) = value.cast::<PyString>() {
        // Encodes now, while errors can be raised; the UTF-8 stays with the string.
        text.to_str()?;
        return Ok(Some(Held::Text(text.clone())));
    }
    Ok(value.is_none().then_some(Held::Null))
}

fn hold_failure<'py>(number: &Bound<'py, PyInt>) -> PyResult<Held<'py>> {
    if number.is_instance_of::<PyBool>() {
        return Err(wrong(number, "an element", "bytes, str, None, int or a record"));
    }
    let number = number.extract();
    number.map(Held::Failure).map_err(|_| PyValueError::new_err("failure number out of range"))
}

impl Held<'_> {
    fn element(&self) -> PyResult<Element<'_>> {
        Ok(match self {
            Self::Bytes(bytes) => Element::Document(bytes.as_bytes()),
            Self::Text(text) => Element::Document(text.to_str()?.as_bytes()),
            Self::Null => Element::Null,
            Self::Failure(number) => Element::Failure(*number),
        })
    }
}

impl HeldItem<'_> {
    fn item(&self) -> PyResult<Item<'_>> {
        Ok(match self {
            Self::One(held) => Item::One(held.element()?),
            Self::Many(held) => {
                Item::Many(held.iter().map(Held::element).collect::<PyResult<_>>()?)
            }
        })
    }
}

/// The streams as the core reads them, borrowed from what is held.
pub(crate) fn borrow<'a>(held: &'a HeldStreams<'_>) -> PyResult<Vec<Option<Stream<'a>>>> {
    let stream = |items: &'a Vec<HeldItem<'_>>| items.iter().map(HeldItem::item).collect();
    held.iter().map(|items| items.as_ref().map(stream).transpose()).collect()
}
