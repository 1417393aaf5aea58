//! Facts into findings. Pure: whatever is slow, small, missing or apart is said with what to do.

use super::facts::{ClusterFacts, Disk, Facts, FolderFacts, PeerFacts, RedisFacts, SchemaFacts};
use super::finding::Finding;
use crate::top::text::bytes;
use std::collections::BTreeSet;
use std::time::Duration;

/// Files that a server wants: as many sockets as the promises are measured with, and what else it opens.
const FILES_WANTED: u64 = 20_000;
/// Fewer than these and a school is turned away.
const FILES_LEAST: u64 = 1_024;
/// Free space below which somebody should look, and below which the store will stop soon.
const FREE_WANTED_BYTES: u64 = 5 * 1024 * 1024 * 1024;
const FREE_LEAST_BYTES: u64 = 512 * 1024 * 1024;
/// A synchronisation that takes longer is what every answer waits for.
const FSYNC_WANTED: Duration = Duration::from_millis(10);
const FSYNC_MOST: Duration = Duration::from_millis(200);
/// A write, a read and a delete together.
const PROBE_WANTED: Duration = Duration::from_millis(200);
/// A row compared and set: claiming a learner costs one, and the learner waits for it.
const CLAIM_WANTED: Duration = Duration::from_millis(100);
/// Two clocks: nodes that are further apart are not ready.
const CLOCK_MOST_MS: i64 = 2_000;
const CLOCK_WANTED_MS: i64 = 500;
/// A note on its way through Redis.
const HEARD_WANTED: Duration = Duration::from_millis(50);
/// The oldest Redis that speaks RESP3.
const REDIS_MAJOR_LEAST: u32 = 6;
/// Copies with which one server may die.
const COPIES_WANTED: u32 = 3;

/// All findings, in the order in which a server needs what they are about.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(facts.open_files.map(open_files));
    found.extend(facts.disk.iter().flat_map(disk));
    found.extend(facts.folder.iter().flat_map(folder));
    found.extend(facts.cluster.iter().flat_map(cluster));
    found.extend(facts.redis.iter().flat_map(redis));
    found.extend(facts.peers.iter().flat_map(peers));
    found
}

fn open_files((soft, hard): (u64, u64)) -> Finding {
    const CHECK: &str = "open files";
    let seen = format!("{soft} files may be open, {hard} at most");
    let advice = format!("raise it: `ulimit -n {}`, or LimitNOFILE= in the unit", hard.max(65_536));
    match soft {
        ..FILES_LEAST => Finding::fail(CHECK, seen, advice),
        FILES_LEAST..FILES_WANTED => Finding::warn(CHECK, seen, advice),
        FILES_WANTED.. => Finding::ok(CHECK, seen),
    }
}

fn disk(disk: &Result<Disk, String>) -> Vec<Finding> {
    let disk = match disk {
        Ok(disk) => disk,
        Err(why) => {
            return vec![Finding::fail("disk", why, "make the data folder writable for the server's user")];
        }
    };
    let amount = |n: u64| bytes(usize::try_from(n).unwrap_or(usize::MAX));
    let seen = format!("{} of {} are free", amount(disk.free_bytes), amount(disk.total_bytes));
    let advice = "make room, or move the data folder: a full disk stops the store";
    let space = match disk.free_bytes {
        ..FREE_LEAST_BYTES => Finding::fail("disk", seen, advice),
        FREE_LEAST_BYTES..FREE_WANTED_BYTES => Finding::warn("disk", seen, advice),
        FREE_WANTED_BYTES.. => Finding::ok("disk", seen),
    };
    let seen = format!("fsync takes {:.1?}, {:.1?} at most", disk.fsync_median, disk.fsync_longest);
    let advice = "put the data folder on a local disk with a write cache that survives a power cut";
    let sync = if disk.fsync_median > FSYNC_MOST {
        Finding::fail("fsync", seen, advice)
    } else if disk.fsync_median > FSYNC_WANTED {
        Finding::warn("fsync", seen, advice)
    } else {
        Finding::ok("fsync", seen)
    };
    vec![space, sync]
}

