//! A zone that was changed at another node, without a hint that arrives: the session counts by it all the same.

use super::learner::{Device, hello, somebody};
use super::server::{NOON_MS, TestServer, Wishes, eventually, random_uuid};
use domain::ids::UserId;
use ports::People as _;
use ports::people::PersonChange;
use serde_json::json;

/// As another node does it, a second before noon.
pub(super) fn changed_elsewhere(server: &TestServer, learner: UserId, zone: &str, rollover_hour: u8) {
    let change = PersonChange {
        zone: Some(zone.to_owned()),
        rollover_hour: Some(rollover_hour),
        ..PersonChange::default()
    };
    server.run(server.store.change_person(learner, change, NOON_MS - 1_000)).unwrap();
}

#[test]
fn whoever_comes_in_brings_the_zone_that_was_set_at_another_node() {
    let server = TestServer::at_noon(Wishes { clustered: true, ..Wishes::workers(1) });
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 1);
    // Its session is loaded for somebody without a zone.
    let _first = Device::join(&server, learner);
    changed_elsewhere(&server, learner, "Europe/Berlin", 4);
    let mut second = Device::connect(&server, learner);
    let mut hello = hello(&learner.to_string(), random_uuid());
    hello["zone"] = json!("Europe/Berlin");
    second.send(&hello);
    second.wait("welcome");
    second.answer(deck, cards[0], 5);
    second.settle();
    assert_eq!(server.log(learner)[0].stamp.utc_offset_min, 60);
}

#[test]
fn a_check_finds_a_zone_that_was_changed_at_another_node() {
    let server = TestServer::at_noon(Wishes { clustered: true, ..Wishes::workers(1) });
    let learner = somebody();
    let _device = Device::join(&server, learner);
    let today = || server.learner(learner).unwrap().today;
    let before = today();
    changed_elsewhere(&server, learner, "Pacific/Kiritimati", 0);
    server.engine.check_all();
    eventually("it is two in the morning of the next day there", || today() == before.plus(1));
}
