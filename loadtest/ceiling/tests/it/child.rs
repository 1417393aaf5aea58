//! The binary as a child of the test.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// One of its commands, nothing added.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ceiling"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A ceiling that serves on a free port, with a folder of its own.
pub struct Serving {
    child: Child,
    pub url: String,
    folder: TempDir,
}

impl Serving {
    /// Starts it and waits until it is ready.
    pub async fn start(arguments: &[&str]) -> Serving {
        let folder = tempfile::tempdir().unwrap();
        let ready_file = folder.path().join("ready.json");
        let mut command = command(arguments);
        command.args(["--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready_file).stdout(Stdio::null());
        if arguments.first() == Some(&"web") {
            command.arg("--data-dir").arg(folder.path().join("data"));
        }
        let mut serving = Serving { child: command.spawn().unwrap(), url: String::new(), folder };
        kit::wait::eventually("the ceiling is ready", || {
            assert!(serving.child.try_wait().unwrap().is_none(), "it ended before it was ready");
            ready_file.exists()
        })
        .await;
        let ready: Value = serde_json::from_str(&std::fs::read_to_string(&ready_file).unwrap()).unwrap();
        assert_eq!(ready["pid"], serving.child.id());
        serving.url = ready["url"].as_str().unwrap().to_owned();
        serving
    }

    /// The web application's database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/web.db")
    }

    /// Ends it as the load generator does, and waits for it.
    pub async fn terminate(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        kit::wait::eventually("it ends", || self.child.try_wait().unwrap().is_some()).await;
        self.child.wait().unwrap().code()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A test that fails leaves no child behind.
impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
