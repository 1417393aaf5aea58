//! What every store of live lessons has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{START_MS, card, deck, user};
use domain::ids::{AskId, ClassId, EntryId, LessonId, RunId};
use domain::lesson::cell::Said;
use domain::lesson::document::Assigned;
use domain::lesson::output::{AskOutcome, CardRow, RoundOutcome, StudentRow, Totals};
use domain::lesson::record::{Accepting, WrongText};
use domain::lesson::report::Report;
use domain::lesson::standing::WrongGroup;
use domain::lesson::struggle::Struggle;
use domain::lesson::{Ask, LessonState, Presence, Record, Round};
use ports::lessons::head_of;
use ports::{Cause, Holder, Lessons, LessonsError, ReportHead};
use std::sync::Arc;

/// Makes a test of each promise about lessons: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! lessons_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_lessons;
            a_class_that_never_had_a_lesson_is_nobodys,
            a_class_is_taken_from_whom_was_expected_and_nobody_else,
            of_two_who_take_a_class_at_once_one_does,
            a_record_is_read_as_it_was_stored,
            a_record_is_stored_by_its_holder_alone,
            storing_again_changes_nothing_and_one_that_is_older_neither,
            lessons_that_owe_something_are_found,
            a_report_is_kept_whole_and_the_first_one_stays,
            a_report_without_a_lesson_is_refused,
            reports_of_a_class_come_newest_first_in_pages,
        );
    };
}

fn class(n: u128) -> ClassId {
    ClassId::from_u128(n)
}

fn lesson(n: u128) -> LessonId {
    LessonId::from_u128(n)
}

fn run(n: u128) -> RunId {
    RunId::from_u128(n)
}

fn ask(n: u128, round: Round) -> Ask {
    Ask {
        id: AskId::from_u128(n),
        deck: deck(1),
        card: card(2),
        round,
        opened_ms: START_MS + 10,
        closes_ms: START_MS + 60_000,
    }
}

fn outcome(n: u128) -> AskOutcome {
    let votes = |round| RoundOutcome {
        round,
        votes: 7,
        correct: 3,
        said: vec![(Said::Response(u64::MAX), 4), (Said::Grade(5), 3)],
    };
    AskOutcome { ask: ask(n, Round::Second), rounds: vec![votes(Round::First), votes(Round::Second)] }
}

/// An open lesson in which every field says something.
pub fn record(of: u128, version: u64) -> Record {
    let mut record = Record::new(class(of));
    record.document.version = version;
    record.document.lesson = Some(lesson(of));
    record.document.state = LessonState::Paused;
    record.document.message = Some("Seite 7, “bitte” — naïve".into());
    record.document.ask = Some(ask(1, Round::Second));
    record.document.assigned = vec![
        Assigned { deck: deck(1), cards: [card(1), card(2)].into(), to: [].into() },
        Assigned { deck: deck(2), cards: [].into(), to: [user(3)].into() },
    ];
    record.document.hide_names = true;
    (record.opened_ms, record.closed_ms, record.paused_ms) = (START_MS, None, 77);
    record.paused_since_ms = Some(START_MS + 5);
    record.removed = [user(4), user(5)].into();
    record.accepting = vec![Accepting {
        said: EntryId::from_u128(9),
        by: user(1),
        deck: deck(1),
        card: card(1),
        text: "colour".into(),
    }];
    record.first_round = Some(ask(1, Round::First));
    record.asked = vec![outcome(2), outcome(3)];
    record.said = [(EntryId::from_u128(1), 0), (EntryId::from_u128(2), u64::MAX)].into();
    record.reported = false;
    record.texts = vec![
        WrongText { card: card(1), digest: 3, text: "Laibach — naïve…".into() },
        WrongText { card: card(2), digest: u64::MAX, text: "x".repeat(512).into() },
    ];
    record
}

fn student(n: u64, struggling: Option<Struggle>) -> StudentRow {
    StudentRow {
        student: user(n),
        name: (n != 2).then(|| format!("Öde {n}").into()),
        presence: [Presence::Here, Presence::Away, Presence::Left][n as usize % 3],
        deck: (n != 3).then(|| deck(1)),
        answered: 10,
        correct: 4,
        streak: 2,
        mean_ms: 4_200,
        last_seen_ms: START_MS + 9,
        struggling,
        sure_and_wrong: 3,
        recall_permille: (n != 1).then_some(901),
        extra_percent: 50,
        as_of_ms: START_MS + 8,
    }
}

