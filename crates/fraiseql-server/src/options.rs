//! Limits and texts of the server, which Python decides.

use std::time::Duration;

use bytes::Bytes;

/// Options of one server.
#[derive(Clone, Debug)]
pub struct Options {
    /// The path of GraphQL, as clients write it.
    pub path: Bytes,
    /// Most open connections, those that Python serves among them.
    pub connections: usize,
    /// The response to a connection above that limit.
    pub busy: Bytes,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
    /// How long a client may take to send a request or to read a response before Python serves it.
    pub patience: Duration,
    /// Most bytes of responses that wait here for clients; above, they wait in Python.
    pub unsent: usize,
    /// Whether Python logs the requests that are answered here.
    pub access_log: bool,
}

/// Most bytes of the headers of a request that is answered here.
pub(crate) const HEAD_BYTES: usize = 16 * 1024;

/// Most bytes of the body of a request that is answered here.
pub(crate) const BODY_BYTES: usize = 64 * 1024;
