//! A text that is accepted later puts the past right.

use super::kit::School;
use crate::study::learner::Device;
use crate::study::server::eventually;
use domain::check::later::response_digest;
use domain::day::ZoneHistory;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{EntryId, UserId};
use ports::reviews::{ProgressWrite, Row};
use ports::{LearnerLog, Library as _, ReviewStore as _, RowOutcome};
use serde_json::json;

/// Somebody typed this, so many days ago, and it was wrong.
fn typed(school: &School, user: UserId, text: &str, days: i64) -> EntryId {
    let id = EntryId::v7(school.server.now_ms() - days * 86_400_000, 1 << 40);
    let review = Review {
        deck: school.deck,
        card: school.cards[0],
        grade: Grade::Wrong,
        mode: Mode::Type,
        elapsed_ms: 900,
        early: false,
        confidence: None,
        sitting: None,
        class: None,
        response: Some(response_digest(text)),
        revision: 1,
    };
    let stamp = ZoneHistory::new().stamp(id.at_ms());
    let entry = LogEntry { id, job: None, stamp, body: Body::Review(review) };
    let about = Some((school.deck, school.cards[0]));
    let row = Row { user, entry: Some(entry), about, progress: ProgressWrite::Stale };
    let outcomes = school.server.run(school.server.store.append([row].into()));
    assert_eq!(outcomes, [RowOutcome::Durable]);
    let _: LearnerLog = school.server.run(school.server.store.load(user)).unwrap();
    id
}

#[test]
fn an_accepted_text_regrades_whoever_gave_it_last_week_once() {
    let school = School::open(3, 6);
    let given =
        [typed(&school, school.students[0], "Laibach", 7), typed(&school, school.students[1], "laibach.", 3)];
    typed(&school, school.students[2], "Zagreb", 3);
    // One of them is studying just now, the others are not loaded.
    let mut device = school.student(0);
    let mut screen = school.screen();
    let accept = json!({
        "type": "accept", "id": crate::study::server::random_uuid(), "deck_id": school.deck.0,
        "card_id": school.cards[0].0, "text": "Laibach",
    });
    screen.order(accept.clone());
    let regrades = |user| {
        let log = school.server.log(user);
        log.iter().filter_map(|entry| entry.regrade().copied()).collect::<Vec<_>>()
    };
    eventually("both are graded anew", || (0..2).all(|n| regrades(school.students[n]).len() == 1));
    for (student, of) in school.students.iter().zip(given) {
        let regrade = regrades(*student)[0];
        assert_eq!((regrade.of, regrade.by, regrade.grade), (of, school.teacher, Grade::Good));
        let state = school.server.state(*student, school.deck, school.cards[0]).unwrap();
        assert_eq!((state.lapses, state.sm2.reps), (0, 1));
    }
    device.wait_for("the device hears of it", |frame| frame["reason"] == "regraded");
    screen.order(accept);
    let mut again = school.screen();
    let mut same = json!({"type": "accept", "deck_id": school.deck.0, "text": "LAIBACH"});
    same["card_id"] = json!(school.cards[0].0);
    again.order(same);
    let owes = || {
        let lessons = school.server.store.lessons().unwrap().lessons;
        school.server.run(lessons.record(school.class)).unwrap().is_some_and(|r| !r.accepting.is_empty())
    };
    eventually("nothing is owed", || !owes());
    assert_eq!(school.students.iter().map(|user| regrades(*user).len()).collect::<Vec<_>>(), [1, 1, 0]);
}

#[test]
fn what_was_typed_wrong_is_shown_and_once_accepted_is_an_answer_from_then_on() {
    let school = School::open(2, 1);
    let mut screen = school.lesson();
    let types = |n: usize, text: &str| {
        let mut device = Device::join(&school.server, school.students[n]);
        device.send(&json!({
            "type": "start", "sitting": device.sitting, "decks": [school.deck.0], "window": 1, "mode": "type",
        }));
        device.wait("card");
        let mut frame = device.answer_frame(school.deck, school.cards[0], 0);
        frame.as_object_mut().unwrap().remove("grade");
        frame["response"] = json!(text);
        device.command(frame);
        (device.wait("graded")["result"].clone(), device)
    };
    let text = "город, который по-немецки называется Лайбах";
    assert!(text.len() > 70);
    let (result, mut device) = types(0, text);
    assert_eq!(result, "wrong");
    screen.see("what was typed", |screen| screen.wrong[0]["text"] == text);
    assert_eq!(screen.wrong[0]["students"], 1);
    screen.order(json!({
        "type": "accept", "deck_id": school.deck.0, "card_id": school.cards[0].0, "text": text,
    }));
    device.wait_for("the device hears of it", |frame| frame["reason"] == "regraded");
    screen.see("it is right now", |screen| {
        screen.totals["correct"] == 1 && screen.wrong.as_array().is_some_and(Vec::is_empty)
    });
    let accepts = || {
        let card = school.server.run(school.server.store.card(school.deck, school.cards[0])).unwrap();
        card.is_some_and(|card| card.accept == [text])
    };
    eventually("the card accepts it", accepts);
    assert_eq!(types(1, &text.to_uppercase()).0, "right");
}
