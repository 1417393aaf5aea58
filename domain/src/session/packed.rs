//! A card's state in 52 bytes: most of a resident learner's memory is rows, and most rows were last moved by an answer
//! of the day on which they were scheduled. What does not fit that form is kept whole beside it.
//!
//! Days are counted from 1970 in 16 bits, which end in 2149, and so are intervals.

use crate::day::Day;
use crate::fsrs::{DIFFICULTY_MIN, Memory};
use crate::grade::Grade;
use crate::ids::{EntryId, SittingId};
use crate::sm2::Sm2;
use crate::state::{CardState, LastGrade, Scheduled};

/// No day.
const NO_DAY: u16 = u16::MAX;
/// No sitting.
const NO_SITTING: u16 = u16::MAX;
/// Sittings that are looked at before a row gets a place of its own in the table: a learner is in one or two.
const SITTINGS_LOOKED_AT: usize = 16;

/// Bits of [`Row::bits`]; the lowest three are the last grade, the next three the flag.
const GRADE: u16 = 0b111;
const FLAG_SHIFT: u16 = 3;
const FLAG_MAX: u8 = 0b111;
const SUSPENDED: u16 = 1 << 6;
const SCHEDULED: u16 = 1 << 7;
const WAS_NEW: u16 = 1 << 8;
const ONLY_EARLY: u16 = 1 << 9;
const SCHEDULED_ON: u16 = 1 << 10;
const GRADED: u16 = 1 << 11;
const REMEMBERED: u16 = 1 << 12;
/// The highest bit of the difficulty, which has seventeen.
const DIFFICULT: u16 = 1 << 13;
const TOLD: u16 = 1 << 14;
/// The row says only which card it is; its state is kept whole.
const WHOLE: u16 = 1 << 15;

/// One row: the card's index and its state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) index: u32,
    /// Of the memory, in ten-thousandths of a day.
    stability: u32,
    due: u16,
    /// The day of all that is about the last scheduling: the answer, the schedule, the grade, and what was told.
    day: u16,
    max_day: u16,
    failed_on: u16,
    remembered_on: u16,
    /// Of the memory, above the least one, in ten-thousandths.
    difficulty: u16,
    interval_days: u16,
    reps: u16,
    ease: u16,
    lapses: u16,
    answers: u16,
    sitting: u16,
    bits: u16,
    last: EntryId,
}

const _: () = assert!(size_of::<Row>() == 52);

/// The sittings that rows speak of.
#[derive(Clone, Debug, Default)]
pub(super) struct Sittings(Vec<SittingId>);

impl Sittings {
    fn place_of(&mut self, sitting: Option<SittingId>) -> Option<u16> {
        let Some(sitting) = sitting else { return Some(NO_SITTING) };
        let from = self.0.len().saturating_sub(SITTINGS_LOOKED_AT);
        let known = self.0.iter().skip(from).rposition(|known| *known == sitting);
        let at = known.map_or(self.0.len(), |at| from + at);
        let place = u16::try_from(at).ok().filter(|place| *place != NO_SITTING)?;
        if known.is_none() {
            if self.0.len() == self.0.capacity() {
                self.0.reserve_exact(1 + self.0.len() / 4);
            }
            self.0.push(sitting);
        }
        Some(place)
    }

    fn at(&self, place: u16) -> Option<SittingId> {
        self.0.get(usize::from(place)).copied()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<SittingId>()
    }
}

