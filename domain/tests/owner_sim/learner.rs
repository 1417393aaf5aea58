//! One learner at one node: claim, load, append, write behind, stop. What the shell and the store do around the machines
//! in production, in the same order, on a session that only knows which entries are in which card.

mod loading;

pub use loading::everything;

use crate::node::{Command, Home, Nodes, Process, Run};
use crate::plan::Bug;
use crate::store::Folded;
use crate::world::STEP_MS;
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::caches::{Cached, Caches, Place, write_time};
use domain::owner::{Epoch, Subject};
use loading::{Claimed, claim, fetch, fold_again, load};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// One tenure of a learner in memory.
pub struct Life {
    pub epoch: Epoch,
    pub caches: RefCell<Caches<Folded>>,
    /// The session: which entries are in each card, as far as cards are loaded.
    pub cards: RefCell<BTreeMap<Subject, BTreeSet<EntryId>>>,
    known: RefCell<BTreeSet<EntryId>>,
    floor: EntryId,
    /// Cards about which a command is being worked on.
    busy: RefCell<BTreeSet<Subject>>,
    idle_since_ms: Cell<u64>,
    is_over: Cell<bool>,
}

// ---- the session's turns

pub async fn serve(process: Rc<Process>, nodes: Nodes, run: Rc<Run>, user: UserId) {
    loop {
        if run.is_over.get() && !process.world.plan.zombies {
            return;
        }
        let waiting = run.queues.borrow().get(&user).is_some_and(|queue| !queue.is_empty());
        match run.home(user) {
            // A run that is over starts nothing.
            _ if run.is_over.get() && !waiting => return,
            None if run.is_over.get() => return,
            None if waiting && run.releases.borrow().may_start(user) => {
                start(&process, &nodes, &run, user).await;
            }
            Some(Home::Live(life)) if waiting => work(&process, &run, user, &life),
            Some(Home::Live(life)) => stop_if_idle(&process, &run, user, &life).await,
            None | Some(Home::Loading | Home::Stopping) => {}
        }
        process.sleep(STEP_MS).await;
    }
}

async fn start(process: &Rc<Process>, nodes: &Nodes, run: &Rc<Run>, user: UserId) {
    run.homes.borrow_mut().insert(user, Home::Loading);
    let claimed = claim(process, nodes, run, user).await;
    let life = match claimed {
        Claimed::Elsewhere(owner) => {
            relay(process, nodes, run, user, owner);
            None
        }
        Claimed::Mine { epoch, from_dead } => {
            process.world.note("claimed");
            process.world.trace(|| format!("node {} has {user} under {epoch}", process.node));
            let life = load(process, run, user, epoch).await;
            if let Some(life) = life.clone().filter(|_| from_dead) {
                process.world.note("from the dead");
                process.spawn(inbox_again(process.clone(), user, life));
            }
            life
        }
    };
    let mut homes = run.homes.borrow_mut();
    match life {
        Some(life) => homes.insert(user, Home::Live(life)),
        None => homes.remove(&user),
    };
}

/// What another owner still acknowledged when it was dead already is in the inbox by now.
async fn inbox_again(process: Rc<Process>, user: UserId, life: Rc<Life>) {
    process.sleep(process.world.plan.timing.inbox_again_ms).await;
    if life.is_over.get() || !process.world.plan.inbox_again {
        return;
    }
    let rows = process.op(move |store| store.inbox(user)).await;
    let entries: BTreeMap<EntryId, Subject> =
        process.op(move |store| store.entries(user)).await.into_iter().collect();
    let found = rows.iter().filter_map(|row| Some((row.id, *entries.get(&row.id)?)));
    let again = life.caches.borrow_mut().inbox_again(found);
    for card in again {
        process.world.note("inbox read again");
        fold_again(&process, user, &life, card).await;
    }
}

