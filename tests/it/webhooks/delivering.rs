//! What reaches a receiver, whatever it does.

use super::receiver::{Mood, Receiver};
use super::school::{ADMIN, CLASS, ORG, OTHER_CLASS, School, TEACHER, accepted, options, secret};
use crate::study::server::eventually;
use domain::ids::UserId;
use ports::register::{ClassAmendment, Status};
use ports::{Feed, HookState, People as _, Register as _, Role, SignIn, Webhooks as _};
use std::net::SocketAddr;
use std::sync::Arc;
use studyhall::webhooks::HookOptions;

const FINE: Mood = Mood::Says(200, "");
/// More failures than a test makes.
const MANY: usize = 10_000;

fn school(options: HookOptions) -> (School, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (School::open(folder.path(), options), folder)
}

#[test]
fn whatever_a_receiver_does_it_gets_every_event_in_order_and_each_attempt_is_signed() {
    let (school, _folder) = school(options(MANY));
    let elsewhere = Receiver::start(FINE);
    let redirect: &'static str = format!("location: {}\r\n", elsewhere.url()).leak();
    let receiver = Receiver::start(Mood::Cuts);
    let hook = school.hook(&receiver, Feed::Org(ORG));
    let moods = [
        Mood::Cuts,
        Mood::Says(500, ""),
        Mood::Hangs,
        Mood::Babbles,
        Mood::Says(302, redirect),
        Mood::Says(404, ""),
        Mood::Says(429, ""),
        Mood::Says(200, "x: y\r\ncontent-length: 999999999999\r\n"),
    ];
    for (n, mood) in (0..).zip(moods) {
        let is_fine = matches!(mood, Mood::Says(200, _));
        receiver.is_now(mood.clone());
        let calls = receiver.calls();
        school.happens(n);
        eventually("it is tried, and tried again", || {
            receiver.calls() >= calls + if is_fine { 1 } else { 2 }
        });
    }
    receiver.is_now(FINE);
    school.happens(8);
    eventually("all is there", || accepted(&receiver).contains(&8));
    let mut once = accepted(&receiver);
    once.dedup();
    assert_eq!(once, (0..9).collect::<Vec<_>>(), "in order, and nothing is left out");
    assert_eq!(elsewhere.calls(), 0, "nobody is led elsewhere");
    for got in receiver.got() {
        assert!(got.is_signed_with(&secret()), "{got:?}");
        assert!(!got.is_signed_with("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert_eq!((got.path.as_str(), got.json()["type"].as_str()), ("/hook?a=b", Some("users.named")));
        assert_eq!(got.json()["data"]["id"], got.id());
        assert!(got.json()["timestamp"].as_str().unwrap().ends_with('Z'));
    }
    let first = receiver.got()[0].id().to_owned();
    let same = receiver.got().iter().filter(|got| got.id() == first).count();
    assert!(same > 1, "each attempt of one event has the same id");
    let attempts = school.runtime.block_on(school.store.attempts(hook, 100)).unwrap();
    assert!(attempts.iter().any(|attempt| attempt.status == Some(500) && attempt.number > 1), "{attempts:?}");
    assert!(attempts.iter().any(|attempt| attempt.status.is_none() && !attempt.error.is_empty()));
    assert_eq!(attempts[0].status, Some(200));
    school.close();
}

#[test]
fn a_receiver_that_wants_nothing_any_more_is_left_alone_until_somebody_says_otherwise() {
    let (school, _folder) = school(options(MANY));
    let receiver = Receiver::start(Mood::Says(410, ""));
    let hook = school.hook(&receiver, Feed::Org(ORG));
    school.happens(1);
    eventually("it is disabled", || school.record(hook).state == HookState::Disabled);
    assert_eq!(school.record(hook).reason, "gone");
    receiver.is_now(FINE);
    // One that works shows that the next event was told, and to whom.
    let other = Receiver::start(FINE);
    school.hook(&other, Feed::Org(ORG));
    school.happens(2);
    eventually("the other one has both", || accepted(&other) == [1, 2]);
    assert_eq!(receiver.calls(), 1);
    school.change(hook, |hook| hook.state = HookState::Active);
    eventually("it goes on where it was", || accepted(&receiver) == [1, 2]);
    school.close();
}

#[test]
fn what_fails_too_often_is_given_up_and_nothing_is_lost_when_it_goes_on() {
    let (school, _folder) = school(options(3));
    let receiver = Receiver::start(Mood::Says(503, ""));
    let hook = school.hook(&receiver, Feed::Org(ORG));
    school.happens(1);
    school.happens(2);
    eventually("it is given up", || school.record(hook).state == HookState::Disabled);
    assert_eq!((school.record(hook).reason.as_str(), receiver.calls()), ("failing", 4));
    receiver.is_now(FINE);
    school.change(hook, |hook| {
        hook.state = HookState::Active;
        hook.failures = 0;
    });
    eventually("all is there", || accepted(&receiver) == [1, 2]);
    school.close();
}

#[test]
fn a_receiver_in_trouble_holds_up_nobody_else() {
    let (school, _folder) = school(HookOptions { attempt_within_ms: 60_000, ..options(MANY) });
    let (stuck, fine) = (Receiver::start(Mood::Hangs), Receiver::start(FINE));
    school.hook(&stuck, Feed::Org(ORG));
    school.hook(&fine, Feed::Org(ORG));
    (0..40).for_each(|n| school.happens(n));
    eventually("the other one has all", || accepted(&fine) == (0..40).collect::<Vec<_>>());
    assert_eq!(stuck.calls(), 1, "one delivery of a webhook at a time");
    // The one that hangs is not waited for.
    drop(school);
}

#[test]
fn who_answers_has_the_event_though_the_answer_never_ends() {
    let (school, _folder) = school(options(MANY));
    let receiver = Receiver::start(Mood::Stalls);
    let hook = school.hook(&receiver, Feed::Org(ORG));
    (0..3).for_each(|n| school.happens(n));
    eventually("all is there", || accepted(&receiver).contains(&2));
    assert_eq!(accepted(&receiver), [0, 1, 2], "each once");
    eventually("its owner reads the same", || {
        let attempts = school.runtime.block_on(school.store.attempts(hook, 9)).unwrap();
        attempts.len() == 3 && attempts.iter().all(|attempt| attempt.status == Some(200))
    });
    school.close();
}

#[test]
fn who_administers_no_longer_is_sent_nothing_more() {
    let (school, _folder) = school(options(MANY));
    let receiver = Receiver::start(FINE);
    let hook = school.hook(&receiver, Feed::Org(ORG));
    school.happens(1);
    eventually("it is there", || accepted(&receiver) == [1]);
    let dismissed = SignIn { user: ADMIN, org: Some(ORG), role: Role::Learner, name: None };
    school.runtime.block_on(school.store.sign_in(dismissed, 2)).unwrap();
    school.happens(2);
    eventually("it is disabled", || school.record(hook).state == HookState::Disabled);
    assert_eq!((school.record(hook).reason.as_str(), receiver.calls()), ("not_allowed", 1));
    school.close();
}

#[test]
fn a_teacher_is_sent_what_happens_in_classes_as_long_as_they_run_them() {
    let (school, _folder) = school(options(MANY));
    [CLASS, OTHER_CLASS].into_iter().for_each(|class| school.class(class));
    let receiver = Receiver::start(FINE);
    school.hook(&receiver, Feed::Person(TEACHER));
    school.happens_in_class(CLASS, 1);
    eventually("it is there", || receiver.calls() == 1);
    let other = ClassAmendment { title: "7b".into(), teacher: UserId::from_u128(9), status: Status::Active };
    school.runtime.block_on(school.store.amend_class(CLASS, other, 3)).unwrap();
    school.happens_in_class(CLASS, 2);
    school.happens_in_class(OTHER_CLASS, 3);
    eventually("the one behind it is there", || receiver.calls() == 2);
    let data: Vec<_> = receiver.got().iter().map(|got| got.json()["data"].clone()).collect();
    assert_eq!((&data[0]["class_id"], &data[0]["data"]["n"]), (&CLASS.to_string().into(), &1.into()));
    assert_eq!((&data[1]["class_id"], &data[1]["data"]["n"]), (&OTHER_CLASS.to_string().into(), &3.into()));
    school.close();
}

#[test]
fn a_name_that_leads_into_a_private_network_is_called_by_nobody() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let receiver = Receiver::start(FINE);
    let (names, port) = (asked.clone(), receiver.port());
    let resolve: studyhall::webhooks::Resolve = Arc::new(move |host, _| {
        names.lock().unwrap().push(host.clone());
        Box::pin(async move {
            let here = SocketAddr::from(([127, 0, 0, 1], port));
            let inside = SocketAddr::from(([10, 0, 0, 1], port));
            Ok(match host.as_str() {
                "here.example.org" => vec![here],
                "both.example.org" => vec![SocketAddr::from(([93, 184, 215, 14], port)), inside],
                _ => vec![inside],
            })
        })
    });
    let (school, _folder) = school(HookOptions { resolve, allow_loopback: false, ..options(MANY) });
    let hook = school.hook(&receiver, Feed::Org(ORG));
    for host in ["here.example.org", "both.example.org", "inside.example.org"] {
        let record = school.record(hook);
        let record = ports::WebhookRecord { url: format!("https://{host}:{port}/"), ..record };
        let attempt = school.runtime.block_on(school.hooks.test(&record)).unwrap();
        assert!(attempt.error.contains("not of the public network"), "{host}: {attempt:?}");
    }
    assert_eq!(asked.lock().unwrap().len(), 3, "each was looked up");
    assert_eq!(receiver.calls(), 0);
    // What was allowed once, with the developer's flag, is not for ever.
    let attempt = school.runtime.block_on(school.hooks.test(&school.record(hook))).unwrap();
    assert!(attempt.error.contains("not of the public network"), "{attempt:?}");
    school.close();
}
