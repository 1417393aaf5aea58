//! One monitor socket: a teacher's screen, for as long as the connection lives.

mod heard;
mod time;
mod told;

use super::port::{Look, MonitorPort};
use crate::ws::layer::{CloseCode as WireCode, Closed, Receive, Socket, SocketApp};
use crate::ws::relay::Relay;
use crate::ws::study::StudyContext;
use actors::{Monitor, Shard};
use domain::ids::{ClassId, UserId};
use domain::session::SocketId;
use protocol::{CloseCode, ServerFrame};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

/// One monitor socket.
pub struct MonitorSocket {
    context: StudyContext,
    class: ClassId,
    port: Rc<MonitorPort>,
    stage: Stage,
    /// By which it hears of the server's end.
    plug: Option<(Rc<Shard>, SocketId)>,
    /// When the token ends, by the real clock, Unix milliseconds.
    expires_ms: i64,
    warned: bool,
    sent_ms: i64,
    /// Where it comes from.
    address: IpAddr,
    next_seq: u64,
    /// Commands with a verdict beyond those up to `decided`.
    ahead: BTreeSet<u64>,
    decided: u64,
    told_saved: u64,
    /// A picture was sent, and may not have left.
    is_unsent: bool,
    /// Whether another node opened this socket for its client.
    relayed: bool,
    /// The `hello` as it came, until the welcome: for another node.
    hello: String,
}

enum Stage {
    /// No `hello` yet.
    Silent,
    /// It is looked up who it is, then the class.
    Entering(UserId),
    /// `welcome` was sent.
    Open(UserId, Monitor),
    /// The class is at another node, to which frames are passed on.
    Relayed { relay: Relay, welcomed: bool },
    /// Over.
    Gone,
}

impl MonitorSocket {
    /// A socket before its `hello`.
    pub fn new(context: StudyContext, class: ClassId, relayed: bool, address: IpAddr) -> MonitorSocket {
        MonitorSocket {
            context,
            class,
            port: Rc::default(),
            stage: Stage::Silent,
            plug: None,
            expires_ms: i64::MAX,
            warned: false,
            sent_ms: 0,
            address,
            next_seq: 1,
            ahead: BTreeSet::new(),
            decided: 0,
            told_saved: 0,
            is_unsent: false,
            relayed,
            hello: String::new(),
        }
    }

    fn real_ms(&self) -> i64 {
        (self.context.real_ms)()
    }

    fn end(&mut self, code: CloseCode, socket: &mut Socket<'_, Self>) {
        socket.close(WireCode::new(code.code()), code.name());
    }

    fn send(&mut self, frame: &ServerFrame, socket: &mut Socket<'_, Self>) {
        self.send_text(&frame.encode(), socket);
    }

    fn send_text(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        socket.send_text(text);
        self.sent_ms = self.real_ms();
    }

    fn leave(&mut self) {
        self.stage = Stage::Gone;
        if let Some((shard, plug)) = self.plug.take() {
            shard.unplug(plug);
        }
    }
}

impl SocketApp for MonitorSocket {
    fn on_open(&mut self, socket: &mut Socket<'_, Self>) {
        self.port.open(socket.handle::<Look>());
        self.sent_ms = self.real_ms();
    }

    fn on_text(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        self.frame(text, socket);
    }

    fn on_alarm(&mut self, socket: &mut Socket<'_, Self>) {
        match self.stage {
            Stage::Open(..) => {
                self.note_left(socket);
                self.watch_time(socket);
            }
            Stage::Entering(_) | Stage::Relayed { welcomed: false, .. } => {
                self.end(CloseCode::NotReady, socket)
            }
            Stage::Relayed { .. } => self.watch_relayed(socket),
            Stage::Silent | Stage::Gone => {}
        }
    }

    fn on_close(&mut self, _closed: &Closed) {
        self.leave();
    }
}

/// A socket whose app panicked is dropped without another word: its class must hear of it all the same.
impl Drop for MonitorSocket {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Receive<Look> for MonitorSocket {
    fn on_mail(&mut self, _: Look, socket: &mut Socket<'_, Self>) {
        self.look(socket);
    }
}
