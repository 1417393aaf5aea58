//! The step that one entry makes, and what each grade would lead to.

use super::{CardState, CountedAs, FoldParams, LastGrade, Scheduled};
use crate::day::Day;
use crate::entry::{Body, GivenState, LogEntry, Review, SetChange};
use crate::grade::Grade;
use crate::ids::{CardId, EntryId};
use crate::schedule::Prospect;
use crate::sm2::{EASE_MIN, INTERVAL_MAX_DAYS, Sm2};

impl CardState {
    /// The state after this entry, which must come later in the order than all before, and what it counted as if
    /// it was an answer. Undos, regrades, claims and import marks concern sets of entries and change nothing here: an answer
    /// must come with the grade that it has now ([`Live::as_graded`](crate::fold::Live::as_graded)).
    #[must_use]
    pub fn after(mut self, entry: &LogEntry, params: &FoldParams) -> (CardState, Option<CountedAs>) {
        let day = self.effective_day(entry.stamp.day);
        let counted = match &entry.body {
            Body::Review(review) => Some(self.answer(review, entry.id, day, params)),
            Body::Set { change, .. } => {
                self.set(*change);
                None
            }
            Body::State { state, .. } => {
                self.give(state, day, params);
                None
            }
            Body::Undo { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. } => return (self, None),
        };
        self.max_day = Some(day);
        self.last = Some(entry.id);
        (self, counted)
    }

    /// What each grade would lead to if the card were answered on this (learner's) day: the due day, and whether it would
    /// come again that day. [`CardState::after`] would say the same, and do more.
    pub fn outcomes(
        &self,
        card: CardId,
        today: Day,
        params: &FoldParams,
    ) -> [(Option<Day>, bool); Grade::ALL.len()] {
        let day = self.effective_day(today);
        let counted = self.would_count_as(day, false, params);
        let prospect = counted.schedules().then(|| Prospect::of(self, card, day, params));
        let drilled = self.drill(day, params.drill_until).is_some();
        Grade::ALL.map(|grade| {
            let due = prospect.map_or(self.due, |prospect| Some(due_after(day, &prospect.after(grade))));
            let again = match counted {
                CountedAs::Extra => drilled,
                CountedAs::New | CountedAs::Review | CountedAs::Drill => grade.number() < params.drill_until,
            };
            (due, again)
        })
    }

    fn answer(&mut self, review: &Review, id: EntryId, day: Day, params: &FoldParams) -> CountedAs {
        let counted = match review.told {
            true => self.would_count_when_told(day, params),
            false => self.would_count_as(day, review.early, params),
        };
        let is_remembered = self.is_remembered(review, day, counted);
        if counted.schedules() {
            let only_early = !self.is_new() && !self.is_due(day);
            let next = Prospect::of(self, review.card, day, params).after(review.grade);
            if !review.grade.is_correct() && self.sm2.reps > 0 {
                self.lapses = self.lapses.saturating_add(1);
            }
            self.sm2 = next;
            self.due = Some(due_after(day, &next));
            let was_new = counted == CountedAs::New;
            self.scheduled = Some(Scheduled { day, was_new, only_early, sitting: review.sitting });
            self.scheduled_on = Some(day);
            self.told_on = None;
        }
        if is_remembered {
            self.memory = Some(params.model().after(self.memory, review.grade.into(), day));
        }
        if review.told {
            self.told_on = Some(day);
        }
        if counted != CountedAs::Extra {
            self.last_grade = Some(LastGrade { day, grade: review.grade, at_ms: id.at_ms() });
        }
        if !review.grade.is_correct() {
            self.failed_on = Some(day);
        }
        self.answers = self.answers.saturating_add(1);
        counted
    }

    /// Whether this answer on this (effective) day moves the memory: the first of a day does whatever it counts as, for it was
    /// a recall after days, and what schedules or drills later that day does. Who is asked again for another reason has just
    /// been told, and so has a class that talked.
    pub fn is_remembered(&self, review: &Review, day: Day, counted: CountedAs) -> bool {
        let is_first = self.memory.is_none_or(|memory| day > memory.on) && !self.told_by(day);
        !review.told && (counted != CountedAs::Extra || is_first)
    }

    fn set(&mut self, change: SetChange) {
        match change {
            SetChange::Suspended(on) => self.suspended = on,
            SetChange::BuriedUntil(day) => self.buried_until = day,
            SetChange::Flag(n) => self.flag = n,
            SetChange::Due(day) => self.due = Some(day),
            SetChange::Reset => self.reset(),
        }
    }

    fn reset(&mut self) {
        self.sm2 = Sm2::NEW;
        self.due = None;
        self.lapses = 0;
        self.scheduled_on = None;
        self.told_on = None;
        self.last_grade = None;
        self.memory = None;
    }

    /// What was folded from answers tells more of the memory than an interval does, and stays; where there was none, it is
    /// what the deck's weights make of the numbers given.
    fn give(&mut self, state: &GivenState, day: Day, params: &FoldParams) {
        // A card is new exactly when it has no due day, and a new card has no past.
        if state.due.is_none() {
            return self.reset();
        }
        self.sm2 = Sm2 {
            reps: state.reps,
            ease: state.ease.max(EASE_MIN),
            interval_days: state.interval_days.min(INTERVAL_MAX_DAYS),
        };
        self.due = state.due;
        self.lapses = state.lapses;
        self.scheduled_on = state.last_scheduled;
        self.told_on = None;
        self.last_grade = None;
        if self.memory.is_none() && self.sm2.interval_days > 0 {
            let begun = state.due.map(|due| due.plus(-i32::try_from(self.sm2.interval_days).unwrap_or(0)));
            self.memory = state
                .last_scheduled
                .or(begun)
                .map(|on| params.model().of_sm2(self.sm2.ease, self.sm2.interval_days, on.min(day)));
        }
    }
}

/// The day on which a card with this schedule comes again when it was answered on `day`.
fn due_after(day: Day, schedule: &Sm2) -> Day {
    day.plus(i32::try_from(schedule.interval_days).unwrap_or(i32::MAX))
}
