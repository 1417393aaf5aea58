//! The real binary is killed in the middle of a lesson: the lesson goes on, no figure falls, nothing counts twice, and what
//! was typed wrong is shown again.

use crate::study::binary::{Place, open};
use crate::study::learner::{hello, somebody};
use crate::study::library::class_record;
use crate::study::raw::{next, until, until_saved};
use crate::study::server::{put_deck, random_uuid, unlimited};
use client::{RawOptions, RawSocket};
use domain::ids::{CardId, ClassId, DeckId, UserId};
use ports::{People as _, ReviewStore as _, Role};
use serde_json::{Value, json};
use studyhall::clock::real_ms;

struct Class {
    place: Place,
    class: ClassId,
    teacher: UserId,
    students: Vec<UserId>,
    deck: DeckId,
    cards: Vec<CardId>,
}

impl Class {
    async fn prepare() -> Class {
        let place = Place::with_files();
        let (teacher, class) = (somebody(), ClassId(random_uuid()));
        let students: Vec<UserId> = (0..3).map(|_| somebody()).collect();
        let store = open(&place.data);
        let now_ms = real_ms() - 60_000;
        let (deck, cards) = put_deck(&store, teacher, 30, unlimited(), now_ms).await;
        let record = class_record(class, teacher, &students, deck, now_ms);
        store.create_class(record).await.unwrap();
        Class { place, class, teacher, students, deck, cards }
    }

    async fn watch(&self) -> RawSocket {
        let url = format!("{}/ws/v1/classes/{}/monitor", self.place.url(), self.class.0);
        let mut socket = RawSocket::connect(&RawOptions::new(url)).await.unwrap();
        let token = self.place.token_of(self.teacher, Role::Teacher, None);
        socket.send_text(hello(&token, random_uuid()).to_string()).await.unwrap();
        until(&mut socket, "welcome").await;
        socket
    }

    /// A student's socket in the lesson.
    async fn enters(&self, student: usize) -> RawSocket {
        let token = self.place.token_of(self.students[student], Role::Learner, None);
        let mut socket = RawSocket::connect(&RawOptions::new(self.place.url())).await.unwrap();
        socket.send_text(hello(&token, random_uuid()).to_string()).await.unwrap();
        let welcome = until(&mut socket, "welcome").await;
        assert_eq!(welcome["class"]["state"], "open", "{welcome}");
        socket
    }

    /// A student who answers these cards.
    async fn answers(&self, student: usize, cards: std::ops::Range<usize>) -> RawSocket {
        let mut socket = self.enters(student).await;
        let count = cards.len() as u64;
        for (seq, card) in (1..).zip(cards) {
            let frame = json!({
                "type": "answer", "seq": seq, "id": random_uuid(), "deck_id": self.deck.0,
                "card_id": self.cards[card].0, "grade": 4, "elapsed_ms": 700,
            });
            socket.send_text(frame.to_string()).await.unwrap();
        }
        until_saved(&mut socket, count).await;
        socket
    }
}

/// The picture in which so many answers are.
async fn answered(socket: &mut RawSocket, wanted: u64, least: u64) -> Value {
    loop {
        let frame = next(socket).await.expect("a picture");
        let Some(answered) = frame["totals"]["answered"].as_u64() else { continue };
        assert!(answered >= least, "a figure fell to {answered}: {frame}");
        if answered == wanted {
            return frame;
        }
    }
}

fn order(seq: u64, kind: &str) -> Value {
    json!({"type": kind, "seq": seq, "id": random_uuid(), "lesson": random_uuid()})
}

#[test]
fn a_kill_in_the_middle_of_a_lesson_neither_ends_it_nor_counts_anything_twice() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let class = runtime.block_on(Class::prepare());
    let life = class.place.start();
    runtime.block_on(async {
        let mut screen = class.watch().await;
        screen.send_text(order(1, "open").to_string()).await.unwrap();
        until_saved(&mut screen, 1).await;
        let (_ada, _bob) = (class.answers(0, 0..6).await, class.answers(1, 0..4).await);
        answered(&mut screen, 10, 0).await;
    });
    assert_eq!(life.kill(), Vec::<String>::new());
    let life = class.place.start();
    runtime.block_on(async {
        // Nobody of the students is back: they are counted from their logs.
        let mut screen = class.watch().await;
        let snapshot = answered(&mut screen, 10, 10).await;
        let minutes = snapshot["minutes"].as_array().unwrap();
        let of = |minute: &Value| minute["answered"].as_u64().unwrap();
        assert_eq!(minutes.iter().map(of).sum::<u64>(), 10, "the last hour is there, too");
        let _ada = class.answers(0, 6..9).await;
        answered(&mut screen, 13, 10).await;
        let mut other = class.watch().await;
        answered(&mut other, 13, 13).await;
        life.terminate();
        until(&mut screen, "goodbye").await;
    });
    let (status, complaints) = life.ended();
    assert!(status.success(), "{status}");
    assert_eq!(complaints, Vec::<String>::new());
    let (report, code) = class.place.verify();
    assert_eq!((code, &report["differences"]), (Some(0), &json!([])), "{report}");
}

