//! Real nodes with any flags, programs that may be missing, and the files of `deploy/` with a test's own addresses.

use crate::study::raw;
use crate::study::server::eventually;
use client::{RawOptions, RawSocket};
use domain::ids::UserId;
use kit::free_port;
use ports::Role;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use studyhall::auth::{Mint, Wanted};
use studyhall::clock::real_ms;
use uuid::Uuid;

const SECRET: &str = "a secret that only these tests know, long enough";

/// Whether a program is here; where it is not, the test says that it is skipped, and fails with `CI=true`.
pub fn is_here(program: &str) -> bool {
    let found =
        Command::new("sh").args(["-c", "command -v \"$1\"", "sh", program]).stdout(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return true;
    }
    let missing = format!("{program} is not installed (scripts/tools.sh test installs it)");
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{missing}");
    eprintln!("skipped: {missing}");
    false
}

/// The folder with the files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

/// A file of it.
pub fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The text with each of these put in place of what it names, which must be there.
pub fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in the file any more");
        text.replace(from, to)
    })
}

/// What a program says, and whether it is content.
pub fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A child that ends with this.
pub struct Program(Child);

impl Program {
    /// Starts it, its output into a file of this folder.
    pub fn start(command: &mut Command, folder: &Path, name: &str) -> Program {
        let log = std::fs::File::create(folder.join(format!("{name}.log"))).unwrap();
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn();
        Program(child.unwrap_or_else(|error| panic!("{name} does not start: {error}")))
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A real node.
pub struct Node {
    pub port: u16,
    _program: Program,
    _folder: tempfile::TempDir,
}

impl Node {
    /// Starts one with these flags, on an embedded store of its own unless they name another, and waits until it is ready.
    pub fn start(flags: &[&str]) -> Node {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_studyhall"));
        command
            .args(["serve", "--workers", "1", "--listen", &format!("127.0.0.1:{port}")])
            .args(flags)
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .current_dir(folder.path())
            .env("STUDYHALL_AUTH_SECRET", SECRET);
        let program = Program::start(&mut command, folder.path(), "node");
        let node = Node { port, _program: program, _folder: folder };
        eventually("the node is ready", || node.get("/readyz", None).is_ok());
        node
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A read; the status where it is no success.
    pub fn get(&self, path: &str, token: Option<&str>) -> Result<String, u16> {
        get(
            &self.url(),
            path,
            &token.map(|token| ("authorization", format!("Bearer {token}"))).into_iter().collect::<Vec<_>>(),
        )
    }

    /// What it tells of itself.
    pub fn metrics(&self) -> String {
        self.get("/metrics", None).unwrap()
    }
}

/// A read; the status where it is no success, 0 where there is no answer.
pub fn get(url: &str, path: &str, headers: &[(&str, String)]) -> Result<String, u16> {
    let mut request = ureq::get(format!("{url}{path}"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    match request.call() {
        Ok(answer) => Ok(answer.into_body().read_to_string().unwrap()),
        Err(ureq::Error::StatusCode(status)) => Err(status),
        Err(_) => Err(0),
    }
}

/// The value of a sample, as `name` or `name{label="value"}`.
pub fn sample(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// A token of somebody, good at every node of these tests.
pub fn token() -> String {
    let mint = Mint::new(SECRET.as_bytes(), "studyhall", "studyhall").unwrap();
    let user = UserId(Uuid::new_v4());
    let wanted = Wanted { user, role: Role::Learner, org: None, name: None, ttl_ms: 3_600_000 };
    mint.token(&wanted, real_ms()).unwrap().0
}

/// Comes in at this address with this cookie; the socket, and the node that it is at as its welcome has it.
pub async fn come_in(url: &str, token: &str, cookie: Option<&str>) -> (RawSocket, String) {
    let cookie = cookie.map(|node| ("cookie".to_owned(), format!("theme=dark; studyhall_node={node}")));
    let options = RawOptions { headers: cookie.into_iter().collect(), ..RawOptions::new(url) };
    let mut socket = RawSocket::connect(&options).await.unwrap();
    socket.send_text(crate::study::learner::hello(token, Uuid::new_v4()).to_string()).await.unwrap();
    let welcome = raw::until(&mut socket, "welcome").await;
    (socket, welcome["node"].as_str().unwrap_or_default().to_owned())
}

/// A request with a body, as this person.
pub fn send(method: &str, url: &str, token: &str, body: &Value) -> Value {
    let request = match method {
        "PATCH" => ureq::patch(url),
        _ => ureq::post(url),
    };
    let answer = request.header("authorization", format!("Bearer {token}")).send_json(body).unwrap();
    answer.into_body().read_json().unwrap()
}

/// Studies a new deck through this address, until each of so many answers is saved.
pub async fn study(url: &str, token: &str, node: &str, answers: u64) {
    let (cookie, bearer) = (format!("studyhall_node={node}"), format!("Bearer {token}"));
    let post = |path: &str, body: Value| -> Value {
        let request = ureq::post(format!("{url}/api/v1{path}"));
        let request = request.header("authorization", &bearer).header("cookie", &cookie);
        request.send_json(body).unwrap().into_body().read_json().unwrap()
    };
    let deck = post("/decks", json!({"title": "Through a proxy"}))["deck_id"].clone();
    let cards: Vec<Value> = (0..answers).map(|n| json!({"front": format!("q{n}"), "back": "a"})).collect();
    post(&format!("/decks/{}/cards/bulk", deck.as_str().unwrap()), json!({"cards": cards}));
    let (mut socket, at) = come_in(url, token, Some(node)).await;
    assert_eq!(at, node);
    let start = json!({"type": "start", "sitting": Uuid::now_v7(), "decks": [deck], "window": 1});
    socket.send_text(start.to_string()).await.unwrap();
    for seq in 1..=answers {
        let card = raw::until(&mut socket, "card").await;
        let answer = json!({
            "type": "answer", "seq": seq, "id": Uuid::now_v7(), "deck_id": card["deck_id"],
            "card_id": card["card_id"], "grade": 4, "elapsed_ms": 900,
        });
        socket.send_text(answer.to_string()).await.unwrap();
    }
    raw::until_saved(&mut socket, answers).await;
    socket.close(1000, "").await.unwrap();
}

/// A runtime for a test's sockets.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
