//! One owner a learner: whoever dies, stops or wakes, nothing that was saved is lost, and nothing counts twice.

use super::kit::Cluster;
use super::learner::Learner;
use crate::study::server::eventually;
use client::Incoming;
use std::time::{Duration, Instant};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn two_devices_at_two_nodes_share_one_session() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let (one, two) = (cluster.node(), cluster.node());
    let mut learner = Learner::new();
    let deck = learner.deck(&one, 12);
    runtime().block_on(async {
        let mut here = learner.study(&one, &deck).await;
        learner.answer(&mut here, 3).await;
        let mut there = learner.study(&two, &deck).await;
        learner.answer(&mut there, 3).await;
        // The first device hears of each answer of the second, which went through the same session.
        for _ in 0..3 {
            let changed = here.until("changed").await;
            assert_eq!(changed["reason"], "answered_elsewhere", "{changed}");
        }
        learner.answer(&mut here, 3).await;
        // Each socket is counted once, where its learner is.
        let sockets = [&one, &two].map(|node| node.metric("studyhall_sockets"));
        assert_eq!(sockets, [Some(2.0), Some(0.0)]);
    });
    // A batch over HTTP goes to the same session, at whichever node it arrives.
    for node in [&one, &two] {
        learner.undo_newest(node);
    }
    assert_eq!(learner.history(&one, &deck), learner.saved);
    assert_eq!(learner.history(&two, &deck), learner.saved);
    let progress = learner.get(&two, &format!("/api/v1/decks/{deck}/progress"));
    assert_eq!(progress["due"]["new"], 5, "{progress}");
}

#[test]
fn a_learner_of_a_killed_node_goes_on_at_another_with_every_answer() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let (one, two) = (cluster.node(), cluster.node());
    let mut learner = Learner::new();
    let deck = learner.deck(&one, 12);
    runtime().block_on(async {
        let mut at_owner = learner.study(&one, &deck).await;
        learner.answer(&mut at_owner, 3).await;
        let mut relayed = learner.study(&two, &deck).await;
        learner.answer(&mut relayed, 2).await;
        one.kill();
        let gone = ended(&mut relayed.socket).await;
        assert_eq!(gone, Some(4411), "the relay ends with its owner");
        let mut again = learner.study(&two, &deck).await;
        learner.answer(&mut again, 3).await;
    });
    assert_eq!(learner.history(&two, &deck), learner.saved);
    let progress = learner.get(&two, &format!("/api/v1/decks/{deck}/progress"));
    assert_eq!(progress["due"]["new"], 4, "{progress}");
}

#[test]
fn an_owner_that_was_stopped_and_wakes_has_lost_its_learners_and_nothing_else() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let (one, two) = (cluster.node(), cluster.node());
    let mut learner = Learner::new();
    let deck = learner.deck(&one, 12);
    runtime().block_on(async {
        let mut stopped = learner.study(&one, &deck).await;
        learner.answer(&mut stopped, 3).await;
        one.signal("STOP");
        let mut elsewhere = learner.study(&two, &deck).await;
        learner.answer(&mut elsewhere, 3).await;
        one.signal("CONT");
        assert_eq!(ended(&mut stopped.socket).await, Some(4410), "it learns that it was declared dead");
        // It begins anew, and relays to whoever has the learner now.
        let mut relayed = learner.study(&one, &deck).await;
        learner.answer(&mut relayed, 2).await;
        learner.answer(&mut elsewhere, 2).await;
    });
    assert_eq!(learner.history(&one, &deck), learner.saved);
    let progress = learner.get(&one, &format!("/api/v1/decks/{deck}/progress"));
    assert_eq!(progress["due"]["new"], 2, "{progress}");
}

#[test]
fn a_node_that_ends_in_order_leaves_its_learners_at_once() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let (one, two) = (cluster.node(), cluster.node());
    let mut learner = Learner::new();
    let deck = learner.deck(&one, 6);
    runtime().block_on(async {
        let mut device = learner.study(&one, &deck).await;
        learner.answer(&mut device, 3).await;
        one.signal("TERM");
        device.until("goodbye").await;
        device.socket.close(1000, "").await.unwrap();
        let mut again = learner.study(&two, &deck).await;
        learner.answer(&mut again, 3).await;
    });
    eventually("the history is whole", || learner.history(&two, &deck) == learner.saved);
}

/// With which code the socket ends.
async fn ended(socket: &mut client::RawSocket) -> Option<u16> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, socket.recv()).await.expect("the socket ends") {
            Incoming::Closed { code, .. } => return code,
            Incoming::Text(_) | Incoming::Binary(_) | Incoming::Control => {}
        }
    }
}
