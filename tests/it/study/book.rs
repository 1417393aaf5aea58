//! The book of what a learner's devices sent and were told, and the judgement of a log by it: nothing that was
//! acknowledged is missing, nothing is there twice, nothing was invented, and the progress rows are the log's fold.

use crate::reference::{self, Card};
use domain::check::later::response_digest;
use domain::entry::{Body, LogEntry};
use domain::fold::fold_learner;
use domain::ids::{DeckId, EntryId, Uuid};
use domain::session::{Command, Response};
use domain::state::{CardState, FoldParams};
use ports::Progress;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use studyhall::ws::study::command_input;

/// What was sent for one learner, from all devices, and what became of it.
#[derive(Clone, Debug, Default)]
pub struct Book {
    sent: BTreeMap<Uuid, protocol::Command>,
    saved: BTreeSet<Uuid>,
    refused: BTreeMap<Uuid, String>,
}

impl Book {
    pub fn sent(&mut self, command: protocol::Command) {
        self.sent.insert(command.id, command);
    }

    /// The same from a frame.
    pub fn sent_frame(&mut self, frame: &Value) {
        self.sent(protocol::decode_command(&frame.to_string()).unwrap());
    }

    pub fn saved(&mut self, id: Uuid) {
        self.saved.insert(id);
    }

    pub fn refused(&mut self, id: Uuid, code: &str) {
        self.refused.insert(id, code.to_owned());
    }

    /// An id was made anew before it was sent.
    pub fn renamed(&mut self, from: Uuid, to: Uuid) {
        if let Some(mut command) = self.sent.remove(&from) {
            command.id = to;
            self.sent.insert(to, command);
        }
        for command in self.sent.values_mut() {
            if let protocol::Body::Undo(undo) = &mut command.body
                && undo.of == from
            {
                undo.of = to;
            }
        }
    }

    /// What another device of the same learner did and was told.
    pub fn add(&mut self, other: &Book) {
        self.sent.extend(other.sent.iter().map(|(id, command)| (*id, command.clone())));
        self.saved.extend(&other.saved);
        self.refused.extend(other.refused.iter().map(|(id, code)| (*id, code.clone())));
    }

    pub fn count_saved(&self) -> usize {
        self.saved.len()
    }

    pub fn count_refused(&self) -> usize {
        self.refused.len()
    }

    pub fn is_decided(&self) -> bool {
        self.sent.keys().all(|id| self.saved.contains(id) || self.refused.contains_key(id))
    }

    /// What is wrong with a log, in words; empty when it keeps every promise.
    pub fn faults(&self, log: &[LogEntry]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut stored: BTreeMap<Uuid, &LogEntry> = BTreeMap::new();
        for entry in log {
            if stored.insert(entry.id.0, entry).is_some() {
                faults.push(format!("{} is there twice", entry.id));
            }
            match self.sent.get(&entry.id.0) {
                None => faults.push(format!("{} was never sent", entry.id)),
                Some(command) if !is_content(command, entry) => {
                    faults.push(format!("{} is not as it was sent: {command:?}, {entry:?}", entry.id));
                }
                Some(_) => {}
            }
        }
        for id in &self.saved {
            if !stored.contains_key(id) {
                faults.push(format!("{id} was acknowledged and is lost"));
            }
        }
        for (id, code) in &self.refused {
            if stored.contains_key(id) && code != "id_reused" {
                faults.push(format!("{id} was refused as {code} and is there"));
            }
        }
        faults
    }
}

fn is_content(command: &protocol::Command, entry: &LogEntry) -> bool {
    let (id, Ok(command)) = command_input(command) else { return false };
    let content = match (command, entry.body) {
        (Command::ImportCommit { job } | Command::ImportRevoke { job } | Command::Claim { job, .. }, _) => {
            entry.mark_of() == Some(job)
        }
        (Command::Regrade(regrade), _) => entry.regrade() == Some(&regrade),
        (Command::Answer(sent), Body::Review(stored)) => {
            (sent.deck, sent.card, sent.grade) == (stored.deck, stored.card, stored.grade)
                && (sent.elapsed_ms, sent.sitting) == (stored.elapsed_ms, stored.sitting)
                && (sent.confidence, sent.early) == (stored.confidence, stored.early)
        }
        (Command::Respond(sent), Body::Review(stored)) => {
            let typed = match &sent.response {
                Response::Text(text) => Some(response_digest(text)),
                Response::Choice(_) => stored.response,
            };
            (sent.deck, sent.card, typed) == (stored.deck, stored.card, stored.response)
                && (sent.elapsed_ms, sent.sitting) == (stored.elapsed_ms, stored.sitting)
        }
        (Command::Undo { of }, Body::Undo { of: stored }) => of == stored,
        (Command::Set { deck, card, change }, Body::Set { deck: d, card: c, change: stored }) => {
            (deck, card, change) == (d, c, stored)
        }
        (
            Command::Answer(_) | Command::Respond(_) | Command::Undo { .. } | Command::Set { .. },
            Body::Review(_)
            | Body::Undo { .. }
            | Body::Set { .. }
            | Body::State { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. },
        ) => false,
    };
    id == entry.id && entry.job.is_none() && content
}

/// What is wrong with a learner's progress rows: each must be the fold of the log, by the production fold and by the
/// one that was written apart from it. A row that says of itself that it is stale is a fault too.
pub fn fold_faults(
    log: &[LogEntry],
    rows: &[Progress],
    params: impl Fn(DeckId) -> FoldParams,
) -> Vec<String> {
    let folded = fold_learner(log, &params);
    let reference = reference::fold(log, &params);
    let mut faults = Vec::new();
    for (key, state) in &folded.cards {
        if reference.cards.get(key) != Some(&Card::of(state)) {
            faults.push(format!("the folds differ about {key:?}"));
        }
    }
    for key in reference.cards.keys().filter(|key| !folded.cards.contains_key(key)) {
        faults.push(format!("only the reference knows of {key:?}"));
    }
    let mut rows: BTreeMap<_, &Progress> = rows.iter().map(|row| ((row.deck, row.card), row)).collect();
    let keys: BTreeSet<_> = folded.cards.keys().chain(rows.keys()).copied().collect();
    for key in keys {
        let row = rows.remove(&key);
        if let Some(row) = row
            && row.params_key != params(key.0).key()
        {
            faults.push(format!("the row of {key:?} is stale"));
            continue;
        }
        let stored = row.map_or(CardState::NEW, |row| row.state);
        let due = folded.cards.get(&key).copied().unwrap_or(CardState::NEW);
        if stored != due {
            faults.push(format!("{key:?}: stored {stored:?}, folded {due:?}"));
        }
    }
    faults
}

/// The ids of a log.
pub fn ids_of(log: &[LogEntry]) -> BTreeSet<EntryId> {
    log.iter().map(|entry| entry.id).collect()
}
