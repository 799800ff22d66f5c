//! Rendering of JSON documents into the text of a GraphQL response, in one pass without a tree.
//! A shape is compiled once for an operation and renders the documents of each request.

mod blocks;
mod check;
mod compile;
mod compile_error;
mod depth;
mod description;
mod doc;
mod faults;
mod inside;
mod keys;
mod leaf;
mod lists;
mod moment;
mod number;
mod objects;
mod output;
mod path;
mod read;
mod render;
mod result;
mod scan;
mod shape;
mod slots;
mod streams;
mod swar;
mod text;

pub use check::check_json;
pub use compile_error::CompileError;
pub use depth::MAX_DEPTH;
pub use result::{
    Code, Detail, Element, Item, RenderError, Rendered, Step, Stream, StreamTooShort,
};
pub use shape::Shape;
