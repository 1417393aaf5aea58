//! Studying over HTTP: what is due, answers in batches, and what is known afterwards.

use super::site::{Site, Somebody, each, request};
use domain::ids::EntryId;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// An id of this very moment, above all that were made before: a test may look at the order of what it did.
fn fresh_id(site: &Site) -> EntryId {
    static MADE: AtomicU64 = AtomicU64::new(0);
    EntryId::v7(site.clock.wall_ms(), u128::from(MADE.fetch_add(1, Ordering::Relaxed)))
}

/// An answer of this very moment.
pub fn answer(site: &Site, deck: &str, card: &str, grade: u8) -> Value {
    let id = fresh_id(site);
    json!({"type": "answer", "id": id.to_string(), "deck_id": deck, "card_id": card, "grade": grade, "elapsed_ms": 1_500})
}

fn undo(site: &Site, of: &Value) -> Value {
    let id = fresh_id(site);
    json!({"type": "undo", "id": id.to_string(), "of": of["id"]})
}

async fn submit(site: &Site, who: &Somebody, commands: Value) -> Vec<Value> {
    let answer = site.post(who, "/reviews", json!({"commands": commands})).await.expect(200);
    answer["verdicts"].as_array().unwrap().clone()
}

pub async fn set_clock(site: &Site, now_ms: i64) {
    site.send(request("POST", "//dev/clock", None).set_json(json!({"now": now_ms}))).await.expect(200);
}

async fn deck_of(site: &Site, who: &Somebody, cards: usize) -> (String, Vec<String>) {
    let deck = site.deck(who, "deck").await;
    let mut ids = Vec::new();
    for n in 0..cards {
        ids.push(site.card(who, &deck, &format!("front {n}")).await);
    }
    (deck, ids)
}

#[actix_web::test]
async fn what_is_due_is_shown_and_nothing_is_handed_out() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 3).await;
    for _ in 0..2 {
        let due = site.get(&learner, &format!("/due?deck_id={deck}&limit=2")).await.expect(200);
        assert_eq!(due["counts"], json!({"new": 3, "learning": 0, "review": 0}));
        assert_eq!(each(&due, "card_id"), [cards[0].as_str(), &cards[1]]);
        let first = &due["items"][0];
        assert_eq!(
            (&first["front"], &first["kind"], &first["state"]["due"]),
            (&json!("front 0"), &json!("new"), &json!(null))
        );
        assert_eq!(first["if_graded"].as_array().unwrap().len(), 6);
        // Without what belongs to a frame or a sitting: `type`, `left`, `saved`.
        let mut fields: Vec<&String> = first.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(
            fields,
            [
                "back",
                "card_id",
                "deck_id",
                "explanation",
                "front",
                "hint",
                "if_graded",
                "kind",
                "media",
                "mode",
                "state"
            ]
        );
    }
    assert_eq!(site.get(&learner, "/due").await.expect(200)["counts"]["new"], 3);
}

#[actix_web::test]
async fn a_batch_gets_a_verdict_each_and_is_read_at_once() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 3).await;
    let good = answer(&site, &deck, &cards[0], 5);
    let failed = answer(&site, &deck, &cards[1], 1);
    let unknown = answer(&site, &deck, &deck, 4);
    let mut broken = answer(&site, &deck, &cards[2], 4);
    broken["grade"] = json!(9);
    let mut strange = answer(&site, &deck, &cards[2], 4);
    strange["type"] = json!("dance");
    let verdicts = submit(&site, &learner, json!([good, failed, unknown, broken, strange])).await;
    let summary: Vec<_> = verdicts
        .iter()
        .map(|v| (v["verdict"].as_str().unwrap(), v["code"].as_str(), v["final"].as_bool()))
        .collect();
    assert_eq!(
        summary,
        [
            ("durable", None, None),
            ("durable", None, None),
            ("refused", Some("unknown_card"), Some(true)),
            ("refused", Some("malformed"), Some(true)),
            ("refused", Some("unknown_type"), Some(true)),
        ]
    );
    assert!(verdicts[3]["message"].as_str().unwrap().contains("grade"), "{}", verdicts[3]);
    assert_eq!(verdicts[0]["id"], good["id"]);
    let state = |card: &str| format!("/decks/{deck}/cards/{card}/state");
    let first = site.get(&learner, &state(&cards[0])).await.expect(200);
    assert_eq!(
        (&first["reps"], &first["interval_days"], &first["ease"], &first["kind"]),
        (&json!(1), &json!(1), &json!(260), &json!("extra"))
    );
    assert_eq!(site.get(&learner, &state(&cards[1])).await.expect(200)["kind"], "drill");
    assert_eq!(site.get(&learner, &state(&cards[2])).await.expect(200)["kind"], "new");
    let progress = site.get(&learner, &format!("/decks/{deck}/progress")).await.expect(200);
    assert_eq!(
        (&progress["cards"], &progress["mastered"], &progress["mean_ease"]),
        (&json!(3), &json!(0), &json!(255.0))
    );
    assert_eq!(progress["due"], json!({"new": 1, "learning": 1, "review": 0}));
    assert!(progress["last_studied"].as_i64().is_some());
}

