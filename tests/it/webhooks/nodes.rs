//! Several nodes over one store: one delivers a webhook at a time, and another when that one is dead.

use super::receiver::{Mood, Receiver};
use super::school::{ORG, accepted, events, hooks, options};
use super::school::{School, runtime};
use crate::study::server::eventually;
use domain::ids::RunId;
use ports::Feed;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use studyhall::webhooks::Holders;

/// A node, and who is alive as all nodes see it.
struct Node {
    me: RunId,
    alive: Arc<Mutex<BTreeSet<RunId>>>,
}

impl Holders for Node {
    fn me(&self) -> Option<RunId> {
        Some(self.me)
    }

    fn is_alive(&self, run: RunId) -> bool {
        self.alive.lock().unwrap().contains(&run)
    }
}

#[test]
fn of_two_nodes_one_delivers_and_the_other_takes_over_when_it_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    // It alone has the files; what it would deliver itself is nothing, since its webhook comes later.
    let school = School::open(folder.path(), options(10_000));
    school.runtime.block_on(school.hooks.stop());
    let runs = [1, 2].map(RunId::from_u128);
    let alive = Arc::new(Mutex::new(BTreeSet::from(runs)));
    let nodes = runs.map(|me| {
        let runtime = runtime();
        let holders = Arc::new(Node { me, alive: alive.clone() });
        let node = runtime.block_on(async {
            let events = events(&school.store);
            (hooks(&school.store, &events, holders, options(10_000)), events)
        });
        (runtime, node)
    });
    let receiver = Receiver::start(Mood::Says(200, ""));
    let hook = school.hook(&receiver, Feed::Org(ORG));
    let look = || nodes.iter().for_each(|(_, (hooks, _))| hooks.changed());
    look();
    eventually("one of them has it", || school.record(hook).holder.is_some());
    let holder = school.record(hook).holder.unwrap();
    for n in 0..20 {
        school.happens(n);
        eventually("it is there", || {
            look();
            accepted(&receiver).len() > n as usize
        });
        assert_eq!(school.record(hook).holder, Some(holder), "nobody takes it from who is alive");
    }
    assert_eq!(accepted(&receiver), (0..20).collect::<Vec<_>>(), "each once");
    // The one that has it stands still, and the other one finds that out.
    let mut nodes: Vec<_> = nodes.into_iter().zip(runs).collect();
    nodes.retain(|(_, run)| *run != holder);
    alive.lock().unwrap().remove(&holder);
    let (_, (other, _)) = &nodes[0].0;
    school.happens(20);
    eventually("it is there", || {
        other.changed();
        accepted(&receiver).len() == 21
    });
    assert_eq!(school.record(hook).holder, Some(nodes[0].1));
    // Whoever goes down lets go of what it has.
    let (runtime, (hooks, _)) = &nodes[0].0;
    runtime.block_on(hooks.stop());
    assert_eq!(school.record(hook).holder, None);
}
