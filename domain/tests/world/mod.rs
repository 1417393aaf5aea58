//! A small world around one session: a simulated store, a library of decks, and clients that do what the protocol
//! asks of them. Time stands still unless a test moves it; rows become durable when a test says so.
#![allow(dead_code, reason = "each test binary uses its own part of the world")]

pub mod acts;
pub mod client;
pub mod decks;
pub mod store;

use client::Client;
use decks::Library;
use domain::commit::{Decided, GroupCommit, Landed, Offer};
use domain::day::ZoneHistory;
use domain::deck::Deck;
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, SittingId, UserId};
use domain::session::{
    Effect, Facts, FetchFailed, Input, Limits, Now, Outcome, Session, SessionSeed, SocketId, Start, Token,
    Want,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use store::Store;

/// Tuesday, 2026-03-10, 12:00 UTC.
pub const NOON_MS: i64 = 1_773_144_000_000;
pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 86_400_000;
/// The learner of a world.
pub const LEARNER: UserId = UserId::from_u128(7);

pub fn sitting(n: u128) -> SittingId {
    SittingId::from_u128(n)
}
pub fn deck_id(n: u128) -> DeckId {
    DeckId::from_u128(0xdec << 64 | n)
}
/// The `n`-th card of the `deck`-th deck, counted from 0.
pub fn card_id(deck: u128, n: u128) -> CardId {
    CardId::from_u128(0xca4d << 64 | deck << 32 | n)
}
pub fn grade(n: u8) -> Grade {
    Grade::new(n).expect("0 to 5")
}
/// A start over everything with a window of three.
pub fn start(n: u128) -> Start {
    Start {
        sitting: sitting(n),
        decks: None,
        tags: Vec::new(),
        filter: None,
        window: 3,
        limits: Limits::default(),
        more: Limits::default(),
        mode: None,
    }
}

pub struct World {
    pub now: Now,
    pub session: Session,
    pub store: Store,
    pub writer: GroupCommit,
    pub library: Library,
    pub clients: BTreeMap<SocketId, Client>,
    pub zones: ZoneHistory,
    pub began_ms: i64,
    pub dev_clock: bool,
    /// Fetches are answered in the same turn; else they wait for [`World::answer_fetches`].
    pub fetches_at_once: bool,
    /// The session's parts are compared after each input; a test with thousands of decks may leave that out.
    pub compares: bool,
    /// The store cannot be read.
    pub store_is_down: bool,
    pub fetches: VecDeque<(Token, Want)>,
    /// Rows handed to the writer by this life of the session.
    pub appended: Vec<Offer>,
    /// What it told of lessons.
    pub cells: Vec<Arc<domain::lesson::Cell>>,
    next_socket: u64,
    next_id: u128,
}

impl World {
    /// A world with these decks, all the learner's own.
    pub fn new(decks: impl IntoIterator<Item = Deck>) -> World {
        let now = Now { tick_ms: 1_000_000, wall_ms: NOON_MS };
        let mut library = Library::default();
        for deck in decks {
            library.add(deck);
        }
        let mut world = World {
            now,
            session: Session::new(seed_of(&Store::default(), &ZoneHistory::new(), 0, false), now),
            store: Store::default(),
            writer: GroupCommit::new(64),
            library,
            clients: BTreeMap::new(),
            zones: ZoneHistory::new(),
            began_ms: NOON_MS - 400 * DAY_MS,
            dev_clock: false,
            fetches_at_once: true,
            compares: true,
            store_is_down: false,
            fetches: VecDeque::new(),
            appended: Vec::new(),
            cells: Vec::new(),
            next_socket: 0,
            next_id: 0,
        };
        world.load();
        world
    }

    /// A new life of the session from what is durable.
    pub fn load(&mut self) {
        let seed = seed_of(&self.store, &self.zones, self.began_ms, self.dev_clock);
        self.session = Session::new(seed, self.now);
        self.fetches.clear();
        self.appended.clear();
    }

    /// The process dies: what is not durable is lost, all sockets end.
    pub fn crash(&mut self) {
        self.writer = GroupCommit::new(64);
        self.clients.clear();
        self.fetches.clear();
        self.load();
    }

    /// The session is dropped as an idle one is, and loaded again.
    pub fn passivate(&mut self) {
        for socket in self.clients.keys().copied().collect::<Vec<_>>() {
            self.close(socket);
        }
        self.commit();
        assert!(self.session.is_idle(), "a session without sockets and undecided rows is idle");
        self.load();
    }

    // ---- time

    /// Time passes on both clocks; the session is woken once at the end.
    pub fn pass(&mut self, ms: i64) {
        self.now.tick_ms += u64::try_from(ms).expect("time passes forwards");
        self.now.wall_ms += ms;
        self.input(Input::Tick);
    }

    /// Time passes as with a shell that obeys the session's deadlines: woken at each, and at the end.
    pub fn pass_by_deadlines(&mut self, ms: u64) {
        let end = self.now.tick_ms + ms;
        for _ in 0..10_000 {
            match self.session.next_deadline(self.now) {
                Some(at) if at <= end => {
                    let step = at.saturating_sub(self.now.tick_ms);
                    self.now.tick_ms += step;
                    self.now.wall_ms += i64::try_from(step).expect("small");
                    self.input(Input::Tick);
                }
                Some(_) | None => {
                    let step = end - self.now.tick_ms;
                    self.now.tick_ms = end;
                    self.now.wall_ms += i64::try_from(step).expect("small");
                    return;
                }
            }
        }
        panic!("the session's deadline does not move on");
    }

    /// The wall clock is set; the monotonic one is not.
    pub fn set_wall(&mut self, wall_ms: i64) {
        self.now.wall_ms = wall_ms;
        self.input(Input::Tick);
    }

    // ---- the store

    /// Everything that waits becomes durable.
    pub fn commit(&mut self) {
        self.land(|_| Landed::Durable);
    }

    /// Every row that waits lands as the test says, until nothing waits. Unknown rows are tried again.
    pub fn land(&mut self, mut how: impl FnMut(&Offer) -> Landed) {
        for _ in 0..10_000 {
            if !self.land_once(&mut how) {
                return;
            }
        }
        panic!("the writer never comes to an end");
    }

    /// One batch goes to the store and returns. `false`: nothing waited.
    pub fn land_once(&mut self, how: &mut impl FnMut(&Offer) -> Landed) -> bool {
        let mut decided = Vec::new();
        let tick = self.now.tick_ms.max(self.writer.not_before_tick_ms());
        let Some(batch) = self.writer.submit(tick, &mut decided) else {
            assert!(decided.is_empty() || self.writer.undecided() == 0);
            return false;
        };
        let landed: Vec<Landed> = batch.iter().map(&mut *how).collect();
        for (offer, landed) in batch.iter().zip(&landed) {
            if *landed == Landed::Durable {
                self.store.append(offer);
            }
        }
        self.writer.returned(tick, &landed, 0, &mut decided);
        for decided in decided {
            self.tell(decided);
        }
        true
    }

    fn tell(&mut self, decided: Decided) {
        let (offer, outcome) = match decided {
            Decided::Durable(offer) => (offer, Outcome::Durable),
            Decided::Never(offer) => (offer, Outcome::Never),
            Decided::Barrier(_) => return,
        };
        if let Some(id) = offer.entry_id() {
            self.input(Input::Outcome { id, outcome });
        }
    }

    // ---- the library

    /// A deck has changed: the new revision is stored and told.
    pub fn edit(&mut self, deck: DeckId, change: impl FnOnce(&mut decks::Draft)) {
        let deck = self.library.edit(deck, change);
        self.input(Input::Deck(deck));
    }

    // ---- the machine

    pub fn input(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut fx = Vec::new();
            self.session.handle(self.now, input, &mut fx);
            for effect in fx {
                self.perform(effect, &mut inputs);
            }
            if self.compares {
                assert_eq!(self.session.contradictions(), Vec::<String>::new());
            }
            if inputs.is_empty() {
                self.clients_agree();
            }
        }
    }

    fn perform(&mut self, effect: Effect, inputs: &mut VecDeque<Input>) {
        match effect {
            Effect::Append(append) => {
                let offer = Offer { user: LEARNER, shard: 0, append, stale: false };
                self.appended.push(offer);
                self.writer.offer(offer);
            }
            Effect::Send { socket, out } => {
                if let Some(client) = self.clients.get_mut(&socket) {
                    client.receives(out);
                }
            }
            Effect::Cell { cell, .. } => self.cells.push(cell),
            Effect::Fetch { token, want } => {
                if self.fetches_at_once {
                    inputs.push_back(Input::Fetched { token, facts: self.facts(&want) });
                } else {
                    self.fetches.push_back((token, want));
                }
            }
        }
    }

    /// Answers the first fetch that waits.
    pub fn answer_fetches_once(&mut self) {
        if let Some((token, want)) = self.fetches.pop_front() {
            let facts = self.facts(&want);
            self.input(Input::Fetched { token, facts });
        }
    }

    /// Answers all fetches that wait, by what is stored now.
    pub fn answer_fetches(&mut self) {
        while let Some((token, want)) = self.fetches.pop_front() {
            let facts = self.facts(&want);
            self.input(Input::Fetched { token, facts });
        }
    }

    pub fn facts(&self, want: &Want) -> Result<Facts, FetchFailed> {
        if self.store_is_down {
            return Err(FetchFailed);
        }
        Ok(self.store.facts(want, &self.library, &self.zones))
    }

    /// What each client holds by its frames is what the session thinks it holds.
    fn clients_agree(&self) {
        for (socket, client) in self.clients.iter().filter(|(_, client)| client.is_open()) {
            let held: Vec<CardId> = self.session.held_by(*socket).into_iter().map(|held| held.1).collect();
            if !client.is_told() || !self.fetches.is_empty() {
                continue;
            }
            let (mine, its) = (sorted(&client.held), sorted(&held));
            assert_eq!(mine, its, "{socket:?} holds other cards than the session thinks");
            if client.was_never_refused() {
                assert_eq!(client.held, held, "{socket:?} holds its cards in another order");
            }
        }
    }

    /// Memory equals the fold of the log with what is pending, and each durable row equals the fold of the log.
    pub fn memory_is_the_fold(&self) {
        let params = |deck: DeckId| self.library.deck(deck).settings.fold_params();
        let mut entries: Vec<_> = self.store.all().copied().collect();
        entries.extend(self.session.pending_entries().copied());
        let folded = domain::fold::fold_learner(&entries, params);
        for (deck, card, state, stale) in self.session.states() {
            let truth = folded.cards.get(&(deck, card)).copied().unwrap_or(domain::state::CardState::NEW);
            assert!(stale || state == truth, "{card:?}: memory {state:?}, fold {truth:?}");
        }
    }
}

fn sorted(cards: &[CardId]) -> Vec<CardId> {
    let mut cards = cards.to_vec();
    cards.sort_unstable();
    cards
}

fn seed_of(store: &Store, zones: &ZoneHistory, began_ms: i64, dev_clock: bool) -> SessionSeed {
    let (newest, more) = store.newest(64);
    SessionSeed { user: LEARNER, zones: zones.clone(), began_ms, dev_clock, newest, more, epoch: 0 }
}

/// A deck shared by tests: `n` plain cards with the default settings.
pub fn plain(n: u128, cards: u128) -> Deck {
    decks::draft(n, cards).build()
}

pub fn arc(deck: Deck) -> Arc<Deck> {
    Arc::new(deck)
}
