//! P6, sizes: each bound of the protocol's document, just below and just above, on the real binary.

use crate::study::binary::Place;
use crate::study::learner::somebody;
use crate::study::raw::{join, next, until};
use crate::study::server::random_uuid;
use client::{Incoming, RawSocket};
use domain::ids::UserId;
use protocol::limits::{
    CLIENT_FRAME_BYTES_MAX, FIELD_BYTES_MAX, FIELDS_JSON_BYTES_MAX, SERVER_FRAME_BYTES_MAX,
};
use serde_json::{Value, json};

/// Somebody who makes decks and cards over HTTP.
struct Author<'a> {
    place: &'a Place,
    user: UserId,
    http: ureq::Agent,
}

impl<'a> Author<'a> {
    fn new(place: &'a Place) -> Author<'a> {
        let http = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Author { place, user: somebody(), http }
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/api/v1/{path}", self.place.url());
        let token = format!("Bearer {}", self.place.token(self.user));
        let mut answer = self.http.post(url).header("authorization", token).send_json(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }

    fn deck(&self) -> String {
        let (status, deck) = self.post("decks", &json!({"title": "Large"}));
        assert_eq!(status, 201, "{deck}");
        deck["deck_id"].as_str().unwrap().to_owned()
    }

    /// Adds a card to a deck; the status of the answer.
    fn card(&self, deck: &str, card: &Value) -> (u16, Value) {
        self.post(&format!("decks/{deck}/cards"), card)
    }
}

#[test]
fn a_field_and_a_card_may_be_as_long_as_they_may_and_the_largest_card_fits_a_frame() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let place = Place::new();
    let _life = place.start();
    let author = Author::new(&place);
    let deck = author.deck();
    let text = |bytes: usize| "x".repeat(bytes);
    let (status, said) = author.card(&deck, &json!({"front": text(FIELD_BYTES_MAX + 1), "back": ""}));
    assert_eq!(status, 422, "{said}");
    // The longest that the four fields may be together, with their quotes.
    let last = FIELDS_JSON_BYTES_MAX - 3 * FIELD_BYTES_MAX - 4 * 2;
    let card = |last: usize| {
        json!({
            "front": text(FIELD_BYTES_MAX), "back": text(FIELD_BYTES_MAX), "hint": text(FIELD_BYTES_MAX),
            "explanation": text(last),
        })
    };
    let (status, said) = author.card(&deck, &card(last + 1));
    assert_eq!(status, 422, "{said}");
    let (status, said) = author.card(&deck, &card(last));
    assert_eq!(status, 201, "{said}");
    // A client that takes no longer message reads it whole.
    let bytes = runtime.block_on(async {
        let mut socket = join(&place.url(), &place.token(author.user)).await;
        socket.send_text(json!({"type": "start", "sitting": random_uuid()}).to_string()).await.unwrap();
        until(&mut socket, "queue").await;
        longest_text(&mut socket).await
    });
    assert!((FIELDS_JSON_BYTES_MAX..=SERVER_FRAME_BYTES_MAX).contains(&bytes), "{bytes}");
}

/// The length of the next text.
async fn longest_text(socket: &mut RawSocket) -> usize {
    loop {
        match socket.recv().await {
            Incoming::Text(text) => return text.len(),
            Incoming::Control => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_message_of_the_allowed_length_is_read_and_one_byte_more_ends_the_socket() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let place = Place::new();
    let _life = place.start();
    let token = place.token(somebody());
    let padded = |bytes: usize| {
        let frame = json!({"type": "?", "pad": ""}).to_string();
        let pad = "x".repeat(bytes - frame.len());
        let text = json!({"type": "?", "pad": pad}).to_string();
        assert_eq!(text.len(), bytes);
        text
    };
    runtime.block_on(async {
        let mut socket = join(&place.url(), &token).await;
        socket.send_text(padded(CLIENT_FRAME_BYTES_MAX)).await.unwrap();
        assert_eq!(until(&mut socket, "error").await["code"], "unknown_type");
        socket.send_text(padded(CLIENT_FRAME_BYTES_MAX + 1)).await.unwrap();
        assert_eq!(next(&mut socket).await, Err(Some(1009)));
    });
}
