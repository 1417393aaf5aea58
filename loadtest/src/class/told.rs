//! What was measured, in words.

use super::learners_side;
use super::monitor::Seen;
use crate::args::ClassArgs;
use crate::figures::Times;
use crate::fleet::Outcome;
use crate::slice::Slice;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Part {
    /// Processor time of the server for an answer, in microseconds.
    pub cpu_us: f64,
    /// From an intended answer to the next card, p99, in milliseconds.
    pub card_p99_ms: f64,
    /// From an intended answer to its `saved`, p99, in milliseconds.
    pub saved_p99_ms: f64,
    /// Answers of the learners.
    pub sent: u64,
    /// From a probe's answer to the frame that shows it.
    pub lag: Times,
    /// Frames at one monitor while everybody came in.
    pub joining_frames: u64,
    /// Their bytes.
    pub joining_bytes: u64,
    /// Frames a second at one monitor afterwards.
    pub frames_per_s: f64,
    /// Bytes a second at one monitor afterwards.
    pub bytes_per_s: f64,
    /// Frames a second at all further monitors together.
    pub further_frames_per_s: f64,
    /// Cards whose stored state is not the fold of the log.
    pub differences: u64,
    /// What must not be.
    pub faults: u64,
}

impl Part {
    /// The learners' side of a run.
    pub(super) fn of(slices: &[Slice], outcome: &Outcome, faults: u64) -> Part {
        let (cpu_us, card_p99_ms, saved_p99_ms) = learners_side(slices, outcome);
        let faults = faults + outcome.figures.fault_count;
        Part { cpu_us, card_p99_ms, saved_p99_ms, sent: outcome.figures.sent, faults, ..Part::default() }
    }

    /// The teachers' side of it; so many answers were saved.
    pub(super) fn see(&mut self, seen: &Seen, saved: u64, outcome: &Outcome) {
        self.lag = seen.lag.clone();
        (self.joining_frames, self.joining_bytes) = (seen.joining.frames, seen.joining.bytes);
        let seconds = seen.steady_s().max(1.0);
        self.frames_per_s = seen.steady.frames as f64 / seconds;
        self.bytes_per_s = seen.steady.bytes as f64 / seconds;
        self.further_frames_per_s = seen.unread.frames as f64 / seconds;
        self.faults += seen.faults.len() as u64;
        // Without a verdict an answer may be in the log or not; where all have theirs the sums are equal.
        if seen.answered() != saved && outcome.figures.uncertain == 0 {
            eprintln!("  teachers see {} answers, {saved} were saved", seen.answered());
            self.faults += 1;
        }
    }
}

/// What was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    nodes: usize,
    classes: usize,
    students: usize,
    teachers: usize,
    every_ms: u64,
    /// In no lesson; the median round.
    pub alone: Part,
    /// In a lesson that is watched; the median round, with the lags of all.
    pub watched: Part,
    /// What must not be, in all rounds.
    pub faults: u64,
}

impl Figures {
    pub(super) fn new(args: &ClassArgs, alone: Vec<Part>, watched: Vec<Part>) -> Figures {
        let all = alone.iter().chain(&watched);
        let faults = all.map(|part| part.faults + part.differences).sum();
        let mut lag = Times::default();
        watched.iter().for_each(|part| lag.add(&part.lag));
        let watched = Part { lag, ..median(watched) };
        Figures {
            nodes: args.nodes,
            classes: args.classes,
            students: args.students,
            teachers: args.teachers,
            every_ms: args.every_ms,
            alone: median(alone),
            watched,
            faults,
        }
    }
}

/// The round in the middle, by what an answer cost.
fn median(mut parts: Vec<Part>) -> Part {
    parts.sort_by(|one, other| one.cpu_us.total_cmp(&other.cpu_us));
    let middle = parts.len() / 2;
    parts.into_iter().nth(middle).unwrap_or_default()
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { nodes, classes, students, teachers, every_ms, alone, watched, faults } = self;
        writeln!(
            f,
            "{nodes} nodes, {classes} classes of {students}, an answer each {every_ms} ms, {teachers} teachers a class"
        )?;
        writeln!(f, "{:<30}{:>12}{:>14}{:>16}", "", "CPU us/answer", "card p99 ms", "saved p99 ms")?;
        for (name, part) in [("in no lesson", alone), ("in a lesson, watched", watched)] {
            let Part { cpu_us, card_p99_ms, saved_p99_ms, .. } = part;
            writeln!(f, "{name:<30}{cpu_us:>12.1}{card_p99_ms:>14.2}{saved_p99_ms:>16.2}")?;
        }
        let lag = &watched.lag;
        writeln!(
            f,
            "a teacher sees an answer after  p50 {:.0} ms  p99 {:.0} ms  max {:.0} ms  ({} answers)",
            lag.ms(0.5),
            lag.ms(0.99),
            lag.max_ms(),
            lag.count()
        )?;
        writeln!(
            f,
            "at one monitor                  {:.1} frames/s  {:.1} kB/s",
            watched.frames_per_s,
            watched.bytes_per_s / 1e3
        )?;
        writeln!(f, "at all further ones             {:.1} frames/s", watched.further_frames_per_s)?;
        writeln!(
            f,
            "while everybody came in         {} frames  {:.1} kB at one monitor",
            watched.joining_frames,
            watched.joining_bytes as f64 / 1e3
        )?;
        writeln!(f, "faults                          {faults}")
    }
}
