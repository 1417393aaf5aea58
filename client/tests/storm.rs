//! The core against an honest server behind dishonest lines: sockets break and the device dies at any moment,
//! and still every deed counts exactly once.

#![allow(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test may panic")]

use client::{Action, Core, CoreConfig, Event, Input, Now, Random, Record, Restored, Shown};
use proptest::prelude::*;
use protocol::{
    Body, ClientFrame, Command, ErrorCode, ErrorFrame, Grade, Numbered, Reply, Saved, ServerFrame, Welcome,
    WelcomeLimits, decode_client,
};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

const USER: Uuid = Uuid::from_u128(0xabc);
const WALL: i64 = 1_763_690_400_000;
const DEEDS: u32 = 60;

/// What the server keeps, and one socket.
#[derive(Default)]
struct Server {
    log: BTreeMap<Uuid, Command>,
    refused: BTreeMap<Uuid, Command>,
    next_seq: u64,
    welcomed: bool,
    /// Frames on their way to the client.
    down: VecDeque<ServerFrame>,
}

impl Server {
    fn socket_ended(&mut self) {
        self.down.clear();
        self.next_seq = 0;
        self.welcomed = false;
    }

    fn take(&mut self, text: &str, server_time: i64, random: &mut Random) {
        match decode_client(text).expect("a client sends frames") {
            ClientFrame::Hello(_) => {
                let limits = WelcomeLimits { in_flight: 8, frame_bytes: 16_384 };
                self.welcomed = true;
                self.down.push_back(ServerFrame::Welcome(Box::new(Welcome {
                    user_id: USER,
                    server_time,
                    heartbeat_ms: 25_000,
                    limits,
                    features: vec![],
                    class: None,
                    node: None,
                })));
            }
            ClientFrame::Command(Numbered { seq, command }) => {
                assert!(self.welcomed, "a command before welcome");
                self.next_seq += 1;
                assert_eq!(seq, self.next_seq, "a gap or a repeat");
                self.judge(seq, command, random);
            }
            _ => {}
        }
    }

    fn judge(&mut self, seq: u64, command: Command, random: &mut Random) {
        let known = self.log.get(&command.id).or_else(|| self.refused.get(&command.id));
        if let Some(known) = known {
            assert_eq!(*known, command, "an id and its content never change once sent");
        }
        let code = match random.between(0, 9) {
            _ if self.refused.contains_key(&command.id) => Some(ErrorCode::UnknownCard),
            0 if known.is_none() => Some(ErrorCode::UnknownCard),
            1 | 2 if known.is_none() => Some(ErrorCode::Busy),
            _ => None,
        };
        let id = command.id;
        match code {
            None => {
                self.log.insert(id, command);
            }
            Some(code) => {
                if code.is_final() {
                    self.refused.insert(id, command);
                }
                let refusal = ErrorFrame::refusal(code, seq, Some(id), "").retry_after(50);
                self.down.push_back(ServerFrame::Error(refusal));
            }
        }
        if random.between(0, 2) == 0 {
            self.down.push_back(ServerFrame::Saved(Saved { seq }));
        }
    }
}

/// The device: a core that may die, and a disk that does not.
struct Device {
    core: Core,
    disk: Vec<Record>,
    open: bool,
}

impl Device {
    fn boot(disk: Vec<Record>, seed: u64, now: Now) -> Device {
        let instance = Uuid::from_u128(u128::from(seed));
        let config = CoreConfig { token: "t".into(), instance, zone: None, user: Some(USER), seed };
        let core = Core::new(config, Restored::replay(disk.clone()), now);
        Device { core, disk, open: false }
    }
}

struct World {
    random: Random,
    now: Now,
    /// How far the device's clock is off.
    skew_ms: i64,
    server: Server,
    device: Device,
}

impl World {
    fn new(seed: u64) -> World {
        let mut random = Random::seeded(seed);
        let skew_ms = random.between(0, 7_200_000) as i64 - 3_600_000;
        let now = Now { tick_ms: 0, wall_ms: WALL + skew_ms };
        let device = Device::boot(Vec::new(), random.bits(), now);
        World { random, now, skew_ms, server: Server::default(), device }
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.random.between(1, one_in) == 1
    }

    fn pass(&mut self, ms: u64) {
        self.now.tick_ms += ms;
        self.now.wall_ms += ms as i64;
    }

    fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.device.core.handle(self.now, input, &mut out);
        self.perform(out, false);
    }

    /// Does the actions; with `dies` the device dies after a random number of them. Gives what was done.
    fn perform(&mut self, actions: Vec<Action>, dies: bool) -> usize {
        let count = actions.len();
        let done = if dies { self.random.between(0, count as u64) as usize } else { count };
        for action in actions.into_iter().take(done) {
            match action {
                Action::Persist(record) => self.device.disk.push(record),
                Action::Send(text) => {
                    let server_time = self.now.wall_ms - self.skew_ms;
                    // A socket may break at any frame: the server hears none of the later ones.
                    if self.device.open {
                        self.server.take(&text, server_time, &mut self.random);
                    }
                }
                Action::Connect => self.device.open = true,
                Action::Close => self.break_line(),
                Action::Tell(Event::Violation(violation)) => panic!("{violation}"),
                Action::GetToken | Action::Tell(_) => {}
            }
        }
        if dies {
            self.break_line();
            let (disk, seed) = (std::mem::take(&mut self.device.disk), self.random.bits());
            self.device = Device::boot(disk, seed, self.now);
        }
        done
    }

    fn break_line(&mut self) {
        self.device.open = false;
        self.server.socket_ended();
    }

    /// One deed of the learner; says whether it reached the disk.
    fn deed(&mut self, n: u32, dies: bool) -> bool {
        let mut out = Vec::new();
        let shown = Shown {
            deck_id: Uuid::nil(),
            card_id: Uuid::from_u128(u128::from(n)),
            elapsed_ms: n,
            confidence: None,
            early: false,
        };
        let reply = Reply::Grade(Grade::try_from(3).expect("a grade"));
        self.device.core.answer(self.now, shown, reply, &mut out).expect("taken");
        let written = out.iter().position(|action| matches!(action, Action::Persist(Record::Made { .. })));
        let done = self.perform(out, dies);
        written.is_some_and(|at| at < done)
    }

    fn step(&mut self, calm: bool) {
        let wait = self.random.between(1, 400);
        self.pass(wait);
        let connecting = self.device.open && !self.server.welcomed && self.server.down.is_empty();
        if connecting {
            self.input(Input::Connected);
        } else if let Some(frame) = self.server.down.pop_front() {
            self.input(Input::Text(frame.encode()));
        } else {
            if self.server.next_seq > 0 {
                self.server.down.push_back(ServerFrame::Saved(Saved { seq: self.server.next_seq }));
            }
            self.input(Input::Tick);
        }
        if !calm && self.chance(20) && self.device.open {
            self.break_line();
            self.input(Input::Closed { code: None, reason: String::new() });
        }
        if !calm && self.chance(60) {
            self.skew_ms += 5_000;
            self.now.wall_ms += 5_000;
        }
    }
}

fn deed_of(command: &Command) -> u32 {
    match &command.body {
        Body::Answer(answer) => answer.elapsed_ms,
        other => panic!("{other:?}"),
    }
}

fn storm(seed: u64) {
    let mut world = World::new(seed);
    let mut written = Vec::new();
    for n in 0..DEEDS {
        for _ in 0..world.random.between(0, 12) {
            world.step(false);
        }
        let dies = world.chance(12);
        if world.deed(n, dies) {
            written.push(n);
        }
    }
    for _ in 0..20_000 {
        if world.device.core.unsaved() == 0 {
            break;
        }
        world.step(true);
    }
    assert_eq!(
        world.device.core.unsaved(),
        0,
        "seed {seed}: everything gets its verdict once the storm is over"
    );
    let mut settled: Vec<u32> =
        world.server.log.values().chain(world.server.refused.values()).map(deed_of).collect();
    settled.sort_unstable();
    assert_eq!(settled, written, "seed {seed}: every deed that reached the disk counts exactly once");
    let ids: Vec<u32> = world.server.log.values().map(deed_of).collect();
    assert!(ids.is_sorted(), "seed {seed}: ids rise in the order of the deeds");
    assert_eq!(Restored::replay(world.device.disk).entries, [], "seed {seed}: the disk knows it too");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_deed_counts_once_through_broken_lines_and_dead_devices(seed: u64) {
        storm(seed);
    }
}
