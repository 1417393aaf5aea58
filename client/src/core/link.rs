//! The connection: when to open it, what to say first, when to give it up.

use super::{Action, Core, Now};
use crate::event::{Event, Stopped};
use crate::verdicts::Verdicts;
use protocol::{ClientFrame, Hello, Next, Welcome, next_after};

/// How long the server may take from `hello` to `welcome`.
const WELCOME_WITHIN_MS: u64 = 15_000;
/// A connection that lasted this long lets the back-off begin anew.
const LASTED_MS: u64 = 5_000;
/// After `goodbye`: how long verdicts are awaited before the client closes.
const GOODBYE_PATIENCE_MS: u64 = 10_000;

/// Where the connection stands.
#[derive(Debug)]
pub(super) enum Link {
    /// None; the next attempt is due at this tick.
    Away { connect_at: u64 },
    /// The handshake is on its way.
    Connecting,
    /// None; a new token comes first.
    NeedsToken,
    /// `hello` is sent.
    Greeting { hello_wall_ms: i64, until: u64 },
    /// `welcome` was read.
    Live(Box<Live>),
    /// Never again.
    Stopped,
}

/// One socket after its `welcome`.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) since: u64,
    pub(super) verdicts: Verdicts,
    pub(super) in_flight_max: usize,
    pub(super) frame_bytes_max: usize,
    heartbeat_ms: u64,
    pub(super) last_sent: u64,
    last_heard: u64,
    /// After a `goodbye`.
    pub(super) leaving: Option<Leaving>,
}

/// A socket that the server is about to close.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    pub(super) close_by: u64,
    pub(super) connect_at: u64,
}

impl Link {
    pub(super) fn deadline(&self) -> Option<u64> {
        match self {
            Link::Away { connect_at } => Some(*connect_at),
            Link::Greeting { until, .. } => Some(*until),
            Link::Live(live) => Some(live.deadline()),
            Link::Connecting | Link::NeedsToken | Link::Stopped => None,
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        match self {
            Link::Connecting | Link::Greeting { .. } | Link::Live(_) => true,
            Link::Away { .. } | Link::NeedsToken | Link::Stopped => false,
        }
    }
}

impl Live {
    fn silent_at(&self) -> u64 {
        self.last_heard + protocol::limits::SILENT_HEARTBEATS_CLIENT * self.heartbeat_ms
    }

    fn deadline(&self) -> u64 {
        let beat_at = self.last_sent + self.heartbeat_ms;
        let deadline = beat_at.min(self.silent_at());
        self.leaving.map_or(deadline, |leaving| deadline.min(leaving.close_by))
    }
}

impl Core {
    pub(super) fn connected(&mut self, now: Now, out: &mut Vec<Action>) {
        if !matches!(self.link, Link::Connecting) {
            return;
        }
        let last_saved = self.user.and_then(|user| self.last_saved.get(&user).copied());
        let hello = Hello {
            token: self.config.token.clone(),
            instance: self.config.instance,
            client_time: now.wall_ms,
            last_saved,
            zone: self.config.zone.clone(),
        };
        out.push(Action::Send(ClientFrame::Hello(hello).encode()));
        self.link = Link::Greeting { hello_wall_ms: now.wall_ms, until: now.tick_ms + WELCOME_WITHIN_MS };
    }

    pub(super) fn connect_failed(
        &mut self,
        now: Now,
        status: Option<u16>,
        retry_after_ms: Option<u64>,
        reason: String,
        out: &mut Vec<Action>,
    ) {
        if !matches!(self.link, Link::Connecting) {
            return;
        }
        // Another try changes nothing about what the client asks for; it may about everything else.
        if let Some(status @ (400 | 401 | 403 | 404 | 426)) = status {
            self.stopped(Stopped::HandshakeRefused { status }, out);
            return;
        }
        let wait = self.backoff.next_wait_ms(&mut self.random).max(retry_after_ms.unwrap_or(0));
        self.away(now.tick_ms + wait, now, None, reason, Next::Reconnect, out);
    }

    pub(super) fn closed(&mut self, now: Now, code: Option<u16>, reason: String, out: &mut Vec<Action>) {
        let link = std::mem::replace(&mut self.link, Link::NeedsToken);
        let (since, leaving) = match &link {
            Link::Live(live) => (Some(live.since), live.leaving),
            Link::Connecting | Link::Greeting { .. } => (None, None),
            Link::Away { .. } | Link::NeedsToken | Link::Stopped => {
                self.link = link;
                return;
            }
        };
        if since.is_some_and(|since| now.tick_ms >= since + LASTED_MS) {
            self.backoff.succeeded();
        }
        let wait = self.backoff.next_wait_ms(&mut self.random);
        let next = next_after(code);
        match next {
            Next::Reconnect => {
                let connect_at = leaving.map_or(now.tick_ms + wait, |leaving| leaving.connect_at);
                self.away(connect_at, now, code, reason, next, out);
            }
            Next::ReconnectAfter(ms) => self.away(now.tick_ms + ms + wait, now, code, reason, next, out),
            Next::RenewToken => {
                self.socket_ended();
                out.push(Action::Tell(Event::Disconnected { code, reason, next, retry_in_ms: None }));
                out.push(Action::GetToken);
            }
            Next::Stop => {
                self.socket_ended();
                out.push(Action::Tell(Event::Disconnected {
                    code,
                    reason: reason.clone(),
                    next,
                    retry_in_ms: None,
                }));
                self.stopped(Stopped::ClosedFor { code: code.unwrap_or(0), reason }, out);
            }
        }
    }

    /// Gives the connection up from this side.
    pub(super) fn give_up(&mut self, now: Now, reason: &str, out: &mut Vec<Action>) {
        out.push(Action::Close);
        self.closed(now, None, reason.to_owned(), out);
    }

