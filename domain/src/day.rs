//! Study days: the calendar date at the learner's place after shifting by the rollover hour.

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};
use std::fmt;
use std::str::FromStr;

/// A study day, counted in days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(pub i32);

/// Text that is no day, or a zone or hour that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DayError {
    /// Not `YYYY-MM-DD`, or no such date.
    #[error("not a day: YYYY-MM-DD is expected")]
    NotADay,
    /// The zone database has no such name.
    #[error("no time zone has the name {0:?}: an IANA name such as Europe/Berlin is expected")]
    UnknownZone(String),
    /// The rollover hour is not 0..=23.
    #[error("a rollover hour is 0 to 23")]
    BadRollover,
}

impl Day {
    /// The day this many days later (earlier when negative).
    pub const fn plus(self, days: i32) -> Day {
        Day(self.0.saturating_add(days))
    }

    /// Whole days from `earlier` to this day.
    pub const fn since(self, earlier: Day) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    fn date(self) -> Date {
        let epoch = Date::constant(1970, 1, 1);
        // Spans have an end too: beyond it the constructors that do not return an error panic.
        let date = Span::new().try_days(self.0).and_then(|days| epoch.checked_add(days));
        date.unwrap_or(if self.0 < 0 { Date::MIN } else { Date::MAX })
    }

