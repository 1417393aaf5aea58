//! Servers of a test's own, which it may stop and kill.

use crate::server::skipped;
use cql::Address;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One cluster at a time: they are large.
static ONE: Mutex<()> = Mutex::new(());

/// Cassandra on a port of its own; it ends with this.
pub struct Cluster {
    port: u16,
    folder: PathBuf,
    _one: MutexGuard<'static, ()>,
}

impl Cluster {
    /// `None` where it cannot be started and the test is to be skipped.
    pub fn start(nodes: usize) -> Option<Cluster> {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let port = kit::free_ports(2);
        let folder = std::env::temp_dir().join(format!("studyhall-cassandra-{}-{port}", std::process::id()));
        let cluster = Cluster { port, folder, _one: one };
        if !cluster.script(&["start", "--nodes", &nodes.to_string()]) {
            return skipped("scripts/cassandra.sh cannot start a server here");
        }
        Some(cluster)
    }

    pub fn address(&self, keyspace: &str) -> Address {
        let port = self.port;
        format!("cql://127.0.0.1:{port},127.0.0.2:{port},127.0.0.3:{port}/{keyspace}").parse().unwrap()
    }

    /// The node stands still, with its connections open.
    pub fn pause(&self, node: usize) {
        self.signal(node, "-STOP");
    }

    /// It goes on.
    pub fn resume(&self, node: usize) {
        self.signal(node, "-CONT");
    }

    /// It is gone, at once.
    pub fn kill(&self, node: usize) {
        self.signal(node, "-KILL");
    }

    /// Whoever is gone comes back, with what its disk has.
    pub fn restart(&self) {
        assert!(self.script(&["start"]));
    }

    fn signal(&self, node: usize, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.join(format!("node{node}.pid"))).unwrap();
        assert!(Command::new("kill").args([signal, pid.trim()]).status().unwrap().success());
    }

    fn script(&self, args: &[&str]) -> bool {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/cassandra.sh");
        let mut command = Command::new(script);
        command.args(args).arg("--port").arg(self.port.to_string()).arg("--dir").arg(&self.folder);
        command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // What the servers said is kept for whoever looks into a failure.
        let keep: &[&str] = if std::thread::panicking() { &["--keep"] } else { &[] };
        self.script(&[&["stop"], keep].concat());
    }
}
