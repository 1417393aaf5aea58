//! One run: a heap of events in virtual time, devices on one side, the server's process on the other, wires between.

use crate::device::Device;
use crate::node::Node;
use crate::plan::{Plan, Rng};
use crate::wires::{ToClient, ToServer, Wire};
use crate::world::decks::{self, Library};
use crate::world::store::Store;
use crate::world::{NOON_MS, deck_id};
use crate::writer::BatchKey;
use domain::commit::Offer;
use domain::day::ZoneHistory;
use domain::directory::Incarnation;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, InstanceId, UserId};
use domain::session::{Facts, FetchFailed, Input, Now, SessionSeed, SocketId, Token, Want};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub enum Event {
    Act(usize),
    ToServer(SocketId, ToServer),
    ToClient(SocketId, ToClient),
    LoadRead {
        run: u64,
        user: UserId,
        incarnation: Incarnation,
    },
    Loaded {
        run: u64,
        user: UserId,
        incarnation: Incarnation,
        seed: Box<SessionSeed>,
        known: BTreeSet<EntryId>,
    },
    FetchRead {
        run: u64,
        user: UserId,
        token: Token,
        want: Want,
    },
    FetchTold {
        run: u64,
        user: UserId,
        token: Token,
        facts: Box<Result<Facts, FetchFailed>>,
    },
    BatchApplied {
        run: u64,
        batch: BatchKey,
    },
    BatchReturned {
        run: u64,
        batch: BatchKey,
    },
    WriterTick {
        run: u64,
    },
    Idle {
        run: u64,
        user: UserId,
        incarnation: Incarnation,
    },
    /// There is time to write rows behind.
    Behind {
        run: u64,
        user: UserId,
    },
    /// A row that the loader made, of its own reading: a bug.
    LoadersRow {
        run: u64,
        offer: Box<Offer>,
    },
    Wake {
        run: u64,
        user: UserId,
        incarnation: Incarnation,
    },
    Fault,
}

pub struct Sim {
    pub plan: Plan,
    pub rng: Rng,
    pub now: Now,
    pub library: Library,
    pub deck_ids: Vec<DeckId>,
    pub stores: BTreeMap<UserId, Store>,
    /// Entries in the order in which they arrived at the store.
    pub arrivals: BTreeMap<UserId, Vec<LogEntry>>,
    pub zones: BTreeMap<UserId, ZoneHistory>,
    pub node: Node,
    pub devices: Vec<Device>,
    pub wires: BTreeMap<SocketId, Wire>,
    pub quarantined: BTreeSet<EntryId>,
    pub refused_cards: BTreeSet<(UserId, CardId)>,
    /// Commands of each socket by number, as the server got them.
    pub numbered: BTreeMap<SocketId, Vec<EntryId>>,
    pub refused: BTreeSet<(SocketId, u64)>,
    /// Faults have stopped.
    pub calm: bool,
    pub steps: u64,
    pub seen: BTreeMap<&'static str, u64>,
    traced: VecDeque<String>,
    events: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    pub next_socket: u64,
}

impl Sim {
    pub fn new(plan: Plan) -> Sim {
        let mut rng = Rng::new(plan.seed);
        let mut library = Library::default();
        let deck_ids: Vec<DeckId> = (1..=2).map(deck_id).collect();
        for n in 1..=2 {
            let mut draft = decks::draft(n, 6 + u128::from(rng.below(8))).tag(1, "t").settings(|s| {
                s.new_per_day = 3 + rng.below(8) as u32;
                s.drill_delay_s = [1, 60, 2_000][rng.below(3) as usize];
                s.leech_after = 2;
                s.bury_siblings = plan.siblings;
            });
            if plan.siblings {
                draft = draft.in_pairs();
            }
            library.add(draft.build());
        }
        let mut devices = Vec::new();
        for n in 0..plan.learners * plan.devices as u128 {
            let user = UserId::from_u128(100 + n % plan.learners);
            let skew = rng.below(15_000) as i64 - 7_500;
            // Some are programs that send batches over HTTP and never start.
            let instance = (n % 5 != 4).then(|| InstanceId::from_u128(n + 1));
            devices.push(Device::new(user, n + 1, instance, skew));
        }
        let mut sim = Sim {
            rng,
            now: Now { tick_ms: 1_000, wall_ms: NOON_MS },
            library,
            deck_ids,
            stores: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            zones: BTreeMap::new(),
            node: Node::new(1, &plan),
            devices,
            wires: BTreeMap::new(),
            quarantined: BTreeSet::new(),
            refused_cards: BTreeSet::new(),
            numbered: BTreeMap::new(),
            refused: BTreeSet::new(),
            calm: false,
            steps: 0,
            seen: BTreeMap::new(),
            traced: VecDeque::new(),
            events: BTreeMap::new(),
            next_event: 0,
            next_socket: 0,
            plan,
        };
        for device in 0..sim.devices.len() {
            sim.after(1, 500, Event::Act(device));
        }
        sim.after(500, 5_000, Event::Fault);
        sim
    }

