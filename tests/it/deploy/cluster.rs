//! Nodes of a cluster as an operator runs them: with names for the balancer, an interval of checks, and a keyspace that
//! was restored.

use super::kit::{Node, come_in, get, runtime, sample, send, token};
use super::metrics::{table_of, told};
use crate::study::raw;
use crate::study::server::eventually;
use client::RawSocket;
use kit::RedisServer;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use uuid::Uuid;

/// Tables that are made again from the log.
const CACHES: [&str; 6] = ["progress", "learner_decks", "learner", "inbox", "owners", "nodes"];

/// A keyspace that these tests share, one at a time.
struct Keyspace {
    contact: String,
    name: String,
    _turn: MutexGuard<'static, ()>,
}

impl Keyspace {
    fn here_or_skip() -> Option<Keyspace> {
        let Some(contact) = std::env::var("STUDYHALL_TEST_CQL").ok().filter(|contact| !contact.is_empty())
        else {
            assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "STUDYHALL_TEST_CQL names no server");
            eprintln!("skipped: STUDYHALL_TEST_CQL names no server; `make unit` starts one");
            return None;
        };
        static TURN: Mutex<()> = Mutex::new(());
        static MIGRATED: OnceLock<()> = OnceLock::new();
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let keyspace = Keyspace { contact, name: format!("deployed{}", std::process::id()), _turn: turn };
        MIGRATED.get_or_init(|| {
            let mut migrate = Command::new(env!("CARGO_BIN_EXE_studyhall"));
            migrate.args(["migrate", "--store", &keyspace.store(), "--replication-factor", "1"]);
            let (migrated, said) = super::kit::run(&mut migrate);
            assert!(migrated, "{said}");
        });
        Some(keyspace)
    }

    fn store(&self) -> String {
        format!("cql://{}/{}", self.contact, self.name)
    }

    /// A node on it, with these flags besides.
    fn node(&self, flags: &[&str]) -> Node {
        Node::start(&[&["--store", &self.store()], flags].concat())
    }

    async fn session(&self) -> Session {
        SessionBuilder::new().known_node(&self.contact).build().await.unwrap()
    }
}

/// A deck of this person with so many cards.
fn deck(node: &Node, token: &str, cards: usize) -> (String, Vec<String>) {
    let deck = send("POST", &format!("{}/api/v1/decks", node.url()), token, &json!({"title": "A deck"}));
    let deck = deck["deck_id"].as_str().unwrap().to_owned();
    let cards: Vec<Value> = (0..cards).map(|n| json!({"front": format!("q{n}"), "back": "a"})).collect();
    let url = format!("{}/api/v1/decks/{deck}/cards/bulk", node.url());
    let made = send("POST", &url, token, &json!({"cards": cards}));
    let ids =
        made["cards"].as_array().unwrap().iter().map(|card| card["card_id"].as_str().unwrap().to_owned());
    (deck, ids.collect())
}

/// Begins to study a deck.
async fn start(socket: &mut RawSocket, deck: &str) {
    let start = json!({"type": "start", "sitting": Uuid::now_v7(), "decks": [deck], "window": 1});
    socket.send_text(start.to_string()).await.unwrap();
}

/// Answers the next cards, until each is saved.
async fn answer(socket: &mut RawSocket, answers: u64) {
    for seq in 1..=answers {
        let card = raw::until(socket, "card").await;
        let answer = json!({
            "type": "answer", "seq": seq, "id": Uuid::now_v7(), "deck_id": card["deck_id"],
            "card_id": card["card_id"], "grade": 4, "elapsed_ms": 900,
        });
        socket.send_text(answer.to_string()).await.unwrap();
    }
    raw::until_saved(socket, answers).await;
}

