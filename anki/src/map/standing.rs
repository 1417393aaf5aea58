//! Where a card stands in its schedule.

use super::calendar::{Calendar, LATEST_S};
use crate::model::{Card, Due, Memory, Place, Stage};
use domain::day::Day;
use domain::entry::GivenState;
use domain::sm2::{EASE_MIN, EASE_START, INTERVAL_MAX_DAYS};

/// What about a card's schedule is not as it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Change {
    /// It was in steps of minutes: it is due on the day of its next step, as after a lapse.
    Steps,
    /// It had kept an interval through a lapse: it begins again at one day, as SM-2 has it.
    LapsedInterval,
    /// It had no ease: it has the one every card starts with.
    NoEase,
    /// Its ease lay below the least.
    LowEase,
    /// Its interval is longer than any may be, or was none.
    Interval,
    /// Its due day lies where no schedule leads.
    FarDay,
    /// A filtered deck had borrowed it: it is back where it belongs.
    Borrowed,
    /// An add-on or script kept data with it.
    CustomData,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 8] = [
        Change::Steps,
        Change::LapsedInterval,
        Change::NoEase,
        Change::LowEase,
        Change::Interval,
        Change::FarDay,
        Change::Borrowed,
        Change::CustomData,
    ];

    /// The code that names it in a report.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Steps => "learning_steps",
            Self::LapsedInterval => "lapsed_interval",
            Self::NoEase => "no_ease",
            Self::LowEase => "low_ease",
            Self::Interval => "interval",
            Self::FarDay => "far_due_day",
            Self::Borrowed => "filtered_deck",
            Self::CustomData => "custom_data",
        }
    }
}

/// A set of changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Changes(u8);

impl Changes {
    /// Adds one, if so.
    pub const fn add_if(&mut self, change: Change, so: bool) {
        if so {
            self.0 |= 1 << change as u8;
        }
    }

    /// Whether one is in it.
    pub const fn has(self, change: Change) -> bool {
        self.0 & (1 << change as u8) != 0
    }

    /// Each of them once.
    pub fn each(self) -> impl Iterator<Item = Change> {
        Change::ALL.into_iter().filter(move |change| self.has(*change))
    }
}

/// Where a card stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Standing {
    /// Its state, and the moment in Unix milliseconds at which the entry that gives it has its place: right after the last
    /// row of the card's review log. So it overrides what the fold makes of Anki's answers, and nothing that is done
    /// later, in whatever order things are imported. `None` for a card that was never answered.
    pub state: Option<(i64, GivenState)>,
    /// Whether it is never dealt.
    pub suspended: bool,
    /// Before which day it is hidden.
    pub buried_until: Option<Day>,
    /// A coloured flag, 1 to 7; 0 is none.
    pub flag: u8,
    /// The memory of FSRS, where Anki had one. Our own is folded from the log; this is for comparing.
    pub memory: Option<Memory>,
    /// What is not as it was.
    pub changes: Changes,
}

impl Standing {
    /// Whether it is due on this study day.
    pub fn is_due(&self, today: Day) -> bool {
        let is_hidden = self.suspended || self.buried_until.is_some_and(|until| today < until);
        let due = self.state.and_then(|(_, state)| state.due);
        !is_hidden && due.is_some_and(|due| due <= today)
    }
}

/// Where a card stands. `day_at` is the study day of a moment at the learner's place, in Unix milliseconds.
///
/// - **New** cards have no state, unless they were answered and then reset: then the state says that they are new.
/// - **Review** cards keep interval, due day and lapses. The ease is rounded to hundredths; see [`repetitions`] for n.
/// - Cards **in steps** have n = 0, an interval of one day, and are due on the day of their next step: SM-2 has no steps,
///   and its first two intervals follow.
/// - **Suspension** and **flag** are the same. A **buried** card comes back on the day after it was last changed.
/// - The state's place in the log is the moment after the card's last row in Anki's, or else that of its last change.
pub fn standing(card: &Card, calendar: Calendar, day_at: &dyn Fn(i64) -> Day) -> Standing {
    let mut changes = Changes::default();
    changes.add_if(Change::Borrowed, card.is_borrowed);
    changes.add_if(Change::CustomData, card.has_custom_data);
    let modified_ms = card.modified_s.clamp(0, LATEST_S) * 1_000;
    let last_ms = card.last_logged_ms.filter(|at_ms| (0..LATEST_S * 1_000).contains(at_ms));
    let is_untouched = card.stage == Stage::New && last_ms.is_none();
    let state = (!is_untouched).then(|| {
        let at_ms = last_ms.map_or(modified_ms, |at_ms| at_ms + 1);
        (at_ms, state(card, calendar, last_ms, day_at, &mut changes))
    });
    let is_buried = matches!(card.place, Place::BuriedAsSibling | Place::BuriedByHand);
    Standing {
        state,
        suspended: card.place == Place::Suspended,
        buried_until: is_buried.then(|| day_at(modified_ms).plus(1)),
        flag: card.flag,
        memory: card.memory,
        changes,
    }
}

