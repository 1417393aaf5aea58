//! Answers, verdicts and the next card, over a real socket and the real store.

use super::learner::{Device, card_of, somebody};
use super::server::{TestServer, eventually};
use serde_json::json;

#[test]
fn a_learner_studies_a_deck_to_its_end_and_everything_is_in_the_log() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 5);
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 3);
    let queue = device.wait("queue");
    assert_eq!((queue["new"].as_u64(), queue["review"].as_u64()), (Some(5), Some(0)));
    for expected in &cards {
        let card = device.wait("card");
        assert_eq!(card_of(&card), *expected, "new cards come in the order of adding");
        assert_eq!(card["kind"], "new");
        assert_eq!(card["if_graded"][4]["days"], 1);
        device.answer(deck, card_of(&card), 5);
    }
    let done = device.wait("done");
    assert_eq!(
        (done["answered"].as_u64(), done["cards"].as_u64(), done["correct"].as_u64()),
        (Some(5), Some(5), Some(5))
    );
    assert_eq!(device.saved, 5);
    let rows = server.rows(learner, deck);
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.state.sm2.reps == 1 && row.state.sm2.ease == 260));
}

#[test]
fn an_answer_sent_again_on_another_socket_counts_once() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 1);
    let mut device = Device::join(&server, learner);
    let id = device.answer(deck, cards[0], 4);
    device.settle();
    drop(device);
    let mut again = Device::join(&server, learner);
    for _ in 0..3 {
        again.command(json!({
            "type": "answer", "id": id, "deck_id": deck.0, "card_id": cards[0].0, "grade": 4, "elapsed_ms": 1_000,
            "sitting": again.sitting,
        }));
    }
    let refused = again.wait("error");
    assert_eq!(refused["code"], "id_reused", "another sitting is other content");
    again.settle();
    let rows = server.rows(learner, deck);
    assert_eq!(rows[0].state.answers, 1);
}

#[test]
fn an_undone_answer_comes_back_at_once_and_leaves_no_trace_in_the_state() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 3);
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    let card = device.wait("card");
    let id = device.answer(deck, card_of(&card), 5);
    device.wait("card");
    device.command(json!({"type": "undo", "id": super::server::random_uuid(), "of": id}));
    let changed = device.wait("changed");
    assert_eq!(changed["reason"], "undone");
    assert_eq!(changed["card"]["card_id"], json!(cards[0].0));
    assert_eq!(changed["card"]["state"]["due"], json!(null));
    assert_eq!(changed["drop"], json!([cards[1].0]), "the window was full");
    device.settle();
    eventually("the stored state is that of a new card", || {
        let rows = server.rows(learner, deck);
        rows.iter().all(|row| row.state.answers == 0)
    });
}

#[test]
fn two_devices_never_hold_the_same_card() {
    let server = TestServer::start_with(super::server::Wishes { workers: 2, ..Default::default() });
    let learner = somebody();
    let (deck, _) = server.deck(learner, 6);
    let mut one = Device::join(&server, learner);
    let mut two = Device::join(&server, learner);
    one.start(&[deck], 3);
    let mut held: Vec<_> = (0..3).map(|_| card_of(&one.wait("card"))).collect();
    two.start(&[deck], 3);
    held.extend((0..3).map(|_| card_of(&two.wait("card"))));
    let before = held.len();
    held.sort_unstable();
    held.dedup();
    assert_eq!(held.len(), before);
    two.answer(deck, held[0], 5);
    two.settle();
    let heard = one.wait("changed");
    assert_eq!(heard["reason"], "answered_elsewhere");
}

#[test]
fn a_session_follows_its_learner_to_another_worker() {
    let server = TestServer::start_with(super::server::Wishes { workers: 2, ..Default::default() });
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 40);
    for card in cards.iter().take(12) {
        let mut device = Device::join(&server, learner);
        device.answer(deck, *card, 5);
        device.settle();
    }
    let rows = server.rows(learner, deck);
    assert_eq!(rows.len(), 12);
}
