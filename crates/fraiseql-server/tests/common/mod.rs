//! A server whose answers are known, a client, and the bytes that Python would get.
#![allow(dead_code, unused_imports)]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use fraiseql_runtime::{Request, Response};
use fraiseql_server::{Answers, Event, HandOver, Options, Server};

#[path = "../../src/fuzzing/malformed.rs"]
mod malformed;
#[path = "../../src/fuzzing/reading.rs"]
mod reading;

pub use malformed::Malformed;
pub use reading::length;

/// Most time that anything in a test may take.
pub const LONG: Duration = Duration::from_secs(20);

/// Answers bodies and queries that begin with `known`, with the text itself.
pub struct Known;

impl Answers for Known {
    async fn answer(&self, request: &Request) -> Option<Response> {
        let text = if request.body.is_empty() { &request.query } else { &request.body };
        text.starts_with(b"known").then(|| Response {
            status: 200,
            headers: vec![("content-length".into(), text.len().to_string().into())],
            body: text.clone(),
        })
    }
}

/// A server that is stopped at the end of a test.
pub struct Front {
    pub server: Server,
    pub address: SocketAddr,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.stop();
    }
}

pub fn options() -> Options {
    Options {
        path: "/graphql".into(),
        connections: 100,
        busy: "HTTP/1.1 503 Service Unavailable\r\n\r\n".into(),
        idle: Duration::from_secs(60),
        patience: Duration::from_secs(60),
        unsent: 1 << 24,
        access_log: false,
    }
}

pub fn front(answers: impl Answers, options: Options) -> Front {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (server, _) = Server::new(answers, options).expect("files");
    server.start_with(listener).expect("a thread");
    Front { server, address }
}

impl Front {
    pub fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).expect("a connection");
        client.set_read_timeout(Some(LONG)).expect("a limit");
        client
    }

    /// The next event; it comes soon.
    pub fn event(&self) -> Event {
        let start = Instant::now();
        loop {
            let mut events = self.server.take();
            assert!(events.len() < 2, "{events:?}");
            if let Some(event) = events.pop() {
                return event;
            }
            assert!(start.elapsed() < LONG, "no event");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn handed(&self) -> HandOver {
        match self.event() {
            Event::HandOver(connection) => connection,
            other => panic!("{other:?}"),
        }
    }
}

pub fn post(body: &str) -> String {
    format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Sends a request; returns the body of the response.
pub fn ask(client: &mut TcpStream, body: &str) -> String {
    client.write_all(post(body).as_bytes()).expect("sent");
    read_body(client)
}

/// Reads a response with a length; returns its body.
pub fn read_body(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).expect("a response");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("text");
    let length = head.split("content-length: ").nth(1).expect("a length");
    let length = length.split("\r\n").next().expect("a number").parse().expect("a number");
    let mut body = vec![0; length];
    client.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("text")
}

/// Sends bytes in two pieces, and checks that each is answered or handed over, once and in order.
pub fn check(front: &Front, sent: &[u8]) {
    let mut client = front.connect();
    client.set_nodelay(true).expect("an option");
    let middle = sent.first().map_or(0, |byte| usize::from(*byte) % (sent.len() + 1));
    for piece in [&sent[..middle], &sent[middle..]] {
        // The connection may have ended.
        drop(client.write_all(piece));
    }
    drop(client.shutdown(Shutdown::Write));
    let (responses, handed) = end_of(front, &mut client);
    let mut rest = sent;
    for body in bodies(&responses) {
        let length = length(rest).expect("an answer to a whole request");
        let (answered, others) = rest.split_at(length);
        assert!(contains(answered, body), "an answer to another request");
        rest = others;
    }
    match handed {
        Some(bytes) => assert!(bytes.eq_ignore_ascii_case(rest), "other bytes are handed over"),
        None => assert!(length(rest).is_none(), "a request without an answer"),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The bytes for the client until its connection ends or is handed over, and those for Python.
fn end_of(front: &Front, client: &mut TcpStream) -> (Vec<u8>, Option<Vec<u8>>) {
    let (start, mut responses) = (Instant::now(), Vec::new());
    client.set_read_timeout(Some(Duration::from_millis(1))).expect("a limit");
    loop {
        assert!(start.elapsed() < LONG, "neither ended nor handed over");
        let mut piece = [0; 4096];
        match client.read(&mut piece) {
            Ok(0) => return (responses, None),
            Ok(count) => responses.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return (responses, None),
            Err(_) => {
                if let Some(Event::HandOver(connection)) = front.server.take().pop() {
                    return (responses, Some(received(front, connection)));
                }
            }
        }
    }
}

fn received(front: &Front, connection: HandOver) -> Vec<u8> {
    let mut bytes = connection.received.to_vec();
    let mut python = connection.socket.expect("a socket");
    python.set_nonblocking(false).expect("an option");
    python.read_to_end(&mut bytes).expect("the rest");
    front.server.closed(connection.id);
    bytes
}

/// The bodies of responses.
fn bodies(mut responses: &[u8]) -> Vec<&[u8]> {
    let mut bodies = Vec::new();
    while !responses.is_empty() {
        let whole = length(responses).expect("a whole response");
        let (response, rest) = responses.split_at(whole);
        let head = response.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        bodies.push(&response[head + 4..]);
        responses = rest;
    }
    bodies
}
