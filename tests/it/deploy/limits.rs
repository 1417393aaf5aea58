//! Limits that two real nodes share over a real Redis.

use super::kit::{Node, get, runtime, sample, token};
use crate::study::raw;
use crate::study::server::eventually;
use kit::RedisServer;
use serde_json::json;
use uuid::Uuid;

/// What a person may ask for in these tests: nothing comes back while one runs.
const LIMIT: usize = 60;

fn nodes(redis: &RedisServer) -> [Node; 2] {
    let limit = format!("1000,1000,{LIMIT}");
    let url = redis.url();
    let nodes = [(); 2].map(|()| Node::start(&["--bus", &url, "--rate-limit", &limit]));
    for node in &nodes {
        eventually("the node counts with the others", || {
            // Only a question shows whether they are asked: health is not counted.
            let _ = node.get("/api/v1/me", Some(&token()));
            sample(&node.metrics(), r#"studyhall_quota_decisions_total{by="all"}"#) > Some(0.0)
        });
    }
    nodes
}

fn asks(node: &Node, token: &str) -> u16 {
    node.get("/api/v1/me", Some(token)).err().unwrap_or(200)
}

#[test]
fn what_a_person_asks_of_two_nodes_is_limited_as_a_sum() {
    let Some(redis) = RedisServer::start_or_skip() else { return };
    let nodes = nodes(&redis);
    let person = token();
    let granted = (0..2 * LIMIT).filter(|n| asks(&nodes[n % 2], &person) == 200).count();
    // A question that Redis answered too late was decided by the node alone, and counted all the same: a slow machine may
    // let a few more through, and never each node all of its own.
    let alone: f64 = nodes
        .iter()
        .filter_map(|node| sample(&node.metrics(), r#"studyhall_quota_decisions_total{by="node"}"#))
        .sum();
    assert!((LIMIT..=LIMIT + alone as usize).contains(&granted), "{granted}, of which alone {alone}");
    assert_eq!([asks(&nodes[0], &person), asks(&nodes[1], &person)], [429; 2]);
    let other = token();
    assert_eq!(
        [asks(&nodes[0], &other), asks(&nodes[1], &other)],
        [200; 2],
        "another person has an own share"
    );
}

#[test]
fn without_redis_each_node_counts_for_itself_and_together_again_when_it_is_back() {
    let Some(mut redis) = RedisServer::start_or_skip() else { return };
    let nodes = nodes(&redis);
    redis.kill();
    let person = token();
    for node in &nodes {
        let granted = (0..LIMIT + 5).filter(|_| asks(node, &person) == 200).count();
        assert_eq!(granted, LIMIT, "the whole share at each node");
        eventually("the node says what it goes on without", || {
            let ready = node.get("/readyz", None).unwrap();
            ready.contains("bus") && ready.contains("limits") && ready.contains(r#""status":"ok""#)
        });
        assert_eq!(sample(&node.metrics(), r#"studyhall_degraded{reason="limits"}"#), Some(1.0));
    }
    redis.restart();
    for node in &nodes {
        eventually("all is well again", || {
            asks(node, &token());
            node.get("/readyz", None).unwrap().contains(r#""degraded":[]"#)
        });
    }
    // Redis has forgotten everything: there is one more share, for both together.
    let granted = (0..2 * LIMIT).filter(|n| asks(&nodes[n % 2], &person) == 200).count();
    assert!((1..=LIMIT).contains(&granted), "{granted}");
}

#[test]
fn whoever_guesses_tokens_over_sockets_is_slowed_down_and_good_tokens_are_not() {
    let node = Node::start(&[]);
    let codes = runtime().block_on(async {
        let mut codes = Vec::new();
        while codes.last() != Some(&Some(4429)) && codes.len() < 20_000 {
            let mut socket = raw::connect(&node.url()).await;
            let hello =
                json!({"type": "hello", "token": "guess", "instance": Uuid::new_v4(), "client_time": 0});
            socket.send_text(hello.to_string()).await.unwrap();
            codes.push(raw::next(&mut socket).await.unwrap_err());
        }
        super::kit::come_in(&node.url(), &token(), None).await;
        codes
    });
    assert_eq!(codes.last(), Some(&Some(4429)), "guessing is never slowed down");
    assert!(codes.len() > 300 && codes[..300].iter().all(|code| *code == Some(4500)), "{}", codes.len());
    // Over HTTP the same address waits too: what has come back meanwhile is soon used up.
    let guess = || get(&node.url(), "/api/v1/me", &[("authorization", "Bearer guess".to_owned())]);
    assert!((0..100).any(|_| guess() == Err(429)), "guessing over HTTP has a share of its own");
}
