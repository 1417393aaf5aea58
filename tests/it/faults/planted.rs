//! Bugs that are planted to see them caught. Each scenario is run twice: honest, and with the bug. A scenario that
//! finds no fault with the bug in it would prove nothing without it.

use super::panics::Bomb;
use crate::study::any_store::has_no_files;
use crate::study::book::{Book, fold_faults};
use crate::study::crowd::Student;
use crate::study::learner::{Device, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use actors::{Hooks, Limits, Planted};
use kit::{Fault, Lies};
use serde_json::json;

fn assert_caught(bug: &str, scenario: impl Fn(bool) -> Vec<String>) {
    assert_eq!(scenario(false), Vec::<String>::new(), "without {bug}");
    let faults = scenario(true);
    assert!(!faults.is_empty(), "{bug} was not caught");
}

/// A learner studies over a store that may lie; then the log and the rows are judged by its book.
fn judged_after(lies: Lies) -> Vec<String> {
    let limits = Limits { idle_ms: 1, ..Limits::default() };
    let server = TestServer::at_noon(Wishes { workers: 2, limits: Some(limits), ..Wishes::default() });
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 40, unlimited());
    server.faults.lie(lies);
    let mut book = Book::default();
    let mut frames = Vec::new();
    for (n, card) in cards.iter().enumerate() {
        let mut device = Device::join(&server, learner);
        if n % 3 == 2 {
            // It is sent again, as by a client that does not know.
            let again: &serde_json::Value = &frames[n - 1];
            device.command(again.clone());
        }
        let frame = device.answer_frame(deck, *card, 5);
        book.sent_frame(&frame);
        device.command(frame.clone());
        device.settle();
        match device.refused.get(&device.seq) {
            Some(code) => book.refused(frame["id"].as_str().unwrap().parse().unwrap(), code),
            None => book.saved(frame["id"].as_str().unwrap().parse().unwrap()),
        }
        frames.push(frame);
        if n % 3 == 1 {
            drop(device);
            eventually("memory has forgotten", || server.engine.registered() == 0);
        }
    }
    let log = server.log(learner);
    let rows = server.rows(learner, deck);
    let mut faults = book.faults(&log);
    faults.extend(fold_faults(&log, &rows, |_| unlimited().fold_params()));
    faults
}

#[test]
fn bug_early_ack_is_caught() {
    assert_caught("bug-early-ack", |planted| {
        judged_after(Lies { early_ack_every: if planted { 5 } else { 0 }, ..Lies::default() })
    });
}

#[test]
fn bug_no_dedupe_is_caught() {
    assert_caught("bug-no-dedupe", |planted| judged_after(Lies { no_dedupe: planted, ..Lies::default() }));
}

#[test]
fn bug_entry_dropped_is_caught() {
    assert_caught("progress without its entry", |planted| {
        judged_after(Lies { entry_dropped: planted, ..Lies::default() })
    });
}

#[test]
fn bug_no_barrier_is_caught() {
    assert_caught("bug-no-barrier", |planted| {
        let bomb = Bomb::default();
        let planted = planted.then_some(Planted::NoBarrier);
        let hooks = Hooks { planted, ..bomb.hooks() };
        let server = TestServer::start_with(Wishes { workers: 2, hooks, ..Wishes::default() });
        let learner = somebody();
        let (deck, cards) = server.deck_with(learner, 1, unlimited());
        let mut device = Device::join(&server, learner);
        server.faults.script([Some(Fault::Held)]);
        let first = device.answer_frame(deck, cards[0], 5);
        device.command(first.clone());
        eventually("its row is with the store", || !server.faults.met().is_empty());
        bomb.plant(learner, 1);
        device.answer(deck, cards[0], 3);
        assert_eq!(device.closed(), Some(4409));
        let mut back = None;
        for _ in 0..3 {
            back = back.or_else(|| Device::try_join(&server, learner).ok());
        }
        if planted.is_none() {
            assert!(back.is_none(), "nothing is loaded before the barrier");
            server.faults.release();
        }
        let mut back = back.unwrap_or_else(|| Device::join_when_ready(&server, learner));
        let second = back.answer_frame(deck, cards[0], 2);
        back.command(second);
        // With the bug it is taken, and its row made, before the first row is decided.
        eventually("its row is made", || planted.is_none() || server.engine.undecided_rows() == 2);
        eventually("everything is decided", || {
            server.faults.release();
            server.engine.undecided_rows() == 0
        });
        let log = server.log(learner);
        let rows = server.rows(learner, deck);
        fold_faults(&log, &rows, |_| unlimited().fold_params())
    });
}

#[test]
fn bug_dropped_error_frame_is_caught() {
    assert_caught("bug-dropped-error-frame", |planted| {
        let planted = planted.then_some(Planted::DroppedErrorFrame);
        let hooks = Hooks { planted, ..Hooks::default() };
        let server = TestServer::start_with(Wishes { workers: 1, hooks, ..Wishes::default() });
        let learner = somebody();
        let (deck, cards) = server.deck_with(learner, 2, unlimited());
        let mut device = Device::join(&server, learner);
        let mut book = Book::default();
        let foreign =
            device.answer_frame(deck, crate::study::learner::card_of(&json!({"card_id": deck.0})), 5);
        let good = device.answer_frame(deck, cards[0], 5);
        for frame in [foreign, good] {
            book.sent_frame(&frame);
            let id = frame["id"].as_str().unwrap().parse().unwrap();
            match device.verdict(frame) {
                Some(code) => book.refused(id, &code),
                None => book.saved(id),
            }
        }
        book.faults(&server.log(learner))
    });
}

/// How many rows wait for apply shows a queue that has lost its bound.
#[test]
fn bug_unbounded_queue_is_caught() {
    if has_no_files("nothing waits for apply") {
        return;
    }
    const BOUND: u64 = 64;
    assert_caught("bug-unbounded-queue", |planted| {
        let backlog_rows_max = if planted { u64::MAX } else { BOUND };
        let store = embedded::Options { backlog_rows_max, ..embedded::Options::default() };
        let server = TestServer::start_with(Wishes { workers: 1, store: Some(store), ..Wishes::default() });
        let hold = server.store.files().hold_apply();
        let students: Vec<Student> = server.run_with(async |server| {
            let mut students = Vec::new();
            for n in 0..4 {
                let learner = somebody();
                let (deck, _) = server.deck_later(learner, 300, unlimited()).await;
                let student = Student::begin(&server.url(), learner.to_string(), learner, &[deck], n).await;
                student.allow(100);
                students.push(student);
            }
            students
        });
        let backlog = || server.store.files().stats().backlog_rows;
        // With a bound rows pile up before it; without one nothing holds them up.
        eventually("more is on its way than may wait", || {
            let on_its_way = server.engine.undecided_rows() as u64;
            backlog() > BOUND || (backlog() == BOUND && on_its_way > BOUND / 2)
        });
        let high = backlog();
        drop(hold);
        eventually("everybody is through", || students.iter().all(Student::is_through));
        if high > BOUND { vec![format!("{high} rows waited for apply")] } else { Vec::new() }
    });
}
