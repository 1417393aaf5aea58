//! A scenario from its beginning to its end: server, deck, learners, verification, judgement.

use crate::counted::{self, CountError};
use crate::figures::Second;
use crate::fleet::{Fleet, FleetError, Outcome, SOCKETS_PER_PROCESS, Sample};
use crate::identity::{Identities, unix_ms};
use crate::judge::{self, Check};
use crate::scenario::Scenario;
use crate::setup::{self, SetupError};
use crate::slice::Slice;
use crate::subject::usage::{Usage, per_hour};
use crate::subject::{Subject, SubjectError, Verified};
use serde::{Deserialize, Serialize};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// The learners' processes need so long before the first learner comes.
const HEAD_START_MS: i64 = 500;

/// Memory of a shorter run says nothing about growth, in seconds.
const GROWTH_AFTER_S: usize = 120;

/// Why a run came to no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The server.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The deck.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The learners.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// Their logs.
    #[error(transparent)]
    Count(#[from] CountError),
}

/// What a run is made of beside its scenario.
pub struct Plan {
    /// The scenario.
    pub scenario: Scenario,
    /// The run's seed.
    pub seed: u64,
    /// The secret of the server's tokens.
    pub secret: String,
    /// The core of the learners' processes.
    pub core: Option<usize>,
    /// Answers follow cards at once.
    pub closed: bool,
}

/// What a run came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The scenario.
    pub scenario: Scenario,
    /// The run's seed.
    pub seed: u64,
    /// Cores of the machine.
    pub cores: usize,
    /// What the learners and the server did.
    pub outcome: Outcome,
    /// From the server's start to being ready.
    pub ready_after: Option<Duration>,
    /// One append of the store, p90, in ms, as the server's metric has it.
    pub store_p90_ms: Option<f64>,
    /// The same, p99.
    #[serde(default)]
    pub store_p99_ms: Option<f64>,
    /// Sessions that panicked, as the server's metric has it.
    pub sessions_fallen: Option<f64>,
    /// Highest resident memory of the server, in MB.
    pub resident_mb: Option<f64>,
    /// Growth of it over the second half, in MB an hour.
    pub growth_mb_per_hour: Option<f64>,
    /// Processor time of the server for an answer, in microseconds, while everybody studied.
    pub server_us_per_answer: Option<f64>,
    /// The same of the load generator itself.
    #[serde(default)]
    pub learners_us_per_answer: Option<f64>,
    /// What `verify` said afterwards; absent when nobody but the server can open the store.
    pub verified: Option<Verified>,
    /// Entries in the learners' logs, asked for over HTTP where `verify` says nothing.
    pub counted: Option<u64>,
    /// What was asked for, and what came of it.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether everything that was asked for came.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}

/// Runs a scenario against a server, which is stopped and verified afterwards when it is ours.
///
/// # Errors
/// [`RunError`] when there is no result; what a result says is in the report.
pub async fn run(plan: &Plan, subject: &mut Subject) -> Result<Report, RunError> {
    let people = Identities::new(plan.seed, &plan.secret);
    let deck = setup::deck(subject.address, &people, plan.scenario.deck.cards).await?;
    let slices = slices(plan, subject, deck);
    let mut fleet = Fleet::start(&slices, plan.core, subject.pid.as_slice())?;
    let mut progress = Progress::default();
    while let Some((second, usage)) = fleet.second().await? {
        progress.tell(&second, &usage);
    }
    progress.end();
    let outcome = fleet.into_outcome();
    let metrics = subject.metrics().await;
    let counted = match subject.has_folder() {
        true => None,
        false => Some(counted::entries(subject.address, &people, plan.scenario.learners.count).await?),
    };
    subject.stop()?;
    let verified = subject.verify()?;
    let append_ms = |share| {
        let seconds = metrics.as_ref().and_then(|m| m.quantile("studyhall_append_seconds", share));
        seconds.map(|seconds| seconds * 1_000.0)
    };
    let mut report = Report {
        seed: plan.seed,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        ready_after: subject.ready_after,
        store_p90_ms: append_ms(0.9),
        store_p99_ms: append_ms(0.99),
        sessions_fallen: metrics.as_ref().and_then(|m| m.sample("studyhall_sessions_fallen_total")),
        resident_mb: outcome.samples.iter().map(|s| s.server.resident_mb).reduce(f64::max),
        growth_mb_per_hour: growth(&outcome),
        server_us_per_answer: us_per_answer(&plan.scenario, &outcome, |sample| sample.server.cpu),
        learners_us_per_answer: us_per_answer(&plan.scenario, &outcome, |sample| sample.learners_cpu),
        verified,
        counted,
        checks: Vec::new(),
        scenario: plan.scenario.clone(),
        outcome,
    };
    report.checks = judge::judge(&report);
    Ok(report)
}

