//! P5: the next card is there before the answer is stored, as long as the learner has credit.

use crate::study::any_store::on_cql;
use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use actors::Limits;
use kit::Fault;

/// Commands without verdict above which a learner is handed nothing more, for this window.
const CREDIT: usize = 256;
const WINDOW: usize = 3;

#[test]
fn cards_keep_coming_up_to_the_credit_while_the_store_says_nothing() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 400, unlimited());
    let mut device = Device::join(&server, learner);
    server.faults.script([Some(Fault::Held)]);
    device.start(&[deck], WINDOW as u8);
    for _ in 0..CREDIT {
        let card = card_of(&device.wait("card"));
        device.answer(deck, card, 5);
    }
    device.catch_up();
    assert_eq!(device.saved, 0, "the store holds everything");
    let still = device.unread().iter().filter(|frame| frame["type"] == "card").count();
    assert_eq!(still, 0, "above the credit nothing is handed out");
    assert_eq!(server.learner(learner).map(|view| view.undecided), Some(CREDIT));
    // Released: everything is saved, and the cards come again.
    eventually("the store goes on", || {
        server.faults.release();
        server.engine.undecided_rows() == 0
    });
    for _ in CREDIT..cards.len() {
        let card = card_of(&device.wait("card"));
        device.answer(deck, card, 5);
    }
    device.settle();
    assert!(device.refused.is_empty());
    assert_eq!(server.log(learner).len(), cards.len());
}

#[test]
fn one_learner_whose_rows_wait_does_not_keep_cards_from_another() {
    let server = TestServer::start();
    let (held, other) = (somebody(), somebody());
    let (his, his_cards) = server.deck_with(held, 10, unlimited());
    let (hers, _) = server.deck_with(other, 50, unlimited());
    let mut one = Device::join(&server, held);
    let mut two = Device::join(&server, other);
    one.start(&[his], 3);
    two.start(&[hers], 3);
    server.faults.script([Some(Fault::Held)]);
    one.answer(his, his_cards[0], 5);
    eventually("his row is with the store", || !server.faults.met().is_empty());
    for _ in 0..50 {
        let card = card_of(&two.wait("card"));
        two.answer(hers, card, 4);
    }
    // Where learners' rows leave apart, hers may even be saved while his wait.
    assert!(two.saved == 0 || on_cql());
    eventually("the store goes on", || {
        server.faults.release();
        server.engine.undecided_rows() == 0
    });
    one.settle();
    two.settle();
}

#[test]
fn a_node_with_too_much_on_its_way_hands_out_nothing_and_goes_on_by_itself() {
    let limits = Limits { undecided_rows: 8, idle_ms: 1, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 40, unlimited());
    let mut device = Device::join(&server, learner);
    server.faults.script([Some(Fault::Held)]);
    for card in &cards[..10] {
        device.answer(deck, *card, 5);
    }
    eventually("ten rows wait", || server.engine.undecided_rows() == 10);
    let mut late = Device::join(&server, learner);
    eventually("the node's credit is used up: a start brings counts and no card", || {
        late.start(&[deck], 2);
        late.wait("queue");
        late.catch_up();
        late.unread().iter().all(|frame| frame["type"] != "card")
    });
    eventually("the store goes on", || {
        server.faults.release();
        server.engine.undecided_rows() == 0
    });
    late.wait("card");
    device.settle();
}
