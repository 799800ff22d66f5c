//! The description of a shape as it is written: JSON, read into plain data.

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
        /// Most items; more are a fault of the list.
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
    /// An object whose selection cannot be told: every value is a fault.
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

/// How the value of a leaf is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Form {
    Int,
    Float,
    String,
    Boolean,
    #[serde(rename = "ID")]
    Id,
    /// A JSON string as it is (date and time, UUID, …).
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
    /// A `String` whose characters are in what `PostgreSQL` can compare: no NUL, no half of a pair.
    #[serde(rename = "stored String")]
    StoredString,
    /// An `ID` of the same characters.
    #[serde(rename = "stored ID")]
    StoredId,
    /// A JSON string of the same characters.
    #[serde(rename = "stored string")]
    StoredText,
    /// A number of any size, perhaps written in a string.
    #[serde(rename = "number")]
    Number,
    /// An integer of any size, perhaps written in a string.
    #[serde(rename = "integer")]
    Integer,
    /// A number of any size, written as a string, which every client reads with all digits.
    #[serde(rename = "quoted number")]
    QuotedNumber,
    /// An integer of any size, written as a string.
    #[serde(rename = "quoted integer")]
    QuotedInteger,
    /// `true` or `false` and nothing else.
    #[serde(rename = "boolean")]
    Truth,
    /// Any JSON, unchanged.
    #[serde(rename = "any")]
    Any,
}