/// A report in which every field says something.
pub fn report(of: u128, n: u128, opened_ms: i64) -> Report {
    let hard = CardRow {
        deck: deck(1),
        card: card(1),
        answers: 9,
        wrong: 5,
        recall_permille: Some(420),
        missed_by: vec![user(1), user(2)],
        as_of_ms: START_MS,
    };
    Report {
        class: class(of),
        lesson: Some(lesson(n)),
        opened_ms,
        closed_ms: opened_ms + 2_700_000,
        active_ms: 2_500_000,
        totals: Totals {
            students: 4,
            here: 3,
            answered: u64::from(u32::MAX) + 9,
            correct: 7,
            sure_and_wrong: 2,
            elapsed_ms: 99,
            grades: [1, 2, 3, 4, 5, 6],
            unsaved: 1,
        },
        students: vec![
            student(1, None),
            student(2, Some(Struggle::WrongInARow(4))),
            student(3, Some(Struggle::MostlyWrong { wrong: 5, of: 8 })),
            student(4, Some(Struggle::SureAndWrong(3))),
        ],
        cards: vec![hard.clone(), CardRow { recall_permille: None, missed_by: vec![], ..hard.clone() }],
        hardest: vec![hard],
        wrong: vec![WrongGroup { card: card(1), digest: 7, text: "color".into(), times: 11, students: 9 }],
        talk_to: vec![user(2), user(3)],
        asked: vec![outcome(1)],
    }
}

async fn taken(store: &impl Lessons, of: u128, by: u128) -> Holder {
    let before = store.holder(class(of)).await.unwrap();
    store.take(class(of), before, run(by)).await.unwrap().unwrap().holder
}

pub async fn a_class_that_never_had_a_lesson_is_nobodys(store: &impl Lessons) {
    assert_eq!(store.holder(class(1)).await, Ok(None));
    assert_eq!(store.record(class(1)).await, Ok(None));
    assert_eq!(store.report(class(1), lesson(1)).await, Ok(None));
    assert_eq!(store.reports(class(1), None, 9).await, Ok(vec![]));
    assert_eq!(store.unfinished().await, Ok(vec![]));
    let nobodys = Holder { run: run(1), epoch: 1 };
    assert_eq!(store.store(Arc::new(record(1, 1)), nobodys).await, Err(LessonsError::Fenced));
}

pub async fn a_class_is_taken_from_whom_was_expected_and_nobody_else(store: &impl Lessons) {
    let first = store.take(class(1), None, run(1)).await.unwrap().unwrap();
    assert_eq!((first.holder, &first.record), (Holder { run: run(1), epoch: 1 }, &Record::new(class(1))));
    assert_eq!(store.holder(class(1)).await, Ok(Some(first.holder)));
    assert_eq!(store.take(class(1), None, run(2)).await, Ok(None));
    store.store(Arc::new(record(1, 5)), first.holder).await.unwrap();
    let second = store.take(class(1), Some(first.holder), run(2)).await.unwrap().unwrap();
    assert_eq!((second.holder, second.record), (Holder { run: run(2), epoch: 2 }, record(1, 5)));
    let stale = [
        Some(first.holder),
        Some(Holder { run: run(2), epoch: 1 }),
        Some(Holder { run: run(1), epoch: 2 }),
        None,
    ];
    for expected in stale {
        assert_eq!(store.take(class(1), expected, run(3)).await, Ok(None), "{expected:?}");
    }
    // The same life takes it again, and whoever acted for it before no longer does.
    let again = store.take(class(1), Some(second.holder), run(2)).await.unwrap().unwrap();
    assert_eq!(again.holder, Holder { run: run(2), epoch: 3 });
    assert_eq!(store.store(Arc::new(record(1, 6)), second.holder).await, Err(LessonsError::Fenced));
    assert_eq!(store.holder(class(2)).await, Ok(None));
}

pub async fn of_two_who_take_a_class_at_once_one_does(store: &impl Lessons) {
    let mut expected = None;
    for _ in 0..5 {
        let (one, other) =
            tokio::join!(store.take(class(1), expected, run(1)), store.take(class(1), expected, run(2)));
        let holder = store.holder(class(1)).await.unwrap();
        match (one.unwrap(), other.unwrap()) {
            (Some(taken), None) | (None, Some(taken)) => assert_eq!(Some(taken.holder), holder),
            both => panic!("{both:?}"),
        }
        expected = holder;
    }
    assert_eq!(expected.map(|holder| holder.epoch), Some(5));
}

pub async fn a_record_is_read_as_it_was_stored(store: &impl Lessons) {
    let holder = taken(store, 1, 1).await;
    store.store(Arc::new(record(1, 1)), holder).await.unwrap();
    assert_eq!(store.record(class(1)).await, Ok(Some(record(1, 1))));
    let closed = Record { closed_ms: Some(START_MS + 9), reported: true, ..Record::new(class(1)) };
    let mut closed = Record { accepting: vec![], ..closed };
    closed.document.version = 2;
    store.store(Arc::new(closed.clone()), holder).await.unwrap();
    assert_eq!(store.record(class(1)).await, Ok(Some(closed)));
}

