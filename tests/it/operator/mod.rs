//! What an operator runs, by the real binary.

mod admin;
mod copy;
mod doctor;
mod verify;

use crate::study::binary::Place;
use crate::study::server::eventually;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

/// A server with an operator's port.
struct Served {
    child: Child,
    url: String,
    admin: String,
}

impl Served {
    fn start(place: &Place, more: &[&str]) -> Served {
        let ready = place.data.with_file_name("ready-with-admin.json");
        let _ = std::fs::remove_file(&ready);
        let mut command = place.command("serve");
        command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--workers", "1"]);
        command.arg("--ready-file").arg(&ready).args(more);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually("the server is ready", || {
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            ready.exists()
        });
        let said: Value = serde_json::from_str(&std::fs::read_to_string(ready).unwrap()).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Served { child, url: text("url"), admin: text("admin_url") }
    }

    /// Status and JSON of an answer of the operator's port.
    fn ask(&self, path: &str) -> (u16, Value) {
        let answer = quiet().get(format!("{}{path}", self.admin)).call().unwrap();
        let status = answer.status().as_u16();
        (status, answer.into_body().read_json().unwrap_or_default())
    }

    fn ended(mut self) -> ExitStatus {
        eventually("the server ends", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }

    fn terminate(self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.ended()
    }
}

/// A test that fails leaves no child behind.
impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks without taking a status for an error.
fn quiet() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// Exit code, standard output and complaints of a command.
fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A command whose output is JSON, and its exit code.
#[track_caller]
fn told(command: &mut Command) -> (Option<i32>, Value) {
    let (code, out, err) = said(&command.output().unwrap());
    let json = serde_json::from_str(out.trim()).unwrap_or_else(|error| panic!("{error}: {out} {err}"));
    (code, json)
}

/// A fresh keyspace on the CQL server of these tests. `None` where the test is skipped; fails there when `CI=true`.
fn keyspace(name: &str) -> Option<String> {
    let Some(contact) = std::env::var("STUDYHALL_TEST_CQL").ok().filter(|contact| !contact.is_empty()) else {
        let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!is_ci, "STUDYHALL_TEST_CQL names no server");
        eprintln!("skipped: STUDYHALL_TEST_CQL names no server; `make unit` starts one");
        return None;
    };
    let store = format!("cql://{contact}/{name}{}", std::process::id());
    let mut migrate = Command::new(env!("CARGO_BIN_EXE_studyhall"));
    migrate.args(["migrate", "--store", &store, "--replication-factor", "1"]);
    let (code, _, err) = said(&migrate.output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    Some(store)
}

/// `studyhall copy --from … --to … --json`.
fn copied(from: &str, to: &str, more: &[&str]) -> Output {
    let mut copy = Command::new(env!("CARGO_BIN_EXE_studyhall"));
    copy.args(["copy", "--from", from, "--to", to, "--json"]).args(more).output().unwrap()
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}