/// A due day may lie so far from the last change of its card, in days.
const FAR_DAYS: i32 = 2 * INTERVAL_MAX_DAYS as i32;

fn state(
    card: &Card,
    calendar: Calendar,
    last_ms: Option<i64>,
    day_at: &dyn Fn(i64) -> Day,
    changes: &mut Changes,
) -> GivenState {
    let is_new = card.stage == Stage::New;
    let is_in_steps = matches!(card.stage, Stage::Learning | Stage::Relearning);
    let ease = if is_new { EASE_START } else { ease(card.ease_permille, changes) };
    let interval_days = match card.stage {
        Stage::New => 0,
        Stage::Learning | Stage::Relearning => 1,
        Stage::Review => interval(card.interval_days, changes),
    };
    changes.add_if(Change::Steps, is_in_steps);
    changes.add_if(Change::LapsedInterval, card.stage == Stage::Relearning && card.interval_days > 1);
    let day = match card.due {
        Due::Position(_) => None,
        Due::Day(number) => Some(calendar.day(number)),
        Due::Moment(at_s) => Some(day_at(at_s.clamp(0, LATEST_S) * 1_000)),
    };
    let modified = day_at(card.modified_s.clamp(0, LATEST_S) * 1_000);
    let near = day.map(|day| day.clamp(modified.plus(-FAR_DAYS), modified.plus(FAR_DAYS)));
    changes.add_if(Change::FarDay, near != day);
    GivenState {
        reps: if card.stage == Stage::Review { repetitions(interval_days, ease) } else { 0 },
        ease,
        interval_days,
        due: if is_new { None } else { near },
        lapses: if is_new { 0 } else { u16::try_from(card.lapses).unwrap_or(u16::MAX) },
        // What Anki asks again on the day of its last answer may be answered again on that day here.
        last_scheduled: last_ms.map(day_at).filter(|last| near.is_some_and(|due| due > *last)),
    }
}

/// Permille to hundredths. FSRS leaves the ease where it was; a card that never had one has 0.
fn ease(permille: i64, changes: &mut Changes) -> u16 {
    if permille == 0 {
        changes.add_if(Change::NoEase, true);
        return EASE_START;
    }
    let hundredths = u16::try_from((permille + 5) / 10).unwrap_or(u16::MAX);
    changes.add_if(Change::LowEase, hundredths < EASE_MIN);
    // Above ten the next interval would pass the longest at once.
    hundredths.clamp(EASE_MIN, 1_000)
}

fn interval(days: i64, changes: &mut Changes) -> u32 {
    let interval = u32::try_from(days).unwrap_or(u32::MAX).clamp(1, INTERVAL_MAX_DAYS);
    changes.add_if(Change::Interval, i64::from(interval) != days);
    interval
}

