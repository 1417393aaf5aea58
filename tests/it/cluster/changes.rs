//! What is changed on one node shows on the others.

use super::kit::Cluster;
use super::learner::Learner;
use serde_json::json;

#[test]
fn a_deck_that_is_edited_on_one_node_changes_in_sessions_on_the_other() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let (one, two) = (cluster.node(), cluster.node());
    let mut learner = Learner::new();
    let deck = learner.deck(&one, 2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut device = learner.study(&two, &deck).await;
        learner.answer(&mut device, 2).await;
        device.until("done").await;
        learner.post(&one, &format!("/api/v1/decks/{deck}/cards"), &json!({"front": "new", "back": "card"}));
        // The card that was added at the other node comes by itself.
        learner.answer(&mut device, 1).await;
    });
    assert_eq!(learner.history(&one, &deck), learner.saved);
}

#[test]
fn without_redis_learners_go_on() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let (one, two) = (cluster.node(), cluster.node());
    let mut learner = Learner::new();
    // More than both devices answer and hold: a card that the other one holds is waited for.
    let deck = learner.deck(&one, 8);
    cluster.redis().kill();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut here = learner.study(&one, &deck).await;
        learner.answer(&mut here, 3).await;
        let mut there = learner.study(&two, &deck).await;
        learner.answer(&mut there, 3).await;
    });
    assert_eq!(learner.history(&two, &deck), learner.saved);
}
