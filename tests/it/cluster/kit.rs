//! Nodes as children of the test, and a learner who uses them.

use crate::study::raw;
use crate::study::server::eventually;
use client::RawSocket;
use domain::ids::UserId;
use kit::redis_server::RedisServer;
use ports::Role;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use studyhall::auth::{Mint, Wanted};
use studyhall::clock::real_ms;
use uuid::Uuid;

const SECRET: &str = "a secret that only these tests know, long enough";
/// How long something may take that has a deadline of its own in production.
const DEADLINE: Duration = Duration::from_secs(60);

/// A keyspace, a Redis, and the nodes that share them.
pub struct Cluster {
    store: String,
    pub redis: RedisServer,
    folder: tempfile::TempDir,
    /// One cluster at a time: several nodes each would leave the other tests nothing of the machine.
    _turn: MutexGuard<'static, ()>,
}

/// One node.
pub struct Node {
    child: Child,
    pub url: String,
}

impl Cluster {
    /// `None` where the test is skipped: without a CQL server or a Redis. Fails there when `CI=true`.
    pub fn start_or_skip() -> Option<Cluster> {
        static MIGRATED: OnceLock<String> = OnceLock::new();
        let Some(contact) = std::env::var("STUDYHALL_TEST_CQL").ok().filter(|contact| !contact.is_empty())
        else {
            let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!is_ci, "STUDYHALL_TEST_CQL names no server");
            eprintln!("skipped: STUDYHALL_TEST_CQL names no server; `make unit` starts one");
            return None;
        };
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let redis = RedisServer::start_or_skip()?;
        // One keyspace for all tests, whose learners are strangers to each other: a schema takes its time.
        let store = MIGRATED.get_or_init(|| {
            let store = format!("cql://{contact}/nodes{}", std::process::id());
            let migrated = command("migrate", &store).args(["--replication-factor", "1"]).output().unwrap();
            assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
            store
        });
        Some(Cluster { store: store.clone(), redis, folder: tempfile::tempdir().unwrap(), _turn: turn })
    }

    /// Starts a node and waits until it is ready.
    pub fn node(&self) -> Node {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(self.folder.path().join(format!("{port}.log"))).unwrap();
        let child = command("serve", &self.store)
            .current_dir(self.folder.path())
            .args(["--bus", &self.redis.url(), "--listen", &format!("127.0.0.1:{port}"), "--workers", "1"])
            .args(["--log-format", "json"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let node = Node { child, url: format!("http://127.0.0.1:{port}") };
        eventually("the node is ready", || {
            ureq::get(format!("{}/readyz", node.url)).call().is_ok_and(|answer| answer.status() == 200)
        });
        node
    }
}

fn command(name: &str, store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_studyhall"));
    command.arg(name).args(["--store", store]).env("STUDYHALL_AUTH_SECRET", SECRET);
    command
}

impl Node {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }
}

/// A test that fails leaves no child behind.
impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A person, and what was saved of what the person answered.
pub struct Learner {
    token: String,
    /// In the order in which they were given.
    answers: Vec<Uuid>,
    /// All that was saved, undos included.
    pub saved: BTreeSet<Uuid>,
}

/// A device of a learner at a node.
pub struct Device {
    pub socket: RawSocket,
    seq: u64,
    saved: u64,
    cards: VecDeque<Value>,
}

impl Device {
    /// The next frame; cards and `saved` are noted.
    async fn hear(&mut self) -> Value {
        let frame = raw::next(&mut self.socket).await.unwrap_or_else(|code| panic!("closed with {code:?}"));
        assert!(frame["type"] != "error", "{frame}");
        let saved = if frame["type"] == "saved" { &frame["seq"] } else { &frame["saved"] };
        self.saved = self.saved.max(saved.as_u64().unwrap_or(0));
        if frame["type"] == "card" {
            self.cards.push_back(frame.clone());
        }
        frame
    }

    /// The next card.
    async fn card(&mut self) -> Value {
        loop {
            match self.cards.pop_front() {
                Some(card) => return card,
                None => drop(self.hear().await),
            }
        }
    }

    /// The next frame of this type.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.hear().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }
}

