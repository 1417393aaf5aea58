//! P7: who you are decides what you may say and see: tokens, decks of others, enrollments that ended.

use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{DAY_MS, TestServer, Wishes, eventually, random_uuid, unlimited};
use actors::Concerned;
use domain::access::Visibility;
use domain::ids::{CardId, ClassId, DeckId, UserId};
use ports::people::ClassChange;
use ports::{ClassRecord, Library as _, People as _};
use serde_json::json;
use studyhall::clock::real_ms;

/// A token that ends so many milliseconds from now.
fn token(user: UserId, ends_in_ms: i64) -> String {
    format!("{user}@{}", real_ms() + ends_in_ms)
}

/// A teacher's deck and the class through which a learner sees it.
struct Class<'a> {
    server: &'a TestServer,
    id: ClassId,
    deck: DeckId,
    cards: Vec<CardId>,
}

impl<'a> Class<'a> {
    fn new(server: &'a TestServer) -> Class<'a> {
        let teacher = somebody();
        let (deck, cards) = server.deck_with(teacher, 8, unlimited());
        let id = ClassId(random_uuid());
        let class = ClassRecord {
            id,
            org: None,
            teacher,
            title: "class".into(),
            created_ms: server.now_ms(),
            deleted_ms: None,
            students: Vec::new(),
            decks: Vec::new(),
        };
        server.run(server.store.create_class(class)).unwrap();
        let class = Class { server, id, deck, cards };
        class.change(ClassChange::Give(deck));
        class
    }

    fn change(&self, change: ClassChange) {
        self.server.run(self.server.store.change_class(self.id, change, self.server.now_ms())).unwrap();
    }

    fn enroll(&self, learner: UserId) {
        self.change(ClassChange::Enroll(learner));
        self.server.engine.access_changed(learner.into());
    }

    fn remove(&self, learner: UserId) {
        self.change(ClassChange::Remove(learner));
        self.server.engine.access_changed(learner.into());
    }
}

#[test]
fn tokens_that_can_never_work_and_tokens_that_ended_close_with_their_own_codes() {
    let server = TestServer::start();
    let learner = somebody();
    for (token, code) in [
        ("forged".to_owned(), 4500),
        (String::new(), 4500),
        (token(learner, -60_000), 4401),
        (format!("{learner}@never"), 4500),
    ] {
        let mut device = Device::connect(&server, learner);
        device.hello(&token, random_uuid());
        assert_eq!(device.closed(), Some(code), "{token:?}");
    }
    assert_eq!(server.engine.registered(), 0, "nobody was loaded for them");
}

#[test]
fn before_a_token_ends_its_socket_is_told_and_a_renewal_is_answered() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::connect(&server, learner);
    device.hello(&token(learner, 30_000), random_uuid());
    device.wait("welcome");
    let warning = device.wait("error");
    assert_eq!((&warning["code"], &warning["seq"]), (&json!("token_expiring"), &json!(null)));
    let ends_ms = real_ms() + 3_600_000;
    device.send(&json!({"type": "auth", "token": format!("{learner}@{ends_ms}")}));
    assert_eq!(device.wait("renewed")["expires_at"], json!(ends_ms));
    let answer = device.answer_frame(deck, cards[0], 5);
    assert_eq!(device.verdict(answer), None);
}

#[test]
fn a_token_that_is_not_renewed_ends_its_socket_and_the_next_token_of_the_learner_saves_on() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::connect(&server, learner);
    // It has ended; what is left is most of the time of grace.
    device.hello(&token(learner, -8_000), random_uuid());
    device.wait("welcome");
    let frame = device.answer_frame(deck, cards[0], 5);
    assert_eq!(device.verdict(frame.clone()), None);
    assert_eq!(device.closed(), Some(4401));
    let mut renewed = Device::join(&server, learner);
    assert_eq!(renewed.verdict(frame), None, "an answer given before is accepted under a new token");
    assert_eq!(server.log(learner).len(), 1);
}

#[test]
fn a_renewal_must_be_a_good_token_of_the_same_learner() {
    let server = TestServer::start();
    let learner = somebody();
    for (renewal, code) in
        [(somebody().to_string(), 4503), ("forged".to_owned(), 4500), (token(learner, -60_000), 4401)]
    {
        let mut device = Device::join(&server, learner);
        device.send(&json!({"type": "auth", "token": renewal}));
        assert_eq!(device.closed(), Some(code), "{renewal}");
    }
}

#[test]
fn renewals_without_end_are_answered_one_by_one_and_cost_the_neighbour_nothing() {
    let server = TestServer::start();
    let (eager, other) = (somebody(), somebody());
    let (deck, cards) = server.deck_with(other, 3, unlimited());
    let mut neighbour = Device::join(&server, other);
    let mut device = Device::join(&server, eager);
    for _ in 0..300 {
        device.send(&json!({"type": "auth", "token": eager.to_string()}));
    }
    let answer = neighbour.answer_frame(deck, cards[0], 5);
    assert_eq!(neighbour.verdict(answer), None);
    for _ in 0..300 {
        device.wait("renewed");
    }
}

