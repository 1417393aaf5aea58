//! What has happened is delivered, whatever becomes of the process.

use super::receiver::{Mood, Receiver};
use super::school::{ORG, School, accepted, options, secret};
use crate::study::binary::Place;
use crate::study::learner::somebody;
use crate::study::server::eventually;
use domain::ids::OrgId;
use ports::{Feed, Role};
use serde_json::{Value, json};

const FINE: Mood = Mood::Says(204, "content-length: 0\r\n");

#[test]
fn what_waited_for_a_receiver_is_delivered_by_the_next_process_and_the_count_of_failures_stays() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(Mood::Says(500, ""));
    let school = School::open(folder.path(), options(10_000));
    let hook = school.hook(&receiver, Feed::Org(ORG));
    (0..30).for_each(|n| school.happens(n));
    eventually("it is tried", || school.record(hook).failures >= 2);
    school.close();
    let tried = receiver.got().len();
    receiver.is_now(Mood::Cuts);
    let school = School::open(folder.path(), options(10_000));
    eventually("it is tried again", || school.record(hook).failures > 2 && receiver.calls() > tried);
    receiver.is_now(FINE);
    eventually("all is there", || accepted(&receiver).contains(&29));
    let mut once = accepted(&receiver);
    once.dedup();
    assert_eq!(once, (0..30).collect::<Vec<_>>());
    assert!(receiver.got().iter().all(|got| got.is_signed_with(&secret())));
    school.close();
    // What was delivered is not delivered again.
    let calls = receiver.calls();
    let school = School::open(folder.path(), options(10_000));
    school.happens(30);
    eventually("the new one is there", || accepted(&receiver).contains(&30));
    assert_eq!(receiver.calls(), calls + 1);
    school.close();
}

#[test]
fn a_server_that_is_killed_delivers_after_its_next_start_what_its_feed_has() {
    let place = Place::new();
    let life = place.start();
    let org = OrgId(somebody().0);
    let token = place.token_of(somebody(), Role::Admin, Some(org));
    let ask = |method: &str, path: &str, body: Value| -> Value {
        let url = format!("{}/api/v1{path}", place.url());
        let request = ureq::http::Request::builder().method(method).uri(url);
        let request = request.header("authorization", format!("Bearer {token}"));
        let sent = match body {
            Value::Null => ureq::run(request.body(()).unwrap()),
            body => {
                ureq::run(request.header("content-type", "application/json").body(body.to_string()).unwrap())
            }
        };
        sent.unwrap().body_mut().read_json().unwrap()
    };
    let receiver = Receiver::start(Mood::Says(503, ""));
    let made = ask("POST", "/webhooks", json!({"url": receiver.url(), "kinds": ["class.created"]}));
    let secret = made["secret"].as_str().unwrap().to_owned();
    let class = |title: &str| ask("POST", "/classes", json!({"title": title}))["class_id"].clone();
    let classes = [class("7a"), class("7b"), class("7c")];
    eventually("it is tried", || receiver.calls() > 0);
    let told = || ask("GET", "/events?kind=class.created", Value::Null)["items"].as_array().unwrap().len();
    eventually("all three are in the feed", || told() == 3);
    life.kill();
    receiver.is_now(FINE);
    let _life = place.start();
    eventually("all three are there", || receiver.accepted().len() >= 3);
    let named: Vec<Value> =
        receiver.accepted().iter().map(|got| got.json()["data"]["class_id"].clone()).collect();
    assert_eq!(named, classes);
    assert!(receiver.got().iter().all(|got| got.is_signed_with(&secret)));
}
