//! Live classes under load: the same learners in a lesson that teachers watch, and in none, in turns. What is measured is
//! how late a teacher sees an answer, what a monitor costs in frames and bytes, and what watching costs the learners.

mod monitor;
mod probe;
mod room;
mod told;

pub use told::Figures;

use crate::args::ClassArgs;
use crate::figures::Times;
use crate::fleet::{Fleet, FleetError, Outcome, SOCKETS_PER_PROCESS};
use crate::identity::{Identities, NoToken, unix_ms};
use crate::run::us_per_answer;
use crate::scenario::{Answers, Deck, Learners, Pass, Scenario, Trouble};
use crate::setup::{self, SetupError};
use crate::slice::Slice;
use crate::stage::{Stage, fresh_seed};
use crate::subject::{Subject, SubjectError};
use monitor::Seen;
use probe::Probes;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, LocalSet};
use told::Part;

/// Learners that come in a second.
const JOIN_PER_S: f64 = 200.0;
/// The learners' processes need so long before the first learner comes.
const HEAD_START_MS: i64 = 500;
/// The last answers are to be seen within this time after everybody is through.
const LAST_SEEN_WITHIN: Duration = Duration::from_secs(15);
/// Every node has heard of a lesson by then.
const HEARD_WITHIN: Duration = Duration::from_secs(1);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Faults that are said.
const FAULTS_TOLD: usize = 5;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum ClassError {
    /// The server.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// Deck and classes.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The learners.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The secret.
    #[error(transparent)]
    Token(#[from] NoToken),
    /// A teacher's socket.
    #[error("a teacher's socket: {0}")]
    Monitor(String),
}

/// Measures with and without a watched lesson, in turns; the medians of the rounds count.
///
/// # Errors
/// [`ClassError`].
pub async fn measure(args: &ClassArgs, stage: &Stage<'_>) -> Result<Figures, ClassError> {
    let local = LocalSet::new();
    let (mut alone, mut watched) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds.max(1) {
        for (is_watched, parts) in [(false, &mut alone), (true, &mut watched)] {
            eprintln!("round {round}: {}", if is_watched { "in a lesson that is watched" } else { "alone" });
            parts.push(local.run_until(part(args, stage, is_watched)).await?);
        }
    }
    Ok(Figures::new(args, alone, watched))
}

/// One run against a fresh server.
async fn part(args: &ClassArgs, stage: &Stage<'_>, is_watched: bool) -> Result<Part, ClassError> {
    let mut nodes = Nodes::start(stage, args.nodes)?;
    let people = Identities::new(fresh_seed(), &stage.secret);
    let deck = setup::deck(nodes.address(0), &people, args.cards).await?;
    let classes = room::classes(nodes.address(0), &people, deck, args).await?;
    let seen = Rc::new(RefCell::new(Seen::default()));
    let watching = match is_watched {
        true => monitor::watch_all(&nodes, &people, &classes, args.teachers, &seen).await?,
        false => Vec::new(),
    };
    if nodes.count() > 1 {
        // Other nodes hear of it a moment later.
        tokio::time::sleep(HEARD_WITHIN).await;
    }
    let slices = slices(args, stage, &nodes, deck, people.seed());
    let ends = Rc::new(Cell::new(false));
    let probes = Probes::begin(&nodes, &people, deck, (args, is_watched), &seen, &ends);
    let mut fleet = Fleet::start(&slices, stage.learners_core(), &nodes.pids())?;
    while let Some((second, usage)) = fleet.second().await? {
        seen.borrow_mut().joined = second.learners as usize >= args.students_in_all();
        if second.at_s % 10 == 0 {
            let (sent, lag) = (second.sent, seen.borrow().lag.ms(0.99));
            eprintln!(
                "{:>5} s  {sent} answers/s  lag p99 {lag:.0} ms  {:.1} MB",
                second.at_s, usage.resident_mb
            );
        }
    }
    ends.set(true);
    let outcome = fleet.into_outcome();
    let by_probes = probes.end().await;
    let mut part = Part::of(&slices, &outcome, by_probes.faults);
    if is_watched {
        let saved = outcome.figures.saved + by_probes.saved;
        wait_for_the_last(&seen, saved).await;
        part.see(&seen.borrow(), saved, &outcome);
    }
    watching.iter().for_each(JoinHandle::abort);
    part.differences = nodes.stop()?;
    for fault in outcome.figures.faults.iter().chain(&seen.borrow().faults).take(FAULTS_TOLD) {
        eprintln!("  {fault}");
    }
    Ok(part)
}

/// The nodes of a run.
struct Nodes {
    first: Subject,
    further: Vec<Subject>,
}

impl Nodes {
    fn start(stage: &Stage<'_>, count: usize) -> Result<Nodes, SubjectError> {
        let first = stage.subject_without_rates()?;
        let further = (1..count).map(|_| stage.further_without_rates()).collect::<Result<_, _>>()?;
        Ok(Nodes { first, further })
    }

    const fn count(&self) -> usize {
        1 + self.further.len()
    }

    /// Where the nth of those who are spread among them goes.
    fn address(&self, nth: usize) -> SocketAddr {
        let further = (nth % self.count()).checked_sub(1).and_then(|at| self.further.get(at));
        further.unwrap_or(&self.first).address
    }

    fn pids(&self) -> Vec<u32> {
        std::iter::once(&self.first).chain(&self.further).filter_map(|node| node.pid).collect()
    }

    /// Stops all; how many cards' stored states are not the fold of the log.
    fn stop(&mut self) -> Result<u64, SubjectError> {
        let mut differences = 0;
        for node in std::iter::once(&mut self.first).chain(&mut self.further) {
            node.stop()?;
            differences += node.verify()?.map_or(0, |verified| verified.differences);
        }
        Ok(differences)
    }
}

/// Waits until the teachers see so many answers, or for the time that this may take.
async fn wait_for_the_last(seen: &RefCell<Seen>, saved: u64) {
    let until = Instant::now() + LAST_SEEN_WITHIN;
    while seen.borrow().answered() < saved && Instant::now() < until {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn slices(args: &ClassArgs, stage: &Stage<'_>, nodes: &Nodes, deck: uuid::Uuid, seed: u64) -> Vec<Slice> {
    let count = args.students_in_all();
    let scenario = Scenario {
        name: "class".to_owned(),
        about: "Live classes".to_owned(),
        learners: Learners {
            count,
            join_per_s: JOIN_PER_S,
            http_share: 0.0,
            addresses: u8::try_from(count.div_ceil(SOCKETS_PER_PROCESS).max(1)).unwrap_or(u8::MAX),
        },
        deck: Deck { cards: args.cards },
        answers: Answers { every_ms: args.every_ms, window: 3 },
        steady_s: args.seconds,
        trouble: Trouble::default(),
        peak: None,
        pass: Pass::default(),
    };
    let processes = count.div_ceil(SOCKETS_PER_PROCESS).max(nodes.count());
    let start_ms = unix_ms() + HEAD_START_MS;
    let slice = |first| Slice {
        scenario: scenario.clone(),
        first,
        step: processes,
        skip: 0,
        server: nodes.address(first),
        seed,
        secret: stage.secret.clone(),
        deck,
        start_ms,
        closed: false,
        unchecked: false,
        answers_each: None,
    };
    (0..processes).map(slice).collect()
}

/// What the learners' side of a run came to, in microseconds of the server an answer and milliseconds.
fn learners_side(slices: &[Slice], outcome: &Outcome) -> (f64, f64, f64) {
    let figures = &outcome.figures;
    let scenario = slices.first().map(|slice| &slice.scenario);
    let cpu_us = scenario.and_then(|scenario| us_per_answer(scenario, outcome, |sample| sample.server.cpu));
    let p99 = |times: &Times| times.ms(0.99);
    (cpu_us.unwrap_or(0.0), p99(&figures.to_card.corrected), p99(&figures.to_saved.corrected))
}
