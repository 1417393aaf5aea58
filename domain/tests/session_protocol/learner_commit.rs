//! LearnerCommit: one flight a learner, all of them bounded, nobody starved, nobody held up by another's partition. The
//! same rules as group commit for the rows of one card, refused rows and barriers.

mod random;

use crate::commit::{ANNE, BERT, ids, mark, repaired, row};
use domain::commit::{Decided, Flight, Landed, LearnerCommit};
use domain::ids::UserId;
use domain::limits::{FLIGHTS_MIN, RETRY_FIRST_MS, RETRY_LONGEST_MS};

fn user(n: u128) -> UserId {
    UserId::from_u128(n)
}

/// All flights that leave at this moment.
fn leave(machine: &mut LearnerCommit, tick_ms: u64) -> Vec<Flight> {
    std::iter::from_fn(|| machine.submit(tick_ms, &mut Vec::new())).collect()
}

/// It comes back with the same for all of its rows.
fn back(machine: &mut LearnerCommit, flight: &Flight, tick_ms: u64, landed: Landed) -> Vec<Decided> {
    let mut decided = Vec::new();
    machine.returned(flight.number, tick_ms, &vec![landed; flight.offers.len()], 1_000, &mut decided);
    decided
}

#[test]
fn a_learner_whose_partition_stands_still_holds_up_nobody_else() {
    let mut machine = LearnerCommit::new(4, 10);
    machine.offer(row(ANNE, 1, 1));
    let stuck = leave(&mut machine, 0);
    for n in 2..=50 {
        machine.offer(row(ANNE, n, n));
        machine.offer(row(BERT, n, 100 + n));
        let flights = leave(&mut machine, 0);
        assert_eq!(flights.len(), 1, "only the other learner's");
        assert_eq!(back(&mut machine, &flights[0], 0, Landed::Durable).len(), 1);
    }
    assert_eq!(machine.undecided(), 50);
    back(&mut machine, &stuck[0], 0, Landed::Durable);
    assert_eq!(
        ids(&leave(&mut machine, 0)[0].offers),
        (2..=11).collect::<Vec<_>>(),
        "together, up to a bound"
    );
}

#[test]
fn a_mark_flies_alone_after_all_before_it_and_before_all_after_it() {
    let mut machine = LearnerCommit::new(4, 10);
    machine.offer(row(ANNE, 1, 1));
    machine.offer(row(ANNE, 2, 2));
    machine.offer(mark(ANNE, 3));
    machine.offer(mark(ANNE, 4));
    machine.offer(row(ANNE, 1, 5));
    machine.offer(row(ANNE, 2, 6));
    let mut flown = Vec::new();
    for (tick_ms, landed) in [(0, Landed::Unknown), (10_000, Landed::Durable), (10_000, Landed::Durable)]
        .into_iter()
        .chain([(10_000, Landed::Unknown), (20_000, Landed::Durable), (20_000, Landed::Durable)])
    {
        let flights = leave(&mut machine, tick_ms);
        flown.push(ids(&flights[0].offers));
        back(&mut machine, &flights[0], tick_ms, landed);
    }
    assert_eq!(flown, [vec![1, 2], vec![1, 2], vec![3], vec![4], vec![4], vec![5, 6]]);
    assert_eq!(machine.undecided(), 0);
}

#[test]
fn what_is_offered_while_a_flight_is_out_goes_together_when_it_returns() {
    let mut machine = LearnerCommit::new(4, 10);
    machine.offer(row(ANNE, 1, 1));
    let first = leave(&mut machine, 0);
    assert_eq!(ids(&first[0].offers), [1], "at once");
    (2..=5).for_each(|n| machine.offer(row(ANNE, n, n)));
    assert!(leave(&mut machine, 0).is_empty());
    back(&mut machine, &first[0], 0, Landed::Durable);
    assert_eq!(ids(&leave(&mut machine, 0)[0].offers), [2, 3, 4, 5]);
}

#[test]
fn a_flight_is_a_run_of_the_oldest_rows_and_ends_before_a_card_comes_again() {
    let mut machine = LearnerCommit::new(4, 10);
    for (n, card) in [7, 8, 7, 9, 8].into_iter().enumerate() {
        machine.offer(row(ANNE, card, n as u128 + 1));
    }
    let mut runs = Vec::new();
    while let Some(flight) = machine.submit(0, &mut Vec::new()) {
        back(&mut machine, &flight, 0, Landed::Durable);
        runs.push(ids(&flight.offers));
    }
    assert_eq!(runs, [vec![1, 2], vec![3, 4, 5]]);
}