    pub fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    pub fn trace(&mut self, line: impl FnOnce() -> String) {
        if self.traced.len() >= 400 {
            self.traced.pop_front();
        }
        let line = format!("{:>8} {}", self.now.tick_ms, line());
        self.traced.push_back(line);
    }

    pub fn print_trace(&self) {
        for line in &self.traced {
            eprintln!("{line}");
        }
    }

    /// Something happens after `at_least` and up to `more` milliseconds more.
    pub fn after(&mut self, at_least: u64, more: u64, event: Event) {
        let at = self.now.tick_ms + at_least + self.rng.below(more);
        self.at(at, event);
    }

    pub fn at(&mut self, tick_ms: u64, event: Event) {
        self.next_event += 1;
        self.events.insert((tick_ms, self.next_event), event);
    }

    /// The whole run: studying under faults, then calm, then what must be true at the end.
    pub fn run(&mut self) {
        let end = self.now.tick_ms + self.plan.duration_ms;
        self.until(end);
        self.calm = true;
        for device in &mut self.devices {
            device.quiet = true;
        }
        self.all(|| Input::Credit(true));
        self.all(|| Input::AccessChanged);
        self.until(end + 30_000);
        self.check_the_end();
    }

    fn until(&mut self, end: u64) {
        while let Some(next) = self.events.first_entry().filter(|next| next.key().0 <= end) {
            let ((at, _), event) = next.remove_entry();
            self.steps += 1;
            assert!(self.steps < 400_000, "the run does not end");
            let passed = at.saturating_sub(self.now.tick_ms);
            self.now.tick_ms += passed;
            self.now.wall_ms += passed as i64;
            self.happen(event);
        }
        let passed = end.saturating_sub(self.now.tick_ms);
        self.now.tick_ms += passed;
        self.now.wall_ms += passed as i64;
    }

    fn happen(&mut self, event: Event) {
        let run = self.node.run;
        match event {
            Event::Act(device) => self.act(device),
            Event::ToServer(socket, what) => self.at_server(socket, what),
            Event::ToClient(socket, what) => self.at_client(socket, what),
            Event::LoadRead { run: r, user, incarnation } if r == run => self.load_read(user, incarnation),
            Event::Loaded { run: r, user, incarnation, seed, known } if r == run => {
                self.loaded(user, incarnation, *seed, known);
            }
            Event::FetchRead { run: r, user, token, want } if r == run => {
                self.fetch_read(user, token, want);
            }
            // Whatever life of the session is there gets it: tokens of another life mean nothing to it.
            Event::FetchTold { run: r, user, token, facts } if r == run => {
                self.input(user, Input::Fetched { token, facts: *facts });
            }
            Event::BatchApplied { run: r, batch } if r == run => self.batch_applied(batch),
            Event::BatchReturned { run: r, batch } if r == run => self.batch_returned(batch),
            Event::WriterTick { run: r } if r == run => {
                self.node.writer_wakes_at = None;
                self.submit();
            }
            Event::Idle { run: r, user, incarnation } if r == run => self.idle(user, incarnation),
            Event::Wake { run: r, user, incarnation } if r == run => {
                if self.node.lives.get(&user).is_some_and(|life| life.incarnation == incarnation) {
                    self.input(user, Input::Tick);
                }
            }
            Event::Behind { run: r, user } if r == run => {
                self.node.behind.remove(&user);
                self.input(user, Input::WriteBehind(2));
            }
            Event::LoadersRow { run: r, offer } if r == run => {
                self.node.writer.offer(*offer);
                self.submit();
            }
            Event::Fault => self.fault(),
            // Of a run that has ended.
            Event::LoadRead { .. }
            | Event::Loaded { .. }
            | Event::FetchRead { .. }
            | Event::FetchTold { .. }
            | Event::BatchApplied { .. }
            | Event::BatchReturned { .. }
            | Event::WriterTick { .. }
            | Event::Idle { .. }
            | Event::Behind { .. }
            | Event::LoadersRow { .. }
            | Event::Wake { .. } => {}
        }
    }

    pub fn wake_at_deadline(&mut self, user: UserId) {
        let Some(life) = self.node.lives.get(&user) else { return };
        let Some(at) = life.session.next_deadline(self.now) else { return };
        assert!(at > self.now.tick_ms, "a deadline in the past: {at}");
        let (run, incarnation) = (self.node.run, life.incarnation);
        if at < self.now.tick_ms + 300_000 {
            self.at(at, Event::Wake { run, user, incarnation });
        }
    }

    /// A row reaches the store.
    pub fn apply(&mut self, offer: &Offer) {
        if let Some(entry) = offer.append.entry {
            self.invariant_i3_nothing_invented(offer.user, &entry);
            self.arrivals.entry(offer.user).or_default().push(entry);
        }
        self.stores.entry(offer.user).or_default().append(offer);
        self.invariant_i19_progress_is_the_fold(offer);
    }
}
