//! The compiled shape: immutable, shared by all threads.

use std::sync::{Arc, Mutex};

use crate::description::Form;
use crate::keys::{KeyOrder, KeyTable};
use crate::output::Padded;

/// A compiled description of a result.
#[derive(Debug)]
pub struct Shape {
    pub(crate) root: usize,
    pub(crate) nodes: Box<[Node]>,
    /// Whether a field below the root object reads a stream.
    pub(crate) nested_streams: bool,
    /// The order of the keys of each table in earlier renders.
    pub(crate) orders: Mutex<Vec<Option<Arc<KeyOrder>>>>,
}

#[derive(Debug)]
pub(crate) enum Node {
    Object(ObjectNode),
    List(ListNode),
    Abstract(AbstractNode),
    Leaf(LeafNode),
    Enum(EnumNode),
    Refused(RefusedNode),
}

#[derive(Debug)]
pub(crate) struct ObjectNode {
    pub name: Box<str>,
    pub keys: KeyTable,
    /// The keys of the inner document.
    pub document: Option<KeyTable>,
    /// Number of slots of the object itself; those of the document follow.
    pub own: usize,
    pub slots: usize,
    /// Pairs of slots for the same key: of the object and of the document.
    pub shared: Box<[(usize, usize)]>,
    pub fields: Box<[Field]>,
}

/// The slot of the inner document.
pub(crate) const DOCUMENT_SLOT: usize = 0;

#[derive(Debug)]
pub(crate) struct Field {
    pub id: u32,
    pub key: Box<str>,
    /// Text before the value: comma, key, colon; for a typename the value too.
    pub prefix: Padded,
    pub source: Source,
    pub node: usize,
    pub nullable: bool,
    /// Flags of tokens that are copied unchanged; here so that the node is not looked up.
    pub as_is: u8,
    /// Whether inner values were read as this field's node.
    pub read: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Slot(usize),
    Typename,
    Stream(usize),
}

#[derive(Debug)]
pub(crate) struct ListNode {
    pub item: usize,
    pub nullable: bool,
    pub max_items: usize,
}

#[derive(Debug)]
pub(crate) struct AbstractNode {
    pub name: Box<str>,
    /// One key in slot 0: the discriminator.
    pub keys: KeyTable,
    /// Tag and node, sorted by tag.
    pub cases: Box<[(Box<[u8]>, usize)]>,
}

#[derive(Debug)]
pub(crate) struct LeafNode {
    pub name: Box<str>,
    pub form: Form,
}

#[derive(Debug)]
pub(crate) struct EnumNode {
    pub name: Box<str>,
    /// Decoded string and JSON text of the name, sorted.
    pub strings: Box<[Meaning]>,
    /// Raw token and JSON text of the name, sorted.
    pub tokens: Box<[Meaning]>,
}

#[derive(Debug)]
pub(crate) struct RefusedNode {
    pub name: Box<str>,
    /// The number of the refusal, which the caller defines.
    pub number: i64,
}

/// A value of an enum, and the JSON text that is written for it.
pub(crate) type Meaning = (Box<[u8]>, Box<[u8]>);

impl Shape {
    /// The named type at a node: below lists, the type of their items.
    pub(crate) fn type_name(&self, node: usize) -> &str {
        match &self.nodes[node] {
            Node::Object(object) => &object.name,
            Node::Abstract(abstract_) => &abstract_.name,
            Node::Leaf(leaf) => &leaf.name,
            Node::Enum(enum_) => &enum_.name,
            Node::Refused(refused) => &refused.name,
            Node::List(list) => self.type_name(list.item),
        }
    }
}
