//! Peers that are too slow, too silent, or too eager, and the neighbours on their worker.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use studyhall::ws::layer::{SocketOptions, SocketRoute};

use super::client::{CLOSE, FIN, PING, PONG, TEXT, masked};
use super::echo::{self, Echo};
use super::scripted;
use super::server::{TestServer, eventually};
use super::time::Time;

#[test]
fn a_peer_that_stops_reading_costs_little_is_cut_and_freezes_nobody() {
    let options = SocketOptions { stall_max: Duration::from_millis(500), ..SocketOptions::default() };
    let server = TestServer::start(move || vec![SocketRoute::new("/", options.clone(), |_| Ok(Echo))]);
    let mut neighbour = server.connect("/");
    let mut frozen = server.connect("/");
    frozen.stream.set_nonblocking(true).unwrap();
    let message = masked(FIN | TEXT, &[b'x'; 8 * 1024]);
    let mut rest = &message[..];
    let mut most_waiting = 0;
    eventually("the frozen socket is cut", || {
        loop {
            match frozen.stream.write(rest) {
                Ok(count) if count == rest.len() => rest = &message,
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => break,
            }
        }
        assert!(neighbour.is_answered());
        let figures = server.figures();
        most_waiting = most_waiting.max(figures.bytes_in.saturating_sub(figures.bytes_out));
        figures.closed_by_us.iter().any(|(code, _)| code.get() == 4408)
    });
    assert!(most_waiting > 64 * 1024, "the peer did stop reading");
    assert!(most_waiting < 256 * 1024, "{most_waiting} bytes waited");
    assert!(neighbour.is_answered());
}

#[test]
fn more_than_the_burst_cuts_at_once_and_the_peer_can_read_why() {
    let (routes, ear) = scripted::route(SocketOptions {
        output_burst_max_bytes: 256 * 1024,
        close_max: Duration::from_secs(30),
        ..SocketOptions::default()
    });
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    client.send_text("flood 1000");
    assert_eq!(ear.closed().code.get(), 4408);
    let frame = std::iter::from_fn(|| client.try_read()).last().expect("the reason at the end");
    assert_eq!((frame.first, &frame.payload[..2]), (FIN | CLOSE, &4408_u16.to_be_bytes()[..]));
}

#[test]
fn a_slow_reader_gets_all_of_a_burst_in_order() {
    let server = TestServer::start(echo::routes);
    let mut client = server.connect("/");
    let texts: Vec<String> = (0..40).map(|number| format!("{number}{}", "x".repeat(50_000))).collect();
    let mut writer = client.stream.try_clone().unwrap();
    let bytes: Vec<u8> = texts.iter().flat_map(|text| masked(FIN | TEXT, text.as_bytes())).collect();
    let writing = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
    for text in &texts {
        assert_eq!(&client.read_text(), text);
    }
    writing.join().unwrap();
}

#[test]
fn a_ping_flood_is_slowed_down_and_answered_at_its_rate() {
    let options = SocketOptions { pings_per_second_max: 50, ..SocketOptions::default() };
    let (routes, _ear) = scripted::route(options);
    let time = Time::default();
    let server = TestServer::start_with(time.serving(), routes);
    let (mut neighbour, mut witness) = (server.connect("/"), time.witness(&server));
    let mut flooder = server.connect("/");
    flooder.send_raw(&masked(FIN | PING, b"?").repeat(110));
    flooder.send_text("and a word");
    for answered in [50, 50, 10] {
        for _ in 0..answered {
            assert_eq!(flooder.read().first, FIN | PONG);
        }
        if answered == 50 {
            assert!(neighbour.is_answered());
            assert!(!flooder.has_something_to_read(), "a second's budget is used");
            witness.pass(Duration::from_secs(2));
        }
    }
    assert_eq!(flooder.read_text(), "and a word", "a flood does not cost the flooder its messages");
}

#[test]
fn a_peer_that_falls_silent_is_closed_and_pongs_are_life() {
    let options = SocketOptions { silence_max: Some(Duration::from_secs(60)), ..SocketOptions::default() };
    let (routes, ear) = scripted::route(options);
    let time = Time::default();
    let server = TestServer::start_with(time.serving(), routes);
    let (mut client, mut witness) = (server.connect("/"), time.witness(&server));
    witness.pass(Duration::from_secs(40));
    let heard = server.figures().bytes_in;
    client.send(FIN | PONG, b"");
    eventually("the pong is heard", || server.figures().bytes_in > heard);
    witness.pass(Duration::from_secs(40));
    assert!(!client.has_something_to_read(), "the time runs from the last byte");
    witness.pass(Duration::from_secs(30));
    client.expect_close(4408);
    assert_eq!(ear.closed().code.get(), 4408);
}

#[test]
fn a_paused_socket_keeps_what_arrives_in_its_order() {
    let (routes, ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    let handle = ear.opened();
    let script = ["one", "pause", "two", "three"].map(|text| masked(FIN | TEXT, text.as_bytes())).concat();
    client.send_raw(&script);
    assert_eq!(client.read_text(), "one");
    handle.try_send(scripted::Note("by mail".to_owned())).unwrap();
    assert_eq!(client.read_text(), "by mail", "a paused socket still sends");
    assert_eq!(ear.texts(), ["one", "pause"]);
    handle.try_send(scripted::Note("resume".to_owned())).unwrap();
    assert_eq!(client.read_text(), "two");
    assert_eq!(client.read_text(), "three");
}
