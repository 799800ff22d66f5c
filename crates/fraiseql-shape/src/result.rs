//! What goes into a render and what comes out of it.

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
    /// The number of a failure that the caller keeps.
    Failure(i64),
}

/// What kind of fault stands at a place of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Null or no value in a place that cannot be null.
    Null,
    /// A value that a leaf type does not accept.
    Leaf,
    /// A value that no member of an enum stands for.
    Enum,
    /// Not an array.
    List,
    /// An array with more items than its list may have.
    TooLong,
    /// Not an object.
    Object,
    /// An object whose type is unknown.
    Type,
    /// The document is not JSON here.
    Json,
    /// A failure that the caller handed in.
    Failure,
    /// An object whose selection the caller could not tell.
    Refused,
}

impl Code {
    /// The code as it is written for callers.
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

/// One step on the way from the root to a place of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A response key.
    Key(Box<str>),
    /// A place in a list, from 0.
    Index(usize),
}

/// What more is known of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The offending text, cut to 80 characters.
    Text(String),
    /// The number of the failure or refusal.
    Failure(i64),
}

/// A fault at one place of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// The id of the nearest field.
    pub field: u32,
    /// What kind of fault it is.
    pub code: Code,
    /// Where it is.
    pub path: Vec<Step>,
    /// What stands there.
    pub detail: Detail,
    /// The named type that was expected there.
    pub type_name: Box<str>,
}

/// A rendered result.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The text of the response: `{"data":…}`.
    pub body: Vec<u8>,
    /// The faults, in the order in which they were met.
    pub errors: Vec<RenderError>,
    /// For each stream that was not given: the objects that ask for a value of it, in order.
    pub missing: BTreeMap<usize, Vec<Box<[u8]>>>,
    /// Whether the text would have more bytes than allowed: it has not all of the result then.
    pub too_large: bool,
}

/// A stream that was given has fewer values than the documents ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamTooShort {
    /// The number of the stream.
    pub stream: usize,
    /// How many values it has.
    pub given: usize,
}

impl fmt::Display for StreamTooShort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, given } = self;
        write!(formatter, "stream {stream} has {given} values, and the documents ask for more")
    }
}

impl std::error::Error for StreamTooShort {}

impl Item<'_> {
    /// How many bytes of documents it holds.
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