#[test]
fn a_deck_of_somebody_else_cannot_be_started_and_its_cards_do_not_exist() {
    let server = TestServer::start();
    let (owner, stranger) = (somebody(), somebody());
    let (private, cards) = server.deck_with(owner, 3, unlimited());
    let (own, _) = server.deck_with(stranger, 2, unlimited());
    let mut device = Device::join(&server, stranger);
    device.start(&[own], 1);
    let shown = card_of(&device.wait("card"));
    device.start(&[own, private], 1);
    let refused = device.wait("error");
    assert_eq!((&refused["code"], &refused["seq"]), (&json!("forbidden"), &json!(null)));
    device.start(&[DeckId(random_uuid())], 1);
    assert_eq!(device.wait("error")["code"], "forbidden");
    // The sitting before goes on.
    let answer = device.answer_frame(own, shown, 5);
    assert_eq!(device.verdict(answer), None);
    device.wait("card");
    let foreign = device.answer_frame(private, cards[0], 5);
    assert_eq!(device.verdict(foreign).as_deref(), Some("unknown_card"));
    let elsewhere = device.answer_frame(own, cards[0], 5);
    assert_eq!(device.verdict(elsewhere).as_deref(), Some("unknown_card"), "not in that deck");
    let set = device.set_frame(private, cards[0], "flag", json!(1));
    assert_eq!(device.verdict(set).as_deref(), Some("unknown_card"));
    assert!(server.log(owner).is_empty());
    assert_eq!(server.log(stranger).len(), 1);
}

#[test]
fn what_was_answered_while_enrolled_counts_and_what_comes_after_does_not() {
    let server = TestServer::at_noon(Wishes::default());
    let learner = somebody();
    let class = Class::new(&server);
    let early = server.id_at(server.now_ms() - DAY_MS);
    class.enroll(learner);
    let mut device = Device::join(&server, learner);
    device.start(&[class.deck], 2);
    let held = card_of(&device.wait("card"));
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    let while_enrolled = device.answer_frame(class.deck, class.cards[5], 5);
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    class.remove(learner);
    let gone = device.wait_for("the card is taken away", |frame| {
        frame["type"] == "changed"
            && frame["drop"].as_array().is_some_and(|drop| drop.contains(&json!(held.0)))
    });
    assert_eq!(gone["reason"], "withdrawn");
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    // Nothing of the deck is in the log yet: the moment decides.
    let mut before = device.answer_frame(class.deck, class.cards[6], 5);
    before["id"] = json!(early);
    assert_eq!(device.verdict(before).as_deref(), Some("forbidden"), "not enrolled yet");
    let after = device.answer_frame(class.deck, class.cards[6], 5);
    assert_eq!(device.verdict(after).as_deref(), Some("forbidden"), "enrolled no longer");
    assert_eq!(device.verdict(while_enrolled), None, "enrolled then");
    device.start(&[class.deck], 2);
    assert_eq!(device.wait("error")["code"], "forbidden");
}

#[test]
fn what_was_answered_while_a_deck_was_for_everybody_counts_after_it_was_narrowed() {
    let server = TestServer::at_noon(Wishes::default());
    let (owner, learner) = (somebody(), somebody());
    let (deck, cards) = server.deck_with(owner, 4, unlimited());
    let show = |visibility| {
        let mut record = server.run(server.store.deck(deck)).unwrap().unwrap();
        record.narrowed.note(record.visibility, visibility, server.now_ms());
        record.visibility = visibility;
        server.run(server.store.put_deck(record, None, server.now_ms())).unwrap();
        server.engine.deck_changed(deck);
        server.engine.access_changed(Concerned::Deck(deck));
    };
    show(Visibility::Public);
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    let held = card_of(&device.wait("card"));
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    let while_it_was_open = device.answer_frame(deck, held, 5);
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    show(Visibility::Private);
    assert_eq!(device.wait("changed")["reason"], "withdrawn");
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    let after = device.answer_frame(deck, cards[3], 5);
    assert_eq!(device.verdict(after).as_deref(), Some("forbidden"), "it was seen, but not at that time");
    assert_eq!(device.verdict(while_it_was_open), None, "it was for everybody then");
    device.start(&[deck], 1);
    assert_eq!(device.wait("error")["code"], "forbidden", "it is not shown again");
}

#[test]
fn an_enrollment_reaches_an_open_sitting_over_everything() {
    let server = TestServer::start();
    let learner = somebody();
    let class = Class::new(&server);
    let mut device = Device::join(&server, learner);
    device.send(&json!({"type": "start", "sitting": device.sitting, "window": 1}));
    assert_eq!(device.wait("queue")["new"], 0);
    device.wait("done");
    class.enroll(learner);
    assert!(class.cards.contains(&card_of(&device.wait("card"))));
}

#[test]
fn a_deleted_card_may_still_be_answered_for_the_time_it_was_there() {
    let server = TestServer::at_noon(Wishes::default());
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    let in_time = device.answer_frame(deck, cards[1], 5);
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    let mut record = server.run(server.store.card(deck, cards[1])).unwrap().unwrap();
    record.deleted_ms = Some(server.now_ms());
    server.run(server.store.put_cards(deck, vec![record], None, server.now_ms())).unwrap();
    server.engine.deck_changed(deck);
    server.clock.set_wall_ms(server.now_ms() + 60_000);
    let too_late = device.answer_frame(deck, cards[1], 5);
    eventually("the deck's change is known", || {
        let known = server.run(server.engine.decks().deck(deck)).unwrap().unwrap();
        known.index_of(cards[1]).and_then(|at| known.card(at)).is_some_and(|card| card.deleted_ms.is_some())
    });
    assert_eq!(device.verdict(too_late).as_deref(), Some("forbidden"));
    assert_eq!(device.verdict(in_time), None);
}

#[test]
fn ids_from_the_future_and_from_before_the_account_are_refused_for_good() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    for (by_ms, verdict) in
        [(60_000, Some("bad_time")), (-DAY_MS - 60_000, Some("bad_time")), (-DAY_MS / 2, None), (5_000, None)]
    {
        let mut frame = device.answer_frame(deck, cards[0], 5);
        frame["id"] = json!(server.id_at(server.now_ms() + by_ms));
        assert_eq!(device.verdict(frame).as_deref(), verdict, "{by_ms} ms");
    }
}
