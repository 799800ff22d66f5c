//! A server whose answers are known, a client, and what Python would get.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use fraiseql_runtime::{Request, Response};
use fraiseql_server::{Answers, Event, HandOver, Options, Server};

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
