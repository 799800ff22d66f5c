//! The rows of a statement.

use bytes::Bytes;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Error, Row};

use crate::counts::Run;

/// Why a statement has no answer here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// The server refused it, or the connection was lost.
    Failed,
    /// Its answer has too many bytes.
    TooLarge,
    /// Its transaction may not have ended.
    Open,
    /// Another statement of its transaction failed.
    Undone,
    /// The connection had no answer for long.
    Stalled,
}

impl From<Error> for Failure {
    fn from(_error: Error) -> Self {
        Self::Failed
    }
}

/// The rows of a statement, and how it ran.
#[derive(Debug)]
pub(crate) struct Rows {
    pub documents: Vec<Document>,
    pub run: Run,
}

/// The document of a row.
#[derive(Debug)]
pub(crate) enum Document {
    /// It is the first column of a row.
    Row(Row),
    Bytes(Option<Bytes>),
}

impl Document {
    /// Its bytes; `None` for SQL's null.
    ///
    /// # Errors
    /// The column has another type.
    pub fn bytes(&self) -> Result<Option<&[u8]>, Failure> {
        match self {
            Self::Row(row) => {
                let column: Column<'_> = row.try_get(0)?;
                Ok(column.0)
            }
            Self::Bytes(bytes) => Ok(bytes.as_deref()),
        }
    }
}

/// The bytes of a value.
struct Column<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Column<'a> {
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