/// The slices of a run: as many processes as its sockets need.
pub fn slices(plan: &Plan, subject: &Subject, deck: uuid::Uuid) -> Vec<Slice> {
    let processes = plan.scenario.learners.count.div_ceil(SOCKETS_PER_PROCESS);
    let start_ms = unix_ms() + HEAD_START_MS;
    let slice = |first| Slice {
        scenario: plan.scenario.clone(),
        first,
        step: processes,
        skip: 0,
        server: subject.address,
        seed: plan.seed,
        secret: plan.secret.clone(),
        deck,
        start_ms,
        closed: plan.closed,
        unchecked: false,
        answers_each: None,
    };
    (0..processes).map(slice).collect()
}

fn growth(outcome: &Outcome) -> Option<f64> {
    if outcome.samples.len() < GROWTH_AFTER_S {
        return None;
    }
    let half = &outcome.samples[outcome.samples.len() / 2..];
    let points: Vec<(f64, f64)> = half.iter().map(|s| (s.at_s, s.server.resident_mb)).collect();
    points.iter().any(|point| point.1 > 0.0).then(|| per_hour(&points))
}

/// From the second in which everybody is there to the last but one, in which the run ends.
pub fn us_per_answer(
    scenario: &Scenario,
    outcome: &Outcome,
    cpu: impl Fn(&Sample) -> Duration,
) -> Option<f64> {
    let from_s = scenario.joining().as_secs_f64().ceil() + 1.0;
    let until_s = scenario.length().as_secs_f64();
    let inside = |at_s: f64| at_s >= from_s && at_s <= until_s;
    let samples: Vec<_> = outcome.samples.iter().filter(|s| inside(s.at_s)).collect();
    let (first, last) = (samples.first()?, samples.last()?);
    let seconds = outcome.figures.seconds.iter();
    let answers: u64 =
        seconds.filter(|s| s.at_s as f64 > first.at_s && s.at_s as f64 <= last.at_s).map(|s| s.sent).sum();
    let cpu = cpu(last).checked_sub(cpu(first))?;
    (answers > 0 && !cpu.is_zero()).then(|| cpu.as_secs_f64() * 1e6 / answers as f64)
}

/// The line of a run that goes on.
#[derive(Default)]
pub struct Progress {
    told: bool,
}

impl Progress {
    /// Tells a second: over the last one on a terminal, every tenth in a file.
    pub fn tell(&mut self, second: &Second, usage: &Usage) {
        let mut err = std::io::stderr().lock();
        let line = format!(
            "{:>5} s  {:>6} learners  {:>7} answers/s  card p99 {:>8.2} ms  saved p99 {:>8.2} ms  {:>7.1} MB",
            second.at_s,
            second.learners,
            second.sent,
            second.card_p99_ms,
            second.saved_p99_ms,
            usage.resident_mb
        );
        let terminal = err.is_terminal();
        // Whoever closed standard error does not want to know.
        let _ = match (terminal, second.at_s % 10) {
            (true, _) => write!(err, "\r{line}").and_then(|()| err.flush()),
            (false, 0) => writeln!(err, "{line}"),
            (false, _) => Ok(()),
        };
        self.told = terminal;
    }

    /// The run is over.
    pub fn end(&self) {
        if self.told {
            eprintln!();
        }
    }
}
