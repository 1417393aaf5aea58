//! Schedulers over HTTP: settings, what they would lead to, weights, and what is known of a card's memory.

use super::site::{Site, Somebody};
use super::studying::{answer, set_clock};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DAY_MS: i64 = 86_400_000;

/// A deck whose cards were answered on three days: right, but for every fourth on the last day.
async fn studied(site: &Site, who: &Somebody, cards: usize) -> (String, Vec<String>) {
    let deck = site.deck(who, "deck").await;
    let mut ids = Vec::new();
    for n in 0..cards {
        ids.push(site.card(who, &deck, &format!("front {n}")).await);
    }
    let start = site.clock.wall_ms();
    for (day, again) in [0, 1, 7, 20].into_iter().zip([false, false, false, true]) {
        set_clock(site, start + day * DAY_MS).await;
        let grade = |n: usize| if again && n.is_multiple_of(4) { 1 } else { 4 };
        let commands: Vec<Value> =
            ids.iter().enumerate().map(|(n, card)| answer(site, &deck, card, grade(n))).collect();
        let verdicts = site.post(who, "/reviews", json!({"commands": commands})).await.expect(200);
        let verdicts = verdicts["verdicts"].as_array().unwrap();
        assert!(verdicts.iter().all(|v| v["verdict"] == "durable"), "{verdicts:?}");
    }
    (deck, ids)
}

#[actix_web::test]
async fn a_cards_state_says_what_is_remembered_and_recall_falls_with_the_days() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = studied(&site, &learner, 2).await;
    let path = format!("/decks/{deck}/cards/{}/state", cards[1]);
    let today = site.get(&learner, &path).await.expect(200);
    let memory = &today["memory"];
    assert_eq!((&memory["recall"], today["reps"].as_u64()), (&json!(1.0), Some(3)), "{today}");
    let stability = memory["stability"].as_f64().unwrap();
    assert!(stability > 20.0 && (1.0..=10.0).contains(&memory["difficulty"].as_f64().unwrap()), "{memory}");
    set_clock(&site, site.clock.wall_ms() + (stability.ceil() as i64) * DAY_MS).await;
    let later = site.get(&learner, &path).await.expect(200);
    assert_eq!(later["memory"]["on"], memory["on"]);
    assert!((0.89..=0.9).contains(&later["memory"]["recall"].as_f64().unwrap()), "{later}");
    let due = site.get(&learner, &format!("/due?deck_id={deck}&limit=1")).await.expect(200);
    let shown = due["items"][0]["state"]["recall"].as_f64().unwrap();
    assert!((0.0..0.95).contains(&shown), "a card says how likely it is remembered: {due}");
    let new = site.card(&learner, &deck, "never answered").await;
    let new = site.get(&learner, &format!("/decks/{deck}/cards/{new}/state")).await.expect(200);
    assert_eq!(new["memory"], Value::Null);
}

