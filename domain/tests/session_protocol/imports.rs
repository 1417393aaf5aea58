//! The marks of imports: what a job brought counts from its commit on and no longer after its revocation, whatever is
//! answered meanwhile, whatever is lost, and in whatever order.

mod at_random;

use crate::world::client::{change, dones};
use crate::world::*;
use domain::commit::Landed;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::ids::{DeckId, EntryId, JobId};
use domain::session::{Command, Input, Reason, Refusal, SocketId, Want};
use domain::state::CardState;

fn job(n: u128) -> JobId {
    JobId(EntryId::v7(NOON_MS - HOUR_MS, n).0)
}

fn bring(w: &mut World, of_job: u128, card: u128, days_ago: i64, n: u8) {
    bring_to(w, 1, of_job, card, days_ago, n);
}

/// Stores an answer of so many days ago that a job brought; as an importer makes them, the id follows from card and time.
fn bring_to(w: &mut World, deck: u128, of_job: u128, card: u128, days_ago: i64, n: u8) {
    let at_ms = NOON_MS - days_ago * DAY_MS;
    let id = EntryId::from_u128((at_ms as u128) << 80 | 0x8 << 76 | 0b10 << 62 | deck << 16 | card);
    let review = Review {
        deck: deck_id(deck),
        card: card_id(deck, card),
        grade: grade(n),
        mode: Mode::Flip,
        elapsed_ms: 900,
        early: false,
        confidence: None,
        sitting: None,
        class: None,
        response: None,
        revision: 0,
        told: false,
    };
    let (job, stamp) = (job(of_job), w.zones.stamp(at_ms));
    let entry = LogEntry { id, job: Some(job), stamp, body: Body::Review(review) };
    w.store.brought.insert((id, job), entry);
}

/// Sends a mark as the server does: over a socket without a device.
fn mark(w: &mut World, of_job: u128, revoked: bool) -> (SocketId, u64) {
    let socket = w.open_as(None);
    let job = job(of_job);
    let command = if revoked { Command::ImportRevoke { job } } else { Command::ImportCommit { job } };
    (socket, w.send(socket, EntryId::of_mark(job, revoked), command))
}

fn state_of(w: &World, card: u128) -> CardState {
    state_in(w, 1, card)
}

fn state_in(w: &World, deck: u128, card: u128) -> CardState {
    let known = w.session.states().find(|row| row.1 == card_id(deck, card)).map(|row| row.2);
    known.unwrap_or(CardState::NEW)
}

fn all_is_the_fold(w: &World) {
    assert!(w.session.states().all(|row| !row.3), "nothing waits for a repair");
    w.memory_is_the_fold();
    assert_eq!(w.store.wrong_progress(&w.library), []);
}

#[test]
fn a_commit_moves_the_cards_of_its_job_under_a_live_socket_and_a_revocation_moves_them_back() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    for (card, days_ago) in [(0, 30), (1, 20), (1, 10), (5, 40)] {
        bring(&mut w, 1, card, days_ago, 5);
    }
    let before: Vec<CardState> = (0..6).map(|card| state_of(&w, card)).collect();
    let left = w.left(s);
    w.take(s);

    let (by, seq) = mark(&mut w, 1, false);
    assert!(w.take(s).is_empty(), "nothing shows before the mark is durable");
    assert_eq!(w.verdict(by, seq), None);
    w.commit();
    assert_eq!(w.verdict(by, seq), Some(Ok(())));
    let counts = change(&w.take(s), Reason::Imported).expect("told").left.expect("counts");
    assert_eq!((left.new, counts.new, counts.review), (5, 3, 2), "{counts:?}");
    assert_eq!(state_of(&w, 1).answers, 2);
    assert_eq!(state_of(&w, 0).answers, 2, "an answer of today comes after what was brought");
    assert_eq!(w.clients[&s].shown[&card_id(1, 1)].state.answers, 2, "the held card is shown anew");
    all_is_the_fold(&w);

    mark(&mut w, 1, true);
    w.commit();
    let back: Vec<CardState> = (0..6).map(|card| state_of(&w, card)).collect();
    assert_eq!(back, before);
    assert_eq!(w.left(s), left);
    all_is_the_fold(&w);
    w.study_out(s, 5);
    all_is_the_fold(&w);
}

