//! The order of the queue, tags, filters and how new cards are mixed in.

use crate::world::client::{Frame, cards};
use crate::world::*;
use domain::deck::NewMix;
use domain::entry::SetChange;
use domain::ids::CardId;
use domain::session::{Filter, Kind, SocketId, Start};

/// The cards in the order in which this device gets them, each answered with this grade.
fn walk(w: &mut World, s: SocketId, n: u8) -> Vec<CardId> {
    let mut walked = Vec::new();
    while let Some(&card) = w.held(s).first() {
        walked.push(card);
        w.answer(s, card, n);
        w.commit();
        assert!(walked.len() < 1_000);
    }
    walked
}

/// A world of one deck whose first cards are due, the n-th since `overdue[n]` days.
fn due(overdue: &[i64], draft: decks::Draft) -> World {
    let mut w = World::new([draft.build()]);
    let s = w.open();
    for (n, days) in overdue.iter().enumerate() {
        let id = w.id_at(NOON_MS - (days + 1) * DAY_MS);
        let command = w.answer_to(s, card_id(1, n as u128), 4);
        w.send(s, id, command);
    }
    w.commit();
    w.close(s);
    w
}

#[test]
fn the_most_overdue_card_comes_first() {
    let mut w = due(&[2, 7, 0, 30, 1], decks::draft(1, 5));
    let s = w.studying(start(1));
    let expected: Vec<CardId> = [3, 1, 0, 4, 2].map(|n| card_id(1, n)).to_vec();
    assert_eq!(walk(&mut w, s, 4), expected);
}

#[test]
fn ties_are_shuffled_by_a_seed_and_the_same_on_every_start() {
    let mut w = due(&[3; 20], decks::draft(1, 20));
    let s = w.open();
    let mut orders = Vec::new();
    for _ in 0..2 {
        w.start(s, Start { window: 20, ..start(1) });
        orders.push(cards(&w.take(s)));
    }
    assert_eq!(orders[0], orders[1]);
    let by_position: Vec<CardId> = (0..20).map(|n| card_id(1, n)).collect();
    assert_ne!(orders[0], by_position, "not shuffled");
    w.passivate();
    let s = w.open();
    w.start(s, Start { window: 20, ..start(1) });
    assert_eq!(cards(&w.take(s)), orders[0], "another life shuffles otherwise");
}

#[test]
fn new_cards_come_in_the_order_of_adding() {
    let mut w = World::new([plain(1, 12)]);
    let s = w.studying(start(1));
    assert_eq!(walk(&mut w, s, 5), (0..12).map(|n| card_id(1, n)).collect::<Vec<_>>());
}

#[test]
fn new_mix_puts_new_cards_before_after_or_evenly_among_reviews() {
    let is_new = |card: &CardId| card.0.as_u128() & 0xffff >= 10;
    for (mix, expected) in [(NewMix::Before, 0..5), (NewMix::After, 10..15)] {
        let mut w = due(&[3; 10], decks::draft(1, 15).settings(|s| s.new_mix = mix));
        let s = w.studying(start(1));
        let walked = walk(&mut w, s, 5);
        let places: Vec<usize> = (0..walked.len()).filter(|&at| is_new(&walked[at])).collect();
        assert_eq!(places, expected.collect::<Vec<_>>(), "{mix:?}");
    }
    let mut w = due(&[3; 10], decks::draft(1, 15));
    let s = w.studying(start(1));
    let walked = walk(&mut w, s, 5);
    for third in walked.chunks(3) {
        assert_eq!(third.iter().filter(|card| is_new(card)).count(), 1, "not even: {walked:?}");
    }
}

