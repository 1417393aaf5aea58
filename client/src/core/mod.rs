//! The client as a pure machine: no socket, no clock, no disk. Inputs and intents go in with the time; actions
//! come out, to be done in their order (what is to be persisted before it is sent comes before it).

mod commands;
mod frames;
mod link;
mod sitting;

use crate::backoff::Backoff;
use crate::event::{Event, Stopped};
use crate::held::Held;
use crate::ids::IdMaker;
use crate::outbox::{Entry, Outbox};
use crate::random::Random;
use crate::record::{Record, Restored};
use link::Link;
use protocol::Card;
use sitting::Sitting;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

pub use commands::{IntentError, Shown};

/// The time, read once for each input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic, ms.
    pub tick_ms: u64,
    /// The device's clock, ms since 1970 UTC.
    pub wall_ms: i64,
}

/// What the outside tells a core.
#[derive(Clone, Debug)]
pub enum Input {
    /// The handshake succeeded.
    Connected,
    /// It did not.
    ConnectFailed {
        /// The HTTP status, when the server refused it.
        status: Option<u16>,
        /// Seconds of `Retry-After` as ms.
        retry_after_ms: Option<u64>,
        /// In words.
        reason: String,
    },
    /// A text message.
    Text(String),
    /// Any other sign of life: a ping, a pong.
    Heard,
    /// The connection ended.
    Closed {
        /// The close code, if there was one.
        code: Option<u16>,
        /// The words that came with it.
        reason: String,
    },
    /// The answer to [`Action::GetToken`]: a token, or why there is none.
    Token(Result<String, String>),
    /// A deadline of [`Core::next_deadline`] passed.
    Tick,
    /// The user wants to try again now.
    Retry,
}

/// What a core wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write this down before the next [`Action::Send`].
    Persist(Record),
    /// Open a connection; answer with `Connected` or `ConnectFailed`.
    Connect,
    /// Send a text message.
    Send(String),
    /// Close the connection; no answer is awaited, and nothing of it is to be told any more.
    Close,
    /// Get a token; answer with `Token`.
    GetToken,
    /// Tell the user.
    Tell(Event),
}

/// What a core begins with.
#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// A JWT.
    pub token: String,
    /// This running process.
    pub instance: Uuid,
    /// The device's zone, for learners without one.
    pub zone: Option<String>,
    /// Whose device this is, as far as it is known before the first `welcome`.
    pub user: Option<Uuid>,
    /// For ids and jitter; different in each process.
    pub seed: u64,
}

/// One client.
#[derive(Debug)]
pub struct Core {
    config: CoreConfig,
    link: Link,
    backoff: Backoff,
    random: Random,
    outbox: Outbox,
    ids: IdMaker,
    /// Added to the device's clock, it is the server's.
    offset_ms: i64,
    /// Whose session this is.
    user: Option<Uuid>,
    /// Newest id with a verdict, those refused for their time apart.
    last_settled: Option<Uuid>,
    last_saved: BTreeMap<Uuid, Uuid>,
    renamed: BTreeMap<Uuid, Uuid>,
    sitting: Sitting,
    held: Held,
    /// Cards that were answered on this socket, by the answer that has no verdict yet: the server holds them here
    /// still when it refuses it.
    answered: BTreeMap<Uuid, Arc<Card>>,
}

impl Core {
    /// A client that connects with its first [`Input::Tick`].
    pub fn new(config: CoreConfig, restored: Restored, now: Now) -> Core {
        let mut random = Random::seeded(config.seed);
        let mut outbox = Outbox::default();
        for entry in restored.entries {
            let crate::record::RestoredEntry { user, command, offset_ms, sent } = entry;
            outbox.insert(Entry { user, command, offset_ms, sent });
        }
        // An id that was refused for its time is in neither, and binds nothing.
        let last = outbox.newest().max(restored.last_settled);
        let ids = IdMaker::after(last, Random::seeded(random.bits()));
        Core {
            user: config.user,
            config,
            link: Link::Away { connect_at: now.tick_ms },
            backoff: Backoff::default(),
            random,
            outbox,
            ids,
            offset_ms: 0,
            last_settled: restored.last_settled,
            last_saved: restored.last_saved.into_iter().collect(),
            renamed: BTreeMap::new(),
            sitting: Sitting::default(),
            held: Held::default(),
            answered: BTreeMap::new(),
        }
    }

    /// Takes one input; what is to be done about it is appended to `out`.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Action>) {
        match input {
            Input::Connected => self.connected(now, out),
            Input::ConnectFailed { status, retry_after_ms, reason } => {
                self.connect_failed(now, status, retry_after_ms, reason, out);
            }
            Input::Text(text) => {
                self.heard(now);
                self.frame(now, &text, out);
            }
            Input::Heard => self.heard(now),
            Input::Closed { code, reason } => self.closed(now, code, reason, out),
            Input::Token(token) => self.token(now, token, out),
            Input::Tick => {}
            Input::Retry => self.retry(now),
        }
        self.tick(now, out);
    }

    /// The tick at which an [`Input::Tick`] is due.
    pub fn next_deadline(&self) -> Option<u64> {
        let sending = match &self.link {
            Link::Live(_) => self.outbox.next_wake().into_iter().chain(self.sitting.retry_at).min(),
            Link::Away { .. }
            | Link::Connecting
            | Link::NeedsToken
            | Link::Greeting { .. }
            | Link::Stopped => None,
        };
        self.link.deadline().into_iter().chain(sending).min()
    }

    /// The cards held, the one on screen first.
    pub const fn held(&self) -> &Held {
        &self.held
    }

    /// Whose session this is, once known.
    pub const fn user(&self) -> Option<Uuid> {
        self.user
    }

    /// Commands of this session's user without a verdict.
    pub fn unsaved(&self) -> usize {
        self.user.map_or(0, |user| self.outbox.count_of(user))
    }

    /// Whether it will never do anything more by itself.
    pub const fn is_stopped(&self) -> bool {
        matches!(self.link, Link::Stopped)
    }

    /// Ends the client for good: what has no verdict stays in the outbox.
    pub fn stop(&mut self, out: &mut Vec<Action>) {
        if self.link.is_open() {
            out.push(Action::Close);
        }
        if !self.is_stopped() {
            self.stopped(Stopped::Asked, out);
        }
    }

    /// The corrected time, ms since 1970 UTC.
    fn corrected_ms(&self, now: Now) -> u64 {
        u64::try_from(now.wall_ms.saturating_add(self.offset_ms)).unwrap_or(0)
    }

    fn tell_held(&self, out: &mut Vec<Action>) {
        out.push(Action::Tell(Event::Held(self.held.cards().to_vec())));
    }
}