#[actix_web::test]
async fn other_settings_are_tried_before_they_hold() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = studied(&site, &learner, 8).await;
    let (path, trial) = (format!("/decks/{deck}"), format!("/decks/{deck}/scheduler"));
    let before = site.get(&learner, &path).await.expect(200);
    let state = format!("/decks/{deck}/cards/{}/state", cards[1]);
    let by_sm2 = site.get(&learner, &state).await.expect(200);
    let wanted = json!({"scheduler": "fsrs", "desired_retention": 0.8});
    let tried = site.post(&learner, &trial, json!({"settings": wanted, "days": 60})).await.expect(200);
    assert_eq!((&tried["dry_run"], &tried["settings"]["scheduler"]), (&json!(true), &json!("fsrs")));
    assert_eq!(
        (&tried["settings"]["fuzz"], &tried["settings"]["desired_retention"]),
        (&json!(true), &json!(0.8))
    );
    let days = tried["days"].as_array().unwrap();
    assert_eq!(days.len(), 60);
    let sum = |plan: &str| days.iter().map(|day| day[plan]["reviews"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(
        (tried["now"]["reviews"].as_u64(), tried["then"]["reviews"].as_u64()),
        (Some(sum("now")), Some(sum("then")))
    );
    assert!(sum("now") > 0);
    assert_eq!(site.get(&learner, &path).await.expect(200), before, "it was only tried");
    assert_eq!(site.get(&learner, &state).await.expect(200), by_sm2);

    let made = site.post(&learner, &trial, json!({"settings": wanted, "dry_run": false})).await.expect(200);
    assert_eq!(made["days"].as_array().unwrap().len(), 30);
    let after = site.get(&learner, &path).await.expect(200);
    assert_eq!((&after["settings"], &after["settings"]["scheduler"]), (&made["settings"], &json!("fsrs")));
    let by_fsrs = site.get(&learner, &state).await.expect(200);
    assert_eq!(by_fsrs["answers"], by_sm2["answers"]);
    assert_ne!(by_fsrs["due"], by_sm2["due"], "the log is folded by the other scheduler");
}

#[actix_web::test]
async fn who_may_read_a_deck_may_try_settings_and_only_the_owner_switches() {
    let site = Site::open().await;
    let (owner, other) = (site.learner(), site.learner());
    let deck = site.deck(&owner, "open to all").await;
    let trial = format!("/decks/{deck}/scheduler");
    let body = |dry_run| json!({"settings": {"scheduler": "fsrs"}, "dry_run": dry_run});
    site.post(&other, &trial, body(true)).await.refuses(404, "not_found");
    site.post(&other, &format!("{trial}/fitting"), json!({})).await.refuses(404, "not_found");
    site.patch(&owner, &format!("/decks/{deck}"), json!({"visibility": "public"})).await.expect(200);
    site.post(&other, &trial, body(true)).await.expect(200);
    site.post(&other, &trial, body(false)).await.refuses(403, "forbidden");
    for broken in [
        json!({}),
        json!({"settings": []}),
        json!({"settings": {"scheduler": "fsrs"}, "days": 0}),
        json!({"settings": {"scheduler": "fsrs"}, "days": 366}),
        json!({"settings": {"scheduler": "fsrs"}, "dryrun": true}),
        json!({"settings": {"desired_retention": 0.5}}),
        json!({"settings": {"desired_retention": 1}}),
        json!({"settings": {"parameters": [1, 2, 3]}}),
        json!({"settings": {"easy_days": [0, 0, 0, 0, 0, 0, 0]}}),
        json!({"settings": {"easy_days": [100, 100, 100, 100, 100, 100]}}),
        json!({"settings": {"easy_days": [100, 100, 100, 100, 100, 100, 101]}}),
    ] {
        site.post(&owner, &trial, broken).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn weights_are_fitted_behind_the_request_and_too_few_answers_are_said_to_be() {
    let site = Site::open().await;
    let learner = site.learner();
    let (few, _) = studied(&site, &learner, 2).await;
    let path = |deck: &str| format!("/decks/{deck}/scheduler/fitting");
    site.get(&learner, &path(&few)).await.refuses(404, "not_found");
    assert_eq!(fitted(&site, &learner, &path(&few)).await["state"], "failed");
    let (deck, _) = studied(&site, &learner, 30).await;
    let done = fitted(&site, &learner, &path(&deck)).await;
    assert_eq!((&done["state"], done["recalls"].as_u64()), (&json!("done"), Some(90)), "{done}");
    assert!(done["log_loss"]["fsrs"].as_f64().is_some_and(|loss| loss > 0.0), "{done}");
    let weights = done["parameters"].clone();
    assert_eq!(weights.as_array().map(Vec::len), Some(21));
    let deck = format!("/decks/{deck}");
    let with = json!({"settings": {"scheduler": "fsrs", "parameters": weights}});
    assert_eq!(site.patch(&learner, &deck, with).await.expect(200)["settings"]["parameters"], weights);
    let without = json!({"settings": {"parameters": null}});
    assert_eq!(site.patch(&learner, &deck, without).await.expect(200)["settings"]["parameters"], Value::Null);
}

/// Begins a fitting and waits for its end.
async fn fitted(site: &Site, who: &Somebody, path: &str) -> Value {
    site.post(who, path, json!({})).await.expect(202);
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let told = site.get(who, path).await.expect(200);
        if told["state"] != "running" {
            return told;
        }
        assert!(Instant::now() < until, "it goes on for ever: {told}");
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
}
