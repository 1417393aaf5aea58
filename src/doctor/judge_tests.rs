use super::*;
use crate::doctor::facts::PeerAbout;
use crate::doctor::finding::{Level, worst};
use std::collections::BTreeMap;

const GIB: u64 = 1024 * 1024 * 1024;

fn well() -> Facts {
    let disk = Disk {
        free_bytes: 50 * GIB,
        total_bytes: 100 * GIB,
        fsync_median: Duration::from_millis(1),
        fsync_longest: Duration::from_millis(9),
    };
    let found = embedded::Examined { has_store: true, schema: (4, 4), ..embedded::Examined::default() };
    let peer = PeerFacts {
        address: "10.0.0.7:8080".to_owned(),
        beats: true,
        about: Ok(PeerAbout { version: "0.1.0".to_owned(), clock_offset_ms: 3, ready: true }),
    };
    Facts {
        open_files: Some((65_536, 65_536)),
        disk: Some(Ok(disk)),
        folder: Some(Ok(FolderFacts { found, probe: Some(Ok(Duration::from_millis(5))) })),
        cluster: Some(Ok(ClusterFacts {
            server: cql::ServerSaid {
                servers: (3, 3),
                commit_log: Some("group".to_owned()),
                ..cql::ServerSaid::default()
            },
            replication: Some(BTreeMap::from([("here".to_owned(), "3".to_owned())])),
            schema: Some(Ok(SchemaFacts::default())),
            probe: Some(Ok(Duration::from_millis(5))),
            claim: Some(Ok(Duration::from_millis(20))),
            ..ClusterFacts::default()
        })),
        redis: Some(Ok(RedisFacts { version: "7.0.15".to_owned(), ..RedisFacts::default() })),
        peers: Some(Ok(vec![peer])),
    }
}

#[test]
fn where_all_is_well_every_check_says_so_and_nothing_is_to_be_done() {
    let found = findings(&well());
    assert_eq!(worst(&found), Level::Ok, "{found:?}");
    assert!(found.iter().all(|finding| finding.advice.is_empty()), "{found:?}");
    let checks: BTreeSet<&str> = found.iter().map(|finding| finding.check).collect();
    for check in [
        "open files",
        "disk",
        "fsync",
        "store",
        "schema",
        "write",
        "claim",
        "replication",
        "commit log",
        "redis",
        "store clock",
        "redis clock",
        "nodes",
        "versions",
    ] {
        assert!(checks.contains(check), "{check}");
    }
    assert_eq!(findings(&Facts::default()), [], "what was not looked at is not judged");
}

fn cluster_of(facts: &mut Facts) -> &mut ClusterFacts {
    facts.cluster.as_mut().unwrap().as_mut().unwrap()
}

fn folder_of(facts: &mut Facts) -> &mut FolderFacts {
    facts.folder.as_mut().unwrap().as_mut().unwrap()
}

fn peers_of(facts: &mut Facts) -> &mut Vec<PeerFacts> {
    facts.peers.as_mut().unwrap().as_mut().unwrap()
}

/// What a change does to facts that are well: the worst finding, and which check says so.
#[track_caller]
fn after(check: &str, level: Level, change: impl FnOnce(&mut Facts)) {
    let mut facts = well();
    change(&mut facts);
    let found = findings(&facts);
    assert_eq!(worst(&found), level, "{found:?}");
    let bad: Vec<_> = found.iter().filter(|finding| finding.level != Level::Ok).collect();
    assert!(bad.iter().all(|finding| finding.check == check && !finding.advice.is_empty()), "{bad:?}");
}

#[test]
fn the_machine_is_judged_by_its_files_its_room_and_its_disk() {
    after("open files", Level::Warn, |f| f.open_files = Some((4_096, 65_536)));
    after("open files", Level::Fail, |f| f.open_files = Some((256, 256)));
    let disk =
        |change: fn(&mut Disk)| move |f: &mut Facts| change(f.disk.as_mut().unwrap().as_mut().unwrap());
    after("disk", Level::Warn, disk(|d| d.free_bytes = GIB));
    after("disk", Level::Fail, disk(|d| d.free_bytes = 1_024));
    after("fsync", Level::Warn, disk(|d| d.fsync_median = Duration::from_millis(30)));
    after("fsync", Level::Fail, disk(|d| d.fsync_median = Duration::from_secs(1)));
    after("disk", Level::Fail, |f| f.disk = Some(Err("permission denied".to_owned())));
}

