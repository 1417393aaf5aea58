//! Whose socket it is when a proxy stands between: the door counts the clients of proxies that are trusted.

use super::client::{Client, request};
use super::scripted;
use super::server::TestServer;
use crate::study::outside::PlainTokens;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use studyhall::auth::{Codes, Keys, Verifier};
use studyhall::server::{Parts, ServerOptions};
use studyhall::ws::layer::{Gate, GateLimits, ServeOptions, SocketOptions};

/// A server as it is assembled, whose door lets two silent sockets in from each address, and what its trusted
/// proxies are.
fn assembled(trusted_proxies: &[&str]) -> TestServer {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), trusted_proxies);
    let serving = {
        let parts = runtime.block_on(Parts::start(&options, options.listen)).unwrap();
        options.serving(&parts)
    };
    let gate = Gate::new(GateLimits { unknown_per_address_max: 2, unknown_max: 100 });
    let sockets = SocketOptions { sign_in_max: Some(Duration::from_secs(300)), ..SocketOptions::default() };
    let (routes, _) = scripted::route(sockets);
    // The engine's own workers are not looked for here, and end with its runtime.
    let on_worker_start = ServeOptions::default().on_worker_start;
    TestServer::start_with(ServeOptions { gate: Arc::new(gate), on_worker_start, ..serving }, routes)
}

fn options(data_dir: &Path, trusted_proxies: &[&str]) -> ServerOptions {
    let keys = Keys::default().with_secret(b"a secret that only these tests know, long enough").unwrap();
    ServerOptions {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        admin_listen: None,
        store: studyhall::config::Store::Embedded,
        bus: studyhall::config::Bus::Local,
        node_address: None,
        node_label: None,
        check_interval: std::time::Duration::from_secs(60),
        data_dir: data_dir.to_owned(),
        allowed_origins: Vec::new(),
        dev_clock: false,
        dev_webhooks: false,
        webhook_authorities: studyhall::webhooks::Authorities::default(),
        ready_file: None,
        workers: 1,
        trusted_proxies: trusted_proxies.iter().map(|range| range.parse().unwrap()).collect(),
        rate_limit: None,
        tokens: Arc::new(PlainTokens),
        verifier: Arc::new(Verifier::new(keys, "studyhall", "studyhall").unwrap()),
        mint: None,
        media_sessions: None,
        codes: Arc::new(Codes::new()),
        prepare: None,
        hooks: actors::Hooks::default(),
    }
}

/// The status of a handshake that says that it comes from there, and the socket.
fn handshake(server: &TestServer, forwarded_for: &str) -> (u16, Client) {
    let mut client = Client::tcp(server.address);
    client.send_raw(&request("/", &format!("X-Forwarded-For: {forwarded_for}\r\n")));
    let status = client.read_head()[9..12].parse().expect("a status");
    (status, client)
}

#[test]
fn behind_a_trusted_proxy_the_places_of_one_client_are_not_those_of_another() {
    let server = assembled(&["127.0.0.0/8"]);
    let _attacker = [handshake(&server, "203.0.113.7"), handshake(&server, "203.0.113.7")];
    assert_eq!(handshake(&server, "203.0.113.7").0, 429);
    // What the client itself claims stands before what the proxy saw.
    assert_eq!(handshake(&server, "198.51.100.1, 203.0.113.7").0, 429);
    assert_eq!(handshake(&server, "198.51.100.1").0, 101);
}

#[test]
fn who_is_no_trusted_proxy_is_not_believed_about_where_it_comes_from() {
    let server = assembled(&["192.0.2.0/24"]);
    let _inside = [handshake(&server, "203.0.113.7"), handshake(&server, "203.0.113.8")];
    assert_eq!(handshake(&server, "203.0.113.9").0, 429);
}
