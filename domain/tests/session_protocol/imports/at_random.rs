//! Random histories around marks: whatever comes in whatever order.

use super::{bring_to, job, mark, state_in};
use crate::rng::Rng;
use crate::world::*;
use domain::commit::Landed;
use domain::ids::EntryId;
use domain::session::{Facts, FetchFailed, Input, SocketId, Token};
use domain::state::CardState;
use std::collections::VecDeque;

/// What was read for nobody and has not arrived.
type Late = VecDeque<(Token, Result<Facts, FetchFailed>)>;

/// Loads a deck for nobody: when it is read, and when that arrives, is another matter.
fn act_unasked(w: &mut World, rng: &mut Rng, late: &mut Late) {
    match rng.below(4) {
        0 => {
            w.fetches_at_once = false;
            w.input(Input::Load(vec![deck_id(1), deck_id(2)]));
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

/// What a random history does next.
fn act(w: &mut World, rng: &mut Rng, sockets: &mut Vec<SocketId>, late: &mut Late) {
    let (deck, card) = (1 + u128::from(rng.below(2)), u128::from(rng.below(5)));
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
                bring_to(w, deck, of_job, card, 1 + rng.below(3) as i64, rng.below(6) as u8);
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
        let mut w = World::new([plain(1, 5), plain(2, 5)]);
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
        let states =
            |w: &World| -> Vec<CardState> { (0..10).map(|n| state_in(w, 1 + n / 5, n % 5)).collect() };
        let lived = states(&w);
        w.crash();
        w.studying(start(77));
        assert_eq!(states(&w), lived, "seed {seed}");
    }
}
