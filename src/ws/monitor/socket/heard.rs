//! What the teacher's page says: each frame becomes a command of the class, an answer of the socket's own, or a close.

use super::{MonitorSocket, Stage};
use crate::teaching::bearer_of;
use crate::ws::layer::Socket;
use crate::ws::monitor::port::{NotEntered, Waiting};
use crate::ws::monitor::translate::command_of;
use crate::ws::study::{SignInOutcome, SignedIn, StudyContext, TokenProblem, sign_in};
use actors::{NotWatched, monitor_queue};
use domain::ids::{ClassId, EntryId, UserId};
use domain::limits::CLOCK_AHEAD_MS;
use ports::SignIn;
use protocol::limits::WELCOME_WITHIN_MS;
use protocol::{Broken, ClientFrame, CloseCode, ErrorCode, ErrorFrame, ServerFrame, TeacherFrame, Teaching};
use std::time::Duration;
use uuid::Uuid;

/// A socket that came in by a link ends after this time and comes again, in milliseconds.
const LINK_LONGEST_MS: i64 = 24 * 3_600_000;

/// By what somebody comes in.
enum Entrance {
    Account(SignIn, Option<String>),
    /// Of somebody who stands in for a teacher.
    Link(String),
}

/// Signs in, or looks whether the link holds.
async fn enter(
    context: &StudyContext,
    class: ClassId,
    user: UserId,
    entrance: Entrance,
) -> Result<(), NotEntered> {
    match entrance {
        Entrance::Account(who, _) if !who.role.may_teach() => Err(NotEntered::Class(NotWatched::Forbidden)),
        Entrance::Account(who, zone) => match sign_in(context, who, zone).await {
            outcome if outcome == SignInOutcome::Done(user) => Ok(()),
            outcome => Err(NotEntered::SignIn(outcome)),
        },
        Entrance::Link(link) => match context.teaching.by_link(&link, context.clock.now().wall_ms).await {
            Ok(Some(stands_in)) if stands_in.class == class => Ok(()),
            Ok(_) => Err(NotEntered::Class(NotWatched::Forbidden)),
            Err(error) => {
                tracing::warn!(%error, %class, "a link could not be looked at");
                Err(NotEntered::Class(NotWatched::NotReady))
            }
        },
    }
}

impl MonitorSocket {
    pub(super) fn frame(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        if let Stage::Relayed { relay, .. } = &self.stage {
            if !relay.pass(text) {
                self.end(CloseCode::TooSlow, socket);
            }
            return;
        }
        match protocol::decode_teacher(text) {
            Ok(TeacherFrame::Common(frame)) if self.context.clustered => {
                if let ClientFrame::Hello(_) = *frame {
                    text.clone_into(&mut self.hello);
                }
                self.common(*frame, socket);
            }
            Ok(TeacherFrame::Common(frame)) => self.common(*frame, socket),
            Ok(TeacherFrame::Command(teaching)) => self.command(teaching, socket),
            Err(broken) => self.broken(broken, socket),
        }
    }

    fn common(&mut self, frame: ClientFrame, socket: &mut Socket<'_, Self>) {
        match (frame, &self.stage) {
            (ClientFrame::Hello(hello), Stage::Silent) => self.hello(hello, socket),
            (ClientFrame::Beat, Stage::Open(..)) => {}
            (ClientFrame::Auth(auth), Stage::Open(user, _)) => {
                let user = *user;
                self.renew(&auth.token, user, socket);
            }
            (
                ClientFrame::Hello(_)
                | ClientFrame::Auth(_)
                | ClientFrame::Beat
                | ClientFrame::Start(_)
                | ClientFrame::Command(_),
                _,
            ) => self.end(CloseCode::ProtocolError, socket),
        }
    }

    fn hello(&mut self, hello: protocol::Hello, socket: &mut Socket<'_, Self>) {
        let (user, entrance) = match self.entrance(hello) {
            Ok(entrance) => entrance,
            Err(TokenProblem::Expired) => return self.stranger(CloseCode::TokenExpired, socket),
            Err(TokenProblem::Useless) => return self.stranger(CloseCode::TokenUseless, socket),
        };
        self.stage = Stage::Entering(user);
        // What is sent behind it is read after the welcome.
        socket.pause_reading();
        socket.signing_in();
        socket.wake_after(Duration::from_millis(WELCOME_WITHIN_MS));
        let (context, port, class) = (self.context.clone(), self.port.clone(), self.class);
        actix::spawn(async move {
            if let Err(why) = enter(&context, class, user, entrance).await {
                // A socket that is gone has nobody to tell.
                let _ = port.put(Waiting::Watching(Err(why)));
                return;
            }
            let (to, mut told) = monitor_queue();
            let watching = context.engine.watch(class, user, to).await.map_err(NotEntered::Class);
            let watches = watching.is_ok();
            if port.put(Waiting::Watching(watching)).is_err() || !watches {
                return;
            }
            while let Some(told) = told.recv().await {
                if port.put(Waiting::Told(told)).is_err() {
                    return;
                }
            }
            let _ = port.put(Waiting::Dropped);
        });
    }

