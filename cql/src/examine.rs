//! What a cluster says of itself, step by step: for whoever has to say what is wrong with it. Nothing is tried for long,
//! and nothing that a server needs is changed.

use crate::address::Address;
use crate::client::{Client, Kind};
use crate::datacenter::replication;
use crate::error::OpenError;
use crate::migrate::{MigrateError, Report, check};
use crate::options::Options;
use crate::owners::Owners;
use domain::ids::Uuid;
use ports::{Cause, NodeEntry, StoreError};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// A cluster that is looked at.
pub struct Examiner {
    client: Client,
    address: Address,
    options: Options,
    in_keyspace: OnceCell<Client>,
}

/// What the server says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerSaid {
    /// Its version.
    pub release: String,
    /// The cluster's name.
    pub cluster: String,
    /// Servers that the cluster names, and those of them that are connected.
    pub servers: (usize, usize),
    /// How its commit log is synchronised, where it tells.
    pub commit_log: Option<String>,
}

impl Examiner {
    /// Connects, to no keyspace.
    ///
    /// # Errors
    /// [`OpenError::Connect`].
    pub async fn connect(address: &Address, options: &Options) -> Result<Examiner, OpenError> {
        let client = Client::connect(address, options, false).await?;
        let in_keyspace = OnceCell::new();
        Ok(Examiner { client, address: address.clone(), options: options.clone(), in_keyspace })
    }

    /// What the server says of itself.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn server(&self) -> Result<ServerSaid, MigrateError> {
        const SERVER: &str = "SELECT release_version, cluster_name FROM system.local";
        const COMMIT_LOG: &str = "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'";
        let read = self.client.prepare(SERVER, Kind::Read).await?;
        let row: Option<(String, String)> = self.client.read_one(&read, ()).await?;
        let (release, cluster) = row.unwrap_or_default();
        let state = self.client.session().get_cluster_state();
        let nodes = state.get_nodes_info();
        let connected = nodes.iter().filter(|node| node.is_connected()).count();
        // Not every server has this table.
        let commit_log = match self.client.prepare(COMMIT_LOG, Kind::Read).await {
            Ok(read) => self.client.read_one::<(Option<String>,)>(&read, ()).await.ok().flatten(),
            Err(_) => None,
        };
        let commit_log = commit_log.and_then(|(value,)| value);
        Ok(ServerSaid { release, cluster, servers: (nodes.len(), connected), commit_log })
    }

    /// The server's wall clock, Unix milliseconds.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn clock_ms(&self) -> Result<i64, MigrateError> {
        let read = self.client.prepare("SELECT toUnixTimestamp(now()) FROM system.local", Kind::Read).await?;
        let row: Option<(i64,)> = self.client.read_one(&read, ()).await?;
        let none = || StoreError::new(Cause::Invalid, "the server told no time");
        Ok(row.ok_or_else(none)?.0)
    }

    /// Copies of each row by data center; `None` where there is no such keyspace.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn replication(&self) -> Result<Option<BTreeMap<String, String>>, MigrateError> {
        replication(&self.client, &self.address.keyspace).await
    }

    /// What the keyspace lacks of this program's schema.
    ///
    /// # Errors
    /// It cannot be read, or a migration was carried out with another text.
    pub async fn schema(&self) -> Result<Report, MigrateError> {
        check(self.in_keyspace().await?, &self.address.keyspace).await
    }

    /// Writes a row, reads it, and removes it.
    ///
    /// # Errors
    /// A step failed, or the row was not there.
    pub async fn probe(&self, id: Uuid) -> Result<(), MigrateError> {
        // With times of their own: servers whose clocks differ by a few milliseconds would keep the row.
        const PUT: &str =
            "INSERT INTO quarantine (user, id, at_ms, reason, raw) VALUES (?, ?, 0, 'probe', 0x)
            USING TIMESTAMP 1";
        const READ: &str = "SELECT reason FROM quarantine WHERE user = ? AND id = ?";
        const DROP: &str = "DELETE FROM quarantine USING TIMESTAMP 2 WHERE user = ? AND id = ?";
        let client = self.in_keyspace().await?;
        let (put, read, delete) = tokio::try_join!(
            client.prepare(PUT, Kind::Write),
            client.prepare(READ, Kind::Read),
            client.prepare(DROP, Kind::Write)
        )?;
        let key = (id, id.as_bytes().to_vec());
        client.write(&put, &key).await?;
        let row: Option<(String,)> = client.read_one(&read, &key).await?;
        client.write(&delete, &key).await?;
        let lost = || StoreError::new(Cause::Invalid, "a row that was written was not there").into();
        row.map(drop).ok_or_else(lost)
    }

    /// Compares and sets a row, as whoever claims a learner does, and removes it: how long the first of it took. The row
    /// must be nobody else's.
    ///
    /// # Errors
    /// A step failed, or the row was there already.
    pub async fn probe_claim(&self, id: Uuid) -> Result<Duration, MigrateError> {
        const SET: &str =
            "INSERT INTO quarantine (user, id, at_ms, reason, raw) VALUES (?, ?, 0, 'probe', 0x)
            IF NOT EXISTS";
        const DROP: &str = "DELETE FROM quarantine WHERE user = ? AND id = ? IF EXISTS";
        let client = self.in_keyspace().await?;
        let (set, delete) =
            tokio::try_join!(client.prepare(SET, Kind::Decide), client.prepare(DROP, Kind::Decide))?;
        let key = (id, id.as_bytes().to_vec());
        let began = Instant::now();
        let was_set = client.decide(&set, &key).await;
        let took = began.elapsed();
        // Also where nobody knows whether it was set.
        let removed = client.decide(&delete, &key).await;
        let there = || StoreError::new(Cause::Invalid, "a row that nobody has written was there");
        if !was_set? {
            return Err(there().into());
        }
        removed?;
        Ok(took)
    }

    /// The nodes that share the keyspace, those declared dead of late included.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn nodes(&self) -> Result<Vec<NodeEntry>, MigrateError> {
        let owners = Owners::open(self.in_keyspace().await?).await?;
        Ok(owners.nodes().await?)
    }

    async fn in_keyspace(&self) -> Result<&Client, OpenError> {
        self.in_keyspace.get_or_try_init(|| Client::connect(&self.address, &self.options, true)).await
    }
}
