//! Intervals spread over the days nearby.

use crate::day::Day;
use crate::entry::Fnv;
use crate::ids::CardId;
use crate::sm2::Sm2;

/// Shorter intervals are not fuzzed, in days.
pub const FUZZ_FROM_DAYS: u32 = 3;

/// How many of the cards that could fall on a weekday shall, in percent; Monday first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct EasyDays(pub [u8; 7]);

impl EasyDays {
    /// No day is easier than another.
    pub const NONE: EasyDays = EasyDays([100; 7]);

    fn of(&self, day: Day) -> u64 {
        // 1970-01-01 was a Thursday.
        let weekday = day.0.saturating_add(3).rem_euclid(7);
        self.0.get(usize::try_from(weekday).unwrap_or(0)).copied().unwrap_or(0).into()
    }

    fn a_week(&self) -> u64 {
        self.0.iter().map(|&percent| u64::from(percent)).sum()
    }
}

/// Spreads intervals over nearby days, so that cards that were learned together do not stay together for years. The day is
/// chosen by the seed, and never by how many other cards fall on it: state is a function of one card's entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fuzz {
    pub(super) seed: u64,
    pub(super) day: Day,
    pub(super) easy_days: EasyDays,
    pub(super) longest_days: u32,
}

impl Fuzz {
    /// The interval in place of this one; not below `least_days`.
    pub(super) fn spread(&self, interval_days: u32, least_days: u32) -> u32 {
        if interval_days < FUZZ_FROM_DAYS {
            return interval_days;
        }
        let reach = reach_days(interval_days);
        let from = interval_days.saturating_sub(reach).max(least_days).max(2).min(self.longest_days);
        let to = (interval_days + reach).min(self.longest_days).max(from);
        self.pick(from, to).unwrap_or(interval_days)
    }

    /// One of these intervals, each as likely as its weekday has a share; `None` if none has any.
    fn pick(&self, from: u32, to: u32) -> Option<u32> {
        let due = |interval: u32| self.day.plus(i32::try_from(interval).unwrap_or(i32::MAX));
        let share = |interval: u32| self.easy_days.of(due(interval));
        let (weeks, rest) = ((to - from + 1) / 7, (to - from + 1) % 7);
        let in_rest: u64 = (0..rest).map(|n| share(from + n)).sum();
        let total = self.easy_days.a_week() * u64::from(weeks) + in_rest;
        // The high half of a product: no remainder favours the first.
        let mut place = u64::try_from((u128::from(self.seed) * u128::from(total)) >> 64).ok()?;
        if total == 0 {
            return None;
        }
        let mut at = from;
        let a_week = self.easy_days.a_week();
        if let Some(passed) = place.checked_div(a_week) {
            let skipped = passed.min(u64::from(weeks));
            at += 7 * u32::try_from(skipped).unwrap_or(0);
            place -= skipped * a_week;
        }
        while at < to && place >= share(at) {
            place -= share(at);
            at += 1;
        }
        Some(at)
    }
}

/// How far an interval may be moved either way, in days: 15 % of what lies from 2.5 to 7 days, 10 % up to 20, 5 % beyond,
/// and one day.
fn reach_days(interval_days: u32) -> u32 {
    let tenths = |from: u64, to: u64| (u64::from(interval_days) * 10).clamp(from, to) - from;
    let permille = 1_000 + 15 * tenths(25, 70) + 10 * tenths(70, 200) + 5 * tenths(200, u64::MAX / 16);
    u32::try_from((permille + 500) / 1_000).unwrap_or(u32::MAX)
}

/// A number that looks random and is the same whenever this card comes to this repetition.
pub(super) fn seed(card: CardId, sm2: &Sm2, lapses: u16) -> u64 {
    let mut h = Fnv::new();
    h.bytes(card.bytes());
    h.bytes(&sm2.reps.to_le_bytes());
    h.bytes(&lapses.to_le_bytes());
    // FNV leaves its high bits close together for inputs that differ at the end (finalizer of splitmix64).
    let mut z = h.0;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fuzz(n: u64, easy_days: EasyDays) -> Fuzz {
        let card = CardId::from_u128(u128::from(n) * 0x1_0001);
        Fuzz { seed: seed(card, &Sm2::NEW, 0), day: Day(20_000), easy_days, longest_days: 36_500 }
    }

    /// How often each interval comes in place of this one, over many cards.
    fn lots(interval: u32, easy_days: EasyDays) -> std::collections::BTreeMap<u32, u32> {
        let mut lots = std::collections::BTreeMap::new();
        for n in 0..20_000 {
            *lots.entry(fuzz(n, easy_days).spread(interval, 1)).or_insert(0) += 1;
        }
        lots
    }

    #[test]
    fn cards_learned_together_are_spread_evenly_over_the_days_nearby() {
        for (interval, from, to) in [(3, 2, 4), (10, 8, 12), (20, 17, 23), (100, 93, 107)] {
            let lots = lots(interval, EasyDays::NONE);
            assert_eq!((lots.keys().next(), lots.keys().last()), (Some(&from), Some(&to)));
            let fair = 20_000.0 / f64::from(to - from + 1);
            for (days, times) in lots {
                assert!((f64::from(times) / fair - 1.0).abs() < 0.15, "{days} days of {interval}: {times}");
            }
        }
        assert_eq!(lots(2, EasyDays::NONE).into_iter().collect::<Vec<_>>(), [(2, 20_000)], "short ones stay");
    }

    #[test]
    fn easy_days_get_their_share_and_days_off_get_nothing() {
        // The day 20,000 was a Friday, so that ten days later is a Monday.
        let lots = lots(10, EasyDays([0, 100, 100, 100, 100, 100, 50]));
        assert_eq!(lots.keys().copied().collect::<Vec<_>>(), [8, 9, 11, 12], "none on Monday");
        let share = f64::from(lots[&9]) / f64::from(lots[&8]);
        assert!((0.45..0.55).contains(&share), "Sunday has half of Saturday: {share}");
        let only_off = EasyDays([0, 0, 0, 100, 0, 0, 0]);
        assert_eq!(fuzz(1, only_off).spread(3, 1), 3, "no day nearby has any: the interval stays");
    }

    #[test]
    fn a_lot_depends_on_card_repetition_and_lapses_alone() {
        let card = CardId::from_u128(7);
        let of = |card, reps, lapses| seed(card, &Sm2 { reps, ..Sm2::NEW }, lapses);
        assert_eq!(of(card, 3, 1), seed(card, &Sm2 { reps: 3, ease: 130, interval_days: 99 }, 1));
        let all = [of(card, 3, 1), of(card, 4, 1), of(card, 3, 2), of(CardId::from_u128(8), 3, 1)];
        assert_eq!(std::collections::BTreeSet::from(all).len(), 4);
    }

    #[test]
    fn no_interval_passes_the_longest_or_falls_below_the_least() {
        for n in 0..1_000 {
            let fuzz = Fuzz { longest_days: 90, ..fuzz(n, EasyDays::NONE) };
            assert!((88..=90).contains(&fuzz.spread(90, 88)));
            assert_eq!(fuzz.spread(90, 400), 90);
        }
    }
}
