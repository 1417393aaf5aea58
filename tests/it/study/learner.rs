//! A learner's device that does just what a test says: frames out, frames in, with a deadline on each wait.

use super::server::{PATIENCE, TestServer, eventually, random_uuid};
use client::{Incoming, RawOptions, RawSocket};
use domain::ids::{CardId, DeckId, UserId, Uuid};
use protocol::ServerFrame;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use studyhall::clock::real_ms;

/// One socket of one learner.
pub struct Device<'a> {
    server: &'a TestServer,
    pub socket: RawSocket,
    pub user: UserId,
    pub seq: u64,
    pub sitting: Uuid,
    unread: VecDeque<Value>,
    /// The highest `saved` so far.
    pub saved: u64,
    /// The codes of refusals, by `seq`.
    pub refused: BTreeMap<u64, String>,
}

impl<'a> Device<'a> {
    /// Connects and says `hello`; the welcome has been read.
    pub fn join(server: &'a TestServer, user: UserId) -> Device<'a> {
        Self::join_as(server, user, random_uuid())
    }

    /// The same as a running tab or process that is named.
    pub fn join_as(server: &'a TestServer, user: UserId, instance: Uuid) -> Device<'a> {
        let mut device = Device::connect(server, user);
        device.hello(&user.to_string(), instance);
        device.wait("welcome");
        device
    }

    /// Connects and says `hello`; the code with which the server closes instead of a welcome.
    pub fn try_join(server: &'a TestServer, user: UserId) -> Result<Device<'a>, Option<u16>> {
        let mut device = Device::connect(server, user);
        device.hello(&user.to_string(), random_uuid());
        match device.receive() {
            Ok(frame) => {
                assert_eq!(frame["type"], "welcome");
                Ok(device)
            }
            Err(code) => Err(code),
        }
    }

    /// Joins as soon as the server lets it; until then it must say that it is not ready.
    pub fn join_when_ready(server: &'a TestServer, user: UserId) -> Device<'a> {
        let mut joined = None;
        eventually("the learner may come back", || {
            match Device::try_join(server, user) {
                Ok(device) => joined = Some(device),
                Err(code) => assert_eq!(code, Some(4412)),
            }
            joined.is_some()
        });
        joined.unwrap()
    }

    /// Connects and says nothing.
    pub fn connect(server: &'a TestServer, user: UserId) -> Device<'a> {
        Self::connect_with(server, user, |options| options)
    }

    /// The same, with other options of the connection.
    pub fn connect_with(
        server: &'a TestServer,
        user: UserId,
        wish: impl FnOnce(RawOptions) -> RawOptions,
    ) -> Device<'a> {
        let options = wish(RawOptions::new(server.url()));
        let socket = server.run(RawSocket::connect(&options)).unwrap();
        Device {
            server,
            socket,
            user,
            seq: 0,
            sitting: random_uuid(),
            unread: VecDeque::new(),
            saved: 0,
            refused: BTreeMap::new(),
        }
    }

    pub fn hello(&mut self, token: &str, instance: Uuid) {
        self.send(&hello(token, instance));
    }

    pub fn send(&mut self, frame: &Value) {
        self.server.run(self.socket.send_text(frame.to_string())).unwrap();
    }

    /// Sends what may find the server closing already.
    pub fn try_send(&mut self, text: &str) -> bool {
        self.server.run(self.socket.send_text(text)).is_ok()
    }

    /// Sends several texts in one write.
    pub fn feed(&mut self, texts: &[String]) {
        self.server.run(async {
            for text in texts {
                self.socket.feed_text(text.clone()).await.unwrap();
            }
            self.socket.flush().await.unwrap();
        });
    }

    pub fn start(&mut self, decks: &[DeckId], window: u8) {
        let decks: Vec<Uuid> = decks.iter().map(|deck| deck.0).collect();
        let frame = json!({"type": "start", "sitting": self.sitting, "decks": decks, "window": window});
        self.send(&frame);
    }

    /// The answer to a card as a command without `seq`, under an id of the server's present moment.
    pub fn answer_frame(&self, deck: DeckId, card: CardId, grade: u8) -> Value {
        json!({
            "type": "answer", "id": self.server.fresh_id(), "deck_id": deck.0, "card_id": card.0,
            "grade": grade, "elapsed_ms": 1_000, "sitting": self.sitting,
        })
    }

    pub fn undo_frame(&self, of: &Value) -> Value {
        json!({"type": "undo", "id": self.server.fresh_id(), "of": of})
    }

    pub fn set_frame(&self, deck: DeckId, card: CardId, what: &str, to: Value) -> Value {
        json!({
            "type": "set", "id": self.server.fresh_id(), "deck_id": deck.0, "card_id": card.0, what: to,
        })
    }

    /// Answers a card and returns the command's id.
    pub fn answer(&mut self, deck: DeckId, card: CardId, grade: u8) -> Uuid {
        let frame = self.answer_frame(deck, card, grade);
        self.command(frame.clone());
        frame["id"].as_str().unwrap().parse().unwrap()
    }

    /// Sends a command under the next `seq`, which is returned.
    pub fn command(&mut self, mut frame: Value) -> u64 {
        self.seq += 1;
        frame["seq"] = json!(self.seq);
        self.send(&frame);
        self.seq
    }

    /// Sends a command and reads its verdict: `None` is durable.
    pub fn verdict(&mut self, frame: Value) -> Option<String> {
        let seq = self.command(frame);
        self.settle();
        self.refused.get(&seq).cloned()
    }

    /// The next frame, or the close code.
    pub fn next(&mut self) -> Result<Value, Option<u16>> {
        if let Some(frame) = self.unread.pop_front() {
            return Ok(frame);
        }
        self.receive()
    }

    pub fn receive(&mut self) -> Result<Value, Option<u16>> {
        loop {
            let incoming = self.server.run(async {
                tokio::time::timeout(PATIENCE, self.socket.recv()).await.expect("a frame in time")
            });
            match incoming {
                Incoming::Text(text) => {
                    let _: ServerFrame = ServerFrame::decode(&text).unwrap();
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    self.note(&frame);
                    return Ok(frame);
                }
                Incoming::Binary(_) => panic!("a binary message from the server"),
                Incoming::Control => {}
                Incoming::Closed { code, .. } => return Err(code),
            }
        }
    }

    /// Each command has one verdict, a refusal comes before the `saved` that covers it, and `saved` never falls.
    fn note(&mut self, frame: &Value) {
        if frame["type"] == "error"
            && let Some(seq) = frame["seq"].as_u64()
        {
            assert!(seq > self.saved, "the refusal of {seq} came after `saved` {}", self.saved);
            assert!(seq <= self.seq, "a verdict on {seq}, which was never sent");
            let before = self.refused.insert(seq, frame["code"].as_str().unwrap().to_owned());
            assert_eq!(before, None, "a second verdict on {seq}");
        }
        let saved = frame["saved"].as_u64().or(frame["seq"].as_u64().filter(|_| frame["type"] == "saved"));
        if let Some(saved) = saved {
            assert!(saved > self.saved, "`saved` fell from {} to {saved}", self.saved);
            assert!(saved <= self.seq, "`saved` {saved} covers what was never sent");
            self.saved = saved;
        }
    }

    /// The next frame of this type; frames before it stay unread.
    pub fn wait(&mut self, kind: &str) -> Value {
        self.wait_for(kind, |frame| frame["type"] == kind)
    }

    /// The next frame that is like this; frames before it stay unread.
    pub fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&is_it) {
            return self.unread.remove(at).unwrap();
        }
        loop {
            let frame = self.receive().unwrap_or_else(|code| panic!("closed with {code:?} before `{what}`"));
            if is_it(&frame) {
                return frame;
            }
            self.unread.push_back(frame);
        }
    }

    /// Reads until everything that was sent has its verdict.
    pub fn settle(&mut self) {
        while self.saved < self.seq {
            let frame = self.receive().unwrap_or_else(|code| panic!("closed with {code:?} before saved"));
            self.unread.push_back(frame);
        }
    }

    /// Reads all that the server has said so far: an unknown frame is answered behind it.
    pub fn catch_up(&mut self) {
        self.send(&json!({"type": "echo"}));
        let is_answer = |frame: &Value| frame["code"] == "unknown_type" && frame["seq"].is_null();
        self.wait_for("the answer to an unknown frame", is_answer);
    }

    /// Everything that was read and not asked for.
    pub fn unread(&mut self) -> Vec<Value> {
        self.unread.drain(..).collect()
    }

    /// The code with which the server closes; frames before it are dropped.
    pub fn closed(&mut self) -> Option<u16> {
        loop {
            match self.next() {
                Ok(_) => {}
                Err(code) => return code,
            }
        }
    }

    /// Goes away without a word.
    pub fn vanish(self) {
        drop(self.socket.into_tcp());
    }
}

/// A `hello` with this token.
pub fn hello(token: &str, instance: Uuid) -> Value {
    json!({"type": "hello", "token": token, "instance": instance, "client_time": real_ms()})
}

/// A learner that nobody else is.
pub fn somebody() -> UserId {
    UserId(random_uuid())
}

/// The card of a `card` frame.
pub fn card_of(frame: &Value) -> CardId {
    frame["card_id"].as_str().unwrap().parse().unwrap()
}

/// The deck of a `card` frame.
pub fn deck_of(frame: &Value) -> DeckId {
    frame["deck_id"].as_str().unwrap().parse().unwrap()
}
