//! Rendering of lists and of objects of an abstract type.

use std::borrow::Cow;

use crate::check::is_sound;
use crate::doc::Doc;
use crate::path::PathSegment;
use crate::read::link;
use crate::render::{Outcome, Renderer};
use crate::result::Code;
use crate::scan::{NotJson, Scan, Token, skip_space};
use crate::shape::{AbstractNode, ListNode, Node};
use crate::text::decode;

impl<'s, 'a> Renderer<'s, 'a> {
    /// Renders the array that opens at `start`.
    pub fn list(&mut self, list: &ListNode, doc: &Doc<'a>, start: usize) -> Scan<(usize, Outcome)> {
        self.out.push(b'[');
        let first = skip_space(doc.text, start + 1);
        if doc.text.get(first) == Some(&b']') {
            self.out.push(b']');
            return Ok((first + 1, Outcome::Written));
        }
        self.path.push(PathSegment::Index(0));
        let (end, outcome) = self.items(list, doc, first)?;
        self.path.pop();
        self.out.push(b']');
        match outcome {
            Outcome::Stopped => Ok((doc.container_end(start)?, outcome)),
            _ => Ok((end, outcome)),
        }
    }

    /// Renders the items of an array, up to its end or to the first that stops the visit.
    fn items(&mut self, list: &ListNode, doc: &Doc<'a>, first: usize) -> Scan<(usize, Outcome)> {
        let depth = self.path.len();
        let mut sum = Outcome::Written;
        let mut pos = first;
        for index in 0.. {
            if index == list.max_items || self.is_full() {
                let outcome = self.too_long(list);
                self.add(&mut sum, outcome);
                break;
            }
            self.path[depth - 1] = PathSegment::Index(index);
            let (end, outcome) = self.element(list.item, list.nullable, doc, pos)?;
            if self.add(&mut sum, outcome) {
                break;
            }
            pos = skip_space(doc.text, end);
            match doc.text.get(pos) {
                Some(b',') => pos = skip_space(doc.text, pos + 1),
                Some(b']') => break,
                _ => return Err(NotJson),
            }
            self.out.push(b',');
        }
        Ok((pos + 1, self.close(sum)))
    }

    /// Renders an array whose items are in slots, the first in `head`.
    pub fn read_list(&mut self, list: &ListNode, doc: &Doc<'a>, head: usize) -> Scan<Outcome> {
        self.out.push(b'[');
        self.path.push(PathSegment::Index(0));
        let depth = self.path.len();
        let (mut sum, mut head) = (Outcome::Written, head);
        for index in 0.. {
            if index == list.max_items || self.is_full() {
                let outcome = self.too_long(list);
                self.add(&mut sum, outcome);
                break;
            }
            self.path[depth - 1] = PathSegment::Index(index);
            let item = self.slots[head];
            let inside = Token { link: link(head + 1)?, ..item };
            let outcome = self.value_or_null(list.item, list.nullable, doc, inside)?;
            if self.add(&mut sum, outcome) || item.link == 0 {
                break;
            }
            self.out.push(b',');
            head = item.link as usize;
        }
        self.path.pop();
        self.out.push(b']');
        Ok(self.close(sum))
    }

    /// Records that a list has too many items: a fault of the list, not of the item in the path.
    #[cold]
    pub fn too_long(&mut self, list: &ListNode) -> Outcome {
        let item = self.path.pop();
        self.fault(Code::TooLong, list.item, list.max_items.to_string().as_bytes());
        self.path.extend(item);
        Outcome::Stopped
    }

    /// Renders one value whose end is not known yet; it may be null.
    #[inline]
    pub fn element(
        &mut self,
        node: usize,
        nullable: bool,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<(usize, Outcome)> {
        let flat = matches!(self.shape.nodes[node], Node::Leaf(_) | Node::Enum(_));
        if flat || !matches!(doc.text.get(start), Some(b'{' | b'[')) {
            let token = doc.value(start)?;
            return Ok((token.end, self.value_or_null(node, nullable, doc, token)?));
        }
        let mark = self.out.len();
        let (end, outcome) = self.container(node, doc, start)?;
        Ok((end, self.null_if_allowed(outcome, nullable, mark)))
    }

    /// Renders the object that opens at `start` as the type that its discriminator names.
    pub fn choice(
        &mut self,
        choice: &'s AbstractNode,
        node: usize,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<(usize, Outcome)> {
        let (tag, end) = self.read_one(&choice.keys, doc, start)?;
        let shape = self.shape;
        if let Some(case) = case(choice, doc.text, tag) {
            return match &shape.nodes[case] {
                Node::Object(object) => self.object(object, case, doc, start),
                _ => self.container(case, doc, start),
            };
        }
        self.fault(Code::Type, node, tag.bytes(doc.text));
        Ok((end, Outcome::Stopped))
    }
}

fn case(choice: &AbstractNode, doc: &[u8], tag: Token) -> Option<usize> {
    if tag.is_absent() || doc[tag.start] != b'"' || !is_sound(doc, tag) {
        return None;
    }
    let name: Cow<'_, [u8]> = decode(&doc[tag.start + 1..tag.end - 1]);
    let place = choice.cases.binary_search_by(|entry| (*entry.0).cmp(&name)).ok()?;
    Some(choice.cases[place].1)
}