    fn away(
        &mut self,
        connect_at: u64,
        now: Now,
        code: Option<u16>,
        reason: String,
        next: Next,
        out: &mut Vec<Action>,
    ) {
        self.socket_ended();
        let retry_in_ms = Some(connect_at.saturating_sub(now.tick_ms));
        self.link = Link::Away { connect_at };
        out.push(Action::Tell(Event::Disconnected { code, reason, next, retry_in_ms }));
    }

    /// What was sent and has no verdict is unknown; what was asked is asked again. Held cards stay on screen:
    /// they may still be answered, until the next `queue`.
    fn socket_ended(&mut self) {
        self.outbox.socket_ended();
        self.sitting.socket_ended();
        self.answered.clear();
    }

    pub(super) fn stopped(&mut self, why: Stopped, out: &mut Vec<Action>) {
        self.socket_ended();
        self.link = Link::Stopped;
        out.push(Action::Tell(Event::Stopped(why)));
    }

    pub(super) fn token(&mut self, now: Now, token: Result<String, String>, out: &mut Vec<Action>) {
        match (token, &self.link) {
            (_, Link::Stopped) => {}
            (Ok(token), link) => {
                let live = matches!(link, Link::Live(_));
                let needed = matches!(link, Link::NeedsToken);
                self.config.token = token;
                if live {
                    let auth = protocol::Auth { token: self.config.token.clone() };
                    self.send(now, &ClientFrame::Auth(auth), out);
                } else if needed {
                    let wait = self.backoff.next_wait_ms(&mut self.random);
                    self.link = Link::Away { connect_at: now.tick_ms + wait };
                }
            }
            // A socket that lives goes on until its token ends.
            (Err(reason), Link::NeedsToken) => self.stopped(Stopped::NoToken(reason), out),
            (Err(_), Link::Away { .. } | Link::Connecting | Link::Greeting { .. } | Link::Live(_)) => {}
        }
    }

    pub(super) fn retry(&mut self, now: Now) {
        match &mut self.link {
            Link::Away { connect_at } => *connect_at = now.tick_ms,
            Link::Stopped => self.link = Link::Away { connect_at: now.tick_ms },
            Link::Connecting | Link::NeedsToken | Link::Greeting { .. } | Link::Live(_) => {}
        }
    }

    pub(super) fn heard(&mut self, now: Now) {
        if let Link::Live(live) = &mut self.link {
            live.last_heard = now.tick_ms;
        }
    }

    /// `welcome` after `hello`: the socket is live.
    pub(super) fn welcomed(
        &mut self,
        now: Now,
        hello_wall_ms: i64,
        welcome: &Welcome,
        out: &mut Vec<Action>,
    ) {
        let limits = welcome.limits;
        self.link = Link::Live(Box::new(Live {
            since: now.tick_ms,
            verdicts: Verdicts::default(),
            in_flight_max: usize::from(limits.in_flight.clamp(1, protocol::limits::IN_FLIGHT_MAX)),
            frame_bytes_max: usize::try_from(limits.frame_bytes).unwrap_or(usize::MAX),
            heartbeat_ms: welcome.heartbeat_ms.max(1_000),
            last_sent: now.tick_ms,
            last_heard: now.tick_ms,
            leaving: None,
        }));
        if self.user != Some(welcome.user_id) {
            self.held.forget();
            self.user = Some(welcome.user_id);
        }
        let between = hello_wall_ms + (now.wall_ms - hello_wall_ms) / 2;
        self.correct_clock(now, welcome.server_time.saturating_sub(between), out);
    }

    pub(super) fn goodbye(&mut self, now: Now, reconnect_after_ms: u64) {
        if let Link::Live(live) = &mut self.link {
            let connect_at = now.tick_ms + reconnect_after_ms;
            live.leaving = Some(Leaving { close_by: now.tick_ms + GOODBYE_PATIENCE_MS, connect_at });
        }
    }

    /// Does what is due now, and sends what may go.
    pub(super) fn tick(&mut self, now: Now, out: &mut Vec<Action>) {
        match &self.link {
            Link::Away { connect_at } if *connect_at <= now.tick_ms => {
                self.link = Link::Connecting;
                out.push(Action::Tell(Event::Connecting { failures: self.backoff.failures() }));
                out.push(Action::Connect);
            }
            Link::Greeting { until, .. } if *until <= now.tick_ms => {
                self.give_up(now, "no welcome in time", out)
            }
            Link::Live(live) if live.silent_at() <= now.tick_ms => {
                self.give_up(now, "the server is silent", out)
            }
            Link::Live(live) => {
                let done = live
                    .leaving
                    .is_some_and(|leaving| live.verdicts.in_flight() == 0 || leaving.close_by <= now.tick_ms);
                if done {
                    self.give_up(now, "goodbye", out);
                    return;
                }
                self.pump(now, out);
                self.beat(now, out);
            }
            Link::Away { .. }
            | Link::Connecting
            | Link::NeedsToken
            | Link::Greeting { .. }
            | Link::Stopped => {}
        }
    }

    fn beat(&mut self, now: Now, out: &mut Vec<Action>) {
        let due = matches!(&self.link, Link::Live(live) if live.last_sent + live.heartbeat_ms <= now.tick_ms);
        if due {
            self.send(now, &ClientFrame::Beat, out);
        }
    }

    pub(super) fn send(&mut self, now: Now, frame: &ClientFrame, out: &mut Vec<Action>) {
        if let Link::Live(live) = &mut self.link {
            live.last_sent = now.tick_ms;
            out.push(Action::Send(frame.encode()));
        }
    }
}
