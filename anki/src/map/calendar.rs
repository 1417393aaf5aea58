//! Anki's days.

use crate::model::{Card, Due, Header, Place};
use domain::day::Day;

/// Days before its creation and after it that a due day of a collection may lie; further ones are brought here.
const DAYS_MAX: i64 = 100_000;

/// The last second that an id has room for; later moments are brought here.
pub(super) const LATEST_S: i64 = ((1 << 48) - 1) / 1_000;

/// By what a collection counts its days: day 0 is the calendar day on which it was made, at the learner's place. A day of
/// Anki's begins at its rollover hour and so is a study day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    day_zero: Day,
}

impl Calendar {
    /// The collection's calendar. Where it does not say where the learner was, `utc_offset_min` does: minutes east.
    pub fn of(header: &Header, utc_offset_min: i32) -> Calendar {
        let west_min = header.creation_west_min.or(header.local_west_min);
        let east_s = west_min.map_or(i64::from(utc_offset_min), |west| -i64::from(west)) * 60;
        let day = (header.created_s + east_s).div_euclid(86_400);
        Calendar { day_zero: Day(i32::try_from(day).unwrap_or(0)) }
    }

    /// The study day with this number. Numbers that no schedule has are brought near.
    pub fn day(self, number: i64) -> Day {
        let number = number.clamp(-DAYS_MAX, DAYS_MAX);
        self.day_zero.plus(i32::try_from(number).unwrap_or(0))
    }

    /// The number that Anki gives a study day: never below 0.
    pub fn number(self, day: Day) -> i64 {
        i64::from(day.since(self.day_zero)).max(0)
    }

    /// Whether Anki would show the card on this study day, limits apart. `day_at` is the study day of a moment in Unix
    /// milliseconds; steps count for the whole of their day.
    pub fn is_due_there(self, card: &Card, today: Day, day_at: &dyn Fn(i64) -> Day) -> bool {
        if card.place != Place::Active {
            return false;
        }
        match card.due {
            Due::Position(_) => false,
            Due::Day(number) => number <= self.number(today),
            Due::Moment(at_s) => day_at(at_s.clamp(0, LATEST_S) * 1_000) <= today,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(created_s: i64, creation_west_min: Option<i32>) -> Header {
        Header {
            schema: 18,
            created_s,
            rollover_hour: Some(4),
            creation_west_min,
            local_west_min: None,
            scheduler: 2,
            fsrs: false,
            learn_ahead_s: 1_200,
        }
    }

    #[test]
    fn day_zero_is_the_day_of_creation_at_the_learners_place() {
        // 2021-06-01 at four in the morning in Sydney is the evening before in UTC.
        let made = header(1_622_484_000, Some(-600));
        assert_eq!(Calendar::of(&made, 0).day(0).to_string(), "2021-06-01");
        assert_eq!(Calendar::of(&made, 0).day(30).to_string(), "2021-07-01");
        assert_eq!(Calendar::of(&header(1_622_484_000, None), 0).day(0).to_string(), "2021-05-31");
        assert_eq!(Calendar::of(&header(1_622_484_000, None), 600).day(0).to_string(), "2021-06-01");
    }

    #[test]
    fn numbers_that_no_schedule_has_are_brought_near() {
        let calendar = Calendar::of(&header(1_622_484_000, Some(0)), 0);
        assert_eq!(calendar.day(i64::MAX), calendar.day(DAYS_MAX));
        assert_eq!(calendar.day(i64::MIN), calendar.day(-DAYS_MAX));
        assert_eq!(calendar.number(Day(0)), 0);
    }
}
