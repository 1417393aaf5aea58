//! A real Redis for a test: its own process on a free port, without files.

use crate::port::free_port;
use crate::wait::DEADLINE;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Redis that ends with this.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts one and waits until it answers. Where there is no `redis-server` the test says that it is skipped, and
    /// fails where `CI=true`.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_or_skip() -> Option<RedisServer> {
        let there = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!is_ci, "redis-server is not installed (scripts/tools.sh test installs it)");
            eprintln!("skipped: redis-server is not installed (scripts/tools.sh test installs it)");
            return None;
        }
        // Somebody else may take the port before the server has it.
        for _ in 0..10 {
            let mut server = RedisServer { port: free_port(), child: None };
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    /// `redis://…`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Whether it answers.
    pub fn answers(&self) -> bool {
        self.says("PING\r\n").is_some_and(|answer| answer.starts_with("+PONG"))
    }

    /// Kills it: all that it knew is forgotten.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again at the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.kill();
        let since = Instant::now();
        while !self.try_start() {
            assert!(since.elapsed() < DEADLINE, "redis-server does not start again");
        }
    }

    /// Stops it in the middle of what it does: connections stay, nothing answers.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// What it says to a line.
    pub fn says(&self, line: &str) -> Option<String> {
        let wait = Duration::from_secs(2);
        let mut stream = TcpStream::connect_timeout(&self.address(), wait).ok()?;
        stream.set_read_timeout(Some(wait)).ok()?;
        stream.write_all(line.as_bytes()).ok()?;
        let mut answer = [0; 65_536];
        let length = stream.read(&mut answer).ok()?;
        Some(String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    fn try_start(&mut self) -> bool {
        // It must not outlive a test that is killed: where the system can, it ends with the thread that started it.
        let tied =
            Command::new("setpriv").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        let mut command = Command::new("redis-server");
        if tied.is_ok_and(|status| status.success()) {
            command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "redis-server"]);
        }
        let child = command
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(["--dir", "/tmp", "--daemonize", "no"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { return false };
        let since = Instant::now();
        while since.elapsed() < DEADLINE {
            if child.try_wait().ok().flatten().is_some() {
                return false;
            }
            if self.answers() {
                self.child = Some(child);
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }

    fn signal(&self, name: &str) {
        let Some(child) = &self.child else { return };
        let done = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(done.is_ok_and(|status| status.success()), "the signal did not arrive");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
