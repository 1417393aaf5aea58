//! What the session says, and what became of a sign-in: frames for the client, or a close.

use super::{Stage, StudySocket};
use crate::events::{Happened, SittingEnd};
use crate::ws::layer::CloseCode as WireCode;
use crate::ws::layer::Socket;
use crate::ws::relay::{Relay, Relayed};
use crate::ws::study::class::class_document;
use crate::ws::study::outgoing::{
    done_frame, notice_frame, queue_frame, refused_frame, write_card, write_changed, write_graded,
};
use crate::ws::study::port::Waiting;
use crate::ws::study::signin::SignInOutcome;
use crate::ws::study::translate::{close_code, refusal_message};
use actors::ToSocket;
use domain::session::{Done, Out};
use protocol::limits::{CLIENT_FRAME_BYTES_MAX, HEARTBEAT_MS, IN_FLIGHT_MAX};
use protocol::{CloseCode, Goodbye, ServerFrame};
use std::sync::Arc;

impl StudySocket {
    pub(super) fn look(&mut self, socket: &mut Socket<'_, Self>) {
        while let Some(waiting) = self.port.next() {
            match waiting {
                Waiting::SignIn(outcome) => self.enter(outcome, socket),
                Waiting::Refused(code) => self.end(code, socket),
                Waiting::Renewed(outcome, expires_ms) => self.renewed(outcome, expires_ms, socket),
                Waiting::Session(out) => self.told(out, socket),
                Waiting::Relayed(relayed) => self.relayed(relayed, socket),
            }
        }
        self.flush_saved(socket);
        if self.port.is_overrun() {
            self.end(CloseCode::TooSlow, socket);
        }
    }

    fn enter(&mut self, outcome: SignInOutcome, socket: &mut Socket<'_, Self>) {
        let Stage::Entering { user, instance, ref mut plug } = self.stage else { return };
        match outcome {
            SignInOutcome::Done(_) => {
                let shard = self.context.engine.shard();
                let id = shard.plug(self.port.clone());
                *plug = Some(id);
                self.shard = Some(shard.clone());
                shard.attach(id, user, Some(instance));
            }
            SignInOutcome::Forbidden => self.end(CloseCode::Forbidden, socket),
            SignInOutcome::TooOften => self.end(CloseCode::TooManyConnections, socket),
            SignInOutcome::NotReady => self.end(CloseCode::NotReady, socket),
        }
    }

    fn renewed(&mut self, outcome: SignInOutcome, expires_ms: i64, socket: &mut Socket<'_, Self>) {
        match outcome {
            SignInOutcome::Done(_) => {
                socket.resume_reading();
                self.expires_ms = expires_ms;
                self.warned = false;
                let frame = ServerFrame::Renewed(protocol::Renewed { expires_at: expires_ms });
                self.send(&frame, socket);
                self.watch_time(socket);
            }
            SignInOutcome::Forbidden => self.end(CloseCode::Forbidden, socket),
            SignInOutcome::TooOften => self.end(CloseCode::TooManyConnections, socket),
            SignInOutcome::NotReady => self.end(CloseCode::NotReady, socket),
        }
    }

    fn told(&mut self, out: ToSocket, socket: &mut Socket<'_, Self>) {
        match out {
            ToSocket::Attached => self.welcome(socket),
            ToSocket::Elsewhere(address) => self.elsewhere(&address, socket),
            ToSocket::Frame(out) => self.frame_out(out, socket),
            ToSocket::Goodbye { reconnect_after_ms } => self.goodbye(reconnect_after_ms, socket),
            ToSocket::Close(why) => {
                self.flush_saved(socket);
                self.end(close_code(why), socket);
            }
        }
    }

    fn goodbye(&mut self, reconnect_after_ms: u64, socket: &mut Socket<'_, Self>) {
        match self.stage {
            Stage::Open { .. } | Stage::Relayed { welcomed: true, .. } => {
                let reason = Goodbye::DRAINING.to_owned();
                let frame = ServerFrame::Goodbye(Goodbye { reason, reconnect_after_ms });
                self.send(&frame, socket);
            }
            // Whoever is not welcomed yet has nothing to save here.
            Stage::Silent | Stage::Entering { .. } | Stage::Relayed { .. } | Stage::Gone => {
                self.end(CloseCode::Goodbye, socket);
            }
        }
    }

