//! Modes `type` and `choose` over real sockets and the real store: what is shown, what becomes of a response, and that it is
//! the same wherever it comes again. Frames are read as they came, so that an answer that leaves too soon is seen.

use super::binary::Place;
use super::learner::{Device, card_of, somebody};
use super::raw::{join, until, until_saved};
use super::server::{TestServer, put_deck, random_uuid, unlimited};
use domain::check::later::response_digest;
use domain::deck::DeckSettings;
use domain::entry::Mode;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use ports::{LogRange, ReviewStore as _};
use serde_json::{Value, json};
use studyhall::clock::real_ms;

fn start(device: &mut Device, deck: DeckId, mode: Option<&str>) {
    let mut frame = json!({"type": "start", "sitting": device.sitting, "decks": [deck.0], "window": 1});
    if let Some(mode) = mode {
        frame["mode"] = json!(mode);
    }
    device.send(&frame);
}

fn response(device: &Device, deck: DeckId, card: CardId, response: impl Into<Value>) -> Value {
    let mut frame = device.answer_frame(deck, card, 0);
    frame.as_object_mut().unwrap().remove("grade");
    frame["response"] = response.into();
    frame
}

/// A card as it is shown before its answer: nothing in it gives that away.
fn shown(device: &mut Device, back: &str) -> Value {
    let card = device.wait("card");
    assert!(card.get("back").is_none() && card["explanation"].is_null(), "{card}");
    let told = Value::from_iter(
        card.as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "choices")
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    assert!(!told.to_string().contains(back), "{card}");
    card
}

fn graded(device: &mut Device, sent: &Value) -> (String, u64, String) {
    let frame = device.wait("graded");
    assert_eq!((&frame["id"], &frame["card_id"]), (&sent["id"], &sent["card_id"]));
    let text = |name: &str| frame[name].as_str().unwrap().to_owned();
    (text("result"), frame["grade"].as_u64().unwrap(), text("back"))
}

fn all_typed(server: &TestServer, learner: UserId) -> Vec<(Mode, u8)> {
    let log = server.log(learner);
    log.iter().filter_map(|entry| entry.review()).map(|r| (r.mode, r.grade.number())).collect()
}

#[test]
fn what_is_typed_is_graded_before_the_next_card_and_its_back_leaves_no_sooner() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 4, unlimited());
    let mut device = Device::join(&server, learner);
    start(&mut device, deck, Some("type"));
    let first = shown(&mut device, "back 0");
    assert_eq!((&first["mode"], card_of(&first)), (&json!("type"), cards[0]));
    let sent = response(&device, deck, cards[0], "Back 0!");
    device.command(sent.clone());
    assert_eq!(graded(&mut device, &sent), ("right".into(), 4, "back 0".into()));
    // Near: refused for good, with its slip; the card stays, and the second answer carries the first.
    shown(&mut device, "back 1");
    let near = response(&device, deck, cards[1], "bakc 1");
    device.command(near);
    let refused = device.wait("error");
    assert_eq!((&refused["code"], &refused["slip"]), (&json!("near"), &json!("typing")));
    assert_eq!(refused["final"], json!(true));
    let mut again = response(&device, deck, cards[1], "back 1");
    again["first"] = json!("bakc 1");
    device.command(again.clone());
    assert_eq!(graded(&mut device, &again), ("near".into(), 3, "back 1".into()));
    shown(&mut device, "back 2");
    device.command(response(&device, deck, cards[2], "bakc 2"));
    device.wait("error");
    let mut wrong = response(&device, deck, cards[2], "something else");
    wrong["first"] = json!("bakc 2");
    device.command(wrong.clone());
    assert_eq!(graded(&mut device, &wrong), ("wrong".into(), 1, "back 2".into()));
    device.settle();
    assert_eq!(all_typed(&server, learner), [(Mode::Type, 4), (Mode::Type, 3), (Mode::Type, 1)]);
    let log = server.log(learner);
    let digest = log.last().and_then(|entry| entry.review()?.response);
    assert_eq!(digest, Some(response_digest("something else")));
}

#[test]
fn choices_are_answered_by_place_or_text_and_are_the_same_after_a_reload() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 8, DeckSettings { mode: Mode::Choose, ..unlimited() });
    let mut device = Device::join(&server, learner);
    start(&mut device, deck, None);
    let first = shown(&mut device, "no such text");
    assert_eq!(first["mode"], "choose");
    let choices: Vec<String> = serde_json::from_value(first["choices"].clone()).unwrap();
    assert_eq!(choices.iter().filter(|choice| *choice == "back 0").count(), 1);
    assert_eq!(choices.len(), 4);
    drop(device);
    let mut device = Device::join_when_ready(&server, learner);
    start(&mut device, deck, None);
    assert_eq!(shown(&mut device, "no such text")["choices"], first["choices"]);
    let right = choices.iter().position(|choice| choice == "back 0").unwrap();
    let sent = response(&device, deck, cards[0], right);
    device.command(sent.clone());
    assert_eq!(graded(&mut device, &sent), ("right".into(), 4, "back 0".into()));
    let second = shown(&mut device, "no such text");
    let wrong = second["choices"].as_array().unwrap().iter().find(|choice| **choice != "back 1").unwrap();
    let sent = response(&device, deck, cards[1], wrong.clone());
    device.command(sent.clone());
    assert_eq!(graded(&mut device, &sent), ("wrong".into(), 1, "back 1".into()));
    device.settle();
    assert_eq!(all_typed(&server, learner), [(Mode::Choose, 4), (Mode::Choose, 1)]);
}

