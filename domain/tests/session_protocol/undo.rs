//! Undo: an entry of its own; the whole answer is taken back and the card returns to the head.

use crate::world::client::{Frame, change};
use crate::world::*;
use domain::commit::Landed;
use domain::entry::SetChange;
use domain::ids::EntryId;
use domain::session::{Command, Kind, Reason, Refusal, SocketId, Start, Want};

fn undo_at(w: &mut World, s: SocketId, at_ms: i64, of: EntryId) -> Option<Result<(), Refusal>> {
    let id = w.id_at(at_ms);
    let seq = w.send(s, id, Command::Undo { of });
    w.commit();
    w.verdict(s, seq)
}

#[test]
fn an_undo_brings_the_card_back_at_once_before_all_that_is_held_and_drops_the_last_ahead() {
    for durable in [false, true] {
        let mut w = World::new([plain(1, 9)]);
        let s = w.studying(start(1));
        let (card, id) = w.answer_screen(s, 5);
        if durable {
            w.commit();
        }
        let held = w.held(s);
        w.take(s);
        w.undo(s, id);
        let frames = w.take(s);
        let change = change(&frames, Reason::Undone).expect("changed undone before anything is durable");
        let shown = change.card.expect("the card itself");
        assert_eq!((shown.card, shown.kind, shown.state.sm2.reps), (card, Kind::New, 0));
        assert_eq!(change.drop, [held[2]], "the last ahead card makes room");
        assert_eq!(change.left.expect("counts").new, 9);
        assert_eq!(w.held(s), [card, held[0], held[1]]);
        w.commit();
        assert_eq!(w.verdict(s, 2), Some(Ok(())));
        w.memory_is_the_fold();
        assert_eq!(w.store.log.len(), 2, "nothing is deleted");
    }
}

#[test]
fn what_an_undo_names_is_not_looked_up_as_a_command_that_came_again() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (_, id) = w.answer_screen(s, 5);
    w.commit();
    w.fetches_at_once = false;
    w.undo(s, id);
    let wants: Vec<&Want> = w.fetches.iter().map(|(_, want)| want).collect();
    assert_eq!(wants, [&Want::Named(id)]);
}

#[test]
fn an_undo_with_a_free_place_drops_nothing() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 5);
    let held = w.held(s);
    w.undo(s, id);
    let change = change(&w.take(s), Reason::Undone).expect("undone");
    assert!(change.drop.is_empty());
    assert_eq!(w.held(s), [card, held[0], held[1]]);
}

#[test]
fn an_undo_takes_back_state_limits_and_figures() {
    let mut w = World::new([decks::draft(1, 9).settings(|s| s.new_per_day = 2).build()]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 1);
    w.commit();
    assert_eq!((w.left(s).new, w.left(s).learning), (1, 1));
    w.undo(s, id);
    w.commit();
    assert_eq!((w.left(s).new, w.left(s).learning), (2, 0));
    let state = w.store.fold(deck_id(1), card, &w.library);
    assert_eq!((state.answers, state.failed_on, state.last_grade), (0, None, None));
    assert!(w.store.wrong_progress(&w.library).is_empty());
}

#[test]
fn a_repeated_undo_is_durable_and_changes_nothing() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (_, id) = w.answer_screen(s, 5);
    w.undo(s, id);
    let again = w.answer_screen(s, 3);
    w.take(s);
    w.undo(s, id);
    assert!(change(&w.take(s), Reason::Undone).is_none(), "only the verdict comes");
    w.commit();
    assert_eq!(w.verdict(s, 4), Some(Ok(())));
    let state = w.store.fold(deck_id(1), again.0, &w.library);
    assert_eq!(state.answers, 1, "the redo stands");
    w.memory_is_the_fold();
}

#[test]
fn a_resent_undo_gets_its_verdict_and_nothing_else() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (_, id) = w.answer_screen(s, 5);
    let undo = w.undo(s, id);
    w.take(s);
    w.send(s, undo, Command::Undo { of: id });
    assert!(w.take(s).is_empty());
    w.commit();
    w.send(s, undo, Command::Undo { of: id });
    assert_eq!(w.verdict(s, 4), Some(Ok(())));
    assert_eq!(w.store.log.len(), 2);
}

#[test]
fn answering_again_is_the_redo() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 0);
    w.undo(s, id);
    w.answer_screen(s, 5);
    w.commit();
    let state = w.store.fold(deck_id(1), card, &w.library);
    assert_eq!((state.sm2.reps, state.sm2.ease, state.answers), (1, 260, 1));
    w.memory_is_the_fold();
}

#[test]
fn before_a_start_only_the_verdict_comes() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.open();
    let id = w.answer(s, card_id(1, 0), 5);
    w.undo(s, id);
    w.commit();
    assert_eq!(w.take(s), [Frame::Saved(1), Frame::Saved(2)]);
}

