//! What is shown changes under a running session: edits, deletions, imports, revoked and new decks.

use crate::world::client::{cards, change, dones};
use crate::world::*;
use domain::session::{Input, Reason, Start};

#[test]
fn an_edited_held_card_comes_again_at_its_place() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let held = w.held(s);
    w.take(s);
    w.edit(deck_id(1), |deck| deck.cards[1].revision = 2);
    let told = change(&w.take(s), Reason::Edited).expect("edited");
    let shown = told.card.expect("the card");
    assert_eq!((shown.card, shown.revision), (held[1], 2));
    assert_eq!(w.held(s), held);
}

#[test]
fn an_edit_of_a_card_that_is_not_held_is_not_told() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    w.take(s);
    w.edit(deck_id(1), |deck| deck.cards[7].revision = 2);
    assert!(w.take(s).is_empty());
}

#[test]
fn a_deleted_held_card_is_dropped_and_its_place_filled() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    w.take(s);
    w.edit(deck_id(1), |deck| deck.cards[1].deleted_ms = Some(NOON_MS));
    let frames = w.take(s);
    assert_eq!(change(&frames, Reason::Deleted).expect("deleted").drop, [card_id(1, 1)]);
    assert_eq!(cards(&frames), [card_id(1, 3)]);
    assert_eq!(w.left(s).new, 8);
}

#[test]
fn a_deleted_cards_answer_is_logged_and_counts_in_the_figures() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    let id = w.id();
    let command = w.answer_to(s, card_id(1, 0), 5);
    w.pass(1_000);
    w.edit(deck_id(1), |deck| deck.cards[0].deleted_ms = Some(NOON_MS + 1_000));
    w.take(s);
    w.send(s, id, command);
    w.commit();
    assert_eq!(w.verdict(s, 1), Some(Ok(())));
    w.start(s, start(1));
    assert_eq!(dones(&w.take(s)).pop().expect("done").answered, 1);
}

#[test]
fn a_deleted_deck_takes_all_its_held_cards() {
    let mut w = World::new([plain(1, 9), plain(2, 9)]);
    let s = w.studying(start(1));
    w.edit(deck_id(1), |deck| deck.deleted_ms = Some(NOON_MS));
    assert_eq!(w.held(s), [0, 1, 2].map(|n| card_id(2, n)));
    assert_eq!(w.left(s).new, 9);
}

#[test]
fn new_cards_raise_the_counts_and_fill_free_places() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    w.study_out(s, 5);
    w.take(s);
    w.edit(deck_id(1), |deck| deck.more_cards(2));
    let frames = w.take(s);
    assert_eq!(change(&frames, Reason::Imported).expect("imported").left.expect("counts").new, 2);
    assert_eq!(cards(&frames), [card_id(1, 1), card_id(1, 2)]);
    w.study_out(s, 5);
    assert_eq!(dones(&w.take(s)).len(), 1);
}

#[test]
fn an_older_revision_that_arrives_late_changes_nothing() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    let old = w.library.deck(deck_id(1)).clone();
    w.edit(deck_id(1), |deck| deck.cards[0].revision = 2);
    w.take(s);
    w.input(Input::Deck(old));
    assert!(w.take(s).is_empty());
}

#[test]
fn another_drill_threshold_folds_the_deck_anew() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.answer_screen(s, 3);
    w.answer_screen(s, 5);
    w.answer_screen(s, 5);
    w.commit();
    assert_eq!(w.left(s).learning, 1);
    w.edit(deck_id(1), |deck| deck.settings.drill_until = 3);
    w.commit();
    w.start(s, start(1));
    assert_eq!(w.left(s).learning, 0);
    w.memory_is_the_fold();
    assert!(w.store.wrong_progress(&w.library).is_empty());
}

#[test]
fn an_edit_that_comes_while_the_deck_is_being_read_is_not_lost() {
    let mut w = World::new([plain(1, 3)]);
    w.fetches_at_once = false;
    let s = w.open();
    w.start(s, start(1));
    w.answer_fetches_once();
    let (token, want) = w.fetches.pop_front().expect("the decks");
    let old = w.facts(&want);
    w.edit(deck_id(1), |deck| deck.cards[0].revision = 2);
    w.input(Input::Fetched { token, facts: old });
    w.answer_fetches();
    assert_eq!(w.clients[&s].shown[&card_id(1, 0)].revision, 2);
}

#[test]
fn another_drill_threshold_reads_the_whole_deck_once() {
    let mut w = World::new([decks::draft(1, 60).settings(|s| s.new_per_day = 60).build()]);
    let s = w.studying(start(1));
    w.study_out(s, 5);
    w.fetches_at_once = false;
    w.edit(deck_id(1), |deck| deck.settings.drill_until = 3);
    assert_eq!(w.fetches.len(), 1);
    // An answer that comes meanwhile is folded by the new parameters, and stays.
    w.answer(s, card_id(1, 7), 3);
    w.answer_fetches();
    w.commit();
    w.answer_fetches();
    w.commit();
    assert!(w.session.states().all(|row| !row.3));
    w.memory_is_the_fold();
    assert!(w.store.wrong_progress(&w.library).is_empty());
}

