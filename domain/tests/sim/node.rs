//! The server's process in a run: registry, sessions, writer, loader. All of it is lost in a crash; what is in the
//! stores stays.

use crate::plan::{Bug, Plan};
use crate::run::{Event, Sim};
use crate::writer::{BatchKey, Fate, Writer};
use domain::commit::Offer;
use domain::directory::{self, Claim, Home, HomeState, Incarnation};
use domain::entry::Body;
use domain::ids::{EntryId, InstanceId, UserId};
use domain::session::{
    Append, DeckLoad, Effect, Facts, FetchFailed, Input, Out, Session, SessionSeed, SocketId, Token, Want,
};
use std::collections::{BTreeMap, BTreeSet};

/// A session's life.
pub struct Life {
    pub incarnation: Incarnation,
    pub session: Session,
    /// Ids that were durable when it was loaded.
    pub loaded_with: BTreeSet<EntryId>,
    pub idle_check: bool,
}

pub struct Node {
    pub run: u64,
    pub homes: BTreeMap<UserId, Option<Home>>,
    pub lives: BTreeMap<UserId, Life>,
    pub waiting: BTreeMap<UserId, Vec<(SocketId, Option<InstanceId>)>>,
    pub writer: Writer,
    /// The batches with the store: their rows and what becomes of each.
    pub batches: BTreeMap<BatchKey, Vec<Fate>>,
    pub writer_wakes_at: Option<u64>,
    /// Learners who will be told that there is time to write behind.
    pub behind: BTreeSet<UserId>,
    /// What a barrier was put for.
    pub barriers: BTreeMap<u64, (UserId, Incarnation, After)>,
    pub next: u64,
}

/// What follows when a barrier has passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    Fall,
    Stop,
}

impl Node {
    pub fn new(run: u64, plan: &Plan) -> Node {
        Node {
            run,
            homes: BTreeMap::new(),
            lives: BTreeMap::new(),
            waiting: BTreeMap::new(),
            writer: Writer::new(plan.apart, plan.bug),
            batches: BTreeMap::new(),
            writer_wakes_at: None,
            behind: BTreeSet::new(),
            barriers: BTreeMap::new(),
            next: 0,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.run << 32 | self.next
    }
}

impl Sim {
    /// A socket said `hello`.
    pub fn hello(&mut self, user: UserId, socket: SocketId, instance: Option<InstanceId>) {
        let next = self.node.number();
        let home = self.node.homes.entry(user).or_default();
        if home.is_some_and(|home| home.state == HomeState::Stopping) {
            // The flush has not ended: the stop is cancelled.
            let incarnation = home.map_or(0, |home| home.incarnation);
            assert!(directory::turn(home, incarnation, HomeState::Stopping, HomeState::Live));
            self.trace(|| format!("{user:?} stop cancelled"));
        }
        let tick = self.now.tick_ms;
        let home = self.node.homes.entry(user).or_default();
        match directory::claim(home, 0, next, tick) {
            Claim::Load(incarnation) => {
                self.node.waiting.entry(user).or_default().push((socket, instance));
                let run = self.node.run;
                self.after(5, 60, Event::LoadRead { run, user, incarnation });
            }
            Claim::At(_) if self.node.lives.contains_key(&user) => self.welcome(user, socket, instance),
            Claim::At(_) => self.node.waiting.entry(user).or_default().push((socket, instance)),
            Claim::NotReady | Claim::KeepsFailing => self.close_socket(socket),
        }
    }

    pub fn load_read(&mut self, user: UserId, incarnation: Incarnation) {
        let store = self.stores.entry(user).or_default();
        let (newest, more) = store.newest(64);
        let forgets = self.plan.bug == Some(Bug::NoDedupe);
        let seed = SessionSeed {
            user,
            zones: self.zones.entry(user).or_default().clone(),
            began_ms: 0,
            dev_clock: true,
            newest: if forgets { Vec::new() } else { newest },
            more: more && !forgets,
            epoch: 0,
        };
        let known = store.log.keys().copied().collect();
        let run = self.node.run;
        self.after(1, 40, Event::Loaded { run, user, incarnation, seed: Box::new(seed), known });
    }

