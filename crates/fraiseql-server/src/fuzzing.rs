//! Checks of any bytes of a client, for tests and fuzz targets.

use bytes::{Bytes, BytesMut};
use fraiseql_runtime::{Method, Request};

use crate::head::{Parsed, parse};

mod malformed;
mod reading;

pub use malformed::Malformed;
pub use reading::length;

const PATH: &[u8] = b"/graphql";

/// The decision about the beginning of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// More bytes are needed.
    Partial,
    /// It is a request that may be answered here.
    Whole,
    /// Python gets it.
    Foreign,
}

/// Decides about the first request of a connection, and checks the decision.
///
/// # Panics
/// Another reader of the same bytes could find another request, or another end of it.
#[allow(clippy::must_use_candidate)]
pub fn check(sent: &[u8]) -> Decision {
    let decision = decide(sent);
    let mut longer = sent.to_vec();
    longer.extend_from_slice(b"GET /graphql HTTP/1.1\r\n\r\n");
    match decision {
        Decision::Partial => {}
        Decision::Foreign => assert_eq!(decide(&longer), decision, "more bytes change it"),
        Decision::Whole => {
            let (request, whole) = taken(sent);
            assert_eq!(taken(&longer).1, whole, "more bytes change its end");
            assert_eq!(Some(whole.len()), length(sent), "another length");
            for end in [1, whole.len() / 2, whole.len() - 1] {
                assert_eq!(decide(&sent[..end]), Decision::Partial, "it ends earlier");
            }
            let again = taken(&written(&request)).0;
            assert_eq!(parts(&again), parts(&request), "other parts");
        }
    }
    decision
}

fn decide(sent: &[u8]) -> Decision {
    match parse(sent, PATH) {
        Parsed::Partial => Decision::Partial,
        Parsed::Whole(_) => Decision::Whole,
        Parsed::Foreign => Decision::Foreign,
    }
}

/// The first request and its bytes; the rest stays as it was.
fn taken(sent: &[u8]) -> (Request, Bytes) {
    let mut buffer = BytesMut::from(sent);
    let Parsed::Whole(layout) = parse(&buffer, PATH) else { panic!("not whole") };
    let (request, whole) = layout.take(&mut buffer);
    assert!(sent[..whole.len()].eq_ignore_ascii_case(&whole), "changed bytes");
    assert_eq!(&sent[whole.len()..], &buffer[..], "lost bytes");
    (request, whole)
}

fn written(request: &Request) -> Vec<u8> {
    let method: &[u8] = if request.method == Method::Get { b"GET " } else { b"POST " };
    let mut text = [method, PATH, b"?", &request.query, b" HTTP/1.1\r\n"].concat();
    for (name, value) in &request.headers {
        text.extend([name, &b": "[..], value, b"\r\n"].concat());
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(&request.body);
    text
}

type Parts<'a> = (Method, &'a [u8], &'a [(Bytes, Bytes)], &'a [u8]);

fn parts(request: &Request) -> Parts<'_> {
    (request.method, &request.query, &request.headers, &request.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_malformed_requests_have_one_reading() {
        let mut counts = [0_usize; 3];
        for sent in Malformed::new(7).take(100_000) {
            counts[check(&sent) as usize] += 1;
        }
        assert!(counts.iter().all(|count| *count > 3_000), "{counts:?}");
    }
}
