//! A connection that runs the reads of many requests in one round trip.

mod driver;
mod opening;
mod queue;
mod replies;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::connected::Connected;
use crate::counts::Run;
use crate::parameter::Parameter;
use crate::plan::Statement;
use crate::prepared::{Key, Statements};
use crate::rows::{Document, Failure, Rows};
use crate::target::Target;
use crate::tls::Connector;

use queue::{Company, Prepared, Queue};

/// An open connection for reads that take a short time.
///
/// All reads that wait are sent at once, and run in one transaction: `PostgreSQL` takes a snapshot
/// for each, and answers all of them with one write. While two transactions run, those that come
/// wait for the next. A read counts only if its transaction succeeds.
#[derive(Debug)]
pub(crate) struct Pipeline {
    queue: Arc<Queue>,
    prepared: Mutex<Statements<Arc<Prepared>>>,
}

impl Connected for Pipeline {
    async fn open(target: &Target, tls: Connector) -> Result<Self, String> {
        let opened = tokio::time::timeout(target.timeout(), opening::open(target, tls.clone()));
        let late = |_| format!("no answer within {} s", target.timeout().as_secs_f64());
        let (wire, token) = opened.await.map_err(late)??;
        let queue = Arc::new(Queue::default());
        let cancel = opening::Cancel::new(token, target.address.clone(), tls);
        tokio::spawn(driver::run(wire, Arc::clone(&queue), cancel));
        let prepared = Mutex::new(Statements::new(target.prepared_bytes));
        Ok(Self { queue, prepared })
    }

    fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

impl Pipeline {
    /// Whether reads that come now are sent at once.
    pub fn is_free(&self) -> bool {
        self.queue.is_free()
    }

    /// Runs a statement, and returns its rows of at most `most` bytes.
    pub async fn run(
        &self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<Rows, Failure> {
        let key = Key::Read(None, statement.number);
        let prepared = self.prepared(&key, &statement.text).await?;
        let start = Instant::now();
        let mut answer = self.queue.read(&prepared, parameters, Company::Others)?.await;
        if matches!(answer, Ok(Err(Failure::Undone))) {
            answer = self.queue.read(&prepared, parameters, Company::None)?.await;
        }
        let answer = answer.unwrap_or(Err(Failure::Failed));
        if answer == Err(Failure::Failed) {
            // A change of the schema may have made it invalid.
            self.known().remove(&key);
        }
        let documents = answer?;
        let bytes = documents.iter().flatten().map(bytes::Bytes::len).sum();
        if bytes > most {
            return Err(Failure::TooLarge);
        }
        let run = Run { duration: start.elapsed(), rows: documents.len(), bytes };
        Ok(Rows { documents: documents.into_iter().map(Document::Bytes).collect(), run })
    }

    async fn prepared(&self, key: &Key, text: &str) -> Result<Arc<Prepared>, Failure> {
        if let Some(prepared) = self.known().get(key) {
            return Ok(prepared);
        }
        if !self.known().takes(text) {
            return Err(Failure::Failed);
        }
        let prepared = Arc::new(Box::pin(self.queue.prepare(text)).await?);
        self.known().put(key.clone(), text, Arc::clone(&prepared));
        Ok(prepared)
    }

    fn known(&self) -> MutexGuard<'_, Statements<Arc<Prepared>>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.queue.end();
    }
}