#[test]
fn flights_are_bounded_and_who_waits_comes_in_order() {
    let mut machine = LearnerCommit::new(3, 10);
    (1..=9).for_each(|n| machine.offer(row(user(n), 1, n)));
    let mut order = Vec::new();
    let mut out = leave(&mut machine, 0);
    // The first one has more to say, and must not come before those who wait.
    (2..=4).for_each(|n| machine.offer(row(user(1), n, 10 + n)));
    while let Some(flight) = out.first().cloned() {
        assert!(out.len() <= 3 && machine.flights() == out.len());
        order.push(flight.user);
        back(&mut machine, &out.remove(0), 0, Landed::Durable);
        out.extend(leave(&mut machine, 0));
    }
    assert_eq!(order, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1].map(user));
}

#[test]
fn what_is_unknown_is_tried_again_before_what_came_later_after_a_pause_that_grows_to_a_bound() {
    let mut machine = LearnerCommit::new(4, 10);
    machine.offer(row(ANNE, 1, 1));
    let mut tick_ms = 1_000;
    let mut pauses = Vec::new();
    for n in 0..12 {
        let flights = leave(&mut machine, tick_ms);
        assert_eq!(ids(&flights[0].offers)[0], 1, "the oldest row comes first");
        assert!(back(&mut machine, &flights[0], tick_ms, Landed::Unknown).is_empty());
        machine.offer(row(ANNE, 2 + n, 2 + n));
        let next = machine.next_tick_ms().expect("it rests");
        assert!(leave(&mut machine, next - 1).is_empty(), "too early");
        pauses.push(next - tick_ms);
        tick_ms = next;
    }
    assert_eq!((pauses[0], pauses[11]), (RETRY_FIRST_MS, RETRY_LONGEST_MS));
    assert!(pauses.is_sorted());
    let flights = leave(&mut machine, tick_ms);
    back(&mut machine, &flights[0], tick_ms, Landed::Durable);
    machine.offer(row(ANNE, 99, 99));
    assert!(!leave(&mut machine, tick_ms).is_empty(), "after a success nothing waits");
}

#[test]
fn those_who_try_again_never_take_more_than_their_share_and_are_never_shut_out() {
    let mut machine = LearnerCommit::new(32, 10);
    for n in 1..=32 {
        machine.offer(row(user(n), 1, n));
    }
    for flight in leave(&mut machine, 0) {
        back(&mut machine, &flight, 0, Landed::Unknown);
    }
    // Their partitions are still in trouble, and a hundred others have something to say.
    (100..200).for_each(|n| machine.offer(row(user(n), 1, n)));
    let tick_ms = RETRY_LONGEST_MS;
    let flights = leave(&mut machine, tick_ms);
    let again = |flights: &[Flight]| flights.iter().filter(|flight| flight.user < user(100)).count();
    assert_eq!((flights.len(), again(&flights)), (FLIGHTS_MIN, FLIGHTS_MIN / 4), "a quarter");
    for flight in flights.iter().filter(|flight| flight.user >= user(100)) {
        back(&mut machine, flight, tick_ms, Landed::Durable);
    }
    let (mut others, mut turns) = (FLIGHTS_MIN - FLIGHTS_MIN / 4, 0);
    while others < 100 {
        turns += 1;
        let flights = leave(&mut machine, tick_ms);
        assert!(turns < 100 && again(&flights) <= machine.window() / 4);
        for flight in flights.iter().filter(|flight| flight.user >= user(100)) {
            others += back(&mut machine, flight, tick_ms, Landed::Durable).len();
        }
    }
    assert_eq!(others, 100);
}

