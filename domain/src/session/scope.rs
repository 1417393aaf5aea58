//! `start`: which decks a sitting is over, and the queue that follows.

use super::decks::{CardKey, DeckStudy};
use super::reread::Why;
use super::rollover::listed;
use super::types::*;
use super::work::{Block, Gathered, Step};
use super::{DeckLoad, DoneState, Session, Sitting, Socket};
use crate::entry::LogEntry;
use crate::fold::Live;
use crate::ids::{DeckId, SittingId};
use crate::limits::{DECKS_PER_SESSION, WINDOW_MAX};
use std::collections::BTreeSet;

impl Session {
    /// Works on a `start`: resolves its decks, loads what is missing, then replaces the sitting before.
    pub(super) fn start(
        &mut self,
        now: Now,
        socket: SocketId,
        start: &Start,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        let decks = match self.resolve(start.decks.clone(), gathered) {
            Ok(decks) => decks,
            Err(Ok(want)) => return self.load_of(&want).map_or(Step::Need(want), Step::WaitFor),
            Err(Err(notice)) => {
                fx.push(Effect::Send { socket, out: Out::Error(notice) });
                return Step::Done;
            }
        };
        let wants_extras = start.filter.is_some_and(Filter::reaches_beyond_due);
        if wants_extras && gathered.sitting.is_none() {
            gathered.were_pending = self.pending.all().map(|pending| pending.entry).collect();
            return Step::Need(Want::Sitting(start.sitting));
        }
        let extras_done =
            if wants_extras { self.answered_in(start.sitting, gathered) } else { BTreeSet::new() };
        let sitting = Sitting {
            id: start.sitting,
            asked: start.decks.clone(),
            decks,
            tags: start.tags.clone(),
            filter: start.filter,
            window: start.window.clamp(1, WINDOW_MAX),
            limits: start.limits,
            more: start.more,
            mode: start.mode,
            extras_done,
            queue: None,
        };
        self.begin(now, socket, sitting, fx);
        Step::Done
    }

    /// The cards that a sitting has answered already: by the log, and by what was on its way when it was read.
    fn answered_in(&self, sitting: SittingId, gathered: &Gathered) -> BTreeSet<CardKey> {
        let on_the_way: Vec<LogEntry> =
            gathered.were_pending.iter().copied().chain(self.pending.all().map(|p| p.entry)).collect();
        let live = Live::of(&on_the_way);
        let stored = gathered.sitting.iter().flat_map(|figures| figures.cards.iter().copied());
        let pending = on_the_way
            .iter()
            .filter(|entry| live.counts(entry))
            .filter_map(LogEntry::review)
            .filter(|review| review.sitting == Some(sitting))
            .map(|review| (review.deck, review.card));
        stored
            .chain(pending)
            .filter_map(|(deck, card)| Some((deck, self.decks.get(&deck)?.deck.index_of(card)?)))
            .collect()
    }

    fn begin(&mut self, _now: Now, socket: SocketId, sitting: Sitting, fx: &mut Vec<Effect>) {
        // It was asked before this `start` was read, and about another sitting.
        self.forget_rescope(socket);
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        let held = std::mem::take(&mut state.held);
        state.sitting = Some(sitting);
        state.done = DoneState::Studying;
        self.put_back(&held);
        let by_deck = self.left_by_deck(socket);
        fx.push(Effect::Send { socket, out: Out::Queue(listed(&by_deck), self.left(socket)) });
    }

    /// The decks that a `start` means, all loaded; or what must be fetched first; or why not.
    pub(super) fn resolve(
        &self,
        asked: Option<Vec<DeckId>>,
        gathered: &Gathered,
    ) -> Result<Vec<DeckId>, Result<Want, Notice>> {
        let decks = match &gathered.scope {
            None => return Err(Ok(Want::Scope(asked))),
            Some(Scope::Forbidden) => return Err(Err(Notice::Forbidden)),
            Some(Scope::Decks(decks)) => decks,
        };
        if decks.len() > DECKS_PER_SESSION {
            return Err(Err(Notice::TooManyDecks));
        }
        let missing: Vec<DeckId> =
            decks.iter().filter(|deck| !self.decks.contains_key(deck)).copied().collect();
        if !missing.is_empty() && !gathered.decks_asked {
            return Err(Ok(Want::Decks(missing)));
        }
        let mut decks: Vec<DeckId> =
            decks.iter().filter(|deck| self.decks.contains_key(deck)).copied().collect();
        decks.sort_unstable();
        decks.dedup();
        Ok(decks)
    }

