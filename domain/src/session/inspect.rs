//! Looking into a session from outside: what it holds in memory, and whether its parts agree with each other. Nothing
//! here decides anything; tests, simulations and samples in production compare it with the fold of the log.

use super::decks::CardKey;
use super::types::{Kind, SocketId};
use super::{DoneState, Session};
use crate::day::Day;
use crate::ids::{CardId, DeckId, SittingId};
use crate::state::CardState;
use std::collections::{BTreeMap, BTreeSet};

impl Session {
    /// The study day that the session is in.
    pub fn today(&self) -> Day {
        self.today
    }

    /// Every card with a row in memory: its state with what is pending, and whether the row waits for a fold from the
    /// log.
    pub fn states(&self) -> impl Iterator<Item = (DeckId, CardId, CardState, bool)> {
        self.decks.iter().flat_map(|(deck, study)| {
            study.rows().filter_map(|(index, state)| {
                Some((*deck, study.deck.card(index)?.id, state, study.is_stale(index)))
            })
        })
    }

    /// The cards that a socket holds, the one on screen first.
    pub fn held_by(&self, socket: SocketId) -> Vec<(DeckId, CardId, Kind)> {
        let held = self.sockets.get(&socket).map(|s| s.held.as_slice()).unwrap_or_default();
        held.iter().filter_map(|held| Some((held.key.0, self.card_id(held.key)?, held.kind))).collect()
    }

    /// The sitting of a socket.
    pub fn sitting_of(&self, socket: SocketId) -> Option<SittingId> {
        self.sockets.get(&socket)?.sitting.as_ref().map(|sitting| sitting.id)
    }

    /// Whether the socket was told that nothing is left for now.
    pub fn is_told_done(&self, socket: SocketId) -> bool {
        self.sockets.get(&socket).is_some_and(|s| s.done == DoneState::Told)
    }

    /// Entries that were handed to the writer and are neither durable nor refused.
    pub fn pending_entries(&self) -> impl Iterator<Item = &crate::entry::LogEntry> {
        self.pending.all().map(|pending| &pending.entry)
    }

    /// What the session's parts say against each other; empty in a sound session.
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut seen: BTreeSet<CardKey> = BTreeSet::new();
        for (id, socket) in self.sockets.iter() {
            for held in &socket.held {
                if !seen.insert(held.key) {
                    found.push(format!("{:?} is held twice, again by {id:?}", held.key));
                }
            }
            if socket.sitting.as_ref().is_some_and(|sitting| socket.held.len() > sitting.window) {
                found.push(format!("{id:?} holds {} cards, more than its window", socket.held.len()));
            }
        }
        let mut returned = BTreeSet::new();
        for key in &self.returned {
            if !returned.insert(*key) {
                found.push(format!("{key:?} was put back twice"));
            }
            if seen.contains(key) {
                found.push(format!("{key:?} was put back and is held"));
            }
        }
        for id in self.sockets.keys() {
            found.extend(self.counts_that_differ(*id));
        }
        for (deck, study) in self.decks.iter() {
            found.extend(study.contradictions().into_iter().map(|what| format!("{deck:?}: {what}")));
        }
        found
    }

    /// Where the counts shown to a socket, which leave out what others did, differ from those of a copy of the deck in
    /// which that was never done.
    fn counts_that_differ(&self, socket: SocketId) -> Vec<String> {
        let mut before: BTreeMap<DeckId, BTreeMap<u32, CardState>> = BTreeMap::new();
        for ((deck, index), state) in self.pending.changed_by_others(socket) {
            before.entry(deck).or_default().insert(index, state);
        }
        let differs = |(deck, instead): (&DeckId, &BTreeMap<u32, CardState>)| {
            let study = self.decks.get(deck).filter(|study| !study.has_stale())?;
            let mut copy = study.clone();
            for (index, state) in instead {
                copy.set_state(*index, *state);
            }
            let (shown, copied) = (study.counts_if(instead).available, copy.counts().available);
            (shown != copied)
                .then(|| format!("{socket:?} is shown {shown:?} of {deck:?}, a copy says {copied:?}"))
        };
        before.iter().filter_map(differs).collect()
    }

    /// How much is kept of each thing that has a bound: for the high-water marks.
    pub fn sizes(&self) -> BTreeMap<&'static str, usize> {
        let sockets = || self.sockets.values();
        BTreeMap::from([
            ("sockets", self.sockets.len()),
            ("decks", self.decks.len()),
            ("pending", self.pending.len()),
            ("returned", self.returned.len()),
            ("locked", self.locked.len()),
            ("repairs", self.repairs.len()),
            ("marks", self.marks.len()),
            ("inbox", sockets().map(|s| s.inbox.len()).max().unwrap_or(0)),
            ("busy", sockets().map(|s| s.busy.len()).max().unwrap_or(0)),
            ("commands", sockets().map(|s| s.commands.len()).max().unwrap_or(0)),
        ])
    }
}
