//! One study socket.

use super::StudyContext;
use super::outgoing::{done_frame, notice_frame, queue_frame, refused_frame, write_card, write_changed};
use super::port::{Look, StudyPort, Waiting};
use super::signin::{SignInOutcome, SignedIn, TokenProblem, sign_in};
use super::translate::{close_code, command_input, refusal_message, start_input};
use crate::ws::layer::{CloseCode as WireCode, Closed, Receive, Socket, SocketApp};
use actors::{Shard, ToSocket};
use domain::ids::{EntryId, InstanceId, UserId};
use domain::session::{Input, Out, Refusal, SocketId};
use protocol::limits::{
    CLIENT_FRAME_BYTES_MAX, HEARTBEAT_MS, IN_FLIGHT_MAX, TOKEN_EXPIRING_MS, TOKEN_GRACE_MS,
};
use protocol::{Broken, ClientFrame, CloseCode, ErrorCode, ErrorFrame, ServerFrame};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// How soon a socket that found its session full looks again.
const ROOM_AGAIN: Duration = Duration::from_millis(100);
/// Sentences about malformed commands that wait for their verdict.
const SENTENCES_MAX: usize = 64;

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
    saved: Option<u64>,
    sentences: BTreeMap<u64, String>,
    text: String,
}

enum Stage {
    /// No `hello` yet.
    Silent,
    /// The record is looked for; then the session.
    Entering { user: UserId, instance: InstanceId, plug: Option<SocketId> },
    /// `welcome` was sent.
    Open { user: UserId, plug: SocketId },
    /// Over.
    Gone,
}

