//! P2: an answer counts once, however often, in whatever order and over however many sockets it is sent.

use crate::study::book::{Book, fold_faults};
use crate::study::learner::{Device, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use crate::ws_layer::client::{FIN, TEXT, masked};
use domain::ids::{CardId, DeckId, UserId};
use domain::state::CardState;
use kit::rng::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A learner's outbox: answers to each card, an undo and sets, not sent yet.
fn outbox(device: &Device<'_>, deck: DeckId, cards: &[CardId]) -> Vec<Value> {
    let mut frames: Vec<Value> = cards
        .iter()
        .zip([5, 4, 2, 3, 5].iter().cycle())
        .map(|(card, grade)| device.answer_frame(deck, *card, *grade))
        .collect();
    frames.push(device.undo_frame(&frames[1]["id"]));
    frames.push(device.set_frame(deck, cards[2], "flag", json!(3)));
    frames.push(device.set_frame(deck, cards[3], "suspended", json!(true)));
    frames.push(device.answer_frame(deck, cards[0], 3));
    frames
}

fn states(server: &TestServer, learner: UserId, deck: DeckId) -> BTreeMap<CardId, CardState> {
    let log = server.log(learner);
    let rows = server.rows(learner, deck);
    let params = |_| unlimited().fold_params();
    assert_eq!(fold_faults(&log, &rows, params), Vec::<String>::new());
    rows.into_iter().map(|row| (row.card, row.state)).collect()
}

#[test]
fn an_outbox_sent_again_doubled_and_shuffled_over_other_sockets_counts_once() {
    for seed in 0..6 {
        let mut rng = Rng::new(seed);
        let server = TestServer::start_with(Wishes::workers(2));
        let learner = somebody();
        let (deck, cards) = server.deck_with(learner, 12, unlimited());
        let mut first = Device::join(&server, learner);
        let frames = outbox(&first, deck, &cards);
        let mut book = Book::default();
        frames.iter().for_each(|frame| book.sent_frame(frame));
        // Some of it leaves on a socket that breaks at once, with or without verdicts.
        for frame in frames.iter().take(rng.below(frames.len() as u64) as usize) {
            first.command(frame.clone());
        }
        first.vanish();
        // All of it twice and in any order, over two sockets at once. The undo may come before what it names.
        let mut sockets = [Device::join(&server, learner), Device::join(&server, learner)];
        let mut again: Vec<&Value> = frames.iter().chain(&frames).collect();
        for at in (1..again.len()).rev() {
            again.swap(at, rng.below(at as u64 + 1) as usize);
        }
        for frame in again {
            sockets[rng.below(2) as usize].command(frame.clone());
        }
        for socket in &mut sockets {
            socket.settle();
            assert!(socket.refused.values().all(|code| code == "unknown_entry"), "{:?}", socket.refused);
        }
        // Once more in order, so that the undo follows its answer.
        let mut last = Device::join(&server, learner);
        for frame in &frames {
            last.command(frame.clone());
        }
        last.settle();
        assert!(last.refused.is_empty(), "{:?}", last.refused);
        frames.iter().for_each(|frame| book.saved(frame["id"].as_str().unwrap().parse().unwrap()));
        let log = server.log(learner);
        assert_eq!(book.faults(&log), Vec::<String>::new(), "seed {seed}");
        assert_eq!(log.len(), frames.len());
        let states = states(&server, learner, deck);
        assert_eq!(states[&cards[0]].answers, 2);
        assert_eq!(states[&cards[1]].answers, 0, "it was taken back");
        assert_eq!((states[&cards[2]].flag, states[&cards[3]].suspended), (3, true));
    }
}

/// What a device does in one sitting, as the frames that it sends.
fn script(device: &Device<'_>, deck: DeckId, cards: &[CardId]) -> Vec<Value> {
    let answers: Vec<Value> = cards.iter().map(|card| device.answer_frame(deck, *card, 5)).collect();
    let undo = device.undo_frame(&answers[1]["id"]);
    let again = device.answer_frame(deck, cards[1], 4);
    let flag = device.set_frame(deck, cards[2], "flag", json!(1));
    [&answers[..2], &[undo, again, flag], &answers[2..]].concat()
}

/// Where a connection breaks.
#[derive(Clone, Copy, Debug)]
enum Break {
    /// After so many frames of the client, nothing read since `welcome`.
    Sent(usize),
    /// Inside the frame after so many.
    Inside(usize),
    /// After so many frames of the server.
    Heard(usize),
}

/// Studies with one connection that breaks there, and another over which everything unknown is sent again.
fn study_over_a_break(server: &TestServer, at: Break) -> BTreeMap<usize, CardState> {
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 5, unlimited());
    let mut device = Device::join(server, learner);
    let frames = script(&device, deck, &cards);
    device.start(&[deck], 2);
    let sent = match at {
        Break::Sent(sent) | Break::Inside(sent) => sent,
        Break::Heard(_) => frames.len(),
    };
    for frame in &frames[..sent] {
        device.command(frame.clone());
    }
    if let Break::Heard(heard) = at {
        for _ in 0..heard {
            let still_to_come = device.saved < device.seq;
            if !still_to_come {
                break;
            }
            device.next().unwrap();
        }
    }
    let saved = device.saved as usize;
    if let (Break::Inside(_), Some(next)) = (at, frames.get(sent)) {
        use std::io::Write as _;
        let mut next = next.clone();
        next["seq"] = json!(sent + 1);
        let bytes = masked(FIN | TEXT, next.to_string().as_bytes());
        let mut tcp = server.run(async { device.socket.into_tcp().into_std() }).unwrap();
        tcp.set_nonblocking(false).unwrap();
        tcp.write_all(&bytes[..bytes.len() / 2]).unwrap();
        drop(tcp);
    } else {
        device.vanish();
    }
    let mut again = Device::join(server, learner);
    for frame in &frames[saved..] {
        again.command(frame.clone());
    }
    again.settle();
    assert!(again.refused.is_empty(), "{at:?}: {:?}", again.refused);
    server.settled();
    assert_eq!(server.log(learner).len(), frames.len(), "{at:?}");
    let states = states(server, learner, deck);
    cards.iter().enumerate().map(|(n, card)| (n, states[card])).collect()
}

