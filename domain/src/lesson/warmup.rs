//! Warm-up: the few cards whose review by the whole class, now, keeps most memory alive.
//!
//! What a review is worth to one student is what it adds to the recall of that card [`HORIZON_DAYS`] from now, by FSRS's
//! memory: the expected recall then after a review today, remembered (as well as it is remembered today) or not, less the
//! recall then without one. A card is worth the sum over the students who are there. Who never saw the card gains nothing
//! from a warm-up, and neither does who knows it as well in a week anyway.

use crate::day::Day;
use crate::fsrs::{Memory, Model, Rating};
use crate::ids::{CardId, DeckId, NoteId};
use crate::limits::WARM_UP_CARDS_MAX;
use std::collections::BTreeSet;

/// For when memory is to be kept alive, in days from now: the usual distance of two lessons.
pub const HORIZON_DAYS: i32 = 7;

/// A card that may be reviewed, and how it is remembered by those who are there.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// The note that it was made from: a second card of a note adds little to the first.
    pub note: Option<NoteId>,
    /// The memories of the students who are there and know the card.
    pub memories: &'a [Memory],
    /// The model of its deck.
    pub model: &'a Model,
}

/// A card chosen for a warm-up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Chosen {
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// What its review adds to the sum of recall over the class, in recalls.
    pub gain: f64,
}

/// What a review of a card today adds to its recall [`HORIZON_DAYS`] from now, 0 to 1.
pub fn gain(memory: &Memory, model: &Model, today: Day) -> f64 {
    let then = today.plus(HORIZON_DAYS);
    let now = model.recall(memory, today);
    let after = |rating| model.recall(&model.after(Some(*memory), rating, today), then);
    let reviewed = now * after(Rating::Good) + (1.0 - now) * after(Rating::Again);
    (reviewed - model.recall(memory, then)).max(0.0)
}

/// At most `count` cards, the one that adds most first, one of a note. Each next one is the card that adds most to those
/// chosen; cards of different notes do not touch each other, so that no other choice of as many adds more. Cards that add
/// nothing are left out; among equals the lower id comes first.
pub fn warm_up<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
    today: Day,
    count: usize,
) -> Vec<Chosen> {
    let mut worth: Vec<(Option<NoteId>, Chosen)> = candidates
        .into_iter()
        .map(|candidate| {
            let of = |memory| gain(memory, candidate.model, today);
            let gain = candidate.memories.iter().map(of).sum();
            (candidate.note, Chosen { deck: candidate.deck, card: candidate.card, gain })
        })
        .filter(|(_, chosen)| chosen.gain > 0.0)
        .collect();
    worth.sort_by(|(_, a), (_, b)| {
        b.gain.total_cmp(&a.gain).then_with(|| (a.deck, a.card).cmp(&(b.deck, b.card)))
    });
    let mut notes: BTreeSet<(DeckId, NoteId)> = BTreeSet::new();
    worth.retain(|(note, chosen)| note.is_none_or(|note| notes.insert((chosen.deck, note))));
    worth.into_iter().take(count.min(WARM_UP_CARDS_MAX)).map(|(_, chosen)| chosen).collect()
}
