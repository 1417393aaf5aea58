//! The client over real sockets, against a server that does what the test says.

#![allow(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test may panic")]

use client::{
    Client, Config, ConnectError, Event, EventStream, Handle, Incoming, RawOptions, RawSocket, Shown, Stopped,
};
use futures_util::{SinkExt, StreamExt};
use protocol::{
    ClientFrame, Command, Grade, Numbered, Reply, SUBPROTOCOL, Saved, ServerFrame, Welcome, WelcomeLimits,
    decode_client,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_secs(30);
const USER: Uuid = Uuid::from_u128(0xabc);

/// A server of one connection after the other.
struct Server {
    listener: TcpListener,
    url: String,
}

/// One connection of it.
struct Peer(WebSocketStream<TcpStream>);

impl Server {
    async fn listening() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        Server { listener, url }
    }

    async fn accept(&self) -> Peer {
        let (tcp, _) = within(self.listener.accept()).await.expect("a connection");
        Peer(within(accept_hdr_async(tcp, checked)).await.expect("a handshake"))
    }

    /// A connection whose `hello` was answered.
    async fn welcome(&self) -> Peer {
        let mut peer = self.accept().await;
        assert!(matches!(peer.frame().await, ClientFrame::Hello(_)));
        peer.send(ServerFrame::Welcome(Box::new(plain_welcome()))).await;
        peer
    }

    /// The cookie of the next handshake, and its `hello` answered with the name of this node.
    async fn welcome_at(&self, node: &str) -> Option<String> {
        let (tcp, _) = within(self.listener.accept()).await.expect("a connection");
        let mut cookie = None;
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let noted = |request: &Request, response: Response| {
            cookie = request.headers().get("cookie").and_then(|value| value.to_str().ok()).map(str::to_owned);
            checked(request, response)
        };
        let mut peer = Peer(within(accept_hdr_async(tcp, noted)).await.expect("a handshake"));
        assert!(matches!(peer.frame().await, ClientFrame::Hello(_)));
        peer.send(ServerFrame::Welcome(Box::new(Welcome { node: Some(node.to_owned()), ..plain_welcome() })))
            .await;
        cookie
    }
}

fn plain_welcome() -> Welcome {
    let server_time = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis() as i64;
    let limits = WelcomeLimits { in_flight: 64, frame_bytes: 16_384 };
    Welcome {
        user_id: USER,
        server_time,
        heartbeat_ms: 25_000,
        limits,
        features: vec![],
        class: None,
        node: None,
    }
}

#[expect(clippy::result_large_err, reason = "the library's signature")]
fn checked(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    match request.headers().get("sec-websocket-protocol") {
        Some(value) if value == SUBPROTOCOL => {
            response.headers_mut().insert("sec-websocket-protocol", value.clone());
            Ok(response)
        }
        _ => {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            Err(refusal)
        }
    }
}

impl Peer {
    async fn frame(&mut self) -> ClientFrame {
        loop {
            match within(self.0.next()).await.expect("not at its end").expect("a message") {
                Message::Text(text) => return decode_client(&text).expect("a frame"),
                _ => continue,
            }
        }
    }

    async fn command(&mut self) -> (u64, Command) {
        match self.frame().await {
            ClientFrame::Command(Numbered { seq, command }) => (seq, command),
            other => panic!("{other:?}"),
        }
    }

    async fn send(&mut self, frame: ServerFrame) {
        self.0.send(Message::text(frame.encode())).await.expect("sent");
    }

    async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "bye".into() };
        self.0.close(Some(frame)).await.expect("closed");
        while let Some(Ok(_)) = within(self.0.next()).await {}
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("in time")
}

async fn event<T>(events: &mut EventStream, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    loop {
        let event = within(events.next()).await.expect("the client lives");
        if let Some(found) = wanted(event) {
            return found;
        }
    }
}

async fn welcomed(events: &mut EventStream) {
    event(events, |event| matches!(event, Event::Welcome(_)).then_some(())).await;
}

async fn answer(handle: &Handle, n: u32) -> Uuid {
    let shown = Shown {
        deck_id: Uuid::nil(),
        card_id: Uuid::from_u128(u128::from(n)),
        elapsed_ms: n,
        confidence: None,
        early: false,
    };
    let reply = Reply::Grade(Grade::try_from(4).expect("a grade"));
    within(handle.answer(shown, reply)).await.expect("taken")
}

#[tokio::test]
async fn an_answer_without_verdict_survives_a_broken_socket() {
    let server = Server::listening().await;
    let (handle, mut events) = Client::connect(Config::new(&server.url, "t")).await.expect("a client");
    let mut peer = server.welcome().await;
    welcomed(&mut events).await;
    let id = answer(&handle, 1).await;
    assert_eq!(peer.command().await.1.id, id);
    drop(peer);
    let mut peer = server.welcome().await;
    let (seq, again) = peer.command().await;
    assert_eq!((seq, again.id), (1, id));
    peer.send(ServerFrame::Saved(Saved { seq: 1 })).await;
    let unsaved = event(&mut events, |event| match event {
        Event::Saved { id: saved, unsaved } if saved == id => Some(unsaved),
        Event::Violation(violation) => panic!("{violation}"),
        _ => None,
    });
    assert_eq!(unsaved.await, 0);
}