impl Row {
    /// A row whose state is kept whole elsewhere.
    pub(super) fn whole(index: u32) -> Row {
        Row {
            index,
            stability: 0,
            due: NO_DAY,
            day: NO_DAY,
            max_day: NO_DAY,
            failed_on: NO_DAY,
            remembered_on: NO_DAY,
            difficulty: 0,
            interval_days: 0,
            reps: 0,
            ease: 0,
            lapses: 0,
            answers: 0,
            sitting: NO_SITTING,
            bits: WHOLE,
            last: EntryId::MIN,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.bits & WHOLE != 0
    }

    /// The row of this state, if it has the common form.
    pub(super) fn pack(index: u32, state: &CardState, sittings: &mut Sittings) -> Option<Row> {
        let last = state.last?;
        let scheduled = state.scheduled;
        let graded = state.last_grade;
        let day = scheduled.map(|s| s.day).or(state.scheduled_on).or(graded.map(|g| g.day)).or(state.told_on);
        let same = |other: Option<Day>| other.is_none() || other == day;
        let plain = same(state.scheduled_on)
            && same(state.told_on)
            && same(graded.map(|g| g.day))
            && graded.is_none_or(|g| g.at_ms == last.at_ms())
            && state.buried_until.is_none()
            && state.flag <= FLAG_MAX;
        if !plain {
            return None;
        }
        let memory = state.memory;
        let difficulty = match memory {
            Some(memory) => memory.difficulty.checked_sub(DIFFICULTY_MIN)?,
            None => 0,
        };
        // Seventeen bits.
        let high = difficulty >> 16;
        if high > 1 {
            return None;
        }
        let answers = u16::try_from(state.answers).ok()?;
        let mut bits = u16::from(state.flag) << FLAG_SHIFT;
        let mut set = |bit: u16, on: bool| bits |= if on { bit } else { 0 };
        set(SUSPENDED, state.suspended);
        set(SCHEDULED, scheduled.is_some());
        set(WAS_NEW, scheduled.is_some_and(|s| s.was_new));
        set(ONLY_EARLY, scheduled.is_some_and(|s| s.only_early));
        set(SCHEDULED_ON, state.scheduled_on.is_some());
        set(TOLD, state.told_on.is_some());
        set(GRADED, graded.is_some());
        set(REMEMBERED, memory.is_some());
        set(DIFFICULT, high == 1);
        bits |= graded.map_or(0, |g| u16::from(g.grade.number()));
        Some(Row {
            index,
            stability: memory.map_or(0, |memory| memory.stability),
            due: short(state.due)?,
            day: short(day)?,
            max_day: short(state.max_day)?,
            failed_on: short(state.failed_on)?,
            remembered_on: short(memory.map(|memory| memory.on))?,
            difficulty: (difficulty & 0xffff) as u16,
            interval_days: u16::try_from(state.sm2.interval_days).ok()?,
            reps: state.sm2.reps,
            ease: state.sm2.ease,
            lapses: state.lapses,
            answers,
            sitting: sittings.place_of(scheduled.and_then(|s| s.sitting))?,
            bits,
            last,
        })
    }

    /// The state of a row that is not whole elsewhere.
    pub(super) fn unpack(&self, sittings: &Sittings) -> CardState {
        let has = |bit: u16| self.bits & bit != 0;
        let day_of = |raw: u16| (raw != NO_DAY).then_some(Day(i32::from(raw)));
        let day = Day(i32::from(self.day));
        let memory = Memory {
            stability: self.stability,
            difficulty: DIFFICULTY_MIN + u32::from(self.difficulty) + (u32::from(has(DIFFICULT)) << 16),
            on: Day(i32::from(self.remembered_on)),
        };
        let scheduled = Scheduled {
            day,
            was_new: has(WAS_NEW),
            only_early: has(ONLY_EARLY),
            sitting: sittings.at(self.sitting),
        };
        let grade = u8::try_from(self.bits & GRADE).ok().and_then(Grade::new);
        let graded = grade.map(|grade| LastGrade { day, grade, at_ms: self.last.at_ms() });
        CardState {
            sm2: Sm2 { reps: self.reps, ease: self.ease, interval_days: self.interval_days.into() },
            due: day_of(self.due),
            lapses: self.lapses,
            answers: u32::from(self.answers),
            scheduled: has(SCHEDULED).then_some(scheduled),
            scheduled_on: has(SCHEDULED_ON).then_some(day),
            told_on: has(TOLD).then_some(day),
            last_grade: graded.filter(|_| has(GRADED)),
            failed_on: day_of(self.failed_on),
            max_day: day_of(self.max_day),
            suspended: has(SUSPENDED),
            buried_until: None,
            flag: u8::try_from((self.bits >> FLAG_SHIFT) & u16::from(FLAG_MAX)).unwrap_or(0),
            memory: has(REMEMBERED).then_some(memory),
            last: Some(self.last),
        }
    }
}

/// A day in 16 bits, `None` if it needs more.
fn short(day: Option<Day>) -> Option<u16> {
    match day {
        Some(day) => u16::try_from(day.0).ok().filter(|raw| *raw != NO_DAY),
        None => Some(NO_DAY),
    }
}
