//! The store and Redis.

use crate::cli::whole;
use crate::clock::real_ms;
use crate::config::Secret;
use crate::doctor::facts::{ClusterFacts, FolderFacts, RedisFacts, SchemaFacts};
use cql::{Address, Examiner, Options};
use ports::NodeEntry;
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a request of the doctor's is tried, in milliseconds: who does not answer soon is ill.
const REQUEST_WITHIN_MS: u64 = 4_000;
/// How long a cluster may take to be connected to, and a connection to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const CONNECTION_WITHIN_MS: u64 = 5_000;
/// Between two looks at the nodes' beats: a node beats once a second.
const BEATS_WITHIN: Duration = Duration::from_millis(2_500);

/// The store in a folder.
pub(super) fn folder(folder: &Path) -> Result<FolderFacts, String> {
    let found = embedded::examine(folder).map_err(whole)?;
    let is_free = found.has_store && found.holder.is_none() && !found.restoring && found.copying.is_none();
    let probe = is_free.then(|| {
        let began = Instant::now();
        embedded::probe(folder).map(|()| began.elapsed()).map_err(whole)
    });
    Ok(FolderFacts { found, probe })
}

/// Nodes, and whether each beat while it was looked at.
pub(super) type Seen = Result<Vec<(NodeEntry, bool)>, String>;

/// A cluster, and its nodes with whether each beat while they were looked at.
pub(super) async fn cluster(address: &Address) -> (Result<ClusterFacts, String>, Option<Seen>) {
    let options = Options {
        connect_timeout_ms: CONNECTION_WITHIN_MS,
        read_within_ms: REQUEST_WITHIN_MS,
        write_within_ms: REQUEST_WITHIN_MS,
        ..Options::default()
    };
    let began = Instant::now();
    let connected = tokio::time::timeout(CONNECT_WITHIN, Examiner::connect(address, &options)).await;
    let examiner = match connected {
        Ok(Ok(examiner)) => examiner,
        Ok(Err(error)) => return (Err(whole(error)), None),
        Err(_) => return (Err(format!("no connection within {} s", CONNECT_WITHIN.as_secs())), None),
    };
    let connect = began.elapsed();
    match look(&examiner, connect).await {
        Ok(facts) => {
            let facts = ClusterFacts { datacenter: address.datacenter.clone(), ..facts };
            let is_ours = matches!(&facts.schema, Some(Ok(schema)) if schema.missing.is_empty());
            let nodes = if is_ours { Some(nodes(&examiner).await) } else { None };
            (Ok(facts), nodes)
        }
        Err(why) => (Err(why), None),
    }
}

async fn look(examiner: &Examiner, connect: Duration) -> Result<ClusterFacts, String> {
    let server = examiner.server().await.map_err(whole)?;
    let before_ms = real_ms();
    let server_ms = examiner.clock_ms().await.map_err(whole)?;
    let clock_offset_ms = server_ms - (before_ms + real_ms()) / 2;
    let replication = examiner.replication().await.map_err(whole)?;
    let mut facts = ClusterFacts { connect, server, clock_offset_ms, replication, ..ClusterFacts::default() };
    if facts.replication.is_none() {
        return Ok(facts);
    }
    let schema = examiner.schema().await.map_err(whole);
    let is_whole = schema.as_ref().is_ok_and(|report| report.missing.is_empty());
    facts.schema = Some(schema.map(|report| SchemaFacts { missing: report.missing, newer: report.newer }));
    if is_whole {
        let began = Instant::now();
        facts.probe = Some(examiner.probe(Uuid::new_v4()).await.map(|()| began.elapsed()).map_err(whole));
        facts.claim = Some(examiner.probe_claim(Uuid::new_v4()).await.map_err(whole));
    }
    Ok(facts)
}

async fn nodes(examiner: &Examiner) -> Seen {
    let before = examiner.nodes().await.map_err(whole)?;
    if before.iter().all(|node| !node.row.alive) {
        return Ok(before.into_iter().map(|node| (node, false)).collect());
    }
    tokio::time::sleep(BEATS_WITHIN).await;
    let after = examiner.nodes().await.map_err(whole)?;
    let beats = |node: &NodeEntry| node.row.alive && !before.iter().any(|known| known.row == node.row);
    Ok(after.into_iter().map(|node| (node.clone(), beats(&node))).collect())
}

/// A Redis.
pub(super) async fn redis(url: &Secret) -> Result<RedisFacts, String> {
    let channel = format!("studyhall:doctor:{}", Uuid::new_v4());
    let examined = bus::examine(url.reveal(), &channel, real_ms).await.map_err(whole)?;
    let (theirs_ms, ours_ms) = examined.clocks_ms;
    Ok(RedisFacts {
        version: examined.version,
        answer: examined.answer,
        heard_after: examined.heard_after,
        clock_offset_ms: theirs_ms - ours_ms,
    })
}
