//! A class under test: its teacher's screens, its students' devices.

use crate::study::learner::{Device, somebody};
use crate::study::library::class_record;
use crate::study::outside::teacher_token;
use crate::study::server::{TestServer, Wishes, put_deck, random_uuid, unlimited};
use client::RawOptions;
use domain::ids::{CardId, ClassId, DeckId, UserId, Uuid};
use ports::{People as _, Role, SignIn};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A class with a deck, on a server of its own.
pub struct School {
    pub server: TestServer,
    pub class: ClassId,
    pub teacher: UserId,
    pub students: Vec<UserId>,
    pub deck: DeckId,
    pub cards: Vec<CardId>,
}

/// The name of the `n`-th student.
pub fn name_of(n: usize) -> String {
    format!("Pupil-{n}-named")
}

impl School {
    pub fn open(students: usize, cards: usize) -> School {
        Self::open_with(students, cards, Wishes::workers(2))
    }

    pub fn open_with(students: usize, cards: usize, wishes: Wishes) -> School {
        let server = TestServer::start_with(wishes);
        let now_ms = server.now_ms() - 60_000;
        let (teacher, students): (UserId, Vec<UserId>) =
            (somebody(), (0..students).map(|_| somebody()).collect());
        let class = ClassId(random_uuid());
        let (deck, cards) = server.run(async {
            let store = &server.store;
            for (n, user) in students.iter().enumerate() {
                let who = SignIn { user: *user, org: None, role: Role::Learner, name: Some(name_of(n)) };
                store.sign_in(who, now_ms).await.unwrap();
            }
            let made = put_deck(store, teacher, cards, unlimited(), now_ms).await;
            let record = class_record(class, teacher, &students, made.0, now_ms);
            store.create_class(record).await.unwrap();
            made
        });
        School { server, class, teacher, students, deck, cards }
    }

    pub fn monitor_url(&self) -> String {
        format!("ws://{}/ws/v1/classes/{}/monitor", self.server.address, self.class.0)
    }

    /// A socket at the monitor's address that has said nothing.
    pub fn at_monitor(&self, user: UserId) -> Device<'_> {
        Device::connect_with(&self.server, user, |o| RawOptions { url: self.monitor_url(), ..o })
    }

    /// A screen of the teacher, with its first snapshot.
    pub fn screen(&self) -> Screen<'_> {
        Screen::open(self.at_monitor(self.teacher))
    }

    /// A student who studies the class's deck.
    pub fn student(&self, n: usize) -> Device<'_> {
        let mut device = Device::join(&self.server, self.students[n]);
        device.start(&[self.deck], 3);
        device.wait("queue");
        device
    }

    /// A screen of the teacher, and a lesson that is on.
    pub fn lesson(&self) -> Screen<'_> {
        let mut screen = self.screen();
        screen.order(json!({"type": "open", "lesson": random_uuid()}));
        screen.see("a lesson", |screen| screen.class["state"] == "open");
        screen
    }
}

/// What a teacher's page shows.
pub struct Screen<'a> {
    pub device: Device<'a>,
    pub version: u64,
    pub class: Value,
    pub students: BTreeMap<String, Value>,
    pub cards: BTreeMap<String, Value>,
    /// By when they begin.
    pub minutes: BTreeMap<i64, Value>,
    pub ask: Value,
    pub wrong: Value,
    pub totals: Value,
    /// Frames as they came, in all.
    pub seen: Vec<Value>,
}

impl<'a> Screen<'a> {
    pub fn open(device: Device<'a>) -> Screen<'a> {
        let token = teacher_token(device.user);
        Self::open_by(device, &token)
    }

    /// Of somebody who comes in by this.
    pub fn open_by(mut device: Device<'a>, token: &str) -> Screen<'a> {
        device.hello(token, random_uuid());
        let welcome = device.wait("welcome");
        assert_eq!(welcome["features"], json!(["checked_modes", "live_class"]));
        let mut screen = Screen {
            device,
            version: 0,
            class: Value::Null,
            students: BTreeMap::new(),
            cards: BTreeMap::new(),
            minutes: BTreeMap::new(),
            ask: Value::Null,
            wrong: Value::Null,
            totals: Value::Null,
            seen: Vec::new(),
        };
        screen.see("a snapshot", |screen| screen.version > 0);
        screen
    }

    /// Gives a command; its verdict is waited for. A refusal is its code.
    pub fn try_order(&mut self, mut command: Value) -> Result<(), String> {
        command["id"] = command["id"].as_str().map_or_else(|| json!(random_uuid()), |id| json!(id));
        let seq = self.device.command(command);
        while self.device.saved < seq {
            let frame = self.device.receive().expect("a verdict");
            self.note(frame);
        }
        self.device.refused.get(&seq).map_or(Ok(()), |code| Err(code.clone()))
    }

    pub fn order(&mut self, command: Value) {
        let what = command.to_string();
        assert_eq!(self.try_order(command), Ok(()), "{what}");
    }

    /// Reads until the screen shows this.
    pub fn see(&mut self, what: &str, shows: impl Fn(&Screen<'a>) -> bool) {
        while !shows(self) {
            let frame =
                self.device.receive().unwrap_or_else(|code| panic!("closed with {code:?} before {what}"));
            self.note(frame);
        }
    }

    fn note(&mut self, frame: Value) {
        let is_whole = frame["type"] == "snapshot";
        if !is_whole && frame["type"] != "delta" {
            return;
        }
        let version = frame[if is_whole { "version" } else { "to" }].as_u64().unwrap();
        if is_whole {
            assert!(version >= self.version, "an older picture");
        } else {
            assert_eq!(frame["from"].as_u64().unwrap(), self.version, "a gap");
        }
        let rows = |name: &str| frame[name].as_array().cloned().unwrap_or_default();
        for row in rows("students") {
            self.students.insert(row["student_id"].as_str().unwrap().to_owned(), row);
        }
        for id in rows("removed") {
            self.students.remove(id.as_str().unwrap());
        }
        for row in rows("cards") {
            self.cards.insert(row["card_id"].as_str().unwrap().to_owned(), row);
        }
        for row in rows("minutes") {
            self.minutes.insert(row["at"].as_i64().unwrap(), row);
        }
        let kept = [
            (&mut self.class, "class"),
            (&mut self.ask, "ask"),
            (&mut self.wrong, "wrong"),
            (&mut self.totals, "totals"),
        ];
        for (kept, name) in kept {
            if !frame[name].is_null() {
                *kept = frame[name].clone();
            }
        }
        if frame["more"] != true {
            self.version = version;
        }
        self.seen.push(frame);
    }

    /// What the screen shows of a student.
    pub fn student(&self, user: UserId) -> &Value {
        self.students.get(&user.to_string()).unwrap_or(&Value::Null)
    }

    /// How many answers and correct ones the minutes of the last hour have.
    pub fn in_minutes(&self) -> (u64, u64) {
        let sum = |name: &str| self.minutes.values().map(|row| row[name].as_u64().unwrap()).sum();
        (sum("answered"), sum("correct"))
    }

    pub fn answered(&self) -> u64 {
        self.totals["answered"].as_u64().unwrap_or(0)
    }
}

/// Puts a card to the class for so long.
pub fn ask(school: &School, id: Uuid, card: usize, open_ms: i64) -> Value {
    json!({
        "type": "ask", "ask_id": id, "deck_id": school.deck.0, "card_id": school.cards[card].0,
        "closes_at": school.server.now_ms() + open_ms,
    })
}
