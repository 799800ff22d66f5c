//! What answers requests.

use std::future::Future;
use std::sync::Arc;

use fraiseql_runtime::{Engine, Request, Response};

/// Answers the requests that it knows.
pub trait Answers: Send + Sync + 'static {
    /// Returns the response, or `None` where Python has to answer.
    ///
    /// The future is dropped when the client has gone.
    fn answer(&self, request: &Request) -> impl Future<Output = Option<Response>> + Send;

    /// Notes that Python gets a request that was not asked about.
    fn unread(&self) {}
}

impl Answers for Arc<Engine> {
    fn answer(&self, request: &Request) -> impl Future<Output = Option<Response>> + Send {
        Engine::answer(self, request)
    }

    fn unread(&self) {
        Engine::unread(self);
    }
}
