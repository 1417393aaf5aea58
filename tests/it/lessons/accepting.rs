//! A text that is accepted later puts the past right.

use super::kit::{School, Screen};
use crate::study::learner::Device;
use crate::study::server::{eventually, put_deck, unlimited};
use domain::access::Visibility;
use domain::check::later::response_digest;
use domain::day::ZoneHistory;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, ClassId, DeckId, EntryId, UserId, Uuid};
use ports::reviews::{ProgressWrite, Row};
use ports::{LearnerLog, Library as _, ReviewStore as _, RowOutcome};
use ports::{PaperKey, PaperKind};
use serde_json::json;
use studyhall::teaching::{Substitute, link_of};

/// Somebody typed this, so many days ago, and it was wrong.
fn typed(school: &School, user: UserId, text: &str, days: i64) -> EntryId {
    typed_of(school, (school.deck, school.cards[0]), (user, text, days), None)
}

/// The same of any card, in a lesson of a class or outside.
fn typed_of(
    school: &School,
    (deck, card): (DeckId, CardId),
    (user, text, days): (UserId, &str, i64),
    class: Option<ClassId>,
) -> EntryId {
    let id = EntryId::v7(school.server.now_ms() - days * 86_400_000, 1 << 40);
    let review = Review {
        deck,
        card,
        grade: Grade::Wrong,
        mode: Mode::Type,
        elapsed_ms: 900,
        early: false,
        confidence: None,
        sitting: None,
        class,
        response: Some(response_digest(text)),
        revision: 1,
        told: false,
    };
    let stamp = ZoneHistory::new().stamp(id.at_ms());
    let entry = LogEntry { id, job: None, stamp, body: Body::Review(review) };
    let about = Some((deck, card));
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

/// A deck of somebody else, which everybody may study who knows its id.
fn deck_of_another(school: &School) -> (DeckId, CardId) {
    let owner = crate::study::learner::somebody();
    let store = &school.server.store;
    school.server.run(async {
        let (deck, cards) = put_deck(store, owner, 2, unlimited(), school.server.now_ms() - 60_000).await;
        let mut record = store.deck(deck).await.unwrap().unwrap();
        record.visibility = Visibility::Link;
        let revision = record.revision;
        store.put_deck(record, Some(revision), school.server.now_ms()).await.unwrap();
        (deck, cards[0])
    })
}

#[test]
fn what_students_do_beside_the_class_is_regraded_by_nobody_who_teaches_it() {
    let school = School::open(2, 3);
    let (deck, card) = deck_of_another(&school);
    let student = school.students[0];
    typed_of(&school, (deck, card), (student, "Laibach", 7), None);
    let said_in_lesson =
        typed_of(&school, (deck, card), (school.students[1], "Laibach", 1), Some(school.class));
    let mut screen = school.lesson();
    let (id, secret) = (crate::study::server::random_uuid(), crate::study::server::random_uuid());
    let until_ms = school.server.now_ms() + 3_600_000;
    let kim = Substitute::new("Kim".to_owned(), school.teacher, None, until_ms, secret);
    let key = PaperKey { of: school.class.0, kind: PaperKind::Substitute, id };
    let papers = school.server.store.teaching().papers;
    school.server.run(papers.put_paper(key, serde_json::to_vec(&kim).unwrap(), None)).unwrap();
    let link = link_of(school.class, id, secret);
    let mut stands_in = Screen::open_by(school.at_monitor(UserId(id)), &link);
    let accept = |id: Uuid| json!({"type": "accept", "id": id, "deck_id": deck.0, "card_id": card.0, "text": "Laibach"});
    for screen in [&mut screen, &mut stands_in] {
        let refused = screen.try_order(accept(crate::study::server::random_uuid()));
        assert_eq!(refused, Err("unknown_card".to_owned()));
    }
    let lessons = school.server.store.lessons().unwrap().lessons;
    let record = || school.server.run(lessons.record(school.class)).unwrap().unwrap();
    assert!(record().accepting.is_empty());
    // What is assigned is the lesson's: there what was answered in it may be put right, and nothing else.
    screen.order(json!({"type": "assign", "deck_id": deck.0}));
    screen.order(accept(crate::study::server::random_uuid()));
    eventually("nothing is owed", || record().accepting.is_empty());
    let regrades = |user| {
        let log = school.server.log(user);
        log.iter().filter_map(|entry| entry.regrade().map(|regrade| regrade.of)).collect::<Vec<_>>()
    };
    assert_eq!((regrades(student), regrades(school.students[1])), (vec![], vec![said_in_lesson]));
}
