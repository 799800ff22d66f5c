//! A connection that runs statements one behind the other, without waiting for the answers.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use futures_util::TryStreamExt;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{CancelToken, Client, Error, Row, Statement as Prepared};

use crate::counts::Run;
use crate::parameter::Parameter;
use crate::plan::Statement;
use crate::target::Target;
use crate::tls::Connector;

/// Statements that stay prepared on a connection.
const PREPARED: usize = 1_000;

/// Why a statement has no answer here.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused it, or the connection was lost.
    Failed,
    /// Its answer has too many bytes.
    TooLarge,
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
    prepared: Mutex<HashMap<u64, Prepared>>,
    answers: AtomicUsize,
}

impl Lane {
    /// Opens a connection, within the time of the target.
    pub async fn open(target: &Target, tls: Connector) -> Result<Self, Failure> {
        let config = target.config();
        let opened = tokio::time::timeout(target.timeout(), config.connect(tls));
        let (client, connection) = opened.await.map_err(|_| Failure::Failed)??;
        tokio::spawn(async move {
            // Its end is seen by the statements, and by `is_closed`.
            let _ = connection.await;
        });
        Ok(Self { client, prepared: Mutex::default(), answers: AtomicUsize::new(0) })
    }

    /// Whether the connection is lost.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
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
        let prepared = self.prepared(statement).await?;
        let start = Instant::now();
        let answer = self.rows(&prepared, parameters, most).await;
        self.answers.fetch_add(1, Ordering::Relaxed);
        if matches!(answer, Err(Failure::Failed)) {
            // A change of the schema may have made it invalid.
            self.known().remove(&statement.number);
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

    async fn prepared(&self, statement: &Statement) -> Result<Prepared, Failure> {
        if let Some(prepared) = self.known().get(&statement.number) {
            return Ok(prepared.clone());
        }
        let prepared = self.client.prepare(&statement.text).await?;
        let mut known = self.known();
        if known.len() >= PREPARED {
            known.clear();
        }
        known.insert(statement.number, prepared.clone());
        Ok(prepared)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Prepared>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
