//! The server under load: one that runs already, or one that is started for the run, alone on its core.

pub mod metrics;
pub mod usage;

use crate::api::{Api, ApiError};
use hyper::Method;
use serde::{Deserialize, Serialize};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to be ready, and to end.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server.
pub struct Subject {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process, when it is on this machine and known.
    pub pid: Option<u32>,
    /// From its start to being ready.
    pub ready_after: Option<Duration>,
    own: Option<Own>,
}

/// A server of our own.
struct Own {
    child: Child,
    program: PathBuf,
    data_dir: PathBuf,
    has_store: bool,
}

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments, without address, data folder and ready file.
    pub arguments: Vec<String>,
    /// Its data folder.
    pub data_dir: PathBuf,
    /// Whether it knows a data folder.
    pub has_data: bool,
    /// A store that is not in the data folder, by its address.
    pub store: Option<String>,
    /// What joins it with other nodes of that store.
    pub bus: Option<String>,
    /// The secret of its tokens.
    pub secret: String,
    /// The core that it has alone; `None` = all of them.
    pub core: Option<usize>,
}

/// What `verify` says of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Entries in the log.
    pub entries: u64,
    /// Learners with a log.
    pub learners: u64,
    /// Cards whose stored state is not the fold of the log.
    pub differences: u64,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// An address that leads nowhere.
    #[error("{0} is no address of a server")]
    Address(String),
    /// Nodes that would not know of each other.
    #[error("several nodes need a store and a bus: --store cql://… --bus redis://…")]
    Apart,
    /// The program cannot be run.
    #[error("{program} cannot be run: {source}")]
    Program {
        /// Which.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ended.
    #[error("the server ended before it was ready: {0}")]
    Ended(std::process::ExitStatus),
    /// It does not get ready, or does not end.
    #[error("the server did not {what} within {} s", PATIENCE.as_secs())]
    Late {
        /// What it was to do.
        what: &'static str,
    },
    /// What it says of itself cannot be read.
    #[error("{what} cannot be read: {problem}")]
    Unreadable {
        /// What.
        what: &'static str,
        /// Why.
        problem: String,
    },
}

impl Subject {
    /// A server that runs already, as `http://host:port`.
    ///
    /// # Errors
    /// When that is no address.
    pub fn running(url: &str, pid: Option<u32>) -> Result<Subject, SubjectError> {
        let bad = || SubjectError::Address(url.to_owned());
        let host = url.trim().trim_end_matches('/');
        let host = host.strip_prefix("http://").or_else(|| host.strip_prefix("ws://")).unwrap_or(host);
        let address = host.to_socket_addrs().map_err(|_| bad())?.next().ok_or_else(bad)?;
        Ok(Subject { address, pid, ready_after: None, own: None })
    }

