//! How a socket begins and ends, word for word as the protocol's document has it.

use super::learner::{Device, hello, somebody};
use super::server::{TestServer, Wishes, random_uuid, unlimited};
use crate::ws_layer::client::{CLOSE, Client, FIN};
use actors::Limits;
use serde_json::json;

#[test]
fn what_is_sent_behind_the_hello_waits_for_the_welcome_and_is_not_lost() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 2, unlimited());
    let mut device = Device::connect(&server, learner);
    let mut answer = device.answer_frame(deck, cards[0], 5);
    answer["seq"] = json!(1);
    device.seq = 1;
    let start = json!({"type": "start", "sitting": device.sitting, "window": 1});
    device.feed(&[
        hello(&learner.to_string(), random_uuid()).to_string(),
        answer.to_string(),
        start.to_string(),
    ]);
    assert_eq!(device.next().unwrap()["type"], "welcome");
    assert_eq!(device.wait("queue")["new"], 1);
    device.settle();
    assert_eq!(server.log(learner).len(), 1);
}

#[test]
fn whoever_says_hello_in_time_is_told_that_the_server_is_not_ready_and_not_that_it_was_slow() {
    let server = TestServer::start();
    let learner = somebody();
    server.people.hold();
    let mut device = Device::connect(&server, learner);
    device.hello(&learner.to_string(), random_uuid());
    assert_eq!(device.closed(), Some(4412));
    server.people.release();
    Device::join(&server, learner);
}

#[test]
fn a_goodbye_gives_its_reason_as_a_word() {
    let limits = Limits { drain_ms: 60_000, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 1, limits: Some(limits), ..Wishes::default() });
    let mut device = Device::join(&server, somebody());
    let engine = server.engine.clone();
    let draining = server.spawn(async move { engine.drain().await });
    assert_eq!(device.wait("goodbye")["reason"], "draining");
    drop(device);
    server.run(draining).unwrap();
}

#[test]
fn a_client_that_closes_first_is_answered_with_its_own_code_and_no_text() {
    let server = TestServer::start();
    for code in [1000, 1001, 3000, 4400_u16] {
        let mut client = Client::connect(server.address, protocol::STUDY_PATH);
        client.send_text(&hello(&somebody().to_string(), random_uuid()).to_string());
        assert!(client.read_text().contains("welcome"));
        client.send(FIN | CLOSE, &[&code.to_be_bytes()[..], b"goodbye"].concat());
        assert_eq!(client.read().payload, code.to_be_bytes());
        client.expect_end();
    }
    let mut client = Client::connect(server.address, protocol::STUDY_PATH);
    client.send(FIN | CLOSE, b"");
    assert_eq!(client.read().payload, b"");
    client.expect_end();
}

#[test]
fn a_close_carries_the_name_of_its_code() {
    let server = TestServer::start();
    let learner = somebody();
    for (second, code, name) in [
        (json!({"type": "hello"}), 4508_u16, &b"protocol_error"[..]),
        (hello("nobody", random_uuid()), 4500, b"token_useless"),
        (hello(&format!("{learner}@1"), random_uuid()), 4401, b"token_expired"),
    ] {
        let mut client = Client::connect(server.address, protocol::STUDY_PATH);
        client.send_text(&second.to_string());
        let payload = client.read().payload;
        assert_eq!((&payload[..2], &payload[2..]), (&code.to_be_bytes()[..], name));
    }
}
