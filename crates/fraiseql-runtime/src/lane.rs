//! A connection that runs statements one behind the other, without waiting for the answers.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::future::try_join4;
use futures_util::{FutureExt, TryFutureExt, TryStreamExt};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{CancelToken, Client, Error, Row, Statement as Prepared};

use crate::counts::Run;
use crate::faults::reason;
use crate::identity::Setting;
use crate::parameter::Parameter;
use crate::plan::Statement;
use crate::prepared::{Key, Statements};
use crate::target::Target;
use crate::tls::Connector;

/// Why a statement has no answer here.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused it, or the connection was lost.
    Failed,
    /// Its answer has too many bytes.
    TooLarge,
    /// Its transaction may not have ended.
    Open,
}

impl From<Error> for Failure {
    fn from(_error: Error) -> Self {
        Self::Failed
    }
}

/// The rows of a statement, and how it ran.
#[derive(Debug)]
pub(crate) struct Rows {
    pub rows: Vec<Row>,
    pub run: Run,
}

/// The bytes of a value of any type.
pub(crate) struct Document<'a>(pub Option<&'a [u8]>);

impl<'a> FromSql<'a> for Document<'a> {
    fn from_sql(
        _ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_ty: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::BYTEA
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Lane {
    client: Client,
    prepared: Mutex<Statements>,
    answers: AtomicUsize,
}

impl Lane {
    /// Opens a connection, within the time of the target.
    ///
    /// # Errors
    /// Says why that failed.
    pub async fn open(target: &Target, tls: Connector) -> Result<Self, String> {
        let opened = tokio::time::timeout(target.timeout(), Self::opened(target, tls));
        let late = |_| format!("no answer within {} s", target.timeout().as_secs_f64());
        let client = opened.await.map_err(late)??;
        Ok(Self {
            client,
            prepared: Mutex::new(Statements::new(target.prepared_bytes)),
            answers: AtomicUsize::new(0),
        })
    }

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

    /// Whether the connection is lost.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Whether all that was sent has been answered, once it has.
    pub async fn has_settled(&self) -> bool {
        self.client.batch_execute("").await.is_ok()
    }

    /// The number of statements that were answered.
    pub fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
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
        self.answers.fetch_add(1, Ordering::Relaxed);
        if matches!(answer, Err(Failure::Failed)) {
            // A change of the schema may have made it invalid.
            self.known().remove(&key);
        }
        let (rows, bytes) = answer?;
        let run = Run { duration: start.elapsed(), rows: rows.len(), bytes };
        Ok(Rows { rows, run })
    }

    async fn rows(
        &self,
        prepared: &Prepared,
        parameters: &[Parameter<'_>],
        most: usize,
    ) -> Result<(Vec<Row>, usize), Failure> {
        let mut stream = pin!(self.client.query_raw(prepared, parameters.iter()).await?);
        let mut rows = Vec::new();
        let mut bytes = 0;
        while let Some(row) = stream.try_next().await? {
            let document: Document<'_> = row.try_get(0)?;
            bytes += document.0.map_or(0, <[u8]>::len);
            if bytes > most {
                return Err(Failure::TooLarge);
            }
            rows.push(row);
        }
        Ok((rows, bytes))
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
        let (rows, bytes) = answer?;
        let run = Run { duration: start.elapsed(), rows: rows.len(), bytes };
        Ok(Rows { rows, run })
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

    fn known(&self) -> std::sync::MutexGuard<'_, Statements> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