#[test]
fn a_mark_that_is_said_again_is_saved_and_stored_once() {
    let mut w = World::new([plain(1, 3)]);
    w.studying(start(1));
    bring(&mut w, 1, 1, 20, 5);
    let saved = |w: &World, (socket, seq)| w.verdict(socket, seq) == Some(Ok(()));
    let (first, meanwhile) = (mark(&mut w, 1, false), mark(&mut w, 1, false));
    w.commit();
    let later = mark(&mut w, 1, false);
    assert!([first, meanwhile, later].into_iter().all(|command| saved(&w, command)));
    w.passivate();
    w.studying(start(2));
    let in_another_life = mark(&mut w, 1, false);
    assert!(saved(&w, in_another_life));
    assert_eq!((w.store.appends[&EntryId::of_mark(job(1), false)], w.store.log.len()), (1, 1));
    all_is_the_fold(&w);
}

#[test]
fn a_session_without_its_decks_in_memory_loads_them_as_they_are_after_the_mark() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 1), 3);
    w.passivate();
    bring(&mut w, 1, 1, 20, 5);
    bring(&mut w, 1, 2, 20, 5);
    mark(&mut w, 1, false);
    w.commit();
    w.studying(start(2));
    assert_eq!((state_of(&w, 1).answers, state_of(&w, 2).answers), (2, 1));
    all_is_the_fold(&w);
}

#[test]
fn an_answer_that_leaves_beside_a_mark_counts_with_it_whichever_came_first() {
    for answered_first in [true, false] {
        let mut w = World::new([plain(1, 4)]);
        let s = w.studying(start(1));
        bring(&mut w, 1, 0, 20, 5);
        bring(&mut w, 1, 1, 20, 5);
        if answered_first {
            w.answer(s, card_id(1, 0), 4);
            mark(&mut w, 1, false);
        } else {
            mark(&mut w, 1, false);
            w.answer(s, card_id(1, 0), 4);
        }
        while w.land_once(&mut |_| Landed::Durable) {
            assert_eq!(w.store.wrong_progress(&w.library), []);
        }
        assert_eq!((state_of(&w, 0).answers, state_of(&w, 1).answers), (2, 1));
        all_is_the_fold(&w);
    }
}

#[test]
fn a_deck_that_was_read_before_a_mark_and_arrives_after_it_is_read_again() {
    let mut w = World::new([plain(1, 3)]);
    bring(&mut w, 1, 1, 20, 5);
    let s = w.open();
    w.fetches_at_once = false;
    w.start(s, start(1));
    w.answer_fetches_once();
    let (token, want) = w.fetches.pop_front().expect("the decks are read");
    let before = w.facts(&want);
    mark(&mut w, 1, false);
    w.commit();
    w.input(Input::Fetched { token, facts: before });
    assert!(w.held(s).is_empty(), "no card is dealt that may be another");
    w.answer_fetches();
    assert_eq!(state_of(&w, 1).answers, 1);
    assert_eq!(w.left(s).new, 2);
    all_is_the_fold(&w);
}

#[test]
fn nothing_is_done_while_rows_are_read_again() {
    let mut w = World::new([plain(1, 1)]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 0), 5);
    bring(&mut w, 1, 0, 1, 0);
    w.fetches_at_once = false;
    mark(&mut w, 1, false);
    w.commit();
    assert!(w.fetches.iter().all(|(_, want)| matches!(want, Want::Decks(_))), "{:?}", w.fetches);
    w.take(s);
    w.answer_fetches();
    assert_eq!(dones(&w.take(s)).len(), 1);
}

