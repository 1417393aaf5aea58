//! The server beside its ceilings, measured in turns on the same cores with the same learners.

use crate::args::{CeilingArgs, WebLearnersArgs};
use crate::fleet::{Fleet, FleetError, Outcome};
use crate::identity::{Identities, unix_ms};
use crate::run::us_per_answer;
use crate::scenario::{Answers, Deck, Learners, Pass, Scenario, Trouble};
use crate::setup::{self, SetupError};
use crate::slice::Slice;
use crate::stage::{Stage, fresh_seed};
use crate::subject::{Subject, SubjectError, pinned};
use crate::web::{self, WebError};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// All learners are there within this time, in seconds.
const JOIN_S: f64 = 2.0;
/// Cards of the deck.
const CARDS: usize = 100;
/// Rows of one append of the bare store: what a busy server hands over at once.
const APPEND_ROWS: usize = 512;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum CeilingError {
    /// The server.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The deck.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The learners.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The web application.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The bare store.
    #[error("the bare append could not be measured: {0}")]
    Append(String),
}

/// One of two that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Server,
    /// Answers each message with so many.
    Echo(u8),
}

/// Answers a second and what each cost the server's core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Answers a second.
    pub per_s: f64,
    /// Processor time of the server for one, in microseconds.
    pub cpu_us: f64,
    /// From an answer to the next card, p99, in milliseconds.
    pub card_p99_ms: f64,
}

/// The server and its ceiling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The server.
    pub server: Rate,
    /// The ceiling.
    pub ceiling: Rate,
}

/// What was measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Answers as fast as cards come; the ceiling answers a message with one.
    pub closed: Pair,
    /// Answers at half of that rate, intended; the ceiling answers a message with two.
    pub open: Pair,
    /// An ordinary web application: a request and a transaction an answer.
    pub web: Rate,
    /// Rows a second of the bare store.
    pub append_per_s: f64,
    /// What must not be.
    pub faults: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<26}{:>12}{:>14}{:>14}", "", "answers/s", "CPU us/answer", "card p99 ms")?;
        let mut row = |name: &str, rate: &Rate| {
            writeln!(f, "{name:<30}{:>10.0}{:>14.2}{:>14.2}", rate.per_s, rate.cpu_us, rate.card_p99_ms)
        };
        row("closed loop: server", &self.closed.server)?;
        row("closed loop: bare echo", &self.closed.ceiling)?;
        row("closed loop: web application", &self.web)?;
        row("open model: server", &self.open.server)?;
        row("open model: echo of two", &self.open.ceiling)?;
        let (server, echo) = (&self.closed.server, &self.closed.ceiling);
        writeln!(f, "of the ceiling, by rate             {:>6.2}", server.per_s / echo.per_s)?;
        writeln!(f, "of the ceiling, by processor time   {:>6.2}", echo.cpu_us / server.cpu_us)?;
        writeln!(f, "of the web application, by rate     {:>6.2}", server.per_s / self.web.per_s)?;
        writeln!(
            f,
            "open model, by processor time       {:>6.2}",
            self.open.ceiling.cpu_us / self.open.server.cpu_us
        )?;
        writeln!(
            f,
            "of the bare append ({:.0} rows/s)  {:>6.2}",
            self.append_per_s,
            server.per_s / self.append_per_s
        )?;
        writeln!(f, "faults                              {:>6}", self.faults)
    }
}

/// Measures all pairs.
///
/// # Errors
/// [`CeilingError`].
pub async fn measure(args: &CeilingArgs, stage: &Stage<'_>) -> Result<Figures, CeilingError> {
    let mut figures = Figures::default();
    figures.closed = pair(args, stage, Who::Echo(1), None, &mut figures.faults).await?;
    figures.web = web(args, stage)?;
    let half_per_s = figures.closed.server.per_s / 2.0;
    figures.open = pair(args, stage, Who::Echo(2), Some(half_per_s), &mut figures.faults).await?;
    figures.append_per_s = append(args, stage)?;
    Ok(figures)
}

/// Server and ceiling in turns; the medians count.
async fn pair(
    args: &CeilingArgs,
    stage: &Stage<'_>,
    echo: Who,
    per_s: Option<f64>,
    faults: &mut u64,
) -> Result<Pair, CeilingError> {
    let (mut server, mut ceiling) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds.max(1) {
        eprintln!(
            "round {round}: {echo:?} and the server, {}",
            if per_s.is_some() { "open" } else { "closed" }
        );
        ceiling.push(rate(args, stage, echo, per_s, faults).await?);
        server.push(rate(args, stage, Who::Server, per_s, faults).await?);
    }
    Ok(Pair { server: median(server), ceiling: median(ceiling) })
}