#[test]
fn failures_narrow_the_way_and_successes_widen_it_again() {
    let mut machine = LearnerCommit::new(64, 1);
    let mut tick_ms = 0;
    for n in 0..64 {
        machine.offer(row(user(n), 1, n));
    }
    for flight in leave(&mut machine, tick_ms) {
        back(&mut machine, &flight, tick_ms, Landed::Unknown);
    }
    assert_eq!(machine.window(), FLIGHTS_MIN, "the store is down: a few keep asking");
    let mut widths = Vec::new();
    while machine.undecided() > 0 {
        tick_ms += RETRY_LONGEST_MS;
        let flights = leave(&mut machine, tick_ms);
        widths.push(flights.len());
        for flight in flights {
            back(&mut machine, &flight, tick_ms, Landed::Durable);
        }
    }
    assert_eq!(widths[0], FLIGHTS_MIN / 4);
    assert!(widths.is_sorted() || widths[..widths.len() - 1].is_sorted(), "{widths:?}");
    assert_eq!(machine.window(), 64);
}

#[test]
fn each_row_is_reported_by_itself_and_a_return_counts_once() {
    let mut machine = LearnerCommit::new(4, 10);
    (1..=4).for_each(|n| machine.offer(row(ANNE, n, n)));
    let flight = leave(&mut machine, 0).remove(0);
    let mut decided = Vec::new();
    let landed = [Landed::Durable, Landed::Never, Landed::Unknown];
    machine.returned(flight.number, 0, &landed, 0, &mut decided);
    machine.returned(flight.number, 0, &[Landed::Durable; 4], 0, &mut decided);
    machine.returned(77, 0, &[Landed::Durable; 4], 0, &mut decided);
    assert!(matches!(decided[..], [Decided::Durable(first), Decided::Never(second)]
        if ids(&[first, second]) == [1, 2] && second.stale));
    assert_eq!(machine.undecided(), 2);
    assert_eq!(ids(&leave(&mut machine, RETRY_FIRST_MS)[0].offers), [3, 4]);
}

#[test]
fn rows_after_a_refused_one_are_stale_until_the_session_has_folded_the_card_again() {
    let mut machine = LearnerCommit::new(4, 10);
    machine.offer(row(ANNE, 1, 1));
    machine.offer(row(ANNE, 1, 2));
    machine.offer(row(BERT, 1, 9));
    let next = |machine: &mut LearnerCommit, landed| {
        let flight = leave(machine, 0).into_iter().find(|flight| flight.user == ANNE).expect("a flight");
        back(machine, &flight, 0, landed);
        flight.offers[0].stale
    };
    assert!(!next(&mut machine, Landed::Never));
    assert!(next(&mut machine, Landed::Durable), "it waited behind the refused row");
    machine.offer(row(ANNE, 1, 3));
    assert!(next(&mut machine, Landed::Durable), "the session may not know yet");
    machine.offer(repaired(ANNE, 1));
    machine.offer(row(ANNE, 1, 4));
    assert!(!next(&mut machine, Landed::Durable) && !next(&mut machine, Landed::Durable));
}

#[test]
fn a_barrier_waits_for_its_learners_earlier_rows_and_for_nothing_else() {
    let mut machine = LearnerCommit::new(4, 1);
    machine.offer(row(BERT, 1, 1));
    machine.offer(row(ANNE, 1, 2));
    machine.offer(row(ANNE, 2, 3));
    machine.barrier(77, ANNE);
    machine.offer(row(ANNE, 3, 4));
    machine.barrier(78, user(99));
    let mut decided = Vec::new();
    let first: Vec<Flight> = std::iter::from_fn(|| machine.submit(0, &mut decided)).collect();
    assert_eq!(decided, [Decided::Barrier(78)], "nothing was before it");
    let anne = first.iter().find(|flight| flight.user == ANNE).expect("hers");
    assert_eq!(back(&mut machine, anne, 0, Landed::Unknown), []);
    let again = leave(&mut machine, RETRY_FIRST_MS).remove(0);
    assert_eq!(back(&mut machine, &again, RETRY_FIRST_MS, Landed::Durable).len(), 1, "one row is left");
    let second = leave(&mut machine, RETRY_FIRST_MS).remove(0);
    let decided = back(&mut machine, &second, RETRY_FIRST_MS, Landed::Never);
    assert_eq!(decided[1], Decided::Barrier(77), "the other learner's flight is still out");
    machine.offer(row(ANNE, 2, 5));
    let third = leave(&mut machine, RETRY_FIRST_MS).remove(0);
    assert!(third.offers.iter().all(|offer| !offer.stale), "the next life rests on what is stored");
}
