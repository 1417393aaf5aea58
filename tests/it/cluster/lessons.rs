//! A live lesson over several nodes: one of them holds the class, and whoever watches or studies is at any.

use super::kit::{Cluster, Node};
use crate::study::learner::{hello, somebody};
use crate::study::library::class_record;
use crate::study::raw::{next, until, until_saved};
use crate::study::server::{eventually, put_deck, random_uuid, unlimited};
use client::{RawOptions, RawSocket};
use cql::CqlStore;
use domain::ids::{CardId, ClassId, DeckId, LessonId, UserId};
use ports::{Lessons as _, Library as _, People as _, Role, SignIn};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::clock::real_ms;
use uuid::Uuid;

/// How long a node may take to be declared dead, and a lesson to be taken over.
const PATIENCE: Duration = Duration::from_secs(90);

/// A class on a cluster.
struct Class<'a> {
    cluster: &'a Cluster,
    store: CqlStore,
    class: ClassId,
    teacher: UserId,
    students: Vec<UserId>,
    deck: DeckId,
    cards: Vec<CardId>,
}

/// A teacher's page at a node.
struct Screen {
    socket: RawSocket,
    seq: u64,
    class: Value,
    totals: Value,
    ask: Value,
}

/// A student's device at a node.
struct Seat {
    socket: RawSocket,
    seq: u64,
    deck: DeckId,
    /// The class document, as it was told last.
    class: Value,
}

