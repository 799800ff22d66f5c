//! Faults of a render, and recovery after text that is not JSON.

use crate::path::PathSegment;
use crate::render::{Outcome, Renderer};
use crate::result::{Code, Detail, RenderError, Step};

/// Characters of the offending text in an error.
const DETAIL_CHARACTERS: usize = 80;

/// The state of a render before a value.
#[derive(Clone, Copy)]
pub(crate) struct Checkpoint {
    out: usize,
    slots: usize,
    path: usize,
    silent: usize,
}

impl Renderer<'_, '_> {
    #[inline]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            out: self.out.len(),
            slots: self.slots.len(),
            path: self.path.len(),
            silent: self.silent,
        }
    }

    /// Undoes the rendering of a value whose text is not JSON, and records the fault.
    #[cold]
    pub fn recover(
        &mut self,
        checkpoint: Checkpoint,
        node: usize,
        nullable: bool,
        text: &[u8],
    ) -> Outcome {
        self.out.truncate(checkpoint.out);
        self.slots.truncate(checkpoint.slots);
        self.path.truncate(checkpoint.path);
        self.silent = checkpoint.silent;
        self.fault(Code::Json, node, text);
        self.null_if_allowed(Outcome::Stopped, nullable, checkpoint.out)
    }

    /// Records a fault of the value at the current path.
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
    // A character has four bytes at most; a byte that is not UTF-8 becomes one character.
    let head = &text[..text.len().min(DETAIL_CHARACTERS * 4 + 4)];
    String::from_utf8_lossy(head).chars().take(DETAIL_CHARACTERS).collect()
}
