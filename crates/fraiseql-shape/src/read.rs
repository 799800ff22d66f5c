//! Reading objects into slots: in one pass, with the objects and lists inside that are asked for.
//! Text that is not JSON inside of an object is passed over here, and met again when it is written.

use std::sync::Arc;

use crate::doc::Doc;
use crate::keys::{Below, KeyOrder, KeyTable, Met, read_key};
use crate::render::Renderer;
use crate::scan::{Broken, LOOSE, READ, Scan, Token, skip_space};
use crate::shape::{ListNode, Node, ObjectNode};

/// What is inside of an object is not read at once any more when so many values are held.
const MOST_HELD: usize = 1 << 16;

/// The slots of the object that is being read.
pub(crate) struct Frame<'s> {
    start: usize,
    /// Values of slots from here on are dropped: the document answers for these.
    limit: usize,
    object: Option<&'s ObjectNode>,
    /// Whether the object's end was or will be found without reading it, too.
    inside: bool,
}

impl<'s, 'a> Renderer<'s, 'a> {
    /// Reads the object that opens at `start` into new slots; gives where the object ends.
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

    /// Reads the one key of a table that has no object.
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
        // Out of its place, so that more can be read meanwhile: no table is read inside of itself.
        let mut order = self.orders[table.id].take().unwrap_or_default();
        let end = self.each_member(table, &mut order, &mut frame, doc, start);
        self.orders[table.id] = Some(order);
        end
    }

    /// Of a key that comes twice the last value stays.
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
            let met = match order.expected(next, doc.text, pos, first) {
                Some(met) => met,
                None if doc.text.get(pos) == Some(&b'}') => return Ok(pos + 1),
                None => match self.unexpected(table, order, next, doc, (pos, first))? {
                    Some(met) => met,
                    None => return Ok(skip_space(doc.text, pos) + 1),
                },
            };
            next = met.next;
            let token = match met.target.below {
                Below::Nothing => doc.value(met.value)?,
                below => self.below(below, frame, doc, met.value)?,
            };
            if token.flags & LOOSE != 0 && frame.inside {
                return Err(Broken);
            }
            if met.target.slot < frame.limit {
                self.slots[frame.start + met.target.slot] = token;
            }
            pos = token.end;
        }
    }

    /// The key at `pos`, which is not the one expected there; nothing where the object closes.
    #[inline(never)]
    fn unexpected(
        &mut self,
        table: &KeyTable,
        order: &mut Arc<KeyOrder>,
        next: usize,
        doc: &Doc<'a>,
        (pos, first): (usize, bool),
    ) -> Scan<Option<Met>> {
        if let Some(met) = order.ahead(next, doc.text, pos, first) {
            return Ok(Some(met));
        }
        let Some((target, value)) = read_key(table, doc, pos, first)? else { return Ok(None) };
        if order.has_room(value - pos) {
            Arc::make_mut(order).learn(next, &doc.text[pos..value], first, target);
            self.learned = true;
            return Ok(Some(Met { target, value, next: next + 1 }));
        }
        Ok(Some(Met { target, value, next }))
    }

    /// A value of which more is wanted than where it is.
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
                    None => Err(Broken),
                }
            }
            _ => Err(Broken),
        };
        let Ok(end) = read else {
            self.slots.truncate(mark);
            return doc.value(start);
        };
        Ok(Token { start, end, link: link(mark)?, flags: READ })
    }

    /// Reads an object or a list as the node that it will be written as.
    fn nested(&mut self, node: usize, doc: &Doc<'a>, start: usize) -> Scan<usize> {
        let shape = self.shape;
        match (&shape.nodes[node], doc.text[start]) {
            _ if self.slots.len() > MOST_HELD => Err(Broken),
            (Node::Object(object), b'{') => self.read(object, doc, start, true),
            (Node::List(list), b'[') => self.read_items(list, doc, start),
            _ => Err(Broken),
        }
    }

    /// Reads the items of a list: each has a slot of its own, which is followed by the slots of
    /// what is inside and tells where the next one is. All of them are read or none: where an
    /// item ends that is not JSON is known only when it is written.
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
                _ => return Err(Broken),
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
        if token.flags & LOOSE == 0 { Ok(token) } else { Err(Broken) }
    }
}

pub(crate) fn link(place: usize) -> Scan<u32> {
    u32::try_from(place).map_err(|_| Broken)
}
