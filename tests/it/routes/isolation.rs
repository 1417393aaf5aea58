//! Who you are decides what you see, beside what [`super::needs`] asks of every route.

use super::site::{Site, Somebody, id};
use ports::Role;
use serde_json::{Value, json};

struct Place {
    site: Site,
    owner: Somebody,
    deck: String,
    card: String,
}

impl Place {
    async fn made(visibility: &str) -> Place {
        let site = Site::open().await;
        let owner = site.somebody(Role::Teacher, Some(1));
        let deck = site.deck(&owner, "Secrets").await;
        site.patch(&owner, &format!("/decks/{deck}"), json!({"visibility": visibility})).await.expect(200);
        let card = site.card(&owner, &deck, "canary").await;
        Place { site, owner, deck, card }
    }
}

#[actix_web::test]
async fn lists_hold_nothing_of_others() {
    let place = Place::made("private").await;
    let class = place.site.post(&place.owner, "/classes", json!({"title": "7b"})).await.expect(201);
    assert!(!id(&class, "class_id").is_empty());
    for (role, org) in [
        (Role::Learner, None),
        (Role::Learner, Some(1)),
        (Role::Teacher, Some(1)),
        (Role::Teacher, Some(2)),
        (Role::Admin, Some(2)),
        (Role::Admin, None),
        (Role::Service, Some(1)),
    ] {
        let stranger = place.site.somebody(role, org);
        for path in ["/decks", "/classes", "/history", "/sittings", "/cards/search?q=canary"] {
            let list = place.site.get(&stranger, path).await.expect(200);
            assert_eq!(list["items"], json!([]), "{role:?} of {org:?}: {path}");
        }
        let tree = place.site.get(&stranger, "/decks/tree").await.expect(200);
        assert_eq!(tree["deck_count"], 0);
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
