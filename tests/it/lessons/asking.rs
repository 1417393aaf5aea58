//! One card that is put to the whole class.

use super::kit::{School, Screen, ask};
use crate::study::book::fold_faults;
use crate::study::learner::Device;
use crate::study::server::{DAY_MS, TestServer, Wishes, eventually, random_uuid, unlimited};
use domain::state::CardState;
use serde_json::{Value, json};

fn bars(screen: &Screen<'_>, round: usize) -> Vec<(u64, u64)> {
    let bars = screen.ask["rounds"][round]["bars"].as_array().cloned().unwrap_or_default();
    let mut bars: Vec<_> =
        bars.iter().map(|bar| (bar["grade"].as_u64().unwrap(), bar["times"].as_u64().unwrap())).collect();
    bars.sort_unstable();
    bars
}

#[test]
fn a_question_comes_to_all_and_its_histogram_has_the_first_answer_of_each() {
    let school = School::open_with(3, 9, Wishes { dev_clock: true, ..Wishes::workers(2) });
    let mut screen = school.lesson();
    let (mut ada, mut bob) = (school.student(0), school.student(1));
    let (id, card) = (random_uuid(), school.cards[7]);
    screen.order(ask(&school, id, 7, 10_000));
    let is_it = |frame: &Value| frame["type"] == "card" && frame["card_id"] == json!(card.0);
    ada.wait_for("the card", is_it);
    bob.wait_for("the card", is_it);
    assert_eq!(ada.wait_for("the question", |f| !f["ask"].is_null())["ask"]["ask_id"], json!(id));
    ada.answer(school.deck, card, 1);
    ada.settle();
    let vote = bob.answer(school.deck, card, 4);
    bob.settle();
    screen.see("two votes", |screen| screen.ask["rounds"][0]["votes"] == 2);
    ada.answer(school.deck, card, 5);
    ada.settle();
    // Who connects while it is open gets it.
    let mut eve = school.student(2);
    eve.wait_for("the card", is_it);
    school.server.clock.pass_ms(12_000);
    eve.answer(school.deck, card, 5);
    eve.settle();
    let late = |screen: &Screen<'_>| screen.student(school.students[2])["answered"] == 1;
    screen.see("all answers", |screen| screen.answered() == 4 && late(screen));
    assert_eq!(bars(&screen, 0), [(1, 1), (4, 1)], "only the first of each counts, and none that is late");
    let undo = bob.undo_frame(&json!(vote));
    let seq = bob.command(undo);
    bob.settle();
    assert_eq!(bob.refused.get(&seq).map(String::as_str), Some("ask_closed"));
    // A second vote, after talking.
    let mut again = ask(&school, id, 7, 10_000);
    again["second"] = json!(true);
    screen.order(again);
    ada.wait_for("the card again", is_it);
    ada.answer(school.deck, card, 4);
    ada.settle();
    screen.see("the second vote", |screen| screen.ask["rounds"][1]["votes"] == 1);
    assert_eq!((bars(&screen, 0), bars(&screen, 1)), (vec![(1, 1), (4, 1)], vec![(4, 1)]));
    screen.order(json!({"type": "end_ask"}));
    ada.wait_for("the question is gone", |f| {
        f["type"] == "class" && f["ask"].is_null() && f["state"] == "open"
    });
}

#[test]
fn a_vote_is_closed_early_and_voted_again() {
    let school = School::open_with(2, 9, Wishes { dev_clock: true, ..Wishes::workers(2) });
    let mut screen = school.lesson();
    let (mut ada, mut bob) = (school.student(0), school.student(1));
    let (id, card) = (random_uuid(), school.cards[7]);
    let close = json!({"type": "close_ask", "ask_id": id});
    assert_eq!(screen.try_order(close.clone()), Err("unknown_ask".to_owned()));
    screen.order(ask(&school, id, 7, 600_000));
    let is_it = |frame: &Value| frame["type"] == "card" && frame["card_id"] == json!(card.0);
    ada.wait_for("the card", is_it);
    bob.wait_for("the card", is_it);
    let vote = ada.answer(school.deck, card, 1);
    ada.settle();
    screen.see("a vote", |screen| screen.ask["rounds"][0]["votes"] == 1);
    let mut again = ask(&school, id, 7, 600_000);
    again["second"] = json!(true);
    assert_eq!(screen.try_order(again.clone()), Err("unknown_ask".to_owned()), "the first is open");
    school.server.clock.pass_ms(5_000);
    screen.order(close);
    let now_ms = school.server.now_ms();
    let is_closed = |f: &Value| f["ask"]["closes_at"].as_i64().is_some_and(|at| at < now_ms);
    ada.wait_for("the close", is_closed);
    bob.wait_for("the close", is_closed);
    let undo = ada.undo_frame(&json!(vote));
    let seq = ada.command(undo);
    ada.settle();
    assert_eq!(ada.refused.get(&seq).map(String::as_str), Some("ask_closed"));
    school.server.clock.pass_ms(2_000);
    bob.answer(school.deck, card, 5);
    bob.settle();
    screen.see("a late answer", |screen| screen.answered() == 2);
    assert_eq!(bars(&screen, 0), [(1, 1)], "it is no vote");
    screen.order(again);
    ada.wait_for("the card again", is_it);
    ada.answer(school.deck, card, 4);
    ada.settle();
    screen.see("the second vote", |screen| screen.ask["rounds"][1]["votes"] == 1);
    assert_eq!((bars(&screen, 0), bars(&screen, 1)), (vec![(1, 1)], vec![(4, 1)]));
}