#[actix_web::test]
async fn a_batch_sent_again_changes_nothing_and_another_content_is_refused() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 1).await;
    let good = answer(&site, &deck, &cards[0], 5);
    for _ in 0..3 {
        assert_eq!(submit(&site, &learner, json!([good, good])).await[1]["verdict"], "durable");
    }
    let mut changed = good.clone();
    changed["grade"] = json!(1);
    assert_eq!(submit(&site, &learner, json!([changed])).await[0]["code"], "id_reused");
    assert_eq!(site.get(&learner, "/history").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_batch_that_cannot_be_read_is_refused_as_a_whole() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 1).await;
    let good = answer(&site, &deck, &cards[0], 5);
    let refused = site.post(&learner, "/reviews", json!({"commands": [good, {"type": "answer"}]})).await;
    assert_eq!(refused.refuses(400, "malformed")["at"], 1);
    let many = vec![good; 501];
    site.post(&learner, "/reviews", json!({"commands": many})).await.refuses(422, "invalid");
    site.post(&learner, "/reviews", json!({})).await.refuses(422, "invalid");
    assert_eq!(submit(&site, &learner, json!([])).await, Vec::<Value>::new());
    assert_eq!(site.get(&learner, "/history").await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn history_tells_what_was_done_and_what_it_counted_as() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 2).await;
    let failed = answer(&site, &deck, &cards[0], 1);
    submit(&site, &learner, json!([failed])).await;
    let drilled = answer(&site, &deck, &cards[0], 4);
    submit(&site, &learner, json!([drilled])).await;
    let extra = answer(&site, &deck, &cards[0], 5);
    let wrong = answer(&site, &deck, &cards[1], 0);
    submit(&site, &learner, json!([extra, wrong])).await;
    submit(&site, &learner, json!([undo(&site, &wrong)])).await;
    let history = site.get(&learner, &format!("/history?deck_id={deck}")).await.expect(200);
    let told: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["kind"].as_str().unwrap(),
                item["counted_as"].as_str(),
                item["undone"].as_bool().unwrap(),
                item["grade"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("review", Some("new"), false, Some(1)),
            ("review", Some("drill"), false, Some(4)),
            ("review", Some("extra"), false, Some(5)),
            ("review", None, true, Some(0)),
            ("undo", None, false, None),
        ]
    );
    let undo = history["items"].as_array().unwrap().iter().find(|item| item["kind"] == "undo").unwrap();
    assert_eq!((&undo["of"], &undo["card_id"]), (&wrong["id"], &json!(cards[1])));
    assert_eq!(
        site.get(&learner, &format!("/decks/{deck}/cards/{}/state", cards[1])).await.expect(200)["kind"],
        "new"
    );
}