    /// Above the limit, decks that no sitting is over and about which nothing is on its way are forgotten.
    pub(super) fn forget_decks(&mut self) {
        if self.decks.len() <= DECKS_PER_SESSION || self.is_reading() {
            return;
        }
        let sockets = || self.sockets.values();
        let held = sockets().flat_map(|socket| &socket.held).map(|held| held.key);
        let keys = held.chain(self.pending.all().map(|p| p.key)).chain(self.locked.keys().copied());
        let mut wanted: BTreeSet<DeckId> =
            keys.chain(self.repairs.values().copied()).map(|key| key.0).collect();
        wanted.extend(
            sockets().filter_map(|socket| socket.sitting.as_ref()).flat_map(|s| s.decks.iter().copied()),
        );
        self.decks.retain(|id, study| wanted.contains(id) || study.unrepaired().next().is_some());
        self.returned.retain(|key| self.decks.contains_key(&key.0));
    }

    /// Loads decks that nobody asked for, as far as there is room. What is in memory already is read again by itself, and so
    /// is what is on its way, if a mark was taken since.
    pub(super) fn load_unasked(&mut self, mut decks: Vec<DeckId>, fx: &mut Vec<Effect>) {
        let on_the_way = |deck: &DeckId| self.loads.values().flatten().any(|loading| loading == deck);
        decks.retain(|deck| !self.decks.contains_key(deck) && !on_the_way(deck));
        let loading: usize = self.loads.values().map(Vec::len).sum();
        decks.truncate(DECKS_PER_SESSION.saturating_sub(self.decks.len() + loading));
        if !decks.is_empty() {
            let token = self.fetch(Want::Decks(decks.clone()), fx);
            self.loads.insert(token, decks);
        }
    }

    /// A load for nobody that brings some of what is wanted: to ask beside it is to fold the same log a second time, behind it.
    fn load_of(&self, want: &Want) -> Option<Token> {
        let Want::Decks(wanted) = want else { return None };
        let wanted: BTreeSet<DeckId> = wanted.iter().copied().collect();
        let brings = |decks: &Vec<DeckId>| decks.iter().any(|deck| wanted.contains(deck));
        self.loads.iter().find(|(_, decks)| brings(decks)).map(|(token, _)| *token)
    }

    /// They arrived. What could not be read stays as it is stored: who asks for it folds it.
    pub(super) fn loaded_unasked(
        &mut self,
        now: Now,
        token: Token,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        if let Ok(Facts::Decks(loads)) = facts {
            self.put_decks(now, loads, fx);
        }
        self.access_unread |= std::mem::take(&mut self.access_changed_while_loading);
        let waits = |socket: &Socket| socket.blocked == Some(Block::Fetch(token));
        let waiting: Vec<SocketId> =
            self.sockets.iter().filter(|(_, s)| waits(s)).map(|(id, _)| *id).collect();
        for socket in waiting {
            if let Some(state) = self.sockets.get_mut(&socket) {
                state.blocked = None;
            }
            self.pump(now, socket, fx);
        }
        self.forget_decks_told();
    }

    /// Decks were loaded. What they may lack is read again.
    pub(super) fn put_decks(&mut self, now: Now, loads: Vec<DeckLoad>, fx: &mut Vec<Effect>) {
        let mut lacking = Vec::new();
        for load in loads {
            let deck = load.deck.id;
            lacking.extend(self.put_deck(now, load, fx).map(|why| (deck, why)));
        }
        self.reread_all(lacking, fx);
    }

    /// A deck was loaded. What the session has already is newer than what was read and stays. Says why it is to be read
    /// again, if it is.
    fn put_deck(&mut self, now: Now, load: DeckLoad, fx: &mut Vec<Effect>) -> Option<Why> {
        let today = self.today;
        self.forget_recalls();
        match self.decks.get_mut(&load.deck.id) {
            Some(study) => {
                study.spans = load.spans;
                study.recount(today);
                self.deck_changed(now, load.deck, fx);
                None
            }
            None => {
                let told = self.decks_told.remove(&load.deck.id);
                let id = load.deck.id;
                self.decks.insert(id, DeckStudy::new(load, today));
                if let Some(newer) = told {
                    self.deck_changed(now, newer, fx);
                }
                let imported = self.imports_told.remove(&id).then_some(Why::Imported);
                imported.max(self.lacks_marks().then_some(Why::Marked))
            }
        }
    }
}
