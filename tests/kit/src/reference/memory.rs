//! FSRS-6 as it is published, in the platform's floating point: the memory of a card, and the intervals that follow.

use super::{Card, Planted};
use domain::entry::GivenState;
use domain::ids::CardId;
use domain::schedule::{FoldParams, Scheduler};
use domain::state::CountedAs;

/// Stability and difficulty in ten-thousandths, and the day that they are of.
pub type Remembered = (u64, u64, i32);

/// The weights of everybody.
const EVERYBODYS: [f64; 21] = [
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614,
    0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
];

fn weights(params: &FoldParams) -> [f64; 21] {
    match params.scheduler {
        Scheduler::Sm2 => EVERYBODYS,
        Scheduler::Fsrs { parameters, .. } => parameters.decimals(),
    }
}

fn rating(grade: u8) -> usize {
    match grade {
        0..=2 => 1,
        3 => 2,
        4 => 3,
        _ => 4,
    }
}

fn rounded(s: f64, d: f64, day: i32, bug: Option<Planted>) -> Remembered {
    let grid =
        |x: f64| if bug == Some(Planted::MemoryOnACoarseGrid) { x.round() * 1e4 } else { (x * 1e4).round() };
    (grid(s.clamp(0.001, 36_500.0)).max(10.0) as u64, grid(d.clamp(1.0, 10.0)) as u64, day)
}

fn curve(w: &[f64; 21], t: f64, s: f64) -> f64 {
    let factor = 0.9_f64.powf(-1.0 / w[20]) - 1.0;
    (1.0 + factor * t / s).powf(-w[20])
}

/// The memory after an answer rated 1 to 4.
fn after(
    w: &[f64; 21],
    memory: Option<Remembered>,
    rating: usize,
    day: i32,
    bug: Option<Planted>,
) -> Remembered {
    let g = rating as f64;
    let first_difficulty = |g: f64| w[4] - (w[5] * (g - 1.0)).exp() + 1.0;
    let Some((s, d, on)) = memory else { return rounded(w[rating - 1], first_difficulty(g), day, bug) };
    let (s, d) = (s as f64 / 1e4, d as f64 / 1e4);
    let t = f64::from(day - on);
    let r = curve(w, t, s);
    let stability = if t == 0.0 && bug != Some(Planted::SameDayAsAnyOther) {
        let growth = (w[17] * (g - 3.0 + w[18])).exp() * s.powf(-w[19]);
        s * if rating == 1 { growth } else { growth.max(1.0) }
    } else if rating == 1 {
        let forgotten = w[11] * d.powf(-w[12]) * ((s + 1.0).powf(w[13]) - 1.0) * (w[14] * (1.0 - r)).exp();
        forgotten.min(s / (w[17] * w[18]).exp())
    } else {
        let by = [1.0, w[15], 1.0, w[16]][rating - 1];
        s * (1.0 + w[8].exp() * (11.0 - d) * s.powf(-w[9]) * ((w[10] * (1.0 - r)).exp() - 1.0) * by)
    };
    let damped = d - w[6] * (g - 3.0) * (10.0 - d) / 9.0;
    let reverted = w[7] * first_difficulty(4.0) + (1.0 - w[7]) * damped;
    rounded(stability, reverted, day, bug)
}

/// The answer's part in the memory: the first of a day whatever it counts as, and what schedules or drills.
pub(super) fn remember(
    card: &mut Card,
    grade: u8,
    day: i32,
    kind: CountedAs,
    params: &FoldParams,
    bug: Option<Planted>,
) {
    let is_first = card.memory.is_none_or(|(_, _, on)| day > on) && bug != Some(Planted::ExtrasAreForgotten);
    let counts = match kind {
        CountedAs::New | CountedAs::Review => true,
        CountedAs::Drill => bug != Some(Planted::DrillsAreForgotten),
        CountedAs::Extra => is_first || bug == Some(Planted::EveryExtraIsRemembered),
    };
    if counts {
        card.memory = Some(after(&weights(params), card.memory, rating(grade), day, bug));
    }
}

