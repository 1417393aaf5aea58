//! How a learner comes into memory and leaves it: loaded once however many ask, dropped when idle, and never held by
//! somebody who has gone.

use crate::study::learner::{Device, card_of, hello, somebody};
use crate::study::raw::connect;
use crate::study::server::{TestServer, Wishes, eventually, random_uuid, unlimited};
use actors::Limits;
use client::RawSocket;
use domain::ids::UserId;
use futures_util::future::join_all;

fn dropping_when_idle(workers: usize) -> TestServer {
    let limits = Limits { idle_ms: 1, ..Limits::default() };
    TestServer::start_with(Wishes { workers, limits: Some(limits), ..Wishes::default() })
}

#[test]
fn of_a_thousand_sockets_of_a_hundred_learners_at_once_each_learner_is_loaded_once() {
    const LEARNERS: usize = 100;
    const EACH: usize = 10;
    let server = TestServer::start_with(Wishes::workers(4));
    // The people are known, as in a class that comes back after a restart.
    let learners: Vec<UserId> = (0..LEARNERS).map(|_| somebody()).collect();
    learners.iter().for_each(|learner| drop(server.deck(*learner, 0)));
    server.watched.hold_loads();
    let server = &server;
    let sockets: Vec<RawSocket> = server.run(join_all((0..LEARNERS * EACH).map(async |n| {
        let mut socket = connect(&server.url()).await;
        let hello = hello(&learners[n % LEARNERS].to_string(), random_uuid());
        socket.send_text(hello.to_string()).await.unwrap();
        socket
    })));
    eventually("every learner is claimed by somebody", || server.engine.registered() == LEARNERS);
    server.watched.let_load();
    eventually("every socket is attached", || {
        learners.iter().all(|learner| server.learner(*learner).is_some_and(|view| view.sockets == EACH))
    });
    for learner in &learners {
        assert_eq!(server.watched.loads(*learner), 1);
    }
    let view = server.view();
    assert_eq!(view.registered, LEARNERS);
    assert!(view.shards.iter().all(|shard| shard.waiting == 0), "{view:?}");
    drop(sockets);
}

#[test]
fn who_goes_away_while_a_learner_is_loaded_is_not_attached_afterwards() {
    let server = dropping_when_idle(2);
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 5, unlimited());
    server.watched.hold_loads();
    let mut device = Device::connect(&server, learner);
    device.hello(&learner.to_string(), random_uuid());
    eventually("the learner is being loaded", || server.watched.loads(learner) == 1);
    // Connections go to the workers in turn: some of these wait at home, some on the other worker.
    for _ in 0..6 {
        server.visit(learner);
    }
    server.watched.let_load();
    device.wait("welcome");
    device.start(&[deck], 1);
    assert_eq!(card_of(&device.wait("card")), cards[0]);
    assert_eq!(server.learner(learner).map(|view| view.sockets), Some(1));
    drop(device);
    eventually("nobody is attached, and the session is dropped", || server.engine.registered() == 0);
}

#[test]
fn a_learner_who_cannot_be_loaded_is_told_to_come_back_and_can() {
    let server = TestServer::start();
    let learner = somebody();
    let mut known = Device::join(&server, somebody());
    server.faults.seeded(1, 0, 100);
    assert_eq!(Device::try_join(&server, learner).err(), Some(Some(4412)));
    known.catch_up();
    server.faults.calm();
    Device::join(&server, learner);
}

#[test]
fn a_socket_that_waits_too_long_for_its_learner_is_told_so() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    server.watched.hold_loads();
    let mut devices = [Device::connect(&server, learner), Device::connect(&server, learner)];
    for device in &mut devices {
        device.hello(&learner.to_string(), random_uuid());
    }
    eventually("both wait", || server.view().shards.iter().map(|shard| shard.waiting).sum::<usize>() == 2);
    server.clock.pass_ms(domain::limits::WAITING_MS);
    for device in &mut devices {
        assert_eq!(device.closed(), Some(4412));
    }
    server.watched.let_load();
    Device::join_when_ready(&server, learner);
}

#[test]
fn an_idle_session_is_dropped_and_one_with_a_socket_or_unsaved_answers_is_not() {
    let server = dropping_when_idle(2);
    let (busy, idle) = (somebody(), somebody());
    let (deck, cards) = server.deck_with(busy, 2, unlimited());
    let stays = Device::join(&server, somebody());
    drop(Device::join(&server, idle));
    eventually("the idle one is dropped", || server.learner(idle).is_none());
    server.faults.script([Some(kit::Fault::Held)]);
    let mut device = Device::join(&server, busy);
    device.answer(deck, cards[0], 5);
    eventually("its answer is with the store", || !server.faults.met().is_empty());
    device.vanish();
    eventually("its socket is gone", || server.learner(busy).is_some_and(|view| view.sockets == 0));
    server.clock.pass_ms(60_000);
    assert!(server.learner(busy).is_some(), "its answer is not decided");
    assert!(server.learner(stays.user).is_some(), "it has a socket");
    eventually("its answer is stored and it is dropped", || {
        server.faults.release();
        server.learner(busy).is_none()
    });
    assert_eq!(server.log(busy).len(), 1);
}

#[test]
fn when_memory_is_short_idle_sessions_go_early_and_new_ones_are_sent_away() {
    let limits = Limits { session_bytes: 40_000, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 1, limits: Some(limits), ..Wishes::default() });
    let study = |server: &TestServer| {
        let learner = somebody();
        let (deck, _) = server.deck_with(learner, 100, unlimited());
        (learner, deck)
    };
    let mut inside = Vec::new();
    let refused = loop {
        let (learner, deck) = study(&server);
        match Device::try_join(&server, learner) {
            Ok(device) => inside.push(device),
            Err(code) => break code,
        }
        let device = inside.last_mut().unwrap();
        device.start(&[deck], 3);
        device.wait("card");
        assert!(inside.len() < 1_000, "memory is bounded");
    };
    assert_eq!(refused, Some(4412));
    assert!(inside.len() > 1, "{}", inside.len());
    // Nobody is sent away who is inside; one who leaves makes room at once, long before the time of idleness.
    inside.iter_mut().for_each(Device::catch_up);
    inside.truncate(1);
    eventually("there is room", || Device::try_join(&server, somebody()).is_ok());
}