impl Learner {
    pub fn new() -> Learner {
        let user = UserId(Uuid::new_v4());
        let mint = Mint::new(SECRET.as_bytes(), "studyhall", "studyhall").unwrap();
        let wanted = Wanted { user, role: Role::Learner, org: None, name: None, ttl_ms: 3_600_000 };
        Learner {
            token: mint.token(&wanted, real_ms()).unwrap().0,
            answers: Vec::new(),
            saved: BTreeSet::new(),
        }
    }

    /// A request with a body, at this node.
    pub fn post(&self, node: &Node, path: &str, body: &Value) -> Value {
        let request = ureq::post(format!("{}{path}", node.url)).header("authorization", self.bearer());
        request.send_json(body).unwrap().into_body().read_json().unwrap()
    }

    /// A read, at this node.
    pub fn get(&self, node: &Node, path: &str) -> Value {
        let request = ureq::get(format!("{}{path}", node.url)).header("authorization", self.bearer());
        request.call().unwrap().into_body().read_json().unwrap()
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// A deck with so many cards.
    pub fn deck(&self, node: &Node, cards: usize) -> String {
        let deck = self.post(node, "/api/v1/decks", &json!({"title": "Shared"}))["deck_id"].clone();
        let deck = deck.as_str().unwrap().to_owned();
        let cards: Vec<Value> =
            (0..cards).map(|n| json!({"front": format!("q{n}"), "back": format!("a{n}")})).collect();
        self.post(node, &format!("/api/v1/decks/{deck}/cards/bulk"), &json!({"cards": cards}));
        deck
    }

    /// Comes in at this node, again and again until it is let in, and begins to study.
    pub async fn study(&self, node: &Node, deck: &str) -> Device {
        let since = Instant::now();
        let mut socket = loop {
            let mut socket = raw::connect(&node.url).await;
            let hello = crate::study::learner::hello(&self.token, Uuid::new_v4());
            socket.send_text(hello.to_string()).await.unwrap();
            match raw::next(&mut socket).await {
                Ok(welcome) if welcome["type"] == "welcome" => break socket,
                Ok(other) => panic!("{other}"),
                Err(code) => assert!(since.elapsed() < DEADLINE, "closed with {code:?} for too long"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let start = json!({"type": "start", "sitting": Uuid::now_v7(), "decks": [deck], "window": 1});
        socket.send_text(start.to_string()).await.unwrap();
        Device { socket, seq: 0, saved: 0, cards: VecDeque::new() }
    }

    /// Answers the next cards at this device, and waits until each is saved.
    pub async fn answer(&mut self, device: &mut Device, cards: usize) {
        for _ in 0..cards {
            let card = device.card().await;
            device.seq += 1;
            let id = Uuid::now_v7();
            let answer = json!({
                "type": "answer", "seq": device.seq, "id": id, "deck_id": card["deck_id"],
                "card_id": card["card_id"], "grade": 4, "elapsed_ms": 900,
            });
            device.socket.send_text(answer.to_string()).await.unwrap();
            self.saved.insert(id);
            self.answers.push(id);
        }
        while device.saved < device.seq {
            device.hear().await;
        }
    }

    /// Takes the newest answer that was not taken back yet back, over HTTP at this node.
    pub fn undo_newest(&mut self, node: &Node) {
        let (id, of) = (Uuid::now_v7(), self.answers.pop().unwrap());
        let body = json!({"commands": [{"type": "undo", "id": id, "of": of}]});
        let verdicts = self.post(node, "/api/v1/reviews", &body);
        assert_eq!(verdicts["verdicts"][0]["verdict"], "durable", "{verdicts}");
        self.saved.insert(id);
    }

    /// What the log holds, as this node tells it.
    pub fn history(&self, node: &Node, deck: &str) -> BTreeSet<Uuid> {
        let page = self.get(node, &format!("/api/v1/history?deck_id={deck}&limit=100"));
        let items = page["items"].as_array().unwrap();
        let ids: BTreeSet<Uuid> =
            items.iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect();
        assert_eq!(ids.len(), items.len(), "an entry is told twice");
        ids
    }
}
