//! What waits merges, is bounded, and is never lost without a mark.

use super::*;
use crate::bus::note::{Cell, CellKey, CellVersion};
use domain::ids::{ClassId, DeckId, UserId, Uuid};

const CLASS: Topic = Topic::Class(ClassId::from_u128(1));

fn deck(n: u128, revision: u64) -> Note {
    Note::Deck { deck: DeckId::from_u128(n), revision }
}

fn cell(student: u128, n: u64, bytes: usize) -> Note {
    let key = CellKey { student: UserId::from_u128(student), lesson: Uuid::nil() };
    Note::Cell(Cell { key, version: CellVersion { epoch: 1, n }, bytes: vec![0; bytes].into() })
}

fn all(waiting: &mut Waiting) -> Vec<(Topic, Taken)> {
    std::iter::from_fn(|| waiting.take(usize::MAX, usize::MAX)).collect()
}

#[test]
fn what_waits_about_the_same_leaves_once_in_the_order_of_the_first() {
    let mut waiting = Waiting::default();
    assert_eq!(waiting.put(Topic::Inv, deck(1, 1)), Put::Waits);
    assert_eq!(waiting.put(Topic::Inv, deck(2, 1)), Put::Waits);
    assert_eq!(waiting.put(Topic::Inv, deck(1, 5)), Put::Merged);
    assert_eq!(waiting.len(), 2);
    assert_eq!(all(&mut waiting), [(Topic::Inv, Taken::Notes(vec![deck(1, 5), deck(2, 1)]))]);
    assert!(waiting.is_empty() && waiting.lanes.is_empty());
}

#[test]
fn invalidations_leave_before_cells_and_classes_take_turns() {
    let other = Topic::Class(ClassId::from_u128(2));
    let mut waiting = Waiting::default();
    for n in 1..=2 {
        waiting.put(CLASS, cell(n, 1, 1));
        waiting.put(other, cell(n, 1, 1));
    }
    waiting.put(Topic::Inv, deck(1, 1));
    let turns: Vec<Topic> = std::iter::from_fn(|| waiting.take(1, 100)).map(|(topic, _)| topic).collect();
    assert_eq!(turns, [Topic::Inv, CLASS, other, CLASS, other]);
}

#[test]
fn too_many_notes_become_one_mark_that_covers_what_comes_after_it() {
    let mut waiting = Waiting::default();
    for n in 0..NOTES_MAX as u128 {
        assert_eq!(waiting.put(Topic::Inv, deck(n, 1)), Put::Waits);
    }
    assert_eq!(waiting.put(Topic::Inv, deck(u128::MAX, 1)), Put::Lost);
    assert_eq!((waiting.len(), waiting.dropped()), (0, NOTES_MAX as u64 + 1));
    assert_eq!(waiting.put(Topic::Inv, deck(3, 1)), Put::Merged);
    assert_eq!(all(&mut waiting), [(Topic::Inv, Taken::Lost)]);
    assert_eq!(waiting.put(Topic::Inv, deck(3, 1)), Put::Waits);
}

#[test]
fn too_many_people_become_the_mark() {
    let mut waiting = Waiting::default();
    let people = |from: u128| {
        let half = PEOPLE_MAX as u128 / 2;
        Note::Access(Whom::People((from..=from + half).map(UserId::from_u128).collect()))
    };
    assert_eq!(waiting.put(Topic::Inv, people(0)), Put::Waits);
    assert_eq!(waiting.put(Topic::Inv, people(10)), Put::Merged);
    assert_eq!(waiting.put(Topic::Inv, people(100_000)), Put::Lost);
    assert_eq!(all(&mut waiting), [(Topic::Inv, Taken::Lost)]);
}

#[test]
fn cells_are_bounded_by_bytes_over_all_classes_and_never_cost_an_invalidation() {
    let mut waiting = Waiting::default();
    waiting.put(Topic::Inv, deck(1, 1));
    let mut put = 0_u128;
    while waiting.put(Topic::Class(ClassId::from_u128(put % 7)), cell(put, 1, CELL_BYTES_MAX)) != Put::Lost {
        put += 1;
    }
    assert!(waiting.class_bytes <= CELLS_BYTES_MAX);
    assert_eq!(put as usize, CELLS_BYTES_MAX / (CELL_BYTES_MAX + NOTE_BYTES));
    assert_eq!(waiting.take(9, 999), Some((Topic::Inv, Taken::Notes(vec![deck(1, 1)]))));
    all(&mut waiting);
    assert_eq!((waiting.class_bytes, waiting.len()), (0, 0));
}

#[test]
fn a_check_covers_what_is_read_again_and_keeps_what_carries_its_news() {
    let mut waiting = Waiting::default();
    waiting.put(CLASS, deck(1, 1));
    waiting.put(CLASS, cell(1, 1, 9));
    waiting.check(CLASS);
    assert_eq!(waiting.put(CLASS, deck(2, 1)), Put::Merged);
    waiting.put(CLASS, cell(1, 2, 9));
    let expected = [(CLASS, Taken::Lost), (CLASS, Taken::Notes(vec![cell(1, 2, 9)]))];
    assert_eq!(all(&mut waiting), expected);
    assert_eq!((waiting.class_bytes, waiting.len()), (0, 0));
}

#[test]
fn a_cell_that_is_too_large_is_not_carried() {
    let mut waiting = Waiting::default();
    assert_eq!(waiting.put(CLASS, cell(1, 1, CELL_BYTES_MAX + 1)), Put::Lost);
    assert_eq!(all(&mut waiting), [(CLASS, Taken::Lost)]);
}

#[test]
fn classes_without_end_cost_a_bounded_amount() {
    let mut waiting = Waiting::default();
    for n in 0..2 * CLASSES_MAX as u128 {
        waiting.put(Topic::Class(ClassId::from_u128(n)), cell(1, 1, 1));
    }
    assert!(waiting.lanes.len() <= CLASSES_MAX + 1);
    assert_eq!(waiting.put(Topic::Inv, deck(1, 1)), Put::Waits);
}

#[test]
fn what_is_forgotten_neither_waits_nor_has_a_turn() {
    let mut waiting = Waiting::default();
    waiting.put(CLASS, cell(1, 1, 1));
    waiting.lose(Topic::Inv);
    waiting.forget(CLASS);
    assert_eq!(all(&mut waiting), [(Topic::Inv, Taken::Lost)]);
}