    fn of_date(date: Date) -> Day {
        let epoch = Date::constant(1970, 1, 1);
        Day(epoch.until(date).map(|span| span.get_days()).unwrap_or(0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl FromStr for Day {
    type Err = DayError;
    fn from_str(s: &str) -> Result<Day, DayError> {
        if s.len() != 10 {
            return Err(DayError::NotADay);
        }
        s.parse::<Date>().map(Day::of_date).map_err(|_| DayError::NotADay)
    }
}

/// What an entry is stamped with: a pure function of its id's time and the learner's zone history.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Stamp {
    /// The study day at the learner's place.
    pub day: Day,
    /// The offset from UTC at the learner's place, in minutes.
    pub utc_offset_min: i16,
}

/// The rollover hour of a learner who never chose one.
pub const DEFAULT_ROLLOVER_HOUR: u8 = 4;
/// Zone changes that are kept; older ones are forgotten (their entries are stamped already).
pub const ZONE_CHANGES_MAX: usize = 8;
/// The moment of a change before which others were forgotten: it holds for all moments that no later one holds for.
pub const FROM_EVER_MS: i64 = i64::MIN;

/// One stretch of the zone history: it holds for moments later than `from_ms`.
#[derive(Clone, Debug)]
pub struct ZoneSpan {
    /// The moment of the change, Unix milliseconds; entries later than it are stamped by it.
    pub from_ms: i64,
    /// The IANA name.
    pub name: String,
    /// The hour at which the study day begins, 0..=23.
    pub rollover_hour: u8,
    /// `None` for what was stored and is unknown here: it is kept and holds for nothing.
    zone: Option<TimeZone>,
}

impl ZoneSpan {
    /// Whether this program can stamp by it.
    pub const fn is_known(&self) -> bool {
        self.zone.is_some()
    }
}

/// Where a learner was when: the last changes of zone and rollover hour. Without any: UTC, 4 o'clock.
#[derive(Clone, Debug)]
pub struct ZoneHistory {
    spans: Vec<ZoneSpan>,
}

impl Default for ZoneHistory {
    fn default() -> Self {
        Self::new()
    }
}

impl ZoneHistory {
    /// The history of a learner who never set anything.
    pub const fn new() -> Self {
        Self { spans: Vec::new() }
    }

    /// Whether a zone or an hour was ever set.
    pub fn is_set(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Whether this is what the other history was before its last changes. Histories of one learner only grow.
    pub fn is_older_than(&self, other: &ZoneHistory) -> bool {
        // Of the first one the moment says nothing: it holds from ever once others were forgotten.
        let moments = |of: &ZoneHistory| of.spans.iter().skip(1).map(|span| span.from_ms).collect::<Vec<_>>();
        (self.spans.len(), moments(self)) < (other.spans.len(), moments(other))
    }

    /// The changes, oldest first.
    pub fn spans(&self) -> &[ZoneSpan] {
        &self.spans
    }

    /// The name of the first zone in it that this program does not know.
    pub fn unknown(&self) -> Option<&str> {
        self.spans.iter().find(|span| !span.is_known()).map(|span| span.name.as_str())
    }

    /// Adds a change that holds for moments later than `from_ms`. Keeps the newest [`ZONE_CHANGES_MAX`]; the oldest of
    /// them holds from [`FROM_EVER_MS`] on once others were forgotten.
    ///
    /// # Errors
    /// An unknown zone or an hour that does not exist; the history is then unchanged.
    pub fn change(&mut self, from_ms: i64, zone: &str, rollover_hour: u8) -> Result<(), DayError> {
        if rollover_hour > 23 {
            return Err(DayError::BadRollover);
        }
        let found =
            TimeZone::get(zone).map_err(|_| DayError::UnknownZone(zone.chars().take(64).collect()))?;
        self.insert(ZoneSpan { from_ms, name: zone.to_owned(), rollover_hour, zone: Some(found) });
        Ok(())
    }

    /// Puts back a change as it was stored. A zone or an hour that this program does not know is kept, so that it is
    /// stored again and holds once it is known; until then the change before it holds on.
    pub fn restore(&mut self, from_ms: i64, zone: &str, rollover_hour: u8) {
        let found = TimeZone::get(zone).ok().filter(|_| rollover_hour <= 23);
        self.insert(ZoneSpan { from_ms, name: zone.to_owned(), rollover_hour, zone: found });
    }

    fn insert(&mut self, span: ZoneSpan) {
        let at = self.spans.partition_point(|other| other.from_ms <= span.from_ms);
        self.spans.insert(at, span);
        if self.spans.len() > ZONE_CHANGES_MAX {
            self.spans.remove(0);
            if let Some(oldest) = self.spans.first_mut() {
                oldest.from_ms = FROM_EVER_MS;
            }
        }
    }

    /// The same history, but its oldest change holds from ever: for what was answered elsewhere before this learner was known
    /// here. An own entry from before any change was stamped by UTC when it came, and is stamped so again.
    #[must_use]
    pub fn from_ever(mut self) -> ZoneHistory {
        if let Some(oldest) = self.spans.first_mut() {
            oldest.from_ms = FROM_EVER_MS;
        }
        self
    }

    /// The known change that holds for this moment, and its zone.
    fn at(&self, at_ms: i64) -> Option<(&ZoneSpan, &TimeZone)> {
        let earlier = self.spans.partition_point(|span| span.from_ms < at_ms);
        self.spans.iter().take(earlier).rev().find_map(|span| Some((span, span.zone.as_ref()?)))
    }

    fn zone_at(&self, at_ms: i64) -> (TimeZone, u8) {
        self.at(at_ms)
            .map_or((TimeZone::UTC, DEFAULT_ROLLOVER_HOUR), |(span, zone)| (zone.clone(), span.rollover_hour))
    }

    /// The IANA name in force at this moment.
    pub fn name_at(&self, at_ms: i64) -> &str {
        self.at(at_ms).map_or("UTC", |(span, _)| &span.name)
    }

    /// The rollover hour in force at this moment.
    pub fn rollover_hour_at(&self, at_ms: i64) -> u8 {
        self.at(at_ms).map_or(DEFAULT_ROLLOVER_HOUR, |(span, _)| span.rollover_hour)
    }

    /// The study day and offset of a moment (Unix milliseconds).
    pub fn stamp(&self, at_ms: i64) -> Stamp {
        let (zone, rollover_hour) = self.zone_at(at_ms);
        stamp_in(&zone, rollover_hour, at_ms)
    }

    /// When study day `day` begins, seen from `now_ms` (the zone in force then): Unix milliseconds.
    pub fn day_start_ms(&self, day: Day, now_ms: i64) -> i64 {
        let (zone, rollover_hour) = self.zone_at(now_ms);
        start_in(&zone, rollover_hour, day)
    }
}

fn clamp(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(if at_ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn stamp_in(zone: &TimeZone, rollover_hour: u8, at_ms: i64) -> Stamp {
    let at = clamp(at_ms);
    let offset = zone.to_offset(at);
    let local = offset.to_datetime(at);
    let shifted = local.saturating_sub(i64::from(rollover_hour).hours());
    let mut day = Day::of_date(shifted.date());
    // Where clocks go back over the rollover, the day that has begun stays begun.
    if start_in(zone, rollover_hour, day.plus(1)) <= at_ms {
        day = day.plus(1);
    }
    let utc_offset_min = i16::try_from(offset.seconds() / 60).unwrap_or(0);
    Stamp { day, utc_offset_min }
}

fn start_in(zone: &TimeZone, rollover_hour: u8, day: Day) -> i64 {
    let hour = i8::try_from(rollover_hour).unwrap_or(0);
    let rollover = zone.to_ambiguous_zoned(day.date().at(hour, 0, 0, 0));
    let skipped = matches!(rollover.offset(), AmbiguousOffset::Gap { .. });
    rollover.compatible().map_or(i64::MAX, |zoned| {
        let at_ms = zoned.timestamp().as_millisecond();
        // Where clocks skip the rollover the day begins with the skip: local time is then past the rollover.
        let before = || zone.preceding(clamp(at_ms.saturating_add(1))).next();
        match skipped.then(before).flatten() {
            Some(skip) => skip.timestamp().as_millisecond(),
            None => at_ms,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(s: &str) -> i64 {
        s.parse::<Timestamp>().unwrap().as_millisecond()
    }
    fn berlin() -> ZoneHistory {
        let mut z = ZoneHistory::new();
        z.change(0, "Europe/Berlin", 4).unwrap();
        z
    }
    fn day(s: &str) -> Day {
        s.parse().unwrap()
    }

    #[test]
    fn days_read_and_write_as_dates() {
        assert_eq!(day("1970-01-01"), Day(0));
        assert_eq!(Day(20_000).to_string(), "2024-10-04");
        assert_eq!(day("2024-10-04"), Day(20_000));
        for bad in ["2023-02-29", "2024-1-01", "20240101", "", "2024-01-01T00:00"] {
            assert_eq!(bad.parse::<Day>(), Err(DayError::NotADay), "{bad}");
        }
    }

    #[test]
    fn days_beyond_the_calendar_are_its_ends() {
        for days in [7_304_484, 7_304_485, i32::MAX] {
            assert_eq!(Day(days).to_string(), Date::MAX.to_string());
            assert_eq!(Day(-days).to_string(), Date::MIN.to_string());
            assert!(berlin().day_start_ms(Day(days), 0) > berlin().day_start_ms(Day(20_000), 0));
        }
        assert_eq!(Day(i32::MIN).to_string(), Date::MIN.to_string());
    }

    #[test]
    fn a_study_day_begins_at_the_rollover_hour_of_the_place() {
        let z = berlin();
        assert_eq!(z.stamp(ms("2026-01-10T02:59:59.999Z")).day, day("2026-01-09"));
        assert_eq!(z.stamp(ms("2026-01-10T03:00:00Z")).day, day("2026-01-10"));
        assert_eq!(z.stamp(ms("2026-01-10T03:00:00Z")).utc_offset_min, 60);
        assert_eq!(ZoneHistory::new().stamp(ms("2026-01-10T03:59:59Z")).day, day("2026-01-09"));
    }

    #[test]
    fn days_of_23_and_25_hours_are_neither_lost_nor_doubled() {
        let z = berlin();
        for (d, hours) in [("2026-03-28", 23), ("2026-10-24", 25), ("2026-06-01", 24)] {
            let start = z.day_start_ms(day(d), ms("2026-06-01T00:00:00Z"));
            let end = z.day_start_ms(day(d).plus(1), ms("2026-06-01T00:00:00Z"));
            assert_eq!(end - start, hours * 3_600_000, "{d}");
            assert_eq!(z.stamp(start).day, day(d));
            assert_eq!(z.stamp(end - 1).day, day(d));
            assert_eq!(z.stamp(end).day, day(d).plus(1));
        }
    }

    #[test]
    fn a_change_of_zone_holds_for_later_moments_only() {
        let mut z = berlin();
        let at = ms("2026-05-01T12:00:00Z");
        z.change(at, "Pacific/Kiritimati", 4).unwrap();
        assert_eq!(z.stamp(at).utc_offset_min, 120);
        assert_eq!(z.stamp(at + 1).utc_offset_min, 840);
        assert_eq!(z.stamp(at + 1).day, day("2026-05-01"));
        assert!(z.change(at, "Mars/Olympus", 4).is_err());
        assert!(z.change(at, "UTC", 24).is_err());
    }

    #[test]
    fn study_days_never_fall_as_time_goes_on() {
        for (zone, hour) in
            [("Europe/Berlin", 2), ("America/New_York", 1), ("Australia/Lord_Howe", 2), ("Asia/Tehran", 0)]
        {
            let mut z = ZoneHistory::new();
            z.change(0, zone, hour).unwrap();
            let mut last = Day(0);
            for quarter in 0..(2 * 365 * 96) {
                let d = z.stamp(ms("2021-01-01T00:00:00Z") + quarter * 900_000).day;
                assert!(d >= last && (last.0 == 0 || d.since(last) <= 1), "{zone} {d}");
                last = d;
            }
        }
    }
}
