//! Who sees what: a teacher only students of own classes, only while they are enrolled; hidden names are in no frame.

use super::kit::{School, Screen, name_of};
use crate::study::learner::{Device, somebody};
use crate::study::outside::teacher_token;
use crate::study::server::random_uuid;
use client::RawOptions;
use domain::ids::{LessonId, UserId, Uuid};
use ports::people::ClassChange;
use ports::register::ClassAmendment;
use ports::{PaperKey, PaperKind, People as _, Register as _};
use serde_json::json;
use studyhall::teaching::{Substitute, link_of};

#[test]
fn nobody_but_its_teacher_watches_a_class() {
    let school = School::open(1, 3);
    let _screen = school.lesson();
    for stranger in [somebody(), school.students[0]] {
        let mut device = school.at_monitor(stranger);
        device.hello(&teacher_token(stranger), random_uuid());
        assert_eq!(device.closed(), Some(4503));
    }
    let mut device = school.at_monitor(school.teacher);
    device.hello(&school.teacher.to_string(), random_uuid());
    assert_eq!(device.closed(), Some(4503), "who may teach no more watches no more");
    let elsewhere = format!("ws://{}/ws/v1/classes/{}/monitor", school.server.address, random_uuid());
    let mut device =
        Device::connect_with(&school.server, school.teacher, |o| RawOptions { url: elsewhere, ..o });
    device.hello(&teacher_token(school.teacher), random_uuid());
    assert_eq!(device.closed(), Some(4503), "what is not there looks like what is not one's own");
    let mut device = school.at_monitor(school.teacher);
    device.send(&json!({"type": "pause", "seq": 1, "id": random_uuid()}));
    assert_eq!(device.closed(), Some(4508));
}

#[test]
fn a_student_who_leaves_the_class_is_seen_no_more_and_sees_no_lesson() {
    let school = School::open(2, 6);
    let mut screen = school.lesson();
    let mut device = school.student(0);
    device.answer(school.deck, school.cards[0], 4);
    device.settle();
    screen.see("the answer", |screen| screen.answered() == 1);
    let now_ms = school.server.now_ms();
    let leave = ClassChange::Remove(school.students[0]);
    // Nobody is told: it is found within seconds all the same.
    school.server.run(school.server.store.change_class(school.class, leave, now_ms)).unwrap();
    screen.see("the student is gone", |screen| screen.student(school.students[0]).is_null());
    screen.see("and so are the answers", |screen| screen.answered() == 0 && screen.totals["students"] == 1);
    assert_eq!(
        device.wait_for("no lesson", |f| f["type"] == "class" && f["lesson"].is_null())["state"],
        "closed"
    );
}

#[test]
fn a_student_who_is_removed_from_the_lesson_studies_on_alone() {
    let school = School::open(2, 6);
    let mut screen = school.lesson();
    let mut device = school.student(0);
    screen.order(json!({"type": "remove", "student_id": school.students[0].0}));
    screen.see("the student is gone", |screen| screen.student(school.students[0]).is_null());
    device.wait_for("no lesson", |f| f["type"] == "class" && f["lesson"].is_null());
    device.answer(school.deck, school.cards[0], 4);
    device.settle();
    let log = school.server.log(school.students[0]);
    assert_eq!(log[0].review().unwrap().class, None);
    let back = Device::join(&school.server, school.students[0]);
    drop(back);
    assert_eq!(school.server.engine.class_document(school.students[0]), None);
}

#[test]
fn whoever_no_longer_teaches_a_class_is_shut_out_within_seconds() {
    let school = School::open(1, 3);
    let mut screen = school.lesson();
    let class = school.server.run(school.server.store.class(school.class)).unwrap().unwrap();
    let to = ClassAmendment { teacher: somebody(), ..ClassAmendment::of(&class) };
    let now_ms = school.server.now_ms();
    school.server.run(school.server.store.amend_class(school.class, to, now_ms)).unwrap();
    assert_eq!(screen.device.closed(), Some(4503));
}

