//! A connection that the driver opens, and that is used without it from then on.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// A way to send and receive bytes.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection, encrypted or not.
pub(crate) type Wire = Box<dyn Stream>;

/// Bytes of the type and the length of a message.
const HEAD: usize = 5;

/// A connection that is lent to the driver, which gets no byte behind the message that it reads.
#[derive(Clone)]
pub(crate) struct Lent {
    lent: Arc<Mutex<Inner>>,
    /// The digest of the server's certificate, for the login.
    certificate: Option<Vec<u8>>,
}

struct Inner {
    wire: Option<Wire>,
    head: Vec<u8>,
    /// Bytes of the message that are still to be read, once its head has been.
    left: usize,
}

impl Inner {
    /// Most bytes that may be read.
    fn wanted(&self) -> usize {
        if self.left > 0 { self.left } else { HEAD - self.head.len() }
    }

    fn has_read(&mut self, bytes: &[u8]) {
        if self.left > 0 {
            self.left -= bytes.len();
            return;
        }
        self.head.extend_from_slice(bytes);
        if let [_, length @ ..] = self.head.as_slice()
            && let Ok(length) = <[u8; 4]>::try_from(length)
        {
            // The length counts itself.
            self.left = u32::from_be_bytes(length).saturating_sub(4) as usize;
            self.head.clear();
        }
    }
}

impl Lent {
    pub fn new(wire: Wire, certificate: Option<Vec<u8>>) -> Self {
        let inner = Inner { wire: Some(wire), head: Vec::with_capacity(HEAD), left: 0 };
        Self { lent: Arc::new(Mutex::new(inner)), certificate }
    }

    /// Takes the connection back; `None` if a message has been read in part.
    pub fn take_back(&self) -> Option<Wire> {
        let mut inner = self.lock();
        if inner.left > 0 || !inner.head.is_empty() {
            return None;
        }
        inner.wire.take()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        work: impl FnOnce(Pin<&mut Wire>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut self.lock().wire {
            Some(wire) => work(Pin::new(wire)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncRead for Lent {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut space = [0; 1024];
        let most = self.lock().wanted().min(buffer.remaining()).min(space.len());
        let mut part = ReadBuf::new(&mut space[..most]);
        ready!(self.with(|wire| wire.poll_read(context, &mut part)))?;
        self.lock().has_read(part.filled());
        buffer.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with(|wire| wire.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|wire| wire.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|wire| wire.poll_shutdown(context))
    }
}

impl TlsStream for Lent {
    fn channel_binding(&self) -> ChannelBinding {
        let certificate = self.certificate.clone();
        certificate.map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// Has the driver use a connection as it is: it is encrypted already, or is not to be.
pub(crate) struct AsItIs;

impl TlsConnect<Lent> for AsItIs {
    type Stream = Lent;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Lent>>;

    fn connect(self, stream: Lent) -> Self::Future {
        std::future::ready(Ok(stream))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn no_byte_behind_a_message_is_read() {
        let (near, mut far) = duplex(64);
        far.write_all(b"Z\0\0\0\x05IN\0\0\0\x09after").await.unwrap();
        let mut lent = Lent::new(Box::new(near), None);
        let mut message = [0; 64];
        let mut count = 0;
        while count < 6 {
            count += lent.read(&mut message[count..]).await.unwrap();
        }
        assert_eq!(&message[..count], b"Z\0\0\0\x05I");
        let mut wire = lent.take_back().expect("a whole message was read");
        let count = wire.read(&mut message).await.unwrap();
        assert_eq!(&message[..count], b"N\0\0\0\x09after");
        assert!(lent.read(&mut message).await.is_err());
    }

    #[tokio::test]
    async fn a_message_that_was_read_in_part_is_not_left() {
        let (near, mut far) = duplex(64);
        far.write_all(b"Z\0\0\0\x05I").await.unwrap();
        let mut lent = Lent::new(Box::new(near), None);
        lent.read_exact(&mut [0; 3]).await.unwrap();
        assert!(lent.take_back().is_none());
        lent.read_exact(&mut [0; 2]).await.unwrap();
        assert!(lent.take_back().is_none());
        lent.read_exact(&mut [0; 1]).await.unwrap();
        assert!(lent.take_back().is_some());
    }
}
