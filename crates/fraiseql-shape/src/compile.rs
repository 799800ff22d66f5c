//! Compilation of a description into a shape.

use std::sync::Mutex;

use crate::check::{check_json, is_scalar};
use crate::compile_error::{CompileError, Compiled, refuse};
use crate::depth::check_depth;
use crate::description::{Description, FieldDescription, Form, NodeDescription, SourceDescription};
use crate::inside::note_inside;
use crate::keys::{Below, KeyTable, Target};
use crate::output::Padded;
use crate::scan::{INTEGER, SOUND};
use crate::shape::{
    AbstractNode, EnumNode, Field, LeafNode, ListNode, Meaning, Node, ObjectNode, RefusedNode,
    Shape, Source,
};
use crate::slots::Slots;
use crate::text::decode;

impl Shape {
    /// Compiles a description (JSON in UTF-8).
    ///
    /// # Errors
    /// Text that is not such a description, references to nodes that do not exist, a root that is
    /// not an object of streams, and nodes nested deeper than 512.
    pub fn compile(description: &[u8]) -> Result<Self, CompileError> {
        let description: Description = serde_json::from_slice(description)
            .map_err(|error| CompileError(format!("not a shape: {error}")))?;
        let root = description.root;
        let mut compiler = Compiler { nodes: description.nodes.len(), tables: 0 };
        let nodes = description.nodes.into_iter().map(|node| compiler.node(node));
        let mut nodes: Box<[Node]> = nodes.collect::<Compiled<_>>()?;
        check_root(&nodes, root)?;
        check_cases(&nodes)?;
        check_depth(&nodes)?;
        note_as_is(&mut nodes);
        note_inside(&mut nodes);
        let nested_streams = has_nested_streams(&nodes, root);
        let orders = Mutex::new(vec![None; compiler.tables]);
        Ok(Self { root, nodes, nested_streams, orders })
    }
}

fn check_root(nodes: &[Node], root: usize) -> Compiled<()> {
    let Some(Node::Object(object)) = nodes.get(root) else {
        return refuse(format!("root {root} is not an object"));
    };
    match object.fields.iter().find(|field| matches!(field.source, Source::Slot(_))) {
        Some(field) => refuse(format!("the root's field '{}' has no stream", field.key)),
        None => Ok(()),
    }
}

fn check_cases(nodes: &[Node]) -> Compiled<()> {
    for node in nodes {
        let Node::Abstract(node) = node else { continue };
        for (_, case) in &node.cases {
            if !matches!(nodes[*case], Node::Object(_) | Node::Refused(_)) {
                return refuse(format!("a case of '{}' is not an object", node.name));
            }
        }
    }
    Ok(())
}

/// Sets the flags of tokens that each field copies unchanged.
fn note_as_is(nodes: &mut [Node]) {
    let flags = |node: &Node| match node {
        Node::Leaf(leaf) => match leaf.form {
            Form::String | Form::Text | Form::Id => SOUND,
            Form::Int | Form::Float | Form::Number | Form::Integer => INTEGER,
            Form::Any => SOUND | INTEGER,
            _ => 0,
        },
        _ => 0,
    };
    let flags: Vec<u8> = nodes.iter().map(flags).collect();
    for node in nodes {
        let Node::Object(object) = node else { continue };
        for field in &mut object.fields {
            field.as_is =
                if matches!(field.source, Source::Slot(_)) { flags[field.node] } else { 0 };
        }
    }
}

fn has_nested_streams(nodes: &[Node], root: usize) -> bool {
    nodes.iter().enumerate().any(|(place, node)| match node {
        Node::Object(object) if place != root => {
            object.fields.iter().any(|field| matches!(field.source, Source::Stream(_)))
        }
        _ => false,
    })
}

struct Compiler {
    nodes: usize,
    tables: usize,
}

