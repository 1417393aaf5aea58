//! One run: devices that answer, faults that happen, and at the end a fresh owner that must know all that was
//! acknowledged.

use crate::learner::everything;
use crate::node::{Command, Home, Nodes};
use crate::plan::Plan;
use crate::store::subject;
use crate::world::{BEGINNING_MS, World};
use domain::ids::{EntryId, UserId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

pub const NODES: usize = 3;
/// Tasks of this process are never paused.
const OUTSIDE: usize = 99;
/// So long after its acknowledgement a live owner should have an answer, milliseconds.
const UNSEEN_AFTER_MS: u64 = 45_000;

pub fn users(plan: &Plan) -> impl Iterator<Item = UserId> + use<> {
    (1..=plan.learners).map(UserId::from_u128)
}

/// What was wrong at the end, or what was seen.
pub fn run(plan: Plan) -> (Result<(), String>, Rc<World>) {
    let world = World::new(plan);
    let nodes = Nodes(Rc::new(RefCell::new(vec![None; NODES])), Rc::default());
    for node in 0..NODES {
        nodes.boot(&world, node);
    }
    for user in users(&world.plan) {
        for _ in 0..world.plan.devices {
            world.spawn(OUTSIDE, 0, device(world.clone(), nodes.clone(), user));
        }
    }
    world.spawn(OUTSIDE, 0, faults(world.clone(), nodes.clone()));
    let wrong: Rc<RefCell<Option<String>>> = Rc::default();
    world.spawn(OUTSIDE, 0, audit(world.clone(), wrong.clone()));
    world.run_until(world.plan.duration_ms, || wrong.borrow().is_some());
    if let Some(why) = wrong.take() {
        return (Err(why), world);
    }
    count_unseen(&world, &nodes);
    (the_end(&world, &nodes), world)
}

/// At every moment all nodes may die for good. What is stored then must do.
async fn audit(world: Rc<World>, wrong: Rc<RefCell<Option<String>>>) {
    loop {
        world.sleep(None, 2_000).await;
        let store = world.store.borrow();
        for user in users(&world.plan) {
            let seen = store.seen_by_a_load(user, world.plan.reads_last);
            let acked = world.acked.borrow();
            let missing = acked.keys().find(|(of, id)| *of == user && !seen.contains(id));
            if let Some((_, id)) = missing {
                let why = format!("{id} of {user} was acknowledged, and no load would find it");
                *wrong.borrow_mut() = Some(why);
            }
        }
    }
}

/// All nodes die, what is on its way lands, and a fresh owner loads.
fn the_end(world: &Rc<World>, nodes: &Nodes) -> Result<(), String> {
    world.calm.set(true);
    world.kill(OUTSIDE, 0);
    for node in 0..NODES {
        nodes.kill(world, node);
    }
    world.land_all();
    nodes.1.borrow_mut().clear();
    let fresh = nodes.boot(world, 0);
    let loaded: Rc<RefCell<BTreeMap<UserId, BTreeSet<EntryId>>>> = Rc::default();
    for user in users(&world.plan) {
        let (process, nodes, loaded) = (fresh.clone(), nodes.clone(), loaded.clone());
        fresh.spawn(async move {
            let entries = everything(&process, &nodes, user).await;
            loaded.borrow_mut().insert(user, entries);
        });
    }
    let all = world.plan.learners as usize;
    world.run_until(world.now_ms() + 120_000, || loaded.borrow().len() == all);
    if loaded.borrow().len() < all {
        return Err("a fresh owner cannot load".into());
    }
    let loaded = loaded.borrow();
    check(world, &loaded)
}

fn check(world: &World, loaded: &BTreeMap<UserId, BTreeSet<EntryId>>) -> Result<(), String> {
    let store = world.store.borrow();
    if let Some(id) = store.invented.first() {
        return Err(format!("caches held {id} before the log did"));
    }
    for (user, id) in world.acked.borrow().keys() {
        if !store.has(*user, *id) {
            return Err(format!("{id} of {user} was acknowledged and is lost"));
        }
        if !loaded.get(user).is_some_and(|entries| entries.contains(id)) {
            return Err(format!("{id} of {user} was acknowledged and is missing in the state"));
        }
    }
    for (user, entries) in loaded {
        if let Some(id) = entries.iter().find(|id| !store.has(*user, **id)) {
            return Err(format!("{id} of {user} is in the state and not in the log"));
        }
    }
    match store.log.keys().find(|key| !world.sent.borrow().contains(key)) {
        Some((user, id)) => Err(format!("{id} of {user} is in the log and was never sent")),
        None => Ok(()),
    }
}

/// Answers that were acknowledged a while ago and that a live, rightful owner does not show.
fn count_unseen(world: &World, nodes: &Nodes) {
    let now_ms = world.now_ms();
    for run in (0..NODES).filter_map(|node| nodes.at(node)?.run.borrow().clone()) {
        for (user, home) in run.homes.borrow().iter() {
            let Home::Live(life) = home else { continue };
            let store = world.store.borrow();
            if store.owner(*user).epoch != life.epoch || !store.is_alive(run.id) {
                continue;
            }
            let cards = life.cards.borrow();
            for ((of, id), acked_ms) in world.acked.borrow().iter() {
                let old = of == user && acked_ms + UNSEEN_AFTER_MS < now_ms;
                let card = store.log.get(&(*of, *id)).filter(|_| old);
                if card.and_then(|card| cards.get(card)).is_some_and(|entries| !entries.contains(id)) {
                    world.note("unseen");
                }
            }
        }
    }
}

async fn device(world: Rc<World>, nodes: Nodes, user: UserId) {
    let mut at = world.below(NODES as u64) as usize;
    let mut outbox: BTreeMap<EntryId, Command> = BTreeMap::new();
    loop {
        let wait_ms = world.below(world.plan.answers_every_ms);
        world.sleep(None, wait_ms).await;
        outbox.retain(|id, _| !world.acked.borrow().contains_key(&(user, *id)));
        if world.now_ms() + world.plan.quiet_ms >= world.plan.duration_ms {
            continue;
        }
        match world.below(64) {
            // It reconnects somewhere, and sends its outbox again.
            _ if world.one_in(world.plan.reconnect_one_in) => {
                at = world.below(NODES as u64) as usize;
                for command in outbox.values() {
                    send(&nodes, at, user, *command);
                }
            }
            // It vanishes: nobody sends again what it had not been told of.
            0 => outbox.retain(|_, _| world.one_in(2)),
            _ => {
                let command = answer(&world);
                outbox.insert(command.id, command);
                world.sent.borrow_mut().insert((user, command.id));
                send(&nodes, at, user, command);
            }
        }
    }
}

fn answer(world: &World) -> Command {
    let back_ms = if world.one_in(world.plan.late_one_in) {
        world.below(120_000)
    } else if world.one_in(world.plan.belated_one_in) {
        world.below(10_000)
    } else {
        world.below(300)
    };
    let at_ms = BEGINNING_MS + world.now_ms() as i64 - back_ms as i64;
    let id = EntryId::v7(at_ms, u128::from(world.number()));
    Command { id, card: subject(world.below(world.plan.cards)), relayed: false }
}

fn send(nodes: &Nodes, at: usize, user: UserId, command: Command) {
    let Some(run) = nodes.at(at).and_then(|process| process.run.borrow().clone()) else { return };
    run.queues.borrow_mut().entry(user).or_default().push_back(command);
}

async fn faults(world: Rc<World>, nodes: Nodes) {
    loop {
        let wait_ms = world.below(world.plan.kills_every_ms);
        world.sleep(None, wait_ms).await;
        let node = world.below(NODES as u64) as usize;
        match world.below(4) {
            0 => {
                let other = world.below(NODES as u64) as usize;
                nodes.1.borrow_mut().insert((node.min(other), node.max(other)));
            }
            1 => nodes.1.borrow_mut().clear(),
            _ => {
                world.note("kill");
                world.trace(|| format!("node {node} is killed"));
                nodes.kill(&world, node);
                world.sleep(None, 200).await;
                nodes.boot(&world, node);
            }
        }
    }
}
