//! One learner at one node: claim, load, append, write behind, stop. What the shell and the store do around the machines
//! in production, in the same order, on a session that only knows which entries are in which card.

use crate::node::{Command, Home, Nodes, Process, Run, Said, ask};
use crate::plan::Bug;
use crate::store::Folded;
use crate::world::STEP_MS;
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::caches::{Cached, Caches, Place, write_time};
use domain::owner::claim::{Answer, Changed, Claim, Step};
use domain::owner::load::{Found, Load};
use domain::owner::{Epoch, Subject};
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

// ---- claim

enum Claimed {
    Mine { epoch: Epoch, from_dead: bool },
    Elsewhere(RunId),
}

async fn claim(process: &Rc<Process>, nodes: &Nodes, run: &Rc<Run>, user: UserId) -> Claimed {
    let (mut claim, mut step) = Claim::begin(run.id, process.world.plan.timing);
    let mut at = Default::default();
    loop {
        step = match step {
            Step::ReadOwner => match process.try_op(move |store| store.owner(user)).await {
                Some(row) => {
                    at = row;
                    claim.row(row)
                }
                None => claim.wait(),
            },
            Step::ReadAlive(owner) => match process.try_op(move |store| store.is_alive(owner)).await {
                Some(alive) => claim.alive(alive),
                None => claim.wait(),
            },
            Step::Ask { run: owner, epoch } => match ask(process, nodes, owner, user, epoch).await {
                Said::Answer(answer) => claim.answered(answer),
                // What the machine never does.
                Said::TakeIt => {
                    let change = domain::owner::claim::Change { expected: at, run: Some(run.id) };
                    match process.change(user, change).await {
                        Changed::Applied => Step::Mine { epoch: at.epoch + 1, from_dead: false },
                        Changed::NotApplied(_) | Changed::Unknown => claim.answered(Answer::NotNow),
                    }
                }
            },
            Step::Change(change) => {
                let changed = process.change(user, change).await;
                if changed == Changed::Unknown {
                    process.world.note("claim unknown");
                }
                claim.changed(changed)
            }
            Step::Wait { wait_ms } => {
                process.sleep(wait_ms).await;
                claim.waited()
            }
            Step::Mine { epoch, from_dead } => return Claimed::Mine { epoch, from_dead },
            Step::Relay(owner) => return Claimed::Elsewhere(owner),
        }
    }
}

// ---- load

async fn load(process: &Rc<Process>, run: &Rc<Run>, user: UserId, epoch: Epoch) -> Option<Rc<Life>> {
    let load = Load::claimed(run.id, epoch, process.world.plan.timing);
    let cards: Vec<Subject> = (0..process.world.plan.cards).map(crate::store::subject).collect();
    let early =
        if process.has(Bug::LoadOrder) { Some(progress_of(process, user, &cards).await) } else { None };
    let folded_to_ms = process.op(move |store| store.checkpoint(user)).await;
    let inbox = process.op(move |store| store.inbox(user)).await;
    let at_log = load.checkpoint(folded_to_ms).inbox(inbox);
    let (from_ms, ids) = (at_log.from_ms(), at_log.ids().collect::<BTreeSet<EntryId>>());
    let entries = process.op(move |store| store.entries(user)).await;
    let rows = match (early, process.world.plan.reads_last) {
        (Some(rows), _) => rows,
        (None, true) => progress_of(process, user, &cards).await,
        (None, false) => BTreeMap::new(),
    };
    let last = |card: &Subject| match rows.get(card) {
        Some(Cached::Whole(folded)) if process.world.plan.reads_last => folded.last().copied(),
        Some(Cached::Whole(_) | Cached::Stale) | None => None,
    };
    let found = entries
        .iter()
        .filter(|(id, _)| id.at_ms() >= from_ms || ids.contains(id))
        .map(|(id, card)| Found { id: *id, subject: Some(*card), stored_last: last(card) });
    let fence = at_log.log(found, process.tick_ms(), process.wall_ms())?;
    let mut row = fence.checkpoint();
    if process.has(Bug::StaleCacheWins) {
        row.write_time = process.wall_ms();
    }
    if !process.has(Bug::NoFence) {
        process.op(move |store| store.put_checkpoint(user, row)).await;
    }
    // Like a session, which knows a few of the newest ids, and looks the others up.
    let newest: BTreeSet<EntryId> =
        entries.iter().rev().take(process.world.plan.known).map(|(id, _)| *id).collect();
    let floor = newest.first().copied().unwrap_or(EntryId::MIN);
    let life = Life {
        epoch,
        caches: RefCell::new(fence.stored()),
        cards: RefCell::default(),
        known: RefCell::new(newest),
        floor,
        busy: RefCell::default(),
        idle_since_ms: Cell::new(process.world.now_ms()),
        is_over: Cell::new(false),
    };
    if process.has(Bug::LoadOrder) {
        let fold = |card: &Subject, cached: &Cached<Folded>| {
            let tail =
                entries.iter().filter(|(id, of)| of == card && (id.at_ms() >= from_ms || ids.contains(id)));
            match cached {
                Cached::Whole(folded) => folded.iter().copied().chain(tail.map(|(id, _)| *id)).collect(),
                Cached::Stale => entries.iter().filter(|(_, of)| of == card).map(|(id, _)| *id).collect(),
            }
        };
        *life.cards.borrow_mut() = rows.iter().map(|(card, cached)| (*card, fold(card, cached))).collect();
    }
    Some(Rc::new(life))
}

