//! The public RFC 6455 suite against the echo, over the very layer that study sockets stand on.
//!
//! The suite is set up by `tests/conformance/setup.sh`. Where that is not possible the test says why and passes;
//! with `CI=true` it fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ws_layer::echo;
use crate::ws_layer::server::TestServer;

/// How long the suite may run; it takes some seconds.
const SUITE_MAX: Duration = Duration::from_secs(300);

/// Fewer cases than this mean that the suite did not run as a whole.
const CASES_MIN: usize = 240;

/// The suite's verdict on one case.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    behavior: String,
    behavior_close: String,
}

impl Verdict {
    fn is_good(&self) -> bool {
        [&self.behavior, &self.behavior_close]
            .iter()
            .all(|word| matches!(word.as_str(), "OK" | "INFORMATIONAL"))
    }
}

#[test]
fn the_public_suite_finds_no_fault_and_no_wrong_closing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let suite = root.join(".cache/conformance");
    if let Err(reason) = set_up(root, &suite) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the RFC 6455 suite must run: {reason}");
        println!("skipped, the RFC 6455 suite cannot be set up: {reason}");
        return;
    }
    let server = TestServer::start(echo::routes);
    let folder = tempfile::tempdir().unwrap();
    let spec = std::fs::read_to_string(root.join("tests/conformance/spec.json")).unwrap();
    let mut spec: Value = serde_json::from_str(&spec).unwrap();
    spec["servers"][0]["url"] = json!(format!("ws://{}/", server.address));
    std::fs::write(folder.path().join("spec.json"), spec.to_string()).unwrap();

    run(&suite.join("wstest"), folder.path());

    let report =
        std::fs::read_to_string(folder.path().join("reports/index.json")).expect("the suite reports");
    let report: BTreeMap<String, BTreeMap<String, Verdict>> = serde_json::from_str(&report).unwrap();
    let cases = report.get("studyhall").expect("a report on the echo");
    assert!(cases.len() >= CASES_MIN, "only {} cases ran", cases.len());
    let bad: Vec<_> = cases.iter().filter(|(_, verdict)| !verdict.is_good()).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

fn set_up(root: &Path, suite: &Path) -> Result<(), String> {
    let output = Command::new("bash")
        .arg(root.join("tests/conformance/setup.sh"))
        .arg(suite)
        .output()
        .map_err(|error| format!("bash does not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(stderr.lines().last().unwrap_or("setup.sh failed without a word").to_owned())
}

fn run(wstest: &Path, folder: &Path) {
    let mut suite = Command::new(wstest)
        .args(["-m", "fuzzingclient", "-s", "spec.json"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the suite starts");
    let deadline = Instant::now() + SUITE_MAX;
    let status = loop {
        if let Some(status) = suite.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            suite.kill().unwrap();
            panic!("the suite did not end within {SUITE_MAX:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "the suite ended with {status}");
}