#[test]
fn a_card_that_can_no_longer_be_shown_does_not_come_back() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 5);
    w.set(s, card, SetChange::Suspended(true));
    w.take(s);
    w.undo(s, id);
    assert!(change(&w.take(s), Reason::Undone).is_none());
    w.commit();
    assert_eq!(w.verdict(s, 3), Some(Ok(())));
    w.memory_is_the_fold();
}

#[test]
fn undoing_what_made_a_held_card_showable_takes_it_away() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let card = w.held(s)[0];
    w.set(s, card, SetChange::Suspended(true));
    let freed = w.set(s, card, SetChange::Suspended(false));
    w.commit();
    while w.held(s).first() != Some(&card) {
        w.answer_screen(s, 5);
        w.commit();
    }
    w.undo(s, freed);
    assert!(!w.held(s).contains(&card), "it is suspended again");
}

#[test]
fn a_set_is_undone_like_an_answer() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let card = w.held(s)[0];
    let set = w.set(s, card, SetChange::Suspended(true));
    assert!(!w.held(s).contains(&card));
    w.undo(s, set);
    assert_eq!(w.held(s)[0], card);
    w.commit();
    w.memory_is_the_fold();
}

#[test]
fn a_held_card_whose_earlier_answer_is_undone_is_replaced_and_moves_to_the_front() {
    let mut w = World::new([plain(1, 2)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 1);
    w.commit();
    // Nothing else can be handed out: the drill is held behind the other card.
    assert_eq!(w.held(s)[1], card);
    w.undo(s, id);
    assert_eq!(w.held(s)[0], card);
    assert_eq!(w.clients[&s].shown[&card].kind, Kind::New);
}

#[test]
fn an_undo_of_nothing_or_of_an_undo_is_an_unknown_entry() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let nothing = w.id();
    assert_eq!(undo_at(&mut w, s, NOON_MS, nothing), Some(Err(Refusal::UnknownEntry)));
    let (_, id) = w.answer_screen(s, 5);
    let undo = w.undo(s, id);
    assert_eq!(undo_at(&mut w, s, NOON_MS, undo), Some(Err(Refusal::UnknownEntry)));
    w.commit();
    assert_eq!(undo_at(&mut w, s, NOON_MS, undo), Some(Err(Refusal::UnknownEntry)));
}

#[test]
fn an_undo_reaches_thirty_answers_deep_whatever_their_age() {
    let mut w = World::new([decks::draft(1, 90).settings(|s| s.new_per_day = 90).build()]);
    let s = w.studying(start(1));
    let mut ids = Vec::new();
    for n in 0..40 {
        let id = w.id_at(NOON_MS - 10 * DAY_MS + n);
        let command = w.answer_to(s, card_id(1, n as u128), 5);
        w.send(s, id, command.clone());
        w.commit();
        ids.push(id);
    }
    assert_eq!(undo_at(&mut w, s, NOON_MS, ids[9]), Some(Err(Refusal::UndoTooOld)));
    assert_eq!(undo_at(&mut w, s, NOON_MS, ids[10]), Some(Ok(())));
    assert_eq!(undo_at(&mut w, s, NOON_MS, ids[9]), Some(Err(Refusal::UndoTooOld)), "undone ones count");
    w.memory_is_the_fold();
}

#[test]
fn an_entry_of_the_last_24_hours_may_be_undone_however_many_came_since() {
    let mut w = World::new([decks::draft(1, 90).settings(|s| s.new_per_day = 90).build()]);
    let s = w.studying(start(1));
    let old = w.id_at(NOON_MS - DAY_MS);
    let older = w.id_at(NOON_MS - DAY_MS - 1);
    for (id, n) in [(old, 50), (older, 51)] {
        let command = w.answer_to(s, card_id(1, n), 5);
        w.send(s, id, command.clone());
    }
    for _ in 0..35 {
        w.answer_screen(s, 5);
        w.commit();
    }
    assert_eq!(undo_at(&mut w, s, NOON_MS, older), Some(Err(Refusal::UndoTooOld)));
    assert_eq!(undo_at(&mut w, s, NOON_MS, old), Some(Ok(())));
}

#[test]
fn an_undo_of_a_busy_answer_is_busy_too() {
    let mut w = World::new([decks::draft(1, 900).settings(|s| s.new_per_day = 900).build()]);
    let s = w.studying(start(1));
    let mut busy = None;
    for n in 0..300 {
        let id = w.id();
        let command = w.answer_to(s, card_id(1, 500 + n), 5);
        let seq = w.send(s, id, command.clone());
        if w.verdict(s, seq).is_some() {
            busy = Some((id, command.clone()));
        }
    }
    let (id, command) = busy.expect("a busy");
    w.commit();
    assert_eq!(undo_at(&mut w, s, NOON_MS, id), Some(Err(Refusal::Busy)));
    w.send(s, id, command.clone());
    w.commit();
    assert_eq!(undo_at(&mut w, s, NOON_MS, id), Some(Ok(())));
}

