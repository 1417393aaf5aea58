//! Webhooks over HTTP: who may have which, what may stand in them, and trying them.

use super::site::{Site, Somebody, id};
use crate::webhooks::receiver::{Mood, Receiver};
use ports::Role;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn made(site: &Site, who: &Somebody, body: Value) -> Value {
    site.post(who, "/webhooks", body).await.expect(201)
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + crate::study::server::PATIENCE;
    while !holds().await {
        assert!(Instant::now() < until, "waited in vain: {what}");
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn the_secret_is_shown_once_and_what_happens_from_then_on_is_sent_signed() {
    let site = Site::open().await;
    let admin = site.somebody(Role::Admin, Some(1));
    site.deck(&admin, "before").await;
    until("it was told", async || site.events.figures().told > 0).await;
    let receiver = Receiver::start(Mood::Says(200, ""));
    let wanted = json!({"url": receiver.url(), "description": "our books", "kinds": ["deck.created"]});
    let hook = made(&site, &admin, wanted).await;
    let path = format!("/webhooks/{}", id(&hook, "webhook_id"));
    assert_eq!((&hook["scope"], &hook["state"]), (&json!("organisation"), &json!("active")));
    let secret = id(&hook, "secret");
    for shown in [site.get(&admin, &path).await, site.get(&admin, "/webhooks").await] {
        assert!(!shown.text().contains("whsec_") && !shown.text().contains("\"secret\""));
    }
    let deck = site.deck(&admin, "after").await;
    site.post(&admin, "/classes", json!({"title": "not wanted"})).await.expect(201);
    let last = site.deck(&admin, "last").await;
    until("both are there", async || receiver.got().len() >= 2).await;
    let decks: Vec<Value> = receiver.got().iter().map(|got| got.json()["data"]["deck_id"].clone()).collect();
    assert_eq!(decks, [json!(deck), json!(last)]);
    assert!(receiver.got().iter().all(|got| got.is_signed_with(&secret)));
    until("they are in the list", async || {
        let list = site.get(&admin, &format!("{path}/deliveries")).await.expect(200);
        list["items"].as_array().unwrap().len() == 2
    })
    .await;
    let list = site.get(&admin, &format!("{path}/deliveries")).await.expect(200);
    assert_eq!((&list["items"][0]["status"], &list["items"][0]["delivered"]), (&json!(200), &json!(true)));
    assert_eq!(list["items"][0]["message_id"], receiver.got()[1].json()["data"]["id"]);
}

#[actix_web::test]
async fn a_webhook_may_be_tried_paused_changed_and_removed() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let receiver = Receiver::start(Mood::Says(500, ""));
    let hook = made(&site, &teacher, json!({"url": receiver.url()})).await;
    assert_eq!(hook["scope"], "classes");
    let path = format!("/webhooks/{}", id(&hook, "webhook_id"));
    let tried = site.post(&teacher, &format!("{path}/test"), json!(null)).await.expect(200);
    assert_eq!((&tried["status"], &tried["delivered"]), (&json!(500), &json!(false)));
    receiver.is_now(Mood::Says(200, ""));
    let tried = site.post(&teacher, &format!("{path}/test"), json!(null)).await.expect(200);
    assert_eq!((&tried["delivered"], &tried["kind"]), (&json!(true), &json!("webhook.test")));
    let got = receiver.got().pop().unwrap();
    assert!(got.is_signed_with(&id(&hook, "secret")));
    assert_eq!(
        (got.json()["type"].as_str(), got.id()),
        (Some("webhook.test"), tried["message_id"].as_str().unwrap())
    );
    let paused =
        site.patch(&teacher, &path, json!({"state": "paused", "kinds": ["class.created"]})).await.expect(200);
    assert_eq!((&paused["state"], &paused["kinds"]), (&json!("paused"), &json!(["class.created"])));
    let class = site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201);
    until("it was told", async || {
        let page = site.get(&teacher, "/events?kind=class.created").await.expect(200);
        page["items"].as_array().unwrap().len() == 1
    })
    .await;
    assert_eq!(receiver.got().len(), 2, "whoever is paused is sent nothing");
    site.patch(&teacher, &path, json!({"state": "active"})).await.expect(200);
    until("what waited is there", async || receiver.got().len() == 3).await;
    assert_eq!(receiver.got()[2].json()["data"]["class_id"], class["class_id"]);
    site.delete(&teacher, &path).await.expect(204);
    site.get(&teacher, &path).await.refuses(404, "not_found");
    assert_eq!(site.get(&teacher, "/webhooks").await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn administrators_have_those_of_the_organisation_and_teachers_those_of_their_classes() {
    let site = Site::open().await;
    let (teacher, colleague) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Teacher, Some(1)));
    let (admin, other) = (site.somebody(Role::Admin, Some(1)), site.somebody(Role::Admin, Some(2)));
    let url = json!("http://127.0.0.1:9/");
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    let of_school = json!({"url": url, "scope": "organisation"});
    site.post(&teacher, "/webhooks", of_school.clone()).await.refuses(403, "forbidden");
    let of_class = json!({"url": url, "class_id": class});
    site.post(&colleague, "/webhooks", of_class.clone()).await.refuses(404, "not_found");
    let own = id(&made(&site, &teacher, of_class).await, "webhook_id");
    let school = id(&made(&site, &admin, of_school).await, "webhook_id");
    let listed = async |who: &Somebody| {
        let list = site.get(who, "/webhooks").await.expect(200);
        list["items"].as_array().unwrap().iter().map(|hook| id(hook, "webhook_id")).collect::<Vec<_>>()
    };
    assert_eq!(listed(&teacher).await, vec![own.clone()]);
    assert_eq!(listed(&admin).await, [own.clone(), school.clone()]);
    assert_eq!((listed(&colleague).await, listed(&other).await), (vec![], vec![]));
    for (who, hook) in [(&colleague, &own), (&other, &own), (&teacher, &school), (&other, &school)] {
        site.get(who, &format!("/webhooks/{hook}")).await.refuses(404, "not_found");
        site.post(who, &format!("/webhooks/{hook}/test"), json!(null)).await.refuses(404, "not_found");
    }
    let learner = site.with_token(teacher.user, Role::Learner, Some(1));
    site.get(&learner, &format!("/webhooks/{own}")).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn what_a_webhook_cannot_be_is_refused_with_a_sentence() {
    let site = Site::open().await;
    let admin = site.somebody(Role::Admin, Some(1));
    for body in [
        json!({"url": "https://10.0.0.1/"}),
        json!({"url": "https://169.254.169.254/latest/meta-data"}),
        json!({"url": "http://example.org/"}),
        json!({"url": "https://user:secret@example.org/"}),
        json!({"url": "javascript:alert(1)"}),
        json!({"url": "http://127.0.0.1:9/", "kinds": ["deck.eaten"]}),
        json!({"url": "http://127.0.0.1:9/", "scope": "organisation", "class_id": uuid::Uuid::nil()}),
        json!({"url": "http://127.0.0.1:9/", "description": "x".repeat(300)}),
        json!({"kinds": []}),
    ] {
        site.post(&admin, "/webhooks", body).await.refuses(422, "invalid");
    }
    let hook = made(&site, &admin, json!({"url": "http://127.0.0.1:9/"})).await;
    let path = format!("/webhooks/{}", id(&hook, "webhook_id"));
    let typed = json!({"url": " https://Example.org/\r\nX: y "});
    assert_eq!(site.patch(&admin, &path, typed).await.expect(200)["url"], "https://example.org/X:%20y");
    for body in [json!({"url": "https://10.0.0.1/"}), json!({"state": "disabled"}), json!({"kinds": ["x"]})] {
        site.patch(&admin, &path, body).await.refuses(422, "invalid");
    }
    for _ in 1..20 {
        made(&site, &admin, json!({"url": "http://127.0.0.1:9/"})).await;
    }
    site.post(&admin, "/webhooks", json!({"url": "http://127.0.0.1:9/"})).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_secret_is_replaced_and_the_one_before_signs_along_for_a_day() {
    let site = Site::open().await;
    let (teacher, colleague) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Teacher, Some(1)));
    let receiver = Receiver::start(Mood::Says(200, ""));
    let hook = made(&site, &teacher, json!({"url": receiver.url()})).await;
    let path = format!("/webhooks/{}", id(&hook, "webhook_id"));
    assert_eq!(hook["old_secret_until"], Value::Null);
    site.post(&colleague, &format!("{path}/secret"), json!(null)).await.refuses(404, "not_found");
    let replaced = site.post(&teacher, &format!("{path}/secret"), json!(null)).await;
    assert_eq!(replaced.header("cache-control"), "no-store");
    let replaced = replaced.expect(200);
    let (old, new) = (id(&hook, "secret"), id(&replaced, "secret"));
    assert_ne!(old, new);
    let until_ms = replaced["old_secret_until"].as_i64().unwrap();
    assert!((until_ms - site.clock.wall_ms() - 86_400_000).abs() < 60_000);
    assert!(!site.get(&teacher, &path).await.text().contains("whsec_"), "it is shown once");
    let signed = async || {
        site.post(&teacher, &format!("{path}/test"), json!(null)).await.expect(200);
        let got = receiver.got().pop().unwrap();
        (got.is_signed_with(&new), got.is_signed_with(&old), got.headers["webhook-signature"].clone())
    };
    let (by_new, by_old, signatures) = signed().await;
    assert!(by_new && by_old && signatures.split(' ').count() == 2, "{signatures}");
    site.clock.set_wall_ms(until_ms);
    let (by_new, by_old, signatures) = signed().await;
    assert!(by_new && !by_old && !signatures.contains(' '), "{signatures}");
}
