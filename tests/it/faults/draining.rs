//! A server that goes down: everybody is told when to come back, reads and saves on until they left or time is up, and
//! nothing is left undecided.

use crate::study::any_store::on_cql;
use crate::study::learner::{Device, somebody};
use crate::study::raw::{join, next, until, until_saved};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use actors::Limits;
use client::RawSocket;
use domain::ids::{CardId, DeckId, UserId};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;

const SOCKETS: usize = 1_000;

fn answer(server: &TestServer, seq: u64, deck: DeckId, card: CardId) -> String {
    json!({
        "type": "answer", "seq": seq, "id": server.fresh_id(), "deck_id": deck.0, "card_id": card.0,
        "grade": 5, "elapsed_ms": 1,
    })
    .to_string()
}

#[test]
fn a_thousand_sockets_are_told_when_to_come_back_and_everything_they_send_is_saved() {
    // A server beside this process shares the machine with it, and takes its time.
    let drain_ms = if on_cql() { 15_000 } else { 3_000 };
    let limits = Limits { drain_ms, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
    let people: Vec<(UserId, DeckId, Vec<CardId>)> = (0..SOCKETS / 10)
        .map(|_| {
            let learner = somebody();
            let (deck, cards) = server.deck_with(learner, 20, unlimited());
            (learner, deck, cards)
        })
        .collect();
    let server = &server;
    let mut sockets: Vec<RawSocket> = server.run(join_all((0..SOCKETS).map(async |n| {
        let (learner, deck, cards) = &people[n / 10];
        let mut socket = join(&server.url(), &learner.to_string()).await;
        socket.send_text(answer(server, 1, *deck, cards[n % 10])).await.unwrap();
        socket
    })));
    let engine = server.engine.clone();
    let draining = server.spawn(async move { engine.drain().await });
    let waits: Vec<u64> = server.run(join_all(sockets.iter_mut().enumerate().map(async |(n, socket)| {
        let (_, deck, cards) = &people[n / 10];
        let goodbye = until(socket, "goodbye").await;
        // It reads and saves on.
        socket.send_text(answer(server, 2, *deck, cards[10 + n % 10])).await.unwrap();
        until_saved(socket, 2).await;
        // Every second one leaves, the others stay until they are closed.
        if n % 2 == 0 {
            socket.close(1000, "").await.unwrap();
        } else {
            assert_eq!(next(socket).await, Err(Some(4400)));
        }
        goodbye["reconnect_after_ms"].as_u64().unwrap()
    })));
    assert!(waits.iter().all(|wait| *wait < 10_000));
    let different: BTreeSet<u64> = waits.iter().copied().collect();
    assert!(different.len() > SOCKETS / 2, "each has its own wait: {}", different.len());
    assert_eq!(server.run(draining).unwrap(), 0, "nothing is undecided");
    for (learner, _, _) in &people {
        assert_eq!(server.log(*learner).len(), 20);
    }
    assert_eq!(server.engine.sockets(), 0);
}

#[test]
fn who_comes_while_the_server_goes_down_is_sent_away() {
    let limits = Limits { drain_ms: 60_000, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 1, limits: Some(limits), ..Wishes::default() });
    let (learner, late) = (somebody(), somebody());
    let mut device = Device::join(&server, learner);
    let engine = server.engine.clone();
    let draining = server.spawn(async move { engine.drain().await });
    device.wait("goodbye");
    assert_eq!(Device::try_join(&server, late).err(), Some(Some(4400)));
    drop(device);
    assert_eq!(server.run(draining).unwrap(), 0, "it does not wait longer than anybody is there");
    eventually("it is seen to go down", || server.view().draining);
}
