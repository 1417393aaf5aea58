//! Warm-up: the few cards whose review by the whole class, now, keeps most memory alive.
//!
//! What a review is worth to one student is what it adds to the recall of that card [`HORIZON_DAYS`] from now, by FSRS's
//! memory: the expected recall then after a review today, remembered (as well as it is remembered today) or not, less the
//! recall then without one. A card is worth the sum over the students who are there. Who never saw the card gains nothing
//! from a warm-up, and neither does who has reviewed it today, lets it rest, or knows it as well in a week anyway.

use crate::access::Span;
use crate::day::Day;
use crate::deck::Deck;
use crate::fsrs::{Memory, Model, Rating};
use crate::ids::{CardId, NoteId};
use crate::limits::WARM_UP_CARDS_MAX;
use crate::session::DeckLoad;
use crate::state::CardState;
use std::collections::{BTreeMap, BTreeSet};

/// For when memory is to be kept alive, in days from now: the usual distance of two lessons.
pub const HORIZON_DAYS: i32 = 7;

/// A card chosen for a warm-up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Chosen {
    /// The card.
    pub card: CardId,
    /// What its review adds to the sum of recall over the class, in recalls.
    pub gain: f64,
}

/// What a class gains by each card of one deck, added up student by student: nobody's memory is kept.
#[derive(Clone, Debug, Default)]
pub struct Worth {
    gains: BTreeMap<CardId, (Option<NoteId>, f64)>,
}

/// What a review of a card today adds to its recall [`HORIZON_DAYS`] from now, 0 to 1.
pub fn gain(memory: &Memory, model: &Model, today: Day) -> f64 {
    let then = today.plus(HORIZON_DAYS);
    let now = model.recall(memory, today);
    let after = |rating| model.recall(&model.after(Some(*memory), rating, today), then);
    let reviewed = now * after(Rating::Good) + (1.0 - now) * after(Rating::Again);
    (reviewed - model.recall(memory, then)).max(0.0)
}

/// The cards of a deck that a student has seen and may see now, as the deck was read for the student.
pub fn known(load: &DeckLoad) -> &[(CardId, CardState)] {
    let is_open = load.deck.deleted_ms.is_none() && load.spans.iter().any(Span::is_open);
    if is_open { &load.rows } else { &[] }
}

impl Worth {
    /// Adds what one student gains by these cards of the deck, today where the student is. In parts or at once, it is the
    /// same; of two students the order decides about the last bits of a sum.
    pub fn add(&mut self, deck: &Deck, model: &Model, rows: &[(CardId, CardState)], today: Day) {
        for (id, state) in rows {
            let Some(card) = deck.index_of(*id).and_then(|index| deck.card(index)) else { continue };
            let day = state.effective_day(today);
            let rests = state.suspended || state.is_buried(today) || card.deleted_ms.is_some();
            // Another answer on the day of the last one moves no memory, unless the schedule asks for it. Nor does one after
            // the class has talked about the card.
            let rests = rests || state.told_by(day);
            let Some(memory) = state.memory.filter(|memory| !rests && memory.on < day) else { continue };
            let gain = gain(&memory, model, day);
            if gain > 0.0 {
                self.gains.entry(*id).or_insert((card.note, 0.0)).1 += gain;
            }
        }
    }

    /// At most `count` cards, the one that adds most first, one of a note. Each next one is the card that adds most to those
    /// chosen; cards of different notes do not touch each other, so that no other choice of as many adds more. Cards that add
    /// nothing are left out; among equals the lower id comes first.
    pub fn choose(&self, count: usize) -> Vec<Chosen> {
        let chosen = |(card, (note, gain)): (&CardId, &(Option<NoteId>, f64))| {
            (*note, Chosen { card: *card, gain: *gain })
        };
        let mut worth: Vec<(Option<NoteId>, Chosen)> = self.gains.iter().map(chosen).collect();
        worth.sort_by(|(_, a), (_, b)| b.gain.total_cmp(&a.gain).then_with(|| a.card.cmp(&b.card)));
        let mut notes: BTreeSet<NoteId> = BTreeSet::new();
        worth.retain(|(note, _)| note.is_none_or(|note| notes.insert(note)));
        worth.into_iter().take(count.min(WARM_UP_CARDS_MAX)).map(|(_, chosen)| chosen).collect()
    }
}
