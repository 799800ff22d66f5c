//! The description of a shape: JSON as plain data.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    pub root: usize,
    pub nodes: Vec<NodeDescription>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum NodeDescription {
    Object {
        r#type: String,
        document: Option<String>,
        fields: Vec<FieldDescription>,
    },
    List {
        item: usize,
        item_nullable: bool,
        /// Maximum items; more are a fault of the list.
        #[serde(default)]
        max_items: Option<usize>,
    },
    Abstract {
        r#type: String,
        discriminator: String,
        cases: Vec<(String, usize)>,
    },
    Leaf {
        form: Form,
        r#type: String,
    },
    Enum {
        r#type: String,
        values: Vec<(String, String)>,
    },
    /// An object whose selection cannot be determined: every value is a fault.
    Refused {
        r#type: String,
        number: i64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldDescription {
    pub id: u32,
    pub key: String,
    pub source: SourceDescription,
    pub node: Option<usize>,
    pub nullable: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum SourceDescription {
    Name {
        name: String,
        #[serde(default)]
        document: bool,
    },
    Typename {
        typename: bool,
    },
    Stream {
        stream: usize,
    },
}

/// The way to read and write the values of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Form {
    Int,
    Float,
    String,
    Boolean,
    #[serde(rename = "ID")]
    Id,
    /// A JSON string, unchanged.
    #[serde(rename = "string")]
    Text,
    /// A date in ISO 8601.
    Date,
    /// An instant in ISO 8601.
    DateTime,
    /// A time of day in ISO 8601.
    Time,
    /// A UUID.
    #[serde(rename = "UUID")]
    Uuid,
    /// A `String` that `PostgreSQL` can store: no NUL, no half of a surrogate pair.
    #[serde(rename = "stored String")]
    StoredString,
    /// An `ID` of such characters.
    #[serde(rename = "stored ID")]
    StoredId,
    /// A JSON string of such characters.
    #[serde(rename = "stored string")]
    StoredText,
    /// A number of any size; it may be in a string.
    #[serde(rename = "number")]
    Number,
    /// An integer of any size; it may be in a string.
    #[serde(rename = "integer")]
    Integer,
    /// A number of any size, written as a string so that every client reads all digits.
    #[serde(rename = "quoted number")]
    QuotedNumber,
    /// An integer of any size, written as a string.
    #[serde(rename = "quoted integer")]
    QuotedInteger,
    /// `true` or `false` only.
    #[serde(rename = "boolean")]
    Truth,
    /// Any JSON, unchanged.
    #[serde(rename = "any")]
    Any,
}
