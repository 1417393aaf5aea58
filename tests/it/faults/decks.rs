//! Decks that change while they are studied.

use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, card_record, eventually, unlimited};
use domain::ids::{CardId, DeckId};
use ports::{CardRecord, Library as _};
use serde_json::{Value, json};
use std::sync::Arc;

/// Changes one card of a deck and tells the engine.
fn edit(server: &TestServer, deck: DeckId, card: CardId, change: impl FnOnce(&mut CardRecord)) {
    let mut record = server.run(server.store.card(deck, card)).unwrap().unwrap();
    change(&mut record);
    put(server, deck, vec![record]);
}

fn put(server: &TestServer, deck: DeckId, records: Vec<CardRecord>) {
    server.run(server.store.put_cards(deck, records, None, server.now_ms())).unwrap();
    server.engine.deck_changed(deck);
}

fn changed(device: &mut Device<'_>, reason: &str) -> Value {
    device.wait_for(reason, |frame| frame["type"] == "changed" && frame["reason"] == reason)
}

#[test]
fn an_edited_card_comes_again_at_its_place_on_every_device_that_holds_it() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 9, unlimited());
    let mut devices = [Device::join(&server, learner), Device::join(&server, learner)];
    let mut held = Vec::new();
    for device in &mut devices {
        device.start(&[deck], 2);
        held.push([card_of(&device.wait("card")), card_of(&device.wait("card"))]);
    }
    for (device, held) in devices.iter_mut().zip(&held) {
        edit(&server, deck, held[1], |card| card.front = "after".into());
        let frame = changed(device, "edited");
        assert_eq!(card_of(&frame["card"]), held[1]);
        assert!(frame["card"]["front"].as_str().unwrap().contains("after"));
    }
}

#[test]
fn a_deleted_card_leaves_the_screen_and_another_takes_its_place() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 2);
    device.wait("card");
    device.wait("card");
    let now_ms = server.now_ms();
    edit(&server, deck, cards[0], |card| card.deleted_ms = Some(now_ms));
    let frame = changed(&mut device, "deleted");
    assert_eq!((&frame["drop"], &frame["left"]["new"]), (&json!([cards[0].0]), &json!(2)));
    assert_eq!(card_of(&device.wait("card")), cards[2]);
}

#[test]
fn new_cards_raise_what_is_left_and_wake_a_socket_that_was_done() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 1, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 2);
    let only = card_of(&device.wait("card"));
    device.answer(deck, only, 5);
    device.wait("done");
    let record = card_record(deck, 99, server.now_ms());
    let added = record.id;
    put(&server, deck, vec![record]);
    assert_eq!(changed(&mut device, "imported")["left"]["new"], 1);
    assert_eq!(card_of(&device.wait("card")), added);
}

/// Each edit is told while the deck is being read by others who come and go: nobody is left with an old text.
#[test]
fn nobody_is_left_with_an_old_text_however_edits_and_loads_fall_together() {
    let server = TestServer::start_with(Wishes::workers(2));
    let owner = somebody();
    let (deck, cards) = server.deck_with(owner, 2, unlimited());
    let mut device = Device::join(&server, owner);
    for n in 0..60 {
        let text = format!("text {n}");
        let engine = server.engine.clone();
        let mut record = server.run(server.store.card(deck, cards[0])).unwrap().unwrap();
        record.front = text.clone();
        device.start(&[deck], 1);
        // The start and the edit race.
        server.run(server.store.put_cards(deck, vec![record], None, server.now_ms())).unwrap();
        engine.deck_changed(deck);
        let shows = |frame: &Value| {
            let card = if frame["type"] == "card" { frame } else { &frame["card"] };
            card["front"].as_str().is_some_and(|front| front.contains(&text))
        };
        device.wait_for(&text, shows);
        device.unread();
        // The next round begins with a new socket, now and then with a new session; nobody else holds the card then.
        drop(device);
        eventually("the socket has left", || server.learner(owner).is_none_or(|view| view.sockets == 0));
        device = Device::join(&server, owner);
    }
}

/// A deck is written card by card while it is studied.
#[test]
fn the_last_of_many_edits_that_follow_each_other_is_shown() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 2, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    let held = card_of(&device.wait("card"));
    assert_eq!(held, cards[0]);
    let mut record = server.run(server.store.card(deck, held)).unwrap().unwrap();
    for n in 1..=200 {
        record.front = format!("edit {n}.");
        server.run(server.store.put_cards(deck, vec![record.clone()], None, server.now_ms())).unwrap();
        server.engine.deck_edited(deck);
    }
    device.wait_for("the last edit", |frame| {
        frame["card"]["front"].as_str().is_some_and(|front| front.contains("edit 200."))
    });
}

#[test]
fn a_card_that_did_not_change_is_not_encoded_again_when_another_did() {
    let server = TestServer::start();
    let (deck, cards) = server.deck_with(somebody(), 3, unlimited());
    let fragments = || {
        let deck = server.run(server.engine.decks().deck(deck)).unwrap().unwrap();
        deck.cards().iter().map(|card| card.fragment.clone()).collect::<Vec<_>>()
    };
    let before = fragments();
    edit(&server, deck, cards[1], |card| card.back = "after".into());
    let after = fragments();
    let shared: Vec<bool> = before.iter().zip(&after).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
    assert_eq!(shared, [true, false, true]);
    assert!(after[1].contains("after"));
}
