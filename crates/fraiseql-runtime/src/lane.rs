//! A connection that runs one statement at a time.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::future::try_join4;
use futures_util::{FutureExt, TryFutureExt, TryStreamExt};
use tokio_postgres::{CancelToken, Client, Statement as Prepared};

use crate::connected::Connected;
use crate::counts::Run;
use crate::faults::reason;
use crate::identity::Setting;
use crate::parameter::Parameter;
use crate::plan::Statement;
use crate::prepared::{Key, Statements};
use crate::rows::{Document, Failure, Rows};
use crate::target::Target;
use crate::tls::Connector;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Lane {
    client: Client,
    prepared: Mutex<Statements<Prepared>>,
}

impl Connected for Lane {
    async fn open(target: &Target, tls: Connector) -> Result<Self, String> {
        let opened = tokio::time::timeout(target.timeout(), Self::opened(target, tls));
        let late = |_| format!("no answer within {} s", target.timeout().as_secs_f64());
        let client = opened.await.map_err(late)??;
        Ok(Self { client, prepared: Mutex::new(Statements::new(target.prepared_bytes)) })
    }

    fn is_closed(&self) -> bool {
        self.client.is_closed()
    }
}

impl Lane {
    async fn opened(target: &Target, tls: Connector) -> Result<Client, String> {
        let connected = target.config().connect(tls).await;
        let (client, connection) = connected.map_err(|error| reason(&error))?;
        tokio::spawn(async move {
            // Its end is seen by the statements, and by `is_closed`.
            let _ = connection.await;
        });
        if let Some(check) = &target.check {
            check.of(&client).await?;
        }
        Ok(client)
    }

    /// Whether all that was sent has been answered, once it has.
    pub async fn has_settled(&self) -> bool {
        self.client.batch_execute("").await.is_ok()
    }

    /// Cancels the running statement.
    pub fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
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
        let answer = self.rows(&prepared, parameters, most).await;
        if matches!(answer, Err(Failure::Failed)) {
            // A change of the schema may have made it invalid.
            self.known().remove(&key);
        }
        let (documents, bytes) = answer?;
        let run = Run { duration: start.elapsed(), rows: documents.len(), bytes };
        Ok(Rows { documents, run })
    }

    async fn rows(
        &self,
        prepared: &Prepared,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<(Vec<Document>, usize), Failure> {
        let mut stream = pin!(self.client.query_raw(prepared, parameters.iter()).await?);
        let mut documents = Vec::new();
        let mut bytes = 0;
        while let Some(row) = stream.try_next().await? {
            let document = Document::Row(row);
            bytes += document.bytes()?.map_or(0, <[u8]>::len);
            if bytes > most {
                return Err(Failure::TooLarge);
            }
            documents.push(document);
        }
        Ok((documents, bytes))
    }

    /// Runs a statement in a transaction that has an identity.
    ///
    /// The end of the transaction undoes all that was set in it, also by functions. The rows count
    /// only if all steps succeeded, so that none is read under another identity.
    pub async fn run_as(
        &self,
        setting: &Setting,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<Rows, Failure> {
        let set = self.prepared(&Key::Setting(Arc::clone(&setting.text)), &setting.text).await?;
        let set = (&set, setting.values.as_slice());
        let key = Key::Read(setting.role.clone(), statement.number);
        let known = self.known().get(&key);
        let prepared = if let Some(prepared) = known {
            prepared
        } else {
            // Under the identity, since the role decides which names it finds.
            self.check(&statement.text)?;
            let prepare = self.client.prepare(&statement.text).map_err(Failure::from);
            self.keep(&key, &statement.text, self.transaction(set, prepare).await?)
        };
        let start = Instant::now();
        let answer = self.transaction(set, self.rows(&prepared, parameters, most)).await;
        if matches!(answer, Err(Failure::Failed)) {
            self.known().remove(&key);
        }
        let (documents, bytes) = answer?;
        let run = Run { duration: start.elapsed(), rows: documents.len(), bytes };
        Ok(Rows { documents, run })
    }

    /// Does work in a transaction that has an identity; all messages are sent at once.
    async fn transaction<T>(
        &self,
        (set, values): (&Prepared, &[String]),
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let opening = self.client.batch_execute("BEGIN READ ONLY").map(Ok);
        let set = self.client.execute_raw(set, values).map(Ok);
        // The rest of an answer that is too large is not waited for.
        let work = work.map(|result| match result {
            Err(Failure::TooLarge) => Err(Failure::TooLarge),
            result => Ok(result),
        });
        let end = self.client.batch_execute("ROLLBACK").map_err(|_| Failure::Open);
        let (is_open, is_set, result, ()) = try_join4(opening, set, work, end).await?;
        is_open?;
        is_set?;
        result
    }

    async fn prepared(&self, key: &Key, text: &str) -> Result<Prepared, Failure> {
        if let Some(prepared) = self.known().get(key) {
            return Ok(prepared);
        }
        self.check(text)?;
        Ok(self.keep(key, text, Box::pin(self.client.prepare(text)).await?))
    }

    /// Leaves a statement to Python that is too long to stay prepared.
    fn check(&self, text: &str) -> Result<(), Failure> {
        if self.known().takes(text) { Ok(()) } else { Err(Failure::Failed) }
    }

    fn keep(&self, key: &Key, text: &str, prepared: Prepared) -> Prepared {
        self.known().put(key.clone(), text, prepared.clone());
        prepared
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Statements<Prepared>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
