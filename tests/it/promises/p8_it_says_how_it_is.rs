//! P8: the server says how it is: each shard, and one learner on request.

use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use actors::Limits;
use kit::Fault;

#[test]
fn every_shard_counts_its_sessions_and_sockets() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learners: Vec<_> = (0..6).map(|_| somebody()).collect();
    let devices: Vec<Device<'_>> = learners.iter().map(|learner| Device::join(&server, *learner)).collect();
    let view = server.view();
    assert_eq!(view.shards.len(), 2);
    assert_eq!(view.shards.iter().map(|shard| shard.sockets).sum::<usize>(), 6);
    assert_eq!(view.shards.iter().map(|shard| shard.sessions).sum::<usize>(), 6);
    assert!(view.shards.iter().all(|shard| shard.sessions > 0), "connections are spread: {view:?}");
    assert!(view.shards.iter().map(|shard| shard.session_bytes).sum::<usize>() > 0);
    assert_eq!((view.registered, view.undecided_rows, view.draining), (6, 0, false));
    drop(devices);
    eventually("no socket is left", || server.engine.sockets() == 0);
}

#[test]
fn a_learner_can_be_looked_at_and_is_gone_when_its_session_is_dropped() {
    let limits = Limits { idle_ms: 1, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
    let learner = somebody();
    assert_eq!(server.learner(learner), None);
    let (deck, _) = server.deck_with(learner, 5, unlimited());
    let mut one = Device::join(&server, learner);
    let two = Device::join(&server, learner);
    one.start(&[deck], 1);
    let card = card_of(&one.wait("card"));
    server.faults.script([Some(Fault::Held)]);
    one.answer(deck, card, 5);
    eventually("both sockets and the answer are seen", || {
        server.learner(learner).is_some_and(|view| (view.sockets, view.undecided) == (2, 1) && view.bytes > 0)
    });
    assert_eq!(server.view().undecided_rows, 1);
    eventually("the answer is stored", || {
        server.faults.release();
        server.learner(learner).is_some_and(|view| view.undecided == 0)
    });
    drop(two);
    eventually("one socket is left", || server.learner(learner).is_some_and(|view| view.sockets == 1));
    drop(one);
    eventually("the session is dropped", || server.learner(learner).is_none());
    let view = server.view();
    assert_eq!((view.registered, server.engine.session_bytes()), (0, 0));
}

#[test]
fn the_ledger_of_bytes_is_what_the_sessions_hold_and_empties_with_them() {
    let limits = Limits { idle_ms: 1, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
    let mut devices = Vec::new();
    for _ in 0..8 {
        let learner = somebody();
        let (deck, _) = server.deck_with(learner, 60, unlimited());
        let mut device = Device::join(&server, learner);
        device.start(&[deck], 5);
        device.wait("card");
        devices.push(device);
    }
    let held: usize = server.view().shards.iter().map(|shard| shard.session_bytes).sum();
    assert_eq!(server.engine.session_bytes(), held);
    assert!(held > 8 * 1_000, "{held}");
    devices.clear();
    eventually("the ledger is empty", || server.engine.session_bytes() == 0);
}
