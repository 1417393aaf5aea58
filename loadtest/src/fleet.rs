//! The processes that play the learners, watched by this one.

use crate::figures::{Figures, Second};
use crate::slice::{Line, Slice};
use crate::subject::pinned;
use crate::subject::usage::{self, Usage};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Sockets that one process holds: below the file limit of 20,000 that most machines have.
pub const SOCKETS_PER_PROCESS: usize = 15_000;
/// Lines that may wait to be read.
const LINES: usize = 1_024;

/// Why the learners could not be played.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// This program cannot start itself.
    #[error("a process for the learners could not be started: {0}")]
    Start(#[from] std::io::Error),
    /// A slice cannot be handed over.
    #[error("a process for the learners could not be told what to do: {0}")]
    Tell(#[from] serde_json::Error),
    /// A process ended without its figures.
    #[error("a process of the learners ended without its figures")]
    Ended,
}

/// The server and the learners in one second of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since the start.
    pub at_s: f64,
    /// The server.
    pub server: Usage,
    /// Processor time of the learners' processes so far.
    pub learners_cpu: Duration,
}

/// What a fleet came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// What the learners counted.
    pub figures: Figures,
    /// The server, second by second.
    pub samples: Vec<Sample>,
    /// The rate that broke, answers a second.
    pub broke_at: Option<f64>,
}

/// Running processes.
pub struct Fleet {
    children: Vec<Child>,
    // A slice ends when its standard input does: none outlives this process.
    _inputs: Vec<ChildStdin>,
    lines: mpsc::Receiver<Line>,
    started: Instant,
    outcome: Outcome,
    figures_told: usize,
    seconds: Vec<Second>,
    servers: Vec<u32>,
}

impl Fleet {
    /// Starts a process for each slice, on this core.
    ///
    /// # Errors
    /// [`FleetError`].
    pub fn start(slices: &[Slice], core: Option<usize>, servers: &[u32]) -> Result<Fleet, FleetError> {
        let (sender, lines) = mpsc::channel(LINES);
        let this = std::env::current_exe()?;
        let (mut children, mut inputs) = (Vec::new(), Vec::new());
        for slice in slices {
            let mut command = pinned(&this, core);
            command.arg("slice").stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn()?;
            let (input, output) = (child.stdin.take(), child.stdout.take());
            children.push(child);
            let (Some(mut input), Some(output)) = (input, output) else { return Err(FleetError::Ended) };
            writeln!(input, "{}", serde_json::to_string(slice)?)?;
            inputs.push(input);
            let sender = sender.clone();
            // A thread a process: it does nothing but wait for lines.
            std::thread::spawn(move || {
                for line in std::io::BufRead::lines(std::io::BufReader::new(output)).map_while(Result::ok) {
                    let Ok(line) = serde_json::from_str(&line) else { continue };
                    if sender.blocking_send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let (outcome, started) = (Outcome::default(), Instant::now());
        Ok(Fleet {
            children,
            _inputs: inputs,
            lines,
            started,
            outcome,
            figures_told: 0,
            seconds: Vec::new(),
            servers: servers.to_vec(),
        })
    }

    /// The next second of all of them together; `None` when all are done.
    ///
    /// # Errors
    /// When a process ends without its figures.
    pub async fn second(&mut self) -> Result<Option<(Second, Usage)>, FleetError> {
        loop {
            if self.figures_told == self.children.len() {
                return Ok(None);
            }
            match self.lines.recv().await {
                Some(Line::Second(second)) => {
                    if let Some(all) = self.merge(second) {
                        return Ok(Some((all, self.sample())));
                    }
                }
                Some(Line::Broke(rate)) => {
                    self.outcome.broke_at = Some(self.outcome.broke_at.unwrap_or(0.0) + rate);
                }
                Some(Line::Figures(figures)) => {
                    self.outcome.figures.add(&figures);
                    self.figures_told += 1;
                }
                None => return Err(FleetError::Ended),
            }
        }
    }

    /// Everything, once all are done.
    pub fn into_outcome(mut self) -> Outcome {
        std::mem::take(&mut self.outcome)
    }

    /// The second of this process, once every other has told the same one.
    fn merge(&mut self, second: Second) -> Option<Second> {
        self.seconds.push(second);
        let same = || self.seconds.iter().filter(|other| other.at_s == second.at_s);
        if same().count() < self.children.len() {
            return None;
        }
        let all = same().copied().reduce(|one, other| one.and(&other));
        self.seconds.retain(|other| other.at_s > second.at_s);
        all
    }

    fn sample(&mut self) -> Usage {
        let server = self.servers.iter().filter_map(|pid| usage::of(*pid)).fold(Usage::default(), Usage::and);
        let mine = self.children.iter().filter_map(|child| usage::of(child.id()));
        let learners_cpu = mine.map(|usage| usage.cpu).sum();
        let at_s = self.started.elapsed().as_secs_f64();
        self.outcome.samples.push(Sample { at_s, server, learners_cpu });
        server
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