#[test]
fn the_welcome_names_the_learners_node_wherever_the_learner_came_in() {
    let Some(keyspace) = Keyspace::here_or_skip() else { return };
    let Some(redis) = RedisServer::start_or_skip() else { return };
    let url = redis.url();
    let [a, b] = ["a", "b"].map(|name| keyspace.node(&["--bus", &url, "--node-label", name]));
    let learner = token();
    runtime().block_on(async {
        let (first, at) = come_in(&a.url(), &learner, None).await;
        assert_eq!(at, "a");
        // The second device comes in at the other node, with a cookie that says nonsense, and is told where to go.
        let (second, at) = come_in(&b.url(), &learner, Some("b")).await;
        assert_eq!(at, "a");
        assert_eq!(sample(&b.metrics(), "studyhall_relays"), Some(1.0));
        let (third, at) = come_in(&a.url(), &learner, Some("a")).await;
        assert_eq!(at, "a");
        assert_eq!(sample(&a.metrics(), "studyhall_relays"), Some(0.0));
        drop((first, second, third));
    });
    assert_eq!(told(&a.metrics()), table_of(&["all", "cql", "redis"]));
    assert_eq!(sample(&a.metrics(), r#"studyhall_owner_claims_total{found="here"}"#), Some(1.0));
    assert_eq!(sample(&b.metrics(), r#"studyhall_owner_claims_total{found="elsewhere"}"#), Some(1.0));
    eventually("both beat", || sample(&b.metrics(), "studyhall_nodes_alive") >= Some(2.0));
}

/// A learner studies at one node, and a card is changed at the other.
fn an_edit_is_told(editor: &Node, studied: &Node) {
    let learner = token();
    let (deck, cards) = deck(editor, &learner, 1);
    runtime().block_on(async {
        let (mut socket, _) = come_in(&studied.url(), &learner, None).await;
        start(&mut socket, &deck).await;
        raw::until(&mut socket, "card").await;
        let url = format!("{}/api/v1/decks/{deck}/cards/{}", editor.url(), cards[0]);
        send("PATCH", &url, &learner, &json!({"back": "another answer"}));
        let changed = raw::until(&mut socket, "changed").await;
        assert!(changed.to_string().contains("another answer"), "{changed}");
    });
}

#[test]
fn an_edit_at_one_node_reaches_a_session_at_the_other_by_the_bus() {
    let Some(keyspace) = Keyspace::here_or_skip() else { return };
    let Some(redis) = RedisServer::start_or_skip() else { return };
    // Looking by themselves would take these nodes a minute: longer than the test waits.
    let url = redis.url();
    let [a, b] = [(); 2].map(|()| keyspace.node(&["--bus", &url]));
    an_edit_is_told(&a, &b);
}

#[test]
fn an_edit_at_one_node_reaches_a_session_at_the_other_without_redis_when_it_looks() {
    let Some(keyspace) = Keyspace::here_or_skip() else { return };
    let [a, b] = [(); 2].map(|()| keyspace.node(&["--check-interval", "2s"]));
    an_edit_is_told(&a, &b);
}

#[test]
fn a_node_that_starts_reads_what_is_in_use_at_another_before_it_is_ready() {
    let Some(keyspace) = Keyspace::here_or_skip() else { return };
    let a = keyspace.node(&[]);
    let learner = token();
    let (deck, _) = deck(&a, &learner, 3);
    runtime().block_on(async {
        let (mut socket, _) = come_in(&a.url(), &learner, None).await;
        start(&mut socket, &deck).await;
        answer(&mut socket, 3).await;
    });
    let b = keyspace.node(&[]);
    let lookups = sample(&b.metrics(), r#"studyhall_deck_cache_lookups_total{outcome="miss"}"#);
    assert!(lookups >= Some(1.0), "{lookups:?}");
    // Who does not know the run of a node is told nothing.
    let asked = ureq::post(format!("{}/nodes/v1/hot", a.url())).send_json(json!({"run": Uuid::new_v4()}));
    assert_eq!(asked.unwrap().into_body().read_to_string().unwrap(), "[]");
}

#[test]
fn from_a_log_without_any_cache_everything_is_there_again() {
    let Some(keyspace) = Keyspace::here_or_skip() else { return };
    let runtime = runtime();
    let learner = token();
    let node = keyspace.node(&[]);
    let (deck, cards) = deck(&node, &learner, 6);
    runtime.block_on(async {
        let (mut socket, _) = come_in(&node.url(), &learner, None).await;
        start(&mut socket, &deck).await;
        answer(&mut socket, 5).await;
        socket.close(1000, "").await.unwrap();
    });
    let bearer = [("authorization", format!("Bearer {learner}"))];
    let state = |node: &Node| {
        let of_card =
            |card: &String| get(&node.url(), &format!("/api/v1/decks/{deck}/cards/{card}/state"), &bearer);
        let states: Vec<_> = cards.iter().map(|card| of_card(card).unwrap()).collect();
        let progress = get(&node.url(), &format!("/api/v1/decks/{deck}/progress"), &bearer).unwrap();
        let history =
            get(&node.url(), &format!("/api/v1/history?deck_id={deck}&limit=100"), &bearer).unwrap();
        (states, progress, history)
    };
    let before = state(&node);
    drop(node);
    // As after a restore: the log and the library are there, and no cache of them.
    runtime.block_on(async {
        let session = keyspace.session().await;
        for table in CACHES {
            session.query_unpaged(format!("TRUNCATE {}.{table}", keyspace.name), ()).await.unwrap();
        }
    });
    let node = keyspace.node(&[]);
    assert_eq!(state(&node), before);
    // And it goes on from there: the last card, and nothing else, is still to come.
    runtime.block_on(async {
        let (mut socket, _) = come_in(&node.url(), &learner, None).await;
        start(&mut socket, &deck).await;
        answer(&mut socket, 1).await;
        raw::until(&mut socket, "done").await;
    });
    let page = std::fs::read_to_string(super::kit::folder().join("../docs/OPERATIONS.md")).unwrap();
    for table in CACHES {
        assert!(
            page.contains(&format!("TRUNCATE {table};")),
            "{table} is not emptied in the chapter about restores"
        );
    }
}