impl Compiler {
    fn node(&mut self, node: NodeDescription) -> Compiled<Node> {
        Ok(match node {
            NodeDescription::Object { r#type, document, fields } => {
                Node::Object(self.object(r#type, document, fields)?)
            }
            NodeDescription::List { item, item_nullable, max_items } => Node::List(ListNode {
                item: self.reference(item)?,
                nullable: item_nullable,
                max_items: max_items.unwrap_or(usize::MAX),
            }),
            NodeDescription::Abstract { r#type, discriminator, cases } => {
                Node::Abstract(self.abstract_(r#type, &discriminator, cases)?)
            }
            NodeDescription::Leaf { form, r#type } => {
                Node::Leaf(LeafNode { name: r#type.into(), form })
            }
            NodeDescription::Enum { r#type, values } => Node::Enum(enum_(r#type, &values)?),
            NodeDescription::Refused { r#type, number } => {
                Node::Refused(RefusedNode { name: r#type.into(), number })
            }
        })
    }

    fn reference(&self, node: usize) -> Compiled<usize> {
        if node < self.nodes { Ok(node) } else { refuse(format!("node {node} does not exist")) }
    }

    fn table<'k>(&mut self, keys: impl Iterator<Item = (&'k str, usize)>) -> KeyTable {
        self.tables += 1;
        let target = |(key, slot)| (key, Target { slot, below: Below::Nothing });
        KeyTable::new(self.tables - 1, keys.map(target))
    }

    fn abstract_(
        &mut self,
        name: String,
        discriminator: &str,
        cases: Vec<(String, usize)>,
    ) -> Compiled<AbstractNode> {
        let keys = self.table([(discriminator, 0)].into_iter());
        let mut sorted = Vec::with_capacity(cases.len());
        for (tag, node) in cases {
            sorted.push((Box::from(tag.as_bytes()), self.reference(node)?));
        }
        sorted.sort();
        Ok(AbstractNode { name: name.into(), keys, cases: sorted.into() })
    }

    fn object(
        &mut self,
        name: String,
        document: Option<String>,
        fields: Vec<FieldDescription>,
    ) -> Compiled<ObjectNode> {
        let mut slots = Slots::new(document, &fields);
        let compiled: Box<[Field]> = fields
            .into_iter()
            .enumerate()
            .map(|(place, field)| self.field(&name, place, field, &mut slots))
            .collect::<Compiled<_>>()?;
        let keys = self.table(slots.flat());
        let read = slots.document && !slots.inner.is_empty();
        let document = read.then(|| self.table(slots.inner()));
        Ok(ObjectNode {
            name: name.into(),
            keys,
            document,
            own: slots.outer.len(),
            slots: slots.outer.len() + slots.inner.len(),
            shared: slots.shared(),
            fields: compiled,
        })
    }

    fn field(
        &self,
        type_name: &str,
        place: usize,
        field: FieldDescription,
        slots: &mut Slots,
    ) -> Compiled<Field> {
        let comma = if place == 0 { "" } else { "," };
        let mut prefix = format!("{comma}{}:", quoted(&field.key));
        let source = match field.source {
            SourceDescription::Typename { typename: false } => {
                return refuse(format!("field '{}' has no source", field.key));
            }
            SourceDescription::Typename { typename: true } => {
                prefix.push_str(&quoted(type_name));
                Source::Typename
            }
            SourceDescription::Stream { stream } => Source::Stream(stream),
            SourceDescription::Name { name, document } => {
                Source::Slot(slots.slot(&field.key, &name, document)?)
            }
        };
        let (node, nullable) = match (source, field.node, field.nullable) {
            (Source::Typename, _, _) => (0, false),
            (_, Some(node), Some(nullable)) => (self.reference(node)?, nullable),
            _ => return refuse(format!("field '{}' needs node and nullable", field.key)),
        };
        let (id, key, prefix) = (field.id, field.key.into(), Padded::new(&prefix));
        Ok(Field { id, key, prefix, source, node, nullable, as_is: 0, read: false })
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn enum_(name: String, values: &[(String, String)]) -> Compiled<EnumNode> {
    let (mut strings, mut tokens): (Vec<Meaning>, Vec<Meaning>) = (Vec::new(), Vec::new());
    for (token, member) in values {
        let text = token.as_bytes();
        let written = Box::from(quoted(member).as_bytes());
        if text.first() == Some(&b'"') && check_json(text).is_ok() {
            let content = text.trim_ascii_end();
            strings.push((decode(&content[1..content.len() - 1]).into(), written));
        } else if is_scalar(text) {
            tokens.push((text.into(), written));
        } else {
            return refuse(format!("'{token}' of enum '{name}' is not a JSON scalar"));
        }
    }
    strings.sort();
    tokens.sort();
    Ok(EnumNode { name: name.into(), strings: strings.into(), tokens: tokens.into() })
}
