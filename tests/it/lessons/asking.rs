//! One card that is put to the whole class.

use super::kit::{School, Screen, ask};
use crate::study::server::{Wishes, random_uuid};
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
