//! A learner whose devices do just what a test says, at the nodes that it names.

use super::kit::{Cluster, Node};
use crate::study::raw;
use client::RawSocket;
use domain::ids::UserId;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long something may take that has a deadline of its own in production.
const DEADLINE: Duration = Duration::from_secs(60);

/// A person, and what was saved of what the person answered.
pub struct Learner {
    pub user: UserId,
    token: String,
    /// In the order in which they were given.
    answers: Vec<Uuid>,
    /// All that was saved, undos included.
    pub saved: BTreeSet<Uuid>,
}

/// A device of a learner at a node.
pub struct Device {
    pub socket: RawSocket,
    seq: u64,
    saved: u64,
    cards: VecDeque<Value>,
}

impl Device {
    /// The next frame; cards and `saved` are noted.
    async fn hear(&mut self) -> Value {
        let frame = raw::next(&mut self.socket).await.unwrap_or_else(|code| panic!("closed with {code:?}"));
        assert!(frame["type"] != "error", "{frame}");
        let saved = if frame["type"] == "saved" { &frame["seq"] } else { &frame["saved"] };
        self.saved = self.saved.max(saved.as_u64().unwrap_or(0));
        if frame["type"] == "card" {
            self.cards.push_back(frame.clone());
        }
        frame
    }

    /// The next card.
    async fn card(&mut self) -> Value {
        loop {
            match self.cards.pop_front() {
                Some(card) => return card,
                None => drop(self.hear().await),
            }
        }
    }

    /// The next frame of this type.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.hear().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }
}

impl Device {
    /// Sends a command, without its `seq`, and waits for nothing.
    pub async fn send(&mut self, command: &Value) {
        self.seq += 1;
        let mut frame = command.clone();
        frame["seq"] = json!(self.seq);
        self.socket.send_text(frame.to_string()).await.unwrap();
    }

    /// Waits until all that was sent is saved.
    pub async fn settle(&mut self) {
        while self.saved < self.seq {
            self.hear().await;
        }
    }
}

impl Learner {
    pub fn new() -> Learner {
        Learner::of(UserId(Uuid::new_v4()))
    }

    /// Somebody who is known already.
    pub fn of(user: UserId) -> Learner {
        Learner { user, token: Cluster::token(user), answers: Vec::new(), saved: BTreeSet::new() }
    }

    /// A request with a body, at this node.
    pub fn post(&self, node: &Node, path: &str, body: &Value) -> Value {
        let request = ureq::post(format!("{}{path}", node.url)).header("authorization", self.bearer());
        request.send_json(body).unwrap().into_body().read_json().unwrap()
    }

    /// A read, at this node.
    pub fn get(&self, node: &Node, path: &str) -> Value {
        let request = ureq::get(format!("{}{path}", node.url)).header("authorization", self.bearer());
        request.call().unwrap().into_body().read_json().unwrap()
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// A deck with so many cards.
    pub fn deck(&self, node: &Node, cards: usize) -> String {
        let deck = self.post(node, "/api/v1/decks", &json!({"title": "Shared"}))["deck_id"].clone();
        let deck = deck.as_str().unwrap().to_owned();
        let cards: Vec<Value> =
            (0..cards).map(|n| json!({"front": format!("q{n}"), "back": format!("a{n}")})).collect();
        self.post(node, &format!("/api/v1/decks/{deck}/cards/bulk"), &json!({"cards": cards}));
        deck
    }

    /// Comes in at this node, again and again until it is let in, and begins to study.
    pub async fn study(&self, node: &Node, deck: &str) -> Device {
        let since = Instant::now();
        let mut socket = loop {
            let mut socket = raw::connect(&node.url).await;
            let hello = crate::study::learner::hello(&self.token, Uuid::new_v4());
            socket.send_text(hello.to_string()).await.unwrap();
            match raw::next(&mut socket).await {
                Ok(welcome) if welcome["type"] == "welcome" => break socket,
                Ok(other) => panic!("{other}"),
                Err(code) => assert!(since.elapsed() < DEADLINE, "closed with {code:?} for too long"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let start = json!({"type": "start", "sitting": Uuid::now_v7(), "decks": [deck], "window": 1});
        socket.send_text(start.to_string()).await.unwrap();
        Device { socket, seq: 0, saved: 0, cards: VecDeque::new() }
    }

    /// Answers the next cards at this device, and waits until each is saved.
    pub async fn answer(&mut self, device: &mut Device, cards: usize) {
        for _ in 0..cards {
            let card = device.card().await;
            device.seq += 1;
            let id = Uuid::now_v7();
            let answer = json!({
                "type": "answer", "seq": device.seq, "id": id, "deck_id": card["deck_id"],
                "card_id": card["card_id"], "grade": 4, "elapsed_ms": 900,
            });
            device.socket.send_text(answer.to_string()).await.unwrap();
            self.saved.insert(id);
            self.answers.push(id);
        }
        device.settle().await;
    }

    /// Takes the newest answer that was not taken back yet back, over HTTP at this node.
    pub fn undo_newest(&mut self, node: &Node) {
        let (id, of) = (Uuid::now_v7(), self.answers.pop().unwrap());
        let body = json!({"commands": [{"type": "undo", "id": id, "of": of}]});
        let verdicts = self.post(node, "/api/v1/reviews", &body);
        assert_eq!(verdicts["verdicts"][0]["verdict"], "durable", "{verdicts}");
        self.saved.insert(id);
    }

    /// What the log holds, as this node tells it.
    pub fn history(&self, node: &Node, deck: &str) -> BTreeSet<Uuid> {
        let page = self.get(node, &format!("/api/v1/history?deck_id={deck}&limit=100"));
        let items = page["items"].as_array().unwrap();
        let ids: BTreeSet<Uuid> =
            items.iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect();
        assert_eq!(ids.len(), items.len(), "an entry is told twice");
        ids
    }
}