    /// Who wants to come in, and by what. Until when a link holds is asked again and again while it is used.
    fn entrance(&mut self, hello: protocol::Hello) -> Result<(UserId, Entrance), TokenProblem> {
        if let Some(user) = bearer_of(&hello.token) {
            self.expires_ms = self.real_ms().saturating_add(LINK_LONGEST_MS);
            return Ok((user, Entrance::Link(hello.token)));
        }
        let signed = self.context.tokens.check(&hello.token, self.real_ms())?;
        self.expires_ms = signed.expires_ms;
        Ok((signed.who.user, Entrance::Account(signed.who, hello.zone)))
    }

    /// Closes a socket whose token is not good, once its address has been counted.
    fn stranger(&mut self, code: CloseCode, socket: &mut Socket<'_, Self>) {
        self.stage = Stage::Gone;
        socket.pause_reading();
        let (rates, address, port) = (self.context.rates.clone(), self.address, self.port.clone());
        actix::spawn(async move {
            let code = rates.failed(address).await.map_or(CloseCode::TooManyConnections, |()| code);
            let _ = port.put(Waiting::Refused(code));
        });
    }

    fn renew(&mut self, token: &str, user: UserId, socket: &mut Socket<'_, Self>) {
        match self.context.tokens.check(token, self.real_ms()) {
            Err(TokenProblem::Expired) => self.end(CloseCode::TokenExpired, socket),
            Err(TokenProblem::Useless) => self.end(CloseCode::TokenUseless, socket),
            Ok(SignedIn { who, .. }) if who.user != user || !who.role.may_teach() => {
                self.end(CloseCode::Forbidden, socket);
            }
            Ok(SignedIn { who, expires_ms }) => {
                socket.pause_reading();
                let (context, port) = (self.context.clone(), self.port.clone());
                actix::spawn(async move {
                    let outcome = sign_in(&context, who, None).await;
                    let _ = port.put(Waiting::Renewed(outcome, expires_ms));
                });
            }
        }
    }

    /// Takes the number of a command; a gap or a repeat ends the socket.
    fn take_seq(&mut self, seq: u64, socket: &mut Socket<'_, Self>) -> bool {
        if seq != self.next_seq {
            self.end(CloseCode::BrokenSequence, socket);
            return false;
        }
        self.next_seq += 1;
        true
    }

    fn command(&mut self, teaching: Teaching, socket: &mut Socket<'_, Self>) {
        let Teaching { seq, id, body } = teaching;
        if !matches!(self.stage, Stage::Open(..)) {
            return self.end(CloseCode::ProtocolError, socket);
        }
        if !self.take_seq(seq, socket) {
            return;
        }
        let entry = EntryId(id);
        if entry.at_ms() > self.context.clock.now().wall_ms.saturating_add(CLOCK_AHEAD_MS) {
            let what = "the id's time is ahead of the server's clock; correct the clock by server_time";
            return self.refuse(ErrorCode::BadTime, seq, Some(id), what, socket);
        }
        let Stage::Open(_, monitor) = &self.stage else { return };
        if !monitor.command(seq, entry, command_of(body)) {
            let what = "too much is on its way; send it again later under the same id";
            self.refuse(ErrorCode::Busy, seq, Some(id), what, socket);
        }
    }

    fn broken(&mut self, broken: Broken, socket: &mut Socket<'_, Self>) {
        if !matches!(self.stage, Stage::Open(..)) {
            return self.end(CloseCode::ProtocolError, socket);
        }
        let unknown = "this server does not know frames of this type";
        let (code, seq, id, what) = match broken {
            Broken::NotAFrame { .. } => return self.end(CloseCode::ProtocolError, socket),
            Broken::UnknownType { seq, id } => (ErrorCode::UnknownType, seq, id, unknown.to_owned()),
            Broken::Malformed { seq, id, what } => (ErrorCode::Malformed, seq, id, what),
        };
        match seq {
            Some(seq) if self.take_seq(seq, socket) => self.refuse(code, seq, id, &what, socket),
            Some(_) => {}
            None => self.send(&ServerFrame::Error(ErrorFrame::notice(code, &what)), socket),
        }
    }

    fn refuse(
        &mut self,
        code: ErrorCode,
        seq: u64,
        id: Option<Uuid>,
        what: &str,
        socket: &mut Socket<'_, Self>,
    ) {
        let frame = ErrorFrame::refusal(code, seq, id, what);
        let frame =
            if code == ErrorCode::Busy { frame.retry_after(super::told::BUSY_RETRY_MS) } else { frame };
        self.send(&ServerFrame::Error(frame), socket);
        self.decide(seq, socket);
    }
}