impl StudySocket {
    /// A socket before its `hello`.
    pub fn new(context: StudyContext) -> StudySocket {
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
            text: String::new(),
        }
    }

    fn real_ms(&self) -> i64 {
        (self.context.real_ms)()
    }

    fn end(&mut self, code: CloseCode, socket: &mut Socket<'_, Self>) {
        socket.close(WireCode::new(code.code()), code.name());
    }

    fn send(&mut self, frame: &ServerFrame, socket: &mut Socket<'_, Self>) {
        self.text.clear();
        frame.write(&mut self.text);
        self.flush_text(socket);
    }

    fn flush_text(&mut self, socket: &mut Socket<'_, Self>) {
        socket.send_text(&self.text);
        self.sent_ms = self.real_ms();
        if self.text.capacity() > CLIENT_FRAME_BYTES_MAX {
            self.text = String::new();
        }
    }

    // ---- in ---------------------------------------------------------------------------------------------------

    fn frame(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        match protocol::decode_client(text) {
            Ok(ClientFrame::Hello(hello)) => self.hello(hello, socket),
            Ok(frame) => match self.stage {
                Stage::Open { user, plug } => self.open_frame(frame, user, plug, socket),
                Stage::Silent | Stage::Entering { .. } | Stage::Gone => {
                    self.end(CloseCode::ProtocolError, socket);
                }
            },
            Err(broken) => self.broken(broken, socket),
        }
    }

    fn hello(&mut self, hello: protocol::Hello, socket: &mut Socket<'_, Self>) {
        let Stage::Silent = self.stage else { return self.end(CloseCode::ProtocolError, socket) };
        let signed = match self.context.tokens.check(&hello.token, self.real_ms()) {
            Ok(signed) => signed,
            Err(TokenProblem::Expired) => return self.end(CloseCode::TokenExpired, socket),
            Err(TokenProblem::Useless) => return self.end(CloseCode::TokenUseless, socket),
        };
        self.expires_ms = signed.expires_ms;
        let user = signed.who.user;
        self.stage = Stage::Entering { user, instance: InstanceId(hello.instance), plug: None };
        socket.pause_reading();
        let (context, port) = (self.context.clone(), self.port.clone());
        actix::spawn(async move {
            let outcome = sign_in(&context, signed.who, hello.zone).await;
            // A socket that is gone has nobody to tell.
            let _ = port.put(Waiting::SignIn(outcome));
        });
    }

    fn open_frame(
        &mut self,
        frame: ClientFrame,
        user: UserId,
        plug: SocketId,
        socket: &mut Socket<'_, Self>,
    ) {
        match frame {
            ClientFrame::Hello(_) => self.end(CloseCode::ProtocolError, socket),
            ClientFrame::Beat => {}
            ClientFrame::Auth(auth) => self.renew(&auth.token, user, socket),
            ClientFrame::Start(start) => {
                let start = Box::new(start_input(start));
                self.put(user, plug, Input::Start { socket: plug, start }, socket);
            }
            ClientFrame::Command(numbered) => {
                let seq = numbered.seq;
                let input = match command_input(&numbered.command) {
                    (id, Ok(command)) => Input::Command { socket: plug, seq, id, command },
                    (id, Err(refusal)) => Input::Refused { socket: plug, seq, id, refusal },
                };
                self.put(user, plug, input, socket);
            }
        }
    }

    fn broken(&mut self, broken: Broken, socket: &mut Socket<'_, Self>) {
        let Stage::Open { user, plug } = self.stage else {
            return self.end(CloseCode::ProtocolError, socket);
        };
        match broken {
            Broken::NotAFrame { .. } => self.end(CloseCode::ProtocolError, socket),
            Broken::UnknownType { seq: Some(seq), id } => {
                let id = EntryId(id.unwrap_or_default());
                let refusal = Refusal::UnknownType;
                self.put(user, plug, Input::Refused { socket: plug, seq, id, refusal }, socket);
            }
            Broken::UnknownType { seq: None, .. } => {
                let what = "this server does not know frames of this type";
                self.send(&ServerFrame::Error(ErrorFrame::notice(ErrorCode::UnknownType, what)), socket);
            }
            Broken::Malformed { seq: Some(seq), id, what } => {
                if self.sentences.len() < SENTENCES_MAX {
                    self.sentences.insert(seq, what);
                }
                let id = EntryId(id.unwrap_or_default());
                let refusal = Refusal::Malformed;
                self.put(user, plug, Input::Refused { socket: plug, seq, id, refusal }, socket);
            }
            Broken::Malformed { seq: None, what, .. } => {
                self.send(&ServerFrame::Error(ErrorFrame::notice(ErrorCode::Malformed, &what)), socket);
            }
        }
    }

    /// Hands an input to the session. Without room for another the socket is not read for a while.
    fn put(&mut self, user: UserId, plug: SocketId, input: Input, socket: &mut Socket<'_, Self>) {
        let Some(shard) = self.shard.clone() else { return };
        shard.input(plug, user, input);
        if !shard.has_room(plug, user) {
            socket.pause_reading_for(ROOM_AGAIN);
        }
    }

    fn renew(&mut self, token: &str, user: UserId, socket: &mut Socket<'_, Self>) {
        match self.context.tokens.check(token, self.real_ms()) {
            Err(TokenProblem::Expired) => self.end(CloseCode::TokenExpired, socket),
            Err(TokenProblem::Useless) => self.end(CloseCode::TokenUseless, socket),
            Ok(SignedIn { who, .. }) if who.user != user => self.end(CloseCode::Forbidden, socket),
            Ok(SignedIn { who, expires_ms }) => {
                // One renewal at a time: a socket that asks on and on must not keep the store from others.
                socket.pause_reading();
                let (context, port) = (self.context.clone(), self.port.clone());
                actix::spawn(async move {
                    let outcome = sign_in(&context, who, None).await;
                    let _ = port.put(Waiting::Renewed(outcome, expires_ms));
                });
            }
        }
    }

    // ---- out --------------------------------------------------------------------------------------------------

    fn look(&mut self, socket: &mut Socket<'_, Self>) {
        for waiting in self.port.take() {
            match waiting {
                Waiting::SignIn(outcome) => self.enter(outcome, socket),
                Waiting::Renewed(outcome, expires_ms) => self.renewed(outcome, expires_ms, socket),
                Waiting::Session(out) => self.told(out, socket),
            }
        }
        if let Some(seq) = self.saved.take() {
            self.text.clear();
            protocol::write_saved(&mut self.text, seq);
            self.flush_text(socket);
        }
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
            SignInOutcome::NotReady => self.end(CloseCode::NotReady, socket),
        }
    }

    fn told(&mut self, out: ToSocket, socket: &mut Socket<'_, Self>) {
        match out {
            ToSocket::Attached => self.welcome(socket),
            ToSocket::Frame(out) => self.frame_out(out, socket),
            // Whoever is not welcomed yet has nothing to save here.
            ToSocket::Goodbye { .. } if !matches!(self.stage, Stage::Open { .. }) => {
                self.end(CloseCode::Goodbye, socket);
            }
            ToSocket::Goodbye { reconnect_after_ms } => {
                let reason = "the server is going down".to_owned();
                let frame = ServerFrame::Goodbye(protocol::Goodbye { reason, reconnect_after_ms });
                self.send(&frame, socket);
            }
            ToSocket::Close(why) => {
                self.flush_saved(socket);
                self.end(close_code(why), socket);
            }
        }
    }

    fn welcome(&mut self, socket: &mut Socket<'_, Self>) {
        let Stage::Entering { user, plug: Some(plug), .. } = self.stage else { return };
        self.stage = Stage::Open { user, plug };
        socket.signed_in();
        let frame = ServerFrame::Welcome(Box::new(protocol::Welcome {
            user_id: user.0,
            server_time: self.context.clock.now().wall_ms,
            heartbeat_ms: HEARTBEAT_MS,
            limits: protocol::WelcomeLimits {
                in_flight: IN_FLIGHT_MAX,
                frame_bytes: u32::try_from(CLIENT_FRAME_BYTES_MAX).unwrap_or(u32::MAX),
            },
            features: Vec::new(),
            class: None,
        }));
        self.send(&frame, socket);
        self.watch_time(socket);
        socket.resume_reading();
    }

    fn frame_out(&mut self, out: Out, socket: &mut Socket<'_, Self>) {
        match out {
            Out::Card(deal) => {
                let saved = self.saved.take();
                self.text.clear();
                write_card(&mut self.text, &deal, saved);
                self.flush_text(socket);
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
                self.text.clear();
                write_changed(&mut self.text, &changed);
                self.flush_text(socket);
            }
            Out::Queue(decks, counts) => self.send(&queue_frame(&decks, counts), socket),
            Out::Done(done) => {
                self.flush_saved(socket);
                self.send(&done_frame(&done), socket);
            }
            Out::Close(_) => {}
        }
    }

    fn flush_saved(&mut self, socket: &mut Socket<'_, Self>) {
        if let Some(seq) = self.saved.take() {
            self.text.clear();
            protocol::write_saved(&mut self.text, seq);
            self.flush_text(socket);
        }
    }

    // ---- time -------------------------------------------------------------------------------------------------

    /// Warns before the token ends, closes after it has, keeps the line warm; then sets the next alarm.
    fn watch_time(&mut self, socket: &mut Socket<'_, Self>) {
        let now_ms = self.real_ms();
        let grace_ms = i64::try_from(TOKEN_GRACE_MS).unwrap_or(0);
        let early_ms = i64::try_from(TOKEN_EXPIRING_MS).unwrap_or(0);
        let heartbeat_ms = i64::try_from(HEARTBEAT_MS).unwrap_or(0);
        let closes_ms = self.expires_ms.saturating_add(grace_ms);
        if now_ms >= closes_ms {
            return self.end(CloseCode::TokenExpired, socket);
        }
        let warns_ms = self.expires_ms.saturating_sub(early_ms);
        if now_ms >= warns_ms && !self.warned {
            self.warned = true;
            let what = "the token ends soon; send auth with a new one";
            self.send(&ServerFrame::Error(ErrorFrame::notice(ErrorCode::TokenExpiring, what)), socket);
        }
        if now_ms >= self.sent_ms.saturating_add(heartbeat_ms) {
            self.send(&ServerFrame::Beat, socket);
        }
        let beats_ms = self.sent_ms.saturating_add(heartbeat_ms);
        let token_ms = if self.warned { closes_ms } else { warns_ms };
        let wait_ms = token_ms.min(beats_ms).saturating_sub(now_ms).max(1);
        socket.wake_after(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(1)));
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
        if let Stage::Open { .. } = self.stage {
            self.watch_time(socket);
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
            Stage::Open { plug, .. } => Some(plug),
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
