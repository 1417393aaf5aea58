//! Between shards: sockets of other workers, sessions that move, and everything that arrives in the inbox.

use super::Shard;
use crate::batch::submit_batch;
use crate::messages::{CloseWhy, Concerned, SocketPort, ToShard, ToSocket};
use crate::resident::SessionCell;
use domain::day::ZoneHistory;
use domain::deck::Deck;
use domain::directory::{HomeState, ShardNo};
use domain::ids::{DeckId, InstanceId, UserId};
use domain::session::{Facts, FetchFailed, Input, Session, SocketId, Token};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The longest wait that a client is told when the server goes down, in milliseconds; each gets its own below it.
const RECONNECT_WITHIN_MS: u64 = 10_000;
/// Changed decks that a shard remembers, for loads that began before the change.
const DECKS_REMEMBERED: usize = 64;

impl Shard {
    pub(super) fn take(self: &Rc<Self>, message: ToShard) {
        match message {
            ToShard::Activated { user, incarnation, seed } => self.activated(user, incarnation, seed),
            ToShard::Fetched { user, token, facts, notices } => self.fetched(user, token, facts, notices),
            ToShard::Committed { decided, barriers, landed } => {
                for (user, id, outcome) in decided {
                    self.give_or_forward(user, Input::Outcome { id, outcome });
                }
                for barrier in barriers {
                    self.barrier_passed(barrier);
                }
                if landed {
                    self.in_flight.set(false);
                }
            }
            ToShard::Attach { user, socket, instance } => self.attach_remote(user, socket, instance),
            ToShard::Adopt { user, incarnation, socket, lost_runs, .. }
                if lost_runs < self.lost_runs.get() =>
            {
                // Its run ended while it was on its way. Others may wait for it here.
                self.shared.registry.remove(user, incarnation);
                self.deliver(socket, ToSocket::Close(CloseWhy::OwnerChanged));
                self.close_waiting(user, CloseWhy::OwnerChanged);
            }
            ToShard::Adopt { user, incarnation, session, socket, instance, heard, lost_runs: _ } => {
                self.adopt(user, incarnation, *session, (socket, instance), heard);
            }
            ToShard::Input { user, input } => self.give_or_forward(user, input),
            ToShard::Detach { user, socket } => self.detach_here(user, socket),
            ToShard::ToSocket { socket, home, out } => self.relayed(socket, home, out),
            ToShard::Homeless { socket } => self.claim_again(socket),
            ToShard::Deck(deck, number) => {
                self.heard.borrow_mut().note(number);
                self.deck_told(deck);
            }
            ToShard::AccessChanged(whom, number) => {
                self.heard.borrow_mut().note(number);
                self.access_changed(&whom);
                self.told_access.borrow_mut().note(number, whom);
            }
            ToShard::Class(told, concerned) => {
                for user in concerned.iter() {
                    self.give(*user, Input::Class(told.clone()));
                }
            }
            ToShard::Zones(user, zones) => self.zones_told(user, zones),
            ToShard::Goodbye => self.goodbye(),
            ToShard::CloseAll => self.close_all(),
            ToShard::LoseAll => self.lose_all(),
            ToShard::Batch { user, commands, reply } => {
                let shard = self.clone();
                actix::spawn(async move {
                    // Whoever no longer waits for the answer has dropped the other end.
                    let _ = reply.send(submit_batch(&shard, user, commands).await);
                });
            }
            ToShard::Observe(reply) => {
                let _ = reply.send(self.view());
            }
            ToShard::ObserveLearner(user, reply) => {
                let _ = reply.send(self.learner_view(user));
            }
        }
    }

    /// Who sees what changed: those whom it concerns look again.
    fn access_changed(&self, whom: &Concerned) {
        match whom {
            Concerned::People(people) => {
                for user in people.iter() {
                    self.give(*user, Input::AccessChanged);
                }
            }
            Concerned::Everybody => self.owe_checks(),
            Concerned::Deck(deck) => self.for_all(|cell| may_hold(cell, *deck), || Input::AccessChanged),
        }
    }

    /// A deck changed: every session here that holds it hears of it, and so does whoever is loading it just now.
    fn deck_told(&self, deck: Arc<Deck>) {
        self.for_all(|cell| may_hold(cell, deck.id), || Input::Deck(deck.clone()));
        let mut told = self.told_decks.borrow_mut();
        told.retain(|known| known.id != deck.id);
        if told.len() >= DECKS_REMEMBERED {
            told.pop_front();
        }
        told.push_back(deck);
    }

