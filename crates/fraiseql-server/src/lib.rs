//! HTTP connections of one process: answers from the runtime, or hands connections to Python.
//!
//! One thread accepts connections and reads requests. A plain request for the path of GraphQL goes
//! to the engine. For all else the connection itself is handed over: Python gets the socket and the
//! received bytes, serves it with its own parser and limits, and gives it back after a response.
//! So there is no second HTTP parser that decides about unusual requests, and no proxy.

mod answers;
mod connection;
mod events;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod head;
mod options;
mod reply;
mod server;
mod shared;

pub use answers::Answers;
pub use events::{Access, Event, HandOver};
pub use options::Options;
pub use server::Server;
