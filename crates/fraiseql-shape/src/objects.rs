//! Rendering of objects: values are read into slots, then written in the requested order.

use crate::doc::Doc;
use crate::leaf::rejection;
use crate::output::append;
use crate::path::PathSegment;
use crate::render::{Outcome, Renderer};
use crate::result::Code;
use crate::scan::{NotJson, READ, Scan, Token};
use crate::shape::{DOCUMENT_SLOT, Field, ObjectNode, Source};

impl<'s, 'a> Renderer<'s, 'a> {
    /// Renders the object that opens at `start`.
    pub fn object(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<(usize, Outcome)> {
        let frame = self.slots.len();
        let end = self.read(object, doc, start, false)?;
        let token = Token { start, end, link: 0, flags: 0 };
        let outcome = self.written(object, node, doc, token, frame)?;
        self.slots.truncate(frame);
        Ok((end, outcome))
    }

    /// Renders the object whose values are in the slots from `frame` on.
    #[inline]
    pub fn written(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &Doc<'a>,
        token: Token,
        frame: usize,
    ) -> Scan<Outcome> {
        match self.inner(object, node, doc, frame)? {
            Outcome::Written => Ok(self.fields(object, doc, token, frame)),
            outcome => Ok(outcome),
        }
    }

    /// Reads the inner document of an object. An object without the key of its document takes
    /// the fields from itself, as objects from resolvers do.
    fn inner(
        &mut self,
        object: &'s ObjectNode,
        node: usize,
        doc: &Doc<'a>,
        frame: usize,
    ) -> Scan<Outcome> {
        let Some(keys) = &object.document else { return Ok(Outcome::Written) };
        let slots = &mut self.slots[frame..][..object.slots];
        let token = slots[DOCUMENT_SLOT];
        if token.flags & READ != 0 {
            return Ok(Outcome::Written);
        }
        if token.is_absent() {
            for (own, inner) in &object.shared {
                // Its inner values were read for another field.
                slots[*inner] = Token { flags: slots[*own].flags & !READ, ..slots[*own] };
            }
            return Ok(Outcome::Written);
        }
        slots[object.own..].fill(Token::ABSENT);
        if token.bytes(doc.text) == b"null" {
            return Ok(Outcome::Written);
        }
        if doc.text[token.start] != b'{' {
            return self.reject(
                rejection(doc.text, token),
                Code::Object,
                node,
                token.bytes(doc.text),
            );
        }
        let end = self.read_document(object, keys, doc, (frame, token.start), false)?;
        if end == token.end { Ok(Outcome::Written) } else { Err(NotJson) }
    }

    /// Renders the fields of an object, whose text is at `token`.
    pub fn fields(
        &mut self,
        object: &'s ObjectNode,
        doc: &Doc<'a>,
        token: Token,
        frame: usize,
    ) -> Outcome {
        let mut sum = Outcome::Written;
        self.out.push(b'{');
        self.path.push(PathSegment::Index(0));
        let depth = self.path.len();
        for field in &object.fields {
            if self.is_full() {
                self.add(&mut sum, Outcome::Stopped);
                break;
            }
            field.prefix.append_to(&mut self.out);
            self.path[depth - 1] = PathSegment::Field(field);
            let outcome = match field.source {
                Source::Typename => Outcome::Written,
                Source::Slot(slot) => self.field(field, doc, self.slots[frame + slot]),
                Source::Stream(stream) => self.stream(field, stream, token.bytes(doc.text)),
            };
            if self.add(&mut sum, outcome) {
                break;
            }
        }
        self.path.pop();
        self.out.push(b'}');
        self.close(sum)
    }

    /// Renders one field of a document; text that is not JSON becomes its error.
    #[inline]
    fn field(&mut self, field: &'s Field, doc: &Doc<'a>, token: Token) -> Outcome {
        let Field { node, nullable, .. } = *field;
        if token.flags & field.as_is != 0 {
            append(&mut self.out, doc.text, token.start, token.end);
            return Outcome::Written;
        }
        let flags = if field.read { token.flags } else { token.flags & !READ };
        let token = Token { flags, ..token };
        let checkpoint = self.checkpoint();
        match self.value_or_null(node, nullable, doc, token) {
            Ok(outcome) => outcome,
            Err(NotJson) => self.recover(checkpoint, node, nullable, token.bytes(doc.text)),
        }
    }
}
