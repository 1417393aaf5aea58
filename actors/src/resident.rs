//! A learner's session on its shard: the plain machine in a cell, and the actor that drives it.
//!
//! Inputs wait in the cell's inbox, and one `Wake` in the actor's mailbox stands for all of them: what comes back from
//! the store can never be refused by a full mailbox, and a burst costs one wake-up.

use crate::heat::Heat;
use crate::shard::Shard;
use actix::{Actor, Addr, Context, Handler, Message};
use domain::directory::Incarnation;
use domain::ids::UserId;
use domain::session::{Input, Session, SocketId};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

/// A session on its shard.
pub(crate) struct Resident {
    pub(crate) cell: Rc<SessionCell>,
    /// The one address of the actor: a mailbox is bounded for each sender handle, so there is only this one.
    pub(crate) addr: Addr<SessionActor>,
}

/// What actor and shard share of a session.
pub(crate) struct SessionCell {
    pub(crate) user: UserId,
    pub(crate) incarnation: Incarnation,
    pub(crate) session: RefCell<Option<Session>>,
    pub(crate) inbox: RefCell<VecDeque<Input>>,
    pub(crate) woken: Cell<bool>,
    /// The barrier behind which it may be dropped; `None` calls the stop off.
    pub(crate) stopping: Cell<Option<u64>>,
    pub(crate) sockets: RefCell<BTreeSet<SocketId>>,
    pub(crate) deadline_tick_ms: Cell<Option<u64>>,
    pub(crate) bytes: Cell<usize>,
    /// How much comes in of late.
    pub(crate) heat: Cell<Heat>,
    /// It waits for its turn to write rows behind.
    pub(crate) owes_rows: Cell<bool>,
    /// It waits for its turn to look again at what others may have changed.
    pub(crate) owes_check: Cell<bool>,
}

impl SessionCell {
    pub(crate) fn new(user: UserId, incarnation: Incarnation, session: Session) -> Rc<SessionCell> {
        Rc::new(SessionCell {
            user,
            incarnation,
            session: RefCell::new(Some(session)),
            inbox: RefCell::new(VecDeque::new()),
            woken: Cell::new(false),
            stopping: Cell::new(None),
            sockets: RefCell::new(BTreeSet::new()),
            deadline_tick_ms: Cell::new(None),
            bytes: Cell::new(0),
            heat: Cell::default(),
            owes_rows: Cell::new(false),
            owes_check: Cell::new(false),
        })
    }

    /// What waits longest. An empty inbox keeps no room: most sessions are waiting for their learner.
    pub(crate) fn next_input(&self) -> Option<Input> {
        let mut inbox = self.inbox.borrow_mut();
        let next = inbox.pop_front();
        if next.is_none() {
            *inbox = VecDeque::new();
        }
        next
    }
}

/// The actor of one learner. It owns no state of its own: when its cell's session is gone, it stops.
pub(crate) struct SessionActor {
    cell: Rc<SessionCell>,
    shard: Rc<Shard>,
}

impl SessionActor {
    pub(crate) fn begin(cell: Rc<SessionCell>, shard: Rc<Shard>) -> Addr<SessionActor> {
        SessionActor { cell, shard }.start()
    }
}

impl Actor for SessionActor {
    type Context = Context<Self>;
}

/// There is something in the inbox.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Wake;

impl Handler<Wake> for SessionActor {
    type Result = ();
    fn handle(&mut self, _: Wake, _: &mut Self::Context) {
        self.shard.drive(&self.cell);
    }
}

/// The session is gone: stop.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Leave;

impl Handler<Leave> for SessionActor {
    type Result = ();
    fn handle(&mut self, _: Leave, ctx: &mut Self::Context) {
        actix::ActorContext::stop(ctx);
    }
}