    /// Starts a server and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub fn start(launch: &Launch) -> Result<Subject, SubjectError> {
        let ready_file = launch.data_dir.join("ready.json");
        // It may lie there from a life before.
        let _ = std::fs::remove_file(&ready_file);
        let mut command = pinned(&launch.program, launch.core);
        if let Some(store) = &launch.store {
            migrate(&launch.program, store)?;
            let bus = launch.bus.as_deref().unwrap_or("local");
            command.args(&launch.arguments).args(["--store", store, "--bus", bus]);
        } else {
            command.args(&launch.arguments);
        }
        command.args(["--listen", "127.0.0.1:0"]);
        command.arg("--ready-file").arg(&ready_file);
        if launch.has_data {
            command.arg("--data-dir").arg(launch.data_dir.join("data"));
        }
        command.env("STUDYHALL_AUTH_SECRET", &launch.secret).env("STUDYHALL_LOG_FILTER", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let began = Instant::now();
        let program =
            |source| SubjectError::Program { program: launch.program.display().to_string(), source };
        let mut child = command.spawn().map_err(program)?;
        let ready = match wait_ready(&mut child, &ready_file) {
            Ok(ready) => ready,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        let ready_after = began.elapsed();
        let (program, data_dir) = (launch.program.clone(), launch.data_dir.join("data"));
        let own = Own { child, program, data_dir, has_store: launch.store.is_some() };
        let mut subject = Subject::running(&ready.url, Some(ready.pid))?;
        subject.own = Some(own);
        subject.ready_after = Some(ready_after);
        Ok(subject)
    }

    /// What its metrics say; `None` when it does not tell.
    pub async fn metrics(&self) -> Option<metrics::Metrics> {
        let mut api = Api::new(self.address, None, String::new());
        let asked: Result<_, ApiError> = api.text(Method::GET, "/metrics", None).await;
        let (status, text) = asked.ok()?;
        status.is_success().then(|| metrics::Metrics::parse(&String::from_utf8_lossy(&text)))
    }

    /// Ends a server of our own as an operator would, and waits for it.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&mut self) -> Result<(), SubjectError> {
        let Some(own) = &mut self.own else { return Ok(()) };
        let asked = Command::new("kill").args(["-TERM", &own.child.id().to_string()]).status();
        asked.map_err(|source| SubjectError::Program { program: "kill".to_owned(), source })?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if matches!(own.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err(SubjectError::Late { what: "end" })
    }

    /// Ends a server of our own without a warning.
    pub fn kill(&mut self) {
        if let Some(own) = &mut self.own {
            let _ = own.child.kill();
            let _ = own.child.wait();
        }
    }

    /// Whether its store lies in a folder of ours, and can be looked into when it has ended.
    pub fn has_folder(&self) -> bool {
        self.own.as_ref().is_some_and(|own| !own.has_store)
    }

    /// Folds every log of a stopped server of our own and compares it with what is stored.
    ///
    /// # Errors
    /// When `verify` cannot run or says nothing.
    pub fn verify(&self) -> Result<Option<Verified>, SubjectError> {
        let Some(own) = self.own.as_ref().filter(|own| !own.has_store) else { return Ok(None) };
        let mut command = Command::new(&own.program);
        command.args(["verify", "--json", "--data-dir"]).arg(&own.data_dir);
        let program = |source| SubjectError::Program { program: own.program.display().to_string(), source };
        let out = command.output().map_err(program)?;
        let unreadable = |problem| SubjectError::Unreadable { what: "what verify says", problem };
        let told: serde_json::Value = serde_json::from_slice(&out.stdout)
            .map_err(|error| unreadable(format!("{error}; {}", String::from_utf8_lossy(&out.stderr))))?;
        let number = |field: &str| told[field].as_u64().ok_or_else(|| unreadable(format!("no {field}")));
        let differences =
            told["differences"].as_array().ok_or_else(|| unreadable("no differences".to_owned()))?;
        Ok(Some(Verified {
            entries: number("entries")?,
            learners: number("learners")?,
            differences: differences.len() as u64,
        }))
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Brings a store to the schema of the program.
fn migrate(program: &Path, store: &str) -> Result<(), SubjectError> {
    let mut command = Command::new(program);
    command.args(["migrate", "--replication-factor", "1", "--store", store]).stdout(Stdio::null());
    let done = command.status();
    let done =
        done.map_err(|source| SubjectError::Program { program: program.display().to_string(), source })?;
    if done.success() { Ok(()) } else { Err(SubjectError::Ended(done)) }
}

/// A command on one core, or on all of them.
pub fn pinned(program: &Path, core: Option<usize>) -> Command {
    match core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

#[derive(Deserialize)]
struct Ready {
    url: String,
    pid: u32,
}

fn wait_ready(child: &mut Child, file: &Path) -> Result<Ready, SubjectError> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Ok(text) = std::fs::read_to_string(file) {
            let unreadable = |error: serde_json::Error| SubjectError::Unreadable {
                what: "the ready file",
                problem: error.to_string(),
            };
            return serde_json::from_str(&text).map_err(unreadable);
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(SubjectError::Ended(status));
        }
        std::thread::sleep(LOOK_EVERY / 10);
    }
    Err(SubjectError::Late { what: "get ready" })
}
