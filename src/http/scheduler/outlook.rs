//! The days ahead under the settings that a deck has and under others.

use domain::day::Day;
use domain::deck::{Deck, DeckSettings, SchedulerKind};
use domain::entry::LogEntry;
use domain::fold::fold_deck;
use domain::ids::CardId;
use domain::state::CardState;
use optimizer::{Card, Forecast, Load, Plan, forecast};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One throw of the dice for both plans.
const SEED: u64 = 1;

/// Two ways to go on from one log.
pub(super) struct Question {
    pub(super) content: Arc<Deck>,
    pub(super) log: Vec<LogEntry>,
    pub(super) now: DeckSettings,
    pub(super) then: DeckSettings,
    pub(super) today: Day,
    pub(super) days: u32,
}

/// What comes of both.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TrialOut {
    now: PlanOut,
    then: PlanOut,
    /// Day by day, from today.
    days: Vec<DayOut>,
}

/// One of the plans as a whole.
#[derive(Debug, Serialize, JsonSchema)]
struct PlanOut {
    /// Cards due today, whatever the limits say.
    due_today: u32,
    /// Reviews over all days.
    reviews: u64,
    /// Reviews a day, to 0.1.
    reviews_per_day: f64,
    /// Share of the reviews that would be remembered, to 0.001; null without any.
    retention: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DayOut {
    day: String,
    now: LoadOut,
    then: LoadOut,
}

/// A day's cards.
#[derive(Debug, Serialize, JsonSchema)]
struct LoadOut {
    reviews: u32,
    forgotten: u32,
    new: u32,
    /// Due cards that the limit leaves for later.
    left: u32,
}

impl From<Load> for LoadOut {
    fn from(load: Load) -> LoadOut {
        LoadOut { reviews: load.reviews, forgotten: load.forgotten, new: load.new, left: load.left }
    }
}

impl Question {
    /// Studies the deck ahead by both plans. How the learner remembers is what FSRS makes of the answers, with the weights
    /// that are tried, or else those that the deck has.
    pub(super) fn answer(&self) -> TrialOut {
        let believed = if self.then.scheduler == SchedulerKind::Fsrs { &self.then } else { &self.now };
        let truths = self.states(believed);
        let (now, now_due) = self.ahead(&self.now, believed, &truths);
        let (then, then_due) = self.ahead(&self.then, believed, &truths);
        let days = now.days.iter().zip(&then.days).zip(0..);
        TrialOut {
            days: days
                .map(|((now, then), n)| DayOut {
                    day: self.today.plus(n).to_string(),
                    now: (*now).into(),
                    then: (*then).into(),
                })
                .collect(),
            now: summed(&now, now_due),
            then: summed(&then, then_due),
        }
    }

    fn states(&self, settings: &DeckSettings) -> BTreeMap<CardId, CardState> {
        fold_deck(self.content.id, &self.log, &settings.fold_params())
    }

    /// The forecast by these settings, and how many cards are due today.
    fn ahead(
        &self,
        settings: &DeckSettings,
        believed: &DeckSettings,
        truths: &BTreeMap<CardId, CardState>,
    ) -> (Forecast, u32) {
        let states = self.states(settings);
        let alive = self.content.cards().iter().filter(|card| card.deleted_ms.is_none());
        let cards: Vec<Card> = alive
            .map(|card| Card {
                id: card.id,
                state: states.get(&card.id).copied().unwrap_or(CardState::NEW),
                truth: truths.get(&card.id).and_then(|state| state.memory),
            })
            .collect();
        let is_due = |card: &&Card| !card.state.suspended && card.state.is_due(self.today);
        let due = u32::try_from(cards.iter().filter(is_due).count()).unwrap_or(u32::MAX);
        let truth = believed.fold_params().model();
        let plan = Plan {
            params: &settings.fold_params(),
            new_per_day: settings.new_per_day,
            reviews_per_day: settings.reviews_per_day,
            truth: &truth,
            from: self.today,
            days: self.days,
            seed: SEED,
        };
        (forecast(&cards, &plan), due)
    }
}

fn summed(forecast: &Forecast, due_today: u32) -> PlanOut {
    let reviews: u64 = forecast.days.iter().map(|day| u64::from(day.reviews)).sum();
    let a_day = reviews as f64 / forecast.days.len().max(1) as f64;
    PlanOut {
        due_today,
        reviews,
        reviews_per_day: (a_day * 10.0).round() / 10.0,
        retention: forecast.retention.map(|share| (share * 1_000.0).round() / 1_000.0),
    }
}