/// A given state's part: only where nothing was folded from answers.
pub(super) fn given(
    card: &mut Card,
    state: &GivenState,
    day: i32,
    params: &FoldParams,
    bug: Option<Planted>,
) {
    let known = card.memory.is_some() && bug != Some(Planted::GivenStatesOverwriteMemory);
    let (false, 1.., Some(due)) = (known, card.interval, card.due) else { return };
    let w = weights(params);
    let s = card.interval as f64;
    let growth = w[8].exp() * s.powf(-w[9]) * ((0.1 * w[10]).exp() - 1.0);
    let d = 11.0 - (card.ease as f64 / 100.0 - 1.0) / growth;
    let on = state.last_scheduled.map_or(due - card.interval as i32, |day| day.0);
    card.memory = Some(rounded(s, d, on.min(day), None));
}

/// The interval that FSRS gives for this grade; `None` under SM-2.
pub(super) fn interval(
    card: &Card,
    id: CardId,
    grade: u8,
    day: i32,
    params: &FoldParams,
    bug: Option<Planted>,
) -> Option<u64> {
    let Scheduler::Fsrs { desired_retention_permille, .. } = params.scheduler else { return None };
    let w = weights(params);
    let wanted = match bug {
        Some(Planted::RetentionIgnored) => 0.9,
        _ => f64::from(desired_retention_permille) / 1000.0,
    };
    let longest = u64::from(params.maximum_interval_days.clamp(1, 36_500));
    let plain = |rating: usize| {
        let memory = match bug {
            Some(Planted::IntervalOfTheOldMemory) => card.memory,
            _ => Some(after(&w, card.memory, rating, day, None)),
        };
        let (s, _, _) = memory.unwrap_or((10, 0, 0));
        let factor = 0.9_f64.powf(-1.0 / w[20]) - 1.0;
        let days = s as f64 / 1e4 / factor * (wanted.powf(-1.0 / w[20]) - 1.0);
        (days.round() as u64).clamp(1, longest)
    };
    let spread =
        |days: u64, least: u64| fuzz(card, id, days.max(least).min(longest), least, day, params, bug);
    let gap = u64::from(bug != Some(Planted::GradesMayTie));
    let hard = spread(plain(2), 1);
    let good = spread(plain(3), hard + gap);
    let easy = spread(plain(4), good + gap);
    Some(match rating(grade) {
        1 => spread(plain(1), 1).min(hard),
        2 => hard,
        3 => good,
        _ => easy,
    })
}

/// The interval in place of this one: a day near it, by lot, as often as its weekday may have cards.
pub(super) fn fuzz(
    card: &Card,
    id: CardId,
    days: u64,
    least: u64,
    day: i32,
    params: &FoldParams,
    bug: Option<Planted>,
) -> u64 {
    let Some(easy_days) = params.fuzz else { return days };
    if days < 3 {
        return days;
    }
    let x = days as f64;
    let reach =
        1.0 + 0.15 * (x.min(7.0) - 2.5) + 0.1 * (x.clamp(7.0, 20.0) - 7.0) + 0.05 * (x.max(20.0) - 20.0);
    let reach = reach.round() as u64;
    let longest = u64::from(params.maximum_interval_days.clamp(1, 36_500));
    let from = days.saturating_sub(reach).max(least).max(2).min(longest);
    let to = (days + reach).min(longest).max(from);
    let share = |interval: u64| match bug {
        Some(Planted::EasyDaysIgnored) => 100,
        // The first day of all was a Thursday.
        _ => u64::from(easy_days.0[(day + interval as i32 + 3).rem_euclid(7) as usize]),
    };
    let all: Vec<u64> = (from..=to).flat_map(|interval| vec![interval; share(interval) as usize]).collect();
    let place = (u128::from(lot(card, id)) * all.len() as u128) >> 64;
    all.get(place as usize).copied().unwrap_or(days)
}

/// FNV-1a over card, repetitions and lapses, stirred as splitmix64 ends.
fn lot(card: &Card, id: CardId) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let (n, lapses) = ((card.n as u16).to_le_bytes(), (card.lapses as u16).to_le_bytes());
    for byte in id.bytes().iter().chain(&n).chain(&lapses) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
