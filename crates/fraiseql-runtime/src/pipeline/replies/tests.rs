use bytes::BytesMut;
use tokio::sync::oneshot::{Receiver, channel};

use super::*;

/// A message of the server.
fn message(tag: u8, body: &[u8]) -> Message {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    let mut bytes = BytesMut::from([&[tag], &length[..], body].concat().as_slice());
    Message::parse(&mut bytes).unwrap().expect("a whole message")
}

/// The messages of a read whose only row has this document.
fn read(document: &[u8]) -> [Message; 3] {
    let length = u32::try_from(document.len()).unwrap().to_be_bytes();
    let row = [&[0, 1], &length[..], document].concat();
    [message(b'2', b""), message(b'D', &row), message(b'C', b"SELECT 1\0")]
}

fn error() -> Message {
    message(b'E', b"SERROR\0\0")
}

fn ready() -> Message {
    message(b'Z', b"I")
}

/// A column of this type.
fn column(kind: &Type) -> Message {
    let numbers = [&[0; 6], &kind.oid().to_be_bytes()[..], &[0; 8]].concat();
    message(b'T', &[&[0, 1], &b"document\0"[..], &numbers].concat())
}

fn note(replies: &mut Replies, messages: impl IntoIterator<Item = Message>) {
    for message in messages {
        replies.note(message).unwrap();
    }
}

fn waiting_read(replies: &mut Replies) -> Receiver<Answer> {
    let (sender, receiver) = channel();
    replies.waiters.push_back(Waiter::Read(sender));
    receiver
}

fn waiting_prepare(replies: &mut Replies) -> Receiver<Types> {
    let (sender, receiver) = channel();
    replies.waiters.push_back(Waiter::Prepare(sender));
    receiver
}

fn documents(text: &'static [u8]) -> Vec<Option<Bytes>> {
    vec![Some(Bytes::from_static(text))]
}

#[test]
fn answers_are_given_at_the_end_of_their_transaction() {
    let mut replies = Replies::default();
    let mut both = [waiting_read(&mut replies), waiting_read(&mut replies)];
    replies.waiters.push_back(Waiter::End);
    note(&mut replies, read(b"1").into_iter().chain(read(b"2")));
    assert!(both[0].try_recv().is_err());
    assert!(!replies.are_complete());
    note(&mut replies, [ready()]);
    assert_eq!(both[0].try_recv().unwrap(), Ok(documents(b"1")));
    assert_eq!(both[1].try_recv().unwrap(), Ok(documents(b"2")));
    assert!(replies.are_complete());
}

#[test]
fn an_error_undoes_the_others_of_its_transaction() {
    let mut replies = Replies::default();
    let mut all: Vec<_> = (0..3).map(|_| waiting_read(&mut replies)).collect();
    replies.waiters.push_back(Waiter::End);
    let mut next = waiting_read(&mut replies);
    replies.waiters.push_back(Waiter::End);
    note(&mut replies, read(b"1").into_iter().chain([error(), ready()]));
    let answers: Vec<_> = all.iter_mut().map(|answer| answer.try_recv().unwrap()).collect();
    assert_eq!(answers, [Failure::Undone, Failure::Failed, Failure::Undone].map(Err));
    note(&mut replies, read(b"4").into_iter().chain([ready()]));
    assert_eq!(next.try_recv().unwrap(), Ok(documents(b"4")));
}

#[test]
fn an_error_at_the_end_undoes_all() {
    let mut replies = Replies::default();
    let mut answer = waiting_read(&mut replies);
    replies.waiters.push_back(Waiter::End);
    note(&mut replies, read(b"1").into_iter().chain([error(), ready()]));
    assert_eq!(answer.try_recv().unwrap(), Err(Failure::Undone));
}

#[test]
fn rows_of_a_read_that_failed_are_not_of_the_next() {
    let mut replies = Replies::default();
    let _failed = waiting_read(&mut replies);
    replies.waiters.push_back(Waiter::End);
    let mut next = waiting_read(&mut replies);
    replies.waiters.push_back(Waiter::End);
    let [_, row, _] = read(b"1");
    note(&mut replies, [row, error(), ready()]);
    note(&mut replies, read(b"2").into_iter().chain([ready()]));
    assert_eq!(next.try_recv().unwrap(), Ok(documents(b"2")));
}

#[test]
fn only_statements_with_documents_are_prepared() {
    let types = || message(b't', &[&[0, 1], &Type::INT8.oid().to_be_bytes()[..]].concat());
    let outcomes = [(column(&Type::BYTEA), true), (column(&Type::JSON), false)];
    for (column, succeeds) in outcomes.into_iter().chain([(message(b'n', b""), false)]) {
        let mut replies = Replies::default();
        let mut prepared = waiting_prepare(&mut replies);
        replies.waiters.push_back(Waiter::End);
        note(&mut replies, [message(b'1', b""), types(), column, ready()]);
        let expected = if succeeds { Ok(vec![Type::INT8]) } else { Err(Failure::Failed) };
        assert_eq!(prepared.try_recv().unwrap(), expected);
    }
}

#[test]
fn messages_that_do_not_fit_are_errors() {
    for messages in [vec![ready()], vec![message(b'C', b"SELECT 1\0")], vec![message(b's', b"")]] {
        let mut replies = Replies::default();
        assert!(messages.into_iter().any(|message| replies.note(message).is_err()));
    }
    let mut replies = Replies::default();
    replies.waiters.push_back(Waiter::End);
    assert!(replies.note(message(b'C', b"SELECT 1\0")).is_err());
}

#[test]
fn all_who_wait_learn_of_a_stall() {
    let mut replies = Replies::default();
    let mut answered = waiting_read(&mut replies);
    let mut waiting = waiting_read(&mut replies);
    replies.waiters.push_back(Waiter::End);
    let mut prepared = waiting_prepare(&mut replies);
    note(&mut replies, read(b"1"));
    replies.stall();
    assert_eq!(answered.try_recv().unwrap(), Err(Failure::Stalled));
    assert_eq!(waiting.try_recv().unwrap(), Err(Failure::Stalled));
    assert_eq!(prepared.try_recv().unwrap(), Err(Failure::Stalled));
}
