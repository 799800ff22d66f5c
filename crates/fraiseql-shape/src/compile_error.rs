//! The error of a description that cannot be compiled.

use std::fmt;

/// The reason why a description is not that of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError(pub(crate) String);

impl fmt::Display for CompileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for CompileError {}

pub(crate) type Compiled<T> = Result<T, CompileError>;

pub(crate) fn refuse<T>(reason: impl Into<String>) -> Compiled<T> {
    Err(CompileError(reason.into()))
}
