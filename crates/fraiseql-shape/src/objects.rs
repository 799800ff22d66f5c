//! Rendering objects: their values are read into slots, then written in the order asked for.

use crate::faults::Place;
use crate::keys::fill;
use crate::leaf::refusal;
use crate::output::append;
use crate::render::{Fate, Renderer};
use crate::result::Code;
use crate::scan::{Broken, Scan, Token};
use crate::shape::{DOCUMENT_SLOT, Field, ObjectNode, Source};

impl<'s, 'a> Renderer<'s, 'a> {
    /// The object that opens at `start`.
    pub fn object(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &'a [u8],
        start: usize,
    ) -> Scan<(usize, Fate)> {
        let frame = self.slots.len();
        self.slots.resize(frame + object.slots, Token::ABSENT);
        let order = &mut self.orders[object.keys.id];
        let end = fill(&object.keys, order, &mut self.slots[frame..], doc, start)?;
        let fate = match self.inner(object, node, doc, frame)? {
            Fate::Kept => self.fields(object, doc, Token { start, end, flags: 0 }, frame),
            fate => fate,
        };
        self.slots.truncate(frame);
        Ok((end, fate))
    }

    /// Reads the document inside an object that has one. An object without the document's key
    /// answers for it, as objects do that were not read from the database.
    fn inner(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &'a [u8],
        frame: usize,
    ) -> Scan<Fate> {
        let Some(keys) = &object.document else { return Ok(Fate::Kept) };
        let slots = &mut self.slots[frame..];
        let token = slots[DOCUMENT_SLOT];
        if token.is_absent() {
            object.shared.iter().for_each(|(own, inner)| slots[*inner] = slots[*own]);
            return Ok(Fate::Kept);
        }
        slots[object.own..].fill(Token::ABSENT);
        if token.bytes(doc) == b"null" {
            return Ok(Fate::Kept);
        }
        if doc[token.start] != b'{' {
            return self.refused(refusal(doc, token), Code::Object, node, token.bytes(doc));
        }
        let end = fill(keys, &mut self.orders[keys.id], slots, doc, token.start)?;
        if end == token.end { Ok(Fate::Kept) } else { Err(Broken) }
    }

    /// The fields of an object, of which `token` is the whole text.
    pub fn fields(
        &mut self,
        object: &'s ObjectNode,
        doc: &'a [u8],
        token: Token,
        frame: usize,
    ) -> Fate {
        let mut sum = Fate::Kept;
        self.out.push(b'{');
        self.path.push(Place::Index(0));
        let depth = self.path.len();
        for field in &object.fields {
            field.prefix.append_to(&mut self.out);
            self.path[depth - 1] = Place::Field(field);
            let fate = match field.source {
                Source::Typename => Fate::Kept,
                Source::Slot(slot) => self.field(field, doc, self.slots[frame + slot]),
                Source::Stream(stream) => self.stream(field, stream, token.bytes(doc)),
            };
            if self.add(&mut sum, fate) {
                break;
            }
        }
        self.path.pop();
        self.out.push(b'}');
        self.close(sum)
    }

    /// One field of a document, where a text that is not JSON becomes an error.
    #[inline]
    fn field(&mut self, field: &'s Field, doc: &'a [u8], token: Token) -> Fate {
        let Field { node, nullable, plain, .. } = *field;
        if plain && token.flags == 0 && doc[token.start] == b'"' && !token.is_absent() {
            append(&mut self.out, doc, token.start, token.end);
            return Fate::Kept;
        }
        let marks = self.marks();
        match self.place(node, nullable, doc, token) {
            Ok(fate) => fate,
            Err(Broken) => self.broken(marks, node, nullable, token.bytes(doc)),
        }
    }
}
