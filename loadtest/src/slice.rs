//! The learners that one process plays. A process of its own, so that the server's core stays the server's, and so
//! that more sockets can be held than one process may have.

use crate::figures::{Figures, Second};
use crate::identity::{Identities, unix_ms};
use crate::learner::{self, LAST_WITHIN, Manner, World};
use crate::pace::Pace;
use crate::scenario::Scenario;
use client::Random;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};
use uuid::Uuid;

/// What a process may need beyond the last verdict, until it is ended.
const GRACE: Duration = Duration::from_secs(15);
/// Faults that are said while a run goes on.
const FAULTS_TOLD: usize = 5;

/// The part of a run that one process plays: learners `first`, `first + step`, `first + 2 step`, … below the count.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slice {
    /// The scenario, as changed by the command line.
    pub scenario: Scenario,
    /// The first learner.
    pub first: usize,
    /// From one learner to the next.
    pub step: usize,
    /// Learners with smaller numbers belong to an earlier part of the run.
    pub skip: usize,
    /// The server.
    pub server: SocketAddr,
    /// The run's seed.
    pub seed: u64,
    /// The secret of the server's tokens.
    pub secret: String,
    /// The deck.
    pub deck: Uuid,
    /// When the first learner comes, in ms since 1970 UTC.
    pub start_ms: i64,
    /// Answers follow cards at once.
    pub closed: bool,
    /// Nothing is checked: the server is a ceiling.
    pub unchecked: bool,
    /// Answers that each learner gives.
    pub answers_each: Option<u64>,
}

/// What a process says on its standard output, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A second is over.
    Second(Second),
    /// The rate that broke, answers a second of this process.
    Broke(f64),
    /// All is over.
    Figures(Box<Figures>),
}

/// Plays a slice and tells each line as it comes.
///
/// # Errors
/// When no runtime can be had.
pub fn play(slice: &Slice, tell: &mut dyn FnMut(Line)) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = LocalSet::new().block_on(&runtime, run(slice, tell));
    tell(Line::Figures(Box::new(figures)));
    Ok(())
}

async fn run(slice: &Slice, tell: &mut dyn FnMut(Line)) -> Figures {
    let ahead = u64::try_from(slice.start_ms - unix_ms()).unwrap_or(0);
    let start = Instant::now() + Duration::from_millis(ahead);
    let world = Rc::new(world(slice, start));
    let mut learners = JoinSet::new();
    let mut arrivals = arrivals(slice, start).peekable();
    let (mut next_second, mut at_s) = (start + Duration::from_secs(1), 0);
    let (mut peak, mut told) = (Peaking::new(slice, start), 0);
    loop {
        let give_up = world.pace.end() + LAST_WITHIN + GRACE;
        let now = Instant::now();
        while let Some((_, number)) = arrivals.next_if(|(at, _)| *at <= now) {
            spawn(slice, &world, number, &mut learners);
        }
        if now >= next_second {
            at_s += 1;
            let second = world.figures.borrow_mut().second(at_s);
            told = tell_faults(&world, told);
            tell(Line::Second(second));
            if let Some(broke_at) = peak.as_mut().and_then(|peak| peak.second(&world, &second, now)) {
                tell(Line::Broke(broke_at));
            }
            next_second += Duration::from_secs(1);
        }
        if now >= give_up || arrivals.peek().is_none() && learners.is_empty() {
            break;
        }
        let wake = arrivals.peek().map_or(next_second, |(at, _)| next_second.min(*at));
        tokio::select! {
            Some(ended) = learners.join_next() => {
                if let Err(error) = ended {
                    world.figures.borrow_mut().fault(error);
                }
            }
            () = tokio::time::sleep_until(wake.into()) => {}
        }
    }
    if !learners.is_empty() {
        world.figures.borrow_mut().fault(format!("{} learners did not come to an end", learners.len()));
        learners.shutdown().await;
    }
    world.figures.take()
}

/// Says the first faults while the run goes on: a long run that has failed already need not be waited for.
fn tell_faults(world: &World, told: usize) -> usize {
    let figures = world.figures.borrow();
    for fault in figures.faults.iter().take(FAULTS_TOLD).skip(told) {
        eprintln!("fault: {fault}");
    }
    figures.faults.len()
}