#[test]
fn who_teaches_beside_the_teacher_or_stands_in_watches_until_that_ends() {
    let school = School::open(1, 3);
    let papers = school.server.store.teaching().papers;
    let keep = |kind, id: Uuid, body: Vec<u8>| {
        let key = PaperKey { of: school.class.0, kind, id };
        school.server.run(papers.put_paper(key, body, None)).unwrap();
        key
    };
    let mut screen = school.lesson();
    let colleague = somebody();
    let paper = keep(PaperKind::Teacher, colleague.0, b"{}".to_vec());
    let mut beside = Screen::open(school.at_monitor(colleague));

    let lesson = screen.class["lesson"].as_str().unwrap().parse().unwrap();
    let (id, secret) = (random_uuid(), random_uuid());
    let until_ms = school.server.now_ms() + 3_600_000;
    let substitute =
        Substitute::new("Kim".to_owned(), school.teacher, Some(LessonId(lesson)), until_ms, secret);
    keep(PaperKind::Substitute, id, serde_json::to_vec(&substitute).unwrap());
    let guessed = link_of(school.class, id, random_uuid());
    let mut stranger = school.at_monitor(UserId(id));
    stranger.hello(&guessed, random_uuid());
    assert_eq!(stranger.closed(), Some(4503));
    let link = link_of(school.class, id, secret);
    let mut stands_in = Screen::open_by(school.at_monitor(UserId(id)), &link);
    stands_in.order(json!({"type": "message", "message": "page 7"}));
    for screen in [&mut screen, &mut beside] {
        screen.see("what was said by who stands in", |screen| screen.class["message"] == "page 7");
    }

    school.server.run(papers.remove_paper(paper)).unwrap();
    assert_eq!(beside.device.closed(), Some(4503));
    screen.order(json!({"type": "close"}));
    assert_eq!(stands_in.device.closed(), Some(4503), "the lesson that it was for is over");
}

#[test]
fn a_link_ends_when_whoever_made_it_runs_the_class_no_more() {
    let school = School::open(1, 3);
    let papers = school.server.store.teaching().papers;
    let keep = |kind, id: Uuid, body: Vec<u8>| {
        let key = PaperKey { of: school.class.0, kind, id };
        school.server.run(papers.put_paper(key, body, None)).unwrap();
        key
    };
    let _screen = school.lesson();
    let colleague = somebody();
    let paper = keep(PaperKind::Teacher, colleague.0, b"{}".to_vec());
    let mut beside = Screen::open(school.at_monitor(colleague));
    let (id, secret) = (random_uuid(), random_uuid());
    let until_ms = school.server.now_ms() + 3_600_000;
    let theirs = Substitute::new("Kim".to_owned(), colleague, None, until_ms, secret);
    keep(PaperKind::Substitute, id, serde_json::to_vec(&theirs).unwrap());
    let link = link_of(school.class, id, secret);
    let mut stands_in = Screen::open_by(school.at_monitor(UserId(id)), &link);
    stands_in.order(json!({"type": "message", "message": "page 7"}));
    school.server.run(papers.remove_paper(paper)).unwrap();
    assert_eq!(beside.device.closed(), Some(4503));
    assert_eq!(stands_in.device.closed(), Some(4503));
    let mut again = school.at_monitor(UserId(id));
    again.hello(&link, random_uuid());
    assert_eq!(again.closed(), Some(4503));
}

#[test]
fn hidden_names_are_in_no_frame() {
    let school = School::open(3, 9);
    let mut screen = school.lesson();
    assert!(screen.seen.iter().any(|frame| frame.to_string().contains(&name_of(1))));
    screen.order(json!({"type": "hide_names", "hidden": true}));
    screen.see("rows without names", |screen| {
        screen.class["hide_names"] == true && screen.students.values().all(|row| row["name"].is_null())
    });
    let from = screen.seen.len();
    let mut device = school.student(1);
    device.answer(school.deck, school.cards[0], 1);
    device.settle();
    screen.see("the answer", |screen| screen.answered() == 1);
    let other = school.screen();
    let named = |screen: &Screen<'_>, from: usize| {
        let names: Vec<String> = (0..3).map(name_of).collect();
        screen.seen[from..].iter().any(|frame| {
            let text = frame.to_string();
            names.iter().any(|name| text.contains(name.as_str()))
        })
    };
    assert!(!named(&screen, from) && !named(&other, 0));
    screen.order(json!({"type": "hide_names", "hidden": false}));
    screen.see("names again", |screen| screen.student(school.students[1])["name"] == json!(name_of(1)));
}
