//! Several devices of one learner: no card on two of them, takeover, replacement, and what the others hear.

use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, eventually, random_uuid, unlimited};
use domain::limits::TAKEOVER_AFTER_MS;
use kit::Fault;
use serde_json::json;

#[test]
fn a_newer_socket_of_the_same_tab_replaces_the_older_one_and_goes_on_with_its_cards() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 5, unlimited());
    let tab = random_uuid();
    let mut older = Device::join_as(&server, learner, tab);
    older.start(&[deck], 2);
    let on_screen = card_of(&older.wait("card"));
    older.wait("card");
    let mut newer = Device::join_as(&server, learner, tab);
    assert_eq!(older.closed(), Some(4510));
    newer.sitting = older.sitting;
    newer.start(&[deck], 2);
    assert_eq!(card_of(&newer.wait("card")), on_screen, "the card on screen comes first");
    assert_eq!(server.learner(learner).map(|view| view.sockets), Some(1));
}

#[test]
fn a_device_without_cards_takes_what_lies_ahead_elsewhere_and_a_screen_only_after_a_minute() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 2, unlimited());
    let mut desk = Device::join(&server, learner);
    desk.start(&[deck], 3);
    desk.wait("card");
    desk.wait("card");
    let mut phone = Device::join(&server, learner);
    phone.start(&[deck], 3);
    assert_eq!(card_of(&phone.wait("card")), cards[1]);
    let taken = desk.wait("changed");
    assert_eq!((&taken["reason"], &taken["drop"]), (&json!("taken_over"), &json!([cards[1].0])));
    phone.answer(deck, cards[1], 5);
    let done = phone.wait("done");
    assert_eq!(done["held_elsewhere"], 1);
    server.clock.pass_ms(TAKEOVER_AFTER_MS - 5_000);
    // A beat is no sign of a learner, a command is.
    desk.send(&json!({"type": "beat"}));
    let flag = desk.set_frame(deck, cards[0], "flag", json!(2));
    assert_eq!(desk.verdict(flag), None);
    server.clock.pass_ms(10_000);
    phone.catch_up();
    assert!(phone.unread().iter().all(|frame| frame["type"] != "card"), "the desk is in use");
    server.clock.pass_ms(TAKEOVER_AFTER_MS);
    assert_eq!(card_of(&phone.wait("card")), cards[0]);
    let taken = desk.wait_for("taken over", |frame| frame["reason"] == "taken_over");
    assert_eq!(taken["drop"], json!([cards[0].0]));
}

#[test]
fn other_devices_hear_of_an_answer_when_it_is_durable_and_not_before() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 8, unlimited());
    let mut one = Device::join(&server, learner);
    let mut two = Device::join(&server, learner);
    one.start(&[deck], 1);
    two.start(&[deck], 1);
    let card = card_of(&one.wait("card"));
    two.wait("card");
    server.faults.script([Some(Fault::Held)]);
    one.answer(deck, card, 5);
    one.wait("card");
    eventually("the row is with the store", || !server.faults.met().is_empty());
    two.catch_up();
    assert!(two.unread().iter().all(|frame| frame["type"] != "changed"), "nothing is durable");
    two.start(&[deck], 1);
    assert_eq!(two.wait("queue")["new"], 8, "what is not durable is not counted for others");
    eventually("the store goes on", || {
        server.faults.release();
        server.engine.undecided_rows() == 0
    });
    let heard = two.wait("changed");
    assert_eq!((&heard["reason"], &heard["card_id"]), (&json!("answered_elsewhere"), &json!(card.0)));
    assert_eq!((&heard["state"]["reps"], &heard["left"]["new"]), (&json!(1), &json!(7)));
    one.settle();
}

#[test]
fn cards_of_a_socket_that_vanished_go_to_the_next_one_in_their_order() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 8, unlimited());
    let mut gone = Device::join(&server, learner);
    let mut stays = Device::join(&server, learner);
    gone.start(&[deck], 3);
    (0..3).for_each(|_| drop(gone.wait("card")));
    stays.start(&[deck], 1);
    let held = card_of(&stays.wait("card"));
    assert_eq!(held, cards[3]);
    gone.vanish();
    eventually("it is gone", || server.learner(learner).is_some_and(|view| view.sockets == 1));
    let mut next = held;
    for expected in &cards[..3] {
        stays.answer(deck, next, 5);
        next = card_of(&stays.wait("card"));
        assert_eq!(next, *expected);
    }
}
