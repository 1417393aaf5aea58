//! Days and moments: the turn of the study day under a running sitting, the drill, and the card that comes by itself.

use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{DAY_MS, NOON_MS, TestServer, Wishes};
use domain::deck::DeckSettings;
use serde_json::json;

/// 04:00, UTC, after the noon at which the server's clock begins: a new study day, Unix milliseconds.
const ROLLOVER_MS: i64 = NOON_MS + 16 * 3_600_000;

#[test]
fn at_the_turn_of_the_day_every_socket_gets_new_counts_and_its_cards_anew() {
    let server = TestServer::at_noon(Wishes::workers(2));
    let learner = somebody();
    let settings = DeckSettings { new_per_day: 2, ..DeckSettings::default() };
    let (deck, cards) = server.deck_with(learner, 6, settings);
    let mut devices = [Device::join(&server, learner), Device::join(&server, learner)];
    devices[0].start(&[deck], 1);
    assert_eq!(devices[0].wait("queue")["new"], 2);
    let first = card_of(&devices[0].wait("card"));
    let answer = devices[0].answer_frame(deck, first, 5);
    assert_eq!(devices[0].verdict(answer), None);
    let on_screen = card_of(&devices[0].wait("card"));
    devices[1].start(&[deck], 1);
    devices[1].wait("done");
    devices[0].unread();
    let old_day = devices[0].answer_frame(deck, on_screen, 5);
    server.clock.set_wall_ms(ROLLOVER_MS);
    let turned = devices[0].wait("changed");
    assert_eq!((&turned["reason"], &turned["drop"]), (&json!("new_day"), &json!([on_screen.0])));
    let queue = devices[0].wait("queue");
    assert_eq!((&queue["new"], &queue["review"]), (&json!(2), &json!(1)), "a new day has its own limit");
    let again = devices[0].wait("card");
    assert_eq!(card_of(&again), on_screen, "the card on screen comes first");
    assert_eq!(devices[1].wait("changed")["reason"], "new_day");
    devices[1].wait("queue");
    devices[1].wait("card");
    // The answer was given before the turn: it counts for the old day, and the card is dealt by its new state.
    assert_eq!(devices[0].verdict(old_day), None);
    let told = devices[0].wait_for("the card is taken back", |frame| frame["reason"] == "rescheduled");
    assert_eq!(told["drop"], json!([on_screen.0]));
    let entry = *server.log(learner).last().unwrap();
    assert_eq!(entry.stamp.day, domain::day::Day(((NOON_MS) / DAY_MS) as i32));
    assert!(cards.contains(&on_screen));
}

#[test]
fn a_failed_card_comes_again_after_a_minute_and_done_says_when() {
    let server = TestServer::at_noon(Wishes::workers(1));
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 1);
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    device.wait("card");
    device.answer(deck, cards[0], 1);
    // Nothing else can be handed out: the drill comes ahead of its time.
    let drill = device.wait("card");
    assert_eq!((&drill["kind"], &drill["left"]["learning"]), (&json!("drill"), &json!(1)));
    device.answer(deck, cards[0], 5);
    let done = device.wait("done");
    assert_eq!((&done["answered"], &done["cards"], &done["correct"]), (&json!(2), &json!(1), &json!(1)));
    let tomorrow = ROLLOVER_MS;
    assert_eq!(done["next_due_at"], json!(tomorrow));
    // The card that comes due follows by itself.
    server.clock.set_wall_ms(tomorrow);
    let card = device.wait("card");
    assert_eq!((card_of(&card), &card["kind"]), (cards[0], &json!("review")));
    device.answer(deck, cards[0], 4);
    device.settle();
    let state = server.state(learner, deck, cards[0]).unwrap();
    assert_eq!((state.sm2.reps, state.sm2.interval_days, state.lapses), (1, 1, 0));
}

#[test]
fn a_drill_waits_its_minute_while_other_cards_are_there() {
    let server = TestServer::at_noon(Wishes::workers(1));
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 12);
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    let failed = card_of(&device.wait("card"));
    device.answer(deck, failed, 0);
    for _ in 0..3 {
        let card = device.wait("card");
        assert_eq!(card["kind"], "new");
        device.answer(deck, card_of(&card), 5);
    }
    let before = device.wait("card");
    server.clock.pass_ms(60_000);
    device.answer(deck, card_of(&before), 5);
    let drill = device.wait("card");
    assert_eq!((card_of(&drill), &drill["kind"]), (failed, &json!("drill")));
    assert_eq!(failed, cards[0]);
}

#[test]
fn a_learner_far_east_has_its_day_turn_at_its_own_four_in_the_morning() {
    let server = TestServer::at_noon(Wishes::workers(1));
    let learner = somebody();
    let (deck, _) = server.deck(learner, 2);
    let mut device = Device::connect(&server, learner);
    let mut hello = crate::study::learner::hello(&learner.to_string(), crate::study::server::random_uuid());
    hello["zone"] = json!("Pacific/Auckland");
    device.send(&hello);
    device.wait("welcome");
    device.start(&[deck], 1);
    device.wait("card");
    // Noon in UTC is 01:00 of the next day there; three hours on, the study day turns.
    server.clock.set_wall_ms(NOON_MS + 3 * 3_600_000 - 60_000);
    device.catch_up();
    server.clock.set_wall_ms(NOON_MS + 3 * 3_600_000);
    assert_eq!(device.wait("changed")["reason"], "new_day");
}
