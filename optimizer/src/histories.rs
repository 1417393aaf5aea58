//! A learner's log as histories of cards: the answers that moved a memory, from its beginning.

use domain::day::Day;
use domain::entry::{Body, LogEntry, SetChange};
use domain::fold::{Live, Step, replay_card};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId};
use domain::state::FoldParams;
use std::collections::BTreeMap;

/// One answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The moment, Unix milliseconds.
    pub at_ms: i64,
    /// The study day on which it counts.
    pub day: Day,
    /// The grade.
    pub grade: Grade,
}

/// The answers that moved one card's memory, oldest first, from the first one or the first after a reset.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// The answers, of which several may be of one day.
    pub answers: Vec<Answer>,
}

impl History {
    /// Answers that came days after the one before: what there is to foretell. Each by its place.
    pub fn recalls(&self) -> impl Iterator<Item = usize> + '_ {
        self.answers.windows(2).enumerate().filter_map(|(at, two)| match two {
            [before, now] if now.day > before.day => Some(at + 1),
            _ => None,
        })
    }
}

/// The histories in a log, given in any order. A card whose state was given without its answers has none until it is reset:
/// nobody knows what it has behind it.
pub fn histories(log: &[LogEntry], params: impl Fn(DeckId) -> FoldParams) -> Vec<History> {
    let live = Live::of(log);
    let mut by_card: BTreeMap<(DeckId, CardId), Vec<LogEntry>> = BTreeMap::new();
    for entry in log {
        if let Some(key) = entry.card() {
            by_card.entry(key).or_default().push(*entry);
        }
    }
    let mut found = Vec::new();
    for ((deck, _), entries) in by_card {
        let mut reader = Reader::default();
        replay_card(&entries, &live, &params(deck), |step| reader.read(&step));
        found.extend(reader.ended());
    }
    found
}

/// How many recalls there are in them.
pub fn recalls(histories: &[History]) -> usize {
    histories.iter().map(|history| history.recalls().count()).sum()
}

/// Reads one card.
#[derive(Default)]
struct Reader {
    done: Vec<History>,
    now: History,
    is_unknown: bool,
}

impl Reader {
    fn read(&mut self, step: &Step<'_>) {
        match step.entry.body {
            Body::Review(review) => {
                let (Some(day), Some(counted)) = (step.after.max_day, step.counted) else { return };
                if !self.is_unknown && step.before.is_remembered(&review, day, counted) {
                    let at_ms = step.entry.id.at_ms();
                    self.now.answers.push(Answer { at_ms, day, grade: review.grade });
                }
            }
            Body::Set { change: SetChange::Reset, .. } => self.begin(),
            Body::State { .. } if step.after.memory.is_none() => self.begin(),
            Body::State { .. } => self.is_unknown |= step.before.memory.is_none(),
            Body::Set { .. }
            | Body::Undo { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. } => {}
        }
    }

    fn begin(&mut self) {
        self.is_unknown = false;
        self.done.push(std::mem::take(&mut self.now));
    }

    fn ended(mut self) -> impl Iterator<Item = History> {
        self.begin();
        self.done.into_iter().filter(|history| !history.answers.is_empty())
    }
}
