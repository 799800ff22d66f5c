//! The task that sends messages, and gives each answer to its request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::sleep;

use super::opening::Cancel;
use super::queue::Queue;
use super::replies::Replies;
use super::wire::Wire;

/// The time without any answer after which nothing may wait for the connection.
const STALL: Duration = Duration::from_millis(200);

/// Most transactions that are sent and not answered: while one runs, the next one is there, so that
/// the server need not sleep and wake.
const MOST: usize = 2;

/// Free bytes of the buffer for received ones.
const RECEIVED: usize = 16 * 1024;

/// Serves a connection until it is lost, stalls, or is no longer wanted.
pub(super) async fn run(wire: Wire, queue: Arc<Queue>, cancel: Cancel) {
    let (reader, writer) = split(wire);
    let mut driver = Driver {
        reader,
        writer,
        queue: Closing(queue),
        received: BytesMut::new(),
        unsent: BytesMut::new(),
        is_sending: false,
        replies: Replies::default(),
    };
    // Its loss is seen by those who wait, and by `is_closed`.
    if let Ok(Step::Stalled) = driver.serve().await {
        driver.queue.0.close();
        driver.replies.stall();
        cancel.send();
    }
}

/// Closes the queue at the end of the task, however it comes.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Driver {
    reader: ReadHalf<Wire>,
    writer: WriteHalf<Wire>,
    queue: Closing,
    received: BytesMut,
    unsent: BytesMut,
    is_sending: bool,
    replies: Replies,
}

enum Step {
    Woken,
    Sent,
    Received,
    Stalled,
    Ended,
}

impl Driver {
    async fn serve(&mut self) -> io::Result<Step> {
        loop {
            if self.may_send() && self.queue.0.take(&mut self.unsent, &mut self.replies.waiters) {
                self.is_sending = true;
                self.queue.0.note_progress(true);
            }
            if !self.waits() && self.queue.0.has_ended() {
                return self.end().await;
            }
            match self.step().await? {
                Step::Woken => {}
                Step::Sent => self.is_sending = false,
                Step::Received => self.note()?,
                step => return Ok(step),
            }
        }
    }

    /// Waits for the next event; nothing is lost of the others.
    async fn step(&mut self) -> io::Result<Step> {
        self.received.reserve(RECEIVED);
        let (may_send, waits) = (self.may_send(), self.waits());
        tokio::select! {
            biased;
            sent = send(&mut self.writer, &mut self.unsent), if self.is_sending => {
                sent.map(|()| Step::Sent)
            }
            count = self.reader.read_buf(&mut self.received) => {
                Ok(if count? > 0 { Step::Received } else { Step::Ended })
            }
            () = self.queue.0.woken(), if may_send => Ok(Step::Woken),
            () = sleep(STALL), if waits => Ok(Step::Stalled),
        }
    }

    fn note(&mut self) -> io::Result<()> {
        while let Some(message) = Message::parse(&mut self.received)? {
            self.replies.note(message)?;
        }
        self.queue.0.note_progress(!self.replies.are_complete());
        Ok(())
    }

    fn may_send(&self) -> bool {
        !self.is_sending && self.replies.transactions() < MOST
    }

    fn waits(&self) -> bool {
        self.is_sending || !self.replies.are_complete()
    }

    async fn end(&mut self) -> io::Result<Step> {
        frontend::terminate(&mut self.unsent);
        send(&mut self.writer, &mut self.unsent).await?;
        self.writer.shutdown().await?;
        Ok(Step::Ended)
    }
}

/// Sends all bytes; called again, it sends those that are left.
async fn send(writer: &mut WriteHalf<Wire>, bytes: &mut BytesMut) -> io::Result<()> {
    while bytes.has_remaining() {
        if writer.write_buf(bytes).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    writer.flush().await
}
