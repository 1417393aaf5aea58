//! One card by the rules.

use super::Planted;
use super::memory::{self, Remembered};
use domain::day::Day;
use domain::entry::{Body, GivenState, LogEntry, Review, SetChange};
use domain::ids::{CardId, EntryId, SittingId};
use domain::state::{CardState, CountedAs, FoldParams};
use std::collections::{BTreeMap, BTreeSet};

/// A card as the rules say it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Card {
    /// Successful repetitions in a row.
    pub n: u64,
    /// Ease factor, hundredths.
    pub ease: u64,
    /// Interval, days.
    pub interval: u64,
    /// Due day; `None`: the card is new.
    pub due: Option<i32>,
    /// Lapses.
    pub lapses: u64,
    /// Answers of all kinds.
    pub answers: u64,
    /// The last scheduling day.
    pub scheduled_on: Option<i32>,
    /// The last day with an answer after the class had talked, while nothing was scheduled since.
    pub told_on: Option<i32>,
    /// The last scheduling answer: day, was new, only early, sitting.
    pub scheduling_answer: Option<(i32, bool, bool, Option<SittingId>)>,
    /// Day, number and moment (Unix ms) of the last scheduling or drill grade.
    pub last_grade: Option<(i32, u8, i64)>,
    /// The last day with a grade below 3.
    pub failed_on: Option<i32>,
    /// The running maximum of days.
    pub max_day: Option<i32>,
    /// Never dealt.
    pub suspended: bool,
    /// Hidden while today is before it.
    pub buried_until: Option<i32>,
    /// Flag.
    pub flag: u8,
    /// What FSRS knows of it.
    pub memory: Option<Remembered>,
    /// The newest entry that counts.
    pub last: Option<EntryId>,
}

impl Card {
    fn new() -> Card {
        Card {
            n: 0,
            ease: 250,
            interval: 0,
            due: None,
            lapses: 0,
            answers: 0,
            scheduled_on: None,
            told_on: None,
            scheduling_answer: None,
            last_grade: None,
            failed_on: None,
            max_day: None,
            suspended: false,
            buried_until: None,
            flag: 0,
            memory: None,
            last: None,
        }
    }

    /// The production state in these words, for comparison.
    pub fn of(state: &CardState) -> Card {
        let number = |day: Day| day.0;
        Card {
            n: state.sm2.reps.into(),
            ease: state.sm2.ease.into(),
            interval: state.sm2.interval_days.into(),
            due: state.due.map(number),
            lapses: state.lapses.into(),
            answers: state.answers.into(),
            scheduled_on: state.scheduled_on.map(number),
            told_on: state.told_on.map(number),
            scheduling_answer: state.scheduled.map(|s| (s.day.0, s.was_new, s.only_early, s.sitting)),
            last_grade: state.last_grade.map(|g| (g.day.0, g.grade.number(), g.at_ms)),
            failed_on: state.failed_on.map(number),
            max_day: state.max_day.map(number),
            suspended: state.suspended,
            buried_until: state.buried_until.map(number),
            flag: state.flag,
            memory: state.memory.map(|m| (m.stability.into(), m.difficulty.into(), m.on.0)),
            last: state.last,
        }
    }
}

/// Rules 3 to 6 for the entries of one card, in order.
pub(super) fn fold_one_card(
    ordered: &[LogEntry],
    params: &FoldParams,
    bug: Option<Planted>,
    stored: &BTreeMap<EntryId, CountedAs>,
) -> (Card, Vec<(EntryId, CountedAs)>) {
    let mut card = Card::new();
    let mut kinds = Vec::new();
    let mut answer_raises = BTreeSet::new();
    for (i, entry) in ordered.iter().enumerate() {
        let raises = |e: &&LogEntry| match bug {
            Some(Planted::DaysFall) => false,
            Some(Planted::SetsDoNotRaiseDays) => e.review().is_some(),
            Some(Planted::ExtrasDoNotRaiseDays) => e.review().is_none() || answer_raises.contains(&e.id),
            _ => true,
        };
        let since = match bug {
            Some(Planted::ResetClearsMaximum) => {
                ordered[..i].iter().rposition(is_reset).map_or(0, |at| at + 1)
            }
            _ => 0,
        };
        let before = ordered[since..i].iter().filter(raises).map(|e| e.stamp.day.0).max();
        let day = before.map_or(entry.stamp.day.0, |max| max.max(entry.stamp.day.0));
        match entry.body {
            Body::Review(review) => {
                let kind = stored
                    .get(&entry.id)
                    .copied()
                    .unwrap_or_else(|| kind_of(&card, day, &review, params, bug));
                if kind == CountedAs::New || kind == CountedAs::Review {
                    answer_raises.insert(entry.id);
                }
                answer(&mut card, entry, &review, day, kind, params, bug);
                kinds.push((entry.id, kind));
            }
            Body::Set { change, .. } => set(&mut card, change, bug),
            Body::State { state, .. } => give(&mut card, state, day, params, bug),
            Body::Undo { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. } => {}
        }
        card.max_day = Some(day);
        card.last = card.last.max(Some(entry.id));
    }
    (card, kinds)
}

fn is_reset(entry: &LogEntry) -> bool {
    matches!(entry.body, Body::Set { change: SetChange::Reset, .. })
}

