//! When answers are intended.

use client::Random;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How fast all learners of a process answer. A rising rate changes it while they study.
#[derive(Debug)]
pub struct Pace {
    every: Cell<Option<Duration>>,
    end: Cell<Instant>,
}

impl Pace {
    /// An open model: a learner answers once in so long, until `end`.
    pub const fn open(every: Duration, end: Instant) -> Pace {
        Pace { every: Cell::new(Some(every)), end: Cell::new(end) }
    }

    /// A closed loop: a learner answers as soon as there is a card, until `end`.
    pub const fn closed(end: Instant) -> Pace {
        Pace { every: Cell::new(None), end: Cell::new(end) }
    }

    /// Changes the time between two answers of a learner from here on.
    pub fn set_every(&self, every: Duration) {
        self.every.set(Some(every));
    }

    /// Nothing is intended from this moment on.
    pub fn stop_at(&self, end: Instant) {
        self.end.set(end);
    }

    /// The moment from which on nothing is intended.
    pub fn end(&self) -> Instant {
        self.end.get()
    }
}

/// The intended moments of one learner.
#[derive(Debug)]
pub struct Intents {
    due: Option<Instant>,
    random: Random,
}

impl Intents {
    /// Nothing is intended before [`Intents::begin`].
    pub const fn new(seed: u64) -> Intents {
        Intents { due: None, random: Random::seeded(seed) }
    }

    /// From here on answers are intended; learners who come together do not answer together.
    pub fn begin(&mut self, now: Instant, pace: &Pace) {
        if self.due.is_none() {
            self.due = Some(match pace.every.get() {
                Some(every) => now + every.mul_f64(self.share()),
                None => now,
            });
        }
    }

    /// The next intended moment; `None` when nothing more is intended.
    pub fn due(&self, pace: &Pace) -> Option<Instant> {
        self.due.filter(|due| *due < pace.end())
    }

    /// The answer intended at [`Intents::due`] leaves at `now`. An open model keeps to its plan however late it is.
    pub fn leaves(&mut self, now: Instant, pace: &Pace) {
        let share = 0.8 + 0.4 * self.share();
        self.due = self.due.map(|due| match pace.every.get() {
            Some(every) => due + every.mul_f64(share),
            None => now,
        });
    }

    /// How many were intended before the end and never left.
    pub fn skipped(&mut self, pace: &Pace) -> u64 {
        let mut skipped = 0;
        if pace.every.get().is_none() {
            return 0;
        }
        while let Some(due) = self.due(pace) {
            skipped += 1;
            self.leaves(due, pace);
        }
        skipped
    }

    fn share(&mut self) -> f64 {
        self.random.between(0, 999) as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_model_keeps_to_its_plan_however_late_an_answer_leaves() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let pace = Pace::open(second, start + 100 * second);
        let mut intents = Intents::new(1);
        intents.begin(start, &pace);
        let first = intents.due(&pace).unwrap();
        assert!(first >= start && first < start + second);
        // It leaves half a minute late.
        intents.leaves(first + 30 * second, &pace);
        let next = intents.due(&pace).unwrap() - first;
        assert!(next >= second.mul_f64(0.8) && next <= second.mul_f64(1.2), "{next:?}");
        let skipped = intents.skipped(&pace);
        assert!((90..=110).contains(&skipped), "{skipped}");
    }

    #[test]
    fn a_closed_loop_answers_at_once_and_skips_nothing() {
        let start = Instant::now();
        let pace = Pace::closed(start + Duration::from_secs(5));
        let mut intents = Intents::new(1);
        intents.begin(start, &pace);
        assert_eq!(intents.due(&pace), Some(start));
        let later = start + Duration::from_secs(1);
        intents.leaves(later, &pace);
        assert_eq!(intents.due(&pace), Some(later));
        assert_eq!(intents.skipped(&pace), 0);
    }
}
