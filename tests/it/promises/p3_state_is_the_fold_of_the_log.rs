//! P3: a card's state is the fold of the log, whatever was done on which device, and however often the session was
//! dropped and loaded in between.

use crate::study::book::{Book, fold_faults};
use crate::study::learner::{Device, card_of, deck_of, somebody};
use crate::study::server::{DAY_MS, TestServer, Wishes, eventually};
use actors::Limits;
use domain::deck::DeckSettings;
use domain::ids::{CardId, DeckId, UserId};
use kit::rng::{Rng, seeds};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A learner with several devices who does whatever comes into somebody's head.
struct Wild<'a> {
    server: &'a TestServer,
    rng: Rng,
    learner: UserId,
    decks: Vec<(DeckId, Vec<CardId>)>,
    devices: Vec<Device<'a>>,
    /// All frames so far, oldest first.
    frames: Vec<Value>,
    book: Book,
    refused: BTreeMap<String, usize>,
}

const WINDOW: u8 = 3;

impl<'a> Wild<'a> {
    fn new(server: &'a TestServer, seed: u64) -> Wild<'a> {
        let learner = somebody();
        let settings = DeckSettings { maximum_interval_days: 9, ..DeckSettings::default() };
        let decks = vec![
            server.deck_with(learner, 14, DeckSettings::default()),
            server.deck_with(learner, 9, settings),
        ];
        let mut wild = Wild {
            server,
            rng: Rng::new(seed),
            learner,
            decks,
            devices: Vec::new(),
            frames: Vec::new(),
            book: Book::default(),
            refused: BTreeMap::new(),
        };
        for _ in 0..3 {
            wild.join();
        }
        wild
    }

    fn join(&mut self) {
        let mut device = Device::join(self.server, self.learner);
        let decks: Vec<DeckId> = self.decks.iter().map(|(deck, _)| *deck).collect();
        device.start(&decks, WINDOW);
        self.devices.push(device);
    }

    /// A card of the learner's: mostly one that the device has been dealt.
    fn any_card(&mut self, device: usize) -> (DeckId, CardId) {
        let dealt: Vec<Value> =
            self.devices[device].unread().into_iter().filter(|frame| frame["type"] == "card").collect();
        if !dealt.is_empty() && self.rng.chance(80) {
            let card = self.rng.pick(&dealt);
            return (deck_of(card), card_of(card));
        }
        let (deck, cards) = &self.decks[self.rng.below(2) as usize];
        (*deck, *self.rng.pick(cards))
    }

    fn any_frame(&mut self, device: usize) -> Value {
        let (deck, card) = self.any_card(device);
        let grade = self.rng.below(6) as u8;
        let known = self.frames.is_empty();
        let device = &self.devices[device];
        let mut frame = match self.rng.below(100) {
            0..10 if !known => {
                let of = self.rng.pick(&self.frames)["id"].clone();
                device.undo_frame(&of)
            }
            10..15 => device.set_frame(deck, card, "flag", json!(self.rng.below(8))),
            15..20 => device.set_frame(deck, card, "suspended", json!(self.rng.chance(50))),
            20..24 => device.set_frame(deck, card, "reset", json!(true)),
            24..28 => device.set_frame(deck, card, "due", json!("2026-01-15")),
            28..31 => device.set_frame(deck, card, "buried_until", Value::Null),
            _ => device.answer_frame(deck, card, grade),
        };
        if frame["type"] == "answer" && self.rng.chance(10) {
            frame["early"] = json!(true);
        }
        if self.rng.chance(25) {
            // It was done a while ago, on a device that was offline.
            let ago = self.rng.below(3 * DAY_MS as u64) as i64;
            frame["id"] = json!(self.server.id_at(self.server.now_ms() - ago));
        }
        frame
    }

    fn step(&mut self) {
        let device = self.rng.below(self.devices.len() as u64) as usize;
        match self.rng.below(100) {
            0..4 => {
                let gone = self.devices.swap_remove(device);
                self.note(&gone);
                gone.vanish();
                self.join();
            }
            4..10 if !self.frames.is_empty() => {
                let frame = self.rng.pick(&self.frames).clone();
                self.devices[device].command(frame);
            }
            10..12 => self.server.clock.set_wall_ms(self.server.now_ms() + DAY_MS / 3),
            12..20 => self.devices[device].settle(),
            _ => {
                let frame = self.any_frame(device);
                self.book.sent_frame(&frame);
                self.frames.push(frame.clone());
                self.devices[device].command(frame);
            }
        }
    }

    fn note(&mut self, device: &Device<'_>) {
        for code in device.refused.values() {
            *self.refused.entry(code.clone()).or_default() += 1;
        }
    }

    /// Sends everything once more, in order, on one device, so that each frame has a verdict that is read.
    fn finish(&mut self) {
        for device in &mut self.devices {
            device.settle();
        }
        let mut last = Device::join(self.server, self.learner);
        for (frame, seq) in self.frames.clone().into_iter().zip(1..) {
            let id = frame["id"].as_str().unwrap().parse().unwrap();
            match last.verdict(frame) {
                Some(code) => self.book.refused(id, &code),
                None => self.book.saved(id),
            }
            assert_eq!(last.seq, seq);
        }
        self.server.settled();
    }

    fn assert_folded(&self) {
        let log = self.server.log(self.learner);
        assert_eq!(self.book.faults(&log), Vec::<String>::new());
        let mut rows = Vec::new();
        let mut params = BTreeMap::new();
        for (deck, _) in &self.decks {
            rows.extend(self.server.rows(self.learner, *deck));
            let settings = self.server.run(self.server.engine.decks().deck(*deck)).unwrap().unwrap().settings;
            params.insert(*deck, settings.fold_params());
        }
        let faults = fold_faults(&log, &rows, |deck| params[&deck]);
        assert_eq!(faults, Vec::<String>::new());
    }
}

#[test]
fn after_wild_study_on_three_devices_each_row_is_the_fold_of_the_log() {
    for seed in seeds(6) {
        let limits = Limits { idle_ms: 1, ..Limits::default() };
        let server = TestServer::at_noon(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
        let mut wild = Wild::new(&server, seed);
        for _ in 0..160 {
            wild.step();
        }
        wild.finish();
        wild.assert_folded();
        assert!(wild.book.count_saved() > 60, "seed {seed}: {} {:?}", wild.book.count_saved(), wild.refused);
    }
}

#[test]
fn a_session_that_was_dropped_and_loaded_goes_on_with_the_same_states() {
    let limits = Limits { idle_ms: 1, ..Limits::default() };
    let server = TestServer::at_noon(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
    let mut wild = Wild::new(&server, 4_711);
    for life in 0..4 {
        for _ in 0..30 {
            wild.step();
        }
        for device in &mut wild.devices {
            device.settle();
        }
        let loads = server.watched.loads(wild.learner);
        wild.devices.clear();
        eventually("nobody is in memory", || server.engine.registered() == 0);
        for _ in 0..3 {
            wild.join();
        }
        assert!(server.watched.loads(wild.learner) > loads, "life {life} was loaded anew");
    }
    wild.finish();
    wild.assert_folded();
}
