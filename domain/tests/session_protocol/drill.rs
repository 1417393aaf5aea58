//! Drill: a card with a low grade comes again on the same day until its grade is good enough.

use crate::world::client::{Frame, dones};
use crate::world::*;
use domain::session::{Kind, SocketId};

fn kinds(w: &mut World, s: SocketId) -> Vec<Kind> {
    let kind = |frame: Frame| if let Frame::Card(shown) = frame { Some(shown.kind) } else { None };
    w.take(s).into_iter().filter_map(kind).collect()
}

#[test]
fn a_low_grade_brings_the_card_again_until_the_grade_is_good_enough() {
    for (until, enough) in [(4, 4), (3, 3)] {
        let mut w = World::new([decks::draft(1, 1).settings(|s| s.drill_until = until).build()]);
        let s = w.studying(start(1));
        for n in [0, 1, 2] {
            w.answer_screen(s, n);
            w.commit();
            assert_eq!(kinds(&mut w, s), [Kind::Drill], "grade {n}");
        }
        w.answer_screen(s, enough);
        w.commit();
        assert!(w.held(s).is_empty());
        let state = w.store.fold(deck_id(1), card_id(1, 0), &w.library);
        assert_eq!((state.sm2.reps, state.answers), (0, 4), "drills do not schedule");
    }
}

#[test]
fn a_drill_comes_after_its_delay_and_before_due_cards_and_new_ones() {
    let mut w = World::new([plain(1, 20)]);
    let s = w.studying(domain::session::Start { window: 1, ..start(1) });
    let (failed, _) = w.answer_screen(s, 1);
    for _ in 0..3 {
        w.pass(15_000);
        assert_ne!(w.held(s), [failed], "before its time");
        w.answer_screen(s, 5);
    }
    w.pass(15_000);
    w.answer_screen(s, 5);
    assert_eq!(w.held(s), [failed], "a minute later it goes first");
}

#[test]
fn when_nothing_else_can_be_handed_out_a_drill_comes_at_once() {
    let mut w = World::new([plain(1, 2)]);
    let s = w.studying(domain::session::Start { window: 1, ..start(1) });
    let (failed, _) = w.answer_screen(s, 1);
    w.answer_screen(s, 5);
    assert_eq!(w.held(s), [failed]);
}

#[test]
fn a_drill_further_away_than_twenty_minutes_waits_and_then_follows_by_itself() {
    let mut w = World::new([decks::draft(1, 1).settings(|s| s.drill_delay_s = 1_500).build()]);
    let s = w.studying(start(1));
    w.answer_screen(s, 1);
    w.commit();
    assert!(w.held(s).is_empty());
    let done = dones(&w.take(s)).pop().expect("done for now");
    assert_eq!(done.next_due_at_ms, Some(NOON_MS + 1_500_000));
    w.pass_by_deadlines(299_000);
    assert!(w.held(s).is_empty());
    w.pass_by_deadlines(2_000);
    assert_eq!(w.held(s), [card_id(1, 0)]);
}

#[test]
fn a_drill_ends_with_the_day() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 1);
    w.commit();
    assert_eq!(kinds(&mut w, s), [Kind::Drill]);
    w.pass(DAY_MS);
    assert_eq!(kinds(&mut w, s), [Kind::Review], "it is due, and no drill any more");
}

#[test]
fn outstanding_drills_are_counted_as_learning_held_or_not() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 1);
    w.answer_screen(s, 1);
    w.answer_screen(s, 5);
    assert_eq!(w.left(s).learning, 2);
}

#[test]
fn if_graded_says_the_days_and_whether_a_drill_follows() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    let shown = w.clients[&s].shown[&card_id(1, 0)].clone();
    assert!(shown.if_graded.iter().all(|g| g.days == 1));
    assert_eq!(shown.if_graded.map(|g| g.again_today), [true, true, true, true, false, false]);
    w.answer_screen(s, 1);
    let shown = w.clients[&s].shown[&card_id(1, 0)].clone();
    assert_eq!(shown.kind, Kind::Drill);
    assert!(shown.if_graded.iter().all(|g| g.days == 1), "a drill leaves the due day");
}

#[test]
fn a_card_put_back_and_failed_on_another_device_waits_for_its_delay() {
    let mut w = World::new([plain(1, 30)]);
    let a = w.studying(start(1));
    let b = w.studying(domain::session::Start { window: 1, ..start(2) });
    let card = w.held(a)[0];
    w.close(a);
    w.answer(b, card, 1);
    w.commit();
    for _ in 0..3 {
        w.answer_screen(b, 5);
        w.commit();
        assert_ne!(w.held(b), [card], "the drill came before its time");
    }
}
