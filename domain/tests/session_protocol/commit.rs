//! GroupCommit: each row by itself, the rows of one card in their order, barriers, and what rests on a refused row.

use crate::world::{card_id, deck_id};
use domain::commit::{Decided, GroupCommit, Landed, Offer};
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry};
use domain::ids::{EntryId, UserId};
use domain::limits::{RETRY_FIRST_MS, RETRY_LONGEST_MS};
use domain::session::Append;
use domain::state::CardState;

pub const ANNE: UserId = UserId::from_u128(1);
pub const BERT: UserId = UserId::from_u128(2);

pub fn row(user: UserId, card: u128, n: u128) -> Offer {
    let entry = LogEntry {
        id: EntryId::from_u128(n),
        job: None,
        stamp: Stamp { day: Day(0), utc_offset_min: 0 },
        body: Body::Undo { of: EntryId::MIN },
    };
    Offer { user, shard: 0, append: append(card, Some(entry)), stale: false }
}

pub fn append(card: u128, entry: Option<LogEntry>) -> Append {
    Append { entry, about: (deck_id(1), card_id(1, card)), state: CardState::NEW, params_key: 1 }
}

pub fn repaired(user: UserId, card: u128) -> Offer {
    Offer { user, shard: 0, append: append(card, None), stale: false }
}

pub fn ids(batch: &[Offer]) -> Vec<u128> {
    batch.iter().map(|offer| offer.entry_id().map_or(0, |id| id.0.as_u128())).collect()
}

/// Submits what may leave, and has it land so.
fn step(machine: &mut GroupCommit, how: impl Fn(u128) -> Landed) -> (Vec<Offer>, Vec<Decided>) {
    let mut decided = Vec::new();
    let tick = machine.not_before_tick_ms();
    let batch = machine.submit(tick, &mut decided).unwrap_or_default();
    let landed: Vec<Landed> = ids(&batch).into_iter().map(how).collect();
    if !batch.is_empty() {
        machine.returned(tick, &landed, 500, &mut decided);
    }
    (batch, decided)
}

fn durable(_: u128) -> Landed {
    Landed::Durable
}

#[test]
fn what_is_offered_while_a_batch_flies_goes_together_when_it_returns() {
    let mut machine = GroupCommit::new(100);
    let mut decided = Vec::new();
    machine.offer(row(ANNE, 1, 1));
    let first = machine.submit(0, &mut decided).expect("at once");
    assert_eq!(ids(&first), [1]);
    for n in 2..=5 {
        machine.offer(row(ANNE, n, n));
        assert!(machine.submit(0, &mut decided).is_none(), "one batch in flight");
    }
    assert_eq!(machine.undecided(), 5);
    machine.returned(0, &[Landed::Durable], 0, &mut decided);
    assert_eq!(ids(&machine.submit(0, &mut decided).expect("the rest")), [2, 3, 4, 5]);
    assert_eq!(machine.undecided(), 4);
}

#[test]
fn paced_batches_keep_their_distance_unless_they_are_full_and_the_first_one_leaves_at_once() {
    let mut machine = GroupCommit::new(3).paced(2);
    let mut decided = Vec::new();
    let mut leaves = |machine: &mut GroupCommit, tick_ms: u64| {
        let left = machine.submit(tick_ms, &mut decided).map_or(0, |batch| batch.len());
        if left > 0 {
            machine.returned(tick_ms, &vec![Landed::Durable; left], 0, &mut decided);
        }
        left
    };
    machine.offer(row(ANNE, 1, 1));
    assert_eq!(leaves(&mut machine, 100), 1, "after a pause");
    machine.offer(row(ANNE, 2, 2));
    assert_eq!((leaves(&mut machine, 100), leaves(&mut machine, 101)), (0, 0));
    assert_eq!(machine.not_before_tick_ms(), 102);
    assert_eq!(leaves(&mut machine, 102), 1);
    (3..=7).for_each(|n| machine.offer(row(ANNE, n, n)));
    assert_eq!((leaves(&mut machine, 102), leaves(&mut machine, 102)), (3, 0), "full ones do not wait");
    assert_eq!(leaves(&mut machine, 104), 2);
}

/// The mark of an import.
pub fn mark(user: UserId, n: u128) -> Offer {
    let job = domain::ids::JobId::from_u128(n);
    let mut offer = row(user, 0, n);
    offer.append.about = domain::commit::NO_CARD;
    offer.append.entry =
        offer.append.entry.map(|entry| LogEntry { body: Body::ImportCommit { job }, ..entry });
    offer
}

