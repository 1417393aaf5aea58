//! Whatever dies, stops, wakes or is cut off while several devices of several learners study at several nodes: nothing
//! that was acknowledged is lost, nothing counts twice, and in the end every node shows what the log's fold says.

use super::kit::{Cluster, Node};
use super::learner::Learner;
use super::school::School;
use crate::study::server::random_uuid;
use domain::ids::{CardId, EntryId};
use kit::tcp_proxy::Wire;
use serde_json::{Value, json};
use studyhall::clock::real_ms;

#[test]
fn answers_to_the_same_card_on_two_devices_within_milliseconds_count_once_each_in_every_order() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let nodes: [Node; 2] = cluster.nodes();
    let [one, two] = &nodes;
    let mut school = School::open(&cluster, 1, 36);
    let (deck, cards) = (school.pupils[0].deck, school.pupils[0].cards.clone());
    let learner = Learner::of(school.pupils[0].user);
    let mut done = Vec::new();
    cluster.runtime.block_on(async {
        let deck = deck.to_string();
        let mut here = learner.study(one, &deck).await;
        let mut there = learner.study(two, &deck).await;
        for (n, card) in cards.iter().enumerate() {
            let grade = (n % 6) as u8;
            let (first, second) = (answer(&deck, *card, grade), answer(&deck, *card, 5 - grade));
            match n % 6 {
                0 => {
                    tokio::join!(here.send(&first), there.send(&second));
                }
                1 => {
                    tokio::join!(there.send(&first), here.send(&second));
                }
                // The later one arrives first.
                2 => {
                    there.send(&second).await;
                    there.settle().await;
                    here.send(&first).await;
                }
                3 => {
                    here.send(&second).await;
                    here.settle().await;
                    there.send(&first).await;
                }
                // Both tabs have one outbox.
                4 => {
                    tokio::join!(here.send(&first), there.send(&first));
                    tokio::join!(there.send(&second), here.send(&second));
                }
                // One is taken back on the other device while it answers once more.
                _ => {
                    here.send(&first).await;
                    here.settle().await;
                    let undo = json!({"type": "undo", "id": random_uuid(), "of": first["id"]});
                    tokio::join!(there.send(&undo), here.send(&second));
                    done.push(undo);
                }
            }
            tokio::join!(here.settle(), there.settle());
            done.extend([first, second]);
        }
    });
    done.iter().for_each(|command| school.note(0, command));
    school.all_agree(&[one, two]);
    school.close(nodes);
}

/// The answer to a card, done now.
fn answer(deck: &str, card: CardId, grade: u8) -> Value {
    answer_at(real_ms(), deck, card, grade)
}

fn answer_at(at_ms: i64, deck: &str, card: CardId, grade: u8) -> Value {
    let id = EntryId::v7(at_ms, random_uuid().as_u128() & u128::from(u64::MAX)).0;
    json!({
        "type": "answer", "id": id, "deck_id": deck, "card_id": card.0, "grade": grade, "elapsed_ms": 700,
    })
}

#[test]
fn learners_of_a_node_that_is_killed_under_load_go_on_elsewhere_with_cards_and_verdicts_right() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let [one, two]: [Node; 2] = cluster.nodes();
    let mut school = School::open(&cluster, 6, 400);
    school.seat_all(&[&one, &two]);
    school.allow(60);
    school.more_saved(60, "answers before the kill");
    one.kill();
    let gap = school.everybody_saves_more("answers of everybody after the kill");
    println!("killed under load: everybody was acknowledged again after {gap:?}");
    school.all_through("everybody is through");
    school.all_agree(&[&two]);
    println!("killed under load: {} acknowledged, 0 lost, 0 doubled", school.close([two]));
}

#[test]
fn of_three_nodes_one_leaves_and_one_is_killed_and_all_devices_of_a_learner_end_up_alike() {
    let Some(cluster) = Cluster::start_or_skip() else { return };
    let [one, two, three]: [Node; 3] = cluster.nodes();
    let mut school = School::open(&cluster, 4, 400);
    school.seat_all(&[&one, &three]);
    school.seat_all(&[&two, &three]);
    school.seat_all(&[&three]);
    school.allow(30);
    school.more_saved(60, "answers at three nodes");
    one.leave();
    school.allow(20);
    school.more_saved(60, "answers at two nodes");
    two.kill();
    school.all_through("everybody is through at one node");
    school.all_agree(&[&three]);
    println!("three nodes: {} acknowledged, 0 lost, 0 doubled", school.close([three]));
}

#[test]
fn what_an_owner_acknowledges_between_waking_and_dying_is_kept_and_known_to_the_next_owner() {
    let Some(cluster) = Cluster::with_wires() else { return };
    woken(&cluster, |school, two| {
        // Its sessions go with it: whoever loads the learners next knows it all.
        two.leave();
        let three = cluster.node();
        school.desks().for_each(|desk| desk.lead_to(&[&three]));
        school.all_agree(&[&three]);
        three
    });
}

#[test]
fn what_an_owner_acknowledges_between_waking_and_dying_shows_in_the_session_that_took_its_place() {
    let Some(cluster) = Cluster::with_wires() else { return };
    woken(&cluster, |school, two| {
        println!("woken: the nodes agree after {:?}", school.all_agree(&[&two]));
        two
    });
}

