//! The thread of a server: accepts connections, and gets those back that Python has answered.

use std::io::{self, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::net::TcpStream;
use tokio::spawn;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle as TaskHandle;
use tokio::time::sleep;

use crate::answers::Answers;
use crate::connection::Connection;
use crate::events::{Event, Events};
use crate::options::Options;
use crate::shared::{Counted, Counts, Shared};

const PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug)]
enum Command {
    GiveBack(u64),
    Closed(u64),
    Drain,
    Stop,
}

/// Serves the connections of a listening socket until it is stopped.
type Work = Box<dyn FnOnce(TcpListener) + Send>;

/// The server of one process; its methods are those of Python's threads.
pub struct Server {
    commands: UnboundedSender<Command>,
    work: Mutex<Option<Work>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    counts: Arc<Counts>,
    events: Events,
}

impl Server {
    /// Returns a server, and the socket that becomes readable when an event waits.
    ///
    /// # Errors
    /// The process may open no more files.
    pub fn new(answers: impl Answers, options: Options) -> io::Result<(Self, UnixStream)> {
        let (events, ear) = Events::new()?;
        let (commands, receiver) = unbounded_channel();
        let counts = Arc::new(Counts::default());
        let shared = Shared::new(answers, options, events.clone(), Arc::clone(&counts));
        let work: Work = Box::new(move |listener| run(listener, shared, receiver));
        let (work, thread) = (Mutex::new(Some(work)), Mutex::default());
        Ok((Self { commands, work, thread, counts, events }, ear))
    }

    /// Starts the thread, with the listening socket that was sent through the other end of the
    /// socket that [`Self::new`] returned.
    ///
    /// # Errors
    /// No socket was sent, or the server was started before.
    pub fn start(&self) -> io::Result<()> {
        self.start_with(TcpListener::from(received(self.events.bell())?))
    }

    /// Starts the thread, with a listening socket.
    ///
    /// # Errors
    /// The server was started before, or the process may start no more threads.
    pub fn start_with(&self, listener: TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = work.ok_or(io::ErrorKind::AlreadyExists)?;
        let builder = Builder::new().name("fraiseql-server".to_owned());
        let thread = builder.spawn(move || work(listener))?;
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(())
    }

    /// Returns the events that wait.
    #[must_use]
    pub fn take(&self) -> Vec<Event> {
        self.events.take()
    }

    /// Takes a connection back from Python, after a response and before the next request.
    pub fn give_back(&self, id: u64) {
        self.tell(Command::GiveBack(id));
    }

    /// Forgets a connection that Python has closed.
    pub fn closed(&self, id: u64) {
        self.tell(Command::Closed(id));
    }

    /// Lets Python answer all requests, or no longer.
    pub fn pause(&self, paused: bool) {
        self.counts.paused.store(paused, Ordering::Relaxed);
    }

    /// Accepts no more connections, and ends those that wait for a request.
    pub fn drain(&self) {
        self.tell(Command::Drain);
    }

    /// Ends all connections and the thread.
    pub fn stop(&self) {
        self.tell(Command::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A panic was reported by an event.
        drop(thread.map(JoinHandle::join));
    }

    /// Returns the connections that are served here.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.counts.here.load(Ordering::Relaxed)
    }

    /// Returns the bytes of responses that wait here for clients.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.counts.unsent.load(Ordering::Relaxed)
    }

    fn tell(&self, command: Command) {
        // Without a thread the connections are closed already.
        let _ = self.commands.send(command);
    }
}

/// Tells Python when the thread ends by a panic.
struct Alarm(Option<Events>);

impl Alarm {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(events) = &self.0 {
            events.push(Event::Failed);
        }
    }
}

/// Returns the socket that was sent through a socket.
fn received(socket: &UnixStream) -> io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::empty())?;
    let mut sockets = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    let socket = sockets.next().ok_or(io::ErrorKind::NotFound)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

fn run<A: Answers>(listener: TcpListener, shared: Shared<A>, commands: UnboundedReceiver<Command>) {
    let alarm = Alarm(Some(shared.events.clone()));
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return;
    };
    if runtime.block_on(serve(listener, Arc::new(shared), commands)).is_ok() {
        alarm.disarm();
    }
}

async fn serve<A: Answers>(
    listener: TcpListener,
    shared: Arc<Shared<A>>,
    mut commands: UnboundedReceiver<Command>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let accepting = spawn(accept(listener, Arc::clone(&shared)));
    obey(accepting, &shared, &mut commands).await
}

/// Obeys Python until it stops the server; an error if nothing accepts connections any more.
async fn obey<A: Answers>(
    mut accepting: TaskHandle<()>,
    shared: &Arc<Shared<A>>,
    commands: &mut UnboundedReceiver<Command>,
) -> io::Result<()> {
    loop {
        let command = tokio::select! {
            biased;
            command = commands.recv() => command,
            // It ends by a panic only.
            _ = &mut accepting, if !shared.is_draining() => return Err(io::ErrorKind::Other.into()),
        };
        match command {
            Some(Command::GiveBack(id)) => take_back(id, shared),
            Some(Command::Closed(id)) => drop(shared.parked().remove(&id)),
            Some(Command::Drain) => {
                accepting.abort();
                shared.begin_to_drain();
            }
            Some(Command::Stop) | None => return Ok(()),
        }
    }
}

async fn accept<A: Answers>(listener: tokio::net::TcpListener, shared: Arc<Shared<A>>) {
    let mut id = 0;
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            id += 1;
            welcome(id, stream, &shared);
        } else {
            // Too many open files, or a client that has gone already.
            sleep(PAUSE).await;
        }
    }
}

fn welcome<A: Answers>(id: u64, stream: TcpStream, shared: &Arc<Shared<A>>) {
    if shared.counts.open.load(Ordering::Relaxed) >= shared.options.connections {
        shared.events.push(Event::Refused);
        // Whether the client gets it or not, the connection is closed.
        drop(stream.into_std().map(|mut stream| stream.write(&shared.options.busy)));
        return;
    }
    let open = Counted::new(&shared.counts.open, 1);
    // Without it the connection is only slower.
    drop(stream.set_nodelay(true));
    spawn(Connection::new(id, stream, Arc::clone(shared), open, false).run());
}

fn take_back<A: Answers>(id: u64, shared: &Arc<Shared<A>>) {
    let Some(parked) = shared.parked().remove(&id) else { return };
    match TcpStream::from_std(parked.stream) {
        Ok(stream) => {
            let shared = Arc::clone(shared);
            spawn(Connection::new(id, stream, shared, parked.open, true).run());
        }
        Err(_) => shared.events.push(Event::Gone(id)),
    }
}

#[cfg(test)]
mod tests;