#[test]
fn who_has_extra_time_has_it_in_a_question_too() {
    let school = School::open_with(2, 9, Wishes { dev_clock: true, ..Wishes::workers(2) });
    let mut screen = school.lesson();
    let (mut ada, mut bob) = (school.student(0), school.student(1));
    let (student_id, percent) = (school.students[0].0, 100);
    screen.order(json!({"type": "extra_time", "student_id": student_id, "percent": percent}));
    screen.see("extra time", |screen| screen.student(school.students[0])["extra_percent"] == percent);
    screen.order(ask(&school, random_uuid(), 7, 10_000));
    let closes = |frame: &Value| frame["ask"]["closes_at"].as_i64();
    let asked = |frame: &Value| closes(frame).is_some();
    let (longer, shorter) = (ada.wait_for("the question", asked), bob.wait_for("the question", asked));
    assert!(closes(&longer) > closes(&shorter));
    school.server.clock.pass_ms(15_000);
    for device in [&mut ada, &mut bob] {
        device.answer(school.deck, school.cards[7], 4);
        device.settle();
    }
    let answered = |screen: &Screen<'_>, n: usize| screen.student(school.students[n])["answered"] == 1;
    screen.see("both answers", |screen| (0..2).all(|n| answered(screen, n)));
    screen.see("a vote", |screen| screen.ask["rounds"][0]["votes"] == 1);
    assert_eq!(bars(&screen, 0), [(4, 1)], "fifteen seconds are too late for one of them");
}

#[test]
fn a_student_who_missed_the_first_vote_is_not_scheduled_by_the_second() {
    let school = School::open_with(2, 9, Wishes { dev_clock: true, ..Wishes::workers(2) });
    let TestServer { clock, .. } = &school.server;
    let mut screen = school.lesson();
    let (id, card) = (random_uuid(), school.cards[7]);
    let is_it = |frame: &Value| frame["type"] == "card" && frame["card_id"] == json!(card.0);
    let mut ada = school.student(0);
    screen.order(ask(&school, id, 7, 10_000));
    ada.wait_for("the card", is_it);
    ada.answer(school.deck, card, 4);
    ada.settle();
    clock.pass_ms(12_000);
    let mut again = ask(&school, id, 7, 10_000);
    again["second"] = json!(true);
    screen.order(again);
    // Bob was not there, and is now.
    let mut bob = school.student(1);
    let shown = bob.wait_for("the card", is_it);
    assert_eq!((&shown["kind"], &shown["state"]["due"]), (&json!("extra"), &Value::Null));
    assert!(shown["if_graded"].as_array().unwrap().iter().all(|outcome| *outcome == json!({"days": 0})));
    let vote = bob.answer_frame(school.deck, card, 1);
    assert_eq!(bob.verdict(vote.clone()), None);
    ada.wait_for("the card again", is_it);
    ada.answer(school.deck, card, 5);
    ada.settle();
    screen.see("both votes", |screen| screen.ask["rounds"][1]["votes"] == 2);
    assert_eq!((bars(&screen, 0), bars(&screen, 1)), (vec![(4, 1)], vec![(1, 1), (5, 1)]));
    let row = screen.student(school.students[1]);
    assert_eq!((&row["answered"], &row["correct"]), (&json!(1), &json!(0)), "it counts in the lesson");
    // Whatever the device says again, it has the same verdict.
    bob.vanish();
    let mut bob = Device::join(&school.server, school.students[1]);
    assert_eq!(bob.verdict(vote), None);
    screen.order(json!({"type": "end_ask"}));
    bob.start(&[school.deck], 3);
    assert_eq!(bob.wait("queue")["new"], 8, "the card is not for today any more");
    bob.catch_up();
    assert!(!bob.unread().iter().any(is_it));
    let state = |n: usize| school.server.state(school.students[n], school.deck, card);
    let is_stored = |n: usize, answers: u32| state(n).is_some_and(|state| state.answers == answers);
    eventually("the votes are in the store", || is_stored(0, 2) && is_stored(1, 1));
    let (ada_has, bob_has) = (state(0).unwrap(), state(1).unwrap());
    let today = ada_has.scheduled_on;
    assert_eq!((ada_has.due, ada_has.sm2.reps), (today.map(|day| day.plus(1)), 1));
    let untouched = CardState { answers: 1, ..CardState::NEW };
    let CardState { told_on, failed_on, max_day, last, .. } = bob_has;
    assert_eq!(bob_has, CardState { told_on, failed_on, max_day, last, ..untouched });
    assert_eq!((told_on, failed_on), (today, today));
    // On the next day it is what it was.
    bob.vanish();
    clock.pass_ms(DAY_MS as u64);
    let mut bob = school.student(1);
    let frame = bob.set_frame(school.deck, card, "flag", json!(1));
    assert_eq!(bob.verdict(frame), None);
    bob.start(&[school.deck], 9);
    assert_eq!(bob.wait("queue")["new"], 9);
    assert_eq!(bob.wait_for("the card", is_it)["kind"], "new");
    bob.answer(school.deck, card, 4);
    bob.settle();
    eventually("the answer is in the store", || is_stored(1, 2));
    assert_eq!(state(1).unwrap().due, today.map(|day| day.plus(2)));
    for student in &school.students {
        let rows = school.server.rows(*student, school.deck);
        let params = |_| unlimited().fold_params();
        assert_eq!(fold_faults(&school.server.log(*student), &rows, params), Vec::<String>::new());
    }
}
