//! Who you are decides what you see: every route, asked by those who should not.

use super::site::{Site, Somebody, id, request};
use ports::Role;
use serde_json::{Value, json};

/// Every route that needs a token, about one deck, card and class. `{d}`, `{c}`, `{k}` and `{u}` stand for the ids.
const ROUTES: [(&str, &str, &str); 27] = [
    ("GET", "/me", ""),
    ("PATCH", "/me", "{}"),
    ("GET", "/due", ""),
    ("POST", "/reviews", r#"{"commands":[]}"#),
    ("GET", "/history", ""),
    ("GET", "/decks", ""),
    ("POST", "/decks", r#"{"title":"x"}"#),
    ("GET", "/decks/{d}", ""),
    ("PATCH", "/decks/{d}", r#"{"title":"x"}"#),
    ("DELETE", "/decks/{d}", ""),
    ("GET", "/decks/{d}/progress", ""),
    ("GET", "/due?deck_id={d}", ""),
    ("GET", "/decks/{d}/cards", ""),
    ("POST", "/decks/{d}/cards", r#"{"front":"x","back":"y"}"#),
    ("POST", "/decks/{d}/cards/bulk", r#"{"cards":[{"front":"x","back":"y"}]}"#),
    ("GET", "/decks/{d}/cards/{c}", ""),
    ("PATCH", "/decks/{d}/cards/{c}", r#"{"back":"y"}"#),
    ("DELETE", "/decks/{d}/cards/{c}", ""),
    ("GET", "/decks/{d}/cards/{c}/state", ""),
    ("POST", "/decks/{d}/import", "front,back\na,b\n"),
    ("POST", "/decks/import?title=x", "front,back\na,b\n"),
    ("POST", "/imports/rejected", "front,back\na,b\n"),
    ("GET", "/classes", ""),
    ("PUT", "/classes/{k}/students/{u}", ""),
    ("DELETE", "/classes/{k}/students/{u}", ""),
    ("PUT", "/classes/{k}/decks/{d}", ""),
    ("DELETE", "/classes/{k}/decks/{d}", ""),
];

struct Place {
    site: Site,
    owner: Somebody,
    deck: String,
    card: String,
    class: String,
}

impl Place {
    async fn made(visibility: &str) -> Place {
        let site = Site::open().await;
        let owner = site.somebody(Role::Teacher, Some(1));
        let deck = site.deck(&owner, "Secrets").await;
        site.patch(&owner, &format!("/decks/{deck}"), json!({"visibility": visibility})).await.expect(200);
        let card = site.card(&owner, &deck, "canary").await;
        let class = id(&site.post(&owner, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
        Place { site, owner, deck, card, class }
    }

    async fn ask(&self, route: (&str, &str, &str), who: Option<&Somebody>) -> (u16, String) {
        let (method, path, body) = route;
        let user = self.owner.user.to_string();
        let filled = path.replace("{d}", &self.deck).replace("{c}", &self.card);
        let filled = filled.replace("{k}", &self.class).replace("{u}", &user);
        let kind = if path.contains("import") { "text/csv" } else { "application/json" };
        let asked = request(method, &filled, who).insert_header(("content-type", kind));
        let answer = self.site.send(asked.set_payload(body.to_owned())).await;
        (answer.status.as_u16(), answer.text())
    }
}

fn is_about_somebody_elses(path: &str) -> bool {
    path.contains('{')
}

#[actix_web::test]
async fn nobody_gets_anything_without_a_token() {
    let place = Place::made("public").await;
    for route in ROUTES {
        let (status, text) = place.ask(route, None).await;
        assert_eq!(status, 401, "{route:?} {text}");
    }
}

#[actix_web::test]
async fn what_is_not_visible_does_not_exist() {
    let place = Place::made("private").await;
    let strangers = [
        ("a learner of nowhere", place.site.learner()),
        ("a learner of the same school", place.site.somebody(Role::Learner, Some(1))),
        ("a teacher of the same school", place.site.somebody(Role::Teacher, Some(1))),
        ("a teacher of another school", place.site.somebody(Role::Teacher, Some(2))),
        ("an administrator of another school", place.site.somebody(Role::Admin, Some(2))),
        ("an administrator of nowhere", place.site.somebody(Role::Admin, None)),
        ("a program of the same school", place.site.somebody(Role::Service, Some(1))),
    ];
    for (name, stranger) in &strangers {
        for route in ROUTES.into_iter().filter(|(_, path, _)| is_about_somebody_elses(path)) {
            let (status, text) = place.ask(route, Some(stranger)).await;
            assert_eq!(status, 404, "{name}: {route:?} {text}");
            assert!(!text.contains("canary") && !text.contains("Secrets"), "{name}: {route:?} {text}");
        }
        for path in ["/decks", "/classes", "/history"] {
            let list = place.site.get(stranger, path).await.expect(200);
            assert_eq!(list["items"], json!([]), "{name}: {path}");
        }
    }
    // The same routes do work for those who may: the walk above asked for something that is there.
    for route in ROUTES {
        if route.0 != "DELETE" {
            let (status, text) = place.ask(route, Some(&place.owner)).await;
            assert!((200..300).contains(&status), "{route:?} {status} {text}");
        }
    }
}

#[actix_web::test]
async fn what_is_visible_is_changed_by_its_owner_alone() {
    let place = Place::made("public").await;
    let reader = place.site.learner();
    for route in ROUTES.into_iter().filter(|(_, path, _)| path.contains("{d}") && !path.contains("{k}")) {
        let (status, text) = place.ask(route, Some(&reader)).await;
        let expected = if route.0 == "GET" { 200 } else { 403 };
        assert_eq!(status, expected, "{route:?} {text}");
    }
}

#[actix_web::test]
async fn an_organisation_sees_its_own_and_its_administrators_all_of_it() {
    let place = Place::made("org").await;
    let path = format!("/decks/{}", place.deck);
    let (inside, outside) =
        (place.site.somebody(Role::Learner, Some(1)), place.site.somebody(Role::Learner, Some(2)));
    place.site.get(&inside, &path).await.expect(200);
    place.site.get(&outside, &path).await.refuses(404, "not_found");
    place.site.patch(&place.owner, &path, json!({"visibility": "private"})).await.expect(200);
    place.site.get(&inside, &path).await.refuses(404, "not_found");
    let admin = place.site.somebody(Role::Admin, Some(1));
    let seen = place.site.get(&admin, &path).await.expect(200);
    assert_eq!(seen["may_edit"], Value::Bool(false));
    place.site.delete(&admin, &path).await.refuses(403, "forbidden");
}

#[actix_web::test]
async fn history_and_progress_are_ones_own() {
    let place = Place::made("public").await;
    let (one, other) = (place.site.learner(), place.site.learner());
    let answer = super::studying::answer(&place.site, &place.deck, &place.card, 5);
    let verdicts = place.site.post(&one, "/reviews", json!({"commands": [answer]})).await.expect(200);
    assert_eq!(verdicts["verdicts"][0]["verdict"], "durable");
    assert_eq!(place.site.get(&one, "/history").await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(place.site.get(&other, "/history").await.expect(200)["items"], json!([]));
    let state = format!("/decks/{}/cards/{}/state", place.deck, place.card);
    assert_eq!(place.site.get(&one, &state).await.expect(200)["reps"], 1);
    assert_eq!(place.site.get(&other, &state).await.expect(200)["reps"], 0);
}