#[test]
fn an_undo_of_an_answer_that_was_busy_here_and_saved_elsewhere_goes_through() {
    let mut w = World::new([plain(1, 9)]);
    let (a, b) = (w.studying(start(1)), w.open());
    w.fetches_at_once = false;
    let late = w.id_at(NOON_MS - DAY_MS);
    let card = card_id(1, 8);
    let id = w.answer(b, card, 5);
    w.commit();
    // The late answer to the same card needs the log, which cannot be read.
    let command = w.answer_to(a, card, 4);
    let seq = w.send(a, late, command.clone());
    let (token, _) = w.fetches.pop_front().expect("the card's log");
    w.input(domain::session::Input::Fetched { token, facts: Err(domain::session::FetchFailed) });
    assert_eq!(w.verdict(a, seq), Some(Err(Refusal::Busy)));
    w.fetches_at_once = true;
    w.send(b, late, command.clone());
    w.commit();
    w.send(a, late, command.clone());
    assert_eq!(undo_at(&mut w, a, NOON_MS, late), Some(Ok(())));
    let _ = id;
    w.memory_is_the_fold();
}

#[test]
fn the_card_of_an_undo_is_taken_from_the_device_that_holds_it() {
    let mut w = World::new([plain(1, 4)]);
    let a = w.studying(start(1));
    let (card, id) = w.answer_screen(a, 1);
    w.commit();
    let b = w.studying(start(2));
    w.pass(61_000);
    if !w.held(b).contains(&card) {
        // The drill went to the first device: let it be handed to the other.
        w.close(a);
        assert!(w.held(b).contains(&card));
    }
    let c = w.studying(start(3));
    w.take(b);
    w.undo(c, id);
    assert_eq!(w.held(c)[0], card);
    assert!(!w.held(b).contains(&card));
    assert_eq!(change(&w.take(b), Reason::TakenOver).expect("taken over").drop, [card]);
}

#[test]
fn an_undo_that_the_store_never_takes_leaves_the_answer_standing() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 5);
    w.commit();
    let undo = w.undo(s, id);
    w.land(|o| if o.entry_id() == Some(undo) { Landed::Never } else { Landed::Durable });
    assert_eq!(w.verdict(s, 2), Some(Err(Refusal::Internal)));
    let state = w.store.fold(deck_id(1), card, &w.library);
    assert_eq!(state.answers, 1);
    w.memory_is_the_fold();
    assert!(w.store.wrong_progress(&w.library).is_empty());
}

#[test]
fn an_extra_that_was_taken_back_may_be_handed_out_again_in_its_sitting() {
    use domain::session::Filter;
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.study_out(s, 5);
    for n in 0..3 {
        w.set(s, card_id(1, n), SetChange::Flag(1));
    }
    w.commit();
    w.start(s, Start { filter: Some(Filter::Flagged), window: 2, ..start(2) });
    let (card, id) = w.answer_screen(s, 5);
    w.undo(s, id);
    w.commit();
    // It is put back, and comes again.
    let b = w.open();
    w.start(b, Start { filter: Some(Filter::Flagged), ..start(3) });
    w.close(b);
    assert!(w.held(s).contains(&card));
    assert_eq!(w.study_out(s, 5), 3);
}

#[test]
fn an_undo_with_a_window_of_one_shows_the_card_and_keeps_the_other_for_later() {
    let mut w = World::new([plain(1, 5)]);
    let s = w.studying(Start { window: 1, ..start(1) });
    let (first, id) = w.answer_screen(s, 5);
    let second = w.held(s)[0];
    w.undo(s, id);
    assert_eq!(w.held(s), [first]);
    w.answer_screen(s, 5);
    assert_eq!(w.held(s), [second]);
}

#[test]
fn what_is_undone_already_may_be_undone_again_however_old_it_is() {
    let mut w = World::new([decks::draft(1, 60).settings(|s| s.new_per_day = 60).build()]);
    let s = w.studying(start(1));
    let (_, first) = w.answer_screen(s, 5);
    w.undo(s, first);
    w.commit();
    for _ in 0..40 {
        w.answer_screen(s, 5);
        w.commit();
    }
    w.pass(2 * DAY_MS);
    let at_ms = w.now.wall_ms;
    assert_eq!(undo_at(&mut w, s, at_ms, first), Some(Ok(())));
    w.memory_is_the_fold();
}

#[test]
fn a_card_undone_elsewhere_goes_first_for_the_server_as_for_the_client() {
    let mut w = World::new([plain(1, 3)]);
    let holder = w.studying(start(1));
    let silent = w.open();
    let flag = w.set(silent, card_id(1, 2), SetChange::Flag(1));
    w.commit();
    w.undo(silent, flag);
    w.commit();
    assert_eq!(w.held(holder), [2, 0, 1].map(|n| card_id(1, n)));
    let third = w.open();
    w.start(third, start(3));
    assert_eq!(w.held(third), [card_id(1, 1)], "the last ahead is taken over, not the one on screen");
}
