//! The way from a session to its socket: a bounded queue on the socket's own thread, and one piece of mail that stands
//! for all that is in it.

use super::signin::SignInOutcome;
use crate::ws::layer::SocketHandle;
use crate::ws::relay::{RelayEnd, Relayed};
use actors::{Full, SocketPort, ToSocket};
use domain::lesson::Document;
use domain::session::Out;
use protocol::CloseCode;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

/// Frames that may wait for a socket's turn. A socket that does not get its turn in that many is dropped (4408).
const FRAMES_MAX: usize = 2_048;

/// There is something in the queue.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Look;

/// What waits for a socket.
pub(super) enum Waiting {
    Session(ToSocket),
    SignIn(SignInOutcome),
    /// The token was not good: the socket is closed with this code.
    Refused(CloseCode),
    Renewed(SignInOutcome, i64),
    Relayed(Relayed),
}

/// The queue.
#[derive(Default)]
pub(super) struct StudyPort {
    queue: RefCell<VecDeque<Waiting>>,
    looked: Cell<bool>,
    overrun: Cell<bool>,
    handle: OnceCell<SocketHandle<Look>>,
}

impl StudyPort {
    pub(super) fn open(&self, handle: SocketHandle<Look>) {
        let _ = self.handle.set(handle);
    }

    pub(super) fn put(&self, waiting: Waiting) -> Result<(), Full> {
        let mut queue = self.queue.borrow_mut();
        if queue.len() >= FRAMES_MAX {
            self.overrun.set(true);
            return Err(Full);
        }
        queue.push_back(waiting);
        drop(queue);
        if !self.looked.replace(true)
            && let Some(handle) = self.handle.get()
            && handle.try_send(Look).is_err()
        {
            // Closed: nobody will look any more. (There is never more than one piece of mail.)
            self.queue.borrow_mut().clear();
            return Err(Full);
        }
        Ok(())
    }

    /// What waits longest; after `None` the next thing that comes sends mail again.
    pub(super) fn next(&self) -> Option<Waiting> {
        let mut queue = self.queue.borrow_mut();
        let next = queue.pop_front();
        if next.is_none() {
            self.looked.set(false);
            // Most sockets are waiting for their learner: an empty queue keeps no room.
            *queue = VecDeque::new();
        }
        next
    }

    /// Whoever looks right after this needs no mail about what comes until then.
    pub(super) fn will_look(&self) {
        self.looked.set(true);
    }

    /// Whether more came than may wait.
    pub(super) fn is_overrun(&self) -> bool {
        self.overrun.get()
    }
}

impl StudyPort {
    /// A class's document takes the place of an older one that still waits.
    fn merge(&self, document: &Arc<Document>, extra_percent: u16) -> bool {
        let mut queue = self.queue.borrow_mut();
        let older = queue.iter_mut().find_map(|waiting| match waiting {
            Waiting::Session(ToSocket::Frame(Out::Class(older, percent)))
                if older.class == document.class =>
            {
                Some((older, percent))
            }
            Waiting::Session(_)
            | Waiting::SignIn(_)
            | Waiting::Refused(_)
            | Waiting::Renewed(..)
            | Waiting::Relayed(_) => None,
        });
        let Some((older, percent)) = older else { return false };
        (*older, *percent) = (document.clone(), extra_percent);
        true
    }
}

impl SocketPort for StudyPort {
    fn deliver(&self, out: ToSocket) -> Result<(), Full> {
        if let ToSocket::Frame(Out::Class(document, extra_percent)) = &out
            && self.merge(document, *extra_percent)
        {
            return Ok(());
        }
        self.put(Waiting::Session(out))
    }
}

impl RelayEnd for StudyPort {
    fn take(&self, relayed: Relayed) -> bool {
        self.put(Waiting::Relayed(relayed)).is_ok()
    }
}
