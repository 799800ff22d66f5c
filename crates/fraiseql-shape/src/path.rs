//! The path from the root to the value that is being rendered.

use crate::shape::Field;

/// One step of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PathSegment<'s> {
    Field(&'s Field),
    Index(usize),
}
