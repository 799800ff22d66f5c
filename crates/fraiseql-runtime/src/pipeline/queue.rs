//! The messages that wait to be sent on a connection, and their requests.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use postgres_protocol::IsNull as Null;
use postgres_protocol::message::frontend;
use tokio::sync::Notify;
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

use crate::parameter::Parameter;
use crate::rows::Failure;

/// The time after which a server that is near has answered a transaction of short reads.
const SOON: Duration = Duration::from_micros(300);

/// Most reads of one transaction: their documents are held until it has ended.
const MOST: usize = 32;

/// From these bytes on, an empty buffer is not used again.
const LARGE: usize = 256 * 1024;

/// The documents of a read.
pub(super) type Answer = Result<Vec<Option<Bytes>>, Failure>;

/// The types of the parameters of a statement.
pub(super) type Types = Result<Vec<Type>, Failure>;

/// Who waits for an answer of the server, in the order of the answers.
#[derive(Debug)]
pub(super) enum Waiter {
    Read(Sender<Answer>),
    Prepare(Sender<Types>),
    /// The end of a transaction, for which no request waits.
    End,
}

/// Whether a read may share its transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Company {
    Others,
    None,
}

/// The messages that were not sent yet.
#[derive(Debug, Default)]
struct Waiting {
    bytes: BytesMut,
    waiters: VecDeque<Waiter>,
    /// Reads of the transaction that has no end yet.
    reads: usize,
    closed: bool,
}

impl Waiting {
    /// Ends the transaction.
    fn end(&mut self) {
        self.reads = 0;
        frontend::sync(&mut self.bytes);
        self.waiters.push_back(Waiter::End);
    }

    fn end_others(&mut self) {
        if self.reads > 0 {
            self.end();
        }
    }

    /// Writes messages, or none of them.
    fn write<E>(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> Result<(), E>,
    ) -> Result<(), Failure> {
        let length = self.bytes.len();
        write(&mut self.bytes).map_err(|_| {
            self.bytes.truncate(length);
            Failure::Failed
        })
    }
}

/// The queue of a connection.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Notify,
    /// When something was last sent or answered, while answers are awaited.
    progress: Mutex<Option<Instant>>,
    /// Whether nothing more will be sent.
    ended: AtomicBool,
    names: AtomicU64,
}

impl Queue {
    /// Has a read sent, and returns where its documents come.
    pub fn read(
        &self,
        prepared: &Prepared,
        parameters: &[Parameter<'_>],
        company: Company,
    ) -> Result<Receiver<Answer>, Failure> {
        let (sender, receiver) = channel();
        let mut waiting = self.open()?;
        if company == Company::None {
            waiting.end_others();
        }
        waiting.write(|bytes| prepared.bind(parameters, bytes))?;
        waiting.waiters.push_back(Waiter::Read(sender));
        waiting.reads += 1;
        if company == Company::None || waiting.reads >= MOST {
            waiting.end();
        }
        drop(waiting);
        self.wake.notify_one();
        Ok(receiver)
    }

    /// Has a statement prepared.
    pub async fn prepare(self: &Arc<Self>, text: &str) -> Result<Prepared, Failure> {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        // Closed when it is dropped, also if the request has gone.
        let name = Name { text: format!("p{number}"), queue: Arc::clone(self) };
        let (sender, receiver) = channel();
        {
            let mut waiting = self.open()?;
            waiting.end_others();
            waiting.write(|bytes| {
                frontend::parse(&name.text, text, [], bytes)?;
                frontend::describe(b'S', &name.text, bytes)
            })?;
            waiting.waiters.push_back(Waiter::Prepare(sender));
            waiting.end();
        }
        self.wake.notify_one();
        let types = receiver.await.unwrap_or(Err(Failure::Failed))?;
        Ok(Prepared { name, types })
    }

    /// Moves the messages behind those that were sent; false if there are none.
    pub fn take(&self, bytes: &mut BytesMut, waiters: &mut VecDeque<Waiter>) -> bool {
        if bytes.capacity() > LARGE {
            *bytes = BytesMut::new();
        }
        let mut waiting = self.lock();
        waiting.end_others();
        mem::swap(&mut waiting.bytes, bytes);
        let is_sending = !waiting.waiters.is_empty();
        waiters.append(&mut waiting.waiters);
        is_sending
    }

    /// Notes that something was sent or answered, and whether answers are awaited.
    pub fn note_progress(&self, awaited: bool) {
        let progress = awaited.then(Instant::now);
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    /// Waits until something may have come.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Closes the connection once nothing waits.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// Whether nothing more will be sent.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Whether a read that comes now is sent soon.
    pub fn is_free(&self) -> bool {
        let progress = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.is_none_or(|last| last.elapsed() < SOON)
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Takes nothing more; those who wait get no answer.
    pub fn close(&self) {
        let waiters = {
            let mut waiting = self.lock();
            waiting.closed = true;
            mem::take(&mut waiting.waiters)
        };
        drop(waiters);
    }

    fn open(&self) -> Result<MutexGuard<'_, Waiting>, Failure> {
        let waiting = self.lock();
        if waiting.closed { Err(Failure::Failed) } else { Ok(waiting) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a prepared statement, which is closed with it.
#[derive(Debug)]
struct Name {
    text: String,
    queue: Arc<Queue>,
}

impl Drop for Name {
    fn drop(&mut self) {
        let Ok(mut waiting) = self.queue.open() else { return };
        waiting.end_others();
        if waiting.write(|bytes| frontend::close(b'S', &self.text, bytes)).is_ok() {
            waiting.end();
        }
        drop(waiting);
        self.queue.wake.notify_one();
    }
}

/// A prepared statement.
#[derive(Debug)]
pub(crate) struct Prepared {
    name: Name,
    types: Vec<Type>,
}

impl Prepared {
    /// Writes the messages that run it.
    fn bind(&self, parameters: &[Parameter<'_>], bytes: &mut BytesMut) -> Result<(), Failure> {
        if parameters.len() != self.types.len() {
            return Err(Failure::Failed);
        }
        let pairs = || parameters.iter().zip(&self.types);
        let formats = pairs().map(|(parameter, kind)| match parameter.encode_format(kind) {
            Format::Text => 0,
            Format::Binary => 1,
        });
        let value = |(parameter, kind): (&Parameter<'_>, &Type), bytes: &mut BytesMut| {
            Ok(match parameter.to_sql(kind, bytes)? {
                IsNull::No => Null::No,
                IsNull::Yes => Null::Yes,
            })
        };
        // The result is binary.
        frontend::bind("", &self.name.text, formats, pairs(), value, [1], bytes)
            .map_err(|_| Failure::Failed)?;
        frontend::execute("", 0, bytes).map_err(|_| Failure::Failed)
    }
}

#[cfg(test)]
mod tests;
