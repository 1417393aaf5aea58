//! How a learner comes into a node's memory: it is claimed and loaded, and its cards are fetched when they are needed.

use super::Life;
use crate::node::{Nodes, Process, Run, Said, ask};
use crate::plan::Bug;
use crate::store::Folded;
use crate::world::STEP_MS;
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::caches::Cached;
use domain::owner::claim::{Answer, Changed, Claim, Step};
use domain::owner::load::{Found, Load};
use domain::owner::{Epoch, Subject};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

// ---- claim

pub(super) enum Claimed {
    Mine { epoch: Epoch, from_dead: bool },
    Elsewhere(RunId),
}

pub(super) async fn claim(process: &Rc<Process>, nodes: &Nodes, run: &Rc<Run>, user: UserId) -> Claimed {
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

pub(super) async fn load(
    process: &Rc<Process>,
    run: &Rc<Run>,
    user: UserId,
    epoch: Epoch,
) -> Option<Rc<Life>> {
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
pub(super) async fn fetch(process: &Rc<Process>, user: UserId, life: &Rc<Life>, card: Subject) {
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

pub(super) async fn fold_again(process: &Rc<Process>, user: UserId, life: &Life, card: Subject) {
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
