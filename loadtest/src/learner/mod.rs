//! One learner: connects, studies, is cut off, comes back, until the run is over.

mod http;
mod visit;

pub use http::live as live_over_http;

use crate::figures::Figures;
use crate::identity::Identities;
use crate::oracle::{Answered, Fault};
use crate::pace::{Intents, Pace};
use client::{IdMaker, Random};
use protocol::Answer;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};
use uuid::Uuid;
use visit::Visit;

/// How long the last verdicts may take.
pub const LAST_WITHIN: Duration = Duration::from_secs(30);
/// The wait before a learner whose connection failed tries again.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// Connections of one learner that may fail before it gives up.
const FAILURES_MAX: u32 = 100;
/// Times a learner waits as it was asked to, before that too is a fault.
const WAITS_MAX: u32 = 20;
/// The longest of such waits, half of it again at most for chance.
const WAIT_MS_MAX: u64 = 10_000;

/// What all learners of a process share.
pub struct World {
    /// The server.
    pub server: SocketAddr,
    /// Who they are.
    pub people: Identities,
    /// What they study.
    pub deck: Uuid,
    /// How many cards it has.
    pub cards: u32,
    /// Cards held ahead.
    pub window: u8,
    /// Local addresses to come from.
    pub addresses: u8,
    /// When they answer.
    pub pace: Pace,
    /// When all drop their connection, and within what time they come back.
    pub drop_at: Cell<Option<(Instant, Duration)>>,
    /// What a slow reader takes for a message.
    pub slow_read: Duration,
    /// Answers that each learner gives before it only listens; `None` = no end.
    pub answers_each: Option<u64>,
    /// Takes whatever comes for a card and checks nothing: for ceilings.
    pub unchecked: bool,
    /// What is counted.
    pub figures: RefCell<Figures>,
}

impl World {
    /// The local address of learner `number`.
    pub fn from(&self, number: usize) -> Option<IpAddr> {
        let place = u8::try_from(number % usize::from(self.addresses.max(1))).unwrap_or(0);
        (self.server.ip().is_loopback() && self.addresses > 1)
            .then(|| IpAddr::V4(Ipv4Addr::new(127, 0, 0, place.saturating_add(1))))
    }
}

/// How a learner behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Studies.
    Plain,
    /// Sends and never reads.
    Frozen,
    /// Reads slowly.
    Slow,
    /// Falls silent without a word.
    Vanishing,
}

/// An answer without a verdict.
#[derive(Clone, Debug)]
struct Unsettled {
    id: Uuid,
    answer: Answer,
    intended: Instant,
    sent: Instant,
}

/// A learner, over all its connections.
struct Learner {
    world: Rc<World>,
    number: usize,
    manner: Manner,
    user: Uuid,
    instance: Uuid,
    sitting: Uuid,
    token: String,
    ids: IdMaker,
    random: Random,
    intents: Intents,
    answered: Answered,
    outbox: VecDeque<Unsettled>,
    last_saved: Option<Uuid>,
    given: u64,
    dropped_at: Option<Instant>,
}

/// Lives as learner `number` until the run is over.
pub async fn live(world: Rc<World>, number: usize, manner: Manner) {
    let user = world.people.learner(number);
    let token = match world.people.token(user, "learner") {
        Ok(token) => token,
        Err(error) => return world.figures.borrow_mut().fault(error),
    };
    let seed = world.people.seed() ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut ids = IdMaker::after(None, Random::seeded(seed));
    let sitting = ids.make(now_ms());
    let learner = Learner {
        number,
        manner,
        user,
        instance: Uuid::new_v4(),
        sitting,
        token,
        ids,
        random: Random::seeded(!seed),
        intents: Intents::new(seed),
        answered: Answered::default(),
        outbox: VecDeque::new(),
        last_saved: None,
        given: 0,
        dropped_at: None,
        world,
    };
    learner.live().await;
}

impl Learner {
    async fn live(mut self) {
        let mut failures = 0;
        let mut waits = 0;
        while !self.is_over(Instant::now()) {
            let visit = self.visit().await;
            match visit {
                Ok(Visit::Over) => break,
                Ok(Visit::Dropped { at, back_within }) => {
                    self.dropped_at = Some(at);
                    let wait = u64::try_from(back_within.as_millis()).unwrap_or(0);
                    tokio::time::sleep(Duration::from_millis(self.random.between(0, wait))).await;
                }
                Ok(Visit::AskedToWait(wait)) => {
                    self.world.figures.borrow_mut().asked_to_wait += 1;
                    waits += 1;
                    if waits > WAITS_MAX {
                        self.fault(format!("asked to wait {WAITS_MAX} times"));
                        failures += 1;
                    }
                    let wait = u64::try_from(wait.as_millis()).unwrap_or(0).min(WAIT_MS_MAX);
                    tokio::time::sleep(Duration::from_millis(self.random.between(wait / 2, wait * 3 / 2)))
                        .await;
                }
                Ok(Visit::Cut(code)) => {
                    *self.world.figures.borrow_mut().closes.entry(code).or_default() += 1;
                    if self.manner == Manner::Frozen {
                        break;
                    }
                    self.fault(Fault::Ended(format!("closed with {code}")));
                    failures += 1;
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                Err(fault) => {
                    self.fault(fault);
                    failures += 1;
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
            }
            if failures >= FAILURES_MAX {
                break;
            }
            self.world.figures.borrow_mut().reconnects += 1;
        }
        self.finish();
    }

    fn finish(&mut self) {
        let skipped = if self.manner == Manner::Plain { self.intents.skipped(&self.world.pace) } else { 0 };
        let mut figures = self.world.figures.borrow_mut();
        figures.skipped += skipped;
        let left = self.outbox.len() as u64;
        match self.manner {
            Manner::Frozen | Manner::Vanishing => figures.uncertain += left,
            Manner::Plain | Manner::Slow if left > 0 => {
                figures.fault(format!("{left} answers of learner {} got no verdict", self.number));
            }
            Manner::Plain | Manner::Slow => {}
        }
    }

    /// Nothing more is intended, and nothing waits for a verdict any longer.
    fn is_over(&self, now: Instant) -> bool {
        let end = self.world.pace.end();
        now >= end + LAST_WITHIN || now >= end && self.outbox.is_empty() && self.all_left()
    }

    /// All that was intended has left.
    fn all_left(&self) -> bool {
        self.intents.due(&self.world.pace).is_none() || self.has_given_all()
    }

    fn has_given_all(&self) -> bool {
        self.world.answers_each.is_some_and(|each| self.given >= each)
    }

    fn fault(&self, fault: impl std::fmt::Display) {
        self.world.figures.borrow_mut().fault(format!("learner {}: {fault}", self.number));
    }
}

/// Now, in Unix milliseconds, as ids have it.
pub fn now_ms() -> u64 {
    u64::try_from(crate::identity::unix_ms()).unwrap_or(0)
}
