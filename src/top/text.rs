//! Numbers as people read them. Pure.

use crate::admin::status::Status;

/// `1.5 MiB`.
pub fn bytes(n: usize) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (n as f64, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{n} {name}") } else { format!("{value:.1} {name}") }
}

/// `3 d 4 h`, `5 min 7 s`, `1.5 s`, `20 ms`: the two units that matter.
pub fn length_of_time(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0 => format!("{ms} ms"),
        1..10 => format!("{:.1} s", ms as f64 / 1_000.0),
        10..60 => format!("{s} s"),
        60..3_600 => format!("{} min {} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// A number a second.
pub fn rate(n: f64) -> String {
    if n >= 100.0 || n == 0.0 { format!("{n:.0}/s") } else { format!("{n:.1}/s") }
}

/// In a few words how a process is, and whether that is good.
pub fn state_of(status: &Status) -> (String, bool) {
    if status.draining {
        return ("going down".to_owned(), false);
    }
    match &status.not_ready {
        Some(why) => (format!("not ready: {why}"), false),
        None if !status.degraded.is_empty() => (format!("degraded: {}", status.degraded.join(", ")), false),
        None => ("ready".to_owned(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        assert_eq!([0, 1_023, 1_024, 1_610_612_736].map(bytes), ["0 B", "1023 B", "1.0 KiB", "1.5 GiB"]);
        let times = [0, 999, 1_500, 59_999, 61_000, 7_260_000, 356_400_000].map(length_of_time);
        assert_eq!(times, ["0 ms", "999 ms", "1.5 s", "59 s", "1 min 1 s", "2 h 1 min", "4 d 3 h"]);
        assert_eq!([0.0, 0.25, 12.0, 5_000.4].map(rate), ["0/s", "0.2/s", "12.0/s", "5000/s"]);
    }

    #[test]
    fn the_worst_is_said_first() {
        let mut status = Status::default();
        assert_eq!(state_of(&status), ("ready".to_owned(), true));
        status.degraded = vec!["store".to_owned(), "bus".to_owned()];
        assert_eq!(state_of(&status).0, "degraded: store, bus");
        status.not_ready = Some("starting".to_owned());
        assert_eq!(state_of(&status).0, "not ready: starting");
        status.draining = true;
        assert_eq!(state_of(&status).0, "going down");
    }
}