/// Rule 3.
fn kind_of(card: &Card, day: i32, review: &Review, params: &FoldParams, bug: Option<Planted>) -> CountedAs {
    let told_today = card.told_on.is_some_and(|on| on >= day) && bug != Some(Planted::ToldMayScheduleThatDay);
    let told = (review.told && bug != Some(Planted::ToldSchedules)) || told_today;
    let later = !told && (card.scheduled_on.is_none_or(|on| day > on) || bug == Some(Planted::TwoADay));
    let early = review.early && bug != Some(Planted::EarlyIgnored);
    let wanted = match card.due {
        None => true,
        Some(due) => due <= day || early || bug == Some(Planted::NotDueSchedules),
    };
    let drilled = card.last_grade.is_some_and(|(on, grade, _)| on == day && grade < params.drill_until);
    match (later && wanted, card.due) {
        (true, None) => CountedAs::New,
        (true, Some(_)) => CountedAs::Review,
        (false, _) if drilled => CountedAs::Drill,
        (false, _) => CountedAs::Extra,
    }
}

fn answer(
    card: &mut Card,
    entry: &LogEntry,
    review: &Review,
    day: i32,
    kind: CountedAs,
    params: &FoldParams,
    bug: Option<Planted>,
) {
    card.answers += 1;
    let grade = review.grade.number();
    if grade < 3 {
        card.failed_on = Some(day);
    }
    if kind != CountedAs::Extra || bug == Some(Planted::DrillByAnyGrade) {
        card.last_grade = Some((day, grade, entry.id.at_ms()));
    }
    let told_before = card.told_on.is_some_and(|on| on >= day);
    if review.told {
        card.told_on = Some(day);
    }
    if kind == CountedAs::Drill || kind == CountedAs::Extra {
        let was_told = review.told && bug != Some(Planted::ToldIsRemembered);
        let was_told_before =
            told_before && kind == CountedAs::Extra && bug != Some(Planted::ToldIsForgottenAtOnce);
        if !was_told && !was_told_before {
            memory::remember(card, grade, day, kind, params, bug);
        }
        return;
    }
    card.told_on = None;
    let not_due = card.due.is_some_and(|due| due > day);
    card.scheduling_answer = Some((day, kind == CountedAs::New, not_due, review.sitting));
    let counted_from = match card.due {
        Some(due) if bug == Some(Planted::IntervalFromDue) => due,
        _ => day,
    };
    schedule(card, review.card, grade, day, params, bug);
    memory::remember(card, grade, day, kind, params, bug);
    card.scheduled_on = Some(day);
    card.due = Some(counted_from + card.interval as i32);
}

/// Repetitions and ease as SM-2 has them, and the interval of the deck's scheduler, spread where the deck wants that.
fn schedule(card: &mut Card, id: CardId, grade: u8, day: i32, params: &FoldParams, bug: Option<Planted>) {
    let before = card.clone();
    sm2(card, grade, params.maximum_interval_days, bug);
    card.interval = match memory::interval(&before, id, grade, day, params, bug) {
        Some(interval) => interval,
        None => memory::fuzz(&before, id, card.interval, 1, day, params, bug),
    };
}

/// SM-2 in whole hundredths, straight from the description.
fn sm2(card: &mut Card, grade: u8, maximum_interval_days: u32, bug: Option<Planted>) {
    let old_ease = card.ease;
    if grade < 3 {
        if card.n > 0 || bug == Some(Planted::LapseWithoutGraduation) {
            card.lapses += 1;
        }
        card.n = 0;
        card.interval = 1;
        if bug == Some(Planted::LapseLowersEase) {
            card.ease = card.ease.saturating_sub(20).max(130);
        }
        return;
    }
    card.n += 1;
    card.ease = match grade {
        5 => card.ease + 10,
        4 => card.ease,
        _ => card.ease.saturating_sub(14).max(130),
    };
    let by = if bug == Some(Planted::OldEase) { old_ease } else { card.ease };
    card.interval = match card.n {
        1 => 1,
        2 => 6,
        _ => (card.interval * by).div_ceil(100),
    };
    let longest = maximum_interval_days.clamp(1, 36_500);
    card.interval = card.interval.clamp(1, longest.into());
}

/// Rule 5: what is set by hand.
fn set(card: &mut Card, change: SetChange, bug: Option<Planted>) {
    match change {
        SetChange::Suspended(on) => card.suspended = on,
        SetChange::BuriedUntil(day) => card.buried_until = day.map(|d| d.0),
        SetChange::Flag(n) => card.flag = n,
        SetChange::Reset => {
            let new = Card::new();
            *card = Card {
                answers: if bug == Some(Planted::ResetClearsFigures) { 0 } else { card.answers },
                failed_on: card.failed_on,
                max_day: card.max_day,
                suspended: card.suspended,
                buried_until: card.buried_until,
                flag: card.flag,
                last: card.last,
                scheduling_answer: card.scheduling_answer,
                scheduled_on: card.scheduled_on.filter(|_| bug == Some(Planted::ResetKeepsTheDay)),
                memory: card.memory.filter(|_| bug == Some(Planted::ResetKeepsMemory)),
                ..new
            };
        }
        SetChange::Due(_) if card.due.is_none() && bug == Some(Planted::DueLeavesNew) => {}
        SetChange::Due(day) => card.due = Some(day.0),
    }
}

/// Rule 5: a state that came with an import. It knows nothing of a drill; without a due day it is a reset.
fn give(card: &mut Card, state: GivenState, day: i32, params: &FoldParams, bug: Option<Planted>) {
    if state.due.is_none() {
        return set(card, SetChange::Reset, None);
    }
    card.due = state.due.map(|d| d.0);
    card.n = state.reps.into();
    card.ease = state.ease.max(130).into();
    card.interval = u64::from(state.interval_days).min(36_500);
    card.lapses = state.lapses.into();
    card.scheduled_on = state.last_scheduled.map(|d| d.0);
    card.told_on = None;
    card.last_grade = None;
    memory::given(card, &state, day, params, bug);
}
