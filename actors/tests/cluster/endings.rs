//! The end of a run: declared dead by others, or left in order.

use crate::node::{Node, Told, USER};
use actors::CloseWhy;
use kit::{MemoryOwners, Tended};

#[test]
fn a_run_that_was_declared_dead_loses_its_learners_and_another_begins() {
    let owners = MemoryOwners::new();
    let node = Node::start(&owners);
    let first = node.registered();
    let (socket, _) = node.come();
    node.eventually("the learner is here", || socket.told() == [Told::Attached]);
    owners.declare(first);
    let closed = Told::Closed(CloseWhy::OwnerChanged);
    node.eventually("the socket is closed", || socket.told().last() == Some(&closed));
    assert!(node.tenures.tended().contains(&Tended::ForgotAll));
    let second = node.registered();
    assert_ne!(first, second);
    node.eventually("nobody is registered", || node.engine.registered() == 0);
    node.come_in();
    assert_eq!(owners.owner_of(USER).epoch, 2, "taken from the run that is dead");
    node.serves_rightly();
}

#[test]
fn a_learner_who_was_being_loaded_when_the_run_ended_is_served_by_the_next_run_or_not_at_all() {
    let owners = MemoryOwners::new();
    let node = Node::start(&owners);
    let first = node.registered();
    node.tenures.let_adopt(false);
    let (socket, _) = node.come();
    node.eventually("the learner is claimed", || owners.owner_of(USER).run == Some(first));
    owners.declare(first);
    node.eventually("all are forgotten", || node.tenures.tended().contains(&Tended::ForgotAll));
    node.eventually("another run begins", || node.run().is_some_and(|run| run != first));
    node.tenures.let_adopt(true);
    node.eventually("the socket is told", || !socket.told().is_empty());
    assert_ne!(socket.told(), [Told::Attached], "by a run that is over");
    node.eventually("nobody is registered", || node.engine.registered() == 0);
    node.come_in();
    node.serves_rightly();
}

#[test]
fn a_node_that_leaves_is_not_waited_for() {
    let owners = MemoryOwners::new();
    let node = Node::start(&owners);
    node.registered();
    node.come_in();
    node.block_on(node.engine.leave());
    assert_eq!(node.run(), None);
}
