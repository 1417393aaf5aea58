//! How a node comes to a learner, or to who has it.

use crate::node::{Node, OTHER, OTHER_ADDRESS, SHORT, Told, USER, wall_ms};
use actors::{CloseWhy, Limits};
use domain::ids::UserId;
use domain::owner::Timing;
use domain::owner::claim::Answer;
use kit::{MemoryOwners, Tended};
use std::time::Instant;

#[test]
fn a_learner_whom_nobody_has_is_claimed_adopted_and_served() {
    let node = Node::start(&MemoryOwners::new());
    let run = node.registered();
    node.come_in();
    assert_eq!(node.tenures.tended(), [Tended::Adopted(USER, run, 1)]);
    node.serves_rightly();
}

#[test]
fn nobody_is_claimed_for_a_run_that_is_not_registered() {
    let owners = MemoryOwners::new();
    owners.fail_registrations(2);
    let node = Node::start(&owners);
    node.come_in();
    node.serves_rightly();
}

#[test]
fn a_learner_of_a_live_node_that_has_the_learner_is_relayed_there() {
    let owners = MemoryOwners::new();
    owners.put_node(OTHER, OTHER_ADDRESS, wall_ms());
    owners.put_owner(USER, Some(OTHER), 4);
    let node = Node::start(&owners);
    let (socket, _) = node.come();
    node.eventually("the socket is told", || !socket.told().is_empty());
    assert_eq!(socket.told(), [Told::Elsewhere(OTHER_ADDRESS.to_owned())]);
    assert_eq!(owners.owner_of(USER).run, Some(OTHER), "a live owner is not robbed");
    assert_eq!(node.tenures.tended(), []);
}

#[test]
fn a_live_owner_that_cannot_tell_or_be_reached_is_asked_until_it_lets_go() {
    for silent in [Answer::NotNow, Answer::Unreachable] {
        let owners = MemoryOwners::new();
        owners.put_node(OTHER, OTHER_ADDRESS, wall_ms());
        owners.put_owner(USER, Some(OTHER), 4);
        let node = Node::start(&owners);
        node.other.says(silent);
        let (socket, _) = node.come();
        // Long enough for the node to have asked: its own beats go on.
        let beats = || node.tenures.last_beat().map_or(0, |beat| beat.sent_tick_ms);
        node.registered();
        let before = beats();
        node.eventually("it beats on", || beats() > before + 300);
        assert_eq!((socket.told(), owners.owner_of(USER).run), (Vec::new(), Some(OTHER)));
        owners.put_owner(USER, None, 5);
        node.other.says(Answer::NotMine);
        node.eventually("the learner is here", || !socket.told().is_empty());
        assert_eq!(socket.told(), [Told::Attached]);
        assert_eq!(owners.owner_of(USER).epoch, 6);
        node.serves_rightly();
    }
}

#[test]
fn an_owner_that_is_denied_at_its_address_is_asked_for_at_a_pace_until_its_run_is_dead() {
    let owners = MemoryOwners::new();
    owners.put_node(OTHER, OTHER_ADDRESS, wall_ms());
    owners.put_owner(USER, Some(OTHER), 4);
    let timing = Timing { ask_again_ms: 100, ..SHORT };
    let node = Node::start_with(&owners, timing);
    // Its process was started anew at its address: another run answers.
    node.other.says(Answer::NotMine);
    node.registered();
    let since = Instant::now();
    let (socket, _) = node.come();
    node.eventually("it is asked for again and again", || node.other.asked() >= 4);
    let (asked, waits) = (node.other.asked(), since.elapsed().as_millis() / 100);
    assert!(u128::from(asked) <= waits + 1, "asked {asked} times in {waits} waits");
    owners.declare(OTHER);
    node.eventually("the learner is here", || !socket.told().is_empty());
    assert_eq!(socket.told(), [Told::Attached]);
    node.serves_rightly();
}

#[test]
fn a_learner_of_a_dead_node_is_taken_and_its_inbox_is_read_once_more() {
    let owners = MemoryOwners::new();
    owners.put_node(OTHER, OTHER_ADDRESS, wall_ms());
    owners.declare(OTHER);
    owners.put_owner(USER, Some(OTHER), 4);
    let node = Node::start(&owners);
    node.come_in();
    assert_eq!(owners.owner_of(USER).epoch, 5);
    node.serves_rightly();
    let again = Tended::InboxAgain(USER);
    node.eventually("the inbox is read once more", || node.tenures.tended().contains(&again));
}

#[test]
fn the_inbox_of_a_dead_nodes_learner_is_read_once_more_though_the_first_load_failed() {
    let owners = MemoryOwners::new();
    owners.put_node(OTHER, OTHER_ADDRESS, wall_ms());
    owners.declare(OTHER);
    owners.put_owner(USER, Some(OTHER), 4);
    let node = Node::start(&owners);
    node.tenures.fail_adoptions(1);
    let (first, _) = node.come();
    node.eventually("the socket is told", || !first.told().is_empty());
    assert_eq!(first.told(), [Told::Closed(CloseWhy::NotReady)]);
    assert_eq!(owners.owner_of(USER).run, node.run(), "claimed all the same");
    node.come_in();
    let again = Tended::InboxAgain(USER);
    node.eventually("the inbox is read once more", || node.tenures.tended().contains(&again));
}

#[test]
fn learners_who_wait_for_another_node_keep_nobody_who_studies_here_from_reading() {
    let owners = MemoryOwners::new();
    owners.put_node(OTHER, OTHER_ADDRESS, wall_ms());
    let limits = Limits { claims_at_once: 1, ..Limits::default() };
    let node = Node::start_within(&owners, SHORT, limits);
    node.other.says(Answer::NotNow);
    let (here, socket) = node.come();
    node.eventually("the learner is here", || here.told() == [Told::Attached]);
    // One after another they would wait for longer than this test does.
    for user in (100..150).map(UserId::from_u128) {
        owners.put_owner(user, Some(OTHER), 4);
        node.come_as(user);
    }
    node.eventually("the first of them is asked for", || node.other.asked() > 0);
    node.begin(socket);
    node.eventually("what is due is read and told", || here.frames() > 0);
}

#[test]
fn a_claim_whose_outcome_is_lost_is_looked_up_and_served() {
    let owners = MemoryOwners::new();
    let node = Node::start(&owners);
    node.registered();
    owners.lose_outcomes(1);
    node.come_in();
    assert_eq!(owners.owner_of(USER).epoch, 1, "claimed once");
    node.serves_rightly();
}

#[test]
fn a_store_that_is_away_for_a_moment_costs_no_run_and_no_learner() {
    let owners = MemoryOwners::new();
    let node = Node::start(&owners);
    let run = node.registered();
    let there = node.come_in();
    owners.set_away(true);
    let (waits, _) = node.come();
    node.eventually("who comes to a learner that is here is let in", || waits.told() == [Told::Attached]);
    owners.set_away(false);
    node.go(there);
    let beat = node.tenures.last_beat().map_or(0, |beat| beat.sent_tick_ms);
    node.eventually("it beats again", || {
        node.tenures.last_beat().is_some_and(|last| last.sent_tick_ms > beat && last.run == run)
    });
    node.serves_rightly();
}
