//! The turn of a session: its inbox, the machine in a contained part, and what the turn leaves behind.

use super::Shard;
use crate::messages::{Aside, Item, Job, ToSocket};
use crate::resident::{Resident, SessionCell, Wake};
use domain::commit::Offer;
use domain::ids::{EntryId, UserId};
use domain::session::{Effect, Input, Now, Refusal};
use ports::Quarantined;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Inputs that one wake-up works off before others get their turn.
const INPUTS_A_TURN: usize = 256;
/// Sessions that are driven together before sockets get their turn.
const SESSIONS_A_TURN: usize = 128;

impl Shard {
    /// An input for a session of this shard; `false` if it is not here.
    pub(super) fn give(&self, user: UserId, input: Input) -> bool {
        let residents = self.residents.borrow();
        let Some(resident) = residents.get(&user) else { return false };
        self.post(resident, input);
        true
    }

    /// An input from a socket of this worker: the session takes its turn now, on the socket's own turn. Without a
    /// session the socket is being closed.
    pub(super) fn run(&self, user: UserId, input: Input) {
        let cell = self.residents.borrow().get(&user).map(|resident| resident.cell.clone());
        if let Some(cell) = cell {
            self.enqueue(&cell, input);
            self.drive(&cell);
        }
    }

    fn post(&self, resident: &Resident, input: Input) {
        self.enqueue(&resident.cell, input);
        self.wake(resident);
    }

    fn enqueue(&self, cell: &SessionCell, input: Input) {
        let mut inbox = cell.inbox.borrow_mut();
        inbox.push_back(input);
        self.inbox_high_water.set(self.inbox_high_water.get().max(inbox.len()));
    }

    fn wake(&self, resident: &Resident) {
        if resident.cell.woken.replace(true) {
            return;
        }
        if self.collecting.get() {
            return self.collected.borrow_mut().push(resident.cell.clone());
        }
        if resident.addr.try_send(Wake).is_err() {
            // The mailbox is full of wake-ups that have not run, or closed: the tick looks again.
            resident.cell.woken.set(false);
            resident.cell.deadline_tick_ms.set(Some(0));
            self.deadlines.borrow_mut().insert((0, resident.cell.user));
        }
    }

    /// Gives every session that was collected its turn; after some of them others on this thread get theirs.
    pub(super) async fn drive_collected(&self) {
        loop {
            let some: Vec<Rc<SessionCell>> = {
                let mut collected = self.collected.borrow_mut();
                let many = collected.len().min(SESSIONS_A_TURN);
                collected.drain(..many).collect()
            };
            if some.is_empty() {
                return;
            }
            some.iter().for_each(|cell| self.drive(cell));
            if self.collected.borrow().is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Runs a session over its inbox. The machine runs in a contained part: effects are performed only after it
    /// returned, and a panic in it is this learner's alone.
    pub(crate) fn drive(&self, cell: &Rc<SessionCell>) {
        cell.woken.set(false);
        let now = self.now();
        for _ in 0..INPUTS_A_TURN {
            let Some(input) = cell.next_input() else { break };
            cell.heat.set(cell.heat.get().after_input(now.tick_ms));
            let input = self.unless_guilty(cell.user, input);
            let id = command_of(&input);
            let mut fx = std::mem::take(&mut *self.fx.borrow_mut());
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let mut session = cell.session.borrow_mut();
                let Some(session) = session.as_mut() else { return };
                if let Some(hook) = &self.shared.hooks.before_input {
                    hook(cell.user, &input);
                }
                session.handle(now, input, &mut fx);
            }));
            if outcome.is_err() {
                if let Some(id) = id {
                    self.shared.suspects.note(cell.user, id);
                }
                fx.clear();
                *self.fx.borrow_mut() = fx;
                self.fell(cell);
                break;
            }
            self.perform(cell, &mut fx);
            *self.fx.borrow_mut() = fx;
        }
        self.after_turn(cell, now);
        self.flush();
    }

    /// A command that broke its session before, more than once, is put aside and refused; all others pass.
    fn unless_guilty(&self, user: UserId, input: Input) -> Input {
        let Input::Command { socket, seq, id, command } = input else { return input };
        if self.shared.suspects.are_none() || !self.shared.suspects.is_guilty(user, id) {
            return Input::Command { socket, seq, id, command };
        }
        tracing::error!(%user, %id, "a command that breaks its session goes to quarantine");
        let what = Quarantined {
            user,
            id,
            at_ms: self.now().wall_ms,
            reason: "its session panicked each time that it was handled".to_owned(),
            raw: format!("{command:?}").into_bytes(),
        };
        if self.shared.aside.try_send(Aside { what, then: None }).is_err() {
            tracing::error!(%user, %id, "there is no room left to put it aside: its client has it");
        }
        Input::Refused { socket, seq, id, refusal: Refusal::Internal }
    }

    fn perform(&self, cell: &SessionCell, fx: &mut Vec<Effect>) {
        for effect in fx.drain(..) {
            match effect {
                Effect::Append(append) => {
                    let offer = Offer { user: cell.user, shard: self.no, append, stale: false };
                    self.outbox.borrow_mut().push(Item::Row(offer));
                    self.shared.undecided_rows.fetch_add(1, Ordering::Relaxed);
                }
                Effect::Send { socket, out } => self.deliver(socket, ToSocket::of(out)),
                Effect::Cell { class, cell } => {
                    if let Some(classes) = &self.shared.classes {
                        classes.cell(class, cell);
                    }
                }
                Effect::Fetch { token, want } => {
                    self.ask(Job::Fetch { user: cell.user, token, want, shard: self.no });
                }
            }
        }
    }

    /// What a turn leaves behind: the next deadline, the ledger, more to do. The machine is asked in a contained part.
    fn after_turn(&self, cell: &Rc<SessionCell>, now: Now) {
        let asked = catch_unwind(AssertUnwindSafe(|| {
            let session = cell.session.borrow();
            session.as_ref().map(|session| (session.next_deadline(now), session.bytes(), session.owes_rows()))
        }));
        let (deadline, bytes, owes_rows) = match asked {
            Ok(Some(asked)) => asked,
            Ok(None) => return,
            Err(_) => return self.fell(cell),
        };
        self.set_deadline(cell, deadline);
        if owes_rows && !cell.owes_rows.replace(true) {
            self.owing.borrow_mut().push_back(cell.user);
        }
        let before = cell.bytes.replace(bytes);
        self.shared.session_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.shared.session_bytes.fetch_sub(before, Ordering::Relaxed);
        if !cell.inbox.borrow().is_empty()
            && let Some(resident) = self.residents.borrow().get(&cell.user)
        {
            self.wake(resident);
        }
    }

    pub(super) fn set_deadline(&self, cell: &SessionCell, at: Option<u64>) {
        let before = cell.deadline_tick_ms.replace(at);
        if before == at {
            return;
        }
        let mut deadlines = self.deadlines.borrow_mut();
        if let Some(before) = before {
            deadlines.remove(&(before, cell.user));
        }
        if let Some(at) = at {
            deadlines.insert((at, cell.user));
        }
    }
}

/// The command that an input is, if it is one.
const fn command_of(input: &Input) -> Option<EntryId> {
    if let Input::Command { id, .. } = input { Some(*id) } else { None }
}
