//! P6: whatever one peer sends or leaves unread, it is told exactly what the protocol says, it is the only one that
//! notices, and what it can make the server hold is bounded.

use crate::study::learner::{Device, hello, somebody};
use crate::study::server::{TestServer, eventually, random_uuid, unlimited};
use crate::ws_layer::client::{BINARY, CLOSE, CONTINUATION, Client, FIN, PING, PONG, TEXT, header, masked};
use domain::ids::{CardId, DeckId, UserId};
use kit::Fault;
use protocol::limits::CLIENT_FRAME_BYTES_MAX;
use serde_json::{Value, json};

/// A learner who studies beside whatever else happens: each look at it is a card answered and saved.
struct Neighbour<'a> {
    device: Device<'a>,
    deck: DeckId,
    cards: std::vec::IntoIter<CardId>,
}

impl<'a> Neighbour<'a> {
    fn new(server: &'a TestServer) -> Neighbour<'a> {
        let learner = somebody();
        let (deck, cards) = server.deck_with(learner, 200, unlimited());
        Neighbour { device: Device::join(server, learner), deck, cards: cards.into_iter() }
    }

    fn studies_on(&mut self) {
        let card = self.cards.next().unwrap();
        let frame = self.device.answer_frame(self.deck, card, 5);
        assert_eq!(self.device.verdict(frame), None);
    }
}

/// A raw connection that has said hello and was welcomed.
fn welcomed(server: &TestServer, learner: UserId) -> Client {
    let mut client = Client::connect(server.address, protocol::STUDY_PATH);
    client.send_text(&hello(&learner.to_string(), random_uuid()).to_string());
    assert!(client.read_text().contains("welcome"));
    client
}

#[test]
fn every_broken_message_has_its_verdict_or_its_close_code_and_nothing_else() {
    enum Told {
        Closed(u16),
        /// A verdict on `seq` 1.
        Verdict(&'static str),
        /// An error that is none.
        Notice(&'static str),
    }
    use Told::{Closed, Notice, Verdict};
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 1, unlimited());
    let mut neighbour = Neighbour::new(&server);
    let good = {
        let device = Device::join(&server, learner);
        device.answer_frame(deck, cards[0], 5)
    };
    let with = |changes: &[(&str, Value)]| {
        let mut frame = good.clone();
        frame["id"] = json!(server.fresh_id());
        frame["seq"] = json!(1);
        for (field, value) in changes {
            match value {
                Value::Null => drop(frame.as_object_mut().unwrap().remove(*field)),
                value => frame[*field] = value.clone(),
            }
        }
        frame.to_string()
    };
    let deep = format!("{}1{}", "[".repeat(8_000), "]".repeat(8_000));
    let cases: Vec<(&str, String, Told)> = vec![
        ("no JSON", "hello?".into(), Closed(4508)),
        ("empty", String::new(), Closed(4508)),
        ("half an object", "{\"type\":\"beat\"".into(), Closed(4508)),
        ("an array", "[]".into(), Closed(4508)),
        ("a number", "17".into(), Closed(4508)),
        ("two objects", "{\"type\":\"beat\"}{\"type\":\"beat\"}".into(), Closed(4508)),
        ("nothing but depth", deep, Closed(4508)),
        ("no type", "{}".into(), Closed(4508)),
        ("a type that is a number", "{\"type\":5}".into(), Closed(4508)),
        ("a second hello", hello(&learner.to_string(), random_uuid()).to_string(), Closed(4508)),
        ("no seq", with(&[("seq", Value::Null)]), Closed(4508)),
        ("seq is text", with(&[("seq", json!("1"))]), Closed(4508)),
        ("seq is negative", with(&[("seq", json!(-1))]), Closed(4508)),
        ("seq is broken", with(&[("seq", json!(1.5))]), Closed(4508)),
        ("no id", with(&[("id", Value::Null)]), Closed(4508)),
        ("id is no UUID", with(&[("id", json!("me"))]), Closed(4508)),
        ("a gap", with(&[("seq", json!(2))]), Closed(4407)),
        ("seq 0", with(&[("seq", json!(0))]), Closed(4407)),
        ("grade 6", with(&[("grade", json!(6))]), Verdict("malformed")),
        ("grade is text", with(&[("grade", json!("5"))]), Verdict("malformed")),
        ("no grade", with(&[("grade", Value::Null)]), Verdict("malformed")),
        ("elapsed is a year", with(&[("elapsed_ms", json!(31_536_000_000_u64))]), Verdict("malformed")),
        ("elapsed is negative", with(&[("elapsed_ms", json!(-1))]), Verdict("malformed")),
        ("deck is no UUID", with(&[("deck_id", json!("deck"))]), Verdict("malformed")),
        ("sure of nothing", with(&[("confidence", json!("maybe"))]), Verdict("malformed")),
        (
            "a response of three",
            with(&[("grade", Value::Null), ("response", json!([1]))]),
            Verdict("malformed"),
        ),
        ("a grade and a response", with(&[("response", json!("Paris"))]), Verdict("malformed")),
        ("unknown, numbered", with(&[("type", json!("guess"))]), Verdict("unknown_type")),
        ("unknown", "{\"type\":\"guess\"}".into(), Notice("unknown_type")),
        ("unknown, without seq, its id a number", "{\"type\":\"guess\",\"id\":7}".into(), Closed(4508)),
        ("two types", with(&[]).replacen('{', "{\"type\":\"answer\",", 1), Verdict("malformed")),
        ("two grades", with(&[]).replacen('{', "{\"grade\":1,", 1), Verdict("malformed")),
        ("flag 8", with(&[("type", json!("set")), ("flag", json!(8))]), Verdict("malformed")),
        (
            "two sets at once",
            with(&[("type", json!("set")), ("flag", json!(1)), ("reset", json!(true))]),
            Verdict("malformed"),
        ),
        ("a set of nothing", with(&[("type", json!("set"))]), Verdict("malformed")),
        ("an undo of nothing", with(&[("type", json!("undo"))]), Verdict("malformed")),
        (
            "an undo of the unknown",
            with(&[("type", json!("undo")), ("of", json!(random_uuid()))]),
            Verdict("unknown_entry"),
        ),
        ("an unknown card", with(&[("card_id", json!(random_uuid()))]), Verdict("unknown_card")),
        (
            "a window of 0",
            json!({"type": "start", "sitting": random_uuid(), "window": 0}).to_string(),
            Notice("malformed"),
        ),
        (
            "a window of 21",
            json!({"type": "start", "sitting": random_uuid(), "window": 21}).to_string(),
            Notice("malformed"),
        ),
        (
            "limits in a list",
            json!({"type": "start", "sitting": random_uuid(), "limits": [1, 2]}).to_string(),
            Notice("malformed"),
        ),
        ("a start of nothing", json!({"type": "start"}).to_string(), Notice("malformed")),
    ];
    for (name, text, told) in cases {
        let mut device = Device::join(&server, learner);
        device.seq = 1;
        assert!(device.try_send(&text), "{name}");
        match told {
            Closed(code) => assert_eq!(device.closed(), Some(code), "{name}"),
            Verdict(code) => {
                let error = device.wait("error");
                assert_eq!(error["code"], code, "{name}");
                assert_eq!((&error["seq"], &error["final"]), (&json!(1), &json!(true)), "{name}");
                device.settle();
            }
            Notice(code) => {
                let error = device.wait("error");
                assert_eq!((&error["code"], &error["seq"]), (&json!(code), &json!(null)), "{name}");
                // The socket lives.
                device.seq = 0;
                assert_eq!(device.verdict(good.clone()), None, "{name}");
            }
        }
        neighbour.studies_on();
    }
    assert_eq!(server.log(learner).len(), 1, "of all this only the good answer is in the log");
}

#[test]
fn every_broken_frame_on_a_study_socket_has_the_close_code_of_the_rfc() {
    let server = TestServer::start();
    let learner = somebody();
    let mut neighbour = Neighbour::new(&server);
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("a header that declares four exabytes", header(FIN | TEXT, 1 << 62, [0; 4]), 1009),
        ("one byte too many", header(FIN | TEXT, CLIENT_FRAME_BYTES_MAX as u64 + 1, [0; 4]), 1009),
        (
            "too many in fragments",
            [masked(TEXT, &vec![b'x'; CLIENT_FRAME_BYTES_MAX]), masked(FIN | CONTINUATION, b"x")].concat(),
            1009,
        ),
        ("binary", masked(FIN | BINARY, b"x"), 1003),
        ("not UTF-8", masked(FIN | TEXT, b"\xff"), 1007),
        ("a reserved bit", masked(FIN | 0x40 | TEXT, b"x"), 1002),
        ("no mask", vec![FIN | TEXT, 1, b'x'], 1002),
        ("a ping of 126 bytes", masked(FIN | PING, &[0; 126]), 1002),
        ("an unknown opcode", masked(FIN | 5, b"x"), 1002),
        ("half a close code", masked(FIN | CLOSE, &[3]), 1002),
    ];
    for (name, bytes, code) in cases {
        let mut client = welcomed(&server, learner);
        client.send_raw(&bytes);
        client.expect_close(code);
        neighbour.studies_on();
        assert_eq!(server.closed_with(4508), 0, "{name}");
    }
}

#[test]
fn a_socket_that_says_no_hello_is_closed_after_its_time_and_a_command_before_it_at_once() {
    let server = TestServer::start();
    let learner = somebody();
    let mut neighbour = Neighbour::new(&server);
    let mut silent = Client::connect(server.address, protocol::STUDY_PATH);
    let mut pinging = Client::connect(server.address, protocol::STUDY_PATH);
    let mut eager = Device::connect(&server, learner);
    eager.command(json!({"type": "undo", "id": random_uuid(), "of": random_uuid()}));
    assert_eq!(eager.closed(), Some(4508));
    pinging.send(FIN | PING, b"I am here");
    assert_eq!(pinging.read().first, FIN | PONG);
    neighbour.studies_on();
    silent.expect_close(4408);
    pinging.expect_close(4408);
    neighbour.studies_on();
}

#[test]
fn more_than_sixty_four_in_flight_is_answered_busy_and_what_was_busy_may_come_again() {
    const SENT: usize = 300;
    let server = TestServer::start();
    let learner = somebody();
    let mut neighbour = Neighbour::new(&server);
    let (deck, cards) = server.deck_with(learner, SENT, unlimited());
    let mut device = Device::join(&server, learner);
    // The deck is in memory, so that the store is asked for nothing.
    let first = device.answer_frame(deck, cards[0], 5);
    assert_eq!(device.verdict(first), None);
    server.faults.script([Some(Fault::Held)]);
    let frames: Vec<Value> = cards[1..].iter().map(|card| device.answer_frame(deck, *card, 5)).collect();
    for frame in &frames {
        device.command(frame.clone());
    }
    // Verdicts of those beyond the bound come at once, though nothing is stored.
    let is_busy = |frame: &Value| frame["code"] == "busy";
    let busy = device.wait_for("busy", is_busy);
    assert_eq!(busy["final"], json!(false));
    assert!(busy["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0));
    while device.refused.len() < SENT - 1 - 256 {
        device.wait_for("busy", is_busy);
    }
    device.catch_up();
    assert_eq!(device.refused.len(), SENT - 1 - 256, "256 wait for the store, the others were refused");
    assert!(device.refused.values().all(|code| code == "busy"));
    // An undo of what is busy is busy too.
    let undo = device.undo_frame(&frames.last().unwrap()["id"]);
    let seq = device.command(undo);
    device.wait_for("the undo's verdict", |frame| frame["seq"] == json!(seq));
    assert_eq!(device.refused[&seq], "busy");
    eventually("the store goes on", || {
        server.faults.release();
        server.engine.undecided_rows() == 0
    });
    device.settle();
    for frame in &frames {
        assert_eq!(device.verdict(frame.clone()), None);
    }
    assert_eq!(server.log(learner).len(), SENT);
    neighbour.studies_on();
}

#[test]
fn a_learner_who_reads_nothing_is_cut_and_the_others_study_on() {
    let server = TestServer::start();
    let learner = somebody();
    let mut neighbour = Neighbour::new(&server);
    let mut frozen = welcomed(&server, learner);
    frozen.stream.set_nonblocking(true).unwrap();
    // Each of these is answered with more bytes than it has.
    let question = masked(FIN | TEXT, b"{\"type\":\"?\"}").repeat(500);
    let mut rest = &question[..];
    eventually("the one that reads nothing is cut", || {
        use std::io::Write as _;
        loop {
            match frozen.stream.write(rest) {
                Ok(count) if count == rest.len() => rest = &question,
                Ok(count) => rest = &rest[count..],
                Err(_) => break,
            }
        }
        neighbour.studies_on_if_it_can();
        server.closed_with(4408) == 1
    });
    eventually("its session has let go of it", || {
        server.learner(learner).is_none_or(|view| view.sockets == 0)
    });
    neighbour.studies_on();
}

impl Neighbour<'_> {
    /// Studies on while there are cards left: a wait may take longer than they last.
    fn studies_on_if_it_can(&mut self) {
        if self.cards.len() > 1 {
            self.studies_on();
        }
    }
}

#[test]
fn a_flood_of_pings_beats_and_unknown_frames_disturbs_nobody() {
    let server = TestServer::start();
    let learner = somebody();
    let mut neighbour = Neighbour::new(&server);
    let mut flooder = welcomed(&server, learner);
    let flood = [
        masked(FIN | TEXT, b"{\"type\":\"beat\"}").repeat(5_000),
        masked(FIN | TEXT, b"{\"type\":\"?\"}").repeat(200),
        masked(FIN | PING, b"?").repeat(40),
    ]
    .concat();
    let mut writer = flooder.stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        use std::io::Write as _;
        writer.write_all(&flood).unwrap();
    });
    for _ in 0..20 {
        neighbour.studies_on();
    }
    let (mut pongs, mut errors) = (0, 0);
    while pongs < 40 || errors < 200 {
        let frame = flooder.read();
        pongs += usize::from(frame.first == FIN | PONG);
        errors += usize::from(frame.first == FIN | TEXT);
    }
    writing.join().unwrap();
    neighbour.studies_on();
}
