//! What stands above a socket: its mail, its alarm, its faults.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use studyhall::ws::layer::{MailRefused, ServeOptions, SocketOptions};

use super::echo;
use super::scripted::{self, Note};
use super::server::{TestServer, eventually};
use super::time::Time;

#[test]
fn mail_reaches_the_socket_and_its_end_is_told_to_senders() {
    let (routes, ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    let handle = ear.opened();
    handle.try_send(Note("a card".to_owned())).unwrap();
    assert_eq!(client.read_text(), "a card");
    handle.try_send(Note("close 4410".to_owned())).unwrap();
    assert_eq!(client.read().payload[..2], 4410_u16.to_be_bytes());
    eventually("the handle knows", || !handle.is_open());
    assert_eq!(handle.try_send(Note("another".to_owned())), Err(MailRefused::Closed));
}

#[test]
fn a_mailbox_takes_only_so_much_from_one_sender() {
    let (routes, _ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    client.send_text("stuff");
    let answer = client.read_text();
    let taken: usize = answer.strip_prefix("took ").expect("a number").parse().unwrap();
    assert!((1..=64).contains(&taken), "{taken}");
    for _ in 0..taken {
        assert_eq!(client.read_text(), "stuffed");
    }
}

#[test]
fn a_panic_ends_its_socket_and_no_other() {
    let (routes, ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut neighbour = server.connect("/");
    let _ = ear.opened();
    for order in ["by text", "by mail"] {
        let mut client = server.connect("/");
        let handle = ear.opened();
        client.send_text("before");
        assert_eq!(client.read_text(), "before");
        if order == "by text" {
            client.send_text("panic");
        } else {
            handle.try_send(Note("panic".to_owned())).unwrap();
        }
        let close = client.read();
        assert_eq!(close.payload[..2], 1011_u16.to_be_bytes(), "{order}");
        eventually("its address is dead", || !handle.is_open());
    }
    assert_eq!(server.figures().panics, 2);
    neighbour.send_text("untouched");
    assert_eq!(neighbour.read_text(), "untouched");
}

#[test]
fn an_alarm_comes_once_and_not_early() {
    let (routes, ear) = scripted::route(SocketOptions { silence_max: None, ..SocketOptions::default() });
    let time = Time::default();
    let server = TestServer::start_with(time.serving(), routes);
    let (mut client, mut witness) = (server.connect("/"), time.witness(&server));
    let minutes = |count: u64| Duration::from_secs(60 * count);
    client.send_text("wake 600000");
    assert!(client.is_answered());
    witness.pass(minutes(9));
    assert!(client.is_answered(), "not early");
    witness.pass(minutes(1));
    assert_eq!(client.read_text(), "awake");
    client.send_text("wake 600000");
    client.send_text("wake 60000");
    assert!(client.is_answered());
    witness.pass(minutes(1));
    assert_eq!(client.read_text(), "awake", "a later wish replaces the one before");
    witness.pass(minutes(20));
    assert!(client.is_answered(), "once");
    drop(client);
    assert_eq!(ear.closed().code.get(), 1006);
}

#[test]
fn a_message_made_of_parts_is_one_message() {
    let (routes, _ear) = scripted::route(SocketOptions::default());
    let server = TestServer::start(routes);
    let mut client = server.connect("/");
    client.send_text("parts");
    assert_eq!(client.read_text(), "one two three four");
}

#[test]
fn each_worker_is_started_once_with_a_number_of_its_own() {
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::new(AtomicUsize::new(0));
    let (seen, called) = (Arc::clone(&numbers), Arc::clone(&calls));
    let options = ServeOptions {
        workers: 3,
        on_worker_start: Arc::new(move |number| {
            seen.lock().unwrap().push((number, std::thread::current().id()));
            called.fetch_add(1, Ordering::Relaxed);
        }),
        ..ServeOptions::default()
    };
    let server = TestServer::start_with(options, echo::routes);
    let mut sockets: Vec<_> = (0..6).map(|_| server.connect("/")).collect();
    assert!(sockets.iter_mut().all(|socket| socket.is_answered()));
    let mut numbers = numbers.lock().unwrap().clone();
    numbers.sort_by_key(|(number, _)| *number);
    assert_eq!(numbers.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1, 2]);
    let threads: std::collections::HashSet<_> = numbers.iter().map(|(_, thread)| *thread).collect();
    assert_eq!((threads.len(), calls.load(Ordering::Relaxed)), (3, 3));
}
