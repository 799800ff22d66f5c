//! The answers of the server, and the requests that get them.

use std::collections::VecDeque;
use std::{io, mem};

use bytes::Bytes;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, Message, RowDescriptionBody};
use tokio::sync::oneshot::Sender;
use tokio_postgres::types::Type;

use super::queue::{Answer, Types, Waiter};
use crate::rows::Failure;

/// Those who wait for the answers of a connection.
///
/// Answers are given at the end of their transaction, and only if it succeeded.
#[derive(Debug, Default)]
pub(super) struct Replies {
    pub waiters: VecDeque<Waiter>,
    /// Those of this transaction that are answered.
    done: Vec<Done>,
    failed: bool,
    /// Of the read that the server answers now.
    documents: Vec<Option<Bytes>>,
    /// Of the statement that the server prepares now.
    types: Vec<Type>,
}

#[derive(Debug)]
enum Done {
    Read(Sender<Answer>, Answer),
    Prepare(Sender<Types>, Types),
}

impl Done {
    fn send(self) {
        // The request may have gone.
        match self {
            Self::Read(sender, answer) => drop(sender.send(answer)),
            Self::Prepare(sender, types) => drop(sender.send(types)),
        }
    }

    /// Nothing counts of a transaction that failed.
    fn undo(&mut self) {
        match self {
            Self::Read(_, answer @ Ok(_)) => *answer = Err(Failure::Undone),
            Self::Prepare(_, types @ Ok(_)) => *types = Err(Failure::Undone),
            _ => {}
        }
    }
}

impl Replies {
    /// The transactions that have not ended.
    pub fn transactions(&self) -> usize {
        self.waiters.iter().filter(|waiter| matches!(waiter, Waiter::End)).count()
    }

    /// Whether no answer is awaited.
    pub fn are_complete(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Notes a message of the server.
    ///
    /// # Errors
    /// The message does not fit: the connection cannot be used any more.
    pub fn note(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::BindComplete
            | Message::ParseComplete
            | Message::CloseComplete
            | Message::NoticeResponse(_)
            | Message::NotificationResponse(_)
            | Message::ParameterStatus(_) => Ok(()),
            Message::ParameterDescription(body) => {
                let types = body.parameters();
                let known = |oid| Ok(Type::from_oid(oid).unwrap_or(Type::UNKNOWN));
                self.types = types.map(known).collect()?;
                Ok(())
            }
            Message::RowDescription(body) => {
                let outcome = if has_documents(&body)? { Ok(()) } else { Err(Failure::Failed) };
                self.answer(outcome)
            }
            Message::NoData => self.answer(Err(Failure::Failed)),
            Message::DataRow(body) => {
                self.documents.push(document(&body)?);
                Ok(())
            }
            Message::CommandComplete(_) | Message::EmptyQueryResponse => self.answer(Ok(())),
            Message::ErrorResponse(_) => {
                self.failed = true;
                // An error at the end of the transaction is of none of them.
                if matches!(self.waiters.front(), Some(Waiter::End)) {
                    return Ok(());
                }
                self.answer(Err(Failure::Failed))
            }
            Message::ReadyForQuery(_) => self.end(),
            _ => Err(unexpected()),
        }
    }

    /// Notes the outcome of the first of those who wait.
    fn answer(&mut self, outcome: Result<(), Failure>) -> io::Result<()> {
        let documents = mem::take(&mut self.documents);
        let types = mem::take(&mut self.types);
        self.done.push(match self.waiters.pop_front() {
            Some(Waiter::Read(sender)) => Done::Read(sender, outcome.map(|()| documents)),
            Some(Waiter::Prepare(sender)) => Done::Prepare(sender, outcome.map(|()| types)),
            Some(Waiter::End) | None => return Err(unexpected()),
        });
        Ok(())
    }

    /// Ends a transaction.
    fn end(&mut self) -> io::Result<()> {
        while !matches!(self.waiters.front(), Some(Waiter::End)) {
            // The server skipped it, after an error.
            self.answer(Err(Failure::Undone))?;
        }
        self.waiters.pop_front();
        let failed = mem::take(&mut self.failed);
        for mut done in self.done.drain(..) {
            if failed {
                done.undo();
            }
            done.send();
        }
        Ok(())
    }

    /// Tells all who wait that the connection has no answer for long.
    pub fn stall(&mut self) {
        while let Some(waiter) = self.waiters.pop_front() {
            match waiter {
                Waiter::Read(sender) => drop(sender.send(Err(Failure::Stalled))),
                Waiter::Prepare(sender) => drop(sender.send(Err(Failure::Stalled))),
                Waiter::End => {}
            }
        }
        for done in self.done.drain(..) {
            match done {
                Done::Read(sender, _) => drop(sender.send(Err(Failure::Stalled))),
                Done::Prepare(sender, _) => drop(sender.send(Err(Failure::Stalled))),
            }
        }
    }
}

/// Whether the first column has the type of documents.
fn has_documents(body: &RowDescriptionBody) -> io::Result<bool> {
    let first = body.fields().next()?;
    Ok(first.is_some_and(|field| field.type_oid() == Type::BYTEA.oid()))
}

fn document(body: &DataRowBody) -> io::Result<Option<Bytes>> {
    let range = body.ranges().next()?.ok_or_else(unexpected)?;
    Ok(range.map(|range| body.buffer_bytes().slice(range)))
}

fn unexpected() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests;
