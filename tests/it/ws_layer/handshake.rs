//! Who may come in.

use std::sync::Arc;
use std::time::Duration;

use studyhall::http::address::behind;
use studyhall::ws::layer::{Gate, GateLimits, ServeOptions, SocketOptions, SocketRoute};

use super::client::{Client, request};
use super::echo::{self, Echo};
use super::scripted;
use super::server::{TestServer, eventually};

/// The status and the stable code of the answer to these bytes.
fn answer(server: &TestServer, bytes: &[u8]) -> (u16, String, String) {
    let mut client = Client::tcp(server.address);
    client.send_raw(bytes);
    let head = client.read_head();
    let status = head[9..12].parse().expect("a status");
    let body = if status == 101 { String::new() } else { client.read_to_end() };
    let code = serde_json::from_str::<serde_json::Value>(&body)
        .ok()
        .and_then(|problem| Some(problem.get("code")?.as_str()?.to_owned()))
        .unwrap_or_default();
    (status, code, head)
}

#[test]
fn every_refusal_has_its_status_and_a_stable_code() {
    let server = TestServer::start(echo::routes);
    let study = |headers| request("/study", headers);
    let offer = "Sec-WebSocket-Protocol: studyhall.v1\r\n";
    let swap =
        |from: &str, to: &str| String::from_utf8(study(offer)).expect("text").replace(from, to).into_bytes();
    let origin = |origin: &str| format!("{offer}Origin: {origin}\r\n");
    for (bytes, status, code) in [
        (study(offer), 101, ""),
        (study("Sec-WebSocket-Protocol: other, studyhall.v1\r\n"), 101, ""),
        (study(&origin("https://study.example")), 101, ""),
        (study(""), 400, "missing_subprotocol"),
        (study("Sec-WebSocket-Protocol: studyhall.v2\r\n"), 400, "missing_subprotocol"),
        (study(&origin("https://evil.example")), 403, "foreign_origin"),
        (study(&origin("null")), 403, "foreign_origin"),
        (request("/nowhere", offer), 404, "not_found"),
        (swap("GET ", "POST "), 405, "bad_handshake"),
        (swap("Version: 13", "Version: 8"), 426, "unsupported_version"),
        (swap("AAECAwQFBgcICQoLDA0ODw==", "AAEC"), 400, "bad_handshake"),
        (swap("Sec-WebSocket-Key", "X-Key"), 400, "bad_handshake"),
    ] {
        let answer = answer(&server, &bytes);
        assert_eq!((answer.0, answer.1.as_str()), (status, code), "{}", String::from_utf8_lossy(&bytes));
        assert!(answer.2.contains("x-request-id: "), "{}", answer.2);
    }
}

#[test]
fn the_subprotocol_is_agreed_to_and_an_unknown_version_is_told_ours() {
    let server = TestServer::start(echo::routes);
    let (_, _, head) = answer(&server, &request("/study", "Sec-WebSocket-Protocol: a, studyhall.v1\r\n"));
    assert!(head.contains("sec-websocket-protocol: studyhall.v1\r\n"), "{head}");
    let old = String::from_utf8(request("/", "")).expect("text").replace("Version: 13", "Version: 7");
    let (_, _, head) = answer(&server, old.as_bytes());
    assert!(head.contains("sec-websocket-version: 13\r\n"), "{head}");
}

#[test]
fn an_allowed_origin_may_come_from_elsewhere() {
    let options = ServeOptions {
        allowed_origins: vec!["https://school.example".to_owned()],
        ..ServeOptions::default()
    };
    let server = TestServer::start_with(options, echo::routes);
    assert_eq!(answer(&server, &request("/", "Origin: https://school.example\r\n")).0, 101);
    assert_eq!(answer(&server, &request("/", "Origin: https://other.example\r\n")).0, 403);
}

