//! A store that was away for all, and to which nodes are back one after another: with the times of production, since the
//! histories shorten their patience.

use crate::store::Store;
use domain::ids::RunId;
use domain::owner::Timing;
use domain::owner::node::{BeatOutcome, Life, Node, ReadAt};
use std::ops::Range;

/// How often a node looks whether something is to be done, milliseconds.
const LOOK_MS: u64 = 100;
/// Between two reads of the list, milliseconds.
const WATCH_EVERY_MS: u64 = 1_000;

/// A process, as its driver has it run.
struct Member {
    run: RunId,
    boots_ms: u64,
    /// When the store cannot be reached from it.
    away_ms: Range<u64>,
    dies_ms: u64,
    node: Option<Node>,
    /// It has tried to register, in vain.
    was_away: bool,
    /// Its run was declared dead.
    is_over: bool,
    declared: Vec<(u64, RunId)>,
}

impl Member {
    fn new(n: u128, boots_ms: u64, away_ms: Range<u64>) -> Member {
        Member {
            run: RunId::from_u128(n),
            boots_ms,
            away_ms,
            dies_ms: u64::MAX,
            node: None,
            was_away: false,
            is_over: false,
            declared: Vec::new(),
        }
    }

    /// Whatever it has to do at this moment. Its ticks are not those of others.
    fn look(&mut self, now_ms: u64, store: &mut Store) {
        if now_ms < self.boots_ms || now_ms >= self.dies_ms || self.is_over {
            return;
        }
        let (tick_ms, wall_ms) = (now_ms - self.boots_ms, i64::try_from(now_ms).unwrap());
        let is_there = !self.away_ms.contains(&now_ms);
        let Some(node) = &mut self.node else {
            self.was_away |= !is_there;
            if is_there {
                store.register(self.run, wall_ms);
                let node = Node::registered(self.run, tick_ms, Timing::STANDARD);
                self.node = Some(if self.was_away { node.patient(tick_ms) } else { node });
            }
            return;
        };
        if let Some(beat) = node.beat(tick_ms) {
            let outcome = if is_there { store.beat(beat, wall_ms) } else { BeatOutcome::Unknown };
            self.is_over = node.beaten(outcome, tick_ms) == Life::Over;
        }
        if is_there && tick_ms.is_multiple_of(WATCH_EVERY_MS) {
            let at = ReadAt { sent_tick_ms: tick_ms, done_tick_ms: tick_ms, wall_ms };
            for dead in node.saw(at, &store.nodes()) {
                store.declare_dead(dead, false);
                self.declared.push((now_ms, dead.run));
            }
        }
    }
}

fn until(end_ms: u64, members: &mut [Member]) {
    let mut store = Store::default();
    for now_ms in (0..end_ms).step_by(LOOK_MS as usize) {
        members.iter_mut().for_each(|member| member.look(now_ms, &mut store));
    }
}

#[test]
fn nobody_is_declared_dead_by_who_is_back_first_or_new_and_a_dead_node_is_later() {
    let (away, first_ms, last_ms) = (30_000, 90_000, 100_000);
    let mut members = [
        Member { dies_ms: 130_000, ..Member::new(1, 0, away..first_ms) },
        Member::new(2, 300, away..last_ms),
        // Started while the store is away, it registers as soon as the first one is back.
        Member::new(3, 60_000, away..first_ms),
    ];
    until(180_000, &mut members);
    let [first, second, third] = &members;
    assert!(!second.is_over && !third.is_over);
    let declared: Vec<_> = members.iter().flat_map(|member| &member.declared).collect();
    assert!(!declared.is_empty(), "the one that died is found out");
    assert!(declared.iter().all(|(at_ms, run)| *at_ms > first.dies_ms && *run == first.run), "{declared:?}");
}