fn relay(process: &Rc<Process>, nodes: &Nodes, run: &Rc<Run>, user: UserId, owner: RunId) {
    let commands = run.queues.borrow_mut().remove(&user).unwrap_or_default();
    let Some(peer) = nodes.with_run(owner).filter(|peer| !nodes.is_cut(process.node, peer.node)) else {
        return;
    };
    process.world.note("relayed");
    let there = peer.clone();
    peer.spawn(async move {
        there.sleep(STEP_MS).await;
        let Some(run) = there.run.borrow().clone() else { return };
        let fresh = commands.into_iter().filter(|command| !command.relayed);
        let mut queues = run.queues.borrow_mut();
        queues.entry(user).or_default().extend(fresh.map(|command| Command { relayed: true, ..command }));
    });
}

async fn stop_if_idle(process: &Rc<Process>, run: &Rc<Run>, user: UserId, life: &Rc<Life>) {
    let idle_for_ms = process.world.now_ms() - life.idle_since_ms.get();
    if !life.busy.borrow().is_empty() || idle_for_ms < process.world.plan.idle_ms {
        return;
    }
    run.homes.borrow_mut().insert(user, Home::Stopping);
    process.world.note("stopped");
    while life.caches.borrow().is_writing() {
        process.sleep(STEP_MS).await;
    }
    life.is_over.set(true);
    flush(process, user, life).await;
    run.homes.borrow_mut().remove(&user);
}

/// Commands are worked on at once, but for those about one card, which follow each other.
fn work(process: &Rc<Process>, run: &Rc<Run>, user: UserId, life: &Rc<Life>) {
    let mut queues = run.queues.borrow_mut();
    let queue = queues.entry(user).or_default();
    let mut waiting: BTreeSet<Subject> = life.busy.borrow().clone();
    queue.retain(|command| {
        let is_next = waiting.insert(command.card);
        if is_next {
            let (process, run, life, command) = (process.clone(), run.clone(), life.clone(), *command);
            life.busy.borrow_mut().insert(command.card);
            process.clone().spawn(async move {
                append(&process, &run, user, &life, command).await;
                life.busy.borrow_mut().remove(&command.card);
                life.idle_since_ms.set(process.world.now_ms());
            });
        }
        !is_next
    });
}

async fn append(process: &Rc<Process>, run: &Rc<Run>, user: UserId, life: &Rc<Life>, command: Command) {
    let Command { id, card, .. } = command;
    let known = life.known.borrow().contains(&id);
    if !known {
        fetch(process, user, life, card).await;
        if id < life.floor && process.op(move |store| store.has(user, id)).await {
            found(process, user, life, command).await;
        } else {
            append_new(process, run, user, life, command).await;
        }
        life.known.borrow_mut().insert(id);
    }
    // The acknowledgement leaves in the step in which it was allowed.
    let now_ms = process.world.now_ms();
    process.world.trace(|| format!("node {} acknowledges {id} under {}", process.node, life.epoch));
    process.world.acked.borrow_mut().entry((user, id)).or_insert(now_ms);
}

async fn found(process: &Rc<Process>, user: UserId, life: &Life, command: Command) {
    process.world.note("found");
    if process.has(Bug::FoundIsEnough) || !life.caches.borrow().found(command.id) {
        return;
    }
    if !process.has(Bug::FoundUnmarked) {
        mark(process, user, command.id).await;
        life.caches.borrow_mut().found_marked(command.id, command.card);
    }
    fold_again(process, user, life, command.card).await;
}

async fn mark(process: &Rc<Process>, user: UserId, id: EntryId) {
    let wall_ms = process.wall_ms();
    process.op(move |store| store.mark(user, id, wall_ms)).await;
}