#[test]
fn what_asks_for_no_websocket_goes_to_the_app() {
    let server = TestServer::start(echo::routes);
    let mut client = Client::tcp(server.address);
    client.send_raw(b"GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(client.read_to_end().ends_with("plain"));
}

#[test]
fn a_draining_server_lets_nobody_in_and_nobody_down() {
    let server = TestServer::start(echo::routes);
    let mut inside = server.connect("/");
    server.gate.set_draining(true);
    let (status, code, head) = answer(&server, &request("/", ""));
    assert_eq!((status, code.as_str()), (503, "draining"));
    assert!(head.contains("retry-after: "), "{head}");
    assert!(inside.is_answered());
    server.gate.set_draining(false);
    assert_eq!(answer(&server, &request("/", "")).0, 101);
}

fn crowded(per_address: usize, options: SocketOptions) -> (TestServer, scripted::Ear) {
    let (routes, ear) = scripted::route(options);
    let limits = GateLimits { unknown_per_address_max: per_address, unknown_max: 100 };
    let serve = ServeOptions { gate: Arc::new(Gate::new(limits)), ..ServeOptions::default() };
    (TestServer::start_with(serve, routes), ear)
}

fn with_sign_in() -> SocketOptions {
    SocketOptions { sign_in_max: Some(Duration::from_secs(30)), ..SocketOptions::default() }
}

#[test]
fn an_address_has_few_places_until_sign_in_and_gets_them_back() {
    let (server, _ear) = crowded(2, with_sign_in());
    let first = server.connect("/");
    let mut second = server.connect("/");
    let (status, code, _) = answer(&server, &request("/", ""));
    assert_eq!((status, code.as_str()), (429, "too_many_connections"));
    second.send_text("sign-in");
    assert_eq!(second.read_text(), "signed in");
    let _third = server.connect("/");
    assert_eq!(answer(&server, &request("/", "")).0, 429);
    drop(first);
    eventually("the place of a socket that went is free", || server.gate.unknown() == 1);
    assert_eq!(answer(&server, &request("/", "")).0, 101);
}

#[test]
fn behind_a_trusted_proxy_places_are_counted_by_the_address_that_it_names() {
    let limits = GateLimits { unknown_per_address_max: 1, unknown_max: 100 };
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let serve = ServeOptions {
        gate: Arc::new(Gate::new(limits)),
        address_of: behind(proxies),
        ..ServeOptions::default()
    };
    let (routes, _ear) = scripted::route(with_sign_in());
    let server = TestServer::start_with(serve, routes);
    let from = |address: &str| request("/", &format!("X-Forwarded-For: {address}\r\n"));
    let mut silent = Client::tcp(server.address);
    silent.send_raw(&from("203.0.113.1"));
    eventually("it is in", || server.gate.unknown() == 1);
    assert_eq!(answer(&server, &from("203.0.113.1")).0, 429);
    assert_eq!(answer(&server, &from("203.0.113.2")).0, 101, "somebody else behind the same proxy");
}

#[test]
fn five_hundred_learners_behind_one_address_are_no_attack() {
    let (server, _ear) = crowded(4, with_sign_in());
    let learners: Vec<Client> = (0..500)
        .map(|_| {
            let mut learner = server.connect("/");
            learner.send_text("sign-in");
            assert_eq!(learner.read_text(), "signed in");
            learner
        })
        .collect();
    for mut learner in learners {
        learner.send_text("hello");
        assert_eq!(learner.read_text(), "hello");
    }
}

#[test]
fn who_never_signs_in_is_closed_and_who_did_is_not() {
    let (server, _ear) =
        crowded(9, SocketOptions { sign_in_max: Some(Duration::from_secs(2)), ..SocketOptions::default() });
    let mut signed_in = server.connect("/");
    signed_in.send_text("sign-in");
    assert_eq!(signed_in.read_text(), "signed in");
    let mut talker = server.connect("/");
    talker.send_text("anything but a sign-in");
    assert_eq!(talker.read_text(), "anything but a sign-in");
    talker.expect_close(4408);
    signed_in.send_text("still here");
    assert_eq!(signed_in.read_text(), "still here");
    assert_eq!(server.gate.unknown(), 0);
}

#[test]
fn a_handshake_that_never_ends_is_given_up_and_disturbs_nobody() {
    let options = ServeOptions { request_head_max: Duration::from_millis(300), ..ServeOptions::default() };
    let server = TestServer::start_with(options, echo::routes);
    let mut neighbour = server.connect("/");
    let mut slow = Client::tcp(server.address);
    slow.send_raw(&request("/", "")[..40]);
    assert!(neighbour.is_answered());
    let answer = slow.read_to_end();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn an_app_may_refuse_and_sees_the_named_parts_of_its_path() {
    let server = TestServer::start(|| {
        vec![SocketRoute::new("/classes/{class_id}/monitor", SocketOptions::default(), |request| {
            match (request.segment("class_id"), request.query()) {
                (Some("7b"), Some("all")) => Ok(Echo),
                _ => Err(studyhall::ws::layer::Refusal::new(
                    actix_web::http::StatusCode::FORBIDDEN,
                    "forbidden",
                    "not your class",
                )),
            }
        })]
    });
    assert_eq!(answer(&server, &request("/classes/7b/monitor?all", "")).0, 101);
    let (status, code, _) = answer(&server, &request("/classes/8a/monitor?all", ""));
    assert_eq!((status, code.as_str()), (403, "forbidden"));
}
