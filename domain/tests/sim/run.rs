//! One run: a heap of events in virtual time, devices on one side, the server's process on the other, wires between.

use crate::device::{Device, Fate};
use crate::node::Node;
use crate::plan::{Plan, Rng};
use crate::world::decks::{self, Library};
use crate::world::store::Store;
use crate::world::{NOON_MS, card_id, deck_id};
use domain::commit::Offer;
use domain::day::ZoneHistory;
use domain::directory::Incarnation;
use domain::entry::LogEntry;
use domain::ids::{DeckId, EntryId, InstanceId, UserId};
use domain::session::{
    Command, Facts, FetchFailed, Input, Now, Out, SessionSeed, SocketId, Start, Token, Want,
};
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
        incarnation: Incarnation,
        token: Token,
        want: Want,
    },
    FetchTold {
        run: u64,
        user: UserId,
        incarnation: Incarnation,
        token: Token,
        facts: Box<Result<Facts, FetchFailed>>,
    },
    BatchApplied {
        run: u64,
    },
    BatchReturned {
        run: u64,
    },
    WriterTick {
        run: u64,
    },
    Idle {
        run: u64,
        user: UserId,
        incarnation: Incarnation,
    },
    Wake {
        run: u64,
        user: UserId,
        incarnation: Incarnation,
    },
    Fault,
}

pub enum ToServer {
    Hello(InstanceId),
    Start(Box<Start>),
    Command { seq: u64, id: EntryId, command: Command },
    Gone,
}

pub enum ToClient {
    Welcome,
    Frame(Box<Out>),
    Gone,
}

