//! The real binary as a child of the test: started, watched, killed by its own id.

use super::any_store::{self, AnyStore};
use super::server::eventually;
use domain::ids::{OrgId, UserId};
use kit::free_port;
use ports::Role;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use studyhall::auth::{Mint, Wanted};
use studyhall::clock::real_ms;

const SECRET: &str = "a secret that only these tests know, long enough";

/// What Cassandra says to every client that names its keyspace once, and not in each statement.
const PREPARED_IN_KEYSPACE: &str = "with prepared statements is considered to be an anti-pattern";

/// What a node says of another that was killed: on the CQL store the tests' servers are nodes of one keyspace.
const NEIGHBOUR_DIED: &str = "a node stands still and is declared dead";

/// What it says at its end where the disk was slow, and loses nothing by it: the next life makes them from the log.
const CACHES_NOT_WRITTEN: &str = "caches were not all written in time: they are made from the log";

/// Where a binary's data lies and where it listens, over all its lives.
pub struct Place {
    pub data: PathBuf,
    /// The keyspace, where the suite runs on a CQL server.
    keyspace: Option<&'static str>,
    port: u16,
    folder: tempfile::TempDir,
}

/// One life of the binary.
pub struct Life {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Place {
    /// On whichever store the suite runs.
    pub fn new() -> Place {
        Place { keyspace: any_store::on_cql().then(keyspace), ..Place::with_files() }
    }

    /// On the embedded store, for tests that are about its files.
    pub fn with_files() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place { data: folder.path().join("data"), keyspace: None, port: free_port(), folder }
    }

    /// The store that it serves, while it does not run.
    pub async fn store(&self) -> AnyStore {
        match self.keyspace {
            None => AnyStore::Embedded(open(&self.data)),
            Some(keyspace) => {
                let address = keyspace.parse().unwrap();
                AnyStore::Cql(cql::CqlStore::open(&address, &cql::Options::default()).await.unwrap())
            }
        }
    }

    /// The server's address, the same in each life.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A token of this learner.
    pub fn token(&self, user: UserId) -> String {
        self.token_of(user, Role::Learner, None)
    }

    /// A token of somebody in an organisation.
    pub fn token_of(&self, user: UserId, role: Role, org: Option<OrgId>) -> String {
        let mint = Mint::new(SECRET.as_bytes(), "studyhall", "studyhall").unwrap();
        let wanted = Wanted { user, role, org, name: None, ttl_ms: 3_600_000 };
        mint.token(&wanted, real_ms()).unwrap().0
    }

    /// Starts it and waits for nothing.
    pub fn spawn(&self) -> Life {
        self.spawn_with(&[])
    }

    fn spawn_with(&self, more: &[&str]) -> Life {
        let ready = self.ready_file();
        let _ = std::fs::remove_file(&ready);
        let mut child = self
            .command("serve")
            .args(self.keyspace.iter().flat_map(|keyspace| ["--store", *keyspace]))
            .args(["--listen", &format!("127.0.0.1:{}", self.port), "--workers", "2", "--log-format", "json"])
            .arg("--dev-webhooks")
            .arg("--ready-file")
            .arg(&ready)
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let written = log.clone();
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                written.lock().unwrap().push(line);
            }
        });
        Life { child, log, reader: Some(reader) }
    }

    /// Starts it and waits until it is ready.
    pub fn start(&self) -> Life {
        self.start_with(&[])
    }

    /// The same, told more.
    pub fn start_with(&self, more: &[&str]) -> Life {
        let mut life = self.spawn_with(more);
        eventually("the server is ready", || {
            assert!(life.child.try_wait().unwrap().is_none(), "it ended: {:?}", life.lines());
            self.is_ready()
        });
        life
    }

    pub fn is_ready(&self) -> bool {
        self.ready_file().exists()
    }

    /// What `studyhall verify --json` says of the files, and its exit code.
    pub fn verify(&self) -> (Value, Option<i32>) {
        let output = self.command("verify").arg("--json").output().unwrap();
        let report = serde_json::from_slice(&output.stdout);
        let report = report.unwrap_or_else(|error| {
            panic!("no report ({error}): {}", String::from_utf8_lossy(&output.stderr));
        });
        (report, output.status.code())
    }

    /// One of its commands, on this data.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_studyhall"));
        command.arg(name).arg("--data-dir").arg(&self.data).env("STUDYHALL_AUTH_SECRET", SECRET);
        command.current_dir(self.folder.path());
        command
    }

    fn ready_file(&self) -> PathBuf {
        self.folder.path().join("ready.json")
    }
}

impl Life {
    /// `kill -9`.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.end();
        self.complaints()
    }

    /// SIGTERM; use [`Life::ended`] to wait for the end.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end.
    pub fn ended(mut self) -> (ExitStatus, Vec<String>) {
        eventually("the server ends", || self.child.try_wait().unwrap().is_some());
        let status = self.end();
        (status, self.complaints())
    }

    fn end(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status
    }

    fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Log lines that somebody should look at: warnings, errors, and whatever is no line of the log.
    pub fn complaints(&self) -> Vec<String> {
        let is_fine = |line: &String| {
            let line: Result<Value, _> = serde_json::from_str(line);
            line.is_ok_and(|line| {
                let is_loud = matches!(line["level"].as_str(), Some("WARN" | "ERROR") | None);
                !is_loud
                    || line["warning"].as_str().is_some_and(|text| text.contains(PREPARED_IN_KEYSPACE))
                    || line["message"] == CACHES_NOT_WRITTEN
                    || (any_store::on_cql() && line["message"] == NEIGHBOUR_DIED)
            })
        };
        self.lines().into_iter().filter(|line| !is_fine(line)).collect()
    }
}

/// A test that fails leaves no child behind, and shows what the child complained of.
impl Drop for Life {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server's log: {:#?}", self.complaints());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The keyspace of all binaries that this process starts, made by the binary itself.
fn keyspace() -> &'static str {
    static MIGRATED: OnceLock<String> = OnceLock::new();
    MIGRATED.get_or_init(|| {
        let keyspace = format!("cql://{}/places{}", any_store::contact_point(), std::process::id());
        let mut migrate = Command::new(env!("CARGO_BIN_EXE_studyhall"));
        migrate.args(["migrate", "--store", &keyspace, "--replication-factor", "1"]);
        let migrated = migrate.env("STUDYHALL_AUTH_SECRET", SECRET).output().unwrap();
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        keyspace
    })
}

/// Opens the data of a server that does not run.
pub fn open(data: &Path) -> embedded::EmbeddedStore {
    super::server::open(data)
}
