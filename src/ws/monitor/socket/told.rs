//! What the class says, and what became of a sign-in: frames for the teacher's page, or a close.

use super::{MonitorSocket, Stage};
use crate::ws::layer::{CloseCode as WireCode, Socket};
use crate::ws::monitor::port::{NotEntered, Waiting};
use crate::ws::monitor::translate::{close_of_class, close_of_entry, close_of_sign_in, refusal_words};
use crate::ws::relay::{Relay, Relayed};
use crate::ws::study::SignInOutcome;
use actors::{Monitor, NotWatched, ToMonitor, ToSocket};
use domain::ids::EntryId;
use domain::lesson::Refusal;
use protocol::limits::{CLIENT_FRAME_BYTES_MAX, HEARTBEAT_MS, IN_FLIGHT_MAX};
use protocol::{CloseCode, ErrorFrame, Goodbye, ServerFrame};
use std::sync::Arc;

/// How long a page waits before it sends a refused-as-busy command again, in milliseconds.
pub(super) const BUSY_RETRY_MS: u64 = 1_000;

impl MonitorSocket {
    pub(super) fn look(&mut self, socket: &mut Socket<'_, Self>) {
        while let Some(waiting) = self.port.next() {
            match waiting {
                Waiting::Watching(Ok(monitor)) => self.welcome(monitor, socket),
                Waiting::Watching(Err(NotEntered::Class(NotWatched::Elsewhere(address)))) => {
                    self.elsewhere(&address, socket);
                }
                Waiting::Watching(Err(NotEntered::Class(why))) => self.end(close_of_entry(&why), socket),
                Waiting::Watching(Err(NotEntered::SignIn(outcome))) => {
                    self.end(close_of_sign_in(outcome).unwrap_or(CloseCode::NotReady), socket);
                }
                Waiting::Refused(code) => self.end(code, socket),
                Waiting::Renewed(outcome, expires_ms) => self.renewed(outcome, expires_ms, socket),
                Waiting::Told(told) => self.told(told, socket),
                Waiting::Dropped => self.end(CloseCode::TooSlow, socket),
                Waiting::Worker(out) => self.worker(out, socket),
                Waiting::Relayed(relayed) => self.relayed(relayed, socket),
            }
        }
        if self.port.is_overrun() {
            self.end(CloseCode::TooSlow, socket);
        }
    }

    fn welcome(&mut self, monitor: Monitor, socket: &mut Socket<'_, Self>) {
        let Stage::Entering(user) = self.stage else { return };
        if self.context.engine.is_draining() {
            return self.end(CloseCode::Goodbye, socket);
        }
        self.plug_in();
        self.hello = String::new();
        self.stage = Stage::Open(user, monitor);
        socket.signed_in();
        let frame = ServerFrame::Welcome(Box::new(protocol::Welcome {
            user_id: user.0,
            server_time: self.context.clock.now().wall_ms,
            heartbeat_ms: HEARTBEAT_MS,
            limits: protocol::WelcomeLimits {
                in_flight: IN_FLIGHT_MAX,
                frame_bytes: u32::try_from(CLIENT_FRAME_BYTES_MAX).unwrap_or(u32::MAX),
            },
            features: self.context.features(),
            class: None,
            node: self.context.label.as_deref().map(str::to_owned),
        }));
        self.send(&frame, socket);
        self.watch_time(socket);
        socket.resume_reading();
    }

    /// From now on it hears of the server's end.
    fn plug_in(&mut self) {
        let shard = self.context.engine.shard();
        let plug = shard.plug(self.port.clone());
        self.plug = Some((shard, plug));
    }

    /// The class is at another node: this socket passes frames on to there and back.
    fn elsewhere(&mut self, address: &Arc<str>, socket: &mut Socket<'_, Self>) {
        let Stage::Entering(_) = self.stage else { return };
        if self.relayed {
            // Two nodes that send a page to each other would do so for ever: it comes back when they agree.
            return self.end(CloseCode::OwnerChanged, socket);
        }
        if self.context.engine.is_draining() {
            return self.end(CloseCode::Goodbye, socket);
        }
        self.plug_in();
        let path = protocol::MONITOR_PATH.join(&self.class.to_string());
        let hello = std::mem::take(&mut self.hello);
        let (port, relays) = (self.port.clone(), self.context.relays.clone());
        let relay = Relay::open((address, &path), hello, port, relays);
        self.stage = Stage::Relayed { relay, welcomed: false };
        socket.resume_reading();
    }

    fn relayed(&mut self, relayed: Relayed, socket: &mut Socket<'_, Self>) {
        let Stage::Relayed { welcomed, .. } = &mut self.stage else { return };
        match relayed {
            Relayed::Text(text) => {
                // Who is let in there is let in.
                *welcomed = true;
                socket.signed_in();
                self.send_text(&text, socket);
                self.watch_relayed(socket);
            }
            Relayed::Closed { code: Some(code), reason } => socket.close(WireCode::new(code), reason),
            Relayed::Closed { code: None, .. } => self.end(CloseCode::RelayLost, socket),
        }
    }

    fn renewed(&mut self, outcome: SignInOutcome, expires_ms: i64, socket: &mut Socket<'_, Self>) {
        if let Some(code) = close_of_sign_in(outcome) {
            return self.end(code, socket);
        }
        socket.resume_reading();
        self.expires_ms = expires_ms;
        self.warned = false;
        self.send(&ServerFrame::Renewed(protocol::Renewed { expires_at: expires_ms }), socket);
        self.watch_time(socket);
    }

    fn told(&mut self, told: ToMonitor, socket: &mut Socket<'_, Self>) {
        match told {
            ToMonitor::Picture(frames) => {
                for frame in frames.iter() {
                    self.send_text(frame, socket);
                }
                self.is_unsent = true;
                self.watch_time(socket);
            }
            ToMonitor::Verdict { seq, id, refusal } => {
                if let Some(refusal) = refusal {
                    self.refused(seq, id, refusal, socket);
                }
                self.decide(seq, socket);
            }
            ToMonitor::Close(why) => self.end(close_of_class(why), socket),
        }
    }

    fn refused(&mut self, seq: u64, id: EntryId, refusal: Refusal, socket: &mut Socket<'_, Self>) {
        let (code, what) = refusal_words(refusal);
        let frame = ErrorFrame::refusal(code, seq, Some(id.0), what);
        let frame = if refusal == Refusal::Busy { frame.retry_after(BUSY_RETRY_MS) } else { frame };
        self.send(&ServerFrame::Error(frame), socket);
    }

    /// A command has its verdict: `saved` leaves when all before it have theirs.
    pub(super) fn decide(&mut self, seq: u64, socket: &mut Socket<'_, Self>) {
        self.ahead.insert(seq);
        while self.ahead.remove(&(self.decided + 1)) {
            self.decided += 1;
        }
        if self.decided > self.told_saved {
            self.told_saved = self.decided;
            let mut text = String::new();
            protocol::write_saved(&mut text, self.decided);
            self.send_text(&text, socket);
        }
    }

    /// The server goes down.
    fn worker(&mut self, out: ToSocket, socket: &mut Socket<'_, Self>) {
        match out {
            ToSocket::Goodbye { reconnect_after_ms } => {
                let reason = Goodbye::DRAINING.to_owned();
                self.send(&ServerFrame::Goodbye(Goodbye { reason, reconnect_after_ms }), socket);
            }
            ToSocket::Close(_) => self.end(CloseCode::Goodbye, socket),
            ToSocket::Attached | ToSocket::Elsewhere(_) | ToSocket::Frame(_) => {}
        }
    }
}
