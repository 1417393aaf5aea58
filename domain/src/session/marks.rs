//! Marks of imports: the rows of a job count from now on, or no longer. What was copied from a guest is such a job too, and
//! its claim the mark.
//!
//! Which cards they are about is not known here, and a card without a row may be one of them. So from the moment at which
//! a mark leaves for the writer no state in memory is stepped on: whoever is answered meanwhile is folded from the log
//! and the mark, and when it is durable the rows of all decks are read again. The store makes the rows of these cards
//! stale with the mark, and the commit machines let what was appended before it be decided first and what comes after
//! it leave later: so no stored row that is trusted lacks it.

use super::Session;
use super::command::Id;
use super::decks::CardKey;
use super::pending::Pending;
use super::reread::Why;
use super::types::*;
use super::work::{Gathered, Step};
use crate::commit::NO_CARD;
use crate::ids::EntryId;
use crate::limits::MARKS_REMEMBERED;
use crate::state::CardState;

/// Where a mark lies among the entries that are on their way: under no card of any deck.
const NO_KEY: CardKey = (NO_CARD.0, 0);

impl Session {
    /// Works on a mark. Said again it changes nothing; but what said it first may have been an owner that died, so what
    /// memory knows is read again.
    pub(super) fn mark(
        &mut self,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        command: Command,
        gathered: &Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        let entry = self.entry_of(id, &command);
        match self.look_up(socket, (seq, id), entry.content_digest(), gathered, fx) {
            Id::Settled => {
                if self.pending.get(id).is_none() {
                    self.reread_marked(fx);
                }
                return Step::Done;
            }
            Id::Ask => return Step::Need(Want::Entries(vec![id])),
            Id::New => {}
        }
        if self.is_overrun() {
            self.refuse(socket, seq, id, Refusal::Busy, fx);
            return Step::Done;
        }
        let state = CardState::NEW;
        fx.push(Effect::Append(Append { entry: Some(entry), about: NO_CARD, state, params_key: 0 }));
        self.pending.insert(Pending {
            entry,
            digest: entry.content_digest(),
            key: NO_KEY,
            from: socket,
            before: state,
            waiters: vec![(socket, seq)],
            reason: Reason::Imported,
            surprises: false,
        });
        if self.marks.len() >= MARKS_REMEMBERED {
            self.marks.remove(0);
        }
        self.marks.push(entry);
        for (_, study) in self.decks.iter_mut() {
            study.distrust_cards();
        }
        self.forget_queues();
        self.forget_busy(socket, id);
        Step::Done
    }

    /// A mark has its outcome: what was read before lacks it, or was folded with what will never be.
    pub(super) fn mark_decided(&mut self, id: EntryId, outcome: Outcome, fx: &mut Vec<Effect>) {
        if outcome == Outcome::Never {
            self.marks.retain(|mark| mark.id != id);
        }
        self.marked_while_reading |= self.is_reading();
        self.reread_marked(fx);
    }

    /// Whether a deck that is read now may have been read before a mark was durable.
    pub(super) fn lacks_marks(&self) -> bool {
        self.marked_while_reading || self.has_pending_marks()
    }

    /// Whether a mark is on its way.
    pub(super) fn has_pending_marks(&self) -> bool {
        self.marks.iter().any(|mark| self.pending.get(mark.id).is_some())
    }

    fn reread_marked(&mut self, fx: &mut Vec<Effect>) {
        self.reread_all(self.decks.keys().map(|deck| (*deck, Why::Marked)).collect(), fx);
    }
}
