//! The end of a socket: who says it, with which code, and when the connection ends.

use std::time::Duration;

use studyhall::ws::layer::{CloseCode, Closed, Side, SocketOptions};

use super::client::{CLOSE, FIN, Frame, masked};
use super::scripted;
use super::server::TestServer;
use super::time::Time;

#[test]
fn the_peers_code_is_echoed_and_the_connection_ends() {
    let (routes, ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    for code in [1000, 1001, 3000, 4999_u16] {
        let mut client = server.connect("/");
        client.send(FIN | CLOSE, &[&code.to_be_bytes()[..], "au revoir à tous".as_bytes()].concat());
        client.expect_close(code);
        assert_eq!(ear.closed(), Closed::by_peer(CloseCode::new(code)));
    }
}

#[test]
fn a_close_without_a_code_is_answered_without_a_code() {
    let (routes, ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    client.send(FIN | CLOSE, b"");
    assert_eq!(client.read(), Frame { first: FIN | CLOSE, payload: Vec::new() });
    client.expect_end();
    assert_eq!(ear.closed(), Closed::by_peer(CloseCode::NO_STATUS));
}

#[test]
fn our_close_waits_for_the_peers_and_drops_what_comes_before_it() {
    let (routes, ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    client.send_text("close 4400");
    let Frame { first, payload } = client.read();
    assert_eq!((first, &payload[..2]), (FIN | CLOSE, &4400_u16.to_be_bytes()[..]));
    let closed = ear.closed();
    assert_eq!((closed.code.get(), closed.by), (4400, Side::Server));
    client.send_text("too late");
    client.send(FIN | CLOSE, &4400_u16.to_be_bytes());
    client.expect_end();
    assert!(ear.texts().is_empty(), "nothing is delivered after the close");
}

#[test]
fn a_peer_that_never_answers_our_close_is_not_waited_for() {
    let close_max = Duration::from_secs(60);
    let (routes, _ear) = scripted::route(SocketOptions { close_max, ..SocketOptions::default() });
    let time = Time::default();
    let server = TestServer::start_with(time.serving(), routes);
    let (mut client, mut witness) = (server.connect("/"), time.witness(&server));
    client.send_text("close 4400");
    assert_eq!(client.read().payload[..2], 4400_u16.to_be_bytes());
    witness.pass(close_max - Duration::from_secs(1));
    assert!(!client.has_something_to_read(), "it has its time");
    witness.pass(Duration::from_secs(2));
    client.expect_end();
}

#[test]
fn what_was_sent_before_the_close_arrives_before_it() {
    let (routes, _ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    let script = ["flood 10", "last words", "close 4400"];
    client.send_raw(&script.map(|text| masked(0x81, text.as_bytes())).concat());
    for _ in 0..10 {
        assert_eq!(client.read_text().len(), 64 * 1024);
    }
    assert_eq!(client.read_text(), "last words");
    assert_eq!(client.read().payload[..2], 4400_u16.to_be_bytes());
}

#[test]
fn of_two_closes_in_one_turn_the_first_stands() {
    let (routes, ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    let script = ["close 4400", "close 4500"];
    client.send_raw(&script.map(|text| masked(0x81, text.as_bytes())).concat());
    assert_eq!(client.read().payload[..2], 4400_u16.to_be_bytes());
    assert_eq!(ear.closed().code.get(), 4400);
}
