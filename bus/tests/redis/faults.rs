//! Whatever happens to Redis and to the wire: nothing waits for it, memory stays bounded, and afterwards every topic is
//! unknown once and then heard again. Two nodes; `one` is beside Redis, `two` behind a wire that a test breaks.

use crate::{Shared, options};
use bus::{RedisBus, RedisOptions};
use kit::contract_bus::{Net as _, cell, changed, class, run, told, unknown, until, watch};
use kit::tcp_proxy::Wire;
use kit::wait::{block_on, eventually};
use kit::{RedisServer, TcpProxy};
use ports::bus::NOTES_MAX;
use ports::{Bus as _, Heard, Note, Topic};
use std::collections::BTreeMap;
use std::time::Duration;

/// A Redis, two nodes, and the wire of the second one.
struct World {
    server: RedisServer,
    wire: TcpProxy,
    one: RedisBus,
    two: RedisBus,
}

impl World {
    /// Both nodes watch two topics and know each other.
    async fn begin() -> Option<World> {
        let server = RedisServer::start_or_skip()?;
        let wire = TcpProxy::start(server.address()).await;
        let one = Shared::at(server.url()).join(run(1));
        let two = Shared::at(format!("redis://{}", wire.address())).join(run(2));
        for bus in [&one, &two] {
            watch(bus, Topic::Inv).await;
            watch(bus, class(1)).await;
        }
        let world = World { server, wire, one, two };
        world.live().await;
        Some(world)
    }

    fn buses(&self) -> [&RedisBus; 2] {
        [&self.one, &self.two]
    }

    /// Life goes on for some seconds, longer than *unknown* is kept back: the first node tells, the second hears. How
    /// often each topic was unknown.
    async fn live(&self) -> BTreeMap<Topic, usize> {
        let (mut unknown, mut revision) = (BTreeMap::new(), 0);
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        while revision < 70 {
            pace.tick().await;
            revision += 1;
            self.one.publish(class(1), cell(1, 1, revision));
            let newest = changed(1, revision);
            self.one.publish(Topic::Inv, newest.clone());
            // The note, or what stands for it.
            until(&self.two, |heard| {
                if let Heard::Unknown(topic) = heard {
                    *unknown.entry(*topic).or_default() += 1;
                }
                *heard == Heard::Unknown(Topic::Inv) || *heard == note(newest.clone())
            })
            .await;
        }
        unknown
    }

    /// Tells far more than there is room for, of many things and again and again of one.
    fn flood(&self) {
        for n in 0..30_000 {
            self.one.publish(Topic::Inv, changed(n, 1));
            self.two.publish(Topic::Inv, changed(1, n));
            self.one.publish(class(1), cell(n % 1_000, 1, n));
        }
        for bus in self.buses() {
            // Cells of a thousand students wait beside the notes.
            assert!(bus.stats().waiting_out <= NOTES_MAX + 1_000, "{:?}", bus.stats());
        }
        assert!(self.two.stats().merged > 20_000, "{:?}", self.two.stats());
    }

    async fn is_away(&self, bus: &RedisBus) {
        eventually("the loss is noticed", || !bus.stats().connected).await;
    }

    /// Afterwards: connected again, each topic unknown once (twice where the machine is slow), and everything as before.
    async fn is_as_before(&self) {
        for bus in self.buses() {
            eventually("it is connected again", || bus.stats().connected).await;
        }
        let unknown = self.live().await;
        for topic in [Topic::Inv, class(1)] {
            let times = unknown.get(&topic).copied().unwrap_or(0);
            assert!((1..=2).contains(&times), "{topic:?} was unknown {times} times");
        }
        told(&self.one, &self.two, Topic::Inv, changed(2, 2)).await;
        told(&self.two, &self.one, Topic::Inv, changed(3, 3)).await;
        told(&self.one, &self.two, class(1), cell(5_000, 1, 1)).await;
        for bus in self.buses() {
            assert!(bus.flushed(Duration::from_secs(30)).await);
            assert_eq!(bus.stats().waiting_out, 0);
        }
    }
}

fn note(note: Note) -> Heard {
    Heard::Note { topic: Topic::Inv, note }
}

/// How long what is stopped stays stopped: half a minute where there is time.
fn stopped_for() -> Duration {
    let seconds = std::env::var("STUDYHALL_STOPPED_S").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(4))
}

#[test]
fn a_redis_that_was_killed_and_started_again() {
    block_on(async {
        let Some(mut world) = World::begin().await else { return };
        world.server.kill();
        for bus in world.buses() {
            world.is_away(bus).await;
        }
        world.flood();
        world.server.restart();
        world.is_as_before().await;
        assert!(world.one.stats().reconnects >= 1 && world.two.stats().reconnects >= 1);
    });
}

#[test]
fn a_redis_that_was_stopped_and_goes_on() {
    block_on(async {
        let Some(world) = World::begin().await else { return };
        world.server.freeze();
        for bus in world.buses() {
            world.is_away(bus).await;
        }
        world.flood();
        tokio::time::sleep(stopped_for()).await;
        world.server.thaw();
        world.is_as_before().await;
    });
}

