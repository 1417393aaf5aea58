//! Study days over changes of clocks and places.

use domain::day::{Day, ZoneHistory};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

const MINUTE_MS: i64 = 60_000;

fn ms(s: &str) -> i64 {
    s.parse::<Timestamp>().unwrap().as_millisecond()
}

fn at_home(zone: &str, rollover_hour: u8) -> ZoneHistory {
    let mut zones = ZoneHistory::new();
    zones.change(0, zone, rollover_hour).unwrap();
    zones
}

/// Some moments lie anywhere in two years, most within two days of a change of clocks.
fn moments() -> impl Strategy<Value = i64> {
    let changes = [
        "2026-02-15T02:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-03-22T02:00:00Z",
        "2026-03-29T01:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
        "2026-10-25T01:00:00Z",
        "2026-11-01T06:00:00Z",
    ];
    prop_oneof![
        1 => (0..730 * 1440_i64).prop_map(|min| ms("2026-01-01T00:00:00Z") + min * MINUTE_MS),
        4 => (prop::sample::select(changes.to_vec()), 0..2 * 1440_i64)
            .prop_map(|(change, before_min)| ms(change) - before_min * MINUTE_MS),
    ]
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Antarctica/Troll",
        "UTC",
    ])
}

/// The first rule that moments half an hour or so apart break, if any: days never fall, and a moment lies within its day.
fn broken(
    from_ms: i64,
    step_min: i64,
    stamp: impl Fn(i64) -> Day,
    start: impl Fn(Day) -> i64,
) -> Option<String> {
    let mut last = stamp(from_ms);
    for n in 1..200 {
        let at_ms = from_ms + n * step_min * MINUTE_MS;
        let day = stamp(at_ms);
        if day < last {
            return Some(format!("{day} follows {last}"));
        }
        if at_ms < start(day) || at_ms >= start(day.plus(1)) {
            return Some(format!("{at_ms} is outside {day}"));
        }
        last = day;
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_day_that_has_begun_stays_begun_until_the_next_begins(
        from_ms in moments(), step_min in 7..60_i64, zone in zones(), hour in prop_oneof![0..5_u8, 0..24_u8],
    ) {
        let zones = at_home(zone, hour);
        let found =
            broken(from_ms, step_min, |at| zones.stamp(at).day, |day| zones.day_start_ms(day, from_ms));
        prop_assert_eq!(found, None, "{} {}", zone, hour);
    }
}

#[test]
fn the_check_of_days_catches_a_shift_of_the_local_time_alone() {
    // The control: where clocks go back by two hours over the rollover, local time less the rollover hour falls back
    // into yesterday.
    let troll = TimeZone::get("Antarctica/Troll").unwrap();
    let shifted = |at_ms: i64| {
        let local = troll.to_datetime(Timestamp::from_millisecond(at_ms).unwrap());
        local.checked_sub(2.hours()).unwrap().date().to_string().parse::<Day>().unwrap()
    };
    let zones = at_home("Antarctica/Troll", 2);
    let night = ms("2026-10-24T22:00:00Z");
    assert!(broken(night, 15, shifted, |day| zones.day_start_ms(day, night)).is_some());
    assert_eq!(broken(night, 15, |at| zones.stamp(at).day, |day| zones.day_start_ms(day, night)), None);
}

#[test]
fn a_date_that_a_place_left_out_makes_no_day_fall() {
    // Samoa crossed the date line: 29 December 2011 was followed by the 31st.
    for hour in 0..24 {
        let zones = at_home("Pacific/Apia", hour);
        let mut last = Day(0);
        for n in 0..(4 * 96) {
            let at_ms = ms("2011-12-28T12:00:00Z") + n * 15 * MINUTE_MS;
            let day = zones.stamp(at_ms).day;
            assert!(day >= last, "{hour}: {day} follows {last}");
            assert!(zones.day_start_ms(day, at_ms) <= at_ms, "{hour}: {day} has begun");
            assert!(at_ms < zones.day_start_ms(day.plus(1), at_ms), "{hour}: the end of {day} is to come");
            last = day;
        }
    }
}

#[test]
fn the_newest_of_eight_changes_are_remembered_and_hold_from_their_moment_on() {
    let mut zones = ZoneHistory::new();
    for n in 0..20_i64 {
        let zone = if n % 2 == 0 { "Asia/Tokyo" } else { "America/New_York" };
        zones.change(n * 1000, zone, 4).unwrap();
    }
    assert_eq!(zones.spans().len(), domain::day::ZONE_CHANGES_MAX);
    assert_eq!(zones.name_at(19_000), "Asia/Tokyo", "a change holds for moments later than itself");
    assert_eq!(zones.name_at(19_001), "America/New_York");
}

#[test]
fn a_moment_before_all_changes_is_stamped_alike_until_a_change_is_forgotten() {
    let mut zones = ZoneHistory::new();
    let before = zones.stamp(500);
    for n in 1..=domain::day::ZONE_CHANGES_MAX {
        zones.change(n as i64 * 1_000, "Asia/Tokyo", 0).unwrap();
        assert_eq!(zones.stamp(500), before, "after {n} changes");
    }
    zones.change(1_000_000, "America/New_York", 0).unwrap();
    assert_eq!(
        zones.name_at(500),
        "Asia/Tokyo",
        "the first was forgotten: the oldest known one is the best guess"
    );
    assert_eq!(zones.name_at(1_000_001), "America/New_York");
}

#[test]
fn each_change_makes_what_was_before_it_older_whatever_the_clock_says() {
    // A clock that is set back now and then: a change may lie before the one that was made before it.
    let moments = (1..=3 * domain::day::ZONE_CHANGES_MAX as i64).map(|n| n * 1_000 - n % 3 * 2_500);
    let mut zones = ZoneHistory::new();
    for (n, from_ms) in moments.enumerate() {
        let before = zones.clone();
        zones.change(from_ms, ["Asia/Tokyo", "Europe/Berlin"][n % 2], 4).unwrap();
        assert!(!zones.is_older_than(&before), "after {n} changes");
        let is_forgotten = zones.spans().iter().all(|span| span.from_ms != from_ms);
        assert!(is_forgotten || before.is_older_than(&zones), "after {n} changes");
    }
    assert!(!zones.is_older_than(&zones.clone()));
}

#[test]
fn a_stored_zone_that_is_unknown_is_kept_and_the_one_before_it_holds_on() {
    let mut zones = ZoneHistory::new();
    zones.restore(1_000, "Asia/Tokyo", 5);
    zones.restore(2_000, "Mars/Olympus", 7);
    zones.restore(3_000, "UTC", 200);
    assert_eq!((zones.name_at(5_000), zones.rollover_hour_at(5_000)), ("Asia/Tokyo", 5));
    assert_eq!(zones.stamp(5_000).utc_offset_min, 540);
    let kept: Vec<(&str, bool)> = zones.spans().iter().map(|s| (s.name.as_str(), s.is_known())).collect();
    assert_eq!(kept, [("Asia/Tokyo", true), ("Mars/Olympus", false), ("UTC", false)]);
    assert_eq!(zones.spans()[1].rollover_hour, 7);
}
