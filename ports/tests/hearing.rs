//! Whatever the network does to messages, a listener either heard a note or was told, after the note was sent, that it
//! may have missed something.

// A helper of a test may fail the test: clippy's leave for tests covers only functions marked as such.
#![allow(clippy::panic)]

use domain::ids::{ClassId, Uuid};
use ports::bus::{Arrival, Hearing, Run, SILENCE_MS, SPACING_MS, Sending, Topic};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

const NODES: usize = 3;
const TOPICS: [Topic; 2] = [Topic::Inv, Topic::Class(ClassId::from_u128(1))];
const STEP_MS: u64 = 100;

/// What the network does to a message.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Dropped,
    /// It arrives so many steps later, behind others.
    Late(usize),
    /// It arrives twice, the second time so many steps later.
    Twice(usize),
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Send {
        node: usize,
        topic: usize,
        fate: Fate,
    },
    /// What all nodes beat in this second suffers this.
    Beats(Fate),
    /// A node dies, and begins a new life.
    Restart(usize),
    /// The listener hears nothing for so many steps.
    Interruption(usize),
    Pause(usize),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Arrives),
        2 => Just(Fate::Dropped),
        2 => (1..40_usize).prop_map(Fate::Late),
        1 => (1..40_usize).prop_map(Fate::Twice),
    ]
}

fn plan() -> impl Strategy<Value = Vec<Act>> {
    let send =
        (0..NODES, 0..TOPICS.len(), fate()).prop_map(|(node, topic, fate)| Act::Send { node, topic, fate });
    let act = prop_oneof![
        10 => send,
        2 => fate().prop_map(Act::Beats),
        1 => (0..NODES).prop_map(Act::Restart),
        1 => (1..60_usize).prop_map(Act::Interruption),
        3 => (1..30_usize).prop_map(Act::Pause),
    ];
    prop::collection::vec(act, 1..60)
}

/// A mistake that the test must find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Planted {
    Nothing,
    BeatsAreNotListenedTo,
    GapsAreOverlooked,
    InterruptionsAreOverlooked,
    NewRunsAreOldOnes,
}

#[derive(Clone, Copy, Debug)]
enum Message {
    Note { topic: Topic, run: Run, seq: u64, note: usize },
    Beat { topic: Topic, run: Run, last: u64 },
}

struct World {
    planted: Planted,
    now_ms: u64,
    lives: u128,
    nodes: Vec<(Run, Sending)>,
    hearing: Hearing,
    is_deaf: bool,
    on_the_way: BTreeMap<usize, Vec<Message>>,
    step: usize,
    sent: Vec<(Topic, u64)>,
    heard: BTreeSet<usize>,
    heard_twice: usize,
    said: Vec<(Topic, u64)>,
    next_fate: Fate,
    contiguous: BTreeMap<(Topic, Run), u64>,
}

impl World {
    fn new(planted: Planted) -> World {
        let mut world = World {
            planted,
            now_ms: 0,
            lives: 1,
            nodes: Vec::new(),
            hearing: Hearing::new(Run(Uuid::nil())),
            is_deaf: false,
            on_the_way: BTreeMap::new(),
            step: 0,
            sent: Vec::new(),
            heard: BTreeSet::new(),
            heard_twice: 0,
            said: Vec::new(),
            next_fate: Fate::Arrives,
            contiguous: BTreeMap::new(),
        };
        world.nodes = (0..NODES).map(|_| world.life()).collect();
        for topic in TOPICS {
            world.hearing.watch(topic);
            world.hearing.listening(topic, 0);
        }
        world
    }