    fn welcome(&mut self, socket: &mut Socket<'_, Self>) {
        let Stage::Entering { user, plug: Some(plug), .. } = self.stage else { return };
        self.stage = Stage::Open { user, plug };
        self.hello = String::new();
        socket.signed_in();
        let class = self.context.engine.class_document(user);
        let frame = ServerFrame::Welcome(Box::new(protocol::Welcome {
            user_id: user.0,
            server_time: self.context.clock.now().wall_ms,
            heartbeat_ms: HEARTBEAT_MS,
            limits: protocol::WelcomeLimits {
                in_flight: IN_FLIGHT_MAX,
                frame_bytes: u32::try_from(CLIENT_FRAME_BYTES_MAX).unwrap_or(u32::MAX),
            },
            features: self.context.features(),
            class: class.map(|(document, extra_percent)| class_document(&document, extra_percent)),
            node: self.context.label.as_deref().map(str::to_owned),
        }));
        self.send(&frame, socket);
        self.watch_time(socket);
        socket.resume_reading();
    }

    /// The learner is at another node: this socket passes frames on to there and back.
    fn elsewhere(&mut self, address: &Arc<str>, socket: &mut Socket<'_, Self>) {
        if self.relayed {
            // Two nodes that send a client to each other would do so for ever: it comes back when they agree.
            return self.end(CloseCode::OwnerChanged, socket);
        }
        let Stage::Entering { plug: Some(plug), .. } = self.stage else { return };
        let hello = std::mem::take(&mut self.hello);
        let to = (address, protocol::STUDY_PATH);
        let relay = Relay::open(to, hello, self.port.clone(), self.context.relays.clone());
        self.stage = Stage::Relayed { relay, plug, welcomed: false };
        socket.resume_reading();
    }

    fn relayed(&mut self, relayed: Relayed, socket: &mut Socket<'_, Self>) {
        let Stage::Relayed { welcomed, .. } = &mut self.stage else { return };
        match relayed {
            Relayed::Text(text) => {
                // Who is let in there is let in.
                *welcomed = true;
                socket.signed_in();
                self.send_written(socket, |out| out.push_str(&text));
            }
            Relayed::Closed { code: Some(code), reason } => socket.close(WireCode::new(code), reason),
            Relayed::Closed { code: None, .. } => self.end(CloseCode::RelayLost, socket),
        }
    }

    fn frame_out(&mut self, out: Out, socket: &mut Socket<'_, Self>) {
        match out {
            Out::Card(deal) => {
                let saved = self.saved.take();
                self.send_written(socket, |text| write_card(text, &deal, saved));
            }
            Out::Graded(graded) => {
                self.flush_saved(socket);
                self.send_written(socket, |text| write_graded(text, &graded));
            }
            // It waits for the end of the turn, to ride on a card that comes behind it.
            Out::Saved(seq) => self.saved = Some(seq),
            Out::Refused { seq, id, refusal } => {
                self.flush_saved(socket);
                let sentence = self.sentences.remove(&seq);
                let message = sentence.as_deref().unwrap_or(refusal_message(refusal));
                let id = Some(id.0).filter(|id| !id.is_nil());
                self.send(&refused_frame(seq, id, refusal, message), socket);
            }
            Out::Error(notice) => self.send(&notice_frame(notice), socket),
            Out::Changed(changed) => {
                self.flush_saved(socket);
                self.send_written(socket, |text| write_changed(text, &changed));
            }
            Out::Queue(decks, counts) => self.send(&queue_frame(&decks, counts), socket),
            Out::Done(done) => {
                self.flush_saved(socket);
                self.send(&done_frame(&done), socket);
                self.sitting_ended(done);
            }
            Out::Class(document, extra_percent) => {
                let document = class_document(&document, extra_percent);
                self.send(&ServerFrame::Class(Box::new(document)), socket);
            }
            Out::Close(_) => {}
        }
    }

    /// Tells of a sitting's end, behind the frame; one without an answer is none.
    fn sitting_ended(&self, done: Done) {
        if let Stage::Open { user, .. } = self.stage
            && done.answered > 0
        {
            self.context.events.happened(Happened::Sitting(SittingEnd { user, done }));
        }
    }

    fn flush_saved(&mut self, socket: &mut Socket<'_, Self>) {
        if let Some(seq) = self.saved.take() {
            self.send_written(socket, |text| protocol::write_saved(text, seq));
        }
    }
}
