//! Answers and sets: known or new, acceptable or not.

use super::Session;
use super::decks::CardKey;
use super::known::Knowledge;
use super::types::*;
use super::work::{Gathered, Step, Task};
use crate::access::Span;
use crate::entry::{Body, LogEntry, Mode, Review};
use crate::ids::{CardId, DeckId, EntryId};
use crate::limits::{BEFORE_BEGINNING_MS, CLOCK_AHEAD_MS, COMMANDS_UNDECIDED};

/// What is known of a command's id.
pub(super) enum Id {
    /// Nothing: it is new.
    New,
    /// The command has its verdict, or waits for that of the same entry.
    Settled,
    /// The store must be asked.
    Ask,
}

/// A card that a command may concern.
pub(super) struct Target {
    pub(super) key: CardKey,
    pub(super) card: CardId,
}

impl Session {
    /// What is known of this id: pending, durable, or nothing. Settles the command where it can.
    pub(super) fn look_up(
        &mut self,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        digest: u64,
        gathered: &Gathered,
        fx: &mut Vec<Effect>,
    ) -> Id {
        if let Some(pending) = self.pending.get(id) {
            if pending.digest == digest {
                self.pending.wait(id, (socket, seq));
                self.forget_busy(socket, id);
            } else {
                self.refuse(socket, seq, id, Refusal::IdReused, fx);
            }
            return Id::Settled;
        }
        let stored = match (self.known.of(id), &gathered.entries) {
            (Knowledge::Stored(stored), _) => Some(stored),
            (Knowledge::Unknown, _) => None,
            (Knowledge::Ask, None) => return Id::Ask,
            (Knowledge::Ask, Some(found)) => {
                let found = found.iter().find(|entry| entry.id == id).map(LogEntry::content_digest);
                found.or(gathered.settled)
            }
        };
        match stored {
            None => Id::New,
            Some(stored) if stored == digest => {
                self.forget_busy(socket, id);
                self.decide(socket, seq);
                Id::Settled
            }
            Some(_) => {
                self.refuse(socket, seq, id, Refusal::IdReused, fx);
                Id::Settled
            }
        }
    }

    /// An entry became durable: work that has asked the store for it, and may have been told "no", must know.
    pub(super) fn tell_work(&mut self, id: EntryId, digest: u64) {
        for work in self.sockets.values_mut().filter_map(|socket| socket.inbox.front_mut()) {
            if let Task::Command { id: asked, .. } = work.task
                && asked == id
            {
                work.gathered.settled = Some(digest);
            }
        }
    }

    /// Whether the id's moment is possible.
    pub(super) fn time_is_possible(&self, now: Now, id: EntryId) -> bool {
        let at_ms = id.at_ms();
        at_ms <= now.wall_ms.saturating_add(CLOCK_AHEAD_MS)
            && (self.dev_clock || at_ms >= self.began_ms.saturating_sub(BEFORE_BEGINNING_MS))
    }

    /// Whether the learner already has more commands on the way than one may have.
    pub(super) fn is_overrun(&self) -> bool {
        self.undecided() > COMMANDS_UNDECIDED
    }

    /// Works on an answer or a set.
    pub(super) fn accept(
        &mut self,
        now: Now,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        command: Command,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        let Some((deck, card)) = card_of(&command) else { return Step::Done };
        let mut entry = self.entry_of(id, &command);
        match self.look_up(socket, (seq, id), entry.content_digest(), gathered, fx) {
            Id::Settled => return Step::Done,
            Id::Ask => return Step::Need(Want::Entries(vec![id])),
            Id::New => {}
        }
        let target = match self.admitted(now, socket, (seq, id), (deck, card), gathered, fx) {
            Ok(target) => target,
            Err(step) => return step,
        };
        if entry.review().is_some() && self.is_asked_checked(socket, target.key) {
            self.refuse(socket, seq, id, Refusal::NotOffered, fx);
            return Step::Done;
        }
        self.place(now, socket, (seq, &target), &mut entry, gathered, fx).unwrap_or_else(Step::Need)
    }

    /// The card of a new command, if the learner may speak of it now; else the step that follows, refused or not.
    pub(super) fn admitted(
        &mut self,
        now: Now,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        (deck, card): (DeckId, CardId),
        gathered: &Gathered,
        fx: &mut Vec<Effect>,
    ) -> Result<Target, Step> {
        let target = match self.target(deck, card, id, gathered) {
            _ if !self.time_is_possible(now, id) => Err(Refusal::BadTime),
            _ if self.is_overrun() => Err(Refusal::Busy),
            target => target,
        };
        match target {
            Ok(Some(target)) if self.locked.get(&target.key).is_some_and(|by| *by != socket) => {
                Err(Step::WaitForCard(target.key))
            }
            Ok(Some(target)) => Ok(target),
            Ok(None) => Err(Step::Need(Want::Decks(vec![deck]))),
            Err(refusal) => {
                self.refuse(socket, seq, id, refusal, fx);
                Err(Step::Done)
            }
        }
    }

