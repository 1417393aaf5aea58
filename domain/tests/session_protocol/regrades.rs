//! Regrades and claims: what is said of answers later moves cards under live sockets, once, and never before it is durable.

use crate::rng::Rng;
use crate::world::client::change;
use crate::world::*;
use domain::entry::{Body, LogEntry, Regrade};
use domain::grade::Grade;
use domain::ids::{EntryId, JobId, UserId};
use domain::session::{Command, Reason, Refusal, SocketId};

/// Says as the server does, over a socket without a device, that this answer has another grade.
fn regrade(w: &mut World, said: u128, of: EntryId, card: u128, grade: Grade) -> (SocketId, u64) {
    let socket = w.open_as(None);
    let said = EntryId::v7(NOON_MS, said);
    let (deck, card, by) = (deck_id(1), card_id(1, card), UserId::from_u128(0x7eac));
    let command = Command::Regrade(Regrade { of, deck, card, grade, by });
    (socket, w.send(socket, EntryId::of_regrade(said, of), command))
}

fn newest(w: &World) -> EntryId {
    *w.store.log.keys().next_back().unwrap()
}

fn all_is_the_fold(w: &World) {
    assert!(w.session.states().all(|row| !row.3), "nothing waits for a repair");
    w.memory_is_the_fold();
    assert_eq!(w.store.wrong_progress(&w.library), []);
}

#[test]
fn an_answer_that_is_accepted_later_moves_its_card_under_a_live_socket_once_it_is_durable() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 0), 1);
    w.commit();
    let wrong = newest(&w);
    w.take(s);
    let (by, seq) = regrade(&mut w, 1, wrong, 0, Grade::Good);
    assert!(w.take(s).is_empty(), "nothing shows before it is durable");
    assert_eq!(w.verdict(by, seq), None);
    w.commit();
    assert_eq!(w.verdict(by, seq), Some(Ok(())));
    let told = change(&w.take(s), Reason::Regraded).expect("told");
    assert!(told.left.is_some_and(|left| left.learning == 0), "no drill is left");
    all_is_the_fold(&w);
    // Said again, and said of the same answer anew: the newest is heard.
    let again = regrade(&mut w, 1, wrong, 0, Grade::Good);
    assert_eq!(w.verdict(again.0, again.1), Some(Ok(())));
    let back = regrade(&mut w, 2, wrong, 0, Grade::Wrong);
    w.commit();
    assert_eq!(w.verdict(back.0, back.1), Some(Ok(())));
    all_is_the_fold(&w);
}

#[test]
fn a_regrade_of_what_is_not_stored_waits_with_whoever_says_it() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(start(1));
    let unknown = EntryId::v7(NOON_MS, 77);
    let refused = regrade(&mut w, 1, unknown, 0, Grade::Good);
    assert_eq!(w.verdict(refused.0, refused.1), Some(Err(Refusal::UnknownEntry)));
    w.answer(s, card_id(1, 0), 1);
    let pending = w.session.pending_entries().next().map(|entry| entry.id).unwrap();
    let early = regrade(&mut w, 2, pending, 0, Grade::Good);
    assert_eq!(w.verdict(early.0, early.1), Some(Err(Refusal::Busy)));
    w.commit();
    let elsewhere = regrade(&mut w, 3, pending, 1, Grade::Good);
    assert_eq!(w.verdict(elsewhere.0, elsewhere.1), Some(Err(Refusal::UnknownEntry)), "of another card");
    let now = regrade(&mut w, 4, pending, 0, Grade::Good);
    w.commit();
    assert_eq!(w.verdict(now.0, now.1), Some(Ok(())));
    all_is_the_fold(&w);
}

#[test]
fn what_a_guest_did_is_the_learners_from_the_claim_on() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    let own = w.store.log.values().next().copied().unwrap();
    let job = JobId(EntryId::v7(NOON_MS - HOUR_MS, 5).0);
    for (n, grade) in [(1, Grade::Good), (2, Grade::Wrong)] {
        let id = EntryId::v7(NOON_MS - i64::from(n) * DAY_MS, 0x9e57);
        let Body::Review(mut review) = own.body else { panic!("an answer") };
        (review.card, review.grade) = (card_id(1, u128::from(n as u32)), grade);
        let stamp = w.zones.stamp(id.at_ms());
        let copied = LogEntry { id, job: Some(job), stamp, body: Body::Review(review) };
        w.store.brought.insert((id, job), copied);
    }
    let by = w.open_as(None);
    let claim = Command::Claim { guest: UserId::from_u128(0x9e57), job };
    let seq = w.send(by, EntryId::of_mark(job, false), claim);
    w.commit();
    assert_eq!(w.verdict(by, seq), Some(Ok(())));
    let answers: Vec<u32> = (0..3).map(|n| answers_of(&w, n)).collect();
    assert_eq!(answers, [1, 1, 1]);
    all_is_the_fold(&w);
}

fn answers_of(w: &World, card: u128) -> u32 {
    let known = w.session.states().find(|row| row.1 == card_id(1, card)).map(|row| row.2);
    known.map_or(0, |state| state.answers)
}

/// Answers, regrades, undos of either device and lost outcomes in any order: memory and every trusted row are the fold.
#[test]
fn whatever_is_regraded_while_it_is_answered_memory_is_the_fold() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut w = World::new([plain(1, 4)]);
        let mut s = w.studying(start(1));
        let mut batches = Vec::new();
        for n in 0..40_u64 {
            match rng.below(6) {
                0 | 1 => {
                    let shown: Vec<_> = w.clients[&s].held.clone();
                    if let Some(card) = shown.first() {
                        w.answer(s, *card, (rng.below(6)) as u8);
                    }
                }
                2 | 3 => {
                    let answers: Vec<(EntryId, u128)> = w
                        .store
                        .log
                        .values()
                        .filter_map(|e| Some((e.id, e.review()?.card.0.as_u128() & 0xffff_ffff)))
                        .collect();
                    if !answers.is_empty() {
                        let (of, card) = *rng.pick(&answers);
                        let grade = Grade::ALL[rng.below(6) as usize];
                        batches.push(regrade(&mut w, u128::from(1000 + n), of, card, grade).0);
                    }
                }
                4 => {
                    w.commit();
                    batches.drain(..).for_each(|batch| w.close(batch));
                }
                _ => {
                    w.commit();
                    batches.drain(..).for_each(|batch| w.close(batch));
                    if rng.below(3) == 0 {
                        w.passivate();
                        s = w.studying(start(u128::from(10 + n)));
                    }
                }
            }
        }
        w.commit();
        all_is_the_fold(&w);
    }
}
