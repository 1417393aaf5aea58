//! The real binary under `kill -9`: at random moments, under load, again and again. What the clients were told is in
//! the log, once, and nothing else is; `verify` finds every row to be the fold of the log.

use crate::study::binary::{Life, Place, open};
use crate::study::book::fold_faults;
use crate::study::crowd::Student;
use crate::study::learner::somebody;
use crate::study::raw::{join, until_saved};
use crate::study::server::{eventually, put_deck, unlimited};
use domain::ids::{CardId, DeckId, EntryId, UserId};
use kit::rng::Rng;
use ports::{LogRange, ReviewStore as _};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::clock::real_ms;

const LEARNERS: u64 = 6;
/// The most cards that a learner may answer from one kill to the next.
const CARDS_A_LIFE: u64 = 30;

fn kills() -> usize {
    std::env::var("STUDYHALL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(100)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// People and decks, put into the data before the server's first life.
fn people(
    runtime: &tokio::runtime::Runtime,
    place: &Place,
    cards: usize,
) -> Vec<(UserId, DeckId, Vec<CardId>)> {
    let store = open(&place.data);
    (0..LEARNERS)
        .map(|_| {
            let learner = somebody();
            let put = put_deck(&store, learner, cards, unlimited(), real_ms());
            let (deck, cards) = runtime.block_on(put);
            (learner, deck, cards)
        })
        .collect()
}

/// A server under load, and what is left to do to it.
struct Chaos {
    rng: Rng,
    place: Place,
    students: Vec<Student>,
    runtime: tokio::runtime::Runtime,
}

impl Chaos {
    fn saved(&self) -> usize {
        self.students.iter().map(Student::count_saved).sum()
    }

    fn retry(&self) {
        for student in &self.students {
            self.runtime.block_on(student.handle.retry()).unwrap();
        }
    }

    /// Waits for a moment somewhere in the work of this life.
    fn wait_for_some_moment(&mut self, before: usize) {
        let wanted = before + self.rng.below(LEARNERS * CARDS_A_LIFE / 3) as usize;
        eventually("so much is saved", || {
            let through = self.students.iter().all(Student::is_through);
            if !through {
                self.retry();
            }
            through || self.saved() >= wanted
        });
        self.wait_less_than(5_000);
    }

    /// A kill falls between two system calls as well as at their ends.
    fn wait_less_than(&mut self, micros: u64) {
        let (began, moment) = (Instant::now(), Duration::from_micros(self.rng.below(micros)));
        while began.elapsed() < moment {
            std::thread::yield_now();
        }
    }

    fn one_life(&mut self) -> Life {
        if self.rng.chance(10) {
            // Killed while it comes up, perhaps in the middle of catching up.
            let life = self.place.spawn();
            self.wait_less_than(150_000);
            return life;
        }
        let life = self.place.start();
        let before = self.saved();
        for student in &self.students {
            student.allow(self.rng.below(CARDS_A_LIFE) as usize);
        }
        self.wait_for_some_moment(before);
        life
    }
}

#[test]
fn through_many_kills_under_load_nothing_is_lost_doubled_or_invented() {
    let runtime = runtime();
    let place = Place::with_files();
    let cards = (kills() * CARDS_A_LIFE as usize / 2).clamp(200, 8_000);
    let people = people(&runtime, &place, cards);
    let students: Vec<Student> = runtime.block_on(async {
        let mut students = Vec::new();
        for (n, (learner, deck, _)) in (0..).zip(&people) {
            students.push(Student::begin(&place.url(), place.token(*learner), *learner, &[*deck], n).await);
        }
        students
    });
    let mut chaos = Chaos { rng: Rng::new(real_ms().unsigned_abs()), place, students, runtime };
    for kill in 1..=kills() {
        let life = chaos.one_life();
        assert_eq!(life.kill(), Vec::<String>::new(), "kill {kill}");
        if kill % 20 == 0 {
            let (report, code) = chaos.place.verify();
            assert_eq!(
                (code, &report["differences"], &report["stale"]),
                (Some(0), &json!([]), &json!(0)),
                "kill {kill}: {report}"
            );
        }
        let violations: Vec<String> = chaos.students.iter().flat_map(Student::violations).collect();
        assert_eq!(violations, Vec::<String>::new(), "kill {kill}");
    }
    let life = chaos.place.start();
    eventually("everything that was done has its verdict", || {
        chaos.retry();
        chaos.students.iter().all(Student::is_through)
    });
    life.terminate();
    let (status, complaints) = life.ended();
    assert!(status.success(), "{status}");
    assert_eq!(complaints, Vec::<String>::new());
    judge(chaos, people);
}

/// The books against the log.
fn judge(chaos: Chaos, people: Vec<(UserId, DeckId, Vec<CardId>)>) {
    let Chaos { place, students, runtime, .. } = chaos;
    let (report, code) = place.verify();
    assert_eq!(
        (code, &report["differences"], &report["stale"]),
        (Some(0), &json!([]), &json!(0)),
        "{report}"
    );
    let store = open(&place.data);
    let mut acknowledged = 0;
    for (student, (learner, deck, _)) in students.into_iter().zip(people) {
        let book = runtime.block_on(student.leave());
        acknowledged += book.count_saved();
        let range = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: 10_000_000 };
        let log = runtime.block_on(store.log(learner, range)).unwrap();
        assert_eq!(book.faults(&log), Vec::<String>::new());
        let rows = runtime.block_on(store.progress(learner, deck)).unwrap();
        assert_eq!(fold_faults(&log, &rows, |_| unlimited().fold_params()), Vec::<String>::new());
    }
    assert!(acknowledged >= kills(), "{acknowledged} answers in {} lives prove little", kills());
    println!("{} kills, {acknowledged} acknowledged answers: 0 lost, 0 doubled, 0 invented", kills());
}

#[test]
fn an_outbox_is_sent_again_to_the_next_life_after_a_kill_and_counts_once() {
    let runtime = runtime();
    let place = Place::with_files();
    let people = people(&runtime, &place, 40);
    let (learner, deck, cards) = &people[0];
    let frame = |card: &CardId, seq: usize| {
        let id = crate::study::server::random_uuid();
        json!({
            "type": "answer", "seq": seq, "id": id, "deck_id": deck.0, "card_id": card.0, "grade": 4,
            "elapsed_ms": 700,
        })
    };
    let frames: Vec<Value> = cards.iter().zip(1..).map(|(card, seq)| frame(card, seq)).collect();
    let life = place.start();
    let token = place.token(*learner);
    runtime.block_on(async {
        let mut socket = join(&place.url(), &token).await;
        for frame in &frames {
            socket.send_text(frame.to_string()).await.unwrap();
        }
        until_saved(&mut socket, 1).await;
    });
    assert_eq!(life.kill(), Vec::<String>::new());
    for life in 0..2 {
        let server = place.start();
        runtime.block_on(async {
            let mut sockets = [join(&place.url(), &token).await, join(&place.url(), &token).await];
            for socket in &mut sockets {
                for frame in &frames {
                    socket.send_text(frame.to_string()).await.unwrap();
                }
            }
            if life == 1 {
                for socket in &mut sockets {
                    until_saved(socket, frames.len() as u64).await;
                }
            }
        });
        assert_eq!(server.kill(), Vec::<String>::new());
    }
    let (report, code) = place.verify();
    assert_eq!(
        (code, &report["differences"], &report["stale"]),
        (Some(0), &json!([]), &json!(0)),
        "{report}"
    );
    let store = open(&place.data);
    let rows = runtime.block_on(store.progress(*learner, *deck)).unwrap();
    assert_eq!(rows.len(), cards.len());
    assert!(rows.iter().all(|row| row.state.answers == 1));
}