/// What two runs must agree about: ids, and with them moments and sittings, are each run's own.
fn in_short(states: &BTreeMap<usize, CardState>) -> Vec<String> {
    let short = |s: &CardState| format!("{:?} {} {:?} {}", s.sm2, s.answers, s.due, s.flag);
    states.values().map(short).collect()
}

#[test]
fn a_connection_may_break_at_every_frame_boundary_and_inside_every_frame() {
    let server = TestServer::at_noon(Wishes::workers(2));
    let frames = 8;
    let whole = in_short(&study_over_a_break(&server, Break::Heard(1_000)));
    for n in 0..=frames {
        for at in [Break::Sent(n), Break::Inside(n), Break::Heard(n), Break::Heard(frames + n)] {
            assert_eq!(in_short(&study_over_a_break(&server, at)), whole, "{at:?}");
        }
    }
}

#[test]
fn the_same_answer_from_two_devices_at_once_counts_once() {
    let server = TestServer::start_with(Wishes::workers(2));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 30, unlimited());
    let mut tabs = [Device::join(&server, learner), Device::join(&server, learner)];
    let frames: Vec<Value> = cards.iter().map(|card| tabs[0].answer_frame(deck, *card, 4)).collect();
    for frame in &frames {
        for tab in &mut tabs {
            tab.command(frame.clone());
        }
    }
    for tab in &mut tabs {
        tab.settle();
        assert!(tab.refused.is_empty());
    }
    assert_eq!(server.log(learner).len(), cards.len());
    assert!(states(&server, learner, deck).values().all(|state| state.answers == 1));
}

#[test]
fn an_old_answer_that_memory_has_forgotten_is_still_known() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 150, unlimited());
    let mut device = Device::join(&server, learner);
    let frames: Vec<Value> = cards.iter().map(|card| device.answer_frame(deck, *card, 5)).collect();
    for (n, frame) in frames.iter().enumerate() {
        device.command(frame.clone());
        if n % 50 == 49 {
            device.settle();
        }
    }
    device.settle();
    let other_content = {
        let mut frame = frames[0].clone();
        frame["grade"] = json!(1);
        frame
    };
    assert_eq!(device.verdict(frames[0].clone()), None);
    assert_eq!(device.verdict(other_content).as_deref(), Some("id_reused"));
    assert_eq!(server.log(learner).len(), cards.len());
}

#[test]
fn spaces_order_and_unknown_fields_do_not_make_another_answer() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 1, unlimited());
    let mut device = Device::join(&server, learner);
    let frame = device.answer_frame(deck, cards[0], 5);
    device.command(frame.clone());
    device.settle();
    device.seq += 1;
    let text = format!(
        "{{ \"mood\" : [1, {{}}], \"sitting\":{}, \"elapsed_ms\" :1000, \"grade\":5,\n \"card_id\":{}, \
         \"deck_id\":{}, \"early\": false, \"id\":{}, \"seq\":{}, \"type\":\"answer\" }}",
        frame["sitting"], frame["card_id"], frame["deck_id"], frame["id"], device.seq
    );
    assert!(device.try_send(&text));
    device.settle();
    assert!(device.refused.is_empty(), "{:?}", device.refused);
    let later = {
        let mut frame = frame;
        frame["elapsed_ms"] = json!(1_001);
        frame
    };
    assert_eq!(device.verdict(later).as_deref(), Some("id_reused"));
    eventually("it counts once", || server.state(learner, deck, cards[0]).is_some_and(|s| s.answers == 1));
}
