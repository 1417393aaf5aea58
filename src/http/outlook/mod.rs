//! Progress, card state and history, computed from the log and its caches. Own writes are read at once, because a
//! verdict comes only after the store has made the entry durable.

mod adding;
mod class_cards;
mod deck_figures;
mod figures;
mod history;
mod history_table;
mod kept;
mod progress;

pub use class_cards::ClassCards;
pub use deck_figures::{DeckFigures, deck_figures};
pub use figures::{ENTRIES_PER_LEARNER_MAX, FiguresQuery, LearnerFigures, SittingSums, Sums, streak};
pub use history::{HistoryItem, HistoryPage, HistoryQuery, ItemKind, history};
pub use history_table::HistoryWalk;
pub use kept::{KeptFigures, figures};
pub use progress::{Progress, deck_progress};

use domain::day::Day;
use domain::fold::fold_deck;
use domain::ids::{CardId, DeckId, UserId};
use domain::state::{CardState, CountedAs, FoldParams, Kind};
use ports::{LibraryError, ReviewStore, StoreError};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OutlookError {
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The decks could not be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

/// Why a card would be dealt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutlookKind {
    /// It was never scheduled.
    New,
    /// It is due.
    Review,
    /// It comes again today, until the grade is good enough.
    Drill,
    /// It is not due.
    Extra,
}

/// What is known of how well a card is remembered.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
pub struct MemoryOutlook {
    /// Days after which recall has fallen to 90 %.
    pub stability: f64,
    /// How hard the card is, 1 to 10.
    pub difficulty: f64,
    /// The probability that it is remembered today, 0 to 1.
    pub recall: f64,
    /// The study day of the answer that this is known from.
    #[serde(serialize_with = "a_day")]
    #[schemars(with = "crate::http::dto::DayText")]
    pub on: Day,
}

/// One card's state.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CardOutlook {
    /// SM-2's n.
    pub reps: u16,
    /// Days from the last scheduling answer to the due day.
    pub interval_days: u32,
    /// Ease factor in hundredths.
    pub ease: u16,
    /// The due day; null while the card is new.
    #[serde(serialize_with = "maybe_day")]
    #[schemars(with = "Option<crate::http::dto::DayText>")]
    pub due: Option<Day>,
    /// How often it was forgotten after it had been learned.
    pub lapses: u16,
    /// Never dealt while set.
    pub suspended: bool,
    /// Hidden before this day.
    #[serde(serialize_with = "maybe_day")]
    #[schemars(with = "Option<crate::http::dto::DayText>")]
    pub buried_until: Option<Day>,
    /// Coloured flag, 0 is none.
    pub flag: u8,
    /// Why it would be dealt today.
    pub kind: OutlookKind,
    /// Answers of all kinds, undone ones excluded.
    pub answers: u32,
    /// What FSRS makes of the answers, whatever schedules the card; null until there is one.
    pub memory: Option<MemoryOutlook>,
}

impl CardOutlook {
    /// The state as of a study day.
    pub fn of(state: &CardState, params: &FoldParams, today: Day) -> CardOutlook {
        let kind = match state.kind(today, params) {
            Kind::New => OutlookKind::New,
            Kind::Review => OutlookKind::Review,
            Kind::Drill => OutlookKind::Drill,
            Kind::Extra => OutlookKind::Extra,
        };
        CardOutlook {
            reps: state.sm2.reps,
            interval_days: state.sm2.interval_days,
            ease: state.sm2.ease,
            due: state.due,
            lapses: state.lapses,
            suspended: state.suspended,
            buried_until: state.buried_until,
            flag: state.flag,
            kind,
            answers: state.answers,
            memory: state.memory.zip(state.recall(today, params)).map(|(memory, recall)| MemoryOutlook {
                stability: memory.stability_days(),
                difficulty: memory.difficulty(),
                recall: (recall * 10_000.0).round() / 10_000.0,
                on: memory.on,
            }),
        }
    }
}

/// One card's state, folded from its log: exact whatever the caches say.
///
/// # Errors
/// The log could not be read.
pub async fn card_state<S: ReviewStore>(
    store: &S,
    user: UserId,
    deck: DeckId,
    card: CardId,
    params: &FoldParams,
    today: Day,
) -> Result<CardOutlook, OutlookError> {
    let log = store.card_log(user, deck, Some(vec![card])).await?;
    let state = fold_deck(deck, &log, params).remove(&card).unwrap_or(CardState::NEW);
    Ok(CardOutlook::of(&state, params, today))
}

pub(super) fn maybe_day<S: Serializer>(day: &Option<Day>, to: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => to.collect_str(day),
        None => to.serialize_none(),
    }
}

fn a_day<S: Serializer>(day: &Day, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(day)
}

/// What an answer counted as, on the wire.
pub(super) const fn counted_as_name(counted: CountedAs) -> &'static str {
    match counted {
        CountedAs::New => "new",
        CountedAs::Review => "review",
        CountedAs::Drill => "drill",
        CountedAs::Extra => "extra",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::grade::Grade;
    use domain::state::LastGrade;

    const TODAY: Day = Day(20_000);

    /// Answered a day ahead of the learner's today, as after a flight over the date line.
    fn ahead(grade: Grade, due: Day) -> CardState {
        let day = TODAY.plus(1);
        CardState {
            due: Some(due),
            scheduled_on: Some(day),
            last_grade: Some(LastGrade { day, grade, at_ms: 0 }),
            max_day: Some(day),
            answers: 1,
            ..CardState::NEW
        }
    }

    #[test]
    fn a_card_is_of_the_kind_that_a_session_would_deal_also_when_its_own_day_is_ahead() {
        let kind = |state: &CardState| CardOutlook::of(state, &FoldParams::default(), TODAY).kind;
        assert_eq!(kind(&ahead(Grade::Blackout, TODAY.plus(2))), OutlookKind::Drill);
        assert_eq!(kind(&ahead(Grade::Perfect, TODAY.plus(2))), OutlookKind::Extra);
        assert_eq!(kind(&CardState::NEW), OutlookKind::New);
        let due = CardState { due: Some(TODAY), ..CardState::NEW };
        assert_eq!(kind(&due), OutlookKind::Review);
        assert_eq!(kind(&CardState { max_day: Some(TODAY.plus(1)), ..due }), OutlookKind::Review);
        assert_eq!(kind(&CardState { due: Some(TODAY.plus(1)), ..due }), OutlookKind::Extra);
    }
}