#[tokio::test]
async fn an_answer_survives_the_process_in_the_outbox_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::listening().await;
    let config = Config {
        outbox: Some(folder.path().join("outbox")),
        sync_outbox: true,
        ..Config::new(&server.url, "t")
    };
    let (handle, mut events) = Client::connect(config.clone()).await.expect("a client");
    let peer = server.welcome().await;
    welcomed(&mut events).await;
    let id = answer(&handle, 1).await;
    within(handle.stop()).await.expect("stopped");
    event(&mut events, |event| (event == Event::Stopped(Stopped::Asked)).then_some(())).await;
    assert_eq!(within(events.next()).await, None, "the task is over and the file is free");
    drop(peer);
    let (_handle, _events) = Client::connect(config).await.expect("a client");
    assert_eq!(server.welcome().await.command().await.1.id, id);
}

#[tokio::test]
async fn a_client_that_was_replaced_stays_away() {
    let server = Server::listening().await;
    let (_handle, mut events) = Client::connect(Config::new(&server.url, "t")).await.expect("a client");
    server.welcome().await.close(4510).await;
    let why = event(&mut events, |event| match event {
        Event::Stopped(why) => Some(why),
        _ => None,
    });
    assert_eq!(why.await, Stopped::ClosedFor { code: 4510, reason: "bye".into() });
}

#[tokio::test]
async fn verdicts_before_a_close_are_read_even_while_sending() {
    let server = Server::listening().await;
    let (handle, mut events) = Client::connect(Config::new(&server.url, "t")).await.expect("a client");
    let mut peer = server.welcome().await;
    welcomed(&mut events).await;
    let id = answer(&handle, 1).await;
    peer.command().await;
    peer.send(ServerFrame::Saved(Saved { seq: 1 })).await;
    let closing = tokio::spawn(peer.close(4503));
    for n in 2..40 {
        answer(&handle, n).await;
    }
    event(&mut events, |event| matches!(event, Event::Saved { id: saved, .. } if saved == id).then_some(()))
        .await;
    let why = event(&mut events, |event| match event {
        Event::Stopped(why) => Some(why),
        _ => None,
    });
    assert_eq!(why.await, Stopped::ClosedFor { code: 4503, reason: "bye".into() });
    within(closing).await.expect("closed");
}

#[tokio::test]
async fn a_raw_socket_says_exactly_what_it_is_told_to() {
    let server = Server::listening().await;
    let options = RawOptions { local_addr: "127.0.0.7".parse().ok(), ..RawOptions::new(&server.url) };
    let (socket, mut peer) = tokio::join!(RawSocket::connect(&options), server.accept());
    let mut socket = socket.expect("a socket");
    assert_eq!(peer.0.get_ref().peer_addr().expect("an address").ip().to_string(), "127.0.0.7");
    socket.send_text("{\"type\":\"beat\"}").await.expect("sent");
    assert_eq!(peer.frame().await, ClientFrame::Beat);
    peer.send(ServerFrame::Saved(Saved { seq: 0 })).await;
    assert_eq!(within(socket.recv_frame()).await.expect("a frame"), ServerFrame::Saved(Saved { seq: 0 }));
    let closing = tokio::spawn(peer.close(4508));
    assert_eq!(within(socket.recv()).await, Incoming::Closed { code: Some(4508), reason: "bye".into() });
    drop(socket);
    within(closing).await.expect("closed");
}

#[tokio::test]
async fn a_refused_handshake_tells_its_status() {
    let server = Server::listening().await;
    let options = RawOptions { subprotocol: None, ..RawOptions::new(&server.url) };
    let refusing = async {
        let (tcp, _) = server.listener.accept().await.expect("a connection");
        let _ = accept_hdr_async(tcp, checked).await;
    };
    let (refused, ()) = tokio::join!(RawSocket::connect(&options), refusing);
    assert!(matches!(refused, Err(ConnectError::Refused { status: 400, .. })), "{refused:?}");
}

#[tokio::test]
async fn the_next_handshake_tells_the_balancer_where_the_learner_was() {
    let server = Server::listening().await;
    let (_handle, _events) = Client::connect(Config::new(&server.url, "t")).await.expect("a client");
    // Each of these sockets is dropped as soon as it is welcomed.
    let mut cookies = Vec::new();
    for node in ["a", "b; path=/", "c"] {
        cookies.push(server.welcome_at(node).await);
    }
    cookies.push(server.welcome_at("d").await);
    let toward = |node: &str| Some(format!("studyhall_node={node}"));
    assert_eq!(cookies, [None, toward("a"), toward("a"), toward("c")], "what is no name is no hint");
}