/// An owner is stopped, declared dead, wakes, acknowledges and dies; `then` is what follows at the other node.
fn woken(cluster: &Cluster, then: impl FnOnce(&School<'_>, Node) -> Node) {
    let [one, two]: [Node; 2] = cluster.nodes();
    let mut school = School::open(cluster, 2, 400);
    school.seat_all(&[&one]);
    school.seat_all(&[&two]);
    school.allow(5);
    school.all_through("answers at the owner and through the relay");
    one.signal("STOP");
    // The devices at the owner send into its sockets, the others wait until they are let in anew.
    school.allow(20);
    let saved =
        |n: usize| -> usize { school.pupils.iter().map(|pupil| pupil.desks[n].student.count_saved()).sum() };
    let (at_owner, elsewhere) = (saved(0), saved(1));
    school.eventually("the others go on at the other node", || saved(1) > elsewhere + 4);
    // Its beats are lost: so it wakes, and does not hear at once that it was declared dead.
    cluster.wires().refusing.swallow(Some("nodes"));
    one.signal("CONT");
    school.eventually("the owner acknowledges", || saved(0) > at_owner);
    assert!(!one.log().contains("this node was declared dead"), "it had noticed before");
    one.kill();
    cluster.wires().refusing.swallow(None);
    println!("woken: {} acknowledged by an owner that had been declared dead", saved(0) - at_owner);
    school.desks().for_each(|desk| desk.lead_to(&[&two]));
    school.all_through("everybody is through");
    let last = then(&school, two);
    school.close([last]);
}

#[test]
fn a_relay_that_is_cut_with_both_ends_alive_holds_up_nobody_else_and_comes_back() {
    let Some(cluster) = Cluster::with_wires() else { return };
    let nodes: [Node; 2] = cluster.nodes();
    let [one, two] = &nodes;
    let mut school = School::open(&cluster, 2, 400);
    school.seat_all(&[one]);
    school.seat_all(&[two]);
    school.allow(10);
    school.all_through("answers at the owner and through the relay");
    for broken in [Wire::Cut, Wire::Frozen] {
        one.link().set(broken);
        school.allow(10);
        school.eventually("the devices at the owner go on", || {
            school.pupils.iter().all(|pupil| pupil.desks[0].student.is_through())
        });
        let waits = &school.pupils[1].desks[1].student;
        assert!(!waits.is_through(), "the relay carried something");
        // Who asks a node that reaches the owner is served.
        school.pupils[0].desks[1].lead_to(&[one]);
        school.pupils[0].desks[1].cut();
        let moved = school.eventually("a device that comes to the owner goes on", || {
            school.pupils[0].desks[1].student.is_through()
        });
        println!("{broken:?} relay: a device that moved went on after {moved:?}");
        one.link().set(Wire::Carries);
        let back = school.all_through("the relay is back");
        println!("{broken:?} relay: back after {back:?}");
        let desk = &school.pupils[0].desks[1];
        let welcomes = desk.student.welcomes();
        desk.lead_to(&[two]);
        desk.cut();
        school.eventually("it is back at its node", || desk.student.welcomes() > welcomes);
        school.all_agree(&[one, two]);
    }
    school.close(nodes);
}

#[test]
fn a_socket_whose_relay_has_gone_silent_ends_instead_of_hanging() {
    let Some(cluster) = Cluster::with_wires() else { return };
    let nodes: [Node; 2] = cluster.nodes();
    let [one, two] = &nodes;
    let mut school = School::open(&cluster, 1, 100);
    school.seat_all(&[one]);
    school.seat_all(&[two]);
    school.allow(3);
    school.all_through("answers at the owner and through the relay");
    let relayed = &school.pupils[0].desks[1].student;
    let welcomes = relayed.welcomes();
    one.link().set(Wire::Frozen);
    school.allow(3);
    // It is told to come again, and comes: now to a door that leads to the owner.
    school.pupils[0].desks[1].lead_to(&[one]);
    let ended =
        school.eventually("the socket ended, and its device came back", || relayed.welcomes() > welcomes);
    println!("a silent relay was given up after {ended:?}");
    one.link().set(Wire::Carries);
    school.all_through("everybody is through");
    school.close(nodes);
}

#[test]
fn an_answer_whose_node_dies_between_inbox_and_log_counts_once_when_it_is_sent_again() {
    let Some(cluster) = Cluster::with_wires() else { return };
    let [one, two]: [Node; 2] = cluster.nodes();
    let mut school = School::open(&cluster, 1, 100);
    school.seat_all(&[&one, &two]);
    school.allow(5);
    school.all_through("answers before");
    let refusing = &cluster.wires().refusing;
    refusing.swallow(Some("review_log"));
    // Done a while ago: its inbox row comes before its log row.
    let (learner, deck) = (Learner::of(school.pupils[0].user), school.pupils[0].deck.to_string());
    let late = answer_at(real_ms() - 20 * 60_000, &deck, school.pupils[0].cards[99], 4);
    let device = cluster.runtime.block_on(async {
        let mut device = learner.study(&one, &deck).await;
        device.send(&late).await;
        device
    });
    school.eventually("the inbox is written and the log is not", || refusing.swallowed() > 0);
    assert!(school.log(learner.user).iter().all(|entry| late["id"] != entry.id.to_string()));
    one.kill();
    drop(device);
    refusing.swallow(None);
    cluster.runtime.block_on(async {
        let mut device = learner.study(&two, &deck).await;
        device.send(&late).await;
        device.settle().await;
    });
    school.note(0, &late);
    school.all_agree(&[&two]);
    school.close([two]);
}
