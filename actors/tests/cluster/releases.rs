//! How a node lets go of a learner: by itself when the session ends, and of the ownership when another node asks.

use crate::node::{ANOTHER, Node, SHORT, Told, USER};
use actors::{CloseWhy, Limits};
use domain::owner::claim::Answer;
use kit::{MemoryOwners, Tended};

/// A node whose learner came and went.
fn left(owners: &MemoryOwners) -> Node {
    let node = Node::start(owners);
    node.registered();
    let socket = node.come_in();
    node.go(socket);
    node.eventually("the session is gone", || node.engine.registered() == 0);
    node
}

#[test]
fn a_learner_who_left_is_settled_and_stays_the_nodes_until_somebody_asks() {
    let owners = MemoryOwners::new();
    let node = left(&owners);
    node.eventually("the caches are written", || node.tenures.held(USER).is_none());
    let run = node.run().unwrap();
    assert_eq!(node.tenures.tended(), [Tended::Adopted(USER, run, 1), Tended::Released(USER)]);
    assert_eq!(owners.owner_of(USER).run, Some(run));
    node.eventually("it lets go", || node.asked(run, 1) == Answer::NotMine);
    let row = owners.owner_of(USER);
    assert_eq!((row.run, row.epoch), (None, 2));
}

#[test]
fn a_learner_who_could_not_be_loaded_is_settled() {
    let node = Node::without_the_person(&MemoryOwners::new(), SHORT);
    let run = node.registered();
    let (socket, _) = node.come();
    node.eventually("the socket is told", || !socket.told().is_empty());
    assert_eq!(socket.told(), [Told::Closed(CloseWhy::NotReady)]);
    node.eventually("the caches are forgotten", || node.tenures.held(USER).is_none());
    assert_eq!(node.tenures.tended(), [Tended::Adopted(USER, run, 1), Tended::Released(USER)]);
}

#[test]
fn a_learner_who_is_here_is_not_let_go() {
    let owners = MemoryOwners::new();
    let node = Node::start(&owners);
    let run = node.registered();
    node.come_in();
    assert_eq!(node.asked(run, 1), Answer::Here);
    node.serves_rightly();
}

#[test]
fn a_node_that_goes_down_lets_go_of_whoever_has_left_while_others_stay() {
    let owners = MemoryOwners::new();
    // A session would outlive its sockets by far.
    let limits = Limits { idle_ms: u64::MAX, ..Limits::default() };
    let node = Node::start_within(&owners, SHORT, limits);
    let run = node.registered();
    let leaves = node.come_in();
    let (stays, _) = node.come_as(ANOTHER);
    node.eventually("both are here", || stays.told() == [Told::Attached]);
    let drains = node.drains();
    node.eventually("it goes down", || node.engine.is_draining());
    node.go(leaves);
    node.eventually("it lets go", || node.asked(run, 1) == Answer::NotMine);
    assert_eq!(node.engine.sockets(), 1, "the other one is still here");
    drains.abort();
}

#[test]
fn who_asks_for_another_run_or_for_an_owner_of_old_is_told_so() {
    let owners = MemoryOwners::new();
    let node = left(&owners);
    let another = domain::ids::RunId::from_u128(5);
    assert_eq!(node.asked(another, 1), Answer::NotMine);
    let run = node.run().unwrap();
    assert_eq!(owners.owner_of(USER).run, Some(run), "nothing was let go by that");
}

#[test]
fn while_caches_are_written_nothing_is_let_go_and_whoever_comes_waits_for_them() {
    let owners = MemoryOwners::new();
    let node = Node::start(&owners);
    let run = node.registered();
    node.tenures.let_release(false);
    let socket = node.come_in();
    node.go(socket);
    node.eventually("the session is gone", || node.engine.registered() == 0);
    assert_eq!(node.asked(run, 1), Answer::NotNow);
    let (back, _) = node.come();
    assert_eq!(node.asked(run, 1), Answer::Here, "who has an entry here is here");
    assert_eq!(back.told(), []);
    node.tenures.let_release(true);
    node.eventually("the learner is here again", || back.told() == [Told::Attached]);
    let adopted = Tended::Adopted(USER, run, 1);
    assert_eq!(node.tenures.tended(), [adopted, Tended::Released(USER), adopted]);
    node.serves_rightly();
}

#[test]
fn a_write_of_caches_under_way_holds_up_a_release() {
    let owners = MemoryOwners::new();
    let node = left(&owners);
    let run = node.run().unwrap();
    node.tenures.set_writing(USER, true);
    assert_eq!(node.asked(run, 1), Answer::NotNow);
    node.tenures.set_writing(USER, false);
    node.eventually("it lets go", || node.asked(run, 1) == Answer::NotMine);
}

#[test]
fn a_release_whose_outcome_is_lost_is_done_once_and_nothing_is_started_before_it_is_known() {
    let owners = MemoryOwners::new();
    let node = left(&owners);
    let run = node.run().unwrap();
    node.eventually("the caches are written", || node.tenures.held(USER).is_none());
    owners.set_away(true);
    let before = owners.changes();
    let asked = node.asked_later(run, 1);
    node.eventually("the release has begun", || owners.changes() > before);
    assert_eq!(node.asked(run, 1), Answer::NotNow);
    let (back, _) = node.come();
    assert_eq!(back.told(), []);
    owners.lose_outcomes(1);
    owners.set_away(false);
    node.eventually("it is known how the release ended", || asked.is_finished());
    node.eventually("the learner is here again", || back.told() == [Told::Attached]);
    assert_eq!(owners.owner_of(USER).epoch, 3, "let go once, claimed once");
    node.serves_rightly();
}