pub async fn a_record_is_stored_by_its_holder_alone(store: &impl Lessons) {
    let first = taken(store, 1, 1).await;
    store.store(Arc::new(record(1, 1)), first).await.unwrap();
    let second = taken(store, 1, 2).await;
    assert_eq!(store.store(Arc::new(record(1, 9)), first).await, Err(LessonsError::Fenced));
    let forged = Holder { epoch: second.epoch, ..first };
    assert_eq!(store.store(Arc::new(record(1, 9)), forged).await, Err(LessonsError::Fenced));
    assert_eq!(store.record(class(1)).await, Ok(Some(record(1, 1))));
    store.store(Arc::new(record(1, 2)), second).await.unwrap();
    assert_eq!(store.record(class(1)).await, Ok(Some(record(1, 2))));
}

pub async fn storing_again_changes_nothing_and_one_that_is_older_neither(store: &impl Lessons) {
    let holder = taken(store, 1, 1).await;
    for version in [3, 3, 4, 3, 4] {
        store.store(Arc::new(record(1, version)), holder).await.unwrap();
    }
    assert_eq!(store.record(class(1)).await, Ok(Some(record(1, 4))));
}

pub async fn lessons_that_owe_something_are_found(store: &impl Lessons) {
    let over = |of, version| {
        let mut record = Record::new(class(of));
        record.document.version = version;
        record
    };
    let mut holders = Vec::new();
    for of in 1..5 {
        holders.push(taken(store, of, 1).await);
    }
    assert_eq!(store.unfinished().await, Ok(vec![]));
    let on = Record { accepting: vec![], reported: true, ..record(1, 1) };
    let mut unreported = Record { reported: false, ..over(2, 1) };
    unreported.document.state = LessonState::Closed;
    let owing = Record { accepting: record(3, 1).accepting, ..over(3, 1) };
    for (record, holder) in [on, unreported, owing, over(4, 1)].into_iter().zip(&holders) {
        store.store(Arc::new(record), *holder).await.unwrap();
    }
    let mut found = store.unfinished().await.unwrap();
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3].map(class));
    for (of, holder) in (1..4).zip(&holders) {
        store.store(Arc::new(over(of, 2)), *holder).await.unwrap();
    }
    assert_eq!(store.unfinished().await, Ok(vec![]));
    store.store(Arc::new(record(2, 3)), holders[1]).await.unwrap();
    assert_eq!(store.unfinished().await, Ok(vec![class(2)]));
}

pub async fn a_report_is_kept_whole_and_the_first_one_stays(store: &impl Lessons) {
    let kept = report(1, 1, START_MS);
    store.keep_report(Arc::new(kept.clone())).await.unwrap();
    store.keep_report(Arc::new(kept.clone())).await.unwrap();
    let other = Report { closed_ms: START_MS + 1, talk_to: vec![], ..kept.clone() };
    store.keep_report(Arc::new(other)).await.unwrap();
    assert_eq!(store.report(class(1), lesson(1)).await, Ok(Some(kept.clone())));
    assert_eq!(store.reports(class(1), None, 9).await, Ok(vec![head_of(&kept).unwrap()]));
    assert_eq!(store.report(class(2), lesson(1)).await, Ok(None));
}

pub async fn a_report_without_a_lesson_is_refused(store: &impl Lessons) {
    let nameless = Report { lesson: None, ..report(1, 1, START_MS) };
    let refused = store.keep_report(Arc::new(nameless)).await;
    assert!(matches!(refused, Err(LessonsError::Store(error)) if error.cause == Cause::Invalid));
}

pub async fn reports_of_a_class_come_newest_first_in_pages(store: &impl Lessons) {
    // Ids say nothing of time.
    for (n, at_ms) in [(5, 10), (1, 40), (3, 20), (2, 30), (4, 30)] {
        store.keep_report(Arc::new(report(1, n, START_MS + at_ms))).await.unwrap();
    }
    store.keep_report(Arc::new(report(2, 9, START_MS))).await.unwrap();
    let read = async |before: Option<u128>, limit| {
        let heads: Vec<ReportHead> = store.reports(class(1), before.map(lesson), limit).await.unwrap();
        heads.iter().map(|head| head.lesson.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(read(None, 9).await, [1, 4, 2, 3, 5]);
    assert_eq!(read(None, 2).await, [1, 4]);
    assert_eq!(read(Some(4), 2).await, [2, 3]);
    assert_eq!(read(Some(5), 2).await, [0_u128; 0]);
    assert_eq!(read(Some(77), 2).await, [0_u128; 0]);
    assert_eq!(read(None, 0).await, [0_u128; 0]);
}
