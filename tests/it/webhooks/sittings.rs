//! The end of a sitting is told behind the learner, and an answer never.

use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, eventually, unlimited};
use domain::ids::DeckId;
use ports::{Event, EventKind, Events as _, Feed};
use serde_json::{Value, json};

#[test]
fn a_sitting_that_came_to_its_end_is_told_with_its_figures_and_its_answers_are_not() {
    let server = TestServer::start();
    let learner = somebody();
    let (deck, _) = server.deck_with(learner, 3, unlimited());
    let told =
        || -> Vec<Event> { server.run(server.told.events(Feed::Person(learner), None, 100)).unwrap().events };
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    for _ in 0..3 {
        let card = card_of(&device.wait("card"));
        device.answer(deck, card, 5);
    }
    let done = device.wait("done");
    eventually("it is told", || !told().is_empty());
    let [ended] = &told()[..] else { panic!("{:?}", told()) };
    assert_eq!((ended.what.kind, ended.what.user), (EventKind::SittingEnded, Some(learner)));
    let data: Value = serde_json::from_str(&ended.what.data).unwrap();
    assert_eq!(data["sitting_id"], json!(device.sitting));
    assert_eq!((&data["answered"], &data["correct"]), (&done["answered"], &done["correct"]));
    assert_eq!(data["deck_ids"], json!([deck.to_string()]));
    // Whoever comes in with nothing to do has had no sitting.
    let mut again = Device::join(&server, learner);
    again.start(&[deck] as &[DeckId], 1);
    again.wait("done");
    again.catch_up();
    assert_eq!(told().len(), 1);
}
