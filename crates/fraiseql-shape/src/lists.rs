//! Rendering lists, and objects whose type is found in the document.

use std::borrow::Cow;

use crate::check::string_fault;
use crate::faults::Place;
use crate::keys::fill;
use crate::render::{Fate, Renderer};
use crate::result::Code;
use crate::scan::{Broken, Scan, Token, container_end, skip_space, skip_value};
use crate::shape::{AbstractNode, ListNode, Node};
use crate::text::decode;

impl<'s, 'a> Renderer<'s, 'a> {
    /// The array that opens at `start`.
    pub fn list(&mut self, list: &ListNode, doc: &'a [u8], start: usize) -> Scan<(usize, Fate)> {
        self.out.push(b'[');
        let first = skip_space(doc, start + 1);
        if doc.get(first) == Some(&b']') {
            self.out.push(b']');
            return Ok((first + 1, Fate::Kept));
        }
        self.path.push(Place::Index(0));
        let (end, fate) = self.items(list, doc, first)?;
        self.path.pop();
        self.out.push(b']');
        match fate {
            Fate::Stopped => Ok((container_end(doc, start)?, fate)),
            _ => Ok((end, fate)),
        }
    }

    /// The items of an array up to its end, or up to the first that stops the visit.
    fn items(&mut self, list: &ListNode, doc: &'a [u8], first: usize) -> Scan<(usize, Fate)> {
        let depth = self.path.len();
        let mut sum = Fate::Kept;
        let mut pos = first;
        for index in 0.. {
            self.path[depth - 1] = Place::Index(index);
            let (end, fate) = self.element(list.item, list.nullable, doc, pos)?;
            if self.add(&mut sum, fate) {
                break;
            }
            pos = skip_space(doc, end);
            match doc.get(pos) {
                Some(b',') => pos = skip_space(doc, pos + 1),
                Some(b']') => break,
                _ => return Err(Broken),
            }
            self.out.push(b',');
        }
        Ok((pos + 1, self.close(sum)))
    }

    /// One value in a place, null included, whose end is not known yet.
    #[inline]
    pub fn element(
        &mut self,
        node: usize,
        nullable: bool,
        doc: &'a [u8],
        start: usize,
    ) -> Scan<(usize, Fate)> {
        let flat = matches!(self.shape.nodes[node], Node::Leaf(_) | Node::Enum(_));
        if flat || !matches!(doc.get(start), Some(b'{' | b'[')) {
            let token = skip_value(doc, start)?;
            return Ok((token.end, self.place(node, nullable, doc, token)?));
        }
        let mark = self.out.len();
        let (end, fate) = self.container(node, doc, start)?;
        Ok((end, self.settle(fate, nullable, mark)))
    }

    /// The object that opens at `start`, rendered as the type that its discriminator names.
    pub fn choice(
        &mut self,
        choice: &'s AbstractNode,
        node: usize,
        doc: &'a [u8],
        start: usize,
    ) -> Scan<(usize, Fate)> {
        let mut slots = [Token::ABSENT];
        let end = fill(&choice.keys, &mut self.orders[choice.keys.id], &mut slots, doc, start)?;
        let tag = slots[0];
        let shape = self.shape;
        if let Some(case) = case(choice, doc, tag) {
            if let Node::Object(object) = &shape.nodes[case] {
                return self.object(object, case, doc, start);
            }
        }
        self.fault(Code::Type, node, tag.bytes(doc));
        Ok((end, Fate::Stopped))
    }
}

fn case(choice: &AbstractNode, doc: &[u8], tag: Token) -> Option<usize> {
    if tag.is_absent() || doc[tag.start] != b'"' || string_fault(doc, tag).is_some() {
        return None;
    }
    let name: Cow<'_, [u8]> = decode(&doc[tag.start + 1..tag.end - 1]);
    let place = choice.cases.binary_search_by(|entry| (*entry.0).cmp(&name)).ok()?;
    Some(choice.cases[place].1)
}
