//! Many plain sockets at once, inside one future.

use super::learner::hello;
use super::server::{PATIENCE, random_uuid};
use client::{Incoming, RawOptions, RawSocket};
use serde_json::Value;

/// How often a device comes back, at most.
const TRIES_MAX: usize = 6;
/// The close code of a session that could not be made ready in time.
const NOT_READY: u16 = 4412;

/// A connection that has said nothing.
pub async fn connect(url: &str) -> RawSocket {
    RawSocket::connect(&RawOptions::new(url)).await.unwrap()
}

/// A connection that was welcomed; it comes back as every client does where its learner's node is not ready: on a cluster whoever held the
/// learner before has to be declared dead first.
pub async fn join(url: &str, token: &str) -> RawSocket {
    for _ in 0..TRIES_MAX {
        let mut socket = connect(url).await;
        socket.send_text(hello(token, random_uuid()).to_string()).await.unwrap();
        loop {
            match next(&mut socket).await {
                Ok(frame) if frame["type"] == "welcome" => return socket,
                Ok(_) => {}
                Err(Some(NOT_READY)) => break,
                Err(code) => panic!("closed with {code:?} before welcome"),
            }
        }
    }
    panic!("the server was never ready");
}

/// The next frame, or the code of the close.
pub async fn next(socket: &mut RawSocket) -> Result<Value, Option<u16>> {
    loop {
        let incoming = tokio::time::timeout(PATIENCE, socket.recv()).await.expect("a frame in time");
        match incoming {
            Incoming::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Incoming::Control => {}
            Incoming::Binary(_) => panic!("a binary message"),
            Incoming::Closed { code, .. } => return Err(code),
        }
    }
}

/// The next frame of this type; those before it are dropped.
pub async fn until(socket: &mut RawSocket, kind: &str) -> Value {
    loop {
        let frame = next(socket).await.unwrap_or_else(|code| panic!("closed with {code:?} before {kind}"));
        if frame["type"] == kind {
            return frame;
        }
    }
}

/// Reads until this command is covered by `saved`; a refusal is a failure.
pub async fn until_saved(socket: &mut RawSocket, seq: u64) {
    loop {
        let frame = next(socket).await.unwrap_or_else(|code| panic!("closed with {code:?} before saved"));
        assert!(frame["type"] != "error", "{frame}");
        let saved = if frame["type"] == "saved" { &frame["seq"] } else { &frame["saved"] };
        if saved.as_u64().is_some_and(|saved| saved >= seq) {
            return;
        }
    }
}
