//! A learner's device that does just what a test says: frames out, frames in, with a deadline on each wait.

use super::server::{PATIENCE, TestServer, random_uuid};
use client::{Incoming, RawOptions, RawSocket};
use domain::ids::{CardId, DeckId, UserId, Uuid};
use protocol::ServerFrame;
use serde_json::{Value, json};
use std::collections::VecDeque;
use studyhall::clock::real_ms;

/// One socket of one learner.
pub struct Device<'a> {
    server: &'a TestServer,
    socket: RawSocket,
    pub user: UserId,
    seq: u64,
    pub sitting: Uuid,
    unread: VecDeque<Value>,
    /// The highest `saved` so far.
    pub saved: u64,
}

impl<'a> Device<'a> {
    /// Connects and says `hello`; the welcome has been read.
    pub fn join(server: &'a TestServer, user: UserId) -> Device<'a> {
        let mut device = Device::connect(server, user);
        device.send(&json!({
            "type": "hello", "token": user.to_string(), "instance": random_uuid(), "client_time": real_ms(),
        }));
        device.wait("welcome");
        device
    }

    /// Connects and says nothing.
    pub fn connect(server: &'a TestServer, user: UserId) -> Device<'a> {
        let url = format!("ws://{}/ws/v1/study", server.address);
        let socket = server.run(RawSocket::connect(&RawOptions::new(url))).unwrap();
        Device { server, socket, user, seq: 0, sitting: random_uuid(), unread: VecDeque::new(), saved: 0 }
    }

    pub fn send(&mut self, frame: &Value) {
        self.server.run(self.socket.send_text(frame.to_string())).unwrap();
    }

    pub fn start(&mut self, decks: &[DeckId], window: u8) {
        let decks: Vec<Uuid> = decks.iter().map(|deck| deck.0).collect();
        let frame = json!({"type": "start", "sitting": self.sitting, "decks": decks, "window": window});
        self.send(&frame);
    }

    /// Answers a card and returns the command's id.
    pub fn answer(&mut self, deck: DeckId, card: CardId, grade: u8) -> Uuid {
        let id = random_uuid();
        self.command(json!({
            "type": "answer", "id": id, "deck_id": deck.0, "card_id": card.0, "grade": grade,
            "elapsed_ms": 1_000, "sitting": self.sitting,
        }));
        id
    }

    /// Sends a command under the next `seq`.
    pub fn command(&mut self, mut frame: Value) -> u64 {
        self.seq += 1;
        frame["seq"] = json!(self.seq);
        self.send(&frame);
        self.seq
    }

    /// The next frame, or the close code.
    pub fn next(&mut self) -> Result<Value, Option<u16>> {
        if let Some(frame) = self.unread.pop_front() {
            return Ok(frame);
        }
        self.receive()
    }

    fn receive(&mut self) -> Result<Value, Option<u16>> {
        loop {
            let incoming = self.server.run(async {
                tokio::time::timeout(PATIENCE, self.socket.recv()).await.expect("a frame in time")
            });
            match incoming {
                Incoming::Text(text) => {
                    let _: ServerFrame = ServerFrame::decode(&text).unwrap();
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if let Some(saved) =
                        frame["saved"].as_u64().or(frame["seq"].as_u64().filter(|_| frame["type"] == "saved"))
                    {
                        assert!(saved > self.saved, "`saved` fell from {} to {saved}", self.saved);
                        self.saved = saved;
                    }
                    return Ok(frame);
                }
                Incoming::Binary(_) => panic!("a binary message from the server"),
                Incoming::Control => {}
                Incoming::Closed { code, .. } => return Err(code),
            }
        }
    }

    /// The next frame of this type; frames before it stay unread.
    pub fn wait(&mut self, kind: &str) -> Value {
        if let Some(at) = self.unread.iter().position(|frame| frame["type"] == kind) {
            return self.unread.remove(at).unwrap();
        }
        loop {
            let frame = self.receive().unwrap_or_else(|code| panic!("closed with {code:?} before `{kind}`"));
            if frame["type"] == kind {
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

    /// The code with which the server closes; frames before it are dropped.
    pub fn closed(&mut self) -> Option<u16> {
        loop {
            match self.next() {
                Ok(_) => {}
                Err(code) => return code,
            }
        }
    }
}

/// A learner that nobody else is.
pub fn somebody() -> UserId {
    UserId(random_uuid())
}

/// The card of a `card` frame.
pub fn card_of(frame: &Value) -> CardId {
    frame["card_id"].as_str().unwrap().parse().unwrap()
}