#[test]
fn a_mark_waits_for_all_before_it_and_all_after_it_waits_for_the_mark_and_nobody_else_does() {
    let mut machine = GroupCommit::new(100);
    machine.offer(row(ANNE, 1, 1));
    machine.offer(row(ANNE, 1, 2));
    machine.offer(mark(ANNE, 3));
    machine.offer(row(ANNE, 2, 4));
    machine.offer(row(BERT, 2, 10));
    machine.offer(mark(ANNE, 5));
    machine.offer(mark(ANNE, 6));
    machine.offer(row(ANNE, 1, 7));
    machine.offer(row(ANNE, 2, 8));
    let refused_once = std::cell::Cell::new(true);
    let lands = |n| if n == 2 && refused_once.replace(false) { Landed::Unknown } else { Landed::Durable };
    let batches: Vec<Vec<u128>> = std::iter::from_fn(|| {
        let batch = ids(&step(&mut machine, lands).0);
        (!batch.is_empty()).then_some(batch)
    })
    .collect();
    assert_eq!(batches, [vec![1, 10], vec![2], vec![2], vec![3], vec![4], vec![5], vec![6], vec![7, 8]]);
    machine.offer(row(ANNE, 3, 9));
    machine.offer(row(ANNE, 4, 11));
    assert_eq!(ids(&step(&mut machine, durable).0), [9, 11], "the wall is gone");
}

#[test]
fn what_waits_behind_a_mark_is_stale_when_what_it_rests_on_is_refused_and_barriers_count_it() {
    let mut machine = GroupCommit::new(100);
    machine.offer(row(ANNE, 1, 1));
    machine.offer(mark(ANNE, 2));
    machine.offer(row(ANNE, 1, 3));
    machine.barrier(7, ANNE);
    let (_, decided) = step(&mut machine, |_| Landed::Never);
    assert!(!decided.contains(&Decided::Barrier(7)));
    step(&mut machine, durable);
    let (last, decided) = step(&mut machine, durable);
    assert_eq!((ids(&last), last[0].stale), (vec![3], true));
    assert!(decided.contains(&Decided::Barrier(7)));
}

#[test]
fn a_batch_holds_at_most_so_many_rows() {
    let mut machine = GroupCommit::new(3);
    (1..=7).for_each(|n| machine.offer(row(ANNE, n, n)));
    let sizes: Vec<usize> = (0..4).map(|_| step(&mut machine, durable).0.len()).collect();
    assert_eq!(sizes, [3, 3, 1, 0]);
}

#[test]
fn no_batch_holds_two_rows_of_one_card_and_they_keep_their_order_whatever_lands() {
    let mut machine = GroupCommit::new(100);
    for n in 1..=4 {
        machine.offer(row(ANNE, 1, n));
        machine.offer(row(BERT, 1, 10 + n));
    }
    let mut tries = 0;
    let mut order = Vec::new();
    while machine.undecided() > 0 {
        tries += 1;
        let unknown = tries % 2 == 1;
        let lands = |n| if unknown && n < 10 { Landed::Unknown } else { Landed::Durable };
        let (batch, decided) = step(&mut machine, lands);
        assert!(batch.iter().filter(|offer| offer.user == ANNE).count() <= 1, "{:?}", ids(&batch));
        for decided in decided {
            let Decided::Durable(offer) = decided else { panic!("{decided:?}") };
            order.extend(ids(&[offer]));
        }
    }
    let of = |from: u128| order.iter().copied().filter(|n| n / 10 == from / 10).collect::<Vec<_>>();
    assert_eq!((of(1), of(11)), (vec![1, 2, 3, 4], vec![11, 12, 13, 14]));
}

#[test]
fn each_row_is_reported_by_itself_and_a_missing_report_is_unknown() {
    let mut machine = GroupCommit::new(100);
    (1..=4).for_each(|n| machine.offer(row(ANNE, n, n)));
    let mut decided = Vec::new();
    machine.submit(0, &mut decided);
    machine.returned(0, &[Landed::Durable, Landed::Never, Landed::Unknown], 0, &mut decided);
    assert!(matches!(decided[0], Decided::Durable(offer) if offer.entry_id() == Some(EntryId::from_u128(1))));
    assert!(matches!(decided[1], Decided::Never(offer) if offer.entry_id() == Some(EntryId::from_u128(2))));
    assert_eq!((decided.len(), machine.undecided()), (2, 2));
    assert_eq!(ids(&step(&mut machine, durable).0), [3, 4]);
}

