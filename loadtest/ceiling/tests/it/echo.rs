//! `ceiling echo`.

use crate::child::{Serving, command};
use client::{Incoming, RawOptions, RawSocket};
use protocol::ServerFrame;

async fn connect(serving: &Serving) -> RawSocket {
    RawSocket::connect(&RawOptions::new(serving.url.as_str())).await.unwrap()
}

async fn text(socket: &mut RawSocket) -> String {
    match tokio::time::timeout(kit::wait::DEADLINE, socket.recv()).await.unwrap() {
        Incoming::Text(text) => text,
        other @ (Incoming::Binary(_) | Incoming::Control | Incoming::Closed { .. }) => panic!("{other:?}"),
    }
}

async fn frame(socket: &mut RawSocket) -> ServerFrame {
    ServerFrame::decode(&text(socket).await).unwrap()
}

#[tokio::test]
async fn every_text_is_answered_with_one_card_on_which_saved_rides() {
    let mut serving = Serving::start(&["echo", "--frames", "1"]).await;
    let mut socket = connect(&serving).await;
    for _ in 0..3 {
        socket.send_text("whatever").await.unwrap();
    }
    socket.close(1000, "").await.unwrap();
    for _ in 0..3 {
        assert!(matches!(frame(&mut socket).await, ServerFrame::Card(card) if card.saved.is_some()));
    }
    let end = tokio::time::timeout(kit::wait::DEADLINE, socket.recv()).await.unwrap();
    assert!(matches!(end, Incoming::Closed { .. }), "nobody asked for {end:?}");
    assert_eq!(serving.terminate().await, Some(0));
}

#[tokio::test]
async fn with_two_frames_each_text_is_answered_with_a_card_and_then_a_saved_of_its_own() {
    let serving = Serving::start(&["echo", "--frames", "2", "--reply-bytes", "900"]).await;
    let mut socket = connect(&serving).await;
    for _ in 0..3 {
        socket.send_text("whatever").await.unwrap();
        let card = text(&mut socket).await;
        assert_eq!(card.len(), 900);
        assert!(
            matches!(ServerFrame::decode(&card).unwrap(), ServerFrame::Card(card) if card.saved.is_none())
        );
        assert!(matches!(frame(&mut socket).await, ServerFrame::Saved(_)));
    }
}

#[test]
fn it_serves_on_this_machine_alone() {
    let ended = command(&["echo", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("loopback"), "{ended:?}");
}

#[test]
fn a_card_longer_than_any_card_is_refused() {
    let ended = command(&["echo", "--reply-bytes", "10000000"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("10000000"), "{ended:?}");
}