    /// Where a learner is changed. Who is being loaded, or on the way here, hears of it on arrival.
    fn zones_told(&self, user: UserId, zones: ZoneHistory) {
        if self.give(user, Input::Zones(zones.clone())) {
            return;
        }
        let Some(home) = self.shared.registry.home(user) else { return };
        let loading = home.shard == self.no && home.state == HomeState::Loading;
        if loading || home.state == (HomeState::Moving { to: self.no }) {
            let mut late = self.late_zones.borrow_mut();
            if late.get(&user).is_none_or(|known| !zones.is_older_than(known)) {
                late.insert(user, zones);
            }
        } else {
            // It may have been here a moment ago, when the shard that has it now did not have it yet.
            self.give_or_forward(user, Input::Zones(zones));
        }
    }

    /// What was fetched. A deck that changed while it was being read is followed by its newest revision, and a change
    /// of who sees what by another look.
    fn fetched(&self, user: UserId, token: Token, facts: Result<Facts, FetchFailed>, notices: u64) {
        let read: Vec<(DeckId, u64)> = match &facts {
            Ok(Facts::Decks(loads)) => loads.iter().map(|load| (load.deck.id, load.deck.revision)).collect(),
            Ok(Facts::Access(access)) => {
                access.decks.iter().map(|seen| (seen.deck.id, seen.deck.revision)).collect()
            }
            Ok(
                Facts::Scope(_)
                | Facts::Entries(_)
                | Facts::CardLog(_)
                | Facts::Before(_)
                | Facts::Sitting(_),
            )
            | Err(FetchFailed) => Vec::new(),
        };
        let is_old = match &facts {
            // A deck that a scope names is read next, with whoever may see it then.
            Ok(Facts::Decks(_) | Facts::Access(_) | Facts::Scope(_)) => {
                let told = self.told_access.borrow();
                told.concerns(notices, user, |deck| read.iter().any(|(id, _)| *id == deck))
            }
            Ok(Facts::Entries(_) | Facts::CardLog(_) | Facts::Before(_) | Facts::Sitting(_))
            | Err(FetchFailed) => false,
        };
        let newer: Vec<Arc<Deck>> = {
            let told = self.told_decks.borrow();
            let newest = |&(id, revision)| told.iter().find(|deck| deck.id == id && deck.revision > revision);
            read.iter().filter_map(newest).cloned().collect()
        };
        self.give_or_forward(user, Input::Fetched { token, facts });
        for deck in newer {
            self.give_or_forward(user, Input::Deck(deck));
        }
        if is_old {
            self.give_or_forward(user, Input::AccessChanged);
        }
    }

    /// What arrives for a session that moved on follows it.
    fn give_or_forward(&self, user: UserId, input: Input) {
        if self.residents.borrow().contains_key(&user) {
            self.give(user, input);
            return;
        }
        let to = self.shared.registry.home(user).map(|home| match home.state {
            HomeState::Moving { to } => to,
            HomeState::Loading
            | HomeState::Live
            | HomeState::Stopping
            | HomeState::Fallen
            | HomeState::Resting { .. } => home.shard,
        });
        match to {
            Some(to) if to != self.no => self.send(to, ToShard::Input { user, input }),
            Some(_) | None => {}
        }
    }

    /// Asks the shard that has the session.
    pub(super) fn attach_there(
        &self,
        shard: ShardNo,
        socket: SocketId,
        user: UserId,
        instance: Option<InstanceId>,
    ) {
        if let Some(plug) = self.sockets.borrow_mut().get_mut(&socket) {
            plug.home = shard;
        }
        let link = self.shared.shard_link(shard);
        let is_sent =
            link.is_some_and(|link| link.try_send(ToShard::Attach { user, socket, instance }).is_ok());
        if !is_sent {
            self.deliver(socket, ToSocket::Close(CloseWhy::NotReady));
        }
    }

