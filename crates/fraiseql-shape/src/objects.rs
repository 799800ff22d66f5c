//! Rendering objects: their values are read into slots, then written in the order asked for.

use crate::doc::Doc;
use crate::faults::Place;
use crate::leaf::refusal;
use crate::output::append;
use crate::render::{Fate, Renderer};
use crate::result::Code;
use crate::scan::{Broken, READ, Scan, Token};
use crate::shape::{DOCUMENT_SLOT, Field, ObjectNode, Source};

impl<'s, 'a> Renderer<'s, 'a> {
    /// The object that opens at `start`.
    pub fn object(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<(usize, Fate)> {
        let frame = self.slots.len();
        let end = self.read(object, doc, start, false)?;
        let token = Token { start, end, link: 0, flags: 0 };
        let fate = self.written(object, node, doc, token, frame)?;
        self.slots.truncate(frame);
        Ok((end, fate))
    }

    /// The object whose values are in the slots from `frame` on.
    #[inline]
    pub fn written(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &Doc<'a>,
        token: Token,
        frame: usize,
    ) -> Scan<Fate> {
        match self.inner(object, node, doc, frame)? {
            Fate::Kept => Ok(self.fields(object, doc, token, frame)),
            fate => Ok(fate),
        }
    }

    /// Reads the document inside an object that has one. An object without the document's key
    /// answers for it, as objects do that were not read from the database.
    fn inner(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &Doc<'a>,
        frame: usize,
    ) -> Scan<Fate> {
        let Some(keys) = &object.document else { return Ok(Fate::Kept) };
        let slots = &mut self.slots[frame..][..object.slots];
        let token = slots[DOCUMENT_SLOT];
        if token.flags & READ != 0 {
            return Ok(Fate::Kept);
        }
        if token.is_absent() {
            for (own, inner) in &object.shared {
                // What was read inside of it was read for another field.
                slots[*inner] = Token { flags: slots[*own].flags & !READ, ..slots[*own] };
            }
            return Ok(Fate::Kept);
        }
        slots[object.own..].fill(Token::ABSENT);
        if token.bytes(doc.text) == b"null" {
            return Ok(Fate::Kept);
        }
        if doc.text[token.start] != b'{' {
            return self.refused(
                refusal(doc.text, token),
                Code::Object,
                node,
                token.bytes(doc.text),
            );
        }
        let end = self.read_document(object, keys, doc, (frame, token.start), false)?;
        if end == token.end { Ok(Fate::Kept) } else { Err(Broken) }
    }

    /// The fields of an object, of which `token` is the whole text.
    pub fn fields(
        &mut self,
        object: &'s ObjectNode,
        doc: &Doc<'a>,
        token: Token,
        frame: usize,
    ) -> Fate {
        let mut sum = Fate::Kept;
        self.out.push(b'{');
        self.path.push(Place::Index(0));
        let depth = self.path.len();
        for field in &object.fields {
            if self.is_full() {
                self.add(&mut sum, Fate::Stopped);
                break;
            }
            field.prefix.append_to(&mut self.out);
            self.path[depth - 1] = Place::Field(field);
            let fate = match field.source {
                Source::Typename => Fate::Kept,
                Source::Slot(slot) => self.field(field, doc, self.slots[frame + slot]),
                Source::Stream(stream) => self.stream(field, stream, token.bytes(doc.text)),
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
    fn field(&mut self, field: &'s Field, doc: &Doc<'a>, token: Token) -> Fate {
        let Field { node, nullable, .. } = *field;
        if token.flags & field.as_is != 0 {
            append(&mut self.out, doc.text, token.start, token.end);
            return Fate::Kept;
        }
        let flags = if field.read { token.flags } else { token.flags & !READ };
        let token = Token { flags, ..token };
        let marks = self.marks();
        match self.place(node, nullable, doc, token) {
            Ok(fate) => fate,
            Err(Broken) => self.broken(marks, node, nullable, token.bytes(doc.text)),
        }
    }
}
