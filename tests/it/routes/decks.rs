use super::site::{Site, each, request, with_header};
use ports::Library as _;
use serde_json::json;

#[actix_web::test]
async fn a_deck_lives_from_its_making_to_its_deletion() {
    let site = Site::open().await;
    let learner = site.learner();
    let made = site.post(
        &learner,
        "/decks",
        json!({"title": " Cells ", "path": "Biology :: Cells", "tags": ["b", "b", "a"]}),
    );
    let made = made.await.expect(201);
    assert_eq!((made["title"].as_str(), made["path"].as_str()), (Some("Cells"), Some("Biology::Cells")));
    assert_eq!(
        (&made["tags"], &made["visibility"], &made["may_edit"]),
        (&json!(["b", "a"]), &json!("private"), &json!(true))
    );
    assert_eq!((&made["cards"], &made["owner_id"]), (&json!(0), &json!(learner.user.to_string())));
    assert_eq!(made["settings"]["new_per_day"], 20);
    let path = format!("/decks/{}", made["deck_id"].as_str().unwrap());
    let changed = site.patch(&learner, &path, json!({"title": "Organelles", "settings": {"new_per_day": 5}}));
    let changed = changed.await.expect(200);
    assert_eq!(changed["path"], "Biology::Organelles");
    assert_eq!(
        (&changed["settings"]["new_per_day"], &changed["settings"]["reviews_per_day"]),
        (&json!(5), &json!(200))
    );
    assert!(changed["revision"].as_u64() > made["revision"].as_u64());
    assert_eq!(site.get(&learner, &path).await.expect(200), changed);
    site.delete(&learner, &path).await.expect(204);
    site.get(&learner, &path).await.refuses(404, "not_found");
    site.delete(&learner, &path).await.refuses(404, "not_found");
    assert_eq!(site.get(&learner, "/decks").await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn settings_out_of_range_or_unknown_are_refused_and_change_nothing() {
    let site = Site::open().await;
    let learner = site.learner();
    let path = format!("/decks/{}", site.deck(&learner, "x").await);
    let before = site.get(&learner, &path).await.expect(200);
    for (settings, code) in [
        (json!({"drill_until": 5}), "invalid"),
        (json!({"maximum_interval_days": 0}), "invalid"),
        (json!({"new_mix": "somehow"}), "invalid"),
        (json!({"new_per_dya": 5}), "invalid"),
        (json!({"new_per_day": -1}), "invalid"),
        (json!({"scheduler": "leitner"}), "invalid"),
        (json!({"fuzz": "a little"}), "invalid"),
        (json!({"desired_retention": 0.69}), "invalid"),
    ] {
        site.patch(&learner, &path, json!({"settings": settings})).await.refuses(422, code);
    }
    for path_text in ["", "a::", "::a", "a:: ::b", &"x::".repeat(20)] {
        site.patch(&learner, &path, json!({"path": path_text})).await.refuses(422, "invalid");
    }
    assert_eq!(site.get(&learner, &path).await.expect(200), before);
    let offered =
        json!({"settings": {"scheduler": "sm2", "fuzz": false, "new_mix": "after", "drill_until": 3}});
    assert_eq!(site.patch(&learner, &path, offered).await.expect(200)["settings"]["new_mix"], "after");
}

#[actix_web::test]
async fn lists_are_walked_sorted_numbered_and_narrowed() {
    let site = Site::open().await;
    let learner = site.learner();
    for title in ["b", "D", "a", "c", "E"] {
        site.deck(&learner, title).await;
    }
    let mut seen = Vec::new();
    let mut path = "/decks?limit=2&sort=path".to_owned();
    loop {
        let page = site.get(&learner, &path).await.expect(200);
        seen.extend(each(&page, "title").iter().map(|title| (*title).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/decks?limit=2&sort=path&cursor={next}");
    }
    assert_eq!(seen, ["a", "b", "c", "D", "E"]);
    let backwards = site.get(&learner, "/decks?sort=-title").await.expect(200);
    assert_eq!(each(&backwards, "title"), ["E", "D", "c", "b", "a"]);
    let page = site.get(&learner, "/decks?page=2&page_size=2").await.expect(200);
    assert_eq!(
        (&page["total_pages"], &page["has_next"], &page["has_prev"]),
        (&json!(3), &json!(true), &json!(true))
    );
    let narrow = site.get(&learner, "/decks?fields=title&limit=1").await.expect(200);
    assert_eq!(narrow["items"], json!([{"title": "a"}]));
    for bad in ["sort=nonsense", "cursor=rubbish", "limit=0", "page=0"] {
        site.get(&learner, &format!("/decks?{bad}")).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn an_answer_that_did_not_change_is_not_sent_again() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let card = site.card(&learner, &deck, "front").await;
    let paths = [
        "/decks".to_owned(),
        format!("/decks/{deck}"),
        format!("/decks/{deck}/cards"),
        format!("/decks/{deck}/cards/{card}"),
    ];
    let mut tags = Vec::new();
    for path in &paths {
        let tag = site.get(&learner, path).await.header("etag").to_owned();
        let again = site.send(with_header(request("GET", path, Some(&learner)), "if-none-match", &tag)).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
        tags.push(tag);
    }
    site.patch(&learner, &format!("/decks/{deck}/cards/{card}"), json!({"back": "new"})).await.expect(200);
    for (path, tag) in paths.iter().zip(tags) {
        let again = site.send(with_header(request("GET", path, Some(&learner)), "if-none-match", &tag)).await;
        assert_eq!(again.status.as_u16(), 200, "{path}");
    }
}

#[actix_web::test]
async fn a_change_that_names_what_it_was_made_to_is_refused_when_that_is_gone() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let card = site.card(&learner, &deck, "front").await;
    for path in [format!("/decks/{deck}/cards/{card}"), format!("/decks/{deck}")] {
        let change = |method: &str, tag: &str, body: serde_json::Value| {
            let asked = with_header(request(method, &path, Some(&learner)), "if-match", tag);
            site.send(asked.set_json(body))
        };
        let field = if path.contains("cards") { "back" } else { "title" };
        let read = site.get(&learner, &path).await.header("etag").to_owned();
        let changed = change("PATCH", &read, json!({field: "mine"})).await;
        let tag = changed.header("etag").to_owned();
        assert_eq!(changed.expect(200)[field], "mine");
        assert_eq!(tag, site.get(&learner, &path).await.header("etag"));
        for method in ["PATCH", "DELETE"] {
            change(method, &read, json!({field: "late"})).await.refuses(412, "precondition_failed");
        }
        assert_eq!(site.get(&learner, &path).await.expect(200)[field], "mine");
        change("PATCH", "*", json!({field: "whatever it is"})).await.expect(200);
        let now = site.get(&learner, &path).await.header("etag").to_owned();
        change("DELETE", &format!("\"other\", {now}"), json!({})).await.expect(204);
    }
}

#[actix_web::test]
async fn changes_at_the_same_time_are_all_kept() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let mut cards = Vec::new();
    for n in 0..4 {
        cards.push(site.card(&learner, &deck, &format!("front {n}")).await);
    }
    let changes = cards.iter().map(|card| {
        let path = format!("/decks/{deck}/cards/{card}");
        let site = &site;
        let learner = &learner;
        async move { site.patch(learner, &path, json!({"hint": card})).await.expect(200) }
    });
    futures_util::future::join_all(changes).await;
    let list = site.get(&learner, &format!("/decks/{deck}/cards")).await.expect(200);
    let hints: Vec<String> = each(&list, "hint").iter().map(|hint| (*hint).to_owned()).collect();
    assert_eq!(hints, cards);
}

#[actix_web::test]
async fn a_deck_that_is_narrowed_remembers_until_when_it_was_for_everybody() {
    let site = Site::open().await;
    let owner = site.learner();
    let path = format!("/decks/{}", site.deck(&owner, "Cells").await);
    let id = domain::ids::DeckId(path["/decks/".len()..].parse().unwrap());
    let narrowed = async || site.store.deck(id).await.unwrap().unwrap().narrowed;
    for visibility in ["link", "public"] {
        site.patch(&owner, &path, json!({"visibility": visibility})).await.expect(200);
        assert_eq!(narrowed().await.all_until_ms, None);
    }
    let before_ms = site.clock.wall_ms();
    site.patch(&owner, &path, json!({"visibility": "private"})).await.expect(200);
    assert!(narrowed().await.all_until_ms.is_some_and(|at_ms| at_ms >= before_ms));
    assert_eq!(narrowed().await.org_until_ms, None);
}