/// A connection: frames on it keep their order.
pub struct Wire {
    pub user: UserId,
    pub device: usize,
    server_by: u64,
    client_by: u64,
    pub on_the_way: usize,
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
    next_socket: u64,
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
            devices.push(Device::new(user, n + 1, skew));
        }
        let mut sim = Sim {
            rng,
            now: Now { tick_ms: 1_000, wall_ms: NOON_MS },
            library,
            deck_ids,
            stores: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            zones: BTreeMap::new(),
            node: Node::new(1),
            devices,
            wires: BTreeMap::new(),
            quarantined: BTreeSet::new(),
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

    fn at(&mut self, tick_ms: u64, event: Event) {
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
            Event::FetchRead { run: r, user, incarnation, token, want } if r == run => {
                self.fetch_read(user, incarnation, token, want);
            }
            Event::FetchTold { run: r, user, incarnation, token, facts } if r == run => {
                if self.node.lives.get(&user).is_some_and(|life| life.incarnation == incarnation) {
                    self.input(user, Input::Fetched { token, facts: *facts });
                }
            }
            Event::BatchApplied { run: r } if r == run => self.batch_applied(),
            Event::BatchReturned { run: r } if r == run => self.batch_returned(),
            Event::WriterTick { run: r } if r == run => self.submit(),
            Event::Idle { run: r, user, incarnation } if r == run => self.idle(user, incarnation),
            Event::Wake { run: r, user, incarnation } if r == run => {
                if self.node.lives.get(&user).is_some_and(|life| life.incarnation == incarnation) {
                    self.input(user, Input::Tick);
                }
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

    // ---- wires

    pub fn sockets_of(&self, user: UserId) -> Vec<SocketId> {
        self.wires.iter().filter(|(_, wire)| wire.user == user).map(|(id, _)| *id).collect()
    }

    fn toward_server(&mut self, socket: SocketId, what: ToServer) {
        let delay = 1 + self.rng.below(80);
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.server_by = wire.server_by.max(self.now.tick_ms + delay);
        wire.on_the_way += 1;
        let at = wire.server_by;
        self.at(at, Event::ToServer(socket, what));
    }

    pub fn toward_client(&mut self, socket: SocketId, what: ToClient) {
        let delay = 1 + self.rng.below(80);
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.client_by = wire.client_by.max(self.now.tick_ms + delay);
        wire.on_the_way += 1;
        let at = wire.client_by;
        self.at(at, Event::ToClient(socket, what));
    }

    /// The server's end is gone; the client notices later.
    pub fn close_socket(&mut self, socket: SocketId) {
        self.toward_client(socket, ToClient::Gone);
        if let Some(wire) = self.wires.remove(&socket) {
            for waiting in self.node.waiting.values_mut() {
                waiting.retain(|(other, _)| *other != socket);
            }
            self.input(wire.user, Input::Detach { socket });
        }
    }

    fn at_server(&mut self, socket: SocketId, what: ToServer) {
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.on_the_way -= 1;
        let user = wire.user;
        match what {
            ToServer::Hello(instance) => self.hello(user, socket, instance),
            ToServer::Start(start) => {
                self.trace(|| format!("{socket:?} -> {start:?}"));
                self.input(user, Input::Start { socket, start });
            }
            ToServer::Command { seq, id, command } => {
                self.trace(|| format!("{socket:?} -> {seq} {} {}", short(id), told(&command)));
                self.numbered.entry(socket).or_default().push(id);
                self.input(user, Input::Command { socket, seq, id, command });
            }
            ToServer::Gone => self.close_socket(socket),
        }
    }

    fn at_client(&mut self, socket: SocketId, what: ToClient) {
        if let Some(wire) = self.wires.get_mut(&socket) {
            wire.on_the_way -= 1;
        }
        let Some(at) = self.devices.iter().position(|device| device.socket == Some(socket)) else { return };
        let device = &mut self.devices[at];
        match what {
            ToClient::Welcome => device.welcomed = true,
            ToClient::Gone => device.lost(),
            ToClient::Frame(out) => {
                let closes = matches!(*out, Out::Close(_));
                let before = device.client.saved();
                device.client.receives(*out);
                device.client.frames.clear();
                let saved = device.read_verdicts(before);
                let user = device.user;
                for id in saved {
                    self.invariant_i1_saved_is_in_the_log(user, id);
                }
                if closes {
                    self.devices[at].lost();
                    self.close_socket(socket);
                }
            }
        }
        self.invariant_client_agrees(socket);
    }

    // ---- devices

    fn act(&mut self, at: usize) {
        let busy = self.devices[at].quiet;
        let wait = if self.rng.one_in(20) { 5_000 } else { 400 };
        self.after(20, if busy { 200 } else { wait }, Event::Act(at));
        let Some(socket) = self.devices[at].socket else {
            return self.connect(at);
        };
        if !self.devices[at].welcomed {
            return;
        }
        if self.devices[at].quiet {
            self.resend(at, socket);
            return;
        }
        match self.rng.below(100) {
            0..=2 => self.disconnect(at, socket),
            3..=6 => self.start(at, socket),
            7..=12 => self.resend(at, socket),
            13..=15 => self.send_again(at, socket),
            16..=23 => self.undo(at, socket),
            24..=28 => self.set(at, socket),
            29..=32 => self.answer_any(at, socket),
            _ => self.study(at, socket),
        }
    }

    fn connect(&mut self, at: usize) {
        // Offline it may still answer what is on its screen: here, any card.
        if !self.devices[at].quiet && self.rng.one_in(3) {
            let command = self.any_answer(at);
            self.make(at, command);
        }
        self.next_socket += 1;
        let socket = SocketId(self.next_socket);
        let (user, instance) = (self.devices[at].user, self.devices[at].instance);
        let by = self.now.tick_ms;
        self.wires.insert(socket, Wire { user, device: at, server_by: by, client_by: by, on_the_way: 0 });
        self.devices[at].socket = Some(socket);
        self.toward_server(socket, ToServer::Hello(instance));
    }

    fn disconnect(&mut self, at: usize, socket: SocketId) {
        self.toward_server(socket, ToServer::Gone);
        self.devices[at].lost();
    }

    fn start(&mut self, at: usize, socket: SocketId) {
        let ids = self.deck_ids.clone();
        let start = self.devices[at].start(&mut self.rng, &ids);
        self.devices[at].client.started();
        self.toward_server(socket, ToServer::Start(Box::new(start)));
    }

    fn make(&mut self, at: usize, command: Command) -> EntryId {
        let wrong_by_ms = if self.rng.one_in(60) { 30_000 } else { 0 };
        let wall_ms = self.now.wall_ms;
        self.devices[at].make(&mut self.rng, wall_ms, wrong_by_ms, command)
    }

    fn send(&mut self, at: usize, socket: SocketId, id: EntryId) {
        let device = &mut self.devices[at];
        let Some((command, _)) = device.outbox.get(&id).copied() else { return };
        if device.in_flight() >= 64 {
            return;
        }
        let seq = if device.ever_sent.insert(id) {
            device.client.sends(id, &command)
        } else {
            device.client.sends_again(&command)
        };
        device.sent.push(id);
        self.toward_server(socket, ToServer::Command { seq, id, command });
    }

    fn in_flight(&self, at: usize) -> BTreeSet<EntryId> {
        let device = &self.devices[at];
        device.sent.iter().skip(device.client.saved() as usize).copied().collect()
    }

    /// All that has no verdict, oldest first (or in disorder, but an answer before its undo).
    fn resend(&mut self, at: usize, socket: SocketId) {
        let flying = self.in_flight(at);
        let mut ids: Vec<EntryId> =
            self.devices[at].open.iter().filter(|id| !flying.contains(id)).copied().take(40).collect();
        if self.rng.one_in(4) && !self.devices[at].quiet {
            let is_undo = |id: &EntryId| matches!(self.devices[at].outbox[id].0, Command::Undo { .. });
            let (undos, mut others): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_undo);
            others.reverse();
            others.extend(undos);
            ids = others;
        }
        for id in ids {
            self.send(at, socket, id);
        }
    }

    /// Something that has its verdict already, or is still on its way.
    fn send_again(&mut self, at: usize, socket: SocketId) {
        let ids: Vec<EntryId> = self.devices[at].outbox.keys().copied().collect();
        if let Some(id) = self.rng.pick(&ids).copied() {
            let named_first = match self.devices[at].outbox[&id].0 {
                Command::Undo { of } => !self.devices[at].open.contains(&of),
                Command::Answer(_) | Command::Set { .. } => true,
            };
            if named_first && self.devices[at].outbox[&id].1 != Fate::Unknown {
                self.send(at, socket, id);
            }
        }
    }

    fn undo(&mut self, at: usize, socket: SocketId) {
        let device = &self.devices[at];
        let back = self.rng.below(4) as usize;
        let Some(of) = device.answers.iter().rev().nth(back).copied() else { return };
        // An answer goes out before its undo.
        if device.open.contains(&of) && !self.in_flight(at).contains(&of) {
            self.send(at, socket, of);
        }
        let id = self.make(at, Command::Undo { of });
        self.send(at, socket, id);
    }

    fn set(&mut self, at: usize, socket: SocketId) {
        let (deck, card) = self.any_card();
        let day = self.zones.entry(self.devices[at].user).or_default().stamp(self.now.wall_ms).day;
        let command = Device::set(&mut self.rng, day, deck, card);
        let id = self.make(at, command);
        self.send(at, socket, id);
    }

    fn any_card(&mut self) -> (DeckId, domain::ids::CardId) {
        let n = 1 + u128::from(self.rng.below(2));
        let cards = self.library.deck(deck_id(n)).cards().len() as u64;
        (deck_id(n), card_id(n, u128::from(self.rng.below(cards))))
    }

    fn any_answer(&mut self, at: usize) -> Command {
        let (deck, card) = self.any_card();
        self.devices[at].answer(&mut self.rng, deck, card)
    }

    fn answer_any(&mut self, at: usize, socket: SocketId) {
        let command = self.any_answer(at);
        let id = self.make(at, command);
        self.send(at, socket, id);
    }

    fn study(&mut self, at: usize, socket: SocketId) {
        let held = &self.devices[at].client.held;
        let place = if self.rng.one_in(6) { self.rng.below(held.len() as u64) as usize } else { 0 };
        let Some(card) = held.get(place).copied() else {
            if !self.devices[at].client.told {
                self.start(at, socket);
            }
            return;
        };
        let deck = deck_id(card.0.as_u128() >> 32 & 0xffff_ffff);
        let command = self.devices[at].answer(&mut self.rng, deck, card);
        let id = self.make(at, command);
        self.send(at, socket, id);
    }
}

pub fn short(id: EntryId) -> String {
    format!("{:x}", id.tail() >> 40)
}

pub fn name(card: domain::ids::CardId) -> String {
    let n = card.0.as_u128();
    format!("{}.{}", n >> 32 & 0xffff_ffff, n & 0xffff_ffff)
}

fn told(command: &Command) -> String {
    match command {
        Command::Answer(a) => format!("answer {} with {}", name(a.card), a.grade.number()),
        Command::Undo { of } => format!("undo {}", short(*of)),
        Command::Set { card, change, .. } => format!("set {} {change:?}", name(*card)),
    }
}
