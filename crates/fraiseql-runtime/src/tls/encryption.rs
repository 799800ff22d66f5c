//! Settings of encrypted connections, as Python has read them.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};
use serde::Deserialize;

use super::verifier::{Root, Verifier};

/// Verification of the server, certificates of the client, and versions.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encryption {
    /// Whether the connection begins with TLS, without a request for it.
    pub direct: bool,
    verify: Verify,
    /// Trusted certificates as PEM, each with the second since 1970 at which it expires.
    roots: Vec<(String, u64)>,
    /// Certificates and key of the client, as PEM.
    client: Option<Client>,
    /// Whether these versions of TLS are allowed.
    tls12: bool,
    tls13: bool,
}

/// Which certificates are accepted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verify {
    /// Any.
    Nothing,
    /// One that a root has signed.
    Chain,
    /// One that a root has signed, for the name of the host.
    Name,
}

#[derive(Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Client {
    chain: String,
    key: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Client")
    }
}

impl Encryption {
    /// The configuration of the library.
    ///
    /// # Errors
    /// Names the part that is not supported.
    pub fn config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(ring::default_provider());
        let verifier = self.verifier(&provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions())
            .map_err(text)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let key = PrivateKeyDer::from_pem_slice(client.key.as_bytes()).map_err(text)?;
                builder.with_client_auth_cert(certificates(&client.chain)?, key).map_err(text)?
            }
        };
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(config)
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let allowed = [(self.tls13, &TLS13), (self.tls12, &TLS12)];
        allowed
            .into_iter()
            .filter_map(|(is_allowed, version)| is_allowed.then_some(version))
            .collect()
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Verifier, String> {
        let mut roots = Vec::new();
        for (pem, expires) in &self.roots {
            for certificate in certificates(pem)? {
                roots.push(Root { certificate, expires: *expires });
            }
        }
        if self.verify != Verify::Nothing && roots.is_empty() {
            return Err("no root certificate".into());
        }
        Ok(Verifier::new(self.verify, roots, provider.signature_verification_algorithms))
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
