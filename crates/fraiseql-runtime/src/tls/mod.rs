//! Encrypted connections to `PostgreSQL`.
//!
//! Python has connected before: its connection says whether there is encryption, and its settings
//! say how the server is verified. So nothing is negotiated here, and nothing is less strict.

mod binding;
mod connector;
mod der;
mod encryption;
mod stream;
mod verifier;

pub(crate) use connector::Connector;
pub(crate) use encryption::Encryption;