fn folder(folder: &Result<FolderFacts, String>) -> Vec<Finding> {
    let FolderFacts { found, probe } = match folder {
        Ok(folder) => folder,
        Err(why) => {
            return vec![Finding::fail("store", why, "see the sentence; `restore` brings a backup back")];
        }
    };
    if found.restoring {
        return vec![Finding::fail("store", "a restore was interrupted", "run `studyhall restore` again")];
    }
    if let Some(from) = &found.copying {
        let seen = format!("a copy of {from} is not finished");
        return vec![Finding::fail("store", seen, "run `studyhall copy` again")];
    }
    if !found.has_store {
        let seen = "there is no store in the data folder yet";
        return vec![Finding::ok("store", format!("{seen}: `serve` makes one"))];
    }
    let mut all = Vec::new();
    let holder = found.holder.as_ref().map_or("nobody".to_owned(), Clone::clone);
    all.push(Finding::ok("store", format!("opened by {holder}, {} rows to apply", found.backlog_rows)));
    let (is, wanted) = found.schema;
    all.push(if is == wanted {
        Finding::ok("schema", format!("version {is}, this program's"))
    } else {
        let seen = format!("version {is}, this program's is {wanted}");
        Finding::warn("schema", seen, "`serve` brings it up; make a backup first")
    });
    all.extend(probe.iter().map(|probe| probed(probe, "the disk or the file is at fault: see fsync")));
    all
}

fn probed(probe: &Result<Duration, String>, advice: &str) -> Finding {
    match probe {
        Ok(took) if *took <= PROBE_WANTED => {
            Finding::ok("write", format!("a row was written, read and removed in {took:.1?}"))
        }
        Ok(took) => {
            Finding::warn("write", format!("writing, reading and removing a row took {took:.1?}"), advice)
        }
        Err(why) => Finding::fail("write", format!("a row cannot be written: {why}"), advice),
    }
}

fn cluster(cluster: &Result<ClusterFacts, String>) -> Vec<Finding> {
    let cluster = match cluster {
        Ok(cluster) => cluster,
        Err(why) => {
            let advice = "look whether the servers run and the address, port and firewall are right";
            return vec![Finding::fail("store", why, advice)];
        }
    };
    let server = &cluster.server;
    let (known, connected) = server.servers;
    let seen = format!(
        "{} ({}), {connected} of {known} servers connected in {:.0?}",
        server.cluster, server.release, cluster.connect
    );
    let mut all = vec![if connected < known {
        Finding::warn(
            "store",
            seen,
            "a server is down or not reached from here: look at it before another one goes",
        )
    } else {
        Finding::ok("store", seen)
    }];
    all.push(clock("store clock", cluster.clock_offset_ms));
    all.extend(durability(cluster));
    all.extend(cluster.schema.iter().map(schema));
    all.extend(cluster.probe.iter().map(|probe| probed(probe, "look at the servers' load and logs")));
    all.extend(cluster.claim.iter().map(claim));
    all
}

fn claim(took: &Result<Duration, String>) -> Finding {
    const CHECK: &str = "claim";
    let advice = "every learner waits for one of these when a node takes it: look at the servers' load and disks, and at \
                  the network between them";
    match took {
        Ok(took) if *took <= CLAIM_WANTED => {
            Finding::ok(CHECK, format!("a row was compared and set in {took:.1?}"))
        }
        Ok(took) => Finding::warn(CHECK, format!("comparing and setting a row took {took:.1?}"), advice),
        Err(why) => {
            let advice = "no node can take a learner so: a majority of a row's copies must answer; look at the servers";
            Finding::fail(CHECK, format!("a row cannot be compared and set: {why}"), advice)
        }
    }
}

fn durability(cluster: &ClusterFacts) -> Vec<Finding> {
    let Some(replication) = &cluster.replication else {
        return vec![Finding::fail("replication", "there is no such keyspace", "run `studyhall migrate`")];
    };
    let least = replication.values().filter_map(|copies| copies.parse::<u32>().ok()).min().unwrap_or(0);
    let listed: Vec<String> =
        replication.iter().map(|(center, copies)| format!("{center}: {copies}")).collect();
    let seen = format!("copies of each row: {}", listed.join(", "));
    let mut all = vec![if let Err(why) = cql::judge_datacenter(replication, cluster.datacenter.as_deref()) {
        let advice = "no node serves it so: every node must name the same data center";
        Finding::fail("replication", why.to_string(), advice)
    } else if least < COPIES_WANTED {
        let advice = "with fewer than 3 copies the loss of one server loses answers or stops the store: \
                      ALTER KEYSPACE, then repair";
        Finding::warn("replication", seen, advice)
    } else {
        Finding::ok("replication", seen)
    }];
    all.extend(cluster.server.commit_log.as_ref().map(|sync| {
        let seen = format!("commitlog_sync is {sync}");
        if sync == "periodic" {
            let advice =
                "set it to batch or group: with periodic a power cut of all servers loses the last seconds";
            Finding::warn("commit log", seen, advice)
        } else {
            Finding::ok("commit log", seen)
        }
    }));
    all
}

