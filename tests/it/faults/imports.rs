//! Imports under learners who study: what a job brought shows at its commit and is gone at its revocation.

use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{DAY_MS, TestServer, Wishes, eventually, unlimited};
use actors::ImportMark;
use domain::day::ZoneHistory;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use domain::state::CardState;
use kit::Fault;
use ports::{Cause, ReviewStore as _};
use serde_json::{Value, json};

fn job(server: &TestServer) -> JobId {
    JobId(server.fresh_id())
}

/// An answer of so many days ago, as a job brought it.
fn brought(server: &TestServer, job: JobId, (deck, card): (DeckId, CardId), days_ago: i64) -> LogEntry {
    let at_ms = server.now_ms() - days_ago * DAY_MS;
    let review = Review {
        deck,
        card,
        grade: Grade::Perfect,
        mode: Mode::Flip,
        elapsed_ms: 700,
        early: false,
        confidence: None,
        sitting: None,
        class: None,
        response: None,
        revision: 0,
        told: false,
    };
    let (id, stamp) = (EntryId::v7(at_ms, card.0.as_u128()), ZoneHistory::new().stamp(at_ms));
    LogEntry { id, job: Some(job), stamp, body: Body::Review(review) }
}

fn bring(server: &TestServer, learner: UserId, entries: Vec<LogEntry>) {
    server.run(server.store.append_import(learner, entries)).unwrap();
}

fn mark(server: &TestServer, learner: UserId, job: JobId, revoked: bool) {
    let mark = if revoked { ImportMark::Revoke } else { ImportMark::Commit };
    server.run(server.engine.mark_import(learner, job, mark)).unwrap();
}

fn imported(device: &mut Device<'_>) -> Value {
    device.wait_for("imported", |frame| frame["type"] == "changed" && frame["reason"] == "imported")
}

fn answers(server: &TestServer, learner: UserId, deck: DeckId, card: CardId) -> u32 {
    server.state(learner, deck, card).map_or(0, |state: CardState| state.answers)
}

#[test]
fn a_live_socket_sees_its_cards_move_at_a_commit_and_move_back_at_a_revocation() {
    let server = TestServer::at_noon(Wishes::workers(2));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 6, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 2);
    let held = [card_of(&device.wait("card")), card_of(&device.wait("card"))];
    let job = job(&server);
    // One of the held cards and one of the others, each answered well so long ago that they are due.
    let far = *cards.iter().find(|card| !held.contains(card)).unwrap();
    let entries = [held[0], far].iter().map(|card| brought(&server, job, (deck, *card), 30)).collect();
    bring(&server, learner, entries);
    device.catch_up();
    let told = device.unread();
    assert!(told.iter().all(|frame| frame["type"] != "changed"), "before the commit nothing shows: {told:?}");

    mark(&server, learner, job, false);
    let frame = device.wait_for("the held card", |frame| {
        frame["type"] == "changed" && frame["card"].is_object() && card_of(&frame["card"]) == held[0]
    });
    assert_eq!(frame["card"]["kind"], "review", "{frame}");
    let frame = imported(&mut device);
    assert_eq!((&frame["left"]["new"], &frame["left"]["review"]), (&json!(4), &json!(2)), "{frame}");

    mark(&server, learner, job, true);
    let frame = imported(&mut device);
    assert_eq!((&frame["left"]["new"], &frame["left"]["review"]), (&json!(6), &json!(0)), "{frame}");
    // Said again, nothing changes, and nothing more is stored.
    mark(&server, learner, job, true);
    mark(&server, learner, job, false);
    assert_eq!(server.log(learner).len(), 4);

    device.answer(deck, held[0], 5);
    device.settle();
    eventually("the answer is alone in its card", || answers(&server, learner, deck, held[0]) == 1);
}

#[test]
fn an_import_of_somebody_who_is_away_is_there_when_they_come_and_survives_failing_appends() {
    let server = TestServer::at_noon(Wishes::workers(2));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    device.wait("card");
    device.answer(deck, cards[0], 4);
    device.settle();
    device.vanish();
    let (one, two) = (job(&server), job(&server));
    bring(&server, learner, vec![brought(&server, one, (deck, cards[0]), 40)]);
    bring(&server, learner, vec![brought(&server, two, (deck, cards[1]), 40)]);
    server.faults.script([Some(Fault::Before(Cause::Timeout)), Some(Fault::After(Cause::Timeout))]);
    mark(&server, learner, one, false);
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 3);
    let card = device.wait_for("a new card", |frame| frame["type"] == "card" && frame["kind"] == "new");
    assert!([cards[1], cards[2]].contains(&card_of(&card)), "{card}");
    eventually("both answers count", || answers(&server, learner, deck, cards[0]) == 2);
    // What was never committed counts for nothing, and may be taken back all the same.
    mark(&server, learner, two, true);
    assert_eq!(answers(&server, learner, deck, cards[1]), 0);
}

#[test]
fn what_an_import_changes_is_folded_and_stored_though_nobody_studies() {
    let server = TestServer::at_noon(Wishes::workers(2));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 60, unlimited());
    Device::join(&server, learner).vanish();
    let job = job(&server);
    let entries = cards.iter().map(|card| brought(&server, job, (deck, *card), 30)).collect();
    bring(&server, learner, entries);
    let folded = |reps: u16| {
        let rows = server.run(server.store.progress(learner, deck)).unwrap();
        rows.len() == cards.len() && rows.iter().all(|row| row.params_key != 0 && row.state.sm2.reps == reps)
    };
    for (revoked, reps) in [(false, 1), (true, 0)] {
        mark(&server, learner, job, revoked);
        eventually("no row is left to be folded", || folded(reps));
    }
}