#[test]
fn after_a_kill_the_teacher_reads_what_was_typed_and_accepts_it_though_no_student_is_back() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let class = runtime.block_on(Class::prepare());
    let life = class.place.start();
    // Of a text this long only the beginning is shown: nothing but what was kept leads from it to the log's digest.
    let (typed, shown) = (format!("Laibach {}", "x".repeat(900)), "Laibach");
    runtime.block_on(async {
        let mut screen = class.watch().await;
        screen.send_text(order(1, "open").to_string()).await.unwrap();
        until_saved(&mut screen, 1).await;
        let mut ada = class.enters(0).await;
        let start = json!({
            "type": "start", "sitting": random_uuid(), "decks": [class.deck.0], "window": 1, "mode": "type",
        });
        ada.send_text(start.to_string()).await.unwrap();
        until(&mut ada, "card").await;
        let frame = json!({
            "type": "answer", "seq": 1, "id": random_uuid(), "deck_id": class.deck.0, "card_id": class.cards[0].0,
            "response": typed, "elapsed_ms": 700,
        });
        ada.send_text(frame.to_string()).await.unwrap();
        assert_eq!(until(&mut ada, "graded").await["result"], "wrong");
        wrong(&mut screen, shown).await;
        // The teacher's words are stored, and what was typed with them.
        let words = json!({"type": "message", "seq": 2, "id": random_uuid(), "text": "Look again"});
        screen.send_text(words.to_string()).await.unwrap();
        until_saved(&mut screen, 2).await;
    });
    assert_eq!(life.kill(), Vec::<String>::new());
    let life = class.place.start();
    runtime.block_on(async {
        let mut screen = class.watch().await;
        let picture = wrong(&mut screen, shown).await;
        let group = &picture["wrong"][0];
        assert_eq!((&group["students"], &group["times"]), (&json!(1), &json!(1)), "{picture}");
        let accept = json!({
            "type": "accept", "seq": 1, "id": random_uuid(), "deck_id": class.deck.0,
            "card_id": class.cards[0].0, "text": group["text"],
        });
        screen.send_text(accept.to_string()).await.unwrap();
        until_saved(&mut screen, 1).await;
        loop {
            let frame = next(&mut screen).await.expect("a picture");
            if frame["totals"]["correct"] == 1 {
                break;
            }
        }
        life.terminate();
        until(&mut screen, "goodbye").await;
    });
    let (status, complaints) = life.ended();
    assert!(status.success(), "{status}");
    assert_eq!(complaints, Vec::<String>::new());
    let (report, code) = class.place.verify();
    assert_eq!((code, &report["differences"]), (Some(0), &json!([])), "{report}");
}

/// The picture whose commonest wrong answer begins so.
async fn wrong(socket: &mut RawSocket, begins: &str) -> Value {
    loop {
        let frame = next(socket).await.expect("a picture");
        if frame["wrong"][0]["text"].as_str().is_some_and(|text| text.starts_with(begins)) {
            return frame;
        }
    }
}

#[test]
fn a_second_vote_schedules_nobody_also_when_the_server_dies_behind_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let class = runtime.block_on(Class::prepare());
    let life = class.place.start_with(&["--dev-clock"]);
    let card = class.cards[7];
    let vote = runtime.block_on(async {
        let mut screen = class.watch().await;
        let mut seq = 0;
        let mut orders = async |mut command: Value| {
            seq += 1;
            (command["seq"], command["id"]) = (json!(seq), json!(random_uuid()));
            screen.send_text(command.to_string()).await.unwrap();
            until_saved(&mut screen, seq).await;
        };
        orders(json!({"type": "open", "lesson": random_uuid()})).await;
        let ask = |closes_ms: i64, second: bool| {
            json!({
                "type": "ask", "ask_id": class.class.0, "deck_id": class.deck.0, "card_id": card.0,
                "closes_at": closes_ms, "second": second,
            })
        };
        orders(ask(real_ms() + 60_000, false)).await;
        let _ada = class.answers(0, 7..8).await;
        // The first vote is over, by its time.
        let later_ms = real_ms() + 70_000;
        let clock = format!("{}/dev/clock", class.place.url());
        ureq::post(clock).send_json(json!({"now": later_ms})).unwrap();
        orders(ask(later_ms + 60_000, true)).await;
        let mut bob = class.enters(1).await;
        let vote = json!({
            "type": "answer", "seq": 1, "id": random_uuid(), "deck_id": class.deck.0, "card_id": card.0,
            "grade": 4, "elapsed_ms": 700,
        });
        bob.send_text(vote.to_string()).await.unwrap();
        until_saved(&mut bob, 1).await;
        answered(&mut screen, 2, 0).await;
        vote
    });
    life.kill();
    let life = class.place.start();
    runtime.block_on(async {
        // Its device says it again, at a time at which nobody votes.
        let mut bob = class.enters(1).await;
        bob.send_text(vote.to_string()).await.unwrap();
        until_saved(&mut bob, 1).await;
        life.terminate();
    });
    assert!(life.ended().0.success());
    let (report, code) = class.place.verify();
    assert_eq!((code, &report["differences"]), (Some(0), &json!([])), "{report}");
    assert!(report["broken"].as_object().unwrap().values().all(|n| *n == 0), "{report}");
    let store = open(&class.place.data);
    for (student, is_scheduled) in [(0, true), (1, false)] {
        let rows = runtime.block_on(store.progress(class.students[student], class.deck)).unwrap();
        let [row] = rows[..] else { panic!("one card") };
        assert_eq!((row.state.due.is_some(), row.state.told_on.is_none()), (is_scheduled, is_scheduled));
        assert_eq!(row.state.answers, 1);
    }
}
