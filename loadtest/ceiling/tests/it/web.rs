//! `ceiling web`.

use crate::child::Serving;
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

/// A request with a JSON body: the status and the body of the response.
fn post(serving: &Serving, path: &str, body: &Value) -> (u16, Value) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(kit::wait::DEADLINE))
        .build()
        .new_agent();
    let mut response = agent.post(format!("{}{path}", serving.url)).send_json(body).unwrap();
    let status = response.status().as_u16();
    (status, response.body_mut().read_json().unwrap_or(Value::Null))
}

fn seeded(serving: &Serving, users: u32, cards: u32) -> Value {
    let (status, seeded) = post(serving, "/seed", &json!({"users": users, "cards": cards}));
    assert_eq!(status, 200);
    seeded
}

fn answer(seeded: &Value, card: &Value, grade: u8) -> Value {
    let (user, id) = (&seeded["users"][0], Uuid::new_v4());
    json!({"user": user, "deck_id": seeded["deck_id"], "card_id": card, "id": id, "grade": grade})
}

#[tokio::test]
async fn an_answer_is_in_the_database_when_the_next_card_comes_whatever_dies_then() {
    let mut serving = Serving::start(&["web"]).await;
    let seeded = seeded(&serving, 2, 3);
    let cards = &seeded["cards"];
    let (status, body) = post(&serving, "/answers", &answer(&seeded, &cards[0], 5));
    assert_eq!(status, 200);
    assert_eq!(body["card"]["card_id"], cards[1], "{body}");
    serving.kill();
    let db = Connection::open(serving.database()).unwrap();
    let logged: i64 = db.query_row("SELECT count(*) FROM review_log", [], |row| row.get(0)).unwrap();
    assert_eq!(logged, 1);
    let state: (u32, u32, u32) = db
        .query_row("SELECT reps, ease, interval_days FROM progress WHERE reps > 0", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(state, (1, 260, 1));
}

#[tokio::test]
async fn a_low_grade_brings_the_card_again_today_after_the_others_and_a_good_one_does_not() {
    let mut serving = Serving::start(&["web"]).await;
    let seeded = seeded(&serving, 1, 2);
    let cards = &seeded["cards"];
    let next =
        |card: &Value, grade| post(&serving, "/answers", &answer(&seeded, card, grade)).1["card"].clone();
    assert_eq!(next(&cards[0], 3)["card_id"], cards[1]);
    let again = next(&cards[1], 4);
    assert_eq!((&again["card_id"], &again["state"]["reps"]), (&cards[0], &json!(1)));
    assert_ne!(next(&cards[0], 4)["card_id"], cards[0]);
    assert_eq!(serving.terminate().await, Some(0));
}

#[tokio::test]
async fn an_answer_that_comes_twice_counts_once() {
    let serving = Serving::start(&["web"]).await;
    let seeded = seeded(&serving, 1, 1);
    let answer = answer(&seeded, &seeded["cards"][0], 3);
    let (_, first) = post(&serving, "/answers", &answer);
    let (status, second) = post(&serving, "/answers", &answer);
    assert_eq!((status, &second), (200, &first));
    assert_eq!(second["card"]["state"]["reps"], 1);
}

#[tokio::test]
async fn what_cannot_be_an_answer_is_refused_and_nothing_is_logged() {
    let mut serving = Serving::start(&["web"]).await;
    let seeded = seeded(&serving, 1, 1);
    assert_eq!(post(&serving, "/answers", &answer(&seeded, &json!(Uuid::new_v4()), 3)).0, 404);
    assert_eq!(post(&serving, "/answers", &answer(&seeded, &seeded["cards"][0], 6)).0, 422);
    assert_eq!(post(&serving, "/answers", &json!({"grade": 3})).0, 400);
    assert_eq!(post(&serving, "/seed", &json!({"users": 100_000, "cards": 100_000})).0, 422);
    serving.kill();
    let db = Connection::open(serving.database()).unwrap();
    let logged: i64 = db.query_row("SELECT count(*) FROM review_log", [], |row| row.get(0)).unwrap();
    assert_eq!(logged, 0);
}
