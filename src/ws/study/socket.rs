//! One study socket.

mod heard;
mod time;
mod told;

use super::StudyContext;
use super::port::{Look, StudyPort};
use crate::ws::layer::{CloseCode as WireCode, Closed, Receive, Socket, SocketApp};
use crate::ws::relay::Relay;
use actors::Shard;
use domain::ids::{InstanceId, UserId};
use domain::session::SocketId;
use protocol::limits::CLIENT_FRAME_BYTES_MAX;
use protocol::{CloseCode, ServerFrame};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

/// One study socket: a learner's device, for as long as the connection lives.
pub struct StudySocket {
    context: StudyContext,
    port: Rc<StudyPort>,
    shard: Option<Rc<Shard>>,
    stage: Stage,
    /// When the token ends, by the real clock, Unix milliseconds.
    expires_ms: i64,
    warned: bool,
    sent_ms: i64,
    /// A `saved` that waits for the end of the turn, to ride on a card.
    saved: Option<u64>,
    /// What is wrong with malformed commands, by `seq`, until their verdict.
    sentences: BTreeMap<u64, String>,
    /// Whether another node opened this socket for its client.
    relayed: bool,
    /// Where it comes from.
    address: IpAddr,
    /// The `hello` as it came, until the welcome: for another node.
    hello: String,
}

enum Stage {
    /// No `hello` yet.
    Silent,
    /// The record is looked for; then the session.
    Entering { user: UserId, instance: InstanceId, plug: Option<SocketId> },
    /// `welcome` was sent.
    Open { user: UserId, plug: SocketId },
    /// The learner is at another node, to which frames are passed on. The socket stays plugged in here: it is told when
    /// this node goes down.
    Relayed { relay: Relay, plug: SocketId, welcomed: bool },
    /// Over.
    Gone,
}

thread_local! {
    static SCRATCH: Cell<String> = const { Cell::new(String::new()) };
}

impl StudySocket {
    /// A socket before its `hello`.
    pub fn new(context: StudyContext, relayed: bool, address: IpAddr) -> StudySocket {
        StudySocket {
            context,
            port: Rc::default(),
            shard: None,
            stage: Stage::Silent,
            expires_ms: i64::MAX,
            warned: false,
            sent_ms: 0,
            saved: None,
            sentences: BTreeMap::new(),
            relayed,
            address,
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
        self.send_written(socket, |text| frame.write(text));
    }

    /// Sends what `write` writes. The text is written into one buffer a worker: a frame is copied on at once, and
    /// thousands of sockets that keep one each would cost more than what they hold.
    fn send_written(&mut self, socket: &mut Socket<'_, Self>, write: impl FnOnce(&mut String)) {
        let mut text = SCRATCH.take();
        text.clear();
        write(&mut text);
        socket.send_text(&text);
        self.sent_ms = self.real_ms();
        if text.capacity() <= CLIENT_FRAME_BYTES_MAX {
            SCRATCH.set(text);
        }
    }
}

impl SocketApp for StudySocket {
    fn on_open(&mut self, socket: &mut Socket<'_, Self>) {
        self.port.open(socket.handle::<Look>());
        self.sent_ms = self.real_ms();
    }

    fn on_text(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        self.frame(text, socket);
    }

    fn on_alarm(&mut self, socket: &mut Socket<'_, Self>) {
        match self.stage {
            Stage::Open { .. } => self.watch_time(socket),
            // Whoever is passed on waits for the welcome of the other node, from the same `hello` on.
            Stage::Entering { .. } | Stage::Relayed { welcomed: false, .. } => {
                self.end(CloseCode::NotReady, socket);
            }
            Stage::Silent | Stage::Relayed { .. } | Stage::Gone => {}
        }
    }

    fn on_close(&mut self, _closed: &Closed) {
        self.leave();
    }
}

/// A socket whose app panicked is dropped without another word: its session must hear of it all the same.
impl Drop for StudySocket {
    fn drop(&mut self) {
        self.leave();
    }
}

impl StudySocket {
    fn leave(&mut self) {
        let plug = match self.stage {
            Stage::Open { plug, .. } | Stage::Relayed { plug, .. } => Some(plug),
            Stage::Entering { plug, .. } => plug,
            Stage::Silent | Stage::Gone => None,
        };
        self.stage = Stage::Gone;
        if let (Some(shard), Some(plug)) = (self.shard.take(), plug) {
            shard.unplug(plug);
        }
    }
}

impl Receive<Look> for StudySocket {
    fn on_mail(&mut self, _: Look, socket: &mut Socket<'_, Self>) {
        self.look(socket);
    }
}
