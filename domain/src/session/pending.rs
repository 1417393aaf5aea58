//! Entries that were handed to the writer and are not decided yet, by id and by card.

use super::decks::CardKey;
use super::types::{Reason, SocketId};
use crate::entry::LogEntry;
use crate::ids::EntryId;
use crate::state::CardState;
use std::collections::BTreeMap;

/// One entry on its way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) entry: LogEntry,
    pub(super) digest: u64,
    pub(super) key: CardKey,
    pub(super) from: SocketId,
    /// The card's state before it.
    pub(super) before: CardState,
    /// The commands that wait for its verdict.
    pub(super) waiters: Vec<(SocketId, u64)>,
    pub(super) reason: Reason,
    /// The outcome is not what the card's `if_graded` said.
    pub(super) surprises: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    // Boxed: a node of the tree has room for eleven, and most of the time one is on its way.
    entries: BTreeMap<EntryId, Box<Pending>>,
    /// In the order of their coming, which is the order in which they become durable.
    by_card: BTreeMap<CardKey, Vec<EntryId>>,
    /// Entries whose commands all came on sockets that have ended.
    orphans: usize,
}

impl InFlight {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Commands without verdict that no open socket counts.
    pub(super) fn orphans(&self) -> usize {
        self.orphans
    }

    pub(super) fn get(&self, id: EntryId) -> Option<&Pending> {
        self.entries.get(&id).map(Box::as_ref)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Pending> {
        self.entries.values().map(Box::as_ref)
    }

    /// Those about this card, first come first.
    pub(super) fn about(&self, key: CardKey) -> impl Iterator<Item = &Pending> {
        self.by_card.get(&key).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    pub(super) fn concern(&self, key: CardKey) -> bool {
        self.by_card.contains_key(&key)
    }

    /// The card's state without what other sockets than this did to it and is not durable; `None` when they did
    /// nothing. What this socket did after them is left out with it.
    pub(super) fn before_others(&self, key: CardKey, socket: SocketId) -> Option<CardState> {
        self.about(key).find(|pending| pending.from != socket).map(|pending| pending.before)
    }

    /// The cards that other sockets than this changed, with their states before.
    pub(super) fn changed_by_others(&self, socket: SocketId) -> impl Iterator<Item = (CardKey, CardState)> {
        self.by_card.keys().filter_map(move |key| Some((*key, self.before_others(*key, socket)?)))
    }

    pub(super) fn insert(&mut self, pending: Pending) {
        let id = pending.entry.id;
        self.by_card.entry(pending.key).or_default().push(id);
        self.entries.insert(id, Box::new(pending));
    }

    pub(super) fn remove(&mut self, id: EntryId) -> Option<Pending> {
        let pending = self.entries.remove(&id)?;
        if let Some(ids) = self.by_card.get_mut(&pending.key) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_card.remove(&pending.key);
            }
        }
        if pending.waiters.is_empty() {
            self.orphans = self.orphans.saturating_sub(1);
        }
        if self.entries.is_empty() {
            // An emptied tree keeps a node; a learner who thinks should cost nothing.
            (self.entries, self.by_card) = (BTreeMap::new(), BTreeMap::new());
        }
        Some(*pending)
    }

    /// An entry about this card was refused: what came after it rests on a state that never was. Until the card is
    /// folded again, others are shown the state before it.
    pub(super) fn refused(&mut self, key: CardKey, before: CardState, refused_at: usize) {
        for id in self.by_card.get(&key).into_iter().flatten().skip(refused_at) {
            if let Some(later) = self.entries.get_mut(id) {
                later.before = before;
            }
        }
    }

    /// The place of an entry among those about its card, first come first.
    pub(super) fn place(&self, id: EntryId) -> usize {
        let ids = self.entries.get(&id).and_then(|pending| self.by_card.get(&pending.key));
        ids.and_then(|ids| ids.iter().position(|other| *other == id)).unwrap_or(0)
    }

    /// Another command waits for the same entry.
    pub(super) fn wait(&mut self, id: EntryId, waiter: (SocketId, u64)) {
        let Some(pending) = self.entries.get_mut(&id) else { return };
        if pending.waiters.is_empty() {
            self.orphans = self.orphans.saturating_sub(1);
        }
        pending.waiters.push(waiter);
    }

    /// A socket ended: its commands wait no longer.
    pub(super) fn forget_socket(&mut self, socket: SocketId) {
        for pending in self.entries.values_mut() {
            let had = !pending.waiters.is_empty();
            pending.waiters.retain(|(by, _)| *by != socket);
            if had && pending.waiters.is_empty() {
                self.orphans += 1;
            }
        }
    }
}
