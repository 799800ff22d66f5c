//! Noting faults: where they are, what stands there, and going on after text that is not JSON.

use crate::path::PathSegment;
use crate::render::{Outcome, Renderer};
use crate::result::{Code, Detail, RenderError, Step};

/// How many characters of the offending text are kept.
const DETAIL_CHARACTERS: usize = 80;

/// What a render looked like before a value.
#[derive(Clone, Copy)]
pub(crate) struct Marks {
    out: usize,
    slots: usize,
    path: usize,
    silent: usize,
}

impl Renderer<'_, '_> {
    #[inline]
    pub fn marks(&self) -> Marks {
        Marks {
            out: self.out.len(),
            slots: self.slots.len(),
            path: self.path.len(),
            silent: self.silent,
        }
    }

    /// Takes back what was done for a value whose text is not JSON, and notes that as its fault.
    #[cold]
    pub fn broken(&mut self, marks: Marks, node: usize, nullable: bool, text: &[u8]) -> Outcome {
        self.out.truncate(marks.out);
        self.slots.truncate(marks.slots);
        self.path.truncate(marks.path);
        self.silent = marks.silent;
        self.fault(Code::Json, node, text);
        self.null_if_allowed(Outcome::Stopped, nullable, marks.out)
    }

    /// Notes a fault of the value at the present place.
    #[cold]
    pub fn fault(&mut self, code: Code, node: usize, text: &[u8]) {
        self.note(code, node, Detail::Text(excerpt(text)));
    }

    #[cold]
    pub fn note(&mut self, code: Code, node: usize, detail: Detail) {
        if self.silent > 0 {
            return;
        }
        let nearest = self.path.iter().rev().find_map(|place| match place {
            PathSegment::Field(field) => Some(field.id),
            PathSegment::Index(_) => None,
        });
        let path = self.path.iter().map(|place| match place {
            PathSegment::Field(field) => Step::Key(field.key.clone()),
            PathSegment::Index(index) => Step::Index(*index),
        });
        self.errors.push(RenderError {
            field: nearest.unwrap_or_default(),
            code,
            path: path.collect(),
            detail,
            type_name: self.shape.type_name(node).into(),
        });
    }
}

/// The beginning of a text, cut between two characters.
fn excerpt(text: &[u8]) -> String {
    // No character takes more than four bytes, and a bad byte becomes one character.
    let head = &text[..text.len().min(DETAIL_CHARACTERS * 4 + 4)];
    String::from_utf8_lossy(head).chars().take(DETAIL_CHARACTERS).collect()
}
