//! The server of the connections, as Python has resolved it.

use std::time::Duration;

use serde::Deserialize;
use tokio_postgres::Config;

/// Where and how connections are opened.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    /// Name or address of the host, or the directory of a unix socket.
    host: String,
    port: u16,
    user: String,
    password: Option<String>,
    database: String,
    application_name: String,
    /// Settings of the connections.
    settings: Vec<(String, String)>,
    connect_seconds: f64,
    /// Connections for reads by key, and for all other statements.
    pub key_connections: usize,
    pub connections: usize,
}

impl Target {
    /// The configuration of the driver.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        if self.host.starts_with('/') {
            config.host_path(&self.host);
        } else {
            config.host(&self.host);
        }
        config.port(self.port).user(&self.user).dbname(&self.database);
        config.application_name(&self.application_name);
        config.connect_timeout(self.timeout());
        config.options(self.options());
        if let Some(password) = &self.password {
            config.password(password);
        }
        config
    }

    /// The time in which a connection has to be open.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.connect_seconds).unwrap_or(Duration::from_secs(10))
    }

    /// The settings as options of the server's command line.
    fn options(&self) -> String {
        let options = self
            .settings
            .iter()
            .map(|(name, value)| format!("-c {}={}", escaped(name), escaped(value)));
        options.collect::<Vec<_>>().join(" ")
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(' ', "\\ ")
}