#[test]
fn a_connection_that_was_cut() {
    block_on(async {
        let Some(world) = World::begin().await else { return };
        let before = world.two.stats().reconnects;
        world.wire.cut_once();
        eventually("it is made anew", || world.two.stats().reconnects > before).await;
        world.is_as_before().await;
    });
}

#[test]
fn a_connection_that_redis_closed() {
    block_on(async {
        let Some(world) = World::begin().await else { return };
        let before = world.two.stats().reconnects;
        assert_eq!(world.server.says("CLIENT KILL TYPE pubsub\r\n").unwrap(), ":2\r\n");
        eventually("it is made anew", || world.two.stats().reconnects > before).await;
        world.is_as_before().await;
    });
}

#[test]
fn a_wire_that_carries_nothing_while_connections_stay() {
    broken_by(Wire::Frozen);
}

#[test]
fn a_wire_that_loses_answers() {
    broken_by(Wire::LosesAnswers);
}

#[test]
fn a_wire_on_which_answers_come_but_nothing_is_heard() {
    broken_by(Wire::LosesPushes);
}

#[test]
fn a_wire_that_stays_cut() {
    broken_by(Wire::Cut);
}

fn broken_by(wire: Wire) {
    block_on(async {
        let Some(world) = World::begin().await else { return };
        world.wire.set(wire);
        world.is_away(&world.two).await;
        world.flood();
        world.wire.set(Wire::Carries);
        world.is_as_before().await;
    });
}

#[test]
fn a_slow_wire_is_no_fault() {
    block_on(async {
        let Some(world) = World::begin().await else { return };
        world.wire.set(Wire::Slow(Duration::from_millis(100)));
        for revision in 1..=10 {
            told(&world.one, &world.two, Topic::Inv, changed(9, revision)).await;
            told(&world.two, &world.one, Topic::Inv, changed(9, revision)).await;
        }
        assert_eq!(world.two.stats().reconnects, 0);
    });
}

#[test]
fn what_was_told_before_redis_was_there_is_heard_when_it_is() {
    block_on(async {
        let Some(mut server) = RedisServer::start_or_skip() else { return };
        server.kill();
        let net = Shared::at(server.url());
        let (one, two) = (net.join(run(1)), net.join(run(2)));
        two.watch(Topic::Inv).unwrap();
        one.publish(Topic::Inv, changed(1, 1));
        assert!(!one.stats().connected && !one.flushed(Duration::from_millis(1)).await);
        server.restart();
        unknown(&two, Topic::Inv).await;
        assert!(one.flushed(Duration::from_secs(30)).await);
        told(&one, &two, Topic::Inv, changed(1, 2)).await;
    });
}

#[test]
fn a_node_that_dies_is_told_of_and_so_is_the_next_one() {
    block_on(async {
        let Some(world) = World::begin().await else { return };
        let World { server, one, two, wire: _wire } = world;
        drop(one);
        unknown(&two, Topic::Inv).await;
        let _three = Shared::at(server.url()).join(run(3));
        unknown(&two, Topic::Inv).await;
    });
}

#[test]
fn other_versions_are_skipped_and_counted_and_what_cannot_be_read_is_unknown() {
    block_on(async {
        let Some(world) = World::begin().await else { return };
        let (server, two) = (&world.server, &world.two);
        server.says("PUBLISH test:inv \"\\x02whatever\"\r\n").unwrap();
        eventually("it is counted", || two.stats().unknown_versions == 1).await;
        assert!(world.live().await.is_empty(), "nobody has missed anything that he could have read");
        server.says("PUBLISH test:inv \"\\x01rubbish\"\r\n").unwrap();
        server.says("PUBLISH test:inv \"\"\r\n").unwrap();
        unknown(two, Topic::Inv).await;
        eventually("both are counted", || two.stats().broken == 2).await;
        assert_eq!(two.stats().reconnects, 0);
    });
}

#[test]
fn installations_that_share_a_redis_do_not_hear_each_other() {
    block_on(async {
        let Some(server) = RedisServer::start_or_skip() else { return };
        let join = |n, prefix| RedisBus::start(run(n), &options(&server.url(), prefix)).unwrap();
        let (one, two, stranger) = (join(1, "a"), join(2, "a"), join(3, "a2"));
        watch(&two, Topic::Inv).await;
        watch(&stranger, Topic::Inv).await;
        stranger.publish(Topic::Inv, changed(7, 7));
        assert!(stranger.flushed(Duration::from_secs(30)).await);
        let others = told(&one, &two, Topic::Inv, changed(1, 1)).await;
        assert!(others.iter().all(|heard| *heard == Heard::Unknown(Topic::Inv)), "{others:?}");
    });
}

#[test]
fn an_address_that_can_never_be_a_redis_is_refused_without_its_password() {
    let bad = |url: &str, prefix: &str| {
        let options: RedisOptions = options(url, prefix);
        block_on(async { RedisBus::start(run(1), &options).map(drop).unwrap_err().to_string() })
    };
    for url in ["http://user:secret@host", "redis:/secret", "rediss://:secret@host", ""] {
        assert!(!bad(url, "a").contains("secret"), "{url}");
    }
    for prefix in ["", "a b", "a:b", "a\n", &"x".repeat(65)] {
        assert!(bad("redis://127.0.0.1", prefix).contains("prefix"), "{prefix}");
    }
}
