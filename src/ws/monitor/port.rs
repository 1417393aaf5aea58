//! The way from a class to a teacher's socket: a bounded queue on the socket's own thread, and one piece of mail that stands
//! for all that is in it.

use crate::ws::layer::SocketHandle;
use crate::ws::relay::{RelayEnd, Relayed};
use crate::ws::study::SignInOutcome;
use actors::{Full, Monitor, NotWatched, SocketPort, ToMonitor, ToSocket};
use protocol::CloseCode;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use tokio::sync::Notify;

/// What may wait for a socket's turn; one that does not get its turn in that many is dropped (4408).
const WAITING_MAX: usize = 512;

/// There is something in the queue.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Look;

/// What waits for a socket.
pub(super) enum Waiting {
    /// What became of the sign-in.
    Watching(Result<Monitor, NotEntered>),
    /// The token was not good: the socket is closed with this code.
    Refused(CloseCode),
    Renewed(SignInOutcome, i64),
    Told(ToMonitor),
    /// The class has dropped the monitor.
    Dropped,
    /// What the worker tells all its sockets.
    Worker(ToSocket),
    /// What the node says that has the class.
    Relayed(Relayed),
}

/// Why somebody does not watch.
pub(super) enum NotEntered {
    SignIn(SignInOutcome),
    Class(NotWatched),
}

/// The queue.
#[derive(Default)]
pub(super) struct MonitorPort {
    queue: RefCell<VecDeque<Waiting>>,
    looked: Cell<bool>,
    overrun: Cell<bool>,
    /// What another node said has not left.
    is_full: Cell<bool>,
    has_left: Notify,
    handle: OnceCell<SocketHandle<Look>>,
}

impl MonitorPort {
    pub(super) fn open(&self, handle: SocketHandle<Look>) {
        let _ = self.handle.set(handle);
    }

    pub(super) fn put(&self, waiting: Waiting) -> Result<(), Full> {
        let mut queue = self.queue.borrow_mut();
        if queue.len() >= WAITING_MAX {
            self.overrun.set(true);
            return Err(Full);
        }
        queue.push_back(waiting);
        drop(queue);
        if !self.looked.replace(true)
            && let Some(handle) = self.handle.get()
            && handle.try_send(Look).is_err()
        {
            // Closed: nobody will look any more.
            self.queue.borrow_mut().clear();
            return Err(Full);
        }
        Ok(())
    }

    /// What waits longest; after `None` the next thing that comes sends mail again.
    pub(super) fn next(&self) -> Option<Waiting> {
        let next = self.queue.borrow_mut().pop_front();
        if next.is_none() {
            self.looked.set(false);
        }
        next
    }

    /// Whether what another node said is still on its way to the client.
    pub(super) fn set_full(&self, is_full: bool) {
        self.is_full.set(is_full);
        if !is_full {
            self.has_left.notify_one();
        }
    }

    /// Whether more came than may wait.
    pub(super) fn is_overrun(&self) -> bool {
        self.overrun.get()
    }
}

impl SocketPort for MonitorPort {
    fn deliver(&self, out: ToSocket) -> Result<(), Full> {
        self.put(Waiting::Worker(out))
    }
}

impl RelayEnd for MonitorPort {
    fn take(&self, relayed: Relayed) -> bool {
        self.put(Waiting::Relayed(relayed)).is_ok()
    }

    fn has_room(&self) -> bool {
        !self.is_full.get()
    }

    async fn room(&self) {
        self.has_left.notified().await;
    }
}