#[test]
fn a_response_that_comes_again_on_another_socket_is_told_the_same() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 6, unlimited());
    for (n, mode) in [(0, "type"), (1, "choose")] {
        let mut device = Device::join_when_ready(&server, learner);
        start(&mut device, deck, Some(mode));
        let card = device.wait("card");
        let sent = match card["choices"].as_array() {
            Some(choices) => {
                let right = choices.iter().position(|choice| *choice == format!("back {n}")).unwrap();
                response(&device, deck, cards[n], right)
            }
            None => response(&device, deck, cards[n], format!("back {n}")),
        };
        device.command(sent.clone());
        let told = graded(&mut device, &sent);
        device.settle();
        drop(device);
        let mut again = Device::join(&server, learner);
        for _ in 0..2 {
            assert_eq!(again.verdict(sent.clone()), None);
            assert_eq!(graded(&mut again, &sent), told);
        }
        let mut other = sent.clone();
        other["response"] = json!("another text");
        if mode == "type" {
            assert_eq!(again.verdict(other).as_deref(), Some("id_reused"));
        }
    }
    assert_eq!(server.log(learner).len(), 2);
    let rows = server.rows(learner, deck);
    assert!(rows.iter().all(|row| row.state.answers == 1));
}

#[test]
fn grades_and_responses_are_refused_where_the_other_is_asked_and_an_undo_asks_once_more() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 4, unlimited());
    let mut device = Device::join(&server, learner);
    start(&mut device, deck, Some("type"));
    shown(&mut device, "back 0");
    let grade = device.answer_frame(deck, cards[0], 5);
    assert_eq!(device.verdict(grade).as_deref(), Some("not_offered"));
    let sent = response(&device, deck, cards[0], "nonsense");
    device.command(sent.clone());
    assert_eq!(graded(&mut device, &sent).0, "wrong");
    device.command(json!({"type": "undo", "id": random_uuid(), "of": sent["id"]}));
    let undone = device.wait_for("undone", |frame| frame["reason"] == "undone");
    assert_eq!(undone["card"]["mode"], "type");
    assert!(undone["card"].get("back").is_none(), "{undone}");
    device.settle();
    start(&mut device, deck, Some("flip"));
    let card = device.wait_for("a turned card", |frame| frame["type"] == "card" && frame["mode"] == "flip");
    assert_eq!(card["back"], "back 0");
    let refused = response(&device, deck, cards[0], "back 0");
    assert_eq!(device.verdict(refused).as_deref(), Some("not_offered"));
}

#[test]
fn a_mode_that_nobody_knows_begins_nothing() {
    let server = TestServer::start();
    let mut device = Device::join(&server, somebody());
    device.send(&json!({"type": "start", "sitting": device.sitting, "mode": "sing"}));
    let refused = device.wait("error");
    assert_eq!((&refused["code"], &refused["seq"]), (&json!("malformed"), &json!(null)));
}

#[test]
fn a_response_that_kill_9_meets_is_told_the_same_by_the_next_life_and_counts_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let place = Place::new();
    let learner = somebody();
    let (deck, cards) = runtime.block_on(async {
        let store = place.store().await;
        put_deck(&store, learner, 12, unlimited(), real_ms()).await
    });
    let url = place.url();
    let (token, sitting) = (place.token(learner), random_uuid());
    let mut sent: Vec<Value> = Vec::new();
    for n in 0..4_usize {
        let life = place.start();
        let told = runtime.block_on(async {
            let mut socket = join(&url, &token).await;
            // What the life before was told: again, before any `start`, and with the same result.
            for (seq, frame) in sent.iter_mut().enumerate() {
                frame["seq"] = json!(seq + 1);
                socket.send_text(frame.to_string()).await.unwrap();
                let graded = until(&mut socket, "graded").await;
                assert_eq!((&graded["id"], &graded["result"]), (&frame["id"], &json!("right")));
            }
            let mode = if n % 2 == 0 { "type" } else { "choose" };
            let start =
                json!({"type": "start", "sitting": sitting, "decks": [deck.0], "window": 1, "mode": mode});
            socket.send_text(start.to_string()).await.unwrap();
            let card = until(&mut socket, "card").await;
            assert!(card.get("back").is_none(), "{card}");
            let at = cards.iter().position(|id| card["card_id"] == json!(id.0)).unwrap();
            let right = format!("back {at}");
            let response = match card["choices"].as_array() {
                Some(choices) => json!(choices.iter().position(|choice| *choice == right).unwrap()),
                None => json!(right),
            };
            let frame = json!({
                "type": "answer", "seq": sent.len() + 1, "id": random_uuid(), "deck_id": deck.0,
                "card_id": card["card_id"], "response": response, "elapsed_ms": 900, "sitting": sitting,
            });
            socket.send_text(frame.to_string()).await.unwrap();
            let graded = until(&mut socket, "graded").await;
            assert_eq!(graded["back"], json!(right));
            frame
        });
        // It may be durable by now, or not.
        assert_eq!(life.kill(), Vec::<String>::new());
        sent.push(told);
    }
    let life = place.start();
    runtime.block_on(async {
        let mut socket = join(&url, &token).await;
        for (seq, frame) in sent.iter_mut().enumerate() {
            frame["seq"] = json!(seq + 1);
            socket.send_text(frame.to_string()).await.unwrap();
        }
        until_saved(&mut socket, sent.len() as u64).await;
    });
    drop(life);
    let log = runtime.block_on(async {
        let range = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: 1_000 };
        place.store().await.log(learner, range).await.unwrap()
    });
    assert_eq!(log.len(), sent.len());
    assert!(log.iter().filter_map(|entry| entry.review()).all(|review| review.grade.number() == 4));
}
