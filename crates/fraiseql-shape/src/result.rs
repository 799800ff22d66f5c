//! Input and output of a render.

use std::collections::BTreeMap;
use std::fmt;

/// The values of one stream, in the order in which they are consumed.
pub type Stream<'a> = Vec<Item<'a>>;

/// One value of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A document or null or a failure.
    One(Element<'a>),
    /// A JSON array of these elements.
    Many(Vec<Element<'a>>),
}

/// One value without further structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// The text of one JSON value.
    Document(&'a [u8]),
    /// SQL's or Python's null.
    Null,
    /// The number of a failure, which the caller defines.
    Failure(i64),
}

/// The kind of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Null, or no value, for a field that is not nullable.
    Null,
    /// A value that a leaf type does not accept.
    Leaf,
    /// A value that is no member of the enum.
    Enum,
    /// Not an array.
    List,
    /// An array with more items than allowed.
    TooLong,
    /// Not an object.
    Object,
    /// An object whose type is unknown.
    Type,
    /// Text that is not JSON.
    Json,
    /// A failure that the caller passed in a stream.
    Failure,
    /// An object whose selection the caller could not determine.
    Refused,
}

impl Code {
    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Leaf => "leaf",
            Self::Enum => "enum",
            Self::List => "list",
            Self::TooLong => "too_long",
            Self::Object => "object",
            Self::Type => "type",
            Self::Json => "json",
            Self::Failure => "failure",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One step of the path from the root to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A response key.
    Key(Box<str>),
    /// An index in a list, from 0.
    Index(usize),
}

/// Details of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The offending text, cut to 80 characters.
    Text(String),
    /// The number of the failure or refusal.
    Failure(i64),
}

/// A fault of one value of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// The id of the nearest field.
    pub field: u32,
    /// Its kind.
    pub code: Code,
    /// Path of the value.
    pub path: Vec<Step>,
    /// The text or failure that caused it.
    pub detail: Detail,
    /// The named type that was expected.
    pub type_name: Box<str>,
}

/// A rendered result.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The text of the response: `{"data":…}`.
    pub body: Vec<u8>,
    /// The faults, in document order.
    pub errors: Vec<RenderError>,
    /// For each stream that was `None`: the objects that need a value of it, in order.
    pub missing: BTreeMap<usize, Vec<Box<[u8]>>>,
    /// Whether the text would have more bytes than allowed; `body` is incomplete then.
    pub too_large: bool,
}

/// A stream has fewer values than the documents need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamTooShort {
    /// The number of the stream.
    pub stream: usize,
    /// Number of its values.
    pub length: usize,
}

impl fmt::Display for StreamTooShort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, length } = self;
        write!(formatter, "stream {stream} has {length} values; the documents need more")
    }
}

impl std::error::Error for StreamTooShort {}

impl Item<'_> {
    /// Bytes of its documents.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::One(element) => element.size(),
            Self::Many(elements) => elements.iter().map(Element::size).sum(),
        }
    }
}

impl Element<'_> {
    fn size(&self) -> usize {
        if let Self::Document(text) = self { text.len() } else { 0 }
    }
}
