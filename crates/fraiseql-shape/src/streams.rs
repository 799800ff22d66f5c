//! Rendering of streams: values from outside the documents, one for each object.

use crate::description::Form;
use crate::doc::Doc;
use crate::path::PathSegment;
use crate::render::{Outcome, Renderer};
use crate::result::{Code, Detail, Element, Item, StreamTooShort};
use crate::scan::{NotJson, Scan, skip_space};
use crate::shape::{Field, LeafNode, ListNode, Node};

impl<'s, 'a> Renderer<'s, 'a> {
    /// Renders a field that reads a stream; `object` is the text of its object.
    pub fn stream(&mut self, field: &'s Field, stream: usize, object: &[u8]) -> Outcome {
        let streams = self.streams;
        let Some(Some(items)) = streams.get(stream) else {
            self.missing.entry(stream).or_default().push(object.into());
            self.out.extend_from_slice(b"null");
            return Outcome::Written;
        };
        let cursor = self.cursors[stream];
        self.cursors[stream] += 1;
        let outcome = match items.get(cursor) {
            Some(Item::One(element)) => self.stream_value(field.node, field.nullable, *element),
            Some(Item::Many(elements)) => self.stream_list(field, elements),
            None => {
                self.too_short = Some(StreamTooShort { stream, length: items.len() });
                Outcome::Stopped
            }
        };
        // See `Outcome::Missing`: without streams in documents no cursor can fall behind.
        if outcome != Outcome::Written && self.shape.nested_streams {
            Outcome::Missing
        } else {
            outcome
        }
    }

    /// Renders one element of a stream.
    fn stream_value(&mut self, node: usize, nullable: bool, element: Element<'a>) -> Outcome {
        let checkpoint = self.checkpoint();
        match element {
            Element::Null => self.absent(node, nullable),
            Element::Failure(number) => {
                self.note(Code::Failure, node, Detail::Failure(number));
                self.null_if_allowed(Outcome::Stopped, nullable, self.out.len())
            }
            Element::Document(doc) => match self.document(node, nullable, doc) {
                Ok(outcome) => outcome,
                Err(NotJson) => self.recover(checkpoint, node, nullable, doc),
            },
        }
    }

    fn document(&mut self, node: usize, nullable: bool, text: &'a [u8]) -> Scan<Outcome> {
        let doc = Doc::new(text, std::mem::take(&mut self.spare));
        let rendered = self.element(node, nullable, &doc, skip_space(text, 0));
        self.spare = doc.into_quotes();
        let (end, outcome) = rendered?;
        if skip_space(text, end) == text.len() { Ok(outcome) } else { Err(NotJson) }
    }

    /// Renders a list whose items are elements of a stream.
    fn stream_list(&mut self, field: &'s Field, elements: &[Element<'a>]) -> Outcome {
        let mark = self.out.len();
        let any = ListNode { item: field.node, nullable: true, max_items: usize::MAX };
        let list = match &self.shape.nodes[field.node] {
            Node::List(list) => list,
            Node::Leaf(LeafNode { form: Form::Any, .. }) => &any,
            node => {
                let code = match node {
                    Node::Leaf(_) => Code::Leaf,
                    Node::Enum(_) => Code::Enum,
                    _ => Code::Object,
                };
                self.fault(code, field.node, b"[");
                return self.null_if_allowed(Outcome::Stopped, field.nullable, mark);
            }
        };
        let outcome = self.stream_items(list, elements);
        self.null_if_allowed(outcome, field.nullable, mark)
    }

    fn stream_items(&mut self, list: &ListNode, elements: &[Element<'a>]) -> Outcome {
        let mut sum = Outcome::Written;
        self.out.push(b'[');
        self.path.push(PathSegment::Index(0));
        let depth = self.path.len();
        for (index, element) in elements.iter().enumerate() {
            if index == list.max_items || self.is_full() {
                let outcome = self.too_long(list);
                self.add(&mut sum, outcome);
                break;
            }
            if index > 0 {
                self.out.push(b',');
            }
            self.path[depth - 1] = PathSegment::Index(index);
            let outcome = self.stream_value(list.item, list.nullable, *element);
            if self.add(&mut sum, outcome) {
                break;
            }
        }
        self.path.pop();
        self.out.push(b']');
        self.close(sum)
    }
}