    /// A socket of another shard wants a session of this one: without a live socket the session goes there.
    fn attach_remote(&self, user: UserId, socket: SocketId, instance: Option<InstanceId>) {
        let cell = self.residents.borrow().get(&user).map(|resident| resident.cell.clone());
        let Some(cell) = cell else {
            return match self.shared.registry.home(user) {
                // It is being loaded here: the socket waits here.
                Some(home) if home.shard == self.no && home.state == HomeState::Loading => {
                    self.attach_here(socket, user, instance);
                }
                // It is on its way here: so does it.
                Some(home) if home.state == HomeState::Moving { to: self.no } => {
                    self.attach_here(socket, user, instance);
                }
                Some(_) | None => self.homeless(socket),
            };
        };
        let to = ShardNo::try_from(socket.0 >> 48).unwrap_or(self.no);
        let quiet = cell.inbox.borrow().is_empty()
            && cell.stopping.get().is_none()
            && !self.has_rows_of(user)
            && cell.session.borrow().as_ref().is_some_and(Session::is_idle);
        let moving = HomeState::Moving { to };
        if quiet && self.shared.registry.turn(user, cell.incarnation, HomeState::Live, moving) {
            let Some(session) = cell.session.borrow_mut().take() else { return self.homeless(socket) };
            let incarnation = cell.incarnation;
            self.evict(&cell);
            let session = Box::new(session);
            // The look that it owes it has where it arrives.
            let heard = if cell.owes_check.get() { 0 } else { self.heard.borrow().upto() };
            let lost_runs = self.lost_runs.get();
            let adopt = ToShard::Adopt { user, incarnation, session, socket, instance, heard, lost_runs };
            return self.send(to, adopt);
        }
        self.attach_to(&cell, socket, instance);
    }

    fn homeless(&self, socket: SocketId) {
        let to = ShardNo::try_from(socket.0 >> 48).unwrap_or(self.no);
        self.send(to, ToShard::Homeless { socket });
    }

    fn claim_again(&self, socket: SocketId) {
        let who = self.sockets.borrow().get(&socket).and_then(|plug| plug.user.map(|u| (u, plug.instance)));
        if let Some((user, instance)) = who {
            if let Some(plug) = self.sockets.borrow_mut().get_mut(&socket) {
                plug.home = self.no;
            }
            self.claim(socket, user, instance);
        }
    }

    /// A session arrives with the socket that it follows. A notice that this shard had before and the one it comes from
    /// had not, it heard nowhere: then it looks for itself.
    fn adopt(
        &self,
        user: UserId,
        n: u64,
        session: Session,
        (socket, instance): (SocketId, Option<InstanceId>),
        heard: u64,
    ) {
        if !self.shared.registry.arrived(user, n) {
            return self.claim_again(socket);
        }
        self.move_in(user, n, session);
        if self.heard.borrow().newest() > heard {
            self.give(user, Input::AccessChanged);
        }
        let here = match self.sockets.borrow_mut().get_mut(&socket) {
            Some(plug) => {
                plug.home = self.no;
                true
            }
            None => false,
        };
        if here {
            self.attach_here(socket, user, instance);
        }
    }

    /// A frame from a session on another shard for a socket of this one.
    fn relayed(&self, socket: SocketId, home: ShardNo, out: ToSocket) {
        if let Some(plug) = self.sockets.borrow_mut().get_mut(&socket) {
            plug.home = home;
        }
        self.deliver(socket, out);
    }

    fn for_all(&self, which: impl Fn(&SessionCell) -> bool, input: impl Fn() -> Input) {
        let users: Vec<UserId> = self
            .residents
            .borrow()
            .iter()
            .filter(|(_, resident)| which(&resident.cell))
            .map(|(user, _)| *user)
            .collect();
        for user in users {
            self.give(user, input());
        }
    }

    fn ports(&self) -> Vec<Rc<dyn SocketPort>> {
        self.sockets.borrow().values().map(|plug| plug.port.clone()).collect()
    }

    fn goodbye(&self) {
        for port in self.ports() {
            let reconnect_after_ms = self.shared.jitter(RECONNECT_WITHIN_MS);
            if port.deliver(ToSocket::Goodbye { reconnect_after_ms }).is_err() {
                tracing::debug!("a socket could not queue its goodbye");
            }
        }
    }

    fn close_all(&self) {
        for port in self.ports() {
            if port.deliver(ToSocket::Close(CloseWhy::Draining)).is_err() {
                tracing::debug!("a socket could not queue its close");
            }
        }
    }

    pub(super) fn set_credit(&self) {
        let has = self.shared.undecided_rows.load(Ordering::Relaxed) < self.shared.limits.undecided_rows;
        if self.has_credit.replace(has) != has {
            tracing::warn!(shard = self.no, has_credit = has, "credit for new cards changed");
            self.for_all(|_| true, || Input::Credit(has));
        }
    }
}

/// Whether a session holds a deck, or may be about to: it has something to read yet.
fn may_hold(cell: &SessionCell, deck: DeckId) -> bool {
    !cell.inbox.borrow().is_empty()
        || cell.session.borrow().as_ref().is_some_and(|session| session.has_deck(deck))
}
