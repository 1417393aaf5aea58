//! A card's state in 52 bytes: most of a resident learner's memory is rows, and most rows were last moved by an answer
//! of the day on which they were scheduled. What does not fit that form is kept whole beside it.

use crate::day::Day;
use crate::grade::Grade;
use crate::ids::{EntryId, SittingId};
use crate::sm2::Sm2;
use crate::state::{CardState, LastGrade, Scheduled};

/// No day.
const NO_DAY: i32 = i32::MIN;
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
/// The row says only which card it is; its state is kept whole.
const WHOLE: u16 = 1 << 15;

/// One row: the card's index and its state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) index: u32,
    due: i32,
    /// The day of all that is about the last scheduling: the answer, the schedule, the grade.
    day: i32,
    max_day: i32,
    failed_on: i32,
    interval_days: u32,
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
            due: NO_DAY,
            day: NO_DAY,
            max_day: NO_DAY,
            failed_on: NO_DAY,
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
        let day = scheduled.map(|s| s.day).or(state.scheduled_on).or(graded.map(|g| g.day));
        let same = |other: Option<Day>| other.is_none() || other == day;
        let days = [state.due, state.max_day, state.failed_on, day];
        let plain = same(state.scheduled_on)
            && same(graded.map(|g| g.day))
            && graded.is_none_or(|g| g.at_ms == last.at_ms())
            && state.buried_until.is_none()
            && state.flag <= FLAG_MAX
            && days.iter().flatten().all(|day| day.0 != NO_DAY);
        if !plain {
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
        set(GRADED, graded.is_some());
        bits |= graded.map_or(0, |g| u16::from(g.grade.number()));
        let raw = |day: Option<Day>| day.map_or(NO_DAY, |day| day.0);
        Some(Row {
            index,
            due: raw(state.due),
            day: raw(day),
            max_day: raw(state.max_day),
            failed_on: raw(state.failed_on),
            interval_days: state.sm2.interval_days,
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
        let day_of = |raw: i32| (raw != NO_DAY).then_some(Day(raw));
        let day = Day(self.day);
        let scheduled = Scheduled {
            day,
            was_new: has(WAS_NEW),
            only_early: has(ONLY_EARLY),
            sitting: sittings.at(self.sitting),
        };
        let grade = u8::try_from(self.bits & GRADE).ok().and_then(Grade::new);
        let graded = grade.map(|grade| LastGrade { day, grade, at_ms: self.last.at_ms() });
        CardState {
            sm2: Sm2 { reps: self.reps, ease: self.ease, interval_days: self.interval_days },
            due: day_of(self.due),
            lapses: self.lapses,
            answers: u32::from(self.answers),
            scheduled: has(SCHEDULED).then_some(scheduled),
            scheduled_on: has(SCHEDULED_ON).then_some(day),
            last_grade: graded.filter(|_| has(GRADED)),
            failed_on: day_of(self.failed_on),
            max_day: day_of(self.max_day),
            suspended: has(SUSPENDED),
            buried_until: None,
            flag: u8::try_from((self.bits >> FLAG_SHIFT) & u16::from(FLAG_MAX)).unwrap_or(0),
            last: Some(self.last),
        }
    }
}
