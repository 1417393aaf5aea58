//! How many cards a day a deck's settings lead to: the learner's cards as they stand, studied day by day by somebody who
//! remembers as a model says. The steps are those of the fold, so that what is foretold is what would be scheduled.

use crate::limits::FORECAST_DAYS_MAX;
use crate::random::share_of;
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::fsrs::{Memory, Model, Rating};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId};
use domain::state::{CardState, FoldParams, Kind};

/// Of new cards so many are right at first sight.
const NEW_RIGHT_SHARE: f64 = 0.75;
const DAY_MS: i64 = 86_400_000;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// Scheduler, drill, longest interval, fuzz.
    pub params: &'a FoldParams,
    /// New cards a day.
    pub new_per_day: u32,
    /// Reviews a day.
    pub reviews_per_day: u32,
    /// How the learner remembers.
    pub truth: &'a Model,
    /// The first day.
    pub from: Day,
    /// How many days.
    pub days: u32,
    /// Another number, another throw of the dice. Two plans with one number throw alike.
    pub seed: u64,
}

/// One day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// Reviews answered.
    pub reviews: u32,
    /// Of them forgotten.
    pub forgotten: u32,
    /// New cards.
    pub new: u32,
    /// Due cards that the day's limit left over.
    pub left: u32,
}

/// What comes.
#[derive(Clone, PartialEq, Debug)]
pub struct Forecast {
    /// A load for each day.
    pub days: Vec<Load>,
    /// Share of the reviews that were remembered; `None` without any.
    pub retention: Option<f64>,
}

/// A card on its way.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// The card.
    pub id: CardId,
    /// Its state, folded by the plan's parameters.
    pub state: CardState,
    /// How the learner remembers it, which a schedule only guesses; `None` until it was answered.
    pub truth: Option<Memory>,
}

/// Studies these cards, in the order in which new ones come. Suspended and buried ones rest.
pub fn forecast(cards: &[Card], plan: &Plan<'_>) -> Forecast {
    let mut cards: Vec<Card> = cards.iter().filter(|card| !card.state.suspended).copied().collect();
    let days = (0..plan.days.min(FORECAST_DAYS_MAX))
        .map(|n| a_day(&mut cards, plan.from.plus(i32::try_from(n).unwrap_or(i32::MAX)), plan))
        .collect::<Vec<_>>();
    let (reviews, forgotten) = days.iter().fold((0_u64, 0_u64), |(reviews, forgotten), day| {
        (reviews + u64::from(day.reviews), forgotten + u64::from(day.forgotten))
    });
    let retention = (reviews > 0).then(|| 1.0 - forgotten as f64 / reviews as f64);
    Forecast { days, retention }
}

fn a_day(cards: &mut [Card], today: Day, plan: &Plan<'_>) -> Load {
    let mut load = Load::default();
    let of_kind = |cards: &[Card], kind: Kind| -> Vec<usize> {
        let is = |card: &Card| !card.state.is_buried(today) && card.state.kind(today, plan.params) == kind;
        (0..cards.len()).filter(|at| cards.get(*at).is_some_and(is)).collect()
    };
    let mut due = of_kind(cards, Kind::Review);
    due.sort_by_key(|at| cards.get(*at).and_then(|card| card.state.due));
    let reviews = due.len().min(plan.reviews_per_day as usize);
    let mut new = of_kind(cards, Kind::New);
    new.truncate(plan.new_per_day as usize);
    for at in due.iter().take(reviews).chain(&new) {
        let Some(card) = cards.get_mut(*at) else { continue };
        let is_new = card.state.is_new();
        let remembered = answer(card, today, plan);
        if is_new {
            load.new += 1;
        } else {
            load.reviews += 1;
            load.forgotten += u32::from(!remembered);
        }
    }
    load.left = u32::try_from(due.len() - reviews).unwrap_or(u32::MAX);
    load
}

/// The day's answer, and one more where it is drilled.
fn answer(card: &mut Card, today: Day, plan: &Plan<'_>) -> bool {
    let chance = card.truth.map_or(NEW_RIGHT_SHARE, |truth| plan.truth.recall(&truth, today));
    let id = card.id.0.as_u128();
    let dice = share_of(&[plan.seed, id as u64, (id >> 64) as u64, today.0 as u64]);
    let remembered = dice < chance;
    step(card, if remembered { Grade::Good } else { Grade::Wrong }, today, 0, plan);
    if !remembered {
        step(card, Grade::Good, today, 60_000, plan);
    }
    remembered
}

fn step(card: &mut Card, grade: Grade, today: Day, after_ms: i64, plan: &Plan<'_>) {
    let entry = LogEntry {
        id: EntryId::v7(i64::from(today.0) * DAY_MS + DAY_MS / 2 + after_ms, 0),
        job: None,
        stamp: Stamp { day: today, utc_offset_min: 0 },
        body: Body::Review(Review {
            deck: DeckId::from_u128(0),
            card: card.id,
            grade,
            mode: Mode::Flip,
            elapsed_ms: 0,
            early: false,
            confidence: None,
            sitting: None,
            class: None,
            response: None,
            revision: 0,
            told: false,
        }),
    };
    card.state = card.state.after(&entry, plan.params).0;
    card.truth = Some(plan.truth.after(card.truth, Rating::from(grade), today));
}
