//! Steering a lesson: pause, assign, remove, and what happens when no teacher is there.

use super::kit::{School, ask};
use crate::study::learner::card_of;
use crate::study::server::{Wishes, eventually, put_deck, random_uuid, unlimited};
use domain::limits::TEACHER_GRACE_MS;
use ports::people::ClassChange;
use ports::register::{ClassAmendment, Status};
use ports::{People as _, Register as _};
use serde_json::json;

#[test]
fn nothing_is_dealt_while_a_lesson_is_paused() {
    let school = School::open(1, 12);
    let mut screen = school.lesson();
    let mut device = school.student(0);
    screen.order(json!({"type": "pause"}));
    device.wait_for("the pause", |frame| frame["state"] == "paused");
    let held: Vec<_> = (0..3).map(|_| card_of(&device.wait("card"))).collect();
    for card in held {
        device.answer(school.deck, card, 5);
    }
    device.settle();
    device.catch_up();
    assert!(device.unread().iter().all(|frame| frame["type"] != "card" && frame["type"] != "done"));
    screen.order(json!({"type": "resume"}));
    device.wait("card");
}

#[test]
fn what_is_assigned_comes_next_and_is_a_real_review() {
    let school = School::open(2, 300);
    let now_ms = school.server.now_ms() - 1_000;
    let (deck, cards) = school.server.run(async {
        let made = put_deck(&school.server.store, school.teacher, 4, unlimited(), now_ms).await;
        let give = ClassChange::Give(made.0);
        school.server.store.change_class(school.class, give, now_ms).await.unwrap();
        made
    });
    let mut screen = school.lesson();
    let mut device = school.student(0);
    let mut other = school.student(1);
    let to = [school.students[0].0];
    screen.order(json!({"type": "assign", "deck_id": deck.0, "cards": [cards[2].0], "to": to}));
    device.wait_for("it is told", |frame| frame["reason"] == "assigned");
    // Its deck was not in memory: it comes as soon as that is read, before all that was not handed out by then.
    let mut others = 0;
    loop {
        let card = card_of(&device.wait("card"));
        if card == cards[2] {
            break;
        }
        device.answer(school.deck, card, 5);
        device.settle();
        others += 1;
        assert!(others < 290, "the whole deck came before it");
    }
    device.answer(deck, cards[2], 5);
    device.settle();
    let state = school.server.state(school.students[0], deck, cards[2]).unwrap();
    assert!(state.due.is_some());
    screen.see("all count", |screen| screen.answered() == others + 1);
    other.catch_up();
    assert!(other.unread().iter().all(|frame| frame["card_id"] != json!(cards[2].0)), "it is not theirs");
    screen.order(json!({"type": "withdraw", "deck_id": deck.0}));
    device.wait_for("it is withdrawn", |frame| frame["assigned"] == json!([]));
    let nobody = json!({"type": "assign", "deck_id": deck.0, "to": [random_uuid()]});
    assert_eq!(screen.try_order(nobody), Err("unknown_student".to_owned()));
}

#[test]
fn a_pause_and_a_question_end_when_no_teacher_has_come_back_for_ten_minutes() {
    let school = School::open_with(1, 12, Wishes { dev_clock: true, ..Wishes::workers(2) });
    let mut screen = school.lesson();
    let mut device = school.student(0);
    screen.order(ask(&school, random_uuid(), 7, 3_000_000));
    screen.order(json!({"type": "pause"}));
    device.wait_for("the pause", |frame| frame["state"] == "paused");
    screen.device.vanish();
    eventually("nobody watches", || {
        school.server.engine.class_figures().is_some_and(|figures| figures.monitors == 0)
    });
    school.server.clock.pass_ms(TEACHER_GRACE_MS - 20_000);
    // Nine minutes and more are no reason.
    let back = school.screen();
    assert_eq!(back.class["state"], "paused");
    back.device.vanish();
    eventually("nobody watches", || {
        school.server.engine.class_figures().is_some_and(|figures| figures.monitors == 0)
    });
    school.server.clock.pass_ms(TEACHER_GRACE_MS + 1_000);
    // Time passes at once here: the class looks at its deadline when something comes.
    device.answer(school.deck, school.cards[0], 4);
    device.settle();
    let open = device.wait_for("it goes on", |frame| frame["state"] == "open" && frame["ask"].is_null());
    assert_eq!(open["type"], "class");
}

#[test]
fn the_lesson_of_a_class_that_is_closed_ends_for_its_students_and_is_reported() {
    let school = School::open(2, 12);
    let mut screen = school.lesson();
    let mut device = school.student(0);
    let held: Vec<_> = (0..3).map(|_| card_of(&device.wait("card"))).collect();
    device.answer(school.deck, held[0], 5);
    device.settle();
    screen.see("the answer", |screen| screen.answered() == 1);
    screen.order(json!({"type": "pause"}));
    device.wait_for("the pause", |frame| frame["state"] == "paused");
    let now_ms = school.server.now_ms();
    school.server.run(async {
        let store = &school.server.store;
        let class = store.class(school.class).await.unwrap().unwrap();
        let gone = ClassAmendment { status: Status::Gone, ..ClassAmendment::of(&class) };
        store.amend_class(school.class, gone, now_ms).await.unwrap();
    });
    device.wait_for("there is no lesson", |frame| frame["type"] == "class" && frame["lesson"].is_null());
    device.wait_for("nothing is held back", |frame| frame["type"] == "card" || frame["type"] == "done");
    let lessons = school.server.store.lessons().unwrap().lessons;
    let reports = || school.server.run(lessons.reports(school.class, None, 9)).unwrap();
    eventually("it is reported", || reports().len() == 1);
    let report = school.server.run(lessons.report(school.class, reports()[0].lesson)).unwrap().unwrap();
    assert_eq!((report.totals.answered, report.students.len()), (1, 2));
}

#[test]
fn a_command_that_comes_again_is_carried_out_once_and_one_without_a_lesson_is_refused() {
    let school = School::open(1, 3);
    let mut screen = school.screen();
    assert_eq!(screen.try_order(json!({"type": "pause"})), Err("no_lesson".to_owned()));
    let mut screen = school.lesson();
    let command = json!({"type": "message", "id": random_uuid(), "message": "Look up."});
    screen.order(command.clone());
    screen.see("the message", |screen| screen.class["message"] == "Look up.");
    let version = screen.class["version"].clone();
    let mut other = school.screen();
    other.order(command.clone());
    let mut changed = command;
    changed["message"] = json!("Look down.");
    assert_eq!(other.try_order(changed), Err("id_reused".to_owned()));
    assert_eq!(other.class["version"], version);
    let mut ahead = json!({"type": "pause"});
    ahead["id"] = json!(school.server.id_at(school.server.now_ms() + 60_000));
    assert_eq!(other.try_order(ahead), Err("bad_time".to_owned()));
    other.device.send(&json!({"type": "pause", "seq": 99, "id": random_uuid()}));
    assert_eq!(other.device.closed(), Some(4407));
}
