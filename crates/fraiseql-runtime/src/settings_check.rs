//! Check of the settings of a connection, which a pooler may have ignored.

use serde::Deserialize;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::faults::reason;

/// A statement that returns the settings as one text, and that text if they are right.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct SettingsCheck(String, String);

impl SettingsCheck {
    /// Compares the settings of a connection.
    ///
    /// # Errors
    /// Says that they differ, or why they could not be read.
    pub async fn of(&self, client: &Client) -> Result<(), String> {
        let Self(statement, expected) = self;
        let messages = client.simple_query(statement).await.map_err(|error| reason(&error))?;
        let settings = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        if settings == Some(expected.as_str()) {
            return Ok(());
        }
        Err("the pooler's server has other settings than the connections of Python".into())
    }
}
