//! One card's state as the fold leaves it; the step that one entry makes is in `state/step.rs`.

mod digest;
mod step;

use crate::day::Day;
use crate::fsrs::Memory;
use crate::grade::Grade;
use crate::ids::{EntryId, SittingId};
use crate::sm2::Sm2;

pub use crate::schedule::FoldParams;

/// The version of the fold's rules. A stored row of another version is folded again when it is loaded.
pub const FOLD_VERSION: u8 = 4;

/// What one answer counts as: a result of the fold, never an input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum CountedAs {
    /// The first scheduling answer of a new card.
    New,
    /// A scheduling answer of a card that was scheduled before.
    Review,
    /// A repetition on the same study day after a low grade.
    Drill,
    /// Any other answer: it counts in time and accuracy only.
    Extra,
}

impl CountedAs {
    /// Whether the answer moved the schedule.
    pub const fn schedules(self) -> bool {
        matches!(self, CountedAs::New | CountedAs::Review)
    }
}

/// The last scheduling answer: what the day's limits are counted from. It stays when the card is reset or given a state,
/// which do not unmake the answer; where the card stands in its schedule is [`CardState::scheduled_on`]'s to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scheduled {
    /// The study day.
    pub day: Day,
    /// Whether the card was new.
    pub was_new: bool,
    /// Whether it scheduled only because it was asked for early: then it is free of limits.
    pub only_early: bool,
    /// The sitting that the client named.
    pub sitting: Option<SittingId>,
}

/// The last scheduling or drill grade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LastGrade {
    /// The study day.
    pub day: Day,
    /// The grade.
    pub grade: Grade,
    /// The moment, Unix milliseconds: a drill comes `drill_delay_s` later.
    pub at_ms: i64,
}

/// As what a card is handed out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Never scheduled.
    New,
    /// Due.
    Review,
    /// Again on the same day after a low grade.
    Drill,
    /// Any other, brought by a filter or an undo.
    Extra,
}

/// A card's state: a function of the set of its entries and of [`FoldParams`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardState {
    /// Repetitions, ease, interval.
    pub sm2: Sm2,
    /// The due day; `None` while the card is new.
    pub due: Option<Day>,
    /// How often it was forgotten after it had been learned.
    pub lapses: u16,
    /// Answers of all kinds, undone ones excluded.
    pub answers: u32,
    /// The last scheduling answer, whatever was done to the card since.
    pub scheduled: Option<Scheduled>,
    /// The day of the schedule that the card has now: a reset forgets it, and a state that was given may know it
    /// without an answer.
    pub scheduled_on: Option<Day>,
    /// The last day with an answer that came after the class had talked about the card, if it was not scheduled since: on
    /// that day it proves nothing any more.
    pub told_on: Option<Day>,
    /// The last scheduling or drill grade.
    pub last_grade: Option<LastGrade>,
    /// The last study day with a grade below 3.
    pub failed_on: Option<Day>,
    /// The largest day so far: days never fall.
    pub max_day: Option<Day>,
    /// Never dealt while set.
    pub suspended: bool,
    /// Hidden while today is before it.
    pub buried_until: Option<Day>,
    /// Coloured flag, 0 is none.
    pub flag: u8,
    /// What FSRS knows of the card, whatever schedules it; `None` until it was answered.
    pub memory: Option<Memory>,
    /// The newest entry folded in.
    pub last: Option<EntryId>,
}

impl CardState {
    /// A card without entries.
    pub const NEW: CardState = CardState {
        sm2: Sm2::NEW,
        due: None,
        lapses: 0,
        answers: 0,
        scheduled: None,
        scheduled_on: None,
        told_on: None,
        last_grade: None,
        failed_on: None,
        max_day: None,
        suspended: false,
        buried_until: None,
        flag: 0,
        memory: None,
        last: None,
    };

    /// Whether the card was never scheduled.
    pub const fn is_new(&self) -> bool {
        self.due.is_none()
    }

    /// Whether it is due on this day (a new card is not *due*).
    pub fn is_due(&self, today: Day) -> bool {
        self.due.is_some_and(|due| due <= today)
    }

    /// Whether it had its scheduling answer on this day or later.
    pub fn scheduled_by(&self, today: Day) -> bool {
        self.scheduled_on.is_some_and(|day| day >= today)
    }

    /// Whether the learner was told on this day or later.
    pub fn told_by(&self, today: Day) -> bool {
        self.told_on.is_some_and(|day| day >= today)
    }

    /// Whether it is scheduled no more on this day: it was, or the learner was told.
    pub fn is_spent(&self, today: Day) -> bool {
        self.scheduled_by(today) || self.told_by(today)
    }

    /// The grade because of which it must come again today.
    pub fn drill(&self, today: Day, drill_until: u8) -> Option<LastGrade> {
        self.last_grade.filter(|last| last.day == today && last.grade.number() < drill_until)
    }

    /// Whether it is hidden today.
    pub fn is_buried(&self, today: Day) -> bool {
        self.buried_until.is_some_and(|until| today < until)
    }

    /// The day on which an entry stamped `stamped` counts for this card: days never fall.
    pub fn effective_day(&self, stamped: Day) -> Day {
        self.max_day.map_or(stamped, |max| max.max(stamped))
    }

    /// As what the card is for this study day; whether it is suspended, buried, or beyond a limit is not asked.
    ///
    /// What an answer counts as is decided by the card's own day, which may be ahead of today; no card is brought
    /// forward to a day that the learner has not reached.
    pub fn kind(&self, today: Day, params: &FoldParams) -> Kind {
        let day = self.effective_day(today);
        if self.drill(day, params.drill_until).is_some() {
            Kind::Drill
        } else if self.is_spent(day) {
            Kind::Extra
        } else if self.is_new() {
            Kind::New
        } else if self.is_due(today) {
            Kind::Review
        } else {
            Kind::Extra
        }
    }

    /// What an answer on this (effective) day would count as.
    pub fn would_count_as(&self, day: Day, early: bool, params: &FoldParams) -> CountedAs {
        if !self.is_spent(day) && (self.is_new() || self.is_due(day) || early) {
            return if self.is_new() { CountedAs::New } else { CountedAs::Review };
        }
        self.would_count_when_told(day, params)
    }

    /// What an answer on this (effective) day would count as that must not schedule.
    pub fn would_count_when_told(&self, day: Day, params: &FoldParams) -> CountedAs {
        match self.drill(day, params.drill_until) {
            Some(_) => CountedAs::Drill,
            None => CountedAs::Extra,
        }
    }

    /// The probability that the card is remembered on this day, 0 to 1; `None` while nothing is known of it.
    pub fn recall(&self, today: Day, params: &FoldParams) -> Option<f64> {
        self.memory.map(|memory| params.model().recall(&memory, today))
    }
}