fn median(mut rates: Vec<Rate>) -> Rate {
    rates.sort_by(|one, other| one.per_s.total_cmp(&other.per_s));
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

async fn rate(
    args: &CeilingArgs,
    stage: &Stage<'_>,
    who: Who,
    per_s: Option<f64>,
    faults: &mut u64,
) -> Result<Rate, CeilingError> {
    let mut subject = match who {
        Who::Server => stage.subject()?,
        Who::Echo(frames) => {
            let frames = frames.to_string();
            let arguments = ["echo", "--frames", &frames];
            Subject::start(&stage.launch("ceiling", args.ceiling_program.as_deref(), &arguments, false)?)?
        }
    };
    let seed = fresh_seed();
    let people = Identities::new(seed, &stage.secret);
    let deck = match who {
        Who::Server => setup::deck(subject.address, &people, CARDS).await?,
        Who::Echo(_) => Uuid::nil(),
    };
    let slice = slice(args, stage, &subject, deck, seed, who, per_s);
    let mut fleet =
        Fleet::start(std::slice::from_ref(&slice), stage.learners_core(), subject.pid.as_slice())?;
    while fleet.second().await?.is_some() {}
    let outcome = fleet.into_outcome();
    subject.stop()?;
    *faults += outcome.figures.fault_count;
    for fault in outcome.figures.faults.iter().take(5) {
        eprintln!("  {fault}");
    }
    Ok(Rate {
        per_s: steady_per_s(&outcome),
        cpu_us: us_per_answer(&slice.scenario, &outcome, |sample| sample.server.cpu).unwrap_or(0.0),
        card_p99_ms: outcome.figures.to_card.corrected.ms(0.99),
    })
}

/// The median second between the coming and the going.
fn steady_per_s(outcome: &Outcome) -> f64 {
    let seconds = &outcome.figures.seconds;
    let inside = seconds.iter().filter(|s| s.at_s as f64 > JOIN_S + 1.0);
    let mut rates: Vec<u64> = inside.map(|second| second.sent).filter(|sent| *sent > 0).collect();
    rates.pop();
    rates.sort_unstable();
    rates.get(rates.len() / 2).map_or(0.0, |rate| *rate as f64)
}

fn slice(
    args: &CeilingArgs,
    stage: &Stage<'_>,
    subject: &Subject,
    deck: Uuid,
    seed: u64,
    who: Who,
    per_s: Option<f64>,
) -> Slice {
    let every_ms = per_s.map_or(1.0, |per_s| args.learners as f64 * 1_000.0 / per_s.max(1.0));
    let scenario = Scenario {
        name: "ceiling".to_owned(),
        about: "The server beside its ceilings".to_owned(),
        learners: Learners {
            count: args.learners,
            join_per_s: args.learners as f64 / JOIN_S,
            http_share: 0.0,
            addresses: 1,
        },
        deck: Deck { cards: CARDS },
        answers: Answers { every_ms: (every_ms.round() as u64).max(1), window: 3 },
        steady_s: args.seconds,
        trouble: Trouble::default(),
        peak: None,
        pass: Pass::default(),
    };
    Slice {
        scenario,
        first: 0,
        step: 1,
        skip: 0,
        server: subject.address,
        seed,
        secret: stage.secret.clone(),
        deck,
        start_ms: unix_ms() + 500,
        closed: per_s.is_none(),
        unchecked: who != Who::Server,
        answers_each: None,
    }
}

/// The ordinary web application, with as many learners.
fn web(args: &CeilingArgs, stage: &Stage<'_>) -> Result<Rate, CeilingError> {
    eprintln!("the web application");
    let launch = stage.launch("ceiling", args.ceiling_program.as_deref(), &["web"], true)?;
    let mut subject = Subject::start(&launch)?;
    let learners = WebLearnersArgs {
        address: subject.address,
        pid: subject.pid,
        learners: args.learners,
        cards: CARDS,
        seconds: args.seconds,
    };
    let rate = web::measure(&learners, stage.learners_core())?;
    subject.stop()?;
    Ok(rate)
}

/// Rows a second of the store alone.
fn append(args: &CeilingArgs, stage: &Stage<'_>) -> Result<f64, CeilingError> {
    #[derive(Deserialize)]
    struct Told {
        rows_per_s: f64,
    }
    let launch = stage.launch("ceiling", args.ceiling_program.as_deref(), &[], true)?;
    let mut command = pinned(&launch.program, launch.core);
    command.args([
        "append",
        "--json",
        "--seconds",
        &args.seconds.to_string(),
        "--batch",
        &APPEND_ROWS.to_string(),
    ]);
    command.arg("--data-dir").arg(launch.data_dir.join("data"));
    let out = command.output().map_err(|error| CeilingError::Append(error.to_string()))?;
    let told: Result<Told, _> = serde_json::from_slice(&out.stdout);
    told.map(|told| told.rows_per_s)
        .map_err(|error| CeilingError::Append(format!("{error}; {}", String::from_utf8_lossy(&out.stderr))))
}
