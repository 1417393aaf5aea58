//! P1: what was acknowledged is in the log, whatever the store does. `saved` waits for the store, study does not.

use crate::study::book::{Book, fold_faults};
use crate::study::crowd::Student;
use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use domain::ids::{CardId, DeckId, UserId};
use kit::Fault;
use ports::Cause;
use serde_json::Value;

/// Answers so many cards of a deck as they come and keeps the book; does not wait for verdicts.
fn study(device: &mut Device<'_>, deck: DeckId, cards: usize, book: &mut Book) -> Vec<Value> {
    (0..cards)
        .map(|n| {
            let card = card_of(&device.wait("card"));
            let frame = device.answer_frame(deck, card, [5, 4, 5, 3][n % 4]);
            book.sent_frame(&frame);
            device.command(frame.clone());
            frame
        })
        .collect()
}

/// Everything of a device is decided: whatever was not refused counts as acknowledged.
fn close_book(device: &Device<'_>, frames: &[Value], book: &mut Book) {
    for (frame, seq) in frames.iter().zip(1..) {
        let id = frame["id"].as_str().unwrap().parse().unwrap();
        match device.refused.get(&seq) {
            Some(code) => book.refused(id, code),
            None => book.saved(id),
        }
    }
}

fn assert_kept(server: &TestServer, learner: UserId, deck: DeckId, book: &Book) {
    let log = server.log(learner);
    assert_eq!(book.faults(&log), Vec::<String>::new());
    let rows = server.rows(learner, deck);
    let params = |_| unlimited().fold_params();
    assert_eq!(fold_faults(&log, &rows, params), Vec::<String>::new());
}

#[test]
fn each_way_in_which_an_append_can_fail_delays_saved_and_loses_nothing() {
    for fault in [
        Fault::Before(Cause::Unavailable),
        Fault::Before(Cause::Overloaded),
        Fault::After(Cause::Timeout),
        Fault::Torn(Cause::Unavailable),
        Fault::Before(Cause::Poisoned),
        Fault::After(Cause::Poisoned),
    ] {
        let server = TestServer::start();
        let learner = somebody();
        let (deck, _) = server.deck_with(learner, 24, unlimited());
        let mut device = Device::join(&server, learner);
        let mut book = Book::default();
        device.start(&[deck], 3);
        // However few batches the rows leave in, the first two meet it.
        server.faults.script([Some(fault), Some(fault), None, Some(fault)]);
        let frames = study(&mut device, deck, 24, &mut book);
        device.settle();
        assert!(server.faults.met().len() >= 2, "{fault:?} was met");
        close_book(&device, &frames, &mut book);
        assert_eq!((book.count_saved(), book.count_refused()), (24, 0), "{fault:?}");
        assert_kept(&server, learner, deck, &book);
    }
}

#[test]
fn on_a_full_disk_study_goes_on_unsaved_and_is_saved_when_there_is_space() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 60, unlimited());
    let mut device = Device::join(&server, learner);
    let mut book = Book::default();
    device.start(&[deck], 3);
    server.faults.script(vec![Some(Fault::Before(Cause::NoSpace)); 6]);
    let frames = study(&mut device, deck, 40, &mut book);
    device.catch_up();
    assert!(server.faults.met().len() <= 6);
    eventually("the disk was tried and tried", || server.faults.met().len() == 6);
    device.settle();
    close_book(&device, &frames, &mut book);
    assert_eq!(book.count_saved(), 40);
    assert_kept(&server, learner, deck, &book);
}

#[test]
fn nothing_is_called_saved_before_the_store_says_so() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 10, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 3);
    server.faults.script([Some(Fault::Held)]);
    device.answer(deck, cards[0], 5);
    eventually("the row is with the store", || !server.faults.met().is_empty());
    device.catch_up();
    assert_eq!(device.saved, 0, "the store has said nothing yet");
    assert!(server.log(learner).is_empty());
    eventually("it is let go", || {
        server.faults.release();
        server.engine.undecided_rows() == 0
    });
    device.settle();
    assert_eq!(server.log(learner).len(), 1);
}

