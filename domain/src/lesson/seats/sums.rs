//! Sums over cards: of each the answers of all seats, made by taking a seat's old ones out and its new ones in.

use super::seat::SeatTally;
use crate::ids::{CardId, DeckId, UserId};
use crate::lesson::cell::Figures;
use crate::lesson::output::CardRow;
use crate::limits::{CARDS_PER_LESSON, CARDS_PER_SEAT, MISSED_BY_SHOWN};
use std::collections::BTreeMap;

/// The cards of a lesson in the order in which they were first answered.
#[derive(Debug, Default)]
pub(super) struct CardSums {
    places: BTreeMap<(DeckId, CardId), u32>,
    sums: Vec<CardSum>,
}

#[derive(Debug)]
struct CardSum {
    row: CardRow,
    /// Recalls of those who know the card, in permille, and how many they are.
    recall_permille: u64,
    recalled_by: u32,
}

impl CardSums {
    /// Puts a seat's tallies in the place of its old ones, and says which cards changed. Cards that a partial cell does not
    /// name stay as they were.
    pub(super) fn replace(
        &mut self,
        student: UserId,
        seat: &mut Vec<SeatTally>,
        figures: &mut Figures,
    ) -> Vec<u32> {
        let mut touched = Vec::new();
        let mut named: Vec<u32> = Vec::new();
        for tally in std::mem::take(&mut figures.cards) {
            let Some(card) = self.place(tally.deck, tally.card) else { continue };
            named.push(card);
            let now = SeatTally {
                card,
                answers: tally.answers,
                wrong: tally.wrong,
                recall_permille: tally.recall_permille,
            };
            let before = match seat.binary_search_by_key(&card, |tally| tally.card) {
                Ok(at) => seat.get_mut(at).map(|known| std::mem::replace(known, now)),
                Err(_) if seat.len() >= CARDS_PER_SEAT => continue,
                Err(at) => {
                    seat.insert(at, now);
                    None
                }
            };
            let before = before.unwrap_or(SeatTally::none(card));
            if before != now {
                self.exchange(student, before, now, figures.as_of_ms);
                touched.push(card);
            }
        }
        if figures.is_whole {
            named.sort_unstable();
            seat.retain(|tally| {
                let is_named = named.binary_search(&tally.card).is_ok();
                if !is_named {
                    self.exchange(student, *tally, SeatTally::none(tally.card), figures.as_of_ms);
                    touched.push(tally.card);
                }
                is_named
            });
        }
        touched
    }

    fn exchange(&mut self, student: UserId, before: SeatTally, now: SeatTally, as_of_ms: i64) {
        let Some(sum) = usize::try_from(now.card).ok().and_then(|at| self.sums.get_mut(at)) else { return };
        if let Some(recall) = before.recall_permille {
            sum.recall_permille = sum.recall_permille.saturating_sub(recall.into());
            sum.recalled_by = sum.recalled_by.saturating_sub(1);
        }
        if let Some(recall) = now.recall_permille {
            sum.recall_permille = sum.recall_permille.saturating_add(recall.into());
            sum.recalled_by = sum.recalled_by.saturating_add(1);
        }
        let row = &mut sum.row;
        row.answers = row.answers.saturating_sub(before.answers).saturating_add(now.answers);
        row.wrong = row.wrong.saturating_sub(before.wrong).saturating_add(now.wrong);
        row.as_of_ms = row.as_of_ms.max(as_of_ms);
        if now.wrong == 0 {
            row.missed_by.retain(|by| *by != student);
        } else if row.missed_by.len() < MISSED_BY_SHOWN && !row.missed_by.contains(&student) {
            row.missed_by.push(student);
        }
    }

    fn place(&mut self, deck: DeckId, card: CardId) -> Option<u32> {
        if let Some(place) = self.places.get(&(deck, card)) {
            return Some(*place);
        }
        let place = u32::try_from(self.sums.len()).ok().filter(|_| self.sums.len() < CARDS_PER_LESSON)?;
        self.places.insert((deck, card), place);
        let missed_by = Vec::new();
        let row = CardRow { deck, card, answers: 0, wrong: 0, recall_permille: None, missed_by, as_of_ms: 0 };
        self.sums.push(CardSum { row, recall_permille: 0, recalled_by: 0 });
        Some(place)
    }

    pub(super) fn row(&self, card: u32) -> Option<CardRow> {
        usize::try_from(card).ok().and_then(|at| self.sums.get(at)).map(CardSum::row)
    }

    /// Cards with answers.
    pub(super) fn rows(&self) -> impl Iterator<Item = CardRow> + '_ {
        self.sums.iter().filter(|sum| sum.row.answers > 0).map(CardSum::row)
    }
}

impl CardSum {
    fn row(&self) -> CardRow {
        let mean = self.recall_permille.checked_div(self.recalled_by.into());
        CardRow { recall_permille: mean.and_then(|mean| u16::try_from(mean).ok()), ..self.row.clone() }
    }
}
