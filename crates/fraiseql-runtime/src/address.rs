//! The server of the connections, as Python has resolved it.

use serde::Deserialize;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};

use crate::tls::Encryption;

/// The server, the login, and the settings of connections.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    /// Name or address of the host, or the directory of a unix socket.
    host: String,
    port: u16,
    user: String,
    password: Option<String>,
    database: String,
    application_name: String,
    /// Options of the server's command line, as the URL has them.
    options: String,
    /// Settings of the connections.
    settings: Vec<(String, String)>,
    /// How connections are encrypted; `None` where they are not.
    pub encryption: Option<Encryption>,
}

impl Address {
    /// Name or address of the host, or the directory of a unix socket.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The path of the unix socket; `None` for a host.
    pub fn socket(&self) -> Option<String> {
        self.host.starts_with('/').then(|| format!("{}/.s.PGSQL.{}", self.host, self.port))
    }

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
        config.options(self.options());
        if let Some(password) = &self.password {
            config.password(password);
        }
        // Python's connection is encrypted or not: there is nothing to negotiate.
        match &self.encryption {
            None => config.ssl_mode(SslMode::Disable),
            Some(encryption) => {
                config.ssl_mode(SslMode::Require).ssl_negotiation(if encryption.direct {
                    SslNegotiation::Direct
                } else {
                    SslNegotiation::Postgres
                })
            }
        };
        config
    }

    /// The settings as options of the server's command line.
    fn options(&self) -> String {
        let own = (!self.options.is_empty()).then(|| self.options.clone());
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| format!("-c {}={}", escaped(name), escaped(value)));
        own.into_iter().chain(settings).collect::<Vec<_>>().join(" ")
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(' ', "\\ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_url_come_before_the_settings() {
        let address: Address = serde_json::from_str(
            r#"{"host": "h", "port": 1, "user": "u", "password": null, "database": "d",
                "application_name": "a", "options": "-c x.y=1",
                "settings": [["x.z", "a b\\"]], "encryption": null}"#,
        )
        .unwrap();
        assert_eq!(address.options(), r"-c x.y=1 -c x.z=a\ b\\");
    }
}
