//! Any bytes: where one request ends and the next one begins, and the bytes that are handed over.

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;

use common::{Known, Malformed, check, front, options, post, read_body};
use fraiseql_server::Event;
use proptest::prelude::*;

/// Requests that Python has to see, each with bytes that two parsers might read in two ways.
const FOREIGN: [&str; 30] = [
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nknown\r\n0\r\n\r\n",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5, 5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: +5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 0x5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: -1\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length:\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 70000\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length : 5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\n x-folded: 1\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\n\nknown",
    "POST /graphql HTTP/1.1\ncontent-length: 5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\nx: a\rb\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\nx: a\0b\r\ncontent-length: 5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\nx: \u{e9}\r\ncontent-length: 5\r\n\r\nknown",
    "POST /graphql HTTP/1.0\r\ncontent-length: 5\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\nconnection: close\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\nconnection: keep-alive, x\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\nupgrade: h2c\r\n\r\nknown",
    "POST /graphql HTTP/1.1\r\n\r\nknown",
    "\r\nPOST /graphql HTTP/1.1\r\ncontent-length: 5\r\n\r\nknown",
    "post /graphql HTTP/1.1\r\ncontent-length: 5\r\n\r\nknown",
    "GET /graphql?known HTTP/1.1\r\ncontent-length: 5\r\n\r\nknown",
    "GET /graphql?known#x HTTP/1.1\r\n\r\n",
    "GET /graphql/?known HTTP/1.1\r\n\r\n",
    "GET http://x/graphql?known HTTP/1.1\r\n\r\n",
    "HEAD /graphql?known HTTP/1.1\r\n\r\n",
];

/// Sends pieces; returns the bodies of the responses and the bytes that Python gets.
fn pass(pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let front = front(Known, options());
    let mut client = front.connect();
    client.set_nodelay(true).unwrap();
    for piece in pieces {
        // The connection may have ended.
        drop(client.write_all(piece));
    }
    drop(client.shutdown(Shutdown::Write));
    let (mut answers, mut handed) = (Vec::new(), Vec::new());
    loop {
        match client.peek(&mut [0]) {
            Ok(0) => break,
            Ok(_) => answers.push(read_body(&mut client)),
            Err(error) => panic!("{error}"),
        }
    }
    for event in front.server.take() {
        if let Event::HandOver(connection) = event {
            handed = connection.received.to_vec();
            let mut python = connection.socket.expect("a socket");
            python.set_nonblocking(false).unwrap();
            python.read_to_end(&mut handed).unwrap();
        }
    }
    (answers, handed)
}

/// As `pass`, where a connection that Python has is not closed by anybody.
fn pass_to_python(bytes: &[u8], known: usize) -> Vec<u8> {
    let front = front(Known, options());
    let mut client = front.connect();
    client.write_all(bytes).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    for _ in 0..known {
        assert_eq!(read_body(&mut client), "known");
    }
    let connection = front.handed();
    assert_eq!(connection.answered, known as u64);
    let mut handed = connection.received.to_vec();
    let mut python = connection.socket.expect("a socket");
    python.set_nonblocking(false).unwrap();
    python.read_to_end(&mut handed).unwrap();
    handed
}

#[test]
fn unusual_requests_go_to_python_byte_for_byte() {
    for foreign in FOREIGN {
        for known in 0..3 {
            let sent = [post("known").repeat(known), foreign.to_owned(), post("known")].concat();
            let handed = pass_to_python(sent.as_bytes(), known);
            let expected = &sent.as_bytes()[post("known").len() * known..];
            assert_eq!(handed, expected, "{foreign:?}");
        }
    }
}

#[test]
fn every_beginning_of_a_request_waits_for_its_end() {
    let whole = post("known");
    for end in 1..whole.len() {
        let (first, second) = whole.as_bytes().split_at(end);
        assert_eq!(pass(&[first, second]), (vec!["known".to_owned()], vec![]));
        assert_eq!(pass(&[first]), (vec![], vec![]));
    }
}

#[test]
fn malformed_requests_are_answered_or_handed_over_once_and_in_order() {
    let front = front(Known, options());
    for malformed in Malformed::new(11).take(1_500) {
        check(
            &front,
            &[post("known").into_bytes(), malformed, post("known 2").into_bytes()].concat(),
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_changed_request_is_answered_or_handed_over_whole(
        at in 0..70_usize, byte in any::<u8>(), insert in any::<bool>(), known in 0..3_usize
    ) {
        let mut changed = post("known and more").into_bytes();
        let at = at.min(changed.len() - 1);
        if insert { changed.insert(at, byte) } else { changed[at] = byte }
        let sent = [post("known").repeat(known).into_bytes(), changed].concat();
        let front = front(Known, options());
        let mut client = front.connect();
        client.write_all(&sent).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        for _ in 0..known {
            prop_assert_eq!(read_body(&mut client), "known");
        }
        // One more answer, the end, or Python has all of it.
        client.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        let mut rest = Vec::new();
        let ended = client.read_to_end(&mut rest).is_ok();
        for event in front.server.take() {
            if let Event::HandOver(connection) = event {
                prop_assert!(connection.answered >= known as u64);
                let got = connection.received.to_ascii_lowercase();
                prop_assert!(sent.to_ascii_lowercase().ends_with(&got));
                return Ok(());
            }
        }
        prop_assert!(ended, "neither ended nor handed over");
    }
}
