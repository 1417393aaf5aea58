//! Homework: what is set, and how each student stands with it.

use super::lessons::{class_of, put_json};
use super::site::{Site, Somebody, id};
use super::studying::answer;
use domain::day::Day;
use serde_json::{Value, json};

/// The study day of somebody without a zone.
pub fn today(site: &Site) -> String {
    domain::day::ZoneHistory::new().stamp(site.clock.wall_ms()).day.to_string()
}

fn in_days(site: &Site, days: i32) -> String {
    today(site).parse::<Day>().unwrap().plus(days).to_string()
}

/// Sets a deck of a class to be done today.
pub async fn set(site: &Site, teacher: &Somebody, class: &str, deck: &str) -> Value {
    let wanted = json!({"deck_id": deck, "due": today(site), "rule": {"kind": "each_card"}});
    site.post(teacher, &format!("/classes/{class}/homework"), wanted).await.expect(201)
}

async fn study(site: &Site, who: &Somebody, deck: &str, card: &str) {
    let said = json!({"commands": [answer(site, deck, card, 5)]});
    let verdicts = site.post(who, "/reviews", said).await.expect(200);
    assert_eq!(verdicts["verdicts"][0]["verdict"], "durable");
}

/// How the students stand, in the order of their ids.
async fn standing(site: &Site, teacher: &Somebody, class: &str, homework: &str) -> Vec<(String, String)> {
    let told = site.get(teacher, &format!("/classes/{class}/homework/{homework}")).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let students = told["students"].as_array().unwrap().iter();
    let mut all: Vec<_> = students.map(|one| (text(&one["user_id"]), text(&one["status"]))).collect();
    all.sort();
    all
}

