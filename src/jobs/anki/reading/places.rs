//! Where a card comes: its note, and its deck with what that had before.

use super::super::decks::Target;
use super::super::known::{KnownCard, card_of_guid};
use super::super::notes::{note_record, notetype_id};
use super::Pass;
use crate::jobs::bring::each_card;
use crate::jobs::error::JobError;
use anki::CardRow;
use domain::ids::{CardId, DeckId, NoteId};
use std::collections::{HashMap, HashSet};

impl Pass<'_> {
    /// Has a card's note stored, once; returns its id.
    pub(super) fn note(
        &mut self,
        row: &CardRow<'_>,
        at: usize,
        deck: DeckId,
        is_filled: bool,
    ) -> Result<NoteId, JobError> {
        let (note, is_new) = self.notes.meet(deck, row);
        if !is_new {
            return Ok(note);
        }
        if !is_filled {
            self.notes.push(at, note, row)?;
            return Ok(note);
        }
        let there = row.note.notetype;
        let notetype = match self.notetype {
            Some((of, known, notetype)) if (of, known) == (deck, there) => notetype,
            Some(_) | None => notetype_id(deck, there),
        };
        self.notetype = Some((deck, there, notetype));
        self.filling.note(note_record(deck, note, notetype, row));
        Ok(note)
    }

    /// The card of the deck that a note of our own type is: its guid is the card's id.
    pub(super) fn known_by_guid(&self, row: &CardRow<'_>) -> Option<(CardId, KnownCard)> {
        let is_own = self.own.contains(&row.note.notetype);
        let card = card_of_guid(row.note.guid, row.card.ord).filter(|_| is_own)?;
        self.known_here.get(&card).map(|known| (card, known.clone()))
    }

    /// Which cards a deck had before this job. One that the job makes is filled from here on.
    pub(super) fn look_at_deck(&mut self, at: usize, deck: DeckId) -> Result<(), JobError> {
        if self.here.0 == Some(deck) {
            return Ok(());
        }
        let (mut here, mut accepted_here, mut known_here) = (HashSet::new(), HashMap::new(), HashMap::new());
        let may_know = !self.own.is_empty();
        let known = self.task.wait(self.task.tools.library.deck(deck))?;
        // One that an earlier run of this job has made is a new one.
        let was_here = known.as_ref().is_some_and(|known| known.created_ms != self.task.made_ms);
        let is_hidden = known.as_ref().is_none_or(|known| known.deleted_ms.is_some());
        if let Some(target) = self.targets.all.get_mut(at) {
            target.was_here |= was_here;
            // Some of its cards may lie in the spool already, where decks there take turns in becoming one here.
            let begins = !target.is_filled && target.cards == 0;
            if let (true, true, Some(blank)) =
                (begins && !self.dry_run, is_hidden && !was_here, &target.blank)
            {
                target.is_filled = true;
                self.filling.begin(Target::scheduled(blank.clone(), self.fsrs));
            }
        }
        if known.is_some() {
            each_card(self.task, deck, |card| {
                if !card.accept.is_empty() {
                    accepted_here.insert(card.id, card.accept.clone());
                }
                if card.created_ms != self.task.made_ms && card.deleted_ms.is_none() {
                    here.insert(card.id);
                    if may_know {
                        known_here.insert(card.id, KnownCard::of(card));
                    }
                }
                Ok(())
            })?;
        }
        (self.here, self.accepted_here, self.known_here) = ((Some(deck), here), accepted_here, known_here);
        Ok(())
    }
}
