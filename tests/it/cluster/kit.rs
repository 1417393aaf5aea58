//! Nodes as children of the test, with wires between all parts that a test can break.

use crate::study::any_store;
use crate::study::server::eventually;
use cql::{CqlStore, Options};
use domain::ids::UserId;
use kit::redis_server::RedisServer;
use kit::{CqlProxy, TcpProxy, free_port};
use ports::Role;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use studyhall::auth::{Mint, Wanted};
use studyhall::clock::real_ms;

const SECRET: &str = "a secret that only these tests know, long enough";

/// How long a node may take to go: it waits for sockets that stay, for rows that are not stored yet, and for its claims
/// to be given back, each for a time of its own.
const LEAVING_MAX: Duration = Duration::from_secs(90);

/// A keyspace, a Redis, and the nodes that share them.
pub struct Cluster {
    /// Where the test's own store and all wires live.
    pub runtime: tokio::runtime::Runtime,
    keyspace: String,
    redis: Mutex<RedisServer>,
    wires: Option<Wires>,
    folder: tempfile::TempDir,
    /// One cluster at a time: several nodes each would leave the other tests nothing of the machine.
    _turn: MutexGuard<'static, ()>,
}

/// What lies between the nodes and what they share.
pub struct Wires {
    /// To the CQL server.
    pub store: TcpProxy,
    /// Behind it: what refuses writes in the server's stead.
    pub refusing: CqlProxy,
    /// To Redis.
    pub redis: TcpProxy,
}

/// One node.
pub struct Node {
    child: Child,
    pub url: String,
    pub address: SocketAddr,
    /// What the other nodes reach it by, where the cluster has wires.
    link: Option<TcpProxy>,
    log: PathBuf,
}

impl Cluster {
    /// `None` where the test is skipped: without a CQL server or a Redis. Fails there when `CI=true`.
    pub fn start_or_skip() -> Option<Cluster> {
        Self::begin(false)
    }

    /// The same with wires between all parts.
    pub fn with_wires() -> Option<Cluster> {
        Self::begin(true)
    }

    fn begin(wired: bool) -> Option<Cluster> {
        if std::env::var("STUDYHALL_TEST_CQL").is_ok_and(|contact| contact.is_empty())
            || std::env::var("STUDYHALL_TEST_CQL").is_err()
        {
            let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!is_ci, "STUDYHALL_TEST_CQL names no server");
            eprintln!("skipped: STUDYHALL_TEST_CQL names no server; `make unit` starts one");
            return None;
        }
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let redis = RedisServer::start_or_skip()?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let wires = wired.then(|| {
            runtime.block_on(async {
                let refusing = CqlProxy::start(any_store::contact_point().parse().unwrap()).await;
                let store = TcpProxy::start(refusing.address()).await;
                Wires { store, refusing, redis: TcpProxy::start(redis.address()).await }
            })
        });
        let folder = tempfile::tempdir().unwrap();
        let redis = Mutex::new(redis);
        Some(Cluster { runtime, keyspace: keyspace(), redis, wires, folder, _turn: turn })
    }

    /// The wires of a cluster that has some.
    pub fn wires(&self) -> &Wires {
        self.wires.as_ref().unwrap()
    }

    /// The Redis itself.
    pub fn redis(&self) -> MutexGuard<'_, RedisServer> {
        self.redis.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The test's own way into the store, by no wire.
    pub fn store(&self) -> CqlStore {
        let address = store_url(&any_store::contact_point(), &self.keyspace).parse().unwrap();
        self.runtime.block_on(CqlStore::open(&address, &Options::default())).unwrap()
    }

    /// Starts a node and waits until it is ready.
    pub fn node(&self) -> Node {
        let node = self.launch();
        node.await_ready();
        node
    }

    /// Starts several, side by side.
    pub fn nodes<const N: usize>(&self) -> [Node; N] {
        self.nodes_with(&[])
    }

    /// The same with more settings.
    pub fn nodes_with<const N: usize>(&self, settings: &[&str]) -> [Node; N] {
        let nodes = std::array::from_fn(|_| self.launch_with(settings));
        nodes.iter().for_each(Node::await_ready);
        nodes
    }

    fn launch(&self) -> Node {
        self.launch_with(&[])
    }

    fn launch_with(&self, settings: &[&str]) -> Node {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (contact, redis, link) = match &self.wires {
            None => (any_store::contact_point(), self.redis().url(), None),
            Some(wires) => (
                wires.store.address().to_string(),
                format!("redis://{}", wires.redis.address()),
                Some(self.runtime.block_on(TcpProxy::start(address))),
            ),
        };
        let log = self.folder.path().join(format!("{}.log", address.port()));
        let mut serve = command("serve", &store_url(&contact, &self.keyspace));
        serve
            .current_dir(self.folder.path())
            .args(["--bus", &redis, "--listen", &address.to_string(), "--workers", "1"])
            .args(["--log-format", "json"])
            .args(settings);
        if let Some(link) = &link {
            serve.args(["--node-address", &link.address().to_string()]);
        }
        let child = serve.stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
        Node { child, url: format!("http://{address}"), address, link, log }
    }

    /// A token of this learner.
    pub fn token(user: UserId) -> String {
        Self::token_of(user, Role::Learner)
    }

    /// A token of somebody in this role.
    pub fn token_of(user: UserId, role: Role) -> String {
        let mint = Mint::new(SECRET.as_bytes(), "studyhall", "studyhall").unwrap();
        let wanted = Wanted { user, role, org: None, name: None, ttl_ms: 3_600_000 };
        mint.token(&wanted, real_ms()).unwrap().0
    }
}

