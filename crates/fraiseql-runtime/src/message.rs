//! Requests and responses, independent of the HTTP server.

use bytes::Bytes;

/// A header: its name in lower case, and its value.
pub type Header = (Bytes, Bytes);

/// The method of a request that may be answered here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// A GET: the operation is in the query string.
    Get,
    /// A POST: the operation is in the body.
    Post,
}

/// A request for the path of GraphQL, with its whole body.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The raw query string, without the question mark.
    pub query: Bytes,
    /// The headers in their order; a name may repeat.
    pub headers: Vec<Header>,
    /// The body; empty for a GET.
    pub body: Bytes,
}

/// A response, without the headers that the server adds (`date`).
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in their order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Bytes,
}
