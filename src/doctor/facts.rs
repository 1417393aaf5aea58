//! What the doctor saw: plain data, so that what is made of it can be tried without a machine.

use std::collections::BTreeMap;
use std::time::Duration;

/// Everything. What was not looked at is absent.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The system's limit of open files: what this process would have, and what it could have.
    pub open_files: Option<(u64, u64)>,
    /// The data folder's disk.
    pub disk: Option<Result<Disk, String>>,
    /// The store in the data folder.
    pub folder: Option<Result<FolderFacts, String>>,
    /// The cluster that the store is.
    pub cluster: Option<Result<ClusterFacts, String>>,
    /// Redis.
    pub redis: Option<Result<RedisFacts, String>>,
    /// The nodes that share the store, as its table names them.
    pub peers: Option<Result<Vec<PeerFacts>, String>>,
}

/// A disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// What a server may still write, in bytes.
    pub free_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
    /// Half of the synchronisations of a small file took no longer.
    pub fsync_median: Duration,
    /// The longest took so long.
    pub fsync_longest: Duration,
}

/// A store in a folder.
#[derive(Clone, Debug, Default)]
pub struct FolderFacts {
    /// What was found.
    pub found: embedded::Examined,
    /// A row written, read and removed: how long it took. `None` where a server has the folder, or there is no store.
    pub probe: Option<Result<Duration, String>>,
}

/// A cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterFacts {
    /// How long connecting took.
    pub connect: Duration,
    /// What the server says of itself.
    pub server: cql::ServerSaid,
    /// Its clock minus ours, in milliseconds.
    pub clock_offset_ms: i64,
    /// Copies of each row by data center; `None` without a keyspace.
    pub replication: Option<BTreeMap<String, String>>,
    /// The data center that the address names.
    pub datacenter: Option<String>,
    /// Missing and newer migrations.
    pub schema: Option<Result<SchemaFacts, String>>,
    /// A row written, read and removed.
    pub probe: Option<Result<Duration, String>>,
    /// A row compared and set, as whoever claims a learner does.
    pub claim: Option<Result<Duration, String>>,
}

/// A schema beside this program's.
#[derive(Clone, Debug, Default)]
pub struct SchemaFacts {
    /// Migrations that are missing.
    pub missing: Vec<String>,
    /// Numbers of migrations of a newer program.
    pub newer: Vec<i32>,
}

/// A Redis.
#[derive(Clone, Debug, Default)]
pub struct RedisFacts {
    /// Its version.
    pub version: String,
    /// The time of an answer.
    pub answer: Duration,
    /// From publishing until it is heard.
    pub heard_after: Duration,
    /// Its clock minus ours, in milliseconds.
    pub clock_offset_ms: i64,
}

/// A node.
#[derive(Clone, Debug)]
pub struct PeerFacts {
    /// Where the others reach it.
    pub address: String,
    /// Whether it beat while it was looked at.
    pub beats: bool,
    /// What it says of itself.
    pub about: Result<PeerAbout, String>,
}

/// What a node says of itself.
#[derive(Clone, Debug, Default)]
pub struct PeerAbout {
    /// Its version.
    pub version: String,
    /// Its clock minus ours, in milliseconds.
    pub clock_offset_ms: i64,
    /// Whether it is ready.
    pub ready: bool,
}

impl Default for PeerFacts {
    fn default() -> Self {
        PeerFacts { address: String::new(), beats: false, about: Ok(PeerAbout::default()) }
    }
}
