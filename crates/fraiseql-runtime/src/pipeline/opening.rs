//! Opening of a connection, and its cancel request.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_postgres::CancelToken;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};

use super::wire::{AsItIs, Lent, Wire};
use crate::address::Address;
use crate::faults::reason;
use crate::target::Target;
use crate::tls::Connector;

/// The time in which a cancel request has to be sent.
const CANCEL: Duration = Duration::from_secs(5);

/// Opens a connection and logs in.
///
/// # Errors
/// Says why that failed.
pub(super) async fn open(target: &Target, tls: Connector) -> Result<(Wire, CancelToken), String> {
    let lent = dial(&target.address, tls).await?;
    let mut config = target.config();
    // The encryption, if any, has begun already.
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    let connected = config.connect_raw(lent.clone(), AsItIs).await;
    let (client, connection) = connected.map_err(|error| reason(&error))?;
    if let Some(check) = &target.check {
        tokio::select! {
            biased;
            _ = connection => return Err("the connection was lost".into()),
            checked = check.of(&client) => checked?,
        }
    }
    let wire = lent.take_back().ok_or("a message came in part")?;
    Ok((wire, client.cancel_token()))
}

/// Opens a connection, encrypted where the address says so.
async fn dial(address: &Address, mut tls: Connector) -> Result<Lent, String> {
    let mut wire = connect(address).await.map_err(text)?;
    let Some(encryption) = &address.encryption else { return Ok(Lent::new(wire, None)) };
    if !encryption.direct {
        ask_for_encryption(&mut wire).await.map_err(text)?;
    }
    let handshake =
        MakeTlsConnect::<Wire>::make_tls_connect(&mut tls, address.host()).map_err(text)?;
    let stream = handshake.connect(wire).await.map_err(text)?;
    let certificate = stream.server_end_point();
    Ok(Lent::new(Box::new(stream), certificate))
}

async fn connect(address: &Address) -> io::Result<Wire> {
    if let Some(path) = address.socket() {
        return Ok(Box::new(UnixStream::connect(path).await?));
    }
    let stream = TcpStream::connect((address.host(), address.port())).await?;
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_keepalive(true)?;
    Ok(Box::new(stream))
}

async fn ask_for_encryption(wire: &mut Wire) -> io::Result<()> {
    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    wire.write_all(&request).await?;
    wire.flush().await?;
    if wire.read_u8().await? == b'S' { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A request to cancel the statement that a connection runs.
pub(super) struct Cancel {
    token: CancelToken,
    address: Address,
    tls: Connector,
}

impl Cancel {
    pub const fn new(token: CancelToken, address: Address, tls: Connector) -> Self {
        Self { token, address, tls }
    }

    /// Cancels the running statement; if that fails, it ends at its own time-out.
    pub fn send(self) {
        tokio::spawn(timeout(CANCEL, async move {
            if let Ok(lent) = dial(&self.address, self.tls).await {
                let _ = self.token.cancel_query_raw(lent, AsItIs).await;
            }
        }));
    }
}