    /// Reckons the card's state after the entry and logs it; or what must be fetched first.
    pub(super) fn place(
        &mut self,
        now: Now,
        socket: SocketId,
        (seq, target): (u64, &Target),
        entry: &mut LogEntry,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Result<Step, Want> {
        self.stamp_revision(entry, target.key);
        self.stamp_class(entry);
        self.stamp_told(now, entry);
        let (state, unforeseen) = self.state_after(socket, target, entry, gathered)?;
        self.log_entry(now, socket, (seq, target), *entry, state, unforeseen, fx);
        Ok(Step::Done)
    }

    /// The entry that a command becomes.
    pub(super) fn entry_of(&self, id: EntryId, command: &Command) -> LogEntry {
        let body = match *command {
            Command::Answer(a) => Body::Review(Review {
                deck: a.deck,
                card: a.card,
                grade: a.grade,
                mode: Mode::Flip,
                elapsed_ms: a.elapsed_ms,
                early: a.early,
                confidence: a.confidence,
                sitting: a.sitting,
                class: None,
                response: None,
                revision: 0,
                told: false,
            }),
            // What was typed or chosen is checked first: the grade follows from it.
            Command::Respond(ref said) => Body::Review(said.review()),
            Command::Set { deck, card, change } => Body::Set { deck, card, change },
            Command::Undo { of } => Body::Undo { of },
            Command::ImportCommit { job } => Body::ImportCommit { job },
            Command::ImportRevoke { job } => Body::ImportRevoke { job },
            Command::Claim { guest, job } => Body::Claim { guest, job },
            Command::Regrade(regrade) => Body::Regrade(regrade),
        };
        LogEntry { id, job: None, stamp: self.zones.stamp(id.at_ms()), body }
    }

    pub(super) fn undo_entry(&self, id: EntryId, of: EntryId) -> LogEntry {
        self.entry_of(id, &Command::Undo { of })
    }

    fn stamp_revision(&self, entry: &mut LogEntry, key: CardKey) {
        let revision = self.decks.get(&key.0).and_then(|s| s.deck.card(key.1)).map(|card| card.revision);
        if let (Body::Review(review), Some(revision)) = (&mut entry.body, revision) {
            review.revision = revision;
        }
    }

    /// The card that a command names, if the learner may speak of it; `None` when its deck must be read first.
    fn target(
        &self,
        deck: DeckId,
        card: CardId,
        id: EntryId,
        gathered: &Gathered,
    ) -> Result<Option<Target>, Refusal> {
        let known = self.decks.get(&deck).and_then(|study| Some((study, study.deck.index_of(card)?)));
        let Some((study, index)) = known else {
            // A card that was made a moment ago may be answered before the session is told of it.
            return if gathered.decks_asked { Err(Refusal::UnknownCard) } else { Ok(None) };
        };
        let meta = study.deck.card(index).ok_or(Refusal::UnknownCard)?;
        let target = Target { key: (deck, index), card };
        if study.shows(index) || study.has_entries {
            return Ok(Some(target));
        }
        // The stretches in which the learner could see the card.
        let life =
            Span { from_ms: meta.created_ms, until_ms: earlier(meta.deleted_ms, study.deck.deleted_ms) };
        let mut seen = study.spans.iter().filter_map(|span| span.and(&life)).peekable();
        if seen.peek().is_none() {
            return Err(Refusal::UnknownCard);
        }
        if seen.any(|span| span.holds(id.at_ms())) { Ok(Some(target)) } else { Err(Refusal::Forbidden) }
    }
}

/// The earlier of two ends; `None` is no end.
fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    [a, b].into_iter().flatten().min()
}

fn card_of(command: &Command) -> Option<(DeckId, CardId)> {
    match *command {
        Command::Answer(a) => Some((a.deck, a.card)),
        Command::Respond(ref said) => Some((said.deck, said.card)),
        Command::Set { deck, card, .. } => Some((deck, card)),
        Command::Undo { .. }
        | Command::ImportCommit { .. }
        | Command::ImportRevoke { .. }
        | Command::Claim { .. }
        | Command::Regrade(_) => None,
    }
}
