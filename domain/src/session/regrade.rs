//! Regrades: an answer that was given has another grade. The card is folded again from its log, whoever holds it is shown
//! it anew, and its row follows the entry.

use super::Session;
use super::command::{Id, Target};
use super::types::*;
use super::work::{Gathered, Step};
use crate::entry::Regrade;
use crate::ids::EntryId;

impl Session {
    /// Works on a regrade. What it names must be stored: states in memory are stepped on as new answers come, and a step
    /// knows nothing of a regrade that waits for its answer. The fold does, whatever came first.
    pub(super) fn regrade(
        &mut self,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        regrade: Regrade,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        let digest = self.entry_of(id, &Command::Regrade(regrade)).content_digest();
        match self.look_up(socket, (seq, id), digest, gathered, fx) {
            Id::Settled => return Step::Done,
            Id::Ask => return Step::Need(Want::Entries(vec![id])),
            Id::New => {}
        }
        match self.try_regrade(socket, (seq, id), regrade, gathered, fx) {
            Ok(step) => step,
            Err(refusal) => {
                self.refuse(socket, seq, id, refusal, fx);
                Step::Done
            }
        }
    }

    fn try_regrade(
        &mut self,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        regrade: Regrade,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Result<Step, Refusal> {
        // Of an answer on its way nobody knows yet whether it will ever be there.
        if self.is_overrun() || self.pending.get(regrade.of).is_some() {
            return Err(Refusal::Busy);
        }
        let Some(named) = &gathered.named else {
            // The slot of the id's own look-up is filled first, so that this answer lands in the other.
            gathered.entries.get_or_insert_with(Vec::new);
            return Ok(Step::Need(Want::Named(regrade.of)));
        };
        let about = Some((regrade.deck, regrade.card));
        let is_it = |entry: &&crate::entry::LogEntry| {
            entry.id == regrade.of && entry.review().is_some() && entry.card() == about
        };
        named.iter().find(is_it).ok_or(Refusal::UnknownEntry)?;
        let Some(study) = self.decks.get(&regrade.deck) else {
            return match gathered.decks_asked {
                true => Err(Refusal::UnknownCard),
                false => Ok(Step::Need(Want::Decks(vec![regrade.deck]))),
            };
        };
        let index = study.deck.index_of(regrade.card).ok_or(Refusal::UnknownCard)?;
        let target = Target { key: (regrade.deck, index), card: regrade.card };
        if self.locked.get(&target.key).is_some_and(|by| *by != socket) {
            return Ok(Step::WaitForCard(target.key));
        }
        let entry = self.entry_of(id, &Command::Regrade(regrade));
        let state = match self.fold_with(socket, &target, Some(entry), gathered) {
            Ok(state) => state,
            Err(want) => return Ok(Step::Need(want)),
        };
        self.hand_to_writer((socket, seq), &target, entry, state, Reason::Regraded, false, fx);
        // A card that was passed over because of its answer may be handed out again, and one that is due no longer not.
        self.forget_queues();
        Ok(Step::Done)
    }
}
