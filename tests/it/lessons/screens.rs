//! What a teacher's screens show.

use super::kit::{School, Screen};
use crate::study::learner::Device;
use crate::study::server::{Wishes, eventually, random_uuid};
use actors::Hooks;
use domain::lesson::Input;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn what_students_answer_shows_on_the_teachers_screen() {
    let school = School::open(3, 8);
    let mut screen = school.lesson();
    let mut devices: Vec<Device<'_>> = (0..2).map(|n| school.student(n)).collect();
    for (n, device) in devices.iter_mut().enumerate() {
        device.answer(school.deck, school.cards[0], 4);
        device.answer(school.deck, school.cards[1 + n], 1);
        device.settle();
    }
    screen.see("four answers", |screen| screen.answered() == 4);
    assert_eq!((&screen.totals["correct"], &screen.totals["students"]), (&json!(2), &json!(3)));
    screen.see("both are here", |screen| screen.totals["here"] == 2);
    let row = screen.student(school.students[0]).clone();
    assert_eq!((&row["answered"], &row["correct"], &row["presence"]), (&json!(2), &json!(1), &json!("here")));
    assert_eq!(row["name"], "Pupil-0-named");
    assert_eq!(screen.student(school.students[2])["presence"], "left");
    let card = &screen.cards[&school.cards[0].to_string()];
    assert_eq!((&card["answers"], &card["wrong"]), (&json!(2), &json!(0)));
    assert_eq!(screen.in_minutes(), (4, 2), "{:?}", screen.minutes);
    let now_ms = school.server.now_ms();
    assert!(screen.minutes.keys().all(|at| at % 60_000 == 0 && (now_ms - 180_000..=now_ms).contains(at)));
    assert_eq!(school.screen().minutes, screen.minutes, "whoever comes sees the same");
    drop(devices);
    screen.see("both are gone", |screen| screen.totals["here"] == 0);
    assert_eq!(screen.answered(), 4);
}

#[test]
fn two_screens_show_the_same_and_one_that_comes_back_too() {
    let school = School::open(1, 20);
    let mut screen = school.lesson();
    let mut other = school.screen();
    let mut device = school.student(0);
    let before = school.server.engine.class_figures().unwrap();
    for n in 0..6 {
        device.answer(school.deck, school.cards[n], 4);
        device.settle();
        screen.see("an answer", |screen| screen.answered() == n as u64 + 1);
        other.see("the same answer", |screen| screen.answered() == n as u64 + 1);
    }
    let user = school.students[0];
    let figures = |screen: &Screen<'_>| screen.student(user)["answered"].clone();
    assert_eq!((figures(&screen), &screen.totals), (figures(&other), &other.totals));
    let after = school.server.engine.class_figures().unwrap();
    let (encoded, sent) = (after.encoded - before.encoded, after.sent - before.sent);
    assert!(encoded < sent, "{encoded} pictures were encoded for {sent} that were sent");
    let shown = (screen.version, screen.totals.clone());
    screen.device.vanish();
    let back = school.screen();
    assert!(back.version >= shown.0);
    assert_eq!(back.totals["answered"], shown.1["answered"]);
    eventually("two screens are known", || {
        school.server.engine.class_figures().is_some_and(|figures| figures.monitors == 2)
    });
}

#[test]
fn figures_do_not_fall_when_a_class_panics_and_its_screens_come_back() {
    let falls = Arc::new(AtomicBool::new(false));
    let planted = falls.clone();
    let hook = move |_, input: &Input| {
        assert!(!(matches!(input, Input::Cells(_)) && planted.swap(false, Ordering::SeqCst)), "planted");
    };
    let hooks = Hooks { before_lesson: Some(Arc::new(hook)), ..Hooks::default() };
    let school = School::open_with(2, 20, Wishes { hooks, ..Wishes::workers(2) });
    let mut screen = school.lesson();
    let (mut device, mut gone) = (school.student(0), school.student(1));
    for n in 0..4 {
        device.answer(school.deck, school.cards[n], 4);
        gone.answer(school.deck, school.cards[n], 4);
    }
    device.settle();
    gone.settle();
    screen.see("eight answers", |screen| screen.answered() == 8);
    falls.store(true, Ordering::SeqCst);
    device.answer(school.deck, school.cards[4], 4);
    device.settle();
    assert_eq!(screen.device.closed(), Some(4409));
    let mut back = school.screen();
    assert_eq!(back.seen[0]["type"], "snapshot");
    assert!(back.answered() >= 8, "a figure fell: {}", back.totals);
    back.see("the answer at which it fell", |screen| screen.answered() == 9);
    // The learners noticed nothing.
    device.answer(school.deck, school.cards[5], 4);
    device.settle();
    back.see("and it goes on", |screen| screen.answered() == 10);
    assert_eq!(school.server.engine.class_figures().unwrap().fell, 1);
}

#[test]
fn a_teacher_who_reads_slowly_gets_the_newest_state_and_no_queue() {
    let school = School::open(4, 40);
    let mut screen = school.lesson();
    let mut devices: Vec<Device<'_>> = (0..4).map(|n| school.student(n)).collect();
    let before = screen.version;
    for n in 0..30 {
        for device in &mut devices {
            device.answer(school.deck, school.cards[n], 4);
            device.settle();
        }
    }
    // Nothing was read meanwhile: what waits is what four a second make, however many answers there were.
    screen.see("all answers", |screen| screen.answered() == 120);
    assert!(screen.version - before < 120, "{} versions", screen.version - before);
    assert!(screen.seen.iter().all(|frame| frame["more"].is_null()));
}

#[test]
fn a_server_that_goes_down_tells_screens_so() {
    let school = School::open(1, 3);
    let mut screen = school.lesson();
    let engine = school.server.engine.clone();
    let drained = school.server.spawn(async move { engine.drain().await });
    assert_eq!(screen.device.wait("goodbye")["reason"], "draining");
    drop(screen);
    assert_eq!(school.server.run(drained).unwrap(), 0);
}

#[test]
fn a_lesson_that_is_over_is_reported_and_another_may_begin() {
    let school = School::open(1, 8);
    let mut screen = school.lesson();
    let lesson = screen.class["lesson"].clone();
    assert_eq!(screen.try_order(json!({"type": "open", "lesson": random_uuid()})), Err("busy".to_owned()));
    let mut device = school.student(0);
    device.answer(school.deck, school.cards[0], 1);
    device.settle();
    screen.see("the answer", |screen| screen.answered() == 1);
    screen.order(json!({"type": "close"}));
    assert_eq!(device.wait_for("the end", |frame| frame["state"] == "closed")["type"], "class");
    let lessons = school.server.store.lessons().unwrap().lessons;
    let id = lesson.as_str().unwrap().parse().unwrap();
    let report = || school.server.run(lessons.report(school.class, id)).unwrap();
    eventually("the report is stored", || report().is_some());
    let report = report().unwrap();
    assert_eq!((report.totals.answered, report.students.len(), report.cards.len()), (1, 1, 1));
    eventually("the next lesson begins", || {
        screen.try_order(json!({"type": "open", "lesson": random_uuid()})).is_ok()
    });
    screen
        .see("nothing is answered in it", |screen| screen.answered() == 0 && screen.class["state"] == "open");
    assert_ne!(screen.class["lesson"], lesson);
    assert_eq!(Value::Null, screen.class["ask"]);
}