async fn progress_of(
    process: &Rc<Process>,
    user: UserId,
    cards: &[Subject],
) -> BTreeMap<Subject, Cached<Folded>> {
    let cards = cards.to_vec();
    let read = move |store: &mut crate::store::Store| -> BTreeMap<Subject, Cached<Folded>> {
        cards.iter().map(|card| (*card, store.progress(user, *card))).collect()
    };
    process.op(read).await
}

/// A card is fetched when it is needed: its progress, or the fold of its log where that is not to be trusted.
async fn fetch(process: &Rc<Process>, user: UserId, life: &Rc<Life>, card: Subject) {
    if life.cards.borrow().contains_key(&card) {
        return;
    }
    let stored = process.op(move |store| store.progress(user, card)).await;
    let newest = life.caches.borrow().newest(card).cloned();
    let entries = match newest.unwrap_or(stored) {
        Cached::Whole(folded) => folded.as_ref().clone(),
        Cached::Stale => {
            let read = process.op(move |store| store.card_log(user, card)).await;
            if process.world.plan.joins {
                process.spawn(join(process.clone(), life.clone(), card, read.clone()));
            }
            read
        }
    };
    life.cards.borrow_mut().entry(card).or_default().extend(entries);
}

/// What was folded is written behind when there is time, as the session knows the card by then. A card about which
/// something is on its way needs no such row.
async fn join(process: Rc<Process>, life: Rc<Life>, card: Subject, read: BTreeSet<EntryId>) {
    process.sleep(process.world.plan.flush_every_ms / 2).await;
    let known = life.cards.borrow().get(&card).cloned().unwrap_or_default();
    let known = if process.has(Bug::LoadersRows) { read } else { known };
    if !life.is_over.get() && !life.busy.borrow().contains(&card) {
        process.world.note("joined");
        life.caches.borrow_mut().joined(card, Cached::Whole(Rc::new(known)));
    }
}

async fn fold_again(process: &Rc<Process>, user: UserId, life: &Life, card: Subject) {
    let entries = process.op(move |store| store.card_log(user, card)).await;
    life.cards.borrow_mut().entry(card).or_default().extend(entries);
}

/// What a fresh owner has of a learner.
pub async fn everything(process: &Rc<Process>, nodes: &Nodes, user: UserId) -> BTreeSet<EntryId> {
    loop {
        let run = process.run.borrow().clone();
        if let Some(run) = run
            && let Claimed::Mine { epoch, .. } = claim(process, nodes, &run, user).await
            && let Some(life) = load(process, &run, user, epoch).await
        {
            for card in 0..process.world.plan.cards {
                fetch(process, user, &life, crate::store::subject(card)).await;
            }
            return life.cards.borrow().values().flatten().copied().collect();
        }
        process.sleep(STEP_MS).await;
    }
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
