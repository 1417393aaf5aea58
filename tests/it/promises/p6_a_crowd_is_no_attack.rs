//! P6, the crowd: many at one door are let in and study, those who may not come in are told when to try again, and a
//! thousand who read nothing cost fifty who study nothing.

use crate::study::crowd::Student;
use crate::study::learner::{Device, hello, somebody};
use crate::study::raw::{join, until, until_saved};
use crate::study::server::{TestServer, Wishes, eventually, put_public_deck, random_uuid, unlimited};
use crate::ws_layer::client::{Client, FIN, PING, TEXT, header, masked};
use client::{ConnectError, RawOptions, RawSocket};
use domain::ids::{CardId, DeckId, UserId};
use futures_util::future::join_all;
use serde_json::json;
use studyhall::ws::layer::GateLimits;

#[test]
fn too_many_who_have_not_said_who_they_are_are_told_when_to_try_again_and_a_hello_makes_room() {
    let gate = GateLimits { unknown_per_address_max: 3, unknown_max: 100 };
    let server = TestServer::start_with(Wishes { workers: 2, gate: Some(gate), ..Wishes::default() });
    let refused = || match server.run(RawSocket::connect(&RawOptions::new(server.url()))) {
        Err(ConnectError::Refused { status, retry_after_s }) => Some((status, retry_after_s)),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    };
    let mut silent: Vec<Device<'_>> = (0..3).map(|_| Device::connect(&server, somebody())).collect();
    assert_eq!(refused(), Some((429, Some(1))));
    // Those inside are not disturbed; one who says hello is counted no longer, however long it stays.
    let mut first = silent.remove(0);
    first.hello(&first.user.to_string(), random_uuid());
    first.wait("welcome");
    let fourth = Device::connect(&server, somebody());
    assert_eq!(refused(), Some((429, Some(1))));
    drop(fourth);
    eventually("the place of one who went is free", || refused().is_none());
    first.catch_up();
}

#[test]
fn a_learner_has_sixteen_sockets_and_the_next_one_is_told_so() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let devices: Vec<Device<'_>> = (0..16).map(|_| Device::join(&server, learner)).collect();
    let mut one_more = Device::connect(&server, learner);
    one_more.hello(&learner.to_string(), random_uuid());
    assert_eq!(one_more.closed(), Some(4429));
    assert_eq!(server.learner(learner).map(|view| view.sockets), Some(16));
    drop(devices);
}

/// Five hundred learners behind one address, each studying, while somebody at that address misbehaves.
#[test]
fn five_hundred_learners_behind_one_address_study_on_while_one_attacks() {
    const LEARNERS: usize = 500;
    let server = TestServer::start_with(Wishes::workers(2));
    let people: Vec<(UserId, DeckId, Vec<CardId>)> = (0..LEARNERS)
        .map(|_| {
            let learner = somebody();
            let (deck, cards) = server.deck_with(learner, 4, unlimited());
            (learner, deck, cards)
        })
        .collect();
    let address = server.address;
    let attack = std::thread::spawn(move || {
        for round in 0..150_usize {
            let mut client = Client::connect(address, protocol::STUDY_PATH);
            match round % 4 {
                0 => client.send_raw(&header(FIN | TEXT, 1 << 62, [0; 4])),
                1 => client.send_text("{\"type\":\"hello\",\"token\":\"forged\"}"),
                2 => client.send_raw(&masked(FIN | PING, b"?").repeat(30)),
                _ => client.send_raw(&masked(TEXT, b"{").repeat(3)),
            }
        }
    });
    let one = async |(learner, deck, cards): (UserId, DeckId, Vec<CardId>)| {
        let mut socket = join(&server.url(), &learner.to_string()).await;
        for (card, seq) in cards.iter().zip(1..) {
            let answer = json!({
                "type": "answer", "seq": seq, "id": server.fresh_id(), "deck_id": deck.0, "card_id": card.0,
                "grade": 5, "elapsed_ms": 1,
            });
            socket.send_text(answer.to_string()).await.unwrap();
            until_saved(&mut socket, seq).await;
        }
    };
    server.run(futures_util::future::join_all(people.iter().cloned().map(one)));
    attack.join().unwrap();
    for (learner, _, cards) in people {
        assert_eq!(server.log(learner).len(), cards.len());
    }
    let view = server.view();
    for shard in view.shards {
        assert!(shard.inbox_high_water <= 64, "{shard:?}");
        assert_eq!((shard.waiting, shard.outbox_rows), (0, 0), "{shard:?}");
    }
}

/// Each of the thousand has been dealt more than its socket takes, and reads none of it.
#[test]
fn a_thousand_sockets_that_read_nothing_are_cut_and_fifty_learners_beside_them_lose_nothing() {
    const PEOPLE: usize = 100;
    const SOCKETS_EACH: usize = 10;
    const STUDENTS: u64 = 50;
    const WINDOW: usize = 20;
    let server = TestServer::start_with(Wishes::workers(2));
    let cards = SOCKETS_EACH * WINDOW;
    let big = server.run(put_public_deck(&server.store, somebody(), cards, 12 * 1024, server.now_ms()));
    let people: Vec<UserId> = (0..PEOPLE).map(|_| somebody()).collect();
    people.iter().for_each(|person| drop(server.deck(*person, 0)));
    let students: Vec<Student> = server.run(join_all((0..STUDENTS).map(async |n| {
        let learner = somebody();
        let (deck, _) = server.deck_later(learner, 400, unlimited()).await;
        Student::begin(&server.url(), learner.to_string(), learner, &[deck], n).await
    })));
    let study_on = || students.iter().for_each(|student| student.allow(5));
    study_on();
    let freeze = async |person: &UserId| {
        let options = RawOptions { receive_buffer_bytes: Some(4_096), ..RawOptions::new(server.url()) };
        let mut socket = RawSocket::connect(&options).await.unwrap();
        socket.send_text(hello(&person.to_string(), random_uuid()).to_string()).await.unwrap();
        until(&mut socket, "welcome").await;
        let start = json!({"type": "start", "sitting": random_uuid(), "decks": [big.0], "window": WINDOW});
        socket.send_text(start.to_string()).await.unwrap();
        socket
    };
    let mut frozen: Vec<RawSocket> = Vec::new();
    for _ in 0..SOCKETS_EACH {
        frozen.extend(server.run(join_all(people.iter().map(freeze))));
    }
    eventually("all who read nothing are cut", || {
        if students.iter().all(Student::is_through) {
            study_on();
        }
        server.closed_with(4408) == frozen.len() as u64
    });
    eventually("everybody who studies is through", || students.iter().all(Student::is_through));
    server.settled();
    for student in students {
        let learner = student.user;
        assert_eq!((student.violations(), student.welcomes()), (Vec::new(), 1), "nobody was disturbed");
        assert!(student.count_saved() >= 5);
        let log = server.log(learner);
        assert_eq!(server.run(student.leave()).faults(&log), Vec::<String>::new());
    }
}
