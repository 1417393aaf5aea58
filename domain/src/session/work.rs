//! A socket's inbox: its frames are worked off in their order, and one that needs what memory lacks parks its own
//! socket until the facts arrive, and nobody else.

use super::decks::CardKey;
use super::types::*;
use super::{DoneState, Session, Socket};
use crate::entry::LogEntry;
use crate::ids::EntryId;
use crate::limits;
use std::collections::VecDeque;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Block {
    Fetch(Token),
    Card(CardKey),
}

#[derive(Debug)]
pub(super) struct Work {
    pub(super) task: Task,
    pub(super) gathered: Gathered,
}

#[derive(Debug)]
pub(super) enum Task {
    Start(Box<Start>),
    Command { seq: u64, id: EntryId, command: Command },
}

/// What was fetched for the work at the head of a socket's inbox.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) entries: Option<Vec<LogEntry>>,
    pub(super) named: Option<Vec<LogEntry>>,
    pub(super) card_log: Option<Vec<LogEntry>>,
    /// Entries of the card that were pending when its log was asked for.
    pub(super) were_pending: Vec<LogEntry>,
    pub(super) before: Option<Vec<EntryId>>,
    pub(super) scope: Option<Scope>,
    pub(super) sitting: Option<SittingFigures>,
    pub(super) decks_asked: bool,
    /// The command's entry became durable, with this content digest, while the store was asked for it.
    pub(super) settled: Option<u64>,
}

pub(super) enum Step {
    Done,
    Need(Want),
    /// What is being fetched already, for nobody or for others.
    WaitFor(Token),
    WaitForCard(CardKey),
}

impl Session {
    pub(super) fn enqueue(&mut self, now: Now, socket: SocketId, task: Task, fx: &mut Vec<Effect>) {
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        state.acted_tick_ms = now.tick_ms;
        state.lost_on_screen = false;
        if state.inbox.len() >= limits::SOCKET_INBOX {
            fx.push(Effect::Send { socket, out: Out::Close(Closing::TooSlow) });
            self.detach(now, socket);
            return;
        }
        let work = Work { task, gathered: Gathered::default() };
        if state.blocked.is_some() || !state.inbox.is_empty() {
            return state.inbox.push_back(work);
        }
        // Nothing waits before it: it needs no place in the inbox.
        if self.work_off(now, socket, work, fx) {
            self.pump(now, socket, fx);
        }
    }

    /// Works off a socket's inbox until it is empty or has to wait.
    pub(super) fn pump(&mut self, now: Now, socket: SocketId, fx: &mut Vec<Effect>) {
        loop {
            let Some(state) = self.sockets.get_mut(&socket) else { return };
            if state.blocked.is_some() {
                return;
            }
            let Some(work) = state.inbox.pop_front() else {
                // It is rarely needed, and large: nothing is kept of it.
                state.inbox = VecDeque::new();
                return;
            };
            if !self.work_off(now, socket, work, fx) {
                return;
            }
        }
    }

    /// Works off what is at the head. `false` if it has to wait, and with it all that comes after it.
    fn work_off(&mut self, now: Now, socket: SocketId, mut work: Work, fx: &mut Vec<Effect>) -> bool {
        let block = match self.work(now, socket, &mut work, fx) {
            Step::Done => {
                self.unlock(socket);
                return true;
            }
            Step::Need(want) => Block::Fetch(self.fetch(want, fx)),
            Step::WaitFor(token) => Block::Fetch(token),
            Step::WaitForCard(key) => Block::Card(key),
        };
        if let Some(state) = self.sockets.get_mut(&socket) {
            state.inbox.push_front(work);
            state.blocked = Some(block);
        }
        false
    }

    fn work(&mut self, now: Now, socket: SocketId, work: &mut Work, fx: &mut Vec<Effect>) -> Step {
        match &work.task {
            Task::Start(start) => self.start(now, socket, start, &mut work.gathered, fx),
            Task::Command { seq, id, command } => {
                let (seq, id) = (*seq, *id);
                match command.clone() {
                    Command::Undo { of } => self.undo(now, socket, (seq, id), of, &mut work.gathered, fx),
                    Command::Respond(said) => {
                        self.respond(now, socket, (seq, id), &said, &mut work.gathered, fx)
                    }
                    command @ (Command::Answer(_) | Command::Set { .. }) => {
                        self.accept(now, socket, (seq, id), command, &mut work.gathered, fx)
                    }
                    command @ (Command::ImportCommit { .. }
                    | Command::ImportRevoke { .. }
                    | Command::Claim { .. }) => self.mark(socket, (seq, id), command, &work.gathered, fx),
                    Command::Regrade(regrade) => {
                        self.regrade(socket, (seq, id), regrade, &mut work.gathered, fx)
                    }
                }
            }
        }
    }

