//! Activation, passivation, and what follows a panic.

use super::{AfterBarrier, Barrier, Shard, Waiter};
use crate::engine::Planted;
use crate::messages::{CloseWhy, Item, Job, NotLoaded, ToSocket};
use crate::resident::{Leave, Resident, SessionActor, SessionCell};
use crate::supervisor::ExitNotice;
use domain::directory::{Claim, HomeState, Incarnation};
use domain::ids::{InstanceId, UserId};
use domain::limits::{WAITING_MS, WAITING_PER_LEARNER};
use domain::session::{Input, Session, SessionSeed, SocketId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often a socket claims its learner before it is told to come back later.
const CLAIMS_MAX: u8 = 8;

impl Shard {
    /// Finds the learner's session for a socket of this shard.
    pub(super) fn claim(&self, socket: SocketId, user: UserId, instance: Option<InstanceId>) {
        let claims = match self.sockets.borrow_mut().get_mut(&socket) {
            Some(plug) => {
                plug.claims += 1;
                plug.claims
            }
            None => return,
        };
        if claims > CLAIMS_MAX {
            return self.deliver(socket, ToSocket::Close(CloseWhy::NotReady));
        }
        match self.shared.registry.claim(user, self.no, self.now().tick_ms) {
            Claim::Load(incarnation) => self.activate(socket, user, instance, incarnation),
            Claim::At(shard) if shard == self.no => self.attach_here(socket, user, instance),
            Claim::At(shard) => self.attach_there(shard, socket, user, instance),
            Claim::NotReady => self.deliver(socket, ToSocket::Close(CloseWhy::NotReady)),
            Claim::KeepsFailing => self.deliver(socket, ToSocket::Close(CloseWhy::KeepsFailing)),
        }
    }

    fn activate(&self, socket: SocketId, user: UserId, instance: Option<InstanceId>, n: Incarnation) {
        let held = self.shared.session_bytes.load(Ordering::Relaxed);
        if held > self.shared.limits.session_bytes / 10 * 9 {
            self.shared.registry.remove(user, n);
            return self.deliver(socket, ToSocket::Close(CloseWhy::NotReady));
        }
        self.wait(socket, user, instance);
        self.ask(Job::Activate { user, incarnation: n, shard: self.no });
    }

    /// The learner is at this shard: live, stopping or on its way.
    pub(super) fn attach_here(&self, socket: SocketId, user: UserId, instance: Option<InstanceId>) {
        let cell = self.residents.borrow().get(&user).map(|resident| resident.cell.clone());
        match cell {
            Some(cell) => self.attach_to(&cell, socket, instance),
            None => self.wait(socket, user, instance),
        }
    }

    /// Attaches a socket, of this shard or another, to a session of this shard.
    pub(super) fn attach_to(&self, cell: &Rc<SessionCell>, socket: SocketId, instance: Option<InstanceId>) {
        if cell.stopping.take().is_some() {
            let turned =
                self.shared.registry.turn(cell.user, cell.incarnation, HomeState::Stopping, HomeState::Live);
            tracing::debug!(user = %cell.user, turned, "a stop was called off");
        }
        cell.sockets.borrow_mut().insert(socket);
        self.give(cell.user, Input::Attach { socket, instance });
        self.deliver(socket, ToSocket::Attached);
    }

    fn wait(&self, socket: SocketId, user: UserId, instance: Option<InstanceId>) {
        let waiter = Waiter { socket, instance, since_tick_ms: self.now().tick_ms };
        let full = {
            let mut waiting = self.waiting.borrow_mut();
            let waiters = waiting.entry(user).or_default();
            let full = waiters.len() >= WAITING_PER_LEARNER;
            if !full {
                waiters.push(waiter);
            }
            full
        };
        if full {
            self.deliver(socket, ToSocket::Close(CloseWhy::NotReady));
        }
    }

    /// The loader is back with what a session starts from.
    pub(super) fn activated(&self, user: UserId, n: Incarnation, seed: Result<Box<SessionSeed>, NotLoaded>) {
        if self.lost_loads.borrow_mut().remove(&(user, n)) {
            return self.not_loaded(user, n, CloseWhy::OwnerChanged);
        }
        let seed = match seed {
            Ok(seed) => seed,
            Err(NotLoaded::NotNow) => return self.not_loaded(user, n, CloseWhy::NotReady),
            Err(NotLoaded::Elsewhere(address)) => {
                self.shared.registry.remove(user, n);
                return self.send_waiting(user, &address);
            }
        };
        if !self.shared.registry.turn(user, n, HomeState::Loading, HomeState::Live) {
            return self.close_waiting(user, CloseWhy::NotReady);
        }
        let now = self.now();
        let Ok(session) = catch_unwind(AssertUnwindSafe(|| Session::new(*seed, now))) else {
            tracing::error!(%user, "a session panicked at its beginning");
            self.shared.telemetry.session_fell();
            return self.not_loaded(user, n, CloseWhy::NotReady);
        };
        self.move_in(user, n, session);
    }

    /// No session comes about. What was adopted for it is written and forgotten: nobody else would.
    fn not_loaded(&self, user: UserId, n: Incarnation, why: CloseWhy) {
        self.shared.registry.remove(user, n);
        if let Some(cluster) = &self.shared.cluster {
            cluster.settle(&self.shared, user);
        }
        self.close_waiting(user, why);
    }

    /// A session begins to live here.
    pub(super) fn move_in(&self, user: UserId, n: Incarnation, session: Session) {
        let Some(this) = super::SHARD.with(|slot| slot.borrow().clone()) else { return };
        let cell = SessionCell::new(user, n, session);
        let addr = SessionActor::begin(cell.clone(), this);
        self.residents.borrow_mut().insert(user, Resident { cell: cell.clone(), addr });
        self.give(user, Input::Credit(self.has_credit.get()));
        if let Some(zones) = self.late_zones.borrow_mut().remove(&user) {
            self.give(user, Input::Zones(zones));
        }
        // What is told from here on comes by mail.
        let told = self.shared.classes.as_ref().map(|classes| classes.told_to(user)).unwrap_or_default();
        for told in told {
            self.give(user, Input::Class(told));
        }
        let waiting = self.waiting.borrow_mut().remove(&user).unwrap_or_default();
        for waiter in waiting {
            self.attach_to(&cell, waiter.socket, waiter.instance);
        }
        self.give(user, Input::Tick);
    }

    /// A socket that went away before its learner was loaded must not be attached afterwards.
    pub(super) fn stop_waiting(&self, user: UserId, socket: SocketId) {
        if let Some(waiting) = self.waiting.borrow_mut().get_mut(&user) {
            waiting.retain(|waiter| waiter.socket != socket);
        }
    }

    /// The learner is at another node: whoever waits is relayed there.
    fn send_waiting(&self, user: UserId, address: &Arc<str>) {
        self.late_zones.borrow_mut().remove(&user);
        let waiting = self.waiting.borrow_mut().remove(&user).unwrap_or_default();
        for waiter in waiting {
            self.deliver(waiter.socket, ToSocket::Elsewhere(address.clone()));
        }
    }

    pub(super) fn close_waiting(&self, user: UserId, why: CloseWhy) {
        self.late_zones.borrow_mut().remove(&user);
        let waiting = self.waiting.borrow_mut().remove(&user).unwrap_or_default();
        for waiter in waiting {
            self.deliver(waiter.socket, ToSocket::Close(why));
        }
    }

    /// Sockets that waited too long for an activation.
    pub(super) fn close_overdue(&self, tick_ms: u64) {
        let mut overdue = Vec::new();
        self.waiting.borrow_mut().retain(|_, waiters| {
            waiters.retain(|waiter| {
                let late = tick_ms.saturating_sub(waiter.since_tick_ms) > WAITING_MS;
                if late {
                    overdue.push(waiter.socket);
                }
                !late
            });
            !waiters.is_empty()
        });
        for socket in overdue {
            self.deliver(socket, ToSocket::Close(CloseWhy::NotReady));
        }
    }

    pub(super) fn detach_here(&self, user: UserId, socket: SocketId) {
        self.stop_waiting(user, socket);
        if let Some(resident) = self.residents.borrow().get(&user) {
            resident.cell.sockets.borrow_mut().remove(&socket);
        }
        self.give(user, Input::Detach { socket });
    }

    /// The session panicked. It is dropped as it is; its sockets come back; nothing is loaded before the writer has
    /// decided all that was handed over.
    pub(super) fn fell(&self, cell: &Rc<SessionCell>) {
        tracing::error!(user = %cell.user, incarnation = cell.incarnation, "a session panicked and is rebuilt");
        self.shared.telemetry.session_fell();
        for from in [HomeState::Live, HomeState::Stopping] {
            self.shared.registry.turn(cell.user, cell.incarnation, from, HomeState::Fallen);
        }
        // The session itself is half changed: it is forgotten, never run again.
        if let Ok(mut session) = cell.session.try_borrow_mut() {
            *session = None;
        }
        self.evict(cell);
        for socket in std::mem::take(&mut *cell.sockets.borrow_mut()) {
            self.deliver(socket, ToSocket::Close(CloseWhy::Fallen));
        }
        if self.shared.hooks.has(Planted::NoBarrier) {
            return self.shared.notify(ExitNotice { user: cell.user, incarnation: cell.incarnation });
        }
        let _ = self.raise_barrier(cell, AfterBarrier::Rebuild);
    }

    /// This node was declared dead, and others may have its learners: every session is dropped as it is. What was handed
    /// over is decided before a learner is loaded here again.
    pub(super) fn lose_all(&self) {
        self.lost_runs.set(self.lost_runs.get() + 1);
        let cells: Vec<_> = self.residents.borrow().values().map(|resident| resident.cell.clone()).collect();
        for cell in cells {
            for from in [HomeState::Live, HomeState::Stopping] {
                self.shared.registry.turn(cell.user, cell.incarnation, from, HomeState::Fallen);
            }
            if let Ok(mut session) = cell.session.try_borrow_mut() {
                *session = None;
            }
            self.evict(&cell);
            for socket in std::mem::take(&mut *cell.sockets.borrow_mut()) {
                self.deliver(socket, ToSocket::Close(CloseWhy::OwnerChanged));
            }
            let _ = self.raise_barrier(&cell, AfterBarrier::Forget);
        }
        // Their entries stay until the loads are back, so that nobody begins another beside them.
        self.lost_loads.borrow_mut().extend(self.shared.registry.loading_at(self.no));
    }

    pub(super) fn evict(&self, cell: &SessionCell) {
        self.set_deadline(cell, None);
        self.shared.session_bytes.fetch_sub(cell.bytes.replace(0), Ordering::Relaxed);
        if let Some(resident) = self.residents.borrow_mut().remove(&cell.user)
            && resident.addr.try_send(Leave).is_err()
        {
            tracing::debug!(user = %cell.user, "an actor that left could not be told");
        }
    }

    fn raise_barrier(&self, cell: &SessionCell, then: AfterBarrier) -> u64 {
        let n = self.next_barrier.get() + 1;
        self.next_barrier.set(n);
        let name = (u64::from(self.no) << 48) | n;
        let barrier = Barrier { user: cell.user, incarnation: cell.incarnation, then };
        self.barriers.borrow_mut().insert(name, barrier);
        self.outbox.borrow_mut().push(Item::Barrier { name, user: cell.user });
        self.flush();
        name
    }

    /// Everything of a learner that was handed over before is decided.
    pub(super) fn barrier_passed(&self, name: u64) {
        let Some(barrier) = self.barriers.borrow_mut().remove(&name) else { return };
        match barrier.then {
            AfterBarrier::Rebuild => {
                let notice = ExitNotice { user: barrier.user, incarnation: barrier.incarnation };
                self.shared.notify(notice);
            }
            AfterBarrier::Drop => self.drop_stopped(barrier.user, barrier.incarnation, name),
            AfterBarrier::Forget => {
                self.shared.registry.remove(barrier.user, barrier.incarnation);
            }
        }
    }

    /// A stop that was called off, and begun anew since, waits for its own barrier.
    fn drop_stopped(&self, user: UserId, n: Incarnation, barrier: u64) {
        let cell = match self.residents.borrow().get(&user) {
            Some(resident) if resident.cell.incarnation == n => resident.cell.clone(),
            Some(_) | None => return,
        };
        if cell.stopping.get() != Some(barrier) {
            return;
        }
        let idle = cell.session.borrow().as_ref().is_none_or(Session::is_idle);
        if !idle || !cell.inbox.borrow().is_empty() {
            cell.stopping.set(None);
            self.shared.registry.turn(user, n, HomeState::Stopping, HomeState::Live);
            return;
        }
        self.evict(&cell);
        if self.shared.registry.remove(user, n)
            && let Some(cluster) = &self.shared.cluster
        {
            cluster.settle(&self.shared, user);
        }
        // Whoever came between the check and the removal waits here: claim again for them.
        let waiting = self.waiting.borrow_mut().remove(&user).unwrap_or_default();
        for waiter in waiting {
            self.claim(waiter.socket, user, waiter.instance);
        }
    }

    /// Begins to stop sessions that nobody needs: idle for long, or earlier when memory is short.
    pub(super) fn passivate(&self, tick_ms: u64) {
        let limits = &self.shared.limits;
        // Whoever left a node that goes down comes back at another: it must not hold on to the learner.
        let idle_ms = if self.shared.draining.load(Ordering::Relaxed) { 0 } else { limits.idle_ms };
        let short = self.shared.session_bytes.load(Ordering::Relaxed) > limits.session_bytes / 10 * 8;
        let mut idle: Vec<(u64, Rc<SessionCell>)> = self
            .residents
            .borrow()
            .values()
            .filter(|resident| resident.cell.stopping.get().is_none())
            .filter_map(|resident| {
                let session = resident.cell.session.borrow();
                let session = session.as_ref()?;
                let since = session.idle_since_tick_ms();
                let long = tick_ms.saturating_sub(since) >= idle_ms;
                (session.is_idle() && (long || short)).then(|| (since, resident.cell.clone()))
            })
            .collect();
        idle.sort_by_key(|(since, _)| *since);
        for (_, cell) in idle {
            let n = cell.incarnation;
            if self.shared.registry.turn(cell.user, n, HomeState::Live, HomeState::Stopping) {
                cell.stopping.set(Some(self.raise_barrier(&cell, AfterBarrier::Drop)));
            }
        }
    }
}
