//! The server of the connections, and how many there are.

use std::time::Duration;

use serde::Deserialize;
use tokio_postgres::Config;

use crate::address::Address;
use crate::settings_check::SettingsCheck;

/// Where and how connections are opened.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub address: Address,
    /// Of each connection; `None` where its settings are those that it asks for.
    pub check: Option<SettingsCheck>,
    connect_seconds: f64,
    /// Seconds after which a statement is left to Python; `None` for no limit.
    longest_seconds: Option<f64>,
    /// Most bytes of SQL that stay prepared on a connection.
    pub prepared_bytes: usize,
    /// Connections for reads by key, and for all other statements.
    pub key_connections: usize,
    pub connections: usize,
}

impl Target {
    /// The configuration of the driver.
    pub fn config(&self) -> Config {
        let mut config = self.address.config();
        config.connect_timeout(self.timeout());
        config
    }

    /// The time in which a connection has to be open.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.connect_seconds).unwrap_or(Duration::from_secs(10))
    }

    /// The time in which a statement has to be answered.
    pub fn longest(&self) -> Duration {
        let seconds = self.longest_seconds.map(Duration::try_from_secs_f64);
        seconds.and_then(Result::ok).unwrap_or(Duration::MAX)
    }
}
