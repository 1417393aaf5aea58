//! One deck as the session studies it: the learner's rows, what is available today, and what the day's limits have
//! been used for. Every change of a row goes through [`DeckStudy::set_state`], which keeps the counts true.

mod counts;

use super::rows::Rows;
use super::tally::{Class, Used};
use super::types::Counts;
use crate::access::Span;
use crate::day::Day;
use crate::deck::Deck;
use crate::ids::{CardId, DeckId};
use crate::state::{CardState, Kind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A card within a session: its deck and its index there.
pub(super) type CardKey = (DeckId, u32);

/// A deck as loaded for one learner.
#[derive(Clone, Debug)]
pub struct DeckLoad {
    /// The deck with its content.
    pub deck: Arc<Deck>,
    /// When the learner could see it.
    pub spans: Vec<Span>,
    /// The learner's states in it, folded by the deck's parameters.
    pub rows: Vec<(CardId, CardState)>,
    /// Whether the learner has any entry in it.
    pub has_entries: bool,
    /// Cards whose stored row could not be trusted, so that their states were folded from the log: their rows are to be
    /// written behind, or each load folds them again.
    pub refolded: Vec<CardId>,
}

#[derive(Clone, Debug)]
pub(super) struct DeckStudy {
    pub(super) deck: Arc<Deck>,
    pub(super) spans: Vec<Span>,
    pub(super) has_entries: bool,
    rows: Rows,
    /// Rows that memory must not trust until they are folded from the log.
    stale: BTreeSet<u32>,
    /// Rows that the store must not trust until a repaired one is written behind.
    unrepaired: BTreeSet<u32>,
    /// No row is to be trusted, nor that a card has none.
    is_distrusted: bool,
    /// Rows that were folded when they were read, and that the store lacks. Without them it is slower and not wrong.
    unwritten: Vec<u32>,
    today: Day,
    available: Counts,
    used: Vec<Used>,
    /// When the drills of today come, and of which card, in order.
    drills: Vec<(i64, u32)>,
}

impl DeckStudy {
    pub(super) fn new(load: DeckLoad, today: Day) -> DeckStudy {
        let rows = load
            .rows
            .into_iter()
            .filter_map(|(card, state)| load.deck.index_of(card).map(|index| (index, state)))
            .collect();
        let unwritten = load.refolded.iter().filter_map(|card| load.deck.index_of(*card)).collect();
        let mut study = DeckStudy {
            unwritten,
            deck: load.deck,
            spans: load.spans,
            has_entries: load.has_entries,
            rows,
            stale: BTreeSet::new(),
            is_distrusted: false,
            unrepaired: BTreeSet::new(),
            today,
            available: Counts::default(),
            used: Vec::new(),
            drills: Vec::new(),
        };
        study.recount(today);
        study
    }

    pub(super) fn state(&self, index: u32) -> CardState {
        self.rows.get(index).unwrap_or(CardState::NEW)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, CardState)> {
        self.rows.iter()
    }

    pub(super) fn bytes(&self) -> usize {
        let lists = self.drills.capacity() * 16 + self.unwritten.capacity() * 4;
        self.rows.bytes() + size_of::<DeckStudy>() + lists
    }

    /// Whether the learner sees the deck now.
    pub(super) fn visible(&self) -> bool {
        self.deck.deleted_ms.is_none() && self.spans.iter().any(Span::is_open)
    }

    /// Whether the card can be shown at all now.
    pub(super) fn shows(&self, index: u32) -> bool {
        self.visible() && self.deck.card(index).is_some_and(|card| card.deleted_ms.is_none())
    }

    pub(super) fn today(&self) -> Day {
        self.today
    }

    pub(super) fn is_stale(&self, index: u32) -> bool {
        self.is_distrusted || self.stale.contains(&index)
    }

    /// Whether no card's state is to be relied on before the rows are read again.
    pub(super) fn is_distrusted(&self) -> bool {
        self.is_distrusted
    }

    pub(super) fn mark_stale(&mut self, index: u32) {
        self.stale.insert(index);
        self.unrepaired.insert(index);
    }

    pub(super) fn has_stale(&self) -> bool {
        self.is_distrusted || !self.stale.is_empty()
    }

    /// No row may be stepped on until it is folded again.
    pub(super) fn distrust_rows(&mut self) {
        self.stale.extend(self.rows.iter().map(|(index, _)| index));
        self.recount(self.today);
    }

    /// No card may be stepped on until the rows are read again: cards without a row may have got one.
    pub(super) fn distrust_cards(&mut self) {
        self.is_distrusted = true;
        // They were folded from what is not all: the next reading folds them again.
        self.unwritten = Vec::new();
        self.recount(self.today);
    }

    /// Takes rows that were read again. Those of `touched` cards stay, because the reading may not know all about them;
    /// they are repaired one by one if they are stale, or if `all` must know more.
    pub(super) fn take_rows(&mut self, read: Rows, touched: &BTreeSet<u32>, all: bool) {
        let kept = std::mem::replace(&mut self.rows, read);
        self.is_distrusted = false;
        self.stale.retain(|index| touched.contains(index));
        for index in touched {
            match kept.get(*index) {
                Some(state) => self.rows.insert(*index, state),
                None => self.rows.remove(*index),
            }
            if all || self.stale.contains(index) {
                self.mark_stale(*index);
            }
        }
        self.recount(self.today);
    }

    /// These rows were folded when they were read again.
    pub(super) fn note_refolded(&mut self, cards: &[CardId]) {
        self.unwritten = cards.iter().filter_map(|card| self.deck.index_of(*card)).collect();
    }

    /// Whether rows wait to be written behind.
    pub(super) fn owes_rows(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// A row to write behind, for the last time. What memory does not trust is repaired on another way.
    pub(super) fn next_unwritten(&mut self) -> Option<u32> {
        while let Some(index) = self.unwritten.pop() {
            if !self.stale.contains(&index) && !self.unrepaired.contains(&index) {
                return Some(index);
            }
        }
        self.unwritten = Vec::new();
        None
    }

    /// Rows whose repair is owed to the store.
    pub(super) fn unrepaired(&self) -> impl Iterator<Item = u32> {
        self.unrepaired.iter().copied()
    }

    /// The row is repaired: it was folded from all that is durable, and nothing about it is on its way.
    pub(super) fn mark_repaired(&mut self, index: u32) {
        self.unrepaired.remove(&index);
    }

    /// What the card is good for today, limits aside.
    pub(super) fn class(&self, index: u32) -> Class {
        if !self.shows(index) || self.is_stale(index) {
            return Class::Nothing;
        }
        self.class_if(index, &|card| self.rows.get(card))
    }

    /// The same if the rows were those that `row` tells.
    fn class_if(&self, index: u32, row: &impl Fn(u32) -> Option<CardState>) -> Class {
        let state = row(index).unwrap_or(CardState::NEW);
        if state.suspended || state.is_buried(self.today) {
            return Class::Nothing;
        }
        match state.kind(self.today, &self.deck.settings.fold_params()) {
            Kind::Drill => Class::Drill,
            Kind::New | Kind::Review if self.rests(index, row) => Class::Nothing,
            Kind::New => Class::New,
            Kind::Review => Class::Review,
            Kind::Extra => Class::Nothing,
        }
    }

    /// Whether it rests today because a sibling was studied.
    fn rests(&self, index: u32, row: &impl Fn(u32) -> Option<CardState>) -> bool {
        self.deck.settings.bury_siblings
            && self.deck.siblings(index).iter().any(|&sibling| {
                sibling != index && row(sibling).is_some_and(|state| state.is_spent(self.today))
            })
    }

    /// The drills outstanding today, earliest first: when they come, and which card.
    pub(super) fn drills(&self) -> impl Iterator<Item = (i64, u32)> {
        self.drills.iter().copied()
    }

    /// Whether the card's last scheduling answer counts against today's limits.
    pub(super) fn uses_today(&self, index: u32) -> bool {
        self.rows.get(index).is_some_and(|state| self.use_of(&state).is_some())
    }

    /// Sets a card's state.
    pub(super) fn set_state(&mut self, index: u32, state: CardState) {
        self.has_entries = true;
        let touched = self.touched_by(index);
        for &card in &touched {
            self.count(card, false);
        }
        self.use_limits(&self.state(index), false);
        self.rows.insert(index, state);
        self.stale.remove(&index);
        self.use_limits(&state, true);
        for &card in &touched {
            self.count(card, true);
        }
    }

    fn touched_by(&self, index: u32) -> Vec<u32> {
        let mut touched = vec![index];
        if self.deck.settings.bury_siblings {
            touched.extend(self.deck.siblings(index).iter().copied().filter(|&s| s != index));
        }
        touched
    }

    /// When the card's drill comes, Unix milliseconds.
    pub(super) fn drill_at_ms(&self, index: u32) -> Option<i64> {
        let state = self.state(index);
        let drill = state.drill(state.effective_day(self.today), self.deck.settings.drill_until)?;
        Some(drill.at_ms.saturating_add(i64::from(self.deck.settings.drill_delay_s) * 1_000))
    }

    /// When the earliest card that is not for today becomes due, as a day.
    pub(super) fn next_due_day(&self, leave_out: impl Fn(u32) -> bool) -> Option<Day> {
        self.rows
            .iter()
            .filter(|(index, state)| self.shows(*index) && !state.suspended && !leave_out(*index))
            .filter_map(|(_, state)| {
                let due = state.due?;
                let day = due.max(state.buried_until.unwrap_or(due));
                let after_today = self.today.plus(1);
                Some(day.max(after_today))
            })
            .min()
    }
}
