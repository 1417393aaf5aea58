//! Study days of many moments.

use domain::day::{Stamp, ZoneHistory};

/// Study days of moments. Moments mostly come in their order: a quarter of an hour that lies whole within one stamp need
/// not be looked up again.
#[derive(Clone, Debug)]
pub struct Stamps {
    zones: ZoneHistory,
    last: Option<(i64, Stamp)>,
}

const QUARTER_MS: i64 = 900_000;

impl Stamps {
    /// Stamps by these zones, of which the oldest holds for all that was before.
    pub fn new(zones: ZoneHistory) -> Stamps {
        Stamps { zones: zones.from_ever(), last: None }
    }

    /// The stamp of a moment, Unix milliseconds.
    pub fn of(&mut self, at_ms: i64) -> Stamp {
        let quarter = at_ms.div_euclid(QUARTER_MS);
        match self.last {
            Some((known, stamp)) if known == quarter => stamp,
            Some(_) | None => {
                let stamp = self.zones.stamp(at_ms);
                let (from, to) = (quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS - 1);
                let is_whole = self.zones.stamp(from) == stamp && self.zones.stamp(to) == stamp;
                self.last = is_whole.then_some((quarter, stamp));
                stamp
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_the_same_whether_it_was_looked_up_or_remembered() {
        let mut zones = ZoneHistory::new();
        zones.change(1_700_000_000_000, "Asia/Kathmandu", 4).unwrap();
        zones.change(1_711_000_123_456, "Europe/Berlin", 3).unwrap();
        let mut stamps = Stamps::new(zones.clone());
        let mut at_ms = 1_699_900_000_000;
        while at_ms < 1_712_000_000_000 {
            assert_eq!(stamps.of(at_ms), zones.clone().from_ever().stamp(at_ms), "{at_ms}");
            at_ms += 217_331;
        }
    }

    #[test]
    fn what_was_answered_elsewhere_before_any_zone_was_set_counts_by_the_first_one() {
        let mut zones = ZoneHistory::new();
        zones.change(1_790_000_000_000, "Pacific/Auckland", 2).unwrap();
        // 11:13 in Auckland on 18 March 2026, the evening before in Greenwich.
        let at_ms = 1_773_785_580_000;
        let stamp = Stamps::new(zones.clone()).of(at_ms);
        assert_eq!((stamp.day.to_string().as_str(), stamp.utc_offset_min), ("2026-03-18", 13 * 60));
        let own = zones.stamp(at_ms);
        assert_eq!((own.day.to_string().as_str(), own.utc_offset_min), ("2026-03-17", 0), "an own entry");
        assert_eq!(Stamps::new(ZoneHistory::new()).of(at_ms), own, "nothing is known");
    }
}
