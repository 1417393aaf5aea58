//! A CQL server that stands still, is gone, is slow or refuses writes, under nodes with learners: sessions go on with what
//! they have, verdicts wait, memory is bounded, every node says how it is, and everything comes back by itself.

use super::kit::{Cluster, Node};
use super::messages::says;
use super::school::School;
use kit::tcp_proxy::Wire;
use std::time::{Duration, Instant};

/// How long an outage lasts in the ordinary run; `STUDYHALL_OUTAGE_S` makes it longer. No node may be taken for dead in
/// it, and every beat is missed.
fn outage() -> Duration {
    let seconds = std::env::var("STUDYHALL_OUTAGE_S").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(8))
}

/// How often nodes look whether somebody may still see what they study, in seconds: several times in an outage.
const CHECK_INTERVAL_S: u64 = 2;
/// More than a node may grow by while nothing can be stored, in bytes.
const GROWTH_MAX: u64 = 64 * 1024 * 1024;
/// Cards that a device may hold unanswered, and answers of it that may wait for their verdict.
const IN_FLIGHT_MAX: f64 = 64.0;
/// Cards that each device is dealt while looks at access hang that began since the store is away.
const DEALS_WHILE_LOOKS_HANG: u32 = 5;
/// Cards that each device is dealt in the rest of an outage, over all of it.
const DEALS: u32 = 15;

/// Learners at two nodes while something that the nodes share is away.
struct Outage<'a> {
    school: School<'a>,
    nodes: [Node; 2],
    welcomes: usize,
    resident: Vec<u64>,
}

impl<'a> Outage<'a> {
    fn before(cluster: &'a Cluster) -> Outage<'a> {
        let nodes: [Node; 2] = cluster.nodes_with(&["--check-interval", &format!("{CHECK_INTERVAL_S}s")]);
        let [one, two] = &nodes;
        let mut school = School::open(cluster, 4, 800);
        school.seat_all(&[one]);
        school.seat_all(&[two]);
        school.allow(10);
        school.all_through("answers before");
        let resident = nodes.iter().map(Node::resident_bytes).collect();
        Outage { welcomes: school.welcomes(), school, nodes, resident }
    }

    /// Both nodes say that just this is not as it should be.
    fn told(&self, degraded: &[&str], what: &str) {
        self.school.eventually(what, || self.nodes.iter().all(|node| says(node, degraded)));
    }

    /// Learners go on: they are dealt a card after each answer, from the beginning to the end. Nothing is acknowledged,
    /// and nothing grows.
    fn lasts(&self, degraded: &[&str]) {
        let began = Instant::now();
        let given_up = self.reads_given_up();
        // Whoever takes an answer back waits for the verdict of that.
        self.school.take_back(false);
        self.pass(began + Duration::from_secs(2 * CHECK_INTERVAL_S));
        for _ in 0..DEALS_WHILE_LOOKS_HANG {
            self.school.deal_on("a card comes while the store is asked who may see what");
        }
        assert_eq!(self.reads_given_up(), given_up, "cards came only when a read had been given up");
        self.told(degraded, "both nodes say that the store is away");
        let saved = self.school.saved();
        self.school.eventually("answers wait", || {
            self.nodes.iter().any(|node| node.metric("studyhall_undecided_rows") > Some(0.0))
        });
        for nth in 1..=DEALS {
            self.school.deal_on("a card comes while the store is away");
            self.pass(began + outage() * nth / DEALS);
        }
        self.school.take_back(true);
        self.school.allow(10);
        assert_eq!(self.school.saved(), saved, "nothing is acknowledged that cannot be stored");
        for (node, before) in self.nodes.iter().zip(&self.resident) {
            let undecided = node.metric("studyhall_undecided_rows").unwrap_or(0.0);
            let devices = self.school.desks().count() as f64;
            assert!(undecided <= devices * IN_FLIGHT_MAX, "{undecided} rows wait");
            let now = node.resident_bytes();
            assert!(now < before + GROWTH_MAX, "from {before} to {now} bytes");
        }
    }

    /// So much of the outage passes, and no promise is broken.
    fn pass(&self, until: Instant) {
        while Instant::now() < until {
            self.school.keep_promises();
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// How often nodes said that reads were not answered in time: no look at access that hangs lasts longer.
    fn reads_given_up(&self) -> usize {
        self.nodes.iter().map(|node| node.log().matches("not answered within").count()).sum()
    }

    /// Everything that waited is acknowledged, and nobody was thrown out.
    fn is_over(&self, name: &str) {
        let back = self.school.all_through("what waited is acknowledged");
        self.told(&[], "both nodes say that they are well");
        assert_eq!(self.school.welcomes(), self.welcomes, "nobody lost a socket");
        let [one, two] = &self.nodes;
        self.school.all_agree(&[one, two]);
        println!("{name}: all that waited was acknowledged {back:?} after the end");
    }

    fn ends(self) {
        println!("{} acknowledged, 0 lost, 0 doubled", self.school.close(self.nodes));
    }
}

#[test]
fn a_store_that_stands_still_is_gone_with_redis_refuses_writes_or_is_slow_costs_time_and_nothing_else() {
    let Some(cluster) = Cluster::with_wires() else { return };
    let outage = Outage::before(&cluster);
    let wires = cluster.wires();
    wires.store.set(Wire::Frozen);
    outage.lasts(&["store"]);
    wires.store.set(Wire::Carries);
    outage.is_over("standing still");

    wires.store.set(Wire::Cut);
    cluster.redis().kill();
    outage.lasts(&["store", "bus"]);
    wires.store.set(Wire::Carries);
    cluster.redis().restart();
    outage.is_over("gone, and Redis with it");

    wires.refusing.refuse_writes(true);
    outage.lasts(&["store"]);
    wires.refusing.refuse_writes(false);
    assert!(wires.refusing.refused() > 0);
    outage.is_over("refusing writes");

    wires.store.set(Wire::Slow(Duration::from_millis(100)));
    outage.school.allow(10);
    outage.school.all_through("answers over a slow store");
    wires.store.set(Wire::Carries);
    outage.is_over("slow");
    outage.ends();
}