/// One keyspace for all tests, whose learners are strangers to each other: a schema takes its time.
fn keyspace() -> String {
    static MIGRATED: OnceLock<String> = OnceLock::new();
    let made = MIGRATED.get_or_init(|| {
        let keyspace = format!("nodes{}", std::process::id());
        let store = store_url(&any_store::contact_point(), &keyspace);
        let migrated = command("migrate", &store).args(["--replication-factor", "1"]).output().unwrap();
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        keyspace
    });
    made.clone()
}

fn store_url(contact: &str, keyspace: &str) -> String {
    format!("cql://{contact}/{keyspace}")
}

fn command(name: &str, store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_studyhall"));
    command.arg(name).args(["--store", store]).env("STUDYHALL_AUTH_SECRET", SECRET);
    command
}

impl Node {
    fn await_ready(&self) {
        eventually("the node is ready", || {
            ureq::get(format!("{}/readyz", self.url)).call().is_ok_and(|answer| answer.status() == 200)
        });
    }

    /// What the other nodes reach it by.
    pub fn link(&self) -> &TcpProxy {
        self.link.as_ref().unwrap()
    }

    /// What it says at a path, whatever the status.
    pub fn says(&self, path: &str) -> Option<String> {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false)
            .build();
        let agent: ureq::Agent = config.into();
        let answer = agent.get(format!("{}{path}", self.url)).call().ok()?;
        answer.into_body().read_to_string().ok()
    }

    /// The value of one of its metrics, with its labels as they are told.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.says("/metrics")?;
        let line = text.lines().find(|line| line.split(' ').next() == Some(name))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// What `readyz` says is not as it should be.
    pub fn degraded(&self) -> Option<Vec<String>> {
        let said: serde_json::Value = serde_json::from_str(&self.says("/readyz")?).ok()?;
        let degraded = said["degraded"].as_array()?;
        Some(degraded.iter().filter_map(|what| what.as_str().map(str::to_owned)).collect())
    }

    /// Its resident memory, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; waits until it has ended well.
    pub fn leave(mut self) {
        self.signal("TERM");
        let since = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(since.elapsed() < LEAVING_MAX, "the node does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }
}

/// A test that fails leaves no child behind, and what the child said.
impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let loud = |line: &&str| !line.contains("\"INFO\"") && !line.contains("\"DEBUG\"");
            let said: Vec<&str> = log.lines().filter(loud).collect();
            let last = said.len().saturating_sub(12);
            let said: Vec<&str> = said.iter().map(|line| line.get(..300).unwrap_or(line)).collect();
            eprintln!("{} said at last:\n{}", self.address, said[last..].join("\n"));
        }
    }
}
