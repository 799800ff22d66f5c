//! Streams from Python objects.
//! References are held, so that the bytes live while they are rendered without the GIL.

use fraiseql_shape::{Element, Item, Stream};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PySequence, PyString, PyTuple};

/// An element with the reference to its Python object.
pub(crate) enum Held<'py> {
    Bytes(Bound<'py, PyBytes>),
    Text(Bound<'py, PyString>),
    Null,
    Failure(i64),
}

/// An item of a stream: an element or a list of elements.
pub(crate) enum HeldItem<'py> {
    One(Held<'py>),
    Many(Vec<Held<'py>>),
}

/// The streams of a render; `None` for a stream that is not computed yet.
pub(crate) type HeldStreams<'py> = Vec<Option<Vec<HeldItem<'py>>>>;

/// The document of a render with one stream of one document, the common case of small renders.
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
    name: &str,
) -> PyResult<&'a Bound<'py, PySequence>> {
    if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyString>() {
        return Err(wrong(value, name, "a sequence"));
    }
    value.cast::<PySequence>().map_err(|_| wrong(value, name, "a sequence"))
}

fn wrong(value: &Bound<'_, PyAny>, name: &str, expected: &str) -> PyErr {
    match value.get_type().name() {
        Ok(type_name) => {
            PyTypeError::new_err(format!("{name} must be {expected}, not {type_name}"))
        }
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

/// An element, or the first of a record.
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
        // Encodes now, while errors can be raised; the string caches its UTF-8.
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

/// The streams for the core, borrowed from the held references.
pub(crate) fn borrow<'a>(held: &'a HeldStreams<'_>) -> PyResult<Vec<Option<Stream<'a>>>> {
    let stream = |items: &'a Vec<HeldItem<'_>>| items.iter().map(HeldItem::item).collect();
    held.iter().map(|items| items.as_ref().map(stream).transpose()).collect()
}