#[actix_web::test]
async fn history_is_cut_by_study_days_and_walked_page_by_page() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 4).await;
    let day_ms = 86_400_000;
    let rollover_ms = (site.clock.wall_ms() / day_ms + 1) * day_ms + 4 * 3_600_000; // 04:00 of the next day, UTC
    let mut ids = Vec::new();
    for (n, at_ms) in [
        rollover_ms - 60_000,
        rollover_ms + 60_000,
        rollover_ms + day_ms - 60_000,
        rollover_ms + day_ms + 60_000,
    ]
    .into_iter()
    .enumerate()
    {
        set_clock(&site, at_ms).await;
        let done = answer(&site, &deck, &cards[n], 4);
        assert_eq!(submit(&site, &learner, json!([done])).await[0]["verdict"], "durable");
        ids.push(done["id"].as_str().unwrap().to_owned());
    }
    let first = domain::day::ZoneHistory::new().stamp(rollover_ms).day;
    let days = |from: domain::day::Day, to: domain::day::Day| format!("/history?from={from}&to={to}");
    let one_day = site.get(&learner, &days(first, first)).await.expect(200);
    assert_eq!(each(&one_day, "id"), ids[1..3]);
    // The table is cut alike, whatever it had to read before.
    let table = site.get(&learner, &format!("{}&format=csv", days(first, first))).await;
    let table = table.text();
    let told: Vec<&str> = table.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    assert_eq!(told, ids[1..3]);
    assert_eq!(each(&one_day, "day"), [first.to_string(), first.to_string()]);
    assert_eq!(each(&site.get(&learner, &days(first.plus(-1), first.plus(1))).await.expect(200), "id"), ids);
    assert_eq!(site.get(&learner, &days(first.plus(2), first.plus(9))).await.expect(200)["items"], json!([]));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site.get(&learner, &format!("/history?limit=1{cursor}")).await.expect(200);
        seen.extend(each(&page, "id").iter().map(|id| (*id).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ids);
    for bad in ["from=yesterday", "to=2026-02-30", "cursor=x", "limit=0"] {
        site.get(&learner, &format!("/history?{bad}")).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn a_card_that_is_known_three_times_is_mastered() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 3).await;
    let began_ms = site.clock.wall_ms();
    for day in [0, 1, 7] {
        set_clock(&site, began_ms + day * 86_400_000).await;
        let known = answer(&site, &deck, &cards[0], 4);
        assert_eq!(submit(&site, &learner, json!([known])).await[0]["verdict"], "durable");
    }
    let progress = site.get(&learner, &format!("/decks/{deck}/progress")).await.expect(200);
    assert_eq!((&progress["mastered"], &progress["mastery"]), (&json!(1), &json!(33.3)));
    let state = site.get(&learner, &format!("/decks/{deck}/cards/{}/state", cards[0])).await.expect(200);
    assert_eq!(
        (&state["reps"], &state["interval_days"], &state["ease"]),
        (&json!(3), &json!(15), &json!(250))
    );
    // Two answers later on the same day, neither of which schedules, the deck was last studied with the later one.
    let extra = answer(&site, &deck, &cards[0], 5);
    submit(&site, &learner, json!([extra])).await;
    let last =
        site.get(&learner, &format!("/decks/{deck}/progress")).await.expect(200)["last_studied"].as_i64();
    let extra_id: EntryId = extra["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(last, Some(extra_id.at_ms()));
    site.delete(&learner, &format!("/decks/{deck}/cards/{}", cards[0])).await.expect(204);
    let progress = site.get(&learner, &format!("/decks/{deck}/progress")).await.expect(200);
    assert_eq!(
        (&progress["cards"], &progress["mastered"], &progress["mean_ease"]),
        (&json!(2), &json!(0), &json!(null))
    );
}

#[actix_web::test]
async fn a_change_of_a_deck_is_told_by_every_answer_after_its_own() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 3).await;
    let told = async || {
        let progress = site.get(&learner, &format!("/decks/{deck}/progress")).await.expect(200);
        let due = site.get(&learner, &format!("/due?deck_id={deck}&limit=10")).await.expect(200);
        assert_eq!(due["counts"], progress["due"]);
        let items = due["items"].as_array().unwrap().len() as u64;
        (progress["cards"].as_u64().unwrap(), due["counts"]["new"].as_u64().unwrap(), items)
    };
    assert_eq!(told().await, (3, 3, 3));
    site.delete(&learner, &format!("/decks/{deck}/cards/{}", cards[0])).await.expect(204);
    assert_eq!(told().await, (2, 2, 2));
    site.card(&learner, &deck, "another").await;
    assert_eq!(told().await, (3, 3, 3));
    let fewer = json!({"settings": {"new_per_day": 1}});
    site.patch(&learner, &format!("/decks/{deck}"), fewer).await.expect(200);
    assert_eq!(told().await, (3, 1, 1));
}

#[actix_web::test]
async fn a_card_may_be_answered_as_soon_as_it_is_there_also_in_a_session_that_does_not_know_it_yet() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 1).await;
    let known = answer(&site, &deck, &cards[0], 4);
    assert_eq!(submit(&site, &learner, json!([known])).await[0]["verdict"], "durable");
    for n in 0..3 {
        let card = site.card(&learner, &deck, &format!("later {n}")).await;
        let at_once = answer(&site, &deck, &card, 4);
        assert_eq!(submit(&site, &learner, json!([at_once])).await[0]["verdict"], "durable", "card {n}");
    }
    let nobody = answer(&site, &deck, &deck, 4);
    assert_eq!(submit(&site, &learner, json!([nobody])).await[0]["code"], "unknown_card");
}

#[actix_web::test]
async fn a_checked_mode_keeps_its_backs_and_a_response_is_told_its_result_and_grade() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, cards) = deck_of(&site, &learner, 3).await;
    let patch = json!({"accept": ["the other name", " the other name "], "back": "its name"});
    let changed = site.patch(&learner, &format!("/decks/{deck}/cards/{}", cards[0]), patch).await.expect(200);
    assert_eq!(changed["accept"], json!(["the other name"]));
    let due = site.get(&learner, &format!("/due?deck_id={deck}&mode=type")).await.expect(200);
    assert!(
        due["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["mode"] == "type" && item.get("back").is_none())
    );
    let flip = site.get(&learner, &format!("/due?deck_id={deck}")).await.expect(200);
    assert_eq!(flip["items"][0]["back"], "its name");
    let response = |card: &str, text: &str| {
        let mut command = answer(&site, &deck, card, 0);
        command.as_object_mut().unwrap().remove("grade");
        command["response"] = json!(text);
        command
    };
    let (right, near) = (response(&cards[0], "The other name"), response(&cards[0], "its nmae"));
    let verdicts = submit(&site, &learner, json!([right, near, right])).await;
    for verdict in [&verdicts[0], &verdicts[2]] {
        assert_eq!((&verdict["verdict"], &verdict["result"]), (&json!("durable"), &json!("right")));
        assert_eq!(verdict["grade"], 4);
    }
    assert_eq!((&verdicts[1]["code"], &verdicts[1]["slip"]), (&json!("near"), &json!("typing")));
    assert!(verdicts[1].get("grade").is_none());
}
