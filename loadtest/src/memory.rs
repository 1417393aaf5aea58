//! What a session costs: resident memory at two numbers of sessions, each after its traffic, and the slope between.

use crate::args::MemoryArgs;
use crate::fleet::{Fleet, FleetError, SOCKETS_PER_PROCESS};
use crate::identity::{Identities, unix_ms};
use crate::scenario::{Answers, Deck, Learners, Pass, Scenario, Trouble};
use crate::setup::{self, SetupError};
use crate::slice::Slice;
use crate::stage::{Stage, fresh_seed};
use crate::subject::{Subject, SubjectError};
use std::fmt;
use uuid::Uuid;

/// Learners that come in a second.
const JOIN_PER_S: f64 = 500.0;
/// Time between two answers of a learner, in milliseconds.
const EVERY_MS: u64 = 1_000;
/// Seconds of quiet before memory is read: what is given back late is given back by then.
const QUIET_S: u64 = 10;
/// A stage that takes longer than this is given up.
const STAGE_S_MAX: u64 = 600;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The server.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The deck.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The learners.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The numbers do not rise.
    #[error("{from} to {to} sessions give no slope: the second number must be above the first")]
    NoSlope {
        /// The first.
        from: usize,
        /// The second.
        to: usize,
    },
    /// The answers did not all come to an end.
    #[error("{saved} of {wanted} answers were saved within {STAGE_S_MAX} s")]
    Unfinished {
        /// Saved.
        saved: u64,
        /// Intended.
        wanted: u64,
    },
}

/// What was measured.
pub struct Figures {
    idle_mb: f64,
    at: [(usize, f64); 2],
    answers: u64,
    cards: usize,
    /// What must not be.
    pub faults: u64,
}

impl Figures {
    /// Bytes of one session more.
    fn slope_bytes(&self) -> f64 {
        let [(few, before), (many, after)] = self.at;
        (after - before) * 1e6 / (many - few) as f64
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "resident without sessions {:>10.1} MB", self.idle_mb)?;
        for (sessions, resident_mb) in self.at {
            writeln!(f, "with {sessions:>6} sessions      {resident_mb:>10.1} MB")?;
        }
        let kib = self.slope_bytes() / 1_024.0;
        let (cards, answers) = (self.cards, self.answers);
        writeln!(
            f,
            "a session more            {kib:>10.2} KiB, socket included, {cards} cards due, after {answers} messages each way"
        )?;
        writeln!(f, "faults                    {:>10}", self.faults)
    }
}

/// Brings the sessions up in two stages.
///
/// # Errors
/// [`MemoryError`].
pub async fn measure(args: &MemoryArgs, stage: &Stage<'_>) -> Result<Figures, MemoryError> {
    if args.to <= args.from {
        return Err(MemoryError::NoSlope { from: args.from, to: args.to });
    }
    let subject = stage.subject()?;
    let seed = fresh_seed();
    let people = Identities::new(seed, &stage.secret);
    let deck = setup::deck(subject.address, &people, args.cards).await?;
    let idle_mb = resident_mb(&subject);
    let mut fleets = Vec::new();
    let mut at = [(args.from, 0.0), (args.to, 0.0)];
    let (mut skip, mut faults) = (0, 0);
    for (count, resident) in &mut at {
        let slices = slices(args, stage, &subject, deck, seed, skip, *count);
        let mut fleet = Fleet::start(&slices, stage.learners_core(), subject.pid.as_slice())?;
        let wanted = (*count - skip) as u64 * args.answers;
        faults += finish(&mut fleet, wanted).await?;
        *resident = resident_mb(&subject);
        fleets.push(fleet);
        skip = *count;
    }
    Ok(Figures { idle_mb, at, answers: args.answers, cards: args.cards, faults })
}

/// Waits until all answers are saved and it has been quiet for a while; returns the faults until then.
async fn finish(fleet: &mut Fleet, wanted: u64) -> Result<u64, MemoryError> {
    let (mut saved, mut quiet_s, mut faults) = (0, 0, 0);
    for _ in 0..STAGE_S_MAX {
        let Some((second, usage)) = fleet.second().await? else { break };
        saved += second.saved;
        faults += second.faults;
        quiet_s = if saved >= wanted && second.sent == 0 { quiet_s + 1 } else { 0 };
        if second.at_s % 10 == 0 {
            eprintln!("{:>5} s  {saved} of {wanted} answers saved  {:.1} MB", second.at_s, usage.resident_mb);
        }
        if quiet_s >= QUIET_S {
            return Ok(faults);
        }
    }
    Err(MemoryError::Unfinished { saved, wanted })
}

fn slices(
    args: &MemoryArgs,
    stage: &Stage<'_>,
    subject: &Subject,
    deck: Uuid,
    seed: u64,
    skip: usize,
    count: usize,
) -> Vec<Slice> {
    let scenario = Scenario {
        name: "memory".to_owned(),
        about: "What does a session cost?".to_owned(),
        learners: Learners { count, join_per_s: JOIN_PER_S, http_share: 0.0, addresses: 8 },
        deck: Deck { cards: args.cards },
        answers: Answers { every_ms: EVERY_MS, window: 3 },
        // They stay for both stages.
        steady_s: 2 * STAGE_S_MAX,
        trouble: Trouble::default(),
        peak: None,
        pass: Pass::default(),
    };
    let processes = (count - skip).div_ceil(SOCKETS_PER_PROCESS);
    let start_ms = unix_ms() + 500;
    let slice = |first| Slice {
        scenario: scenario.clone(),
        first,
        step: processes,
        skip,
        server: subject.address,
        seed,
        secret: stage.secret.clone(),
        deck,
        start_ms,
        closed: false,
        unchecked: false,
        answers_each: Some(args.answers),
    };
    (0..processes).map(slice).collect()
}

fn resident_mb(subject: &Subject) -> f64 {
    let usage = subject.pid.and_then(crate::subject::usage::of);
    usage.map_or(0.0, |usage| usage.resident_mb)
}
