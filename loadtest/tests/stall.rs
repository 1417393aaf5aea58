//! The load generator against a server that stalls on purpose: it has to say so. A generator that waits with its
//! questions while the server does not answer would see one slow answer and report a fast server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server stands still.
const STALL: Duration = Duration::from_secs(3);
/// What an answer may take at most, p99, in milliseconds: far from a stall, and far from what a busy machine does.
const BEARABLE_MS: u64 = 1_500;
const SECRET: &str = "a secret of the load generator's own tests, long enough";

/// A server that is killed when the test ends.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name(name)
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn serve(folder: &Path) -> Server {
    let ready_file = folder.join("ready.json");
    let child = Command::new(program("studyhall"))
        .args(["serve", "--listen", "127.0.0.1:0", "--workers", "1", "--data-dir"])
        .arg(folder.join("data"))
        .arg("--ready-file")
        .arg(&ready_file)
        .env("STUDYHALL_AUTH_SECRET", SECRET)
        .stdout(Stdio::null())
        .spawn()
        .expect("studyhall lies beside the load generator: cargo build --workspace --bins");
    let ready: Value = eventually("the server is ready", || {
        serde_json::from_str(&std::fs::read_to_string(&ready_file).ok()?).ok()
    });
    Server { child, url: ready["url"].as_str().unwrap().to_owned() }
}

fn signal(server: &Server, name: &str) {
    let sent = Command::new("kill").args([name, &server.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Runs a small open model; whether it passed, and its report. `meanwhile` runs once answers are saved.
fn run(meanwhile: impl FnOnce(&Server)) -> (bool, Value) {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let scenario = folder.path().join("small.toml");
    let text = format!(
        "name = \"small\"\nabout = \"A few learners\"\nsteady_s = 8\n[learners]\ncount = 20\njoin_per_s = 20\n\
         [answers]\nevery_ms = 200\n[pass]\ncard_p99_ms = {BEARABLE_MS}.0\n"
    );
    std::fs::write(&scenario, text).unwrap();
    let report = folder.path().join("report.json");
    let mut generator = Command::new(env!("CARGO_BIN_EXE_loadtest"))
        .arg("run")
        .arg(&scenario)
        .args(["--server", &server.url, "--secret", SECRET, "--learners-core", "all", "--json"])
        .arg(&report)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("answers arrive", || (answers(&server) > 50).then_some(()));
    meanwhile(&server);
    let status = generator.wait().unwrap();
    let report = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    (status.success(), report)
}

/// Answers that the server has made durable, as its metrics say.
fn answers(server: &Server) -> u64 {
    let text = metrics(&server.url).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("studyhall_rows_durable_total "));
    line.and_then(|number| number.trim().parse::<f64>().ok()).map_or(0, |number| number as u64)
}

fn metrics(url: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// The highest latency of an answer to the next card, in microseconds: from the intended moment, or from the sending.
fn slowest_us(report: &Value, kind: &str) -> u64 {
    let recorded = report["outcome"]["figures"]["to_card"][kind].as_array().unwrap();
    recorded.iter().filter_map(|pair| pair[0].as_u64()).max().unwrap()
}

/// How many answers took longer than so many microseconds from their intended moment.
fn slower_than(report: &Value, us: u64) -> u64 {
    let recorded = report["outcome"]["figures"]["to_card"]["corrected"].as_array().unwrap();
    recorded.iter().filter(|pair| pair[0].as_u64() > Some(us)).filter_map(|pair| pair[1].as_u64()).sum()
}

fn check<'a>(report: &'a Value, what: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"].as_str().is_some_and(|said| said.contains(what))).unwrap()
}

#[test]
fn a_server_that_stands_still_fails_the_run_and_every_answer_that_it_held_up_is_told() {
    let (passed, report) = run(|server| {
        signal(server, "-STOP");
        std::thread::sleep(STALL);
        signal(server, "-CONT");
    });
    assert!(!passed, "a server stood still for {STALL:?} and passed");
    assert_eq!(check(&report, "p99")["passed"], false, "{}", report["checks"]);
    assert!(slowest_us(&report, "corrected") >= 2_500_000, "the stall is in the figures");
    // Each learner intended five answers a second: those of a whole second and more are told as late, not one of them.
    assert!(slower_than(&report, 1_000_000) >= 20 * 5, "{}", slower_than(&report, 1_000_000));
}

#[test]
fn a_server_that_does_not_passes() {
    let (passed, report) = run(|_| ());
    assert!(passed, "{}", report["checks"]);
}
