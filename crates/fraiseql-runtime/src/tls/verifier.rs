//! Verification of a server's certificate, as strict as the modes of libpq.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::der::public_key;
use super::encryption::Verify;

/// A trusted certificate.
#[derive(Debug)]
pub(crate) struct Root {
    pub certificate: CertificateDer<'static>,
    /// The second since 1970 at which it expires.
    pub expires: u64,
}

/// Accepts the certificates that Python would accept, or fewer.
#[derive(Debug)]
pub(crate) struct Verifier {
    verify: Verify,
    roots: Vec<Root>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// A verifier with these roots.
    pub fn new(verify: Verify, roots: Vec<Root>, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { verify, roots, algorithms }
    }

    /// The roots that have not expired; the library does not look at that.
    fn valid(&self, now: UnixTime) -> impl Iterator<Item = &CertificateDer<'static>> {
        let valid = move |root: &&Root| now.as_secs() < root.expires;
        self.roots.iter().filter(valid).map(|root| &root.certificate)
    }

    fn verify_chain(
        &self,
        server: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // A server may present the trusted certificate itself.
        if self.valid(now).any(|root| root == server) {
            return Ok(());
        }
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(self.valid(now).cloned());
        let parsed = ParsedCertificate::try_from(server)?;
        verify_server_cert_signed_by_trust_anchor(&parsed, &store, others, now, self.algorithms.all)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.verify != Verify::Nothing {
            self.verify_chain(server, others, now)?;
        }
        if self.verify == Verify::Name {
            verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, server, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // The library does not parse certificates of version 1, which `openssl x509 -req` makes.
        let key =
            public_key(server).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let key = SubjectPublicKeyInfoDer::from(key);
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
