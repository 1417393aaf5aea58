//! What is refused before anything is looked at, and how.

use super::site::{Site, each, request, with_header};
use ports::Role;
use serde_json::json;

#[actix_web::test]
async fn paths_methods_and_types_that_are_not_there_are_problems_too() {
    let site = Site::open().await;
    let learner = site.learner();
    site.get(&learner, "/nonsense").await.refuses(404, "not_found");
    site.send(request("GET", "//nonsense", None)).await.refuses(404, "not_found");
    site.get(&learner, "/decks/no-uuid").await.refuses(404, "not_found");
    let wrong = site.send(request("PUT", "/decks", Some(&learner))).await;
    assert_eq!(wrong.header("allow"), "GET, HEAD, POST");
    wrong.refuses(405, "method_not_allowed");
    let plain = request("POST", "/decks", Some(&learner)).insert_header(("content-type", "text/plain"));
    site.send(plain.set_payload("{}")).await.refuses(415, "unsupported_type");
    let packed = with_header(request("POST", "/decks", Some(&learner)), "content-encoding", "gzip");
    site.send(packed.set_json(json!({"title": "x"}))).await.refuses(415, "unsupported_type");
    site.get(&learner, "/decks?limit=many").await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_body_that_is_no_json_or_lacks_a_field_says_what_is_wrong() {
    let site = Site::open().await;
    let learner = site.learner();
    let raw = |body: &str| {
        let asked =
            request("POST", "/decks", Some(&learner)).insert_header(("content-type", "application/json"));
        site.send(asked.set_payload(body.to_owned()))
    };
    for broken in ["", "{", "{\"title\":}", "nonsense"] {
        raw(broken).await.refuses(400, "malformed");
    }
    for wrong in [
        "[1]",
        "{\"title\":7}",
        "{}",
        "{\"title\":\" \"}",
        "{\"title\":\"a\\nb\"}",
        "{\"title\":\"x\",\"tags\":[\"\"]}",
    ] {
        raw(wrong).await.refuses(422, "invalid");
    }
    raw(&format!("{{\"title\":\"{}\"}}", "x".repeat(201))).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn bodies_end_at_their_limit_whether_they_say_their_length_or_not() {
    let site = Site::open().await;
    let learner = site.learner();
    let large = format!("{{\"title\":\"{}\"}}", "x".repeat(1024 * 1024));
    for says_length in [true, false] {
        let mut asked =
            request("POST", "/decks", Some(&learner)).insert_header(("content-type", "application/json"));
        if says_length {
            asked = with_header(asked, "content-length", &large.len().to_string());
        }
        let problem = site.send(asked.set_payload(large.clone())).await.refuses(413, "too_large");
        assert_eq!(problem["bytes_max"], 1024 * 1024);
    }
}

#[actix_web::test]
async fn a_repeated_request_with_a_key_makes_one_thing() {
    let site = Site::open().await;
    let (one, other) = (site.learner(), site.learner());
    let make = async |who, path: &str, body: serde_json::Value| {
        let key = if path == "/decks" { "the same key" } else { "another key" };
        let asked = with_header(request("POST", path, Some(who)), "idempotency-key", key).set_json(body);
        site.send(asked).await.expect(201)
    };
    let first = make(&one, "/decks", json!({"title": "one"})).await;
    let again = make(&one, "/decks", json!({"title": "one"})).await;
    assert_eq!(first["deck_id"], again["deck_id"]);
    assert_ne!(make(&other, "/decks", json!({"title": "one"})).await["deck_id"], first["deck_id"]);
    let cards = format!("/decks/{}/cards/bulk", first["deck_id"].as_str().unwrap());
    let two = json!({"cards": [{"front": "a", "back": "b"}, {"front": "c", "back": "d"}]});
    let made = make(&one, &cards, two.clone()).await;
    assert_eq!(make(&one, &cards, two).await["cards"], made["cards"]);
    let deck = site.get(&one, &format!("/decks/{}", first["deck_id"].as_str().unwrap())).await.expect(200);
    assert_eq!(deck["cards"], 2);
    let long = with_header(request("POST", "/decks", Some(&one)), "idempotency-key", &"x".repeat(201));
    site.send(long.set_json(json!({"title": "x"}))).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_key_that_was_used_for_another_request_is_refused_and_makes_nothing() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let send = async |path: &str, key: &str, body: serde_json::Value| {
        let asked = with_header(request("POST", path, Some(&teacher)), "idempotency-key", key);
        site.send(asked.set_json(body)).await
    };
    let deck = send("/decks", "k", json!({"title": "one"})).await.expect(201);
    let cards = format!("/decks/{}/cards", deck["deck_id"].as_str().unwrap());
    send("/decks", "k", json!({"title": "other"})).await.refuses(422, "idempotency_key_reused");
    send("/classes", "k", json!({"title": "one"})).await.refuses(422, "idempotency_key_reused");
    send(&cards, "k", json!({"front": "a", "back": "b"})).await.refuses(422, "idempotency_key_reused");
    send(&cards, "c", json!({"front": "a", "back": "b"})).await.expect(201);
    send(&cards, "c", json!({"front": "z", "back": "b"})).await.refuses(422, "idempotency_key_reused");
    send("/classes", "7b", json!({"title": "7b"})).await.expect(201);
    send("/classes", "7b", json!({"title": "8a"})).await.refuses(422, "idempotency_key_reused");
    // A request that was refused took nothing: put right, it may keep its key.
    send("/decks", "n", json!({"title": ""})).await.refuses(422, "invalid");
    send("/decks", "n", json!({"title": "new"})).await.expect(201);
    let decks = site.get(&teacher, "/decks?sort=created_at").await.expect(200);
    assert_eq!(each(&decks, "title"), ["one", "new"]);
    assert_eq!(decks["items"][0]["cards"], 1);
    assert_eq!(each(&site.get(&teacher, "/classes").await.expect(200), "title"), ["7b"]);
}

#[actix_web::test]
async fn a_refused_body_names_the_field_and_repeats_nothing_of_what_was_sent() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let deck = site.deck(&teacher, "x").await;
    let (decks, cards) = (format!("/decks/{deck}"), format!("/decks/{deck}/cards"));
    for (method, path, body, field) in [
        ("POST", "/decks", json!({"title": ["canary"]}), "`title` …: expected a string"),
        (
            "POST",
            "/decks",
            json!({"title": "x", "visibility": "canary"}),
            "`visibility` …: expected one of `private`",
        ),
        ("POST", "/decks", json!({"title": "x", "tags": [1, "canary"]}), "`tags[0]`"),
        (
            "PATCH",
            &decks,
            json!({"settings": {"new_per_day": "canary"}}),
            "`settings.new_per_day` …: expected a whole number from 0",
        ),
        (
            "PATCH",
            &decks,
            json!({"settings": {"canary": 1}}),
            "`settings` …: a field that is not known; expected one of `sch",
        ),
        (
            "POST",
            &format!("{cards}/bulk"),
            json!({"cards": [{"front": "f"}, {"note_id": "canary"}]}),
            "`cards[1].note_id`",
        ),
        ("POST", "/classes", json!({"canary": 1}), "missing field `title`"),
        // Lists are no objects, however many fields they fill.
        ("POST", "/decks", json!(["canary", null, null, null, null, null]), "expected an object"),
        ("PATCH", &decks, json!({"settings": ["canary"]}), "`settings` …: expected an object"),
        ("POST", &cards, json!(["canary", "b", null, null, null, null, "html"]), "expected an object"),
        (
            "POST",
            &format!("{cards}/bulk"),
            json!({"cards": [["canary", "b"]]}),
            "`cards[0]` …: expected an object",
        ),
        ("POST", "/reviews", json!([[]]), "expected an object"),
        ("POST", "/classes", json!(["canary"]), "expected an object"),
    ] {
        let answer = site.send(request(method, path, Some(&teacher)).set_json(&body)).await;
        let problem = answer.refuses(422, "invalid");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            field.split('…').all(|said| detail.contains(said)) && detail.contains("line 1, column"),
            "{body}: {detail}"
        );
        assert!(!detail.contains("canary") && !detail.contains("struct"), "{body}: {detail}");
    }
    for (query, said) in [
        ("/decks?limit=canary", "`limit` in the query is a whole number"),
        ("/due?deck_id=canary", "`deck_id` in the query is a UUID"),
        ("/decks?limit=1&limit=2", "duplicate field `limit`"),
    ] {
        let detail =
            site.get(&teacher, query).await.refuses(422, "invalid")["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(said) && !detail.contains("canary"), "{query}: {detail}");
    }
}

#[actix_web::test]
async fn a_number_of_items_that_no_page_has_is_refused_everywhere() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let cards = format!("/decks/{deck}/cards");
    for path in ["/decks", "/classes", &cards, "/history", "/due"] {
        for limit in ["101", "100000"] {
            site.get(&learner, &format!("{path}?limit={limit}")).await.refuses(422, "invalid");
        }
        site.get(&learner, &format!("{path}?limit=100")).await.expect(200);
        let none = site.get(&learner, &format!("{path}?limit=0")).await;
        // What is due may be counted alone.
        assert_eq!(none.status.as_u16(), if path == "/due" { 200 } else { 422 }, "{path}");
    }
}

#[actix_web::test]
async fn a_front_or_title_of_nothing_but_invisible_letters_is_refused() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    for nothing in ["\u{200b}", "&#8203;", "&nbsp;", "<b>\u{feff}\u{2060}</b>", "\u{ad}"] {
        let card = json!({"front": nothing, "back": "b"});
        site.post(&learner, &format!("/decks/{deck}/cards"), card).await.refuses(422, "invalid");
    }
    site.post(&learner, "/decks", json!({"title": "\u{200b}"})).await.refuses(422, "invalid");
    // Letters that only join others may stand among them.
    let card = json!({"front": "👩\u{200d}🔬", "back": "b"});
    site.post(&learner, &format!("/decks/{deck}/cards"), card).await.expect(201);
}
