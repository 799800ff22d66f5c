//! Values that come from outside the documents: one element of a stream for each object.

use crate::description::Form;
use crate::doc::Doc;
use crate::path::PathSegment;
use crate::render::{Outcome, Renderer};
use crate::result::{Code, Detail, Element, Item, StreamTooShort};
use crate::scan::{Broken, Scan, skip_space};
use crate::shape::{Field, LeafNode, ListNode, Node};

impl<'s, 'a> Renderer<'s, 'a> {
    /// The value of a field that reads a stream; `object` is the text of the object it belongs to.
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
            Some(Item::One(element)) => self.given(field.node, field.nullable, *element),
            Some(Item::Many(elements)) => self.many(field, elements),
            None => {
                self.too_short = Some(StreamTooShort { stream, given: items.len() });
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

    /// One value in a place, which is a document of its own or none.
    fn given(&mut self, node: usize, nullable: bool, element: Element<'a>) -> Outcome {
        let marks = self.marks();
        match element {
            Element::Null => self.absent(node, nullable),
            Element::Failure(number) => {
                self.note(Code::Failure, node, Detail::Failure(number));
                self.null_if_allowed(Outcome::Stopped, nullable, self.out.len())
            }
            Element::Document(doc) => match self.document(node, nullable, doc) {
                Ok(outcome) => outcome,
                Err(Broken) => self.broken(marks, node, nullable, doc),
            },
        }
    }

    fn document(&mut self, node: usize, nullable: bool, text: &'a [u8]) -> Scan<Outcome> {
        let doc = Doc::new(text, std::mem::take(&mut self.spare));
        let rendered = self.element(node, nullable, &doc, skip_space(text, 0));
        self.spare = doc.into_quotes();
        let (end, outcome) = rendered?;
        if skip_space(text, end) == text.len() { Ok(outcome) } else { Err(Broken) }
    }

    /// A list whose items are documents of their own.
    fn many(&mut self, field: &'s Field, elements: &[Element<'a>]) -> Outcome {
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
        let outcome = self.each(list, elements);
        self.null_if_allowed(outcome, field.nullable, mark)
    }

    fn each(&mut self, list: &ListNode, elements: &[Element<'a>]) -> Outcome {
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
            let outcome = self.given(list.item, list.nullable, *element);
            if self.add(&mut sum, outcome) {
                break;
            }
        }
        self.path.pop();
        self.out.push(b']');
        self.close(sum)
    }
}
