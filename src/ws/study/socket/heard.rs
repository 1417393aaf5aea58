//! What the client says: each frame becomes an input of the session, an answer of the socket's own, or a close.

use super::{Stage, StudySocket};
use crate::ws::layer::Socket;
use crate::ws::study::port::Waiting;
use crate::ws::study::signin::{SignInOutcome, SignedIn, TokenProblem, sign_in};
use crate::ws::study::translate::{command_input, start_input};
use domain::ids::{EntryId, InstanceId, UserId};
use domain::session::{Input, Refusal, SocketId};
use protocol::limits::WELCOME_WITHIN_MS;
use protocol::{Broken, ClientFrame, CloseCode, ErrorCode, ErrorFrame, ServerFrame};
use std::time::Duration;

/// How soon a socket that found its session full looks again.
const ROOM_AGAIN: Duration = Duration::from_millis(100);
/// Sentences about malformed commands that wait for their verdict.
const SENTENCES_MAX: usize = 64;

impl StudySocket {
    pub(super) fn frame(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        if let Stage::Relayed { relay, .. } = &self.stage {
            if !relay.pass(text) {
                self.end(CloseCode::TooSlow, socket);
            }
            return;
        }
        match protocol::decode_client(text) {
            Ok(ClientFrame::Hello(hello)) => {
                if self.context.clustered {
                    text.clone_into(&mut self.hello);
                }
                self.hello(hello, socket);
            }
            Ok(frame) => match self.stage {
                Stage::Open { user, plug } => self.open_frame(frame, user, plug, socket),
                Stage::Silent | Stage::Entering { .. } | Stage::Relayed { .. } | Stage::Gone => {
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
            Err(TokenProblem::Expired) => return self.stranger(CloseCode::TokenExpired, socket),
            Err(TokenProblem::Useless) => return self.stranger(CloseCode::TokenUseless, socket),
        };
        self.expires_ms = signed.expires_ms;
        let user = signed.who.user;
        self.stage = Stage::Entering { user, instance: InstanceId(hello.instance), plug: None };
        // What is sent behind it is read after the welcome.
        socket.pause_reading();
        socket.signing_in();
        socket.wake_after(Duration::from_millis(WELCOME_WITHIN_MS));
        let (context, port) = (self.context.clone(), self.port.clone());
        actix::spawn(async move {
            let outcome = sign_in(&context, signed.who, hello.zone).await;
            if outcome == SignInOutcome::Done(user) && hello.last_saved.is_some() {
                context.engine.returns_with_saved(user).await;
            }
            // A socket that is gone has nobody to tell.
            let _ = port.put(Waiting::SignIn(outcome));
        });
    }

    /// Closes a socket whose token is not good, once its address has been counted: where too many fail, it hears that
    /// instead.
    fn stranger(&mut self, code: CloseCode, socket: &mut Socket<'_, Self>) {
        self.stage = Stage::Gone;
        socket.pause_reading();
        let (rates, address, port) = (self.context.rates.clone(), self.address, self.port.clone());
        actix::spawn(async move {
            let code = rates.failed(address).await.map_or(CloseCode::TooManyConnections, |()| code);
            // A socket that is gone has nobody to tell.
            let _ = port.put(Waiting::Refused(code));
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
        // A session of this worker answers at once: what it says is sent in the same turn, without any mail.
        self.port.will_look();
        shard.input(plug, user, input);
        self.look(socket);
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
}