fn world(slice: &Slice, start: Instant) -> World {
    let scenario = &slice.scenario;
    let end = start + scenario.length();
    let pace = if slice.closed {
        Pace::closed(end)
    } else {
        Pace::open(Duration::from_millis(scenario.answers.every_ms), end)
    };
    let trouble = &scenario.trouble;
    let drop_at = trouble.drop_after_s.map(|after_s| {
        let at = start + scenario.joining() + Duration::from_secs(after_s);
        (at, Duration::from_millis(trouble.back_within_ms))
    });
    World {
        server: slice.server,
        people: Identities::new(slice.seed, &slice.secret),
        deck: slice.deck,
        cards: u32::try_from(scenario.deck.cards).unwrap_or(u32::MAX),
        window: scenario.answers.window,
        addresses: scenario.learners.addresses,
        pace,
        drop_at: Cell::new(drop_at),
        slow_read: Duration::from_millis(trouble.slow_read_ms),
        answers_each: slice.answers_each,
        unchecked: slice.unchecked,
        figures: RefCell::new(Figures::default()),
    }
}

/// The learners of this slice with the moment at which each comes.
fn arrivals(slice: &Slice, start: Instant) -> impl Iterator<Item = (Instant, usize)> + use<> {
    let (rate, skip) = (slice.scenario.learners.join_per_s, slice.skip);
    let numbers = (slice.first..slice.scenario.learners.count).step_by(slice.step.max(1));
    numbers
        .filter(move |number| *number >= skip)
        .map(move |number| (start + Duration::from_secs_f64((number - skip) as f64 / rate), number))
}

fn spawn(slice: &Slice, world: &Rc<World>, number: usize, learners: &mut JoinSet<()>) {
    let scenario = &slice.scenario;
    let share = |salt: u64| {
        let seed = slice.seed ^ salt ^ (number as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
        Random::seeded(seed).between(0, 999_999) as f64 / 1e6
    };
    let world = world.clone();
    if share(1) < scenario.learners.http_share {
        learners.spawn_local(learner::live_over_http(world, number));
    } else {
        learners.spawn_local(learner::live(world, number, manner(scenario, share(2))));
    }
}

fn manner(scenario: &Scenario, share: f64) -> Manner {
    let trouble = &scenario.trouble;
    let frozen = trouble.frozen_share;
    let slow = frozen + trouble.slow_share;
    match share {
        share if share < frozen => Manner::Frozen,
        share if share < slow => Manner::Slow,
        share if share < slow + trouble.vanish_share => Manner::Vanishing,
        _ => Manner::Plain,
    }
}

/// A rate that rises step by step until the p99 of a whole step breaks.
struct Peaking {
    plan: crate::scenario::Peak,
    learners: f64,
    per_s: f64,
    step_ends: Instant,
    bad_seconds: u64,
}

impl Peaking {
    fn new(slice: &Slice, start: Instant) -> Option<Peaking> {
        let plan = slice.scenario.peak.clone()?;
        let mine = arrivals(slice, start).count() as f64;
        let whole = slice.scenario.learners.count as f64;
        let per_s = plan.from_per_s * mine / whole;
        let step_ends = start + slice.scenario.joining() + Duration::from_secs(plan.step_s);
        Some(Peaking { plan, learners: mine, per_s, step_ends, bad_seconds: 0 })
    }

    /// The rate that broke, once.
    fn second(&mut self, world: &World, second: &Second, now: Instant) -> Option<f64> {
        world.pace.set_every(Duration::from_secs_f64(self.learners / self.per_s));
        self.bad_seconds += u64::from(second.card_p99_ms > self.plan.card_p99_ms);
        if now < self.step_ends || now >= world.pace.end() {
            return None;
        }
        // One hiccup is none of the rate's: half of a step has to be bad.
        if self.bad_seconds * 2 > self.plan.step_s {
            world.pace.stop_at(now);
            return Some(self.per_s);
        }
        self.per_s *= self.plan.factor;
        self.bad_seconds = 0;
        self.step_ends = now + Duration::from_secs(self.plan.step_s);
        None
    }
}