#[test]
fn a_row_that_can_never_be_stored_is_refused_and_its_card_is_as_if_it_never_came() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 6, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    device.wait("card");
    server.faults.script([Some(Fault::Never(0))]);
    let never = device.answer_frame(deck, cards[0], 5);
    assert_eq!(device.verdict(never).as_deref(), Some("internal"));
    let later = device.answer_frame(deck, cards[0], 4);
    assert_eq!(device.verdict(later), None, "the next answer to the card is stored");
    server.settled();
    let log = server.log(learner);
    assert_eq!(log.len(), 1);
    // A row that followed from the refused one says that it is stale until the repaired one is stored behind it.
    let faults = || {
        let rows = server.rows(learner, deck);
        fold_faults(&log, &rows, |_| unlimited().fold_params())
    };
    eventually("the rows are the fold of the log", || faults().is_empty());
}

#[test]
fn a_quarantine_that_cannot_be_written_holds_nobody_up_but_whose_row_it_is() {
    let server = TestServer::start();
    let (unlucky, other) = (somebody(), somebody());
    let (deck, cards) = server.deck_with(unlucky, 6, unlimited());
    let (others_deck, others_cards) = server.deck_with(other, 6, unlimited());
    let (mut device, mut neighbour) = (Device::join(&server, unlucky), Device::join(&server, other));
    server.faults.close_quarantine(true);
    server.faults.script([Some(Fault::Never(0))]);
    let never = device.answer_frame(deck, cards[0], 5);
    device.command(never.clone());
    eventually("the store has refused the row", || !server.faults.met().is_empty());
    for card in &others_cards[..3] {
        let answer = neighbour.answer_frame(others_deck, *card, 5);
        assert_eq!(neighbour.verdict(answer), None);
    }
    assert!(server.faults.quarantined().is_empty());
    server.faults.close_quarantine(false);
    assert_eq!(device.wait("error")["code"], "internal");
    assert_eq!(server.faults.quarantined().len(), 1);
}

/// Learners who study at once over a store that fails at random, in every way it can.
#[test]
fn through_random_failures_of_the_store_everybody_keeps_what_was_acknowledged() {
    const LEARNERS: u64 = 6;
    let server = TestServer::start_with(Wishes::workers(2));
    let decks: Vec<(UserId, DeckId, Vec<CardId>)> = (0..LEARNERS)
        .map(|_| {
            let learner = somebody();
            let (deck, cards) = server.deck_with(learner, 400, unlimited());
            (learner, deck, cards)
        })
        .collect();
    server.faults.seeded(20_260_101, 30, 10);
    let students: Vec<Student> = server.run(async {
        let mut students = Vec::new();
        for (n, (learner, deck, _)) in (0..).zip(&decks) {
            let url = server.url();
            let student = Student::begin(&url, learner.to_string(), *learner, &[*deck], n).await;
            student.allow(120);
            students.push(student);
        }
        students
    });
    eventually("a part is saved, and every kind of fault was met", || {
        students.iter().for_each(|student| student.allow(usize::from(student.is_through()) * 10));
        students.iter().all(|student| student.count_saved() > 60) && unmet(&server.faults.met()).is_empty()
    });
    server.faults.calm();
    eventually("everybody is through", || students.iter().all(Student::is_through));
    server.settled();
    for (student, (learner, deck, _)) in students.into_iter().zip(decks) {
        assert_eq!(student.violations(), Vec::<String>::new());
        let book = server.run(student.leave());
        assert!(book.count_saved() >= 120, "{}", book.count_saved());
        assert_kept(&server, learner, deck, &book);
    }
}

/// The kinds of fault that no append has met yet.
fn unmet(met: &[Fault]) -> Vec<&'static str> {
    let kinds: [(&str, fn(&Fault) -> bool); 5] = [
        ("before", |fault| matches!(fault, Fault::Before(_))),
        ("after", |fault| matches!(fault, Fault::After(_))),
        ("torn", |fault| matches!(fault, Fault::Torn(_))),
        ("poisoned", |fault| *fault == Fault::Before(Cause::Poisoned)),
        ("late", |fault| matches!(fault, Fault::Late(_))),
    ];
    kinds.iter().filter(|(_, is_it)| !met.iter().any(is_it)).map(|(kind, _)| *kind).collect()
}
