//! Each command gets exactly one verdict, and the gate opens only for what is durable.

use crate::world::client::{Frame, cards, queue};
use crate::world::*;
use domain::commit::Landed;
use domain::entry::SetChange;
use domain::ids::EntryId;
use domain::session::{Closing, Command, Input, Refusal};

#[test]
fn a_start_is_answered_with_the_queue_and_then_as_many_cards_as_the_window_holds() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.open();
    w.start(s, start(1));
    let frames = w.take(s);
    assert!(matches!(frames[0], Frame::Queue { .. }), "{frames:?}");
    assert_eq!(queue(&frames).expect("a queue").1.new, 10);
    assert_eq!(cards(&frames), [card_id(1, 0), card_id(1, 1), card_id(1, 2)]);
    assert_eq!(frames.len(), 4);
}

#[test]
fn the_next_card_comes_at_once_and_saved_only_when_the_answer_is_durable() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 4);
    let frames = w.take(s);
    assert_eq!(cards(&frames), [card_id(1, 3)]);
    assert!(!frames.contains(&Frame::Saved(1)), "saved before durable: {frames:?}");
    w.commit();
    assert_eq!(w.take(s), [Frame::Saved(1)]);
}

#[test]
fn saved_waits_for_the_earliest_command_without_verdict() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let (_, first) = w.answer_screen(s, 4);
    let (_, second) = w.answer_screen(s, 4);
    let mut lands = |offer: &domain::commit::Offer| {
        if offer.entry_id() == Some(first) { Landed::Unknown } else { Landed::Durable }
    };
    w.land_once(&mut lands);
    assert!(w.store.log.contains_key(&second) && !w.store.log.contains_key(&first));
    assert_eq!(w.verdict(s, 2), None, "saved passed a command that has no verdict");
    w.commit();
    assert_eq!((w.verdict(s, 1), w.verdict(s, 2)), (Some(Ok(())), Some(Ok(()))));
}

#[test]
fn an_error_comes_before_the_saved_that_covers_it() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let (card, _) = w.answer_screen(s, 4);
    let late = w.id_at(w.now.wall_ms + 60_000);
    let command = w.answer_to(s, card, 4);
    w.send(s, late, command);
    w.answer_screen(s, 4);
    w.take(s);
    w.commit();
    assert_eq!(w.clients[&s].saved(), 3);
    assert_eq!(w.verdict(s, 2), Some(Err(Refusal::BadTime)));
}

#[test]
fn a_refusal_with_nothing_before_it_is_covered_by_saved_in_the_same_turn() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let id = w.id_at(w.now.wall_ms + 60_000);
    let command = w.answer_to(s, card_id(1, 0), 4);
    w.send(s, id, command);
    let frames = w.take(s);
    let error = frames.iter().position(|f| matches!(f, Frame::Refused { seq: 1, .. })).expect("an error");
    let saved = frames.iter().position(|f| *f == Frame::Saved(1)).expect("a saved");
    assert!(error < saved);
}

#[test]
fn a_gap_or_a_repeat_in_seq_closes_the_socket() {
    for seq in [0, 2, 7] {
        let mut w = World::new([plain(1, 10)]);
        let s = w.studying(start(1));
        let id = w.id();
        let command = w.answer_to(s, card_id(1, 0), 4);
        w.input(Input::Command { socket: s, seq, id, command });
        assert_eq!(w.clients[&s].closed, Some(Closing::BrokenSequence), "seq {seq}");
        assert!(w.appended.is_empty());
    }
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 4);
    let id = w.id();
    let command = w.answer_to(s, card_id(1, 1), 4);
    w.input(Input::Command { socket: s, seq: 1, id, command });
    assert_eq!(w.clients[&s].closed, Some(Closing::BrokenSequence));
}

#[test]
fn seq_counts_the_commands_of_one_socket_alone() {
    let mut w = World::new([plain(1, 10)]);
    let a = w.studying(start(1));
    w.answer_screen(a, 4);
    w.commit();
    w.close(a);
    let b = w.studying(start(1));
    w.answer_screen(b, 4);
    w.commit();
    assert_eq!(w.verdict(b, 1), Some(Ok(())));
}

#[test]
fn a_frame_with_a_wrong_field_takes_its_number_and_is_refused_for_good() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    for (n, refusal) in
        [Refusal::Malformed, Refusal::UnknownType, Refusal::NotOffered].into_iter().enumerate()
    {
        let seq = w.clients.get_mut(&s).expect("open").skips();
        let id = EntryId::from_u128(n as u128);
        w.input(Input::Refused { socket: s, seq, id, refusal });
        assert_eq!(w.verdict(s, seq), Some(Err(refusal)));
        assert!(refusal.is_final());
    }
    w.answer_screen(s, 4);
    w.commit();
    assert_eq!(w.verdict(s, 4), Some(Ok(())));
}

#[test]
fn what_the_store_can_never_hold_is_refused_as_internal_and_the_card_comes_again() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let (card, id) = w.answer_screen(s, 4);
    w.land(|offer| if offer.entry_id() == Some(id) { Landed::Never } else { Landed::Durable });
    assert_eq!(w.verdict(s, 1), Some(Err(Refusal::Internal)));
    assert!(w.held(s).contains(&card), "the card was never answered, so it is dealt again");
    w.memory_is_the_fold();
    assert!(w.store.wrong_progress(&w.library).is_empty());
}

#[test]
fn the_verdict_of_a_command_on_two_sockets_reaches_both() {
    let mut w = World::new([plain(1, 10)]);
    let (a, b) = (w.studying(start(1)), w.open());
    let (card, id) = w.answer_screen(a, 4);
    let command = w.answer_to(a, card, 4);
    w.send(b, id, command);
    assert_eq!(w.verdict(b, 1), None);
    w.commit();
    assert_eq!((w.verdict(a, 1), w.verdict(b, 1)), (Some(Ok(())), Some(Ok(()))));
    assert_eq!(w.store.appends[&id], 1);
}

#[test]
fn a_socket_that_ends_leaves_its_commands_to_be_sent_again_and_each_counts_once() {
    let mut w = World::new([plain(1, 10)]);
    let a = w.studying(start(1));
    let (card, id) = w.answer_screen(a, 4);
    let command = w.answer_to(a, card, 4);
    w.close(a);
    let b = w.open();
    w.send(b, id, command);
    w.commit();
    assert_eq!(w.verdict(b, 1), Some(Ok(())));
    assert_eq!(w.store.log.len(), 1);
    w.memory_is_the_fold();
}

#[test]
fn all_three_commands_are_numbered_together() {
    let mut w = World::new([plain(1, 10)]);
    let s = w.studying(start(1));
    let (_, first) = w.answer_screen(s, 4);
    w.set(s, card_id(1, 1), SetChange::Flag(1));
    w.undo(s, first);
    w.commit();
    assert_eq!(w.clients[&s].saved(), 3);
    let _ = Command::Undo { of: first };
}