#[actix_web::test]
async fn each_card_is_done_when_every_card_was_answered() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 2).await;
    let deck = site.deck(&teacher, "Biology").await;
    let cards = [site.card(&teacher, &deck, "one").await, site.card(&teacher, &deck, "two").await];
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    let homework = id(&set(&site, &teacher, &class, &deck).await, "homework_id");
    let one = students[0].user.to_string();
    let of = async |user: &str| {
        let all = standing(&site, &teacher, &class, &homework).await;
        all.into_iter().find(|(who, _)| who == user).unwrap().1
    };
    assert_eq!(of(&one).await, "not_started");
    study(&site, &students[0], &deck, &cards[0]).await;
    assert_eq!(of(&one).await, "started");
    study(&site, &students[0], &deck, &cards[1]).await;
    assert_eq!(of(&one).await, "done");
    assert_eq!(of(&students[1].user.to_string()).await, "not_started");
    let own = site.get(&students[0], "/me/homework").await.expect(200);
    let item = &own["items"][0];
    assert_eq!(
        (&item["status"], &item["cards_answered"], &item["of_cards"]),
        (&json!("done"), &json!(2), &json!(2))
    );
    // Who left the class is told of no more.
    site.delete(&teacher, &format!("/classes/{class}/students/{one}")).await.expect(204);
    assert_eq!(standing(&site, &teacher, &class, &homework).await.len(), 1);
    assert_eq!(site.get(&students[0], "/me/homework").await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn cards_that_were_named_are_all_that_counts() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 2).await;
    let deck = site.deck(&teacher, "Biology").await;
    let cards = [site.card(&teacher, &deck, "one").await, site.card(&teacher, &deck, "two").await];
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    let path = format!("/classes/{class}/homework");
    let wanted = json!({
        "deck_id": deck, "due": today(&site), "rule": {"kind": "each_card"},
        "cards": [cards[0]], "to": [students[0].user.to_string()],
    });
    let homework = id(&site.post(&teacher, &path, wanted.clone()).await.expect(201), "homework_id");
    study(&site, &students[0], &deck, &cards[1]).await;
    let of_first = vec![(students[0].user.to_string(), "not_started".to_owned())];
    assert_eq!(standing(&site, &teacher, &class, &homework).await, of_first);
    study(&site, &students[0], &deck, &cards[0]).await;
    assert_eq!(standing(&site, &teacher, &class, &homework).await[0].1, "done");
    assert_eq!(site.get(&students[1], "/me/homework").await.expect(200)["items"], json!([]));
    // All of the deck again, and the days it was studied on.
    let one = format!("{path}/{homework}");
    let days = |n| json!({"deck_id": deck, "due": in_days(&site, 1), "rule": {"kind": "days", "days": n}});
    put_json(&site, &teacher, &one, days(2)).await.expect(200);
    assert_eq!(standing(&site, &teacher, &class, &homework).await.len(), 2);
    let own = site.get(&students[0], "/me/homework").await.expect(200);
    assert_eq!((&own["items"][0]["status"], &own["items"][0]["days"]), (&json!("started"), &json!(1)));
    put_json(&site, &teacher, &one, days(1)).await.expect(200);
    assert_eq!(site.get(&students[0], "/me/homework").await.expect(200)["items"][0]["status"], "done");
    let listed = site.get(&teacher, &path).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    site.delete(&teacher, &one).await.expect(204);
    site.get(&teacher, &one).await.refuses(404, "not_found");
    assert_eq!(site.get(&teacher, &path).await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn what_cannot_be_done_is_not_set() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 1).await;
    let (deck, other) = (site.deck(&teacher, "Biology").await, site.deck(&teacher, "Other").await);
    let foreign = site.card(&teacher, &other, "one").await;
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    let path = format!("/classes/{class}/homework");
    let good = json!({"deck_id": deck, "due": in_days(&site, 6), "rule": {"kind": "days", "days": 7}});
    site.post(&teacher, &path, good.clone()).await.expect(201);
    for (field, value) in [
        ("deck_id", json!(other)),
        ("due", json!(in_days(&site, -1))),
        ("due", json!(in_days(&site, 366))),
        ("due", json!("tomorrow")),
        ("rule", json!({"kind": "days", "days": 8})),
        ("rule", json!({"kind": "days", "days": 0})),
        ("cards", json!([foreign])),
        ("to", json!([teacher.user.to_string()])),
    ] {
        let mut wanted = good.clone();
        wanted[field] = value;
        site.post(&teacher, &path, wanted).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn of_a_deck_that_was_taken_from_the_class_no_homework_tells() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 1).await;
    let deck = site.deck(&teacher, "Biology").await;
    let card = site.card(&teacher, &deck, "one").await;
    let given = format!("/classes/{class}/decks/{deck}");
    site.put(&teacher, &given).await.expect(204);
    let homework = id(&set(&site, &teacher, &class, &deck).await, "homework_id");
    study(&site, &students[0], &deck, &card).await;
    assert_eq!(standing(&site, &teacher, &class, &homework).await[0].1, "done");
    site.delete(&teacher, &given).await.expect(204);
    assert_eq!(standing(&site, &teacher, &class, &homework).await, []);
    assert_eq!(site.get(&students[0], "/me/homework").await.expect(200)["items"], json!([]));
    site.put(&teacher, &given).await.expect(204);
    assert_eq!(standing(&site, &teacher, &class, &homework).await.len(), 1);
}

#[actix_web::test]
async fn a_card_that_was_deleted_need_not_be_done() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 1).await;
    let deck = site.deck(&teacher, "Biology").await;
    let cards = [site.card(&teacher, &deck, "one").await, site.card(&teacher, &deck, "two").await];
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    let wanted = json!({
        "deck_id": deck, "due": today(&site), "rule": {"kind": "each_card"}, "cards": cards,
    });
    let made = site.post(&teacher, &format!("/classes/{class}/homework"), wanted).await.expect(201);
    let homework = id(&made, "homework_id");
    study(&site, &students[0], &deck, &cards[0]).await;
    assert_eq!(standing(&site, &teacher, &class, &homework).await[0].1, "started");
    site.delete(&teacher, &format!("/decks/{deck}/cards/{}", cards[1])).await.expect(204);
    assert_eq!(standing(&site, &teacher, &class, &homework).await[0].1, "done");
    let own = site.get(&students[0], "/me/homework").await.expect(200);
    assert_eq!((&own["items"][0]["status"], &own["items"][0]["of_cards"]), (&json!("done"), &json!(1)));
}