#[test]
fn tags_choose_cards_and_counts_follow() {
    let mut w = World::new([decks::draft(1, 6).tag(1, "verb").tag(4, "verb").tag(5, "noun").build()]);
    let s = w.studying(Start { tags: vec!["verb".to_owned()], ..start(1) });
    assert_eq!(w.left(s).new, 2);
    assert_eq!(walk(&mut w, s, 5), [card_id(1, 1), card_id(1, 4)]);
    let s = w.studying(Start { tags: vec!["verb".to_owned(), "noun".to_owned()], ..start(2) });
    assert_eq!(walk(&mut w, s, 5), [card_id(1, 5)]);
}

#[test]
fn the_filters_due_and_new_bring_only_what_they_say() {
    let mut w = due(&[3, 2], decks::draft(1, 5));
    let s = w.studying(Start { filter: Some(Filter::Due), ..start(1) });
    assert_eq!((w.left(s).new, w.left(s).review), (0, 2));
    assert_eq!(walk(&mut w, s, 5), [card_id(1, 0), card_id(1, 1)]);
    let s = w.studying(Start { filter: Some(Filter::New), ..start(2) });
    assert_eq!((w.left(s).new, w.left(s).review), (3, 0));
    assert_eq!(walk(&mut w, s, 5).len(), 3);
}

#[test]
fn the_filter_flagged_brings_flagged_cards_due_or_not_as_extra_and_once_a_sitting() {
    let mut w = due(&[3, 2], decks::draft(1, 2));
    let s = w.studying(start(1));
    w.study_out(s, 5);
    w.set(s, card_id(1, 1), SetChange::Flag(3));
    w.commit();
    w.take(s);
    w.start(s, Start { filter: Some(Filter::Flagged), ..start(2) });
    let frames = w.take(s);
    let Some(Frame::Card(shown)) = frames.iter().find(|f| matches!(f, Frame::Card(_))) else {
        panic!("no card: {frames:?}")
    };
    assert_eq!((shown.card, shown.kind), (card_id(1, 1), Kind::Extra));
    assert_eq!(w.left(s).review, 1, "extras count as review");
    assert_eq!(w.study_out(s, 5), 1, "once a sitting");
    w.start(s, Start { filter: Some(Filter::Flagged), ..start(2) });
    assert!(w.held(s).is_empty(), "a repeated start brings no extra twice");
    w.start(s, Start { filter: Some(Filter::Flagged), ..start(3) });
    assert_eq!(w.held(s), [card_id(1, 1)], "another sitting may");
    w.memory_is_the_fold();
}

#[test]
fn an_extra_answered_a_moment_ago_is_not_handed_out_again_by_a_repeated_start() {
    let mut w = due(&[3, 2], decks::draft(1, 2));
    let s = w.studying(start(1));
    w.study_out(s, 5);
    w.set(s, card_id(1, 1), SetChange::Flag(3));
    w.start(s, Start { filter: Some(Filter::Flagged), ..start(2) });
    w.answer(s, card_id(1, 1), 5);
    w.start(s, Start { filter: Some(Filter::Flagged), ..start(2) });
    assert!(w.held(s).is_empty(), "its answer is pending, and part of the sitting");
}

#[test]
fn the_filter_failed_today_brings_what_was_wrong_and_early_makes_it_schedule() {
    let mut w = due(&[3, 2], decks::draft(1, 2));
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 0), 1);
    w.answer(s, card_id(1, 1), 5);
    w.commit();
    while let Some(&card) = w.held(s).first() {
        w.answer(s, card, 5);
        w.commit();
    }
    w.start(s, Start { filter: Some(Filter::FailedToday), ..start(2) });
    assert_eq!(w.held(s), [card_id(1, 0)]);
}

#[test]
fn the_filter_leech_brings_cards_with_many_lapses() {
    let mut w = due(&[3, 2], decks::draft(1, 2).settings(|s| s.leech_after = 1));
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 0), 1);
    w.answer(s, card_id(1, 1), 5);
    w.commit();
    w.start(s, Start { filter: Some(Filter::Leech), ..start(2) });
    let first = w.held(s);
    assert_eq!(first, [card_id(1, 0)]);
}