#[test]
fn a_folder_is_judged_by_what_it_holds() {
    after("store", Level::Fail, |f| folder_of(f).found.restoring = true);
    after("store", Level::Fail, |f| folder_of(f).found.copying = Some("cql://a/b".to_owned()));
    after("schema", Level::Warn, |f| folder_of(f).found.schema = (3, 4));
    after("write", Level::Fail, |f| folder_of(f).probe = Some(Err("no space".to_owned())));
    after("write", Level::Warn, |f| folder_of(f).probe = Some(Ok(Duration::from_secs(1))));
    after("claim", Level::Fail, |f| cluster_of(f).claim = Some(Err("no quorum".to_owned())));
    after("claim", Level::Warn, |f| cluster_of(f).claim = Some(Ok(Duration::from_millis(300))));
    after("store", Level::Fail, |f| f.folder = Some(Err("not a file of this store".to_owned())));
}

#[test]
fn a_cluster_is_judged_by_its_servers_its_copies_its_schema_and_its_clock() {
    after("store", Level::Fail, |f| f.cluster = Some(Err("no connection".to_owned())));
    after("store", Level::Warn, |f| cluster_of(f).server.servers = (3, 2));
    let copies = |of: &[(&str, &str)]| {
        Some(of.iter().map(|(name, copies)| ((*name).to_owned(), (*copies).to_owned())).collect())
    };
    after("replication", Level::Warn, |f| {
        cluster_of(f).replication = copies(&[("a", "3"), ("b", "1")]);
        cluster_of(f).datacenter = Some("a".to_owned());
    });
    after("replication", Level::Fail, |f| cluster_of(f).replication = copies(&[("a", "3"), ("b", "3")]));
    after("replication", Level::Fail, |f| cluster_of(f).datacenter = Some("elsewhere".to_owned()));
    after("replication", Level::Fail, |f| cluster_of(f).replication = None);
    after("commit log", Level::Warn, |f| cluster_of(f).server.commit_log = Some("periodic".to_owned()));
    after("schema", Level::Fail, |f| {
        cluster_of(f).schema = Some(Ok(SchemaFacts { missing: vec!["0009_x".to_owned()], newer: vec![] }))
    });
    after("schema", Level::Warn, |f| {
        cluster_of(f).schema = Some(Ok(SchemaFacts { missing: vec![], newer: vec![9] }))
    });
    after("schema", Level::Fail, |f| cluster_of(f).schema = Some(Err("another text".to_owned())));
    after("store clock", Level::Warn, |f| cluster_of(f).clock_offset_ms = -900);
    after("store clock", Level::Fail, |f| cluster_of(f).clock_offset_ms = i64::MIN);
}

#[test]
fn without_redis_a_node_works_and_with_an_old_one_it_does_not() {
    let redis = |change: fn(&mut RedisFacts)| {
        move |f: &mut Facts| change(f.redis.as_mut().unwrap().as_mut().unwrap())
    };
    after("redis", Level::Warn, |f| f.redis = Some(Err("refused".to_owned())));
    after("redis", Level::Fail, redis(|r| r.version = "5.0.14".to_owned()));
    after("redis", Level::Warn, redis(|r| r.heard_after = Duration::from_millis(300)));
    after("redis clock", Level::Fail, redis(|r| r.clock_offset_ms = 5_000));
}

#[test]
fn nodes_are_judged_by_whether_they_are_reached_and_by_their_versions_and_clocks() {
    let about = |version: &str| PeerAbout { version: version.to_owned(), clock_offset_ms: 0, ready: true };
    let peer = |about| PeerFacts { address: "b:1".to_owned(), beats: true, about };
    after("nodes", Level::Fail, |f| peers_of(f).push(peer(Err("refused".to_owned()))));
    after("nodes", Level::Fail, |f| {
        peers_of(f).push(peer(Ok(PeerAbout { clock_offset_ms: 9_000, ..about("0.1.0") })));
    });
    after("nodes", Level::Warn, |f| peers_of(f).push(peer(Ok(PeerAbout { ready: false, ..about("0.1.0") }))));
    after("versions", Level::Warn, |f| peers_of(f).push(peer(Ok(about("0.2.0")))));
    after("nodes", Level::Fail, |f| f.peers = Some(Err("timeout".to_owned())));
    // Who does not beat is asked nothing, and missed by nobody.
    after("nodes", Level::Ok, |f| {
        peers_of(f).push(PeerFacts { beats: false, ..peer(Err("gone".to_owned())) });
    });
}