    pub fn loaded(
        &mut self,
        user: UserId,
        incarnation: Incarnation,
        seed: SessionSeed,
        known: BTreeSet<EntryId>,
    ) {
        let home = self.node.homes.entry(user).or_default();
        if !directory::turn(home, incarnation, HomeState::Loading, HomeState::Live) {
            return;
        }
        // Zones may have changed while the load was under way.
        let zones = self.zones.entry(user).or_default().clone();
        let session = Session::new(SessionSeed { zones, ..seed }, self.now);
        self.trace(|| format!("{user:?} live as {incarnation}"));
        let life = Life { incarnation, session, loaded_with: known, idle_check: false };
        assert!(self.node.lives.insert(user, life).is_none(), "two lives of one learner");
        for (socket, instance) in self.node.waiting.remove(&user).unwrap_or_default() {
            self.welcome(user, socket, instance);
        }
    }

    fn welcome(&mut self, user: UserId, socket: SocketId, instance: Option<InstanceId>) {
        if !self.wires.contains_key(&socket) {
            return;
        }
        self.input(user, Input::Attach { socket, instance });
        self.toward_client(socket, crate::wires::ToClient::Welcome);
    }

    /// The only way into a session.
    pub fn input(&mut self, user: UserId, input: Input) {
        let now = self.now;
        let Some(life) = self.node.lives.get_mut(&user) else { return };
        let mut fx = Vec::new();
        life.session.handle(now, input, &mut fx);
        for effect in fx {
            self.perform(user, effect);
        }
        self.check_session(user);
        self.submit();
        let owes = self.node.lives.get(&user).is_some_and(|life| life.session.owes_rows());
        if owes && self.plan.bug != Some(Bug::LoadersRows) && self.node.behind.insert(user) {
            let run = self.node.run;
            self.after(20, 400, Event::Behind { run, user });
        }
        self.look_for_idleness(user);
        self.wake_at_deadline(user);
    }

    fn perform(&mut self, user: UserId, effect: Effect) {
        match effect {
            Effect::Append(append) => {
                let mut offer = Offer { user, shard: 0, append, stale: false };
                self.invariant_i2_appended_once(user, &offer);
                if append.entry.is_none() {
                    self.note("written behind");
                }
                if self.plan.bug == Some(Bug::UndoByPosition) {
                    self.undo_by_position(&mut offer);
                }
                self.node.writer.offer(offer);
            }
            Effect::Send { socket, out } => {
                self.check_frame(user, socket, &out);
                self.carry(user, socket, out);
            }
            Effect::Cell { .. } => {}
            Effect::Fetch { token, want } => {
                let run = self.node.run;
                self.after(1, 30, Event::FetchRead { run, user, token, want });
            }
        }
    }

    fn carry(&mut self, user: UserId, socket: SocketId, out: Out) {
        if self.plan.bug == Some(Bug::DroppedErrorFrame) && matches!(out, Out::Refused { .. }) {
            return;
        }
        let mut to = socket;
        if self.plan.bug == Some(Bug::WrongSocket)
            && matches!(out, Out::Saved(_))
            && let Some(other) = self.wires.iter().find(|(id, w)| **id != socket && w.user == user)
        {
            to = *other.0;
        }
        self.toward_client(to, crate::wires::ToClient::Frame(Box::new(out)));
    }

    fn undo_by_position(&self, offer: &mut Offer) {
        let Some(entry) = &mut offer.append.entry else { return };
        let Body::Undo { .. } = entry.body else { return };
        let newest = self.stores.get(&offer.user).and_then(|store| store.log.keys().next_back());
        if let Some(newest) = newest {
            entry.body = Body::Undo { of: *newest };
        }
    }

    pub fn fetch_read(&mut self, user: UserId, token: Token, want: Want) {
        let fails = self.plan.fetch_failures && !self.calm && self.rng.one_in(12);
        let facts = if fails { Err(FetchFailed) } else { Ok(self.facts(user, &want)) };
        if self.plan.bug == Some(Bug::LoadersRows)
            && let Ok(Facts::Decks(loads)) = &facts
        {
            self.loaders_rows(user, loads);
        }
        let run = self.node.run;
        let slow = if self.rng.one_in(10) { 900 } else { 30 };
        self.after(1, slow, Event::FetchTold { run, user, token, facts: Box::new(facts) });
    }

