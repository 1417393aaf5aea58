//! The marks of imports: what a job brought counts from its commit on and no longer after its revocation, whatever is
//! answered meanwhile, whatever is lost, and in whatever order.

use crate::rng::Rng;
use crate::world::client::{change, dones};
use crate::world::*;
use domain::commit::Landed;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::ids::{EntryId, JobId};
use domain::session::{Command, Facts, FetchFailed, Input, Reason, Refusal, SocketId, Token, Want};
use domain::state::CardState;
use std::collections::VecDeque;

fn job(n: u128) -> JobId {
    JobId(EntryId::v7(NOON_MS - HOUR_MS, n).0)
}

/// Stores an answer of so many days ago that a job brought; as an importer makes them, the id follows from card and time.
fn bring(w: &mut World, of_job: u128, card: u128, days_ago: i64, n: u8) {
    let at_ms = NOON_MS - days_ago * DAY_MS;
    let id = EntryId::from_u128((at_ms as u128) << 80 | 0x8 << 76 | 0b10 << 62 | card);
    let review = Review {
        deck: deck_id(1),
        card: card_id(1, card),
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
    let known = w.session.states().find(|row| row.1 == card_id(1, card)).map(|row| row.2);
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

/// What a random history does next.
/// What was read for nobody and has not arrived.
type Late = VecDeque<(Token, Result<Facts, FetchFailed>)>;

/// Loads a deck for nobody: when it is read, and when that arrives, is another matter.
fn act_unasked(w: &mut World, rng: &mut Rng, late: &mut Late) {
    match rng.below(4) {
        0 => {
            w.fetches_at_once = false;
            w.input(Input::Load(vec![deck_id(1)]));
            w.fetches_at_once = true;
        }
        1 => {
            if let Some((token, want)) = w.fetches.pop_front() {
                late.push_back((token, w.facts(&want)));
            }
        }
        2 => {
            if let Some((token, facts)) = late.pop_front() {
                w.input(Input::Fetched { token, facts });
            }
        }
        _ => w.input(Input::WriteBehind(2)),
    }
}

fn act(w: &mut World, rng: &mut Rng, sockets: &mut Vec<SocketId>, late: &mut Late) {
    let card = u128::from(rng.below(5));
    match rng.below(20) {
        14..18 => act_unasked(w, rng, late),
        18 => {
            w.crash();
            late.clear();
            sockets.clear();
        }
        19 => {
            if sockets.is_empty() {
                sockets.push(w.studying(start(u128::from(rng.next()))));
            }
        }
        0..4 => {
            if let Some(s) = sockets.first().copied()
                && let Some(on_screen) = w.held(s).first().copied()
            {
                w.answer(s, on_screen, rng.below(6) as u8);
            }
        }
        4 => {
            let newest = w.store.log.values().rev().find(|entry| entry.can_be_undone()).map(|entry| entry.id);
            if let (Some(s), Some(of)) = (sockets.first().copied(), newest) {
                w.undo(s, of);
            }
        }
        5..7 => {
            let of_job = 1 + u128::from(rng.below(3));
            let is_marked = w.store.log.contains_key(&EntryId::of_mark(job(of_job), false))
                || w.session.pending_entries().any(|entry| entry.mark_of() == Some(job(of_job)));
            if !is_marked {
                bring(w, of_job, card, 1 + rng.below(3) as i64, rng.below(6) as u8);
            }
        }
        7 => drop(mark(w, 1 + u128::from(rng.below(3)), false)),
        8 => drop(mark(w, 1 + u128::from(rng.below(3)), true)),
        9..12 => {
            let lands: Vec<bool> = (0..64).map(|_| rng.chance(80)).collect();
            let mut lands = lands.into_iter().cycle();
            w.land_once(&mut |_| match lands.next() {
                Some(true) => Landed::Durable,
                Some(false) | None => Landed::Unknown,
            });
        }
        12 => w.pass(rng.below(20) as i64 * HOUR_MS / 4),
        _ => {
            w.crash();
            late.clear();
            *sockets = vec![w.studying(start(u128::from(rng.next())))];
        }
    }
    if w.clients.len() > 12 {
        for socket in w.clients.keys().copied().filter(|s| !sockets.contains(s)).collect::<Vec<_>>() {
            w.close(socket);
        }
    }
}

#[test]
fn whatever_happens_around_marks_no_stored_row_that_is_trusted_lacks_one_and_memory_is_the_fold() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let mut w = World::new([plain(1, 5)]);
        let (mut sockets, mut late) = (vec![w.studying(start(1))], Late::new());
        for step in 0..80 {
            act(&mut w, &mut rng, &mut sockets, &mut late);
            assert_eq!(w.store.wrong_progress(&w.library), [], "seed {seed}, step {step}");
        }
        w.commit();
        for (token, facts) in late {
            w.input(Input::Fetched { token, facts });
        }
        w.answer_fetches();
        if sockets.is_empty() {
            w.studying(start(76));
        }
        w.commit();
        w.memory_is_the_fold();
        assert_eq!(w.store.wrong_progress(&w.library), [], "seed {seed}");
        // Another life reads the same.
        let lived: Vec<CardState> = (0..5).map(|card| state_of(&w, card)).collect();
        w.crash();
        w.studying(start(77));
        assert_eq!((0..5).map(|card| state_of(&w, card)).collect::<Vec<_>>(), lived, "seed {seed}");
    }
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