fn schema(schema: &Result<SchemaFacts, String>) -> Finding {
    match schema {
        Err(why) => {
            Finding::fail("schema", why, "it cannot be told that this program may serve it: see the sentence")
        }
        Ok(SchemaFacts { missing, .. }) if !missing.is_empty() => {
            Finding::fail("schema", format!("{} missing", missing.join(", ")), "run `studyhall migrate`")
        }
        Ok(SchemaFacts { newer, .. }) if !newer.is_empty() => {
            let seen = format!("{} migrations are of a newer program", newer.len());
            Finding::warn("schema", seen, "it works; bring this program up when the others are")
        }
        Ok(_) => Finding::ok("schema", "that of this program"),
    }
}

fn clock(check: &'static str, offset_ms: i64) -> Finding {
    let seen = format!("{offset_ms:+} ms from ours");
    let advice = "keep all clocks by NTP: nodes that are 2 s apart are not ready";
    let apart_ms = offset_ms.saturating_abs();
    if apart_ms > CLOCK_MOST_MS {
        Finding::fail(check, seen, advice)
    } else if apart_ms > CLOCK_WANTED_MS {
        Finding::warn(check, seen, advice)
    } else {
        Finding::ok(check, seen)
    }
}

fn redis(redis: &Result<RedisFacts, String>) -> Vec<Finding> {
    let redis = match redis {
        Ok(redis) => redis,
        Err(why) => {
            // Learners do not depend on it: a node goes on without.
            let advice = "look whether it runs; until then changes reach other nodes after up to 60 s";
            return vec![Finding::warn("redis", why, advice)];
        }
    };
    let major = redis.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    let seen = format!(
        "version {}, answers in {:.1?}, a note is heard after {:.1?}",
        redis.version, redis.answer, redis.heard_after
    );
    let first = if major.is_none_or(|major| major < REDIS_MAJOR_LEAST) {
        Finding::fail("redis", seen, "version 6 or later is needed")
    } else if redis.heard_after > HEARD_WANTED {
        Finding::warn("redis", seen, "it is slow or far away: changes show late on other nodes")
    } else {
        Finding::ok("redis", seen)
    };
    vec![first, clock("redis clock", redis.clock_offset_ms)]
}

fn peers(peers: &Result<Vec<PeerFacts>, String>) -> Vec<Finding> {
    let peers = match peers {
        Ok(peers) => peers,
        Err(why) => return vec![Finding::fail("nodes", why, "see the finding about the store")],
    };
    let serving: Vec<&PeerFacts> = peers.iter().filter(|peer| peer.beats).collect();
    if serving.is_empty() {
        return vec![Finding::ok("nodes", "no node serves now")];
    }
    let mut all: Vec<Finding> = serving.iter().map(|peer| node(peer)).collect();
    let versions: BTreeSet<&str> =
        serving.iter().filter_map(|peer| Some(peer.about.as_ref().ok()?.version.as_str())).collect();
    let listed: Vec<&str> = versions.iter().copied().collect();
    if versions.len() > 2 {
        let seen = format!("the nodes run {} versions: {}", versions.len(), listed.join(", "));
        all.push(Finding::warn(
            "versions",
            seen,
            "two neighbouring versions run together, no more: finish the roll-out",
        ));
    } else if versions.len() == 2 {
        let seen = format!("the nodes run {}", listed.join(" and "));
        all.push(Finding::warn("versions", seen, "as in a roll-out: finish it"));
    } else {
        all.push(Finding::ok("versions", listed.join(", ")));
    }
    all
}

fn node(peer: &PeerFacts) -> Finding {
    match &peer.about {
        Err(why) => {
            let seen = format!("{} beats and is not reached from here: {why}", peer.address);
            Finding::fail(
                "nodes",
                seen,
                "check `node_address` there and the firewall: nodes pass learners on to it",
            )
        }
        Ok(about) if about.clock_offset_ms.saturating_abs() > CLOCK_MOST_MS => {
            let seen = format!("{}: its clock is {:+} ms from ours", peer.address, about.clock_offset_ms);
            Finding::fail("nodes", seen, "keep all clocks by NTP: it is not ready so")
        }
        Ok(about) if !about.ready => {
            let seen = format!("{} ({}) is not ready", peer.address, about.version);
            Finding::warn("nodes", seen, "its /readyz says why")
        }
        Ok(about) => {
            let (version, offset) = (&about.version, about.clock_offset_ms);
            Finding::ok("nodes", format!("{} ({version}), clock {offset:+} ms", peer.address))
        }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