#[test]
fn cards_of_a_closed_socket_go_back_to_the_head_in_their_order() {
    let mut w = World::new([plain(1, 30)]);
    let a = w.studying(start(1));
    let b = w.studying(Start { window: 1, ..start(2) });
    assert_eq!(w.held(b), [card_id(1, 3)]);
    w.close(a);
    w.take(b);
    let mut walked = Vec::new();
    for _ in 0..4 {
        walked.push(w.answer_screen(b, 5).0);
    }
    assert_eq!(walked, [3, 0, 1, 2].map(|n| card_id(1, n)));
}

#[test]
fn a_device_that_comes_back_alone_finds_the_cards_that_it_held_in_their_order() {
    let mut w = due(&[3; 10], decks::draft(1, 40));
    let s = w.studying(start(1));
    for _ in 0..4 {
        w.answer_screen(s, 5);
    }
    w.commit();
    let held = w.held(s);
    w.close(s);
    let s = w.studying(start(1));
    assert_eq!(w.held(s), held);
}

#[test]
fn a_card_comes_at_most_once_in_a_queue() {
    let mut w = due(&[3; 20], decks::draft(1, 40));
    let s = w.studying(start(1));
    let mut walked = walk(&mut w, s, 4);
    walked.sort_unstable();
    let all = walked.len();
    walked.dedup();
    assert_eq!((walked.len(), all), (40, 40));
}

#[test]
fn siblings_rest_for_the_day_when_the_deck_asks_for_it() {
    let draft = decks::draft(1, 6).in_pairs();
    let mut w = World::new([draft.clone().settings(|s| s.bury_siblings = true).build()]);
    let s = w.studying(Start { window: 1, ..start(1) });
    assert_eq!(walk(&mut w, s, 5), [0, 2, 4].map(|n| card_id(1, n)));
    w.pass(DAY_MS);
    assert_eq!(walk(&mut w, s, 5).len(), 3, "the others, and what is due");
    let mut w = World::new([draft.build()]);
    let s = w.studying(Start { window: 1, ..start(1) });
    assert_eq!(walk(&mut w, s, 5).len(), 6);
}

#[test]
fn suspended_and_buried_cards_are_not_dealt() {
    let mut w = World::new([plain(1, 4)]);
    let s = w.open();
    w.set(s, card_id(1, 0), SetChange::Suspended(true));
    let tomorrow = w.session.today().plus(1);
    w.set(s, card_id(1, 1), SetChange::BuriedUntil(Some(tomorrow)));
    w.commit();
    w.start(s, start(1));
    assert_eq!(w.held(s), [card_id(1, 2), card_id(1, 3)]);
    w.study_out(s, 5);
    w.pass(DAY_MS);
    assert!(w.held(s).contains(&card_id(1, 1)));
    assert!(!w.held(s).contains(&card_id(1, 0)));
}

#[test]
fn a_start_over_a_deck_takes_in_the_decks_below_it_and_no_other() {
    let mut w = World::new([plain(1, 1), plain(2, 1), plain(3, 1)]);
    w.library.put_below(deck_id(1), deck_id(2));
    let s = w.studying(Start { decks: Some(vec![deck_id(1)]), ..start(1) });
    assert_eq!(w.held(s), [card_id(1, 0), card_id(2, 0)]);
}

#[test]
fn a_start_with_a_deck_that_the_learner_may_not_see_starts_nothing_and_the_sitting_before_goes_on() {
    let mut w = World::new([plain(1, 9), plain(2, 9)]);
    w.library.show(deck_id(2), Vec::new());
    let s = w.studying(start(1));
    let held = w.held(s);
    w.start(s, Start { decks: Some(vec![deck_id(1), deck_id(2)]), ..start(2) });
    assert_eq!(w.take(s), [Frame::Error(domain::session::Notice::Forbidden)]);
    assert_eq!(w.held(s), held);
    w.answer_screen(s, 5);
    assert_eq!(cards(&w.take(s)).len(), 1);
}