/// Stores what an import brings: a state for these cards, and the commit of its job.
fn import(w: &mut World, job: u128, cards: &[u128]) {
    use domain::entry::{Body, GivenState, LogEntry};
    use domain::ids::JobId;
    let job = JobId::from_u128(job);
    let state =
        GivenState { reps: 3, ease: 250, interval_days: 15, due: None, lapses: 0, last_scheduled: None };
    let state = GivenState { due: Some(w.session.today()), ..state };
    for card in cards {
        let (deck, card, id) = (deck_id(1), card_id(1, *card), w.id_at(NOON_MS - 40 * DAY_MS));
        let stamp = w.zones.stamp(id.at_ms());
        let body = Body::State { deck, card, state };
        w.store.log.insert(id, LogEntry { id, job: Some(job), stamp, body });
        w.store.progress.insert((deck, card), (0, domain::state::CardState::NEW));
    }
    let id = w.id();
    let stamp = w.zones.stamp(id.at_ms());
    w.store.log.insert(id, LogEntry { id, job: None, stamp, body: Body::ImportCommit { job } });
}

#[test]
fn what_an_import_stored_under_a_running_session_is_read_and_told() {
    let mut w = World::new([plain(1, 4)]);
    let s = w.studying(start(1));
    import(&mut w, 5, &[0, 3]);
    w.take(s);
    w.input(Input::Imported(deck_id(1)));
    let frames = w.take(s);
    let left = change(&frames, Reason::Imported).expect("told").left.expect("counts");
    assert_eq!((left.new, left.review), (2, 2));
    assert_eq!(w.clients[&s].shown[&card_id(1, 0)].state.sm2.reps, 3, "the held card is shown anew");
    w.memory_is_the_fold();
    w.study_out(s, 5);
    w.memory_is_the_fold();
}

#[test]
fn an_answer_that_was_on_its_way_when_an_import_came_counts_with_it() {
    for fold_first in [false, true] {
        let mut w = World::new([plain(1, 4)]);
        let s = w.studying(start(1));
        w.answer(s, card_id(1, 3), 5);
        w.commit();
        w.fetches_at_once = false;
        // A late answer waits for a log that was read before the import.
        let late = w.id_at(NOON_MS - HOUR_MS);
        let command = w.answer_to(s, card_id(1, 3), 4);
        w.send(s, late, command);
        let (token, want) = w.fetches.pop_front().expect("the card's log");
        let before = w.facts(&want);
        import(&mut w, 5, &[3]);
        w.input(Input::Imported(deck_id(1)));
        if fold_first {
            w.input(Input::Fetched { token, facts: before });
            w.answer_fetches();
        } else {
            w.answer_fetches();
            w.input(Input::Fetched { token, facts: before });
        }
        w.fetches_at_once = true;
        w.commit();
        assert!(w.session.states().all(|row| !row.3), "nothing waits for a repair");
        w.memory_is_the_fold();
    }
}

#[test]
fn an_import_that_could_not_be_read_is_read_again() {
    let mut w = World::new([plain(1, 4)]);
    let s = w.studying(start(1));
    import(&mut w, 5, &[0]);
    w.store_is_down = true;
    w.input(Input::Imported(deck_id(1)));
    w.store_is_down = false;
    w.pass_by_deadlines(10_000);
    assert_eq!(w.left(s).review, 1);
    w.memory_is_the_fold();
}

#[test]
fn a_raised_limit_brings_more_cards() {
    let mut w = World::new([decks::draft(1, 9).settings(|s| s.new_per_day = 1).build()]);
    let s = w.studying(start(1));
    w.study_out(s, 5);
    w.edit(deck_id(1), |deck| deck.settings.new_per_day = 3);
    assert_eq!(w.held(s).len(), 2);
}

#[test]
fn a_card_whose_tag_changed_leaves_and_comes() {
    let mut w = World::new([decks::draft(1, 3).tag(0, "t").build()]);
    let s = w.studying(Start { tags: vec!["t".to_owned()], ..start(1) });
    assert_eq!(w.held(s), [card_id(1, 0)]);
    w.edit(deck_id(1), |deck| {
        for (at, tag) in [(0, "u"), (2, "t")] {
            deck.cards[at].tags = std::sync::Arc::from([std::sync::Arc::from(tag)]);
            deck.cards[at].revision = 2;
        }
    });
    assert_eq!(w.held(s), [card_id(1, 2)]);
}
