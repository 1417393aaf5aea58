//! A socket whose learner is at another node: what it is told when its own node goes down, and how it ends.

use super::learner::{Device, somebody};
use super::server::{TestServer, Wishes, eventually, random_uuid};
use actors::{ClusterOptions, Limits, Peers};
use domain::ids::{RunId, UserId, Uuid};
use domain::owner::claim::Answer;
use domain::owner::{Epoch, Timing};
use kit::tcp_proxy::Wire;
use kit::{MemoryOwners, MemoryTenures, TcpProxy};
use ports::Boxed;
use std::net::SocketAddr;
use std::sync::Arc;
use studyhall::ws::layer::{Closed, Socket, SocketApp, SocketOptions, SocketRoute};

/// The run of the node that has the learner.
const FAR: RunId = RunId::from_u128(99);

/// It has whomever it is asked for.
struct HasEverybody;

impl Peers for HasEverybody {
    fn ask(&self, _: String, _: RunId, _: UserId, _: Epoch) -> Boxed<'_, Answer> {
        Box::pin(async { Answer::Here })
    }
}

/// A node that passes this learner's sockets on to another one at this address.
fn passing_on(learner: UserId, far: SocketAddr, limits: Limits) -> TestServer {
    let owners = MemoryOwners::new();
    owners.put_node(FAR, &far.to_string(), studyhall::clock::real_ms());
    owners.put_owner(learner, Some(FAR), 4);
    let cluster = ClusterOptions {
        owners: Arc::new(owners),
        tenures: Arc::new(MemoryTenures::new()),
        peers: Arc::new(HasEverybody),
        address: "near:1".to_owned(),
        new_run: Uuid::new_v4,
        // The other node beats nowhere, and is not taken for dead.
        timing: Timing { dead_after_ms: 3_600_000, ..Timing::STANDARD },
    };
    let near =
        TestServer::start_with(Wishes { limits: Some(limits), cluster: Some(cluster), ..Wishes::workers(1) });
    let knows = |node: &ports::NodeEntry| node.row.run == FAR;
    eventually("it knows the other node", || near.engine.nodes().unwrap().nodes.iter().any(knows));
    near
}

#[test]
fn when_its_node_goes_down_it_is_told_read_on_and_closed_at_the_end() {
    let far = TestServer::start();
    let learner = somebody();
    let (deck, cards) = far.deck(learner, 1);
    let near = passing_on(learner, far.address, Limits { drain_ms: 5_000, ..Limits::default() });
    let mut device = Device::join(&near, learner);
    let engine = near.engine.clone();
    let draining = near.spawn(async move { engine.drain().await });
    let goodbye = device.wait("goodbye");
    assert!(goodbye["reconnect_after_ms"].is_u64(), "{goodbye}");
    device.answer(deck, cards[0], 5);
    device.settle();
    assert_eq!(device.closed(), Some(4400));
    assert_eq!(near.run(draining).unwrap(), 0);
    eventually("the socket at the other node ends with it", || far.engine.sockets() == 0);
    assert_eq!(far.log(learner).len(), 1);
}

#[test]
fn when_the_way_to_the_other_node_breaks_it_is_told_so() {
    let far = TestServer::start();
    let learner = somebody();
    let wire = far.run(TcpProxy::start(far.address));
    let near = passing_on(learner, wire.address(), Limits::default());
    let mut device = Device::join(&near, learner);
    wire.set(Wire::Cut);
    assert_eq!(device.closed(), Some(4411));
    // And whoever comes while it is broken.
    assert_eq!(Device::try_join(&near, learner).err(), Some(Some(4411)));
}

/// A node that takes a socket and never says a word on it.
struct Silent;

impl SocketApp for Silent {
    fn on_open(&mut self, _: &mut Socket<'_, Self>) {}

    fn on_text(&mut self, _: &str, _: &mut Socket<'_, Self>) {}

    fn on_close(&mut self, _: &Closed) {}
}

#[test]
fn one_that_is_not_welcomed_at_the_other_node_in_time_is_told_so() {
    let routes = || {
        let route = SocketRoute::new(protocol::STUDY_PATH, SocketOptions::default(), |_| Ok(Silent));
        vec![route.subprotocol(protocol::SUBPROTOCOL)]
    };
    let far = crate::ws_layer::server::TestServer::start(routes);
    let learner = somebody();
    let near = passing_on(learner, far.address, Limits::default());
    let mut device = Device::connect(&near, learner);
    device.hello(&learner.to_string(), random_uuid());
    assert_eq!(device.closed(), Some(4412));
    assert!(far.figures().opened > 0, "it was passed on");
}

#[test]
fn a_node_that_goes_down_does_not_wait_for_one_that_has_left() {
    let far = TestServer::start();
    let learner = somebody();
    let near = passing_on(learner, far.address, Limits { drain_ms: 3_600_000, ..Limits::default() });
    let mut device = Device::join(&near, learner);
    let engine = near.engine.clone();
    let draining = near.spawn(async move { engine.drain().await });
    device.wait("goodbye");
    drop(device);
    assert_eq!(near.run(draining).unwrap(), 0);
}
