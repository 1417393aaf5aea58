//! Sessions follow their learners between workers, and whatever is under way follows them.

use crate::study::book::fold_faults;
use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use actors::Limits;
use kit::rng::Rng;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn a_session_moves_to_the_worker_of_its_next_socket_and_is_not_loaded_again() {
    let server = TestServer::start_with(Wishes::workers(3));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 30, unlimited());
    let mut shards = BTreeSet::new();
    for card in &cards {
        let mut device = Device::join(&server, learner);
        let answer = device.answer_frame(deck, *card, 5);
        assert_eq!(device.verdict(answer), None);
        shards.insert(server.learner(learner).unwrap().shard);
        drop(device);
        eventually("the socket is gone", || server.learner(learner).is_some_and(|view| view.sockets == 0));
    }
    assert_eq!(shards.len(), 3, "it was on every worker");
    assert_eq!(server.watched.loads(learner), 1);
    assert_eq!(server.log(learner).len(), cards.len());
}

#[test]
fn a_session_with_a_live_socket_stays_and_its_other_sockets_study_from_other_workers() {
    let server = TestServer::start_with(Wishes::workers(4));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 80, unlimited());
    let mut devices: Vec<Device<'_>> = (0..8).map(|_| Device::join(&server, learner)).collect();
    let home = server.learner(learner).unwrap();
    for (n, card) in cards.iter().enumerate() {
        let device = &mut devices[n % 8];
        let answer = device.answer_frame(deck, *card, 5);
        device.command(answer);
    }
    devices.iter_mut().for_each(Device::settle);
    let view = server.learner(learner).unwrap();
    assert_eq!((view.shard, view.incarnation, view.sockets), (home.shard, home.incarnation, 8));
    assert_eq!(server.log(learner).len(), cards.len());
}

/// Devices that come and go without a pause, on four workers, with an inbox of a few messages between them.
#[test]
fn coming_and_going_under_load_loses_nothing_even_when_workers_have_no_room_for_each_other() {
    for (seed, shard_inbox) in [(1, 65_536), (2, 8)] {
        let limits = Limits { idle_ms: 5, shard_inbox, ..Limits::default() };
        let server = TestServer::at_noon(Wishes { workers: 4, limits: Some(limits), ..Wishes::default() });
        let mut rng = Rng::new(seed);
        let learners: Vec<_> = (0..6).map(|_| somebody()).collect();
        let decks: Vec<_> =
            learners.iter().map(|learner| server.deck_with(*learner, 40, unlimited())).collect();
        let mut sent: Vec<Vec<Value>> = vec![Vec::new(); learners.len()];
        for _ in 0..120 {
            let who = rng.below(6) as usize;
            let mut device = Device::join_when_ready(&server, learners[who]);
            for _ in 0..rng.below(4) {
                let (deck, cards) = &decks[who];
                let frame = device.answer_frame(*deck, *rng.pick(cards), rng.below(6) as u8);
                sent[who].push(frame.clone());
                device.command(frame);
            }
            match rng.below(3) {
                0 => device.vanish(),
                1 => device.settle(),
                _ => drop(device),
            }
        }
        for ((learner, (deck, _)), frames) in learners.iter().zip(&decks).zip(&sent) {
            let mut last = Device::join_when_ready(&server, *learner);
            for frame in frames {
                assert_eq!(last.verdict(frame.clone()), None);
            }
            let log = server.log(*learner);
            assert_eq!(log.len(), frames.len());
            let rows = server.rows(*learner, *deck);
            let params = |_| unlimited().fold_params();
            assert_eq!(fold_faults(&log, &rows, params), Vec::<String>::new());
        }
        eventually("nobody is left behind", || server.engine.registered() == 0);
    }
}

/// Bursts for sockets on other workers, between which there is room for two messages: each frame arrives.
#[test]
fn with_hardly_any_room_between_workers_no_frame_is_lost() {
    const WINDOW: usize = 20;
    let limits = Limits { shard_inbox: 2, ..Limits::default() };
    let server = TestServer::start_with(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 4 * WINDOW, unlimited());
    // Who comes in while there is no room is told to come again.
    let mut devices: Vec<Device<'_>> = (0..4).map(|_| Device::join_when_ready(&server, learner)).collect();
    let home = server.learner(learner).unwrap().shard;
    let away =
        server.view().shards.iter().filter(|shard| shard.shard != home).map(|shard| shard.sockets).sum();
    assert!((1..4).contains::<usize>(&away), "some are at home, some are not: {away}");
    for device in &mut devices {
        device.start(&[deck], WINDOW as u8);
        for _ in 0..WINDOW {
            let card = card_of(&device.wait("card"));
            device.answer(deck, card, 5);
        }
    }
    devices.iter_mut().for_each(Device::settle);
    assert!(devices.iter().all(|device| device.refused.is_empty()));
    assert_eq!(server.log(learner).len(), cards.len());
}
