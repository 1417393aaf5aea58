//! What the bus loses, doubles or delays, and a Redis that is away: learners go on, and what was changed shows everywhere.

use super::kit::{Cluster, Node};
use super::learner::Learner;
use super::school::School;
use kit::tcp_proxy::Wire;
use serde_json::json;
use std::time::Duration;

#[test]
fn messages_that_are_late_doubled_or_lost_leave_no_session_behind() {
    let Some(cluster) = Cluster::with_wires() else { return };
    let nodes: [Node; 2] = cluster.nodes();
    let [one, two] = &nodes;
    let mut learner = Learner::new();
    let deck = learner.deck(one, 1);
    let cards = format!("/api/v1/decks/{deck}/cards");
    cluster.runtime.block_on(async {
        let mut device = learner.study(two, &deck).await;
        learner.answer(&mut device, 1).await;
        device.until("done").await;
        for (n, wire) in [Wire::Slow(Duration::from_millis(300)), Wire::DoublesPushes, Wire::LosesPushes]
            .into_iter()
            .enumerate()
        {
            cluster.wires().redis.set(wire);
            learner.post(one, &cards, &json!({"front": format!("added {n}"), "back": "card"}));
            if wire == Wire::LosesPushes {
                cluster.wires().redis.set(Wire::Carries);
            }
            learner.answer(&mut device, 1).await;
            device.until("done").await;
            cluster.wires().redis.set(Wire::Carries);
        }
    });
    assert_eq!(learner.history(one, &deck), learner.saved);
}

#[test]
fn a_redis_that_is_killed_stands_still_is_slow_or_comes_back_disturbs_no_learner() {
    let Some(cluster) = Cluster::with_wires() else { return };
    let nodes: [Node; 2] = cluster.nodes();
    let [one, two] = &nodes;
    let mut author = Learner::new();
    let deck = author.deck(one, 1);
    let mut school = School::open(&cluster, 3, 400);
    school.seat_all(&[one]);
    school.seat_all(&[two]);
    school.allow(5);
    school.all_through("answers before");
    let welcomes = school.welcomes();

    cluster.redis().kill();
    school.allow(60);
    school.eventually("both say that the bus is away", || nodes.iter().all(|node| says(node, &["bus"])));
    school.more_saved(30, "answers without Redis");
    // What is changed meanwhile shows at the other node once the bus is back.
    let mut device = cluster.runtime.block_on(async {
        let mut device = author.study(two, &deck).await;
        author.answer(&mut device, 1).await;
        device.until("done").await;
        device
    });
    let card = json!({"front": "added without Redis", "back": "card"});
    author.post(one, &format!("/api/v1/decks/{deck}/cards"), &card);
    cluster.redis().restart();
    cluster.runtime.block_on(author.answer(&mut device, 1));
    school.eventually("both say that the bus is back", || nodes.iter().all(|node| says(node, &[])));

    cluster.redis().freeze();
    school.allow(60);
    school.more_saved(30, "answers while Redis stands still");
    school.eventually("both notice", || nodes.iter().all(|node| says(node, &["bus"])));
    cluster.redis().thaw();
    cluster.wires().redis.set(Wire::Slow(Duration::from_millis(200)));
    school.allow(60);
    school.more_saved(30, "answers while Redis is slow");
    cluster.wires().redis.set(Wire::Carries);
    school.all_through("everybody is through");
    school.eventually("both say that the bus is well", || nodes.iter().all(|node| says(node, &[])));
    assert_eq!(school.welcomes(), welcomes, "nobody lost a socket");
    school.all_agree(&[one, two]);
    school.close(nodes);
}

/// Whether a node says, where people and where programs look, that of store and bus just these are not as they should be.
pub fn says(node: &Node, degraded: &[&str]) -> bool {
    // Whether limits are counted together shows only when something is counted.
    ["store", "bus"].iter().all(|reason| {
        let metric = if degraded.contains(reason) { 1.0 } else { 0.0 };
        node.degraded().is_some_and(|said| said.iter().any(|said| said == reason) == (metric > 0.0))
            && node.metric(&format!("studyhall_degraded{{reason=\"{reason}\"}}")) == Some(metric)
    })
}