    fn life(&mut self) -> (Run, Sending) {
        self.lives += 1;
        (Run(Uuid::from_u128(self.lives)), Sending::default())
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Send { node, topic, fate } => {
                let (topic, now_ms) = (TOPICS[topic], self.now_ms);
                let (run, sending) = &mut self.nodes[node];
                let (run, seq) = (*run, sending.next(topic, now_ms));
                self.sent.push((topic, now_ms));
                self.send(Message::Note { topic, run, seq, note: self.sent.len() - 1 }, fate);
            }
            Act::Beats(fate) => self.next_fate = fate,
            Act::Restart(node) => self.nodes[node] = self.life(),
            Act::Interruption(steps) => {
                self.is_deaf = true;
                self.hearing.deaf();
                self.pass(steps);
                self.is_deaf = false;
                if self.planted != Planted::InterruptionsAreOverlooked {
                    TOPICS.iter().for_each(|topic| self.hearing.listening(*topic, self.now_ms));
                }
            }
            Act::Pause(steps) => self.pass(steps),
        }
    }

    fn send(&mut self, message: Message, fate: Fate) {
        let late: &[usize] = match fate {
            Fate::Arrives => &[0],
            Fate::Dropped => &[],
            Fate::Late(steps) => &[steps],
            Fate::Twice(steps) => &[0, steps],
        };
        for steps in late {
            if *steps == 0 {
                self.arrive(message);
            } else {
                self.on_the_way.entry(self.step + steps).or_default().push(message);
            }
        }
    }

    fn arrive(&mut self, message: Message) {
        if self.is_deaf {
            return;
        }
        match message {
            Message::Note { topic, run, seq, note } => {
                let mut seq = seq;
                if self.planted == Planted::GapsAreOverlooked {
                    let last = self.contiguous.entry((topic, run)).or_default();
                    *last += 1;
                    seq = *last;
                }
                match self.hearing.message(topic, self.as_planted(run), seq, self.now_ms) {
                    Arrival::New if !self.heard.insert(note) => self.heard_twice += 1,
                    Arrival::New | Arrival::Again => {}
                    Arrival::NotForUs => panic!("it is for us"),
                }
            }
            Message::Beat { topic, run, last } => match self.planted {
                Planted::BeatsAreNotListenedTo | Planted::GapsAreOverlooked => {}
                Planted::Nothing | Planted::InterruptionsAreOverlooked | Planted::NewRunsAreOldOnes => {
                    self.hearing.beat(topic, self.as_planted(run), last, self.now_ms);
                }
            },
        }
    }

    fn as_planted(&self, run: Run) -> Run {
        let is_old = self.planted == Planted::NewRunsAreOldOnes;
        if is_old { Run(Uuid::max()) } else { run }
    }

    fn pass(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step += 1;
            self.now_ms += STEP_MS;
            for message in self.on_the_way.remove(&self.step).unwrap_or_default() {
                self.arrive(message);
            }
            if self.now_ms.is_multiple_of(1_000) {
                let fate = std::mem::replace(&mut self.next_fate, Fate::Arrives);
                self.beat(fate);
                self.hearing.look_for_silence(self.now_ms);
            }
            self.say();
        }
    }

    fn beat(&mut self, fate: Fate) {
        for node in 0..NODES {
            let run = self.nodes[node].0;
            for (topic, last) in self.nodes[node].1.beats(self.now_ms) {
                self.send(Message::Beat { topic, run, last }, fate);
            }
        }
    }

    fn say(&mut self) {
        while let Some(topic) = self.hearing.due(self.now_ms) {
            let last = self.said.iter().rev().find(|(said, _)| *said == topic);
            assert!(last.is_none_or(|(_, ms)| self.now_ms - ms >= SPACING_MS), "said too often");
            self.said.push((topic, self.now_ms));
        }
    }

    /// The network is whole again; a beat of each node passes, and a spacing.
    fn settle(&mut self) {
        self.on_the_way.clear();
        self.next_fate = Fate::Arrives;
        self.pass(((1_000 + SPACING_MS) / STEP_MS) as usize + 10);
    }

    /// Notes that were neither heard nor followed by a word about them. What a run sent on a class before it died is
    /// told again by whoever takes its learners over.
    fn missed(&self) -> Vec<usize> {
        let told = |note: usize, topic: Topic, at_ms: u64| {
            self.heard.contains(&note) || self.said.iter().any(|(said, ms)| *said == topic && *ms >= at_ms)
        };
        let all = self.sent.iter().enumerate();
        all.filter(|(note, (topic, at_ms))| !told(*note, *topic, *at_ms)).map(|(note, _)| note).collect()
    }
}