impl<'a> Class<'a> {
    fn open(cluster: &'a Cluster, students: usize) -> Class<'a> {
        let store = cluster.store();
        let (teacher, class) = (somebody(), ClassId(random_uuid()));
        let students: Vec<UserId> = (0..students).map(|_| somebody()).collect();
        let now_ms = real_ms() - 60_000;
        let (deck, cards) = cluster.runtime.block_on(async {
            for user in &students {
                let who = SignIn { user: *user, org: None, role: Role::Learner, name: None };
                store.sign_in(who, now_ms).await.unwrap();
            }
            let (deck, cards) = put_deck(&store, teacher, 30, unlimited(), now_ms).await;
            let record = class_record(class, teacher, &students, deck, now_ms);
            store.create_class(record).await.unwrap();
            (deck, cards)
        });
        Class { cluster, store, class, teacher, students, deck, cards }
    }

    /// A screen of the teacher at this node; `None` while the class cannot be had there.
    async fn try_watch(&self, node: &Node) -> Option<Screen> {
        let url = format!("{}/ws/v1/classes/{}/monitor", node.url, self.class.0);
        let mut socket = RawSocket::connect(&RawOptions::new(url)).await.ok()?;
        let token = Cluster::token_of(self.teacher, Role::Teacher);
        socket.send_text(hello(&token, random_uuid()).to_string()).await.ok()?;
        let mut screen = Screen { socket, seq: 0, class: Value::Null, totals: Value::Null, ask: Value::Null };
        while screen.totals.is_null() {
            screen.hear().await?;
        }
        Some(screen)
    }

    async fn watch(&self, node: &Node) -> Screen {
        let since = Instant::now();
        loop {
            if let Some(screen) = self.try_watch(node).await {
                return screen;
            }
            assert!(since.elapsed() < PATIENCE, "nobody is let in to watch");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn seat(&self, student: usize, node: &Node) -> Seat {
        let mut socket = RawSocket::connect(&RawOptions::new(node.url.clone())).await.unwrap();
        let token = Cluster::token(self.students[student]);
        socket.send_text(hello(&token, random_uuid()).to_string()).await.unwrap();
        let class = until(&mut socket, "welcome").await["class"].take();
        Seat { socket, seq: 0, deck: self.deck, class }
    }

    fn report(&self, lesson: Uuid) -> domain::lesson::report::Report {
        let mut found = None;
        eventually("the report is stored", || {
            let read = self.store.report(self.class, LessonId(lesson));
            found = self.cluster.runtime.block_on(read).unwrap();
            found.is_some()
        });
        found.unwrap()
    }
}

impl Screen {
    async fn hear(&mut self) -> Option<Value> {
        let frame = next(&mut self.socket).await.ok()?;
        assert_ne!(frame["type"], "error", "{frame}");
        for (kept, name) in [(&mut self.class, "class"), (&mut self.totals, "totals"), (&mut self.ask, "ask")]
        {
            if !frame[name].is_null() {
                *kept = frame[name].clone();
            }
        }
        Some(frame)
    }

    async fn see(&mut self, what: &str, shows: impl Fn(&Screen) -> bool) {
        while !shows(self) {
            assert!(self.hear().await.is_some(), "closed before {what}: {} {}", self.totals, self.class);
        }
    }

    /// Waits for this many answers; no figure may fall on the way.
    async fn answered(&mut self, wanted: u64) {
        let mut before = 0;
        while self.totals["answered"] != wanted {
            assert!(self.hear().await.is_some(), "closed before {wanted} answers");
            let answered = self.totals["answered"].as_u64().unwrap();
            assert!(answered >= before && answered <= wanted, "{answered} after {before}");
            before = answered;
        }
    }

    async fn order(&mut self, mut command: Value) {
        self.seq += 1;
        (command["seq"], command["id"]) = (json!(self.seq), json!(random_uuid()));
        self.socket.send_text(command.to_string()).await.unwrap();
        loop {
            let frame = self.hear().await.expect("a verdict");
            if frame["type"] == "saved" && frame["seq"].as_u64() >= Some(self.seq) {
                return;
            }
        }
    }

    async fn open_lesson(&mut self) -> Uuid {
        let lesson = random_uuid();
        self.order(json!({"type": "open", "lesson": lesson})).await;
        lesson
    }
}

impl Seat {
    async fn answer(&mut self, class: &Class<'_>, cards: std::ops::Range<usize>) {
        for card in cards {
            self.seq += 1;
            let frame = json!({
                "type": "answer", "seq": self.seq, "id": random_uuid(), "deck_id": self.deck.0,
                "card_id": class.cards[card].0, "grade": 4, "elapsed_ms": 700,
            });
            self.socket.send_text(frame.to_string()).await.unwrap();
        }
        until_saved(&mut self.socket, self.seq).await;
    }

    /// Waits until its class document says so.
    async fn told(&mut self, says: impl Fn(&Value) -> bool) {
        while !says(&self.class) {
            self.class = until(&mut self.socket, "class").await;
        }
    }
}

fn is_open(class: &Value) -> bool {
    class["state"] == "open" && !class["lesson"].is_null()
}

#[test]
fn whoever_watches_and_whoever_studies_may_be_at_any_node() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let nodes: [Node; 2] = cluster.nodes();
    let [one, two] = &nodes;
    let class = Class::open(&cluster, 2);
    cluster.runtime.block_on(async {
        let (mut here, mut there) = (class.seat(0, one).await, class.seat(1, two).await);
        let mut screen = class.watch(one).await;
        screen.open_lesson().await;
        // At the other node they hear of it, too, and what they do is seen.
        for seat in [&mut here, &mut there] {
            seat.told(is_open).await;
            seat.answer(&class, 0..4).await;
        }
        screen.answered(8).await;
        let mut relayed = class.watch(two).await;
        assert_eq!(relayed.totals["answered"], 8);
        // Steered from where the class is not.
        relayed.order(json!({"type": "pause"})).await;
        for seat in [&mut here, &mut there] {
            seat.told(|class| class["state"] == "paused").await;
        }
        relayed.order(json!({"type": "resume"})).await;
        let ask = json!({
            "type": "ask", "ask_id": random_uuid(), "deck_id": class.deck.0, "card_id": class.cards[9].0,
            "closes_at": real_ms() + 60_000,
        });
        relayed.order(ask).await;
        for seat in [&mut here, &mut there] {
            seat.told(|class| !class["ask"].is_null()).await;
            seat.answer(&class, 9..10).await;
        }
        for screen in [&mut screen, &mut relayed] {
            screen.see("both votes", |screen| screen.ask["rounds"][0]["votes"] == 2).await;
        }
        assert_eq!(two.metric("studyhall_relays"), Some(1.0));
        assert_eq!(two.metric("studyhall_relays_broken_total"), Some(0.0));
    });
}

#[test]
fn a_lesson_outlives_the_node_that_holds_it_and_no_figure_falls() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let [one, two, three]: [Node; 3] = cluster.nodes();
    let class = Class::open(&cluster, 3);
    let (lesson, mut there) = cluster.runtime.block_on(async {
        let mut screen = class.watch(&one).await;
        let lesson = screen.open_lesson().await;
        let (mut here, mut there) = (class.seat(0, &one).await, class.seat(1, &two).await);
        // What is answered before a node has heard of the lesson is an answer like any other.
        here.told(is_open).await;
        there.told(is_open).await;
        here.answer(&class, 0..5).await;
        there.answer(&class, 0..3).await;
        screen.answered(8).await;
        (lesson, there)
    });
    one.kill();
    let mut third = cluster.runtime.block_on(async {
        // The student of the dead node is counted from the log, the other goes on and tells.
        there.answer(&class, 3..5).await;
        let mut screen = class.watch(&two).await;
        assert!(screen.totals["answered"].as_u64() >= Some(8), "{}", screen.totals);
        assert!(is_open(&screen.class), "{}", screen.class);
        screen.answered(10).await;
        let mut third = class.seat(2, &three).await;
        third.told(is_open).await;
        third.answer(&class, 0..2).await;
        screen.answered(12).await;
        third
    });
    // The node that has it now leaves in good order.
    drop(there);
    two.leave();
    cluster.runtime.block_on(async {
        let mut screen = class.watch(&three).await;
        assert_eq!(screen.totals["answered"], 12);
        third.answer(&class, 2..3).await;
        screen.answered(13).await;
        screen.order(json!({"type": "close"})).await;
        third.told(|class| class["state"] == "closed" || class["lesson"].is_null()).await;
    });
    let report = class.report(lesson);
    assert_eq!((report.totals.answered, report.totals.students), (13, 3));
}

#[test]
fn an_accepted_text_reaches_students_at_other_nodes() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let nodes: [Node; 2] = cluster.nodes();
    let [one, two] = &nodes;
    let class = Class::open(&cluster, 1);
    cluster.runtime.block_on(async {
        let mut screen = class.watch(one).await;
        screen.open_lesson().await;
        let mut there = class.seat(0, two).await;
        there.told(is_open).await;
        let start = json!({
            "type": "start", "sitting": random_uuid(), "decks": [class.deck.0], "window": 1, "mode": "type",
        });
        there.socket.send_text(start.to_string()).await.unwrap();
        let card = until(&mut there.socket, "card").await;
        let answer = json!({
            "type": "answer", "seq": 1, "id": random_uuid(), "deck_id": class.deck.0, "card_id": card["card_id"],
            "response": "Laibach", "elapsed_ms": 700,
        });
        there.socket.send_text(answer.to_string()).await.unwrap();
        assert_eq!(until(&mut there.socket, "graded").await["result"], "wrong");
        screen.answered(1).await;
        assert_eq!(screen.totals["correct"], 0);
        let accept = json!({
            "type": "accept", "deck_id": class.deck.0, "card_id": card["card_id"], "text": "Laibach",
        });
        screen.order(accept).await;
        loop {
            if until(&mut there.socket, "changed").await["reason"] == "regraded" {
                break;
            }
        }
        screen.see("it is right now", |screen| screen.totals["correct"] == 1).await;
        let id: CardId = card["card_id"].as_str().unwrap().parse().unwrap();
        let stored = class.store.card(class.deck, id).await.unwrap().unwrap();
        assert_eq!(stored.accept, ["Laibach"]);
    });
}
