//! Connections: answered, handed over, given back, ended.

mod common;

use std::future::pending;
use std::io::{Read, Write};
use std::time::Duration;

use common::{Known, ask, front, options, post, read_body};
use fraiseql_runtime::{Request, Response};
use fraiseql_server::{Answers, Event, Options};

#[test]
fn requests_in_a_row_are_answered_on_one_connection() {
    let front = front(Known, options());
    let mut client = front.connect();
    for number in 0..100 {
        let body = format!("known {number}");
        assert_eq!(ask(&mut client, &body), body);
    }
    client.write_all(b"GET /graphql?known=1 HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert_eq!(read_body(&mut client), "known=1");
    assert_eq!((front.server.connections(), front.server.take().len()), (1, 0));
}

#[test]
fn a_request_in_drops_is_answered() {
    let front = front(Known, options());
    let mut client = front.connect();
    for byte in post("known").bytes() {
        client.write_all(&[byte]).unwrap();
    }
    assert_eq!(read_body(&mut client), "known");
}

#[test]
fn an_unknown_request_is_handed_over_with_what_follows_and_comes_back() {
    let front = front(Known, options());
    let mut client = front.connect();
    let sent = [post("known"), post("unknown"), post("known 2")];
    client.write_all(sent.concat().as_bytes()).unwrap();
    assert_eq!(read_body(&mut client), "known");
    let handed = front.handed();
    assert_eq!(handed.received, [post("unknown"), post("known 2")].concat());
    assert_eq!((handed.answered, handed.unsent.len()), (1, 0));
    let mut python = handed.socket.expect("a socket");
    python.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").unwrap();
    assert_eq!(read_body(&mut client), "hi");
    front.server.give_back(handed.id);
    assert_eq!(ask(&mut client, "known 3"), "known 3");
    client.write_all(post("unknown 2").as_bytes()).unwrap();
    let again = front.handed();
    assert!(again.socket.is_none());
    assert_eq!(
        (again.id, again.received, again.answered),
        (handed.id, post("unknown 2").into(), 1)
    );
}

#[test]
fn python_hears_that_a_client_has_gone_and_clients_that_python_has_closed() {
    let front = front(Known, options());
    let mut client = front.connect();
    client.write_all(post("unknown").as_bytes()).unwrap();
    let handed = front.handed();
    front.server.give_back(handed.id);
    drop(client);
    assert!(matches!(front.event(), Event::Gone(id) if id == handed.id));
    let mut client = front.connect();
    client.write_all(post("unknown").as_bytes()).unwrap();
    let handed = front.handed();
    let mut python = handed.socket.expect("a socket");
    python.read_exact(&mut []).unwrap();
    drop(python);
    front.server.closed(handed.id);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn slow_clients_go_to_python_and_idle_ones_end() {
    let short = Duration::from_millis(50);
    let front = front(Known, Options { patience: short, idle: short, ..options() });
    let mut client = front.connect();
    let half = &post("known")[..20];
    client.write_all(half.as_bytes()).unwrap();
    let handed = front.handed();
    assert_eq!(handed.received, half);
    assert!(handed.elapsed >= short);
    let silent = front.connect();
    assert!(front.handed().received.is_empty());
    drop(silent);
    let mut client = front.connect();
    assert_eq!(ask(&mut client, "known"), "known");
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_response_that_is_not_read_goes_to_python() {
    struct Large;
    impl Answers for Large {
        async fn answer(&self, _: &Request) -> Option<Response> {
            let body = vec![b'x'; 20_000_000];
            let length = ("content-length".into(), body.len().to_string().into());
            Some(Response { status: 200, headers: vec![length], body: body.into() })
        }
    }
    for (unsent, patience) in [(1, Duration::from_secs(60)), (1 << 30, Duration::from_millis(50))] {
        let front = front(Large, Options { unsent, patience, ..options() });
        let mut client = front.connect();
        client.write_all(post("known").as_bytes()).unwrap();
        let handed = front.handed();
        assert!(handed.unsent.len() > 1_000_000);
        assert_eq!(front.server.unsent(), 0);
        let mut python = handed.socket.expect("a socket");
        python.set_nonblocking(false).unwrap();
        let writer = std::thread::spawn(move || python.write_all(&handed.unsent).unwrap());
        assert_eq!(read_body(&mut client).len(), 20_000_000);
        writer.join().unwrap();
    }
}

#[test]
fn connections_above_the_limit_are_refused() {
    let front = front(Known, Options { connections: 1, ..options() });
    let mut client = front.connect();
    assert_eq!(ask(&mut client, "known"), "known");
    let mut second = front.connect();
    let mut text = String::new();
    second.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 503"), "{text}");
    assert!(matches!(front.event(), Event::Refused));
}

#[test]
fn draining_ends_idle_connections_and_finishes_the_others() {
    struct Slow;
    impl Answers for Slow {
        async fn answer(&self, request: &Request) -> Option<Response> {
            // The server's own timer is not of this crate: the thread waits.
            std::thread::sleep(Duration::from_millis(200));
            Known.answer(request).await
        }
    }
    let front = front(Slow, options());
    let (mut idle, mut busy) = (front.connect(), front.connect());
    assert_eq!(ask(&mut idle, "known"), "known");
    busy.write_all(post("known 2").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    front.server.drain();
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    let mut text = String::new();
    busy.read_to_string(&mut text).unwrap();
    assert!(text.ends_with("known 2"), "{text}");
    assert!(std::net::TcpStream::connect(front.address).is_err());
}

#[test]
fn a_request_whose_client_has_gone_is_dropped() {
    struct Never(std::sync::mpsc::Sender<()>);
    struct Told(std::sync::mpsc::Sender<()>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    impl Answers for Never {
        async fn answer(&self, _: &Request) -> Option<Response> {
            let _told = Told(self.0.clone());
            pending().await
        }
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let front = front(Never(sender), options());
    let mut client = front.connect();
    client.write_all(post("known").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    drop(client);
    receiver.recv_timeout(common::LONG).unwrap();
}

#[test]
fn a_panic_ends_its_connection_only() {
    struct Fatal;
    impl Answers for Fatal {
        async fn answer(&self, _: &Request) -> Option<Response> {
            panic!("a connection fails")
        }
    }
    let front = front(Fatal, options());
    let mut client = front.connect();
    client.write_all(post("known").as_bytes()).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    assert!(front.connect().write_all(post("known").as_bytes()).is_ok());
}

#[test]
fn paused_servers_hand_everything_over() {
    let front = front(Known, options());
    front.server.pause(true);
    let mut client = front.connect();
    client.write_all(post("known").as_bytes()).unwrap();
    assert_eq!(front.handed().received, post("known"));
}
