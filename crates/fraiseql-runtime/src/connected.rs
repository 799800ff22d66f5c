//! The opening of connections of any kind.

use crate::target::Target;
use crate::tls::Connector;

/// A connection.
pub(crate) trait Connected: Sized + Send + Sync + 'static {
    /// Opens a connection, within the time of the target.
    ///
    /// # Errors
    /// Says why that failed.
    fn open(target: &Target, tls: Connector) -> impl Future<Output = Result<Self, String>> + Send;

    /// Whether the connection is lost.
    fn is_closed(&self) -> bool;
}