    fn loaders_rows(&mut self, user: UserId, loads: &[DeckLoad]) {
        for load in loads {
            let params_key = load.deck.settings.fold_params().key();
            for (card, state) in load.rows.iter().filter(|(card, _)| load.refolded.contains(card)) {
                let append = Append { entry: None, about: (load.deck.id, *card), state: *state, params_key };
                let offer = Box::new(Offer { user, shard: 0, append, stale: false });
                let run = self.node.run;
                self.after(500, 10_000, Event::LoadersRow { run, offer });
            }
        }
    }

    fn facts(&mut self, user: UserId, want: &Want) -> Facts {
        let bug = self.plan.bug;
        let zones = &*self.zones.entry(user).or_default();
        let store = self.stores.entry(user).or_default();
        if bug == Some(Bug::OldSnapshot)
            && let Want::Entries(_) | Want::Named(_) | Want::CardLog(..) = want
        {
            let mut old = store.clone();
            for _ in 0..5 {
                old.log.pop_last();
            }
            return old.facts(want, &self.library, zones);
        }
        let mut facts = store.facts(want, &self.library, zones);
        if let Facts::Decks(loads) = &mut facts {
            for load in loads {
                let deck = load.deck.id;
                let params = load.deck.settings.fold_params();
                for (card, state) in &mut load.rows {
                    match bug {
                        Some(Bug::TwoADay) => state.scheduled_on = None,
                        Some(Bug::FoldOrder) => {
                            let arrived = self.arrivals.get(&user).into_iter().flatten();
                            let mut folded = domain::state::CardState::NEW;
                            for entry in arrived.filter(|entry| entry.card() == Some((deck, *card))) {
                                folded = folded.after(entry, &params).0;
                            }
                            *state = folded;
                        }
                        Some(_) | None => {}
                    }
                }
            }
        }
        facts
    }

    // ---- lives

    fn look_for_idleness(&mut self, user: UserId) {
        let Some(life) = self.node.lives.get_mut(&user) else { return };
        if life.session.is_idle() && !life.idle_check {
            life.idle_check = true;
            let (run, incarnation) = (self.node.run, life.incarnation);
            self.after(200, 3_000, Event::Idle { run, user, incarnation });
        }
    }

    pub fn idle(&mut self, user: UserId, incarnation: Incarnation) {
        let Some(life) = self.node.lives.get_mut(&user).filter(|life| life.incarnation == incarnation) else {
            return;
        };
        life.idle_check = false;
        let home = self.node.homes.entry(user).or_default();
        if life.session.is_idle() && directory::turn(home, incarnation, HomeState::Live, HomeState::Stopping)
        {
            let name = self.node.number();
            self.node.barriers.insert(name, (user, incarnation, After::Stop));
            self.node.writer.barrier(name, user);
            self.submit();
        }
    }

    pub fn panic(&mut self, user: UserId) {
        let Some(life) = self.node.lives.remove(&user) else { return };
        let n = life.incarnation;
        self.trace(|| format!("{user:?} panics as {n}"));
        for socket in self.sockets_of(user) {
            self.close_socket(socket);
        }
        let home = self.node.homes.entry(user).or_default();
        let fell = directory::turn(home, n, HomeState::Live, HomeState::Fallen)
            || directory::turn(home, n, HomeState::Stopping, HomeState::Fallen);
        assert!(fell, "a life that is not in the registry");
        if self.plan.bug == Some(Bug::NoBarrier) {
            assert!(directory::remove(home, n));
            return;
        }
        let name = self.node.number();
        self.node.barriers.insert(name, (user, n, After::Fall));
        self.node.writer.barrier(name, user);
        self.submit();
    }

    pub fn barrier_passed(&mut self, name: u64) {
        let Some((user, n, after)) = self.node.barriers.remove(&name) else { return };
        let home = self.node.homes.entry(user).or_default();
        let is = |state| home.is_some_and(|home| home.incarnation == n && home.state == state);
        match after {
            After::Fall if is(HomeState::Fallen) => assert!(directory::remove(home, n)),
            After::Stop if is(HomeState::Stopping) => {
                assert!(directory::remove(home, n));
                self.invariant_i5_memory_is_the_fold(user);
                self.node.lives.remove(&user);
            }
            After::Fall | After::Stop => {}
        }
    }

    pub fn crash(&mut self) {
        let run = self.node.run + 1;
        self.trace(|| format!("crash: run {run} begins"));
        for socket in self.wires.keys().copied().collect::<Vec<_>>() {
            self.close_socket(socket);
        }
        self.node = Node::new(run, &self.plan);
    }
}
