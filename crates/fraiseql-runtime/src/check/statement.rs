//! The statement of a check, on a connection of its own.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

use super::state::{Row, State};
use crate::address::Address;
use crate::tls::Connector;

/// A statement of at most one row, and a cheaper one with a row if and only if it has one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatementPair {
    /// Its number; it says which definitions and roles it compares.
    pub watch: u64,
    /// The cheaper one.
    pub probe: String,
    /// The statement.
    pub statement: String,
}

/// How a connection for checks is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// The address and the initial settings, as JSON.
    pub address: String,
    /// When the server had read its configuration, in microseconds since the year 2000.
    pub loaded: i64,
    /// When the server was started, in microseconds since the year 2000.
    pub started: i64,
}

const PARAMETERS: [Type; 6] =
    [Type::TEXT, Type::INT4, Type::TIMESTAMPTZ, Type::TIMESTAMPTZ, Type::INT8, Type::INT8];

/// A prepared check.
pub(crate) struct Connection {
    client: Client,
    server: Server,
    watch: u64,
    probe: Statement,
    statement: Statement,
    /// Whether the last check had no row: then the probe is sent first.
    probes: bool,
}

impl Connection {
    /// Opens a connection and prepares a check on it.
    pub(crate) async fn open(
        server: &Server,
        pair: &StatementPair,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let address: Address = serde_json::from_str(&server.address)?;
        let tls = Connector::new(address.encryption.as_ref())?;
        let (client, connection) = address.config().connect(tls).await?;
        tokio::spawn(connection);
        client.batch_execute("SET search_path = pg_catalog, pg_temp").await?;
        let (probe, statement) = prepared(&client, pair).await?;
        let (server, watch) = (server.clone(), pair.watch);
        Ok(Self { client, server, watch, probe, statement, probes: false })
    }

    /// Returns whether it is open, and to this server.
    pub(crate) fn is_to(&self, server: &Server) -> bool {
        self.server == *server && !self.client.is_closed()
    }

    /// Returns the number of its statement.
    pub(crate) fn watch(&self) -> u64 {
        self.watch
    }

    /// Uses another statement from the next run on.
    pub(crate) async fn change(
        &mut self,
        pair: &StatementPair,
    ) -> Result<(), tokio_postgres::Error> {
        (self.probe, self.statement) = prepared(&self.client, pair).await?;
        (self.watch, self.probes) = (pair.watch, false);
        Ok(())
    }

    /// Runs the check.
    pub(crate) async fn run(
        &mut self,
        parameters: &Parameters,
    ) -> Result<Option<Row>, tokio_postgres::Error> {
        let loaded = Microseconds(self.server.loaded);
        let started = Microseconds(self.server.started);
        let Parameters { snapshot, backend, planned, read } = parameters;
        let values: [&(dyn ToSql + Sync); 6] =
            [snapshot, backend, &loaded, &started, planned, read];
        if self.probes && self.client.query(&self.probe, &values).await?.is_empty() {
            return Ok(None);
        }
        let rows = self.client.query(&self.statement, &values).await?;
        let row = rows.first().map(decoded).transpose()?;
        self.probes = row.is_none();
        Ok(row)
    }
}

/// Findings of the check before.
#[derive(Debug)]
pub(crate) struct Parameters {
    snapshot: Option<String>,
    backend: Option<i32>,
    planned: Option<i64>,
    read: Option<i64>,
}

impl From<&State> for Parameters {
    fn from(state: &State) -> Self {
        let (snapshot, backend, (planned, read)) = state.parameters();
        Self { snapshot: snapshot.map(str::to_owned), backend, planned, read }
    }
}

async fn prepared(
    client: &Client,
    pair: &StatementPair,
) -> Result<(Statement, Statement), tokio_postgres::Error> {
    let probe = client.prepare_typed(&pair.probe, &PARAMETERS).await?;
    let statement = client.prepare_typed(&pair.statement, &PARAMETERS).await?;
    Ok((probe, statement))
}

fn decoded(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    Ok(Row {
        snapshot: row.try_get("snapshot")?,
        tags: row.try_get("tags")?,
        backend: row.try_get("backend")?,
        steady: row.try_get::<_, Option<bool>>("steady")?.unwrap_or(false),
        definitions: (row.try_get("planned")?, row.try_get("read")?),
    })
}

/// An instant, in microseconds since the year 2000: the form of the protocol.
#[derive(Debug)]
struct Microseconds(i64);

impl ToSql for Microseconds {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0.to_be_bytes());
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}