async fn append_new(process: &Rc<Process>, run: &Rc<Run>, user: UserId, life: &Life, command: Command) {
    let Command { id, card, .. } = command;
    let progress = |life: &Life| {
        let mut cards = life.cards.borrow_mut();
        let entries = cards.entry(card).or_default();
        entries.insert(id);
        Cached::Whole(Rc::new(entries.clone()))
    };
    let last = life.cards.borrow().get(&card).and_then(|entries| entries.last().copied());
    let in_order = last.is_none_or(|last| id > last) || !process.world.plan.reads_last;
    let in_order = in_order || process.has(Bug::NoEarlierMark);
    let place = if in_order { Place::Last } else { Place::Earlier };
    let first = life.caches.borrow_mut().before_log(id, place, process.wall_ms());
    if process.has(Bug::CacheBeforeDurable) {
        let progress = progress(life);
        life.caches.borrow_mut().appended(id, card, progress);
    }
    if first && !process.has(Bug::NoInbox) {
        process.world.note("marked before the log");
        mark(process, user, id).await;
        life.caches.borrow_mut().marked(id);
    }
    process.op(move |store| store.append(user, id, card)).await;
    let beat = process.last_beat(run);
    let unsure = life.caches.borrow().before_ack(id, process.tick_ms(), beat);
    if unsure && !process.has(Bug::NoStaleMark) {
        process.world.note("marked before the verdict");
        mark(process, user, id).await;
        life.caches.borrow_mut().marked(id);
    }
    let progress = progress(life);
    life.caches.borrow_mut().appended(id, card, progress);
}

// ---- writing behind

pub async fn write_behind(process: Rc<Process>, run: Rc<Run>, user: UserId) {
    let every_ms = process.world.plan.flush_every_ms;
    loop {
        let wait_ms = [every_ms, every_ms, every_ms * 6][process.world.below(3) as usize];
        process.sleep(wait_ms).await;
        if run.is_over.get() && !process.world.plan.zombies {
            return;
        }
        if let Some(Home::Live(life)) = run.home(user)
            && !life.is_over.get()
        {
            flush(&process, user, &life).await;
            clear(&process, &run, user, &life).await;
        }
    }
}

async fn flush(process: &Rc<Process>, user: UserId, life: &Life) {
    let wall_ms = process.wall_ms();
    let plan = life.caches.borrow_mut().flush(process.tick_ms(), wall_ms);
    let Some(mut plan) = plan else { return };
    if process.has(Bug::StaleCacheWins) {
        plan.write_time = wall_ms;
    }
    assert!(
        process.has(Bug::StaleCacheWins) || Some(plan.write_time) < write_time(life.epoch + 1, 0),
        "a write time of the next epoch"
    );
    let by_clock_ms = wall_ms - process.world.plan.timing.folded_lag_ms;
    if process.has(Bug::CheckpointFirst) {
        let mut row = life.caches.borrow().clone().progress_stored(&plan, process.tick_ms());
        row.write_time = plan.write_time;
        process.op(move |store| store.put_checkpoint(user, row)).await;
    }
    let time = plan.write_time;
    for (card, cached) in plan.rows.clone() {
        process.op(move |store| store.put_progress(user, card, time, cached)).await;
    }
    let mut row = life.caches.borrow_mut().progress_stored(&plan, process.tick_ms());
    if process.has(Bug::CheckpointByClock) {
        row.folded_to_ms = by_clock_ms;
    }
    process.op(move |store| store.put_checkpoint(user, row)).await;
    life.caches.borrow_mut().checkpoint_stored();
}

async fn clear(process: &Rc<Process>, run: &Rc<Run>, user: UserId, life: &Life) {
    let mut beat = process.last_beat(run);
    if process.has(Bug::StaleOwnerClearsInbox) {
        beat = Some(domain::owner::Beat { run: run.id, sent_tick_ms: u64::MAX });
    }
    let ids = life.caches.borrow_mut().clearable(beat);
    for id in &ids {
        let (id, wall_ms) = (*id, process.wall_ms());
        process.world.note("cleared");
        process.op(move |store| store.clear(user, id, wall_ms)).await;
    }
    life.caches.borrow_mut().cleared(&ids);
}
