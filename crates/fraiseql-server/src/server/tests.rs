//! The end of a server by a fault of its own.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use fraiseql_runtime::{Request, Response};

use super::*;

struct Nothing;

impl Answers for Nothing {
    async fn answer(&self, _: &Request) -> Option<Response> {
        None
    }
}

fn shared() -> Arc<Shared<Nothing>> {
    let second = Duration::from_secs(1);
    let options = Options {
        path: Bytes::from_static(b"/graphql"),
        connections: 1,
        busy: Bytes::new(),
        idle: second,
        patience: second,
        unsent: 1,
        access_log: false,
    };
    let (events, _) = Events::new().expect("files");
    Arc::new(Shared::new(Nothing, options, events, Arc::default()))
}

/// The end of a server whose connections are accepted by `accepting`.
fn end_of(
    accepting: impl Future<Output = ()> + Send + 'static,
    orders: &[Command],
) -> io::Result<()> {
    let (sender, mut commands) = unbounded_channel();
    for command in orders {
        sender.send(*command).expect("a receiver");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { obey(spawn(accepting), &shared(), &mut commands).await })
}

#[test]
fn a_server_that_accepts_nothing_more_ends_with_an_error() {
    let accepting = async { panic!("accepting fails") };
    assert!(end_of(accepting, &[Command::Closed(1)]).is_err());
}

#[test]
fn a_server_that_drains_ends_when_it_is_stopped() {
    let accepting = std::future::pending();
    assert!(end_of(accepting, &[Command::Drain, Command::Stop]).is_ok());
}

#[test]
fn python_hears_of_a_panic() {
    let (events, _bell) = Events::new().expect("files");
    let alarm = Alarm(Some(events.clone()));
    let thread = std::thread::spawn(move || {
        let _alarm = alarm;
        panic!("the thread fails");
    });
    assert!(thread.join().is_err());
    assert!(matches!(events.take().as_slice(), [Event::Failed]));
}
