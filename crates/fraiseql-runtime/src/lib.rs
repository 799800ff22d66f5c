//! Repeated GraphQL requests, answered from plans that Python made.
//!
//! No HTTP server and no Python: `fraiseql-server` calls [`Engine::answer`] for each request, and
//! hands the request over to Python where it returns nothing. Python stays the oracle: each answer
//! is, byte for byte, the one that Python would give.

mod address;
mod check;
mod connected;
mod counts;
mod cursor;
mod engine;
mod faults;
mod headers;
mod identities;
mod identity;
mod json;
mod lane;
mod lanes;
mod live;
mod memory;
mod message;
mod operation;
mod outcomes;
mod parameter;
mod pipeline;
mod place;
mod plan;
mod plans;
mod prepared;
mod rest;
mod rows;
mod settings;
mod settings_check;
mod target;
mod template;
mod tls;

pub use check::{Server, StatementPair};
pub use engine::Engine;
pub use memory::{Counts, Drained, Hits, NewValue, Totals};
pub use message::{Header, Method, Request, Response};
