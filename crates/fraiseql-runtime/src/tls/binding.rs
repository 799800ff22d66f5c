//! The channel binding of SCRAM: a digest of the server's certificate.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

use super::der::signature_algorithm;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];

/// The digest of `tls-server-end-point` (RFC 5929); `None` where it is not defined.
pub(crate) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let algorithm = digest_of(signature_algorithm(certificate)?)?;
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// The digest of a signature's algorithm; SHA-256 in place of the old ones.
fn digest_of(signature: &[u8]) -> Option<&'static Algorithm> {
    let (family, last) = signature.split_at_checked(signature.len().checked_sub(1)?)?;
    match (family, last) {
        _ if signature == ECDSA_SHA1 => Some(&SHA256),
        (RSA, [4 | 5 | 11]) | (ECDSA, [2]) => Some(&SHA256),
        (RSA, [12]) | (ECDSA, [3]) => Some(&SHA384),
        (RSA, [13]) | (ECDSA, [4]) => Some(&SHA512),
        _ => None,
    }
}
