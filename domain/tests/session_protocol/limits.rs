//! Limits: per deck and study day, computed from the log; they govern what is handed out, never what is accepted.

use crate::world::client::queue;
use crate::world::*;
use domain::entry::Confidence;
use domain::session::{Answer, Command, Limits, SocketId, Start};

fn deck(n: u128, new: u32) -> domain::deck::Deck {
    decks::draft(n, 50).settings(|s| s.new_per_day = new).build()
}

fn new(n: u32) -> Limits {
    Limits { new: Some(n), review: None }
}

fn counts_of_start(w: &mut World, s: SocketId, with: Start) -> u32 {
    w.start(s, with);
    queue(&w.take(s)).expect("a queue").1.new
}

#[test]
fn a_decks_new_cards_end_at_its_limit_and_each_deck_has_its_own() {
    let mut w = World::new([deck(1, 5), deck(2, 4)]);
    let s = w.studying(start(1));
    assert_eq!(w.left(s).new, 9);
    assert_eq!(w.study_out(s, 5), 9);
}

#[test]
fn reviews_end_at_their_limit() {
    let mut w =
        World::new([decks::draft(1, 30).settings(|s| (s.new_per_day, s.reviews_per_day) = (30, 7)).build()]);
    let s = w.studying(start(1));
    assert_eq!(w.study_out(s, 4), 30);
    w.pass(DAY_MS);
    assert_eq!(w.left(s).review, 7);
    assert_eq!(w.study_out(s, 4), 7);
}

#[test]
fn limits_of_a_start_may_only_lower() {
    let mut w = World::new([deck(1, 5)]);
    let s = w.open();
    assert_eq!(counts_of_start(&mut w, s, Start { limits: new(2), ..start(1) }), 2);
    assert_eq!(w.study_out(s, 5), 2);
    assert_eq!(counts_of_start(&mut w, s, Start { limits: new(50), ..start(1) }), 3);
    assert_eq!(w.study_out(s, 5), 3);
}

#[test]
fn more_goes_beyond_todays_limit_for_its_sitting_and_ends_with_the_day() {
    let mut w = World::new([deck(1, 5)]);
    let s = w.studying(start(1));
    assert_eq!(w.study_out(s, 5), 5);
    let asked = Start { more: new(4), ..start(1) };
    assert_eq!(counts_of_start(&mut w, s, asked.clone()), 4);
    assert_eq!(w.study_out(s, 5), 4);
    assert_eq!(counts_of_start(&mut w, s, asked), 0, "a repeated start adds nothing");
    w.pass(DAY_MS);
    assert_eq!(w.left(s).new, 5, "more ended with the day");
}

#[test]
fn a_repeated_start_adds_nothing() {
    let mut w = World::new([deck(1, 5)]);
    let s = w.studying(start(1));
    for left in (1..=5).rev() {
        assert_eq!(counts_of_start(&mut w, s, start(1)), left);
        w.answer_screen(s, 5);
        w.commit();
    }
    assert_eq!(counts_of_start(&mut w, s, start(1)), 0);
    w.passivate();
    let s = w.open();
    assert_eq!(counts_of_start(&mut w, s, start(1)), 0);
}

#[test]
fn what_other_sittings_used_is_subtracted_before_the_own_limits_apply() {
    let mut w = World::new([deck(1, 5)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 5);
    w.answer_screen(s, 5);
    w.commit();
    assert_eq!(counts_of_start(&mut w, s, Start { limits: new(4), ..start(2) }), 3);
    assert_eq!(counts_of_start(&mut w, s, Start { limits: new(4), more: new(9), ..start(2) }), 4);
    assert_eq!(counts_of_start(&mut w, s, Start { limits: new(4), ..start(1) }), 2);
}

#[test]
fn an_answer_without_a_sitting_counts_as_another_sittings() {
    let mut w = World::new([deck(1, 5)]);
    let s = w.studying(Start { limits: new(2), ..start(1) });
    let id = w.id();
    let Command::Answer(answer) = w.answer_to(s, w.held(s)[0], 5) else { unreachable!() };
    w.send(s, id, Command::Answer(Answer { sitting: None, confidence: Some(Confidence::Sure), ..answer }));
    w.commit();
    assert_eq!(counts_of_start(&mut w, s, Start { limits: new(2), ..start(1) }), 2);
    assert_eq!(counts_of_start(&mut w, s, start(1)), 4);
}

#[test]
fn cards_held_by_any_socket_are_not_handed_out_twice_over_the_limit() {
    let mut w = World::new([deck(1, 4)]);
    let a = w.studying(start(1));
    let b = w.studying(start(2));
    assert_eq!((w.held(a).len(), w.held(b).len()), (3, 1));
    assert_eq!((w.left(a).new, w.left(b).new), (4, 4), "counts include what is held");
}

#[test]
fn drills_are_free_of_limits() {
    let mut w = World::new([deck(1, 2)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 1);
    w.commit();
    w.pass(61_000);
    assert_eq!(w.left(s).new, 1);
    assert_eq!(w.study_out(s, 5), 2, "the other new card and the drill");
}

#[test]
fn what_schedules_only_because_it_was_asked_for_early_is_free() {
    let mut w = World::new([decks::draft(1, 9).settings(|s| s.reviews_per_day = 3).build()]);
    let s = w.studying(start(1));
    w.study_out(s, 4);
    w.pass(DAY_MS);
    w.study_out(s, 4);
    // Six are due still; one that is not is reviewed early.
    let done = w.store.log.values().last().and_then(|e| e.card()).expect("an answer").1;
    w.pass(DAY_MS);
    let id = w.id();
    let Command::Answer(answer) = w.answer_to(s, done, 4) else { unreachable!() };
    w.send(s, id, Command::Answer(Answer { early: true, ..answer }));
    w.commit();
    assert_eq!(counts_of_review(&mut w, s), 3);
}

fn counts_of_review(w: &mut World, s: SocketId) -> u32 {
    w.start(s, start(1));
    queue(&w.take(s)).expect("a queue").1.review
}

#[test]
fn an_undone_answer_gives_its_place_back() {
    let mut w = World::new([deck(1, 2)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 5);
    w.answer_screen(s, 5);
    w.commit();
    assert_eq!(counts_of_start(&mut w, s, start(1)), 0);
    w.undo(s, id);
    w.commit();
    assert_eq!(counts_of_start(&mut w, s, start(1)), 1);
    assert_eq!(w.held(s), [card]);
}

#[test]
fn an_answer_above_the_limit_is_accepted_all_the_same() {
    let mut w = World::new([deck(1, 1)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 5);
    w.answer(s, card_id(1, 30), 5);
    w.commit();
    assert_eq!(w.verdict(s, 2), Some(Ok(())));
    assert_eq!(w.store.log.len(), 2);
}

#[test]
fn a_limit_that_a_refused_row_had_used_is_free_again() {
    let mut w = World::new([deck(1, 2)]);
    let s = w.studying(start(1));
    let (_, first) = w.answer_screen(s, 5);
    w.answer_screen(s, 5);
    assert!(w.held(s).is_empty());
    w.land(|o| {
        if o.entry_id() == Some(first) {
            domain::commit::Landed::Never
        } else {
            domain::commit::Landed::Durable
        }
    });
    assert_eq!(w.held(s).len(), 1, "one new card may be handed out again");
}