#[test]
fn a_failed_batch_is_tried_again_after_a_wait_that_grows_to_a_bound() {
    let mut machine = GroupCommit::new(100);
    machine.offer(row(ANNE, 1, 1));
    let mut decided = Vec::new();
    let mut tick = 1_000;
    let mut waits = Vec::new();
    for _ in 0..12 {
        assert!(machine.submit(tick, &mut decided).is_some());
        machine.returned(tick, &[Landed::Unknown], 1_000, &mut decided);
        let next = machine.not_before_tick_ms();
        assert!(machine.submit(next - 1, &mut decided).is_none(), "too early");
        waits.push(next - tick);
        tick = next;
    }
    assert_eq!((waits[0], waits[11]), (RETRY_FIRST_MS, RETRY_LONGEST_MS));
    assert!(waits.is_sorted());
    machine.submit(tick, &mut decided);
    machine.returned(tick, &[Landed::Durable], 0, &mut decided);
    machine.offer(row(ANNE, 2, 2));
    assert!(machine.submit(tick, &mut decided).is_some(), "after a success nothing waits");
}

#[test]
fn rows_after_a_refused_one_are_stale_until_the_session_has_folded_the_card_again() {
    let mut machine = GroupCommit::new(100);
    let never = |n| if n == 1 { Landed::Never } else { Landed::Durable };
    machine.offer(row(ANNE, 1, 1));
    machine.offer(row(ANNE, 1, 2));
    machine.offer(row(ANNE, 7, 7));
    let (first, _) = step(&mut machine, never);
    assert!(first.iter().all(|offer| !offer.stale));
    assert!(step(&mut machine, durable).0[0].stale, "it waited behind the refused row");
    machine.offer(row(ANNE, 1, 3));
    machine.offer(row(ANNE, 7, 8));
    machine.offer(row(BERT, 1, 9));
    let stale: Vec<bool> = step(&mut machine, durable).0.iter().map(|offer| offer.stale).collect();
    assert_eq!(stale, [true, false, false], "the session may not know yet; others are not concerned");
    machine.offer(repaired(ANNE, 1));
    machine.offer(row(ANNE, 1, 4));
    assert!(!step(&mut machine, durable).0[0].stale);
    assert!(!step(&mut machine, durable).0[0].stale);
}

#[test]
fn a_barrier_waits_for_its_learners_earlier_rows_and_for_nothing_else() {
    let mut machine = GroupCommit::new(1);
    machine.offer(row(BERT, 1, 1));
    machine.offer(row(ANNE, 1, 2));
    machine.offer(row(ANNE, 1, 3));
    machine.barrier(77, ANNE);
    machine.offer(row(ANNE, 1, 4));
    machine.offer(row(BERT, 2, 5));
    let passed = |decided: &[Decided]| decided.contains(&Decided::Barrier(77));
    assert!(!passed(&step(&mut machine, durable).1));
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (batch, decided) = step(&mut machine, durable);
        seen.extend(ids(&batch));
        if passed(&decided) {
            break;
        }
    }
    assert!(seen.contains(&2) && seen.contains(&3) && !seen.contains(&4), "{seen:?}");
}

#[test]
fn a_barrier_with_nothing_before_it_passes_at_the_next_turn() {
    let mut machine = GroupCommit::new(8);
    machine.offer(row(BERT, 1, 1));
    machine.barrier(5, ANNE);
    let mut decided = Vec::new();
    machine.submit(0, &mut decided);
    assert_eq!(decided, [Decided::Barrier(5)]);
}

#[test]
fn a_refused_row_lets_a_barrier_pass_and_is_forgotten_with_it() {
    let mut machine = GroupCommit::new(8);
    machine.offer(row(ANNE, 1, 1));
    machine.barrier(5, ANNE);
    let (_, decided) = step(&mut machine, |_| Landed::Never);
    assert!(decided.contains(&Decided::Barrier(5)));
    machine.offer(row(ANNE, 1, 2));
    assert!(!step(&mut machine, durable).0[0].stale, "the next life rests on what is stored");
}

#[test]
fn an_unknown_row_holds_its_barrier_until_it_is_known() {
    let mut machine = GroupCommit::new(8);
    machine.offer(row(ANNE, 1, 1));
    machine.barrier(5, ANNE);
    for _ in 0..3 {
        assert!(step(&mut machine, |_| Landed::Unknown).1.is_empty());
    }
    assert!(step(&mut machine, durable).1.contains(&Decided::Barrier(5)));
}