#[test]
fn a_mark_that_can_never_be_stored_is_refused_and_counts_for_nothing() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    bring(&mut w, 1, 1, 20, 5);
    let (by, seq) = mark(&mut w, 1, false);
    w.answer(s, card_id(1, 1), 4);
    w.land(|offer| if offer.is_mark() { Landed::Never } else { Landed::Durable });
    assert_eq!(w.verdict(by, seq), Some(Err(Refusal::Internal)));
    w.commit();
    assert_eq!(state_of(&w, 1).answers, 1);
    w.memory_is_the_fold();
}

#[test]
fn the_order_of_imports_does_not_matter_and_the_same_review_of_two_jobs_counts_once() {
    let states = |jobs: &[u128]| {
        let mut w = World::new([plain(1, 3)]);
        w.studying(start(1));
        for of_job in jobs {
            bring(&mut w, *of_job, 0, 20, 5);
            bring(&mut w, *of_job, 0, 10, 3 + *of_job as u8 % 2);
            bring(&mut w, *of_job, *of_job % 3, 5, 4);
            mark(&mut w, *of_job, false);
            w.commit();
            all_is_the_fold(&w);
        }
        // Taken back and brought again by another job, it is there again.
        mark(&mut w, 1, true);
        w.commit();
        bring(&mut w, 9, 1, 5, 4);
        mark(&mut w, 9, false);
        w.commit();
        all_is_the_fold(&w);
        (0..3).map(|card| state_of(&w, card)).collect::<Vec<_>>()
    };
    let expected = states(&[1, 2]);
    assert_eq!(states(&[2, 1]), expected);
    assert_eq!((expected[0].answers, expected[1].answers, expected[2].answers), (2, 1, 1));
}

/// The questions for rows that wait for the store.
fn asked_for_rows(w: &World) -> Vec<Vec<DeckId>> {
    let mut asked = Vec::new();
    for (_, want) in &w.fetches {
        if let Want::Decks(decks) = want {
            asked.push(decks.clone());
        }
    }
    asked
}

#[test]
fn a_mark_asks_once_for_the_rows_of_all_decks_and_so_does_what_it_finds_on_the_way() {
    let all: Vec<DeckId> = (1..=40).map(deck_id).collect();
    let mut w = World::new((1..=40).map(|n| plain(n, 2)));
    w.fetches_at_once = false;
    // Loaded for nobody; what is read before the mark arrives after it.
    w.input(Input::Load(all.clone()));
    let (token, want) = w.fetches.pop_front().expect("the rows");
    let before = w.facts(&want);
    for deck in [3, 17] {
        bring_to(&mut w, deck, 1, 0, 20, 5);
    }
    mark(&mut w, 1, false);
    w.answer_fetches();
    w.commit();
    assert!(asked_for_rows(&w).is_empty(), "nothing is in memory yet");
    w.input(Input::Fetched { token, facts: before });
    assert_eq!(asked_for_rows(&w), std::slice::from_ref(&all), "what may lack the mark is read again");

    // Another mark while that is read: what is asked then takes the place of what was.
    bring_to(&mut w, 3, 2, 1, 20, 5);
    mark(&mut w, 2, false);
    w.commit();
    let asked = asked_for_rows(&w);
    assert_eq!(asked.last(), Some(&all));
    assert!(asked.len() <= 3, "{asked:?}");

    // One that fails is tried again as one.
    w.store_is_down = true;
    w.answer_fetches();
    w.store_is_down = false;
    w.pass_by_deadlines(10_000);
    assert_eq!(asked_for_rows(&w), [all]);
    w.answer_fetches();
    w.fetches_at_once = true;
    let answers = [(3, 0), (3, 1), (17, 0), (17, 1)].map(|(deck, card)| state_in(&w, deck, card).answers);
    assert_eq!(answers, [1, 1, 1, 0]);
    all_is_the_fold(&w);
}