fn without_deaths_on_classes(plan: &[Act]) -> Vec<Act> {
    let restarts = plan.iter().any(|act| matches!(act, Act::Restart(_)));
    let is_class = |act: &Act| matches!(act, Act::Send { topic: 1, .. });
    plan.iter().copied().filter(|act| !(restarts && is_class(act))).collect()
}

fn check(plan: &[Act], planted: Planted) -> Result<(), TestCaseError> {
    let mut world = World::new(planted);
    world.pass(1);
    for act in without_deaths_on_classes(plan) {
        world.act(act);
    }
    world.settle();
    prop_assert_eq!(world.missed(), Vec::<usize>::new());
    prop_assert_eq!(world.heard_twice, 0);
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 1_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_note_that_was_not_heard_is_followed_by_unknown_after_the_next_beat(plan in plan()) {
        check(&plan, Planted::Nothing)?;
    }

    #[test]
    fn an_interruption_that_nobody_noticed_is_found_by_the_numbers_alone(plan in plan()) {
        check(&plan, Planted::InterruptionsAreOverlooked)?;
    }
}

#[test]
fn each_planted_mistake_is_found() {
    for planted in [Planted::BeatsAreNotListenedTo, Planted::GapsAreOverlooked, Planted::NewRunsAreOldOnes] {
        let config =
            Config { cases: 4_000, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
        let outcome = TestRunner::new(config).run(&plan(), |plan| check(&plan, planted));
        assert!(outcome.is_err(), "{planted:?} was not found");
    }
}

#[test]
fn without_faults_nothing_is_said_once_everybody_is_known() {
    let mut world = World::new(Planted::Nothing);
    world.pass(50);
    let said = world.said.len();
    for n in 0..600 {
        world.act(Act::Send { node: n % NODES, topic: n % TOPICS.len(), fate: Fate::Arrives });
        world.pass(n % 7);
    }
    // A class is heard of with the first message of each node.
    let later: Vec<_> = world.said[said..].iter().filter(|(topic, _)| *topic == Topic::Inv).collect();
    assert_eq!(later.len(), 0);
    assert_eq!(world.heard.len(), 600);
}

#[test]
fn after_an_interruption_it_is_said_once_though_every_peer_left_a_gap() {
    let mut world = World::new(Planted::Nothing);
    world.pass(50);
    let said = world.said.len();
    world.is_deaf = true;
    world.hearing.deaf();
    for node in 0..NODES {
        world.act(Act::Send { node, topic: 0, fate: Fate::Arrives });
    }
    world.act(Act::Interruption(300));
    world.pass(200);
    let later: Vec<_> = world.said[said..].iter().filter(|(topic, _)| *topic == Topic::Inv).collect();
    assert_eq!(later.len(), 1, "{later:?}");
}

#[test]
fn a_run_that_fell_silent_is_told_of_once() {
    let mut hearing = Hearing::new(Run(Uuid::nil()));
    hearing.watch(Topic::Inv);
    hearing.listening(Topic::Inv, 0);
    hearing.beat(Topic::Inv, Run(Uuid::from_u128(1)), 4, 1);
    assert_eq!(hearing.due(1), Some(Topic::Inv));
    hearing.look_for_silence(SILENCE_MS);
    assert_eq!(hearing.due(SILENCE_MS), None);
    for second in 1..100 {
        hearing.look_for_silence(SILENCE_MS + second * 1_000);
    }
    assert_eq!(hearing.due(SILENCE_MS * 10), Some(Topic::Inv));
    assert_eq!(hearing.due(SILENCE_MS * 20), None);
}

#[test]
fn a_connection_that_comes_and_goes_does_not_put_it_off_for_ever() {
    let mut hearing = Hearing::new(Run(Uuid::nil()));
    hearing.watch(Topic::Inv);
    let mut said = 0;
    for now_ms in (0..60_000).step_by(500) {
        hearing.deaf();
        hearing.listening(Topic::Inv, now_ms);
        said += u64::from(hearing.due(now_ms).is_some());
    }
    assert!((60_000 / SPACING_MS / 2..=60_000 / SPACING_MS + 1).contains(&said), "{said}");
}