/// The n of SM-2 for a card with this interval and ease, which Anki does not count: as many repetitions as SM-2 would have
/// taken to come to an interval that is not longer.
///
/// What matters of n is what comes next: after 1 the interval is 6 days, after more it grows by the ease. So n is 1 only up
/// to two days, where six is the longer step, and the next interval is never shorter than the ease alone would make it.
pub fn repetitions(interval_days: u32, ease: u16) -> u16 {
    if interval_days <= 2 {
        return 1;
    }
    let (mut reps, mut reached) = (2_u16, 6_u64);
    loop {
        reached = (reached * u64::from(ease.max(EASE_MIN))).div_ceil(100);
        if reached > u64::from(interval_days) {
            return reps;
        }
        reps += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Header;
    use domain::grade::Grade;
    use domain::sm2::Sm2;

    const CREATED_S: i64 = 1_600_000_000;

    fn calendar() -> Calendar {
        let header = Header {
            schema: 18,
            created_s: CREATED_S,
            rollover_hour: Some(4),
            creation_west_min: Some(0),
            local_west_min: None,
            scheduler: 2,
            fsrs: false,
            learn_ahead_s: 1_200,
        };
        Calendar::of(&header, 0)
    }

    fn day_at(at_ms: i64) -> Day {
        Day(i32::try_from((at_ms / 1_000 - 4 * 3_600).div_euclid(86_400)).unwrap())
    }

    fn card(stage: Stage, due: Due) -> Card {
        Card {
            id: 1,
            note: 1,
            deck: 1,
            is_borrowed: false,
            ord: 0,
            modified_s: CREATED_S + 10 * 86_400,
            stage,
            place: Place::Active,
            due,
            interval_days: 20,
            ease_permille: 2_345,
            answers: 7,
            lapses: 2,
            steps_left: 0,
            flag: 3,
            memory: None,
            has_custom_data: false,
            last_logged_ms: Some((CREATED_S + 9 * 86_400) * 1_000),
        }
    }

    fn mapped(card: &Card) -> Standing {
        standing(card, calendar(), &day_at)
    }

    #[test]
    fn a_review_card_keeps_interval_due_day_and_lapses() {
        let standing = mapped(&card(Stage::Review, Due::Day(29)));
        let (at_ms, state) = standing.state.unwrap();
        assert_eq!(at_ms, (CREATED_S + 9 * 86_400) * 1_000 + 1);
        assert_eq!((state.interval_days, state.ease, state.lapses), (20, 235, 2));
        assert_eq!(state.due, Some(calendar().day(29)));
        assert_eq!(state.last_scheduled, Some(calendar().day(9)));
        assert_eq!(standing.changes, Changes::default());
        assert!(standing.is_due(calendar().day(29)) && !standing.is_due(calendar().day(28)));
    }

    #[test]
    fn a_new_card_has_a_state_only_if_it_was_ever_answered() {
        let new = card(Stage::New, Due::Position(5));
        let (_, state) = mapped(&new).state.unwrap();
        assert_eq!((state.reps, state.ease, state.interval_days, state.due), (0, 250, 0, None));
        assert_eq!(mapped(&Card { last_logged_ms: None, ..new }).state, None);
    }

    #[test]
    fn a_card_in_steps_is_due_on_the_day_of_its_next_step() {
        let at_s = CREATED_S + 11 * 86_400;
        for stage in [Stage::Learning, Stage::Relearning] {
            let standing = mapped(&card(stage, Due::Moment(at_s)));
            let (_, state) = standing.state.unwrap();
            assert_eq!((state.reps, state.interval_days), (0, 1));
            assert_eq!(state.due, Some(day_at(at_s * 1_000)));
            assert_eq!(state.last_scheduled, Some(calendar().day(9)));
            assert!(standing.changes.has(Change::Steps));
            assert_eq!(standing.changes.has(Change::LapsedInterval), stage == Stage::Relearning);
        }
    }

    #[test]
    fn what_is_asked_again_on_the_day_of_its_last_answer_may_be_scheduled_that_day() {
        let again = card(Stage::Learning, Due::Moment(CREATED_S + 9 * 86_400 + 600));
        assert_eq!(mapped(&again).state.unwrap().1.last_scheduled, None);
        let by_hand = card(Stage::Review, Due::Day(9));
        assert_eq!(mapped(&by_hand).state.unwrap().1.last_scheduled, None);
    }

    #[test]
    fn cards_put_aside_are_put_aside() {
        let suspended = mapped(&Card { place: Place::Suspended, ..card(Stage::Review, Due::Day(1)) });
        assert!(suspended.suspended && !suspended.is_due(calendar().day(99)));
        let buried = mapped(&Card { place: Place::BuriedByHand, ..card(Stage::Review, Due::Day(1)) });
        assert_eq!(buried.buried_until, Some(calendar().day(11)));
        assert!(!buried.is_due(calendar().day(10)) && buried.is_due(calendar().day(11)));
        assert_eq!(buried.flag, 3);
    }

    #[test]
    fn numbers_that_no_schedule_has_are_brought_near_and_said() {
        let odd = Card {
            interval_days: i64::MAX,
            ease_permille: 1,
            lapses: i64::MAX,
            ..card(Stage::Review, Due::Day(i64::MAX))
        };
        let standing = mapped(&odd);
        let (_, state) = standing.state.unwrap();
        assert_eq!((state.interval_days, state.ease, state.lapses), (INTERVAL_MAX_DAYS, EASE_MIN, u16::MAX));
        for change in [Change::Interval, Change::LowEase, Change::FarDay] {
            assert!(standing.changes.has(change), "{change:?}");
        }
        let none = mapped(&Card { ease_permille: 0, interval_days: 0, ..card(Stage::Review, Due::Day(1)) });
        assert!(none.changes.has(Change::NoEase) && none.changes.has(Change::Interval));
        assert_eq!(none.state.unwrap().1.ease, EASE_START);
    }

    #[test]
    fn the_next_interval_is_never_shorter_than_the_ease_makes_it() {
        for interval_days in 1..2_000 {
            for ease in [130, 185, 250, 300] {
                let reps = repetitions(interval_days, ease);
                let next = Sm2 { reps, ease, interval_days }.after(Grade::Good, INTERVAL_MAX_DAYS);
                let by_ease = (interval_days * u32::from(ease)).div_ceil(100);
                assert!(next.interval_days >= by_ease, "{interval_days} days at {ease}: {next:?}");
            }
        }
        assert_eq!([1, 2, 3, 6, 14, 15, 38].map(|days| repetitions(days, 250)), [1, 1, 2, 2, 2, 3, 4]);
    }
}
