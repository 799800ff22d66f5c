//! Reading of objects into slots, with the selected objects and lists inside, in one pass.
//! Inner text that is not JSON is skipped here and is a fault when it is written.

use std::sync::Arc;

use crate::doc::Doc;
use crate::keys::{Below, KeyMatch, KeyOrder, KeyTable, read_key};
use crate::render::Renderer;
use crate::scan::{LOOSE, NotJson, READ, Scan, Token, skip_space};
use crate::shape::{ListNode, Node, ObjectNode};

/// Above this many slots, inner objects are read only when they are written.
const MOST_HELD: usize = 1 << 16;

/// The slots of the object that is being read.
pub(crate) struct Frame<'s> {
    start: usize,
    /// Values of slots from here on are dropped: they come from the document.
    limit: usize,
    object: Option<&'s ObjectNode>,
    /// Whether the end of the object is also found without reading it.
    inside: bool,
}

impl<'s, 'a> Renderer<'s, 'a> {
    /// Reads the object that opens at `start` into new slots and returns its end.
    pub fn read(
        &mut self,
        object: &'s ObjectNode,
        doc: &Doc<'a>,
        start: usize,
        inside: bool,
    ) -> Scan<usize> {
        let frame = self.slots.len();
        self.slots.resize(frame + object.slots, Token::ABSENT);
        let frame = Frame { start: frame, limit: object.slots, object: Some(object), inside };
        self.members(&object.keys, frame, doc, start)
    }

    /// Reads the only key of a table without an object.
    pub fn read_one(
        &mut self,
        table: &'s KeyTable,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<(Token, usize)> {
        let frame = self.slots.len();
        self.slots.push(Token::ABSENT);
        let read = Frame { start: frame, limit: 1, object: None, inside: false };
        let end = self.members(table, read, doc, start)?;
        let token = self.slots[frame];
        self.slots.truncate(frame);
        Ok((token, end))
    }

    /// Reads the inner document of an object, whose slots start at `start`.
    pub fn read_document(
        &mut self,
        object: &ObjectNode,
        table: &'s KeyTable,
        doc: &Doc<'a>,
        (start, pos): (usize, usize),
        inside: bool,
    ) -> Scan<usize> {
        self.slots[start + object.own..start + object.slots].fill(Token::ABSENT);
        let frame = Frame { start, limit: object.slots, object: None, inside };
        self.members(table, frame, doc, pos)
    }

    fn members(
        &mut self,
        table: &'s KeyTable,
        mut frame: Frame<'s>,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<usize> {
        // Taken out, so that inner objects can be read: no table is read inside itself.
        let mut order = self.orders[table.id].take().unwrap_or_default();
        let end = self.each_member(table, &mut order, &mut frame, doc, start);
        self.orders[table.id] = Some(order);
        end
    }

    /// The last value of a repeated key counts.
    fn each_member(
        &mut self,
        table: &'s KeyTable,
        order: &mut Arc<KeyOrder>,
        frame: &mut Frame<'s>,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<usize> {
        let (mut pos, mut next) = (start + 1, 0);
        loop {
            let first = pos == start + 1;
            let matched = match order.expected(next, doc.text, pos, first) {
                Some(matched) => matched,
                None if doc.text.get(pos) == Some(&b'}') => return Ok(pos + 1),
                None => match self.unexpected(table, order, next, doc, (pos, first))? {
                    Some(matched) => matched,
                    None => return Ok(skip_space(doc.text, pos) + 1),
                },
            };
            next = matched.next;
            let token = match matched.target.below {
                Below::Nothing => doc.value(matched.value)?,
                below => self.below(below, frame, doc, matched.value)?,
            };
            if token.flags & LOOSE != 0 && frame.inside {
                return Err(NotJson);
            }
            if matched.target.slot < frame.limit {
                self.slots[frame.start + matched.target.slot] = token;
            }
            pos = token.end;
        }
    }

    /// The key at `pos`, which is not the expected one; `None` where the object closes.
    #[inline(never)]
    fn unexpected(
        &mut self,
        table: &KeyTable,
        order: &mut Arc<KeyOrder>,
        next: usize,
        doc: &Doc<'a>,
        (pos, first): (usize, bool),
    ) -> Scan<Option<KeyMatch>> {
        if let Some(matched) = order.ahead(next, doc.text, pos, first) {
            return Ok(Some(matched));
        }
        let Some((target, value)) = read_key(table, doc, pos, first)? else { return Ok(None) };
        if order.has_room(value - pos) {
            Arc::make_mut(order).learn(next, &doc.text[pos..value], first, target);
            self.learned = true;
            return Ok(Some(KeyMatch { target, value, next: next + 1 }));
        }
        Ok(Some(KeyMatch { target, value, next }))
    }

    /// Reads a value together with its inner values.
    #[inline(never)]
    fn below(
        &mut self,
        below: Below,
        frame: &mut Frame<'s>,
        doc: &Doc<'a>,
        pos: usize,
    ) -> Scan<Token> {
        let start = skip_space(doc.text, pos);
        let mark = self.slots.len();
        let read = match (below, frame.object, doc.text.get(start)) {
            (Below::Node(node), _, Some(b'{' | b'[')) => self.nested(node, doc, start),
            (Below::Document, Some(object), Some(b'{')) => {
                frame.limit = object.own;
                match &object.document {
                    Some(table) => {
                        self.read_document(object, table, doc, (frame.start, start), true)
                    }
                    None => Err(NotJson),
                }
            }
            _ => Err(NotJson),
        };
        let Ok(end) = read else {
            self.slots.truncate(mark);
            return doc.value(start);
        };
        Ok(Token { start, end, link: link(mark)?, flags: READ })
    }

    /// Reads an object or a list as the node that will write it.
    fn nested(&mut self, node: usize, doc: &Doc<'a>, start: usize) -> Scan<usize> {
        let shape = self.shape;
        match (&shape.nodes[node], doc.text[start]) {
            _ if self.slots.len() > MOST_HELD => Err(NotJson),
            (Node::Object(object), b'{') => self.read(object, doc, start, true),
            (Node::List(list), b'[') => self.read_items(list, doc, start),
            _ => Err(NotJson),
        }
    }

    /// Reads the items of a list. Each has a slot, followed by the slots of its inner values, with
    /// a link to the next item. All items are read or none: the end of an item that is not JSON
    /// is known only when it is written.
    fn read_items(&mut self, list: &ListNode, doc: &Doc<'a>, start: usize) -> Scan<usize> {
        let mut pos = start + 1;
        loop {
            let head = self.slots.len();
            self.slots.push(Token::ABSENT);
            let mut item = self.item(list.item, doc, skip_space(doc.text, pos))?;
            pos = skip_space(doc.text, item.end);
            match doc.text.get(pos) {
                Some(b',') => {
                    item.link = link(self.slots.len())?;
                    self.slots[head] = item;
                }
                Some(b']') => {
                    item.link = 0;
                    self.slots[head] = item;
                    return Ok(pos + 1);
                }
                _ => return Err(NotJson),
            }
            pos += 1;
        }
    }

    fn item(&mut self, node: usize, doc: &Doc<'a>, start: usize) -> Scan<Token> {
        if matches!(doc.text.get(start), Some(b'{' | b'[')) {
            let end = self.nested(node, doc, start)?;
            return Ok(Token { start, end, link: 0, flags: READ });
        }
        let token = doc.value(start)?;
        if token.flags & LOOSE == 0 { Ok(token) } else { Err(NotJson) }
    }
}

pub(crate) fn link(place: usize) -> Scan<u32> {
    u32::try_from(place).map_err(|_| NotJson)
}
