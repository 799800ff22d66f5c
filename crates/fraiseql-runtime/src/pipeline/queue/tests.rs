use std::borrow::Cow;

use futures_util::FutureExt;

use super::*;

fn prepared(queue: &Arc<Queue>, types: Vec<Type>) -> Prepared {
    Prepared { name: Name { text: "p".to_owned(), queue: Arc::clone(queue) }, types }
}

/// The types of the messages that wait.
fn sent(queue: &Queue) -> (String, VecDeque<Waiter>) {
    let (mut bytes, mut waiters) = (BytesMut::new(), VecDeque::new());
    queue.take(&mut bytes, &mut waiters);
    let mut tags = String::new();
    while !bytes.is_empty() {
        tags.push(char::from(bytes[0]));
        let length = u32::from_be_bytes(bytes[1..5].try_into().unwrap());
        drop(bytes.split_to(1 + length as usize));
    }
    (tags, waiters)
}

#[test]
fn reads_share_a_transaction_up_to_a_number() {
    let queue = Arc::new(Queue::default());
    let prepared = prepared(&queue, vec![Type::INT8]);
    let mut answers = Vec::new();
    for _ in 0..=MOST {
        answers.push(queue.read(&prepared, &[Parameter::Int(1)], Company::Others).unwrap());
    }
    let (tags, waiters) = sent(&queue);
    assert_eq!(tags, format!("{}SBES", "BE".repeat(MOST)));
    assert_eq!(waiters.len(), MOST + 3);
    assert_eq!(sent(&queue).0, "");
}

#[test]
fn a_connection_without_progress_is_not_free() {
    let queue = Queue::default();
    assert!(queue.is_free());
    queue.note_progress(true);
    std::thread::sleep(2 * SOON);
    assert!(!queue.is_free());
    queue.note_progress(false);
    assert!(queue.is_free());
}

#[test]
fn a_read_without_company_has_a_transaction_of_its_own() {
    let queue = Arc::new(Queue::default());
    let prepared = prepared(&queue, Vec::new());
    let read = |company| queue.read(&prepared, &[], company).unwrap();
    let _answers = [Company::Others, Company::None, Company::Others].map(read);
    assert_eq!(sent(&queue).0, "BESBESBES");
}

#[test]
fn a_parameter_of_another_type_sends_nothing() {
    let queue = Arc::new(Queue::default());
    let prepared = prepared(&queue, vec![Type::TEXT, Type::INT8]);
    let text = Parameter::Text(Cow::Borrowed("a"));
    let wrong = [text, Parameter::Bool(true)];
    let refused = queue.read(&prepared, &wrong, Company::Others).map(|_| ());
    assert_eq!(refused, Err(Failure::Failed));
    let fewer = queue.read(&prepared, &wrong[..1], Company::Others).map(|_| ());
    assert_eq!(fewer, Err(Failure::Failed));
    let (tags, waiters) = sent(&queue);
    assert_eq!((tags.as_str(), waiters.len()), ("", 0));
}

#[tokio::test]
async fn a_statement_is_closed_even_if_nobody_waits_for_it() {
    let queue = Arc::new(Queue::default());
    {
        let mut preparing = std::pin::pin!(queue.prepare("SELECT"));
        assert!(preparing.as_mut().now_or_never().is_none());
        assert_eq!(sent(&queue).0, "PDS");
    }
    assert_eq!(sent(&queue).0, "CS");
}

#[tokio::test]
async fn a_closed_queue_takes_nothing() {
    let queue = Arc::new(Queue::default());
    let prepared = prepared(&queue, Vec::new());
    let waiting = queue.read(&prepared, &[], Company::Others).unwrap();
    queue.close();
    assert!(queue.is_closed());
    assert!(waiting.await.is_err());
    assert!(queue.read(&prepared, &[], Company::Others).is_err());
    assert!(queue.prepare("SELECT").await.is_err());
}
