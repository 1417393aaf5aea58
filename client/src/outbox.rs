//! Commands without a verdict, and which of them may be sent now.

use protocol::{Body, Command};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A command on its way to a verdict.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) user: Uuid,
    pub(crate) command: Command,
    /// The clock correction that is in its id.
    pub(crate) offset_ms: i64,
    /// Whether it may have been sent: its id and content are fixed then.
    pub(crate) sent: bool,
}

/// All commands without a verdict, by id. Each is waiting, put off, or on a socket.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: BTreeMap<Uuid, Entry>,
    /// How many there are of each user.
    counts: BTreeMap<Uuid, usize>,
    /// To be sent as soon as there is room.
    waiting: BTreeSet<Uuid>,
    /// To be sent again at a tick.
    put_off: BTreeMap<Uuid, u64>,
}

impl Outbox {
    /// Most commands that wait for their verdicts on one device; beyond, the learner is told to stop.
    pub(crate) const ENTRIES_MAX: usize = 100_000;

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= Self::ENTRIES_MAX
    }

    pub(crate) fn insert(&mut self, entry: Entry) {
        let id = entry.command.id;
        self.waiting.insert(id);
        *self.counts.entry(entry.user).or_default() += 1;
        self.entries.insert(id, entry);
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<&Entry> {
        self.entries.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: Uuid) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    /// Takes a command out: it has its verdict.
    pub(crate) fn remove(&mut self, id: Uuid) -> Option<Entry> {
        self.waiting.remove(&id);
        self.put_off.remove(&id);
        let entry = self.entries.remove(&id)?;
        if let Some(count) = self.counts.get_mut(&entry.user) {
            *count -= 1;
        }
        Some(entry)
    }

    pub(crate) fn count_of(&self, user: Uuid) -> usize {
        self.counts.get(&user).copied().unwrap_or(0)
    }

    pub(crate) fn count_of_others(&self, user: Uuid) -> usize {
        self.entries.len() - self.count_of(user)
    }

    /// Ids of this user that were never sent, oldest first.
    pub(crate) fn unsent_of(&self, user: Uuid) -> Vec<Uuid> {
        let unsent = self.entries.iter().filter(|(_, entry)| entry.user == user && !entry.sent);
        unsent.map(|(id, _)| *id).collect()
    }

    /// The newest id that may have been sent.
    pub(crate) fn newest_sent(&self) -> Option<Uuid> {
        self.entries.iter().rev().find(|(_, entry)| entry.sent).map(|(id, _)| *id)
    }

    /// The newest id of all.
    pub(crate) fn newest(&self) -> Option<Uuid> {
        self.entries.keys().next_back().copied()
    }

    /// The oldest command of this user that may be sent now, if any; it counts as on a socket from here.
    pub(crate) fn take_next(&mut self, user: Uuid) -> Option<Uuid> {
        let id = self.waiting.iter().copied().find(|id| self.may_go(*id, user))?;
        self.waiting.remove(&id);
        Some(id)
    }

    /// The newest answer of this user to this card that waits to be sent on this socket.
    pub(crate) fn waiting_answer(&self, user: Uuid, card_id: Uuid) -> Option<Uuid> {
        let waiting = self.put_off.keys().chain(self.waiting.iter());
        let answers = waiting.filter(|id| {
            self.entries.get(id).is_some_and(|entry| {
                let answers =
                    matches!(&entry.command.body, Body::Answer(answer) if answer.card_id == card_id);
                entry.user == user && answers
            })
        });
        answers.max().copied()
    }

    /// Not those of other users, and no undo while the command that it names is put off.
    fn may_go(&self, id: Uuid, user: Uuid) -> bool {
        let Some(entry) = self.entries.get(&id) else { return false };
        let held_back = match &entry.command.body {
            Body::Undo(undo) => self.put_off.contains_key(&undo.of),
            Body::Answer(_) | Body::Set(_) => false,
        };
        entry.user == user && !held_back
    }

    /// Sends a command again, not before the tick `at`.
    pub(crate) fn put_off(&mut self, id: Uuid, at: u64) {
        if self.entries.contains_key(&id) {
            self.waiting.remove(&id);
            self.put_off.insert(id, at);
        }
    }

    /// Lets those go whose time has come.
    pub(crate) fn wake(&mut self, tick: u64) {
        let due: Vec<Uuid> = self.put_off.iter().filter(|(_, at)| **at <= tick).map(|(id, _)| *id).collect();
        for id in due {
            self.put_off.remove(&id);
            self.waiting.insert(id);
        }
    }

    /// The earliest tick at which [`Outbox::wake`] lets one go.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.put_off.values().copied().min()
    }

    /// The socket is gone: all are to be sent again.
    pub(crate) fn socket_ended(&mut self) {
        self.put_off.clear();
        self.waiting = self.entries.keys().copied().collect();
    }
}