    pub(super) fn fetch(&mut self, want: Want, fx: &mut Vec<Effect>) -> Token {
        self.next_token += 1;
        let token = Token(self.next_token);
        fx.push(Effect::Fetch { token, want });
        token
    }

    pub(super) fn fetched(
        &mut self,
        now: Now,
        token: Token,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        if let Some(key) = self.repairs.remove(&token) {
            return self.repaired(now, key, facts, fx);
        }
        if let Some(reread) = self.rereads.remove(&token) {
            return self.reread_done(now, reread, facts, fx);
        }
        if self.loads.remove(&token).is_some() {
            return self.loaded_unasked(now, token, facts, fx);
        }
        if self.access_fetch == Some(token) {
            self.access_fetch = None;
            return self.access_fetched(now, facts, fx);
        }
        if let Some(rescope) = self.rescopes.remove(&token) {
            self.rescope_fetched(now, rescope, facts, fx);
            return self.forget_decks_told();
        }
        let Some(facts) = self.lesson_fetched(now, token, facts, fx) else {
            return self.forget_decks_told();
        };
        let asked = |socket: &Socket| socket.blocked == Some(Block::Fetch(token));
        let by = self.sockets.iter().find(|(_, socket)| asked(socket)).map(|(id, _)| *id);
        if let Some(socket) = by {
            if let Some(state) = self.sockets.get_mut(&socket) {
                state.blocked = None;
            }
            match facts {
                Ok(facts) => self.gather(now, socket, facts, fx),
                Err(FetchFailed) => self.fetch_failed(socket, fx),
            }
            self.pump(now, socket, fx);
            return self.forget_decks_told();
        }
        let asking = |socket: &Socket| socket.done == DoneState::Asking(token);
        let by = self.sockets.iter().find(|(_, socket)| asking(socket)).map(|(id, _)| *id);
        if let Some(socket) = by {
            self.figures_read(now, socket, facts, fx);
        }
    }

    /// Whether decks may be on their way from the store: somebody waits for them, or they are read for nobody.
    pub(super) fn is_reading(&self) -> bool {
        !self.loads.is_empty() || self.is_awaiting()
    }

    /// Whether a socket waits for what is read, or looks at its decks again.
    pub(super) fn is_awaiting(&self) -> bool {
        !self.rescopes.is_empty()
            || self.reads_lesson_decks()
            || self.sockets.values().any(|socket| matches!(socket.blocked, Some(Block::Fetch(_))))
    }

    /// Once nothing is being read, nothing older than what was told can arrive.
    pub(super) fn forget_decks_told(&mut self) {
        if !self.is_reading() {
            self.decks_told.clear();
            self.imports_told.clear();
            self.marked_while_reading = false;
        }
    }

    /// Puts what was fetched beside the work that asked for it; decks stay with the session.
    fn gather(&mut self, now: Now, socket: SocketId, facts: Facts, fx: &mut Vec<Effect>) {
        let Some(work) = self.sockets.get_mut(&socket).and_then(|s| s.inbox.front_mut()) else { return };
        let gathered = &mut work.gathered;
        match facts {
            Facts::Decks(loads) => {
                gathered.decks_asked = true;
                self.put_decks(now, loads, fx);
            }
            Facts::Scope(scope) => gathered.scope = Some(scope),
            Facts::Entries(entries) if gathered.entries.is_none() => gathered.entries = Some(entries),
            Facts::Entries(entries) => gathered.named = Some(entries),
            Facts::CardLog(entries) => gathered.card_log = Some(entries),
            Facts::Before(ids) => gathered.before = Some(ids),
            Facts::Sitting(figures) => gathered.sitting = Some(figures),
            // No work asks for it.
            Facts::Access(_) => {}
        }
    }

    /// The store could not be read: the work at the head is given back to its client.
    fn fetch_failed(&mut self, socket: SocketId, fx: &mut Vec<Effect>) {
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        let Some(work) = state.inbox.pop_front() else { return };
        match work.task {
            Task::Command { seq, id, .. } => {
                state.busy.insert(id);
                self.refuse(socket, seq, id, Refusal::Busy, fx);
            }
            Task::Start(_) => {
                fx.push(Effect::Send { socket, out: Out::Error(Notice::StoreUnavailable) });
            }
        }
        self.unlock(socket);
    }

    /// The cards that a socket held locked are free again. A queue that passed one over has to look again.
    pub(super) fn unlock(&mut self, socket: SocketId) {
        let before = self.locked.len();
        self.locked.retain(|_, by| *by != socket);
        if self.locked.len() < before {
            self.forget_queues();
        }
    }
}
