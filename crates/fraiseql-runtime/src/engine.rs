//! The engine of one process: plans, connections and values in memory.

use crate::memory::Hits;
use crate::message::{Request, Response};

/// Answers requests for which it has a plan or a value.
///
/// One engine belongs to one process. The thread of the server calls it; Python changes its plans
/// from another thread.
#[derive(Debug, Default)]
pub struct Engine {
    hits: Hits,
}

impl Engine {
    /// Returns an engine without plans, which answers nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the response, or `None` where Python has to answer.
    ///
    /// Python answers whatever is not known here: a document without a plan, a variable in an
    /// unexpected form, an error of the database.
    pub async fn answer(&self, request: &Request) -> Option<Response> {
        self.hits.answer(request).await
    }

    /// Returns the exact responses in memory.
    #[must_use]
    pub fn hits(&self) -> &Hits {
        &self.hits
    }
}
