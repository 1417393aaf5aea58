//! Verdicts and what they leave behind, as the document tells the authors of clients.

use super::learner::{Device, card_of, somebody};
use super::server::{DAY_MS, TestServer, random_uuid, unlimited};
use domain::deck::DeckSettings;
use serde_json::json;

#[test]
fn a_start_that_the_store_keeps_from_beginning_is_busy_and_begins_when_it_is_asked_again() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    server.faults.seeded(1, 0, 100);
    device.start(&[deck], 1);
    let busy = device.wait("error");
    assert_eq!((&busy["code"], &busy["seq"], &busy["id"]), (&json!("busy"), &json!(null), &json!(null)));
    assert!(busy["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{busy}");
    server.faults.calm();
    device.start(&[deck], 1);
    assert_eq!(device.wait("queue")["new"], 3);
    device.wait("card");
}

#[test]
fn a_busy_start_leaves_the_sitting_before_it_as_it_is() {
    let server = TestServer::start();
    let learner = somebody();
    let (first, _) = server.deck_with(learner, 3, unlimited());
    let (second, _) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[first], 1);
    let card = card_of(&device.wait("card"));
    server.faults.seeded(1, 0, 100);
    device.start(&[second], 1);
    assert_eq!(device.wait("error")["code"], "busy");
    server.faults.calm();
    device.answer(first, card, 5);
    assert_eq!(super::learner::deck_of(&device.wait("card")), first);
}

#[test]
fn an_id_may_be_a_day_older_than_the_account_and_seconds_ahead_and_no_more() {
    let server = TestServer::start();
    let learner = somebody();
    let before_ms = server.now_ms();
    let (deck, cards) = server.deck_with(learner, 4, unlimited());
    let after_ms = server.now_ms();
    let mut device = Device::join(&server, learner);
    let mut at = |card: usize, at_ms: i64| {
        let mut frame = device.answer_frame(deck, cards[card], 5);
        frame["id"] = json!(server.id_at(at_ms));
        device.verdict(frame)
    };
    let bad_time = Some("bad_time".to_owned());
    assert_eq!(at(0, before_ms - DAY_MS - 1), bad_time, "the account began at {before_ms} at the earliest");
    assert_eq!(at(0, after_ms - DAY_MS), None, "and at {after_ms} at the latest");
    assert_eq!(at(1, server.now_ms() + 60_000), bad_time);
    assert_eq!(at(1, server.now_ms() + 5_000), None);
    // What was refused binds nothing.
    assert_eq!(at(2, server.now_ms()), None);
}

#[test]
fn a_refused_answer_leaves_its_card_held() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    let first = card_of(&device.wait("card"));
    let mut wrong = device.answer_frame(deck, first, 5);
    wrong["grade"] = json!(9);
    assert_eq!(device.verdict(wrong).as_deref(), Some("malformed"));
    let mut late = device.answer_frame(deck, first, 5);
    late["id"] = json!(server.id_at(server.now_ms() + DAY_MS));
    assert_eq!(device.verdict(late).as_deref(), Some("bad_time"));
    device.catch_up();
    assert!(device.unread().iter().all(|frame| frame["type"] != "card"), "its place is not free");
    device.answer(deck, first, 5);
    assert_ne!(card_of(&device.wait("card")), first);
}

#[test]
fn an_undo_reaches_the_other_devices_as_a_state_and_not_as_a_card() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 2, unlimited());
    let mut one = Device::join(&server, learner);
    let mut two = Device::join(&server, learner);
    two.start(&[deck], 1);
    two.wait("card");
    one.start(&[deck], 1);
    let card = card_of(&one.wait("card"));
    let id = one.answer(deck, card, 5);
    one.settle();
    two.wait_for("the answer", |frame| frame["reason"] == "answered_elsewhere");
    one.command(one.undo_frame(&json!(id)));
    assert_eq!(one.wait_for("undone", |frame| frame["reason"] == "undone")["card"]["card_id"], json!(card.0));
    let told = two.wait_for("undone", |frame| frame["reason"] == "undone");
    assert!(told.get("card").is_none(), "{told}");
    assert_eq!((&told["card_id"], &told["drop"]), (&json!(card.0), &json!([])));
    assert_eq!((&told["state"]["due"], &told["left"]["new"]), (&json!(null), &json!(cards.len())));
}

#[test]
fn a_grade_below_the_decks_setting_makes_a_drill_and_a_failed_extra_makes_none() {
    for (drill_until, grade, drills) in [(4, 3, true), (4, 4, false), (3, 2, true), (3, 3, false)] {
        let server = TestServer::start();
        let learner = somebody();
        let (deck, cards) = server.deck_with(learner, 1, DeckSettings { drill_until, ..unlimited() });
        let mut device = Device::join(&server, learner);
        device.answer(deck, cards[0], grade);
        device.settle();
        device.start(&[deck], 1);
        assert_eq!(device.wait("queue")["learning"] == 1, drills, "{grade} below {drill_until}");
    }
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 1, unlimited());
    let mut device = Device::join(&server, learner);
    device.answer(deck, cards[0], 5);
    device.answer(deck, cards[0], 0);
    device.settle();
    device.start(&[deck], 1);
    assert_eq!(device.wait("queue")["learning"], 0);
}

#[test]
fn drills_are_counted_and_dealt_under_every_filter() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 1, unlimited());
    let mut device = Device::join(&server, learner);
    device.answer(deck, cards[0], 0);
    device.settle();
    for filter in ["due", "new", "leech", "flagged", "failed_today"] {
        let start = json!({"type": "start", "sitting": random_uuid(), "decks": [deck.0], "filter": filter});
        device.send(&start);
        assert_eq!(device.wait("queue")["learning"], 1, "{filter}");
        assert_eq!(device.wait("card")["kind"], "drill", "{filter}");
    }
}

#[test]
fn limits_and_more_go_up_to_a_million() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 1, unlimited());
    let mut device = Device::join(&server, learner);
    for field in ["limits", "more"] {
        for (cards, answer) in [(1_000_000, "queue"), (0, "queue"), (1_000_001, "error")] {
            let mut start = json!({"type": "start", "sitting": random_uuid(), "decks": [deck.0]});
            start[field] = json!({"new": cards, "review": cards});
            device.send(&start);
            let told = device.wait_for("an answer", |f| f["type"] == "queue" || f["type"] == "error");
            assert_eq!(told["type"], answer, "{field} {cards}: {told}");
        }
    }
}
