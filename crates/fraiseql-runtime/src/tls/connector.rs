//! Opening of connections, encrypted where the address says so.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;

use super::encryption::Encryption;
use super::stream::Stream;

/// Begins the encryption of connections.
#[derive(Clone)]
pub(crate) struct Connector(Option<TlsConnector>);

/// Begins the encryption of one connection.
pub(crate) struct Handshake {
    connector: Option<TlsConnector>,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Connector")
    }
}

impl Connector {
    /// The connector for an address.
    ///
    /// # Errors
    /// Names the part that is not supported.
    pub fn new(encryption: Option<&Encryption>) -> Result<Self, String> {
        let config = encryption.map(Encryption::config).transpose()?;
        Ok(Self(config.map(|config| TlsConnector::from(Arc::new(config)))))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Connector {
    type Stream = Stream<S>;
    type TlsConnect = Handshake;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, InvalidDnsNameError> {
        // A unix socket has no name, and is not encrypted.
        let name = if self.0.is_some() { host } else { "localhost" };
        let name = ServerName::try_from(name)?.to_owned();
        Ok(Handshake { connector: self.0.clone(), name })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let connector = self.connector.ok_or(io::ErrorKind::Unsupported)?;
            connector.connect(self.name, stream).await.map(Stream)
        })
    }
}
