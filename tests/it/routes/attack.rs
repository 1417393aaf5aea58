//! What somebody tries who means no good, or whose program is broken.

use super::site::{Site, each, id, request, with_header};
use super::studying::answer;
use actix_web::http::Method;
use futures_util::future::join_all;
use ports::Role;
use serde_json::{Value, json};

#[actix_web::test]
async fn every_refusal_has_a_code_and_a_sentence_whatever_the_method_path_or_type() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    for method in ["PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get"] {
        let asked =
            request("GET", "/decks", Some(&learner)).method(Method::from_bytes(method.as_bytes()).unwrap());
        let answer = site.send(asked).await;
        assert_eq!(answer.header("allow"), "GET, HEAD, POST", "{method}");
        answer.refuses(405, "method_not_allowed");
    }
    for path in [
        "//web/../Cargo.toml",
        "//web/%2e%2e/Cargo.toml",
        "//web/..%2fCargo.toml",
        "//web//etc/passwd",
        "//web/%00",
        "//web/%ff",
        "//api/v2/decks",
        "//api/v1",
        "//API/V1/decks",
        "/decks/",
        "/decks/%ff",
        "/decks/%00",
        "/decks/..%2f..%2f",
    ] {
        site.get(&learner, path).await.refuses(404, "not_found");
    }
    for body in [&b"{\"title\":\"\xff\"}"[..], b"{\"title\":\"\\ud800\"}", b"\xef\xbb\xbf{}", b"{}{}", b"nul"]
    {
        let asked =
            request("POST", "/decks", Some(&learner)).insert_header(("content-type", "application/json"));
        site.send(asked.set_payload(body.to_vec())).await.refuses(400, "malformed");
    }
    let deep = format!("{{\"title\":{}", "[".repeat(100_000));
    let asked = request("POST", "/decks", Some(&learner)).insert_header(("content-type", "application/json"));
    let answer = site.send(asked.set_payload(deep)).await;
    assert!(matches!(answer.status.as_u16(), 400 | 422), "{}", answer.text());
    for query in [
        "limit=-1",
        "limit=99999999999999999999999",
        "limit=1e3",
        "limit=%ff",
        "page=0",
        "page=-1",
        "page_size=0",
        "cursor=e30",
        "cursor=%ff",
        "limit=1&limit=2",
    ] {
        site.get(&learner, &format!("/decks?{query}")).await.refuses(422, "invalid");
    }
    for query in ["from=99999-01-01", "to=-0001-01-01", "deck_id=x", "from=2026-13-01"] {
        site.get(&learner, &format!("/history?{query}")).await.refuses(422, "invalid");
    }
    site.get(&learner, "/history?from=9999-12-31&to=0001-01-01").await.expect(200);
    site.get(&learner, &format!("/decks?page={}&page_size=100", usize::MAX)).await.expect(200);
    for number in ["1e400", "-1", "4294967296", "1.5", "\"5\"", "[5]"] {
        let body = format!("{{\"settings\":{{\"new_per_day\":{number}}}}}");
        let asked = request("PATCH", &format!("/decks/{deck}"), Some(&learner))
            .insert_header(("content-type", "application/json"));
        let answer = site.send(asked.set_payload(body)).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{number}: {}", answer.text());
    }
}

#[actix_web::test]
async fn a_body_of_a_wrong_type_is_told_which_type_is_right() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    for media in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonp"]
    {
        let asked = request("POST", "/decks", Some(&learner)).insert_header(("content-type", media));
        let problem =
            site.send(asked.set_payload("{\"title\":\"x\"}")).await.refuses(415, "unsupported_type");
        assert!(problem["detail"].as_str().unwrap().contains("`application/json`"), "{problem}");
    }
    let asked = request("POST", "/decks", Some(&learner)).set_payload("{\"title\":\"x\"}");
    site.send(asked).await.refuses(415, "unsupported_type");
    let asked = request("POST", &format!("/decks/{deck}/import"), Some(&learner));
    let asked = asked.insert_header(("content-type", "application/json"));
    let problem = site.send(asked.set_payload("a,b")).await.refuses(415, "unsupported_type");
    assert!(problem["detail"].as_str().unwrap().contains("`text/csv`"), "{problem}");
}

#[actix_web::test]
async fn no_answer_of_the_api_is_kept_by_a_cache_unless_it_can_be_asked_about() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    for path in
        ["/me", "/decks", "/classes", "/due", "/history", "/nonsense", &format!("/decks/{deck}/progress")]
    {
        let kept = site.get(&learner, path).await.header("cache-control").to_owned();
        assert!(kept == "no-store" || kept == "private, no-cache", "{path}: {kept:?}");
    }
    let made = site.post(&learner, "/decks", json!({"title": "y"})).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let refused = site.send(request("GET", "/me", None)).await;
    assert_eq!(refused.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn a_refusal_repeats_no_more_than_a_line_of_what_was_sent() {
    let site = Site::open().await;
    let learner = site.learner();
    let long = "x".repeat(500_000);
    for (method, path, body) in [
        ("PATCH", "/me", json!({"zone": long})),
        ("POST", "/decks", json!({"title": "x", "visibility": long})),
        ("POST", "/decks", json!({"title": "x", "settings": {&long: 1}})),
        ("POST", "/reviews", json!({"commands": [{"type": long}]})),
        ("POST", "/codes/redeem", json!({"code": long})),
    ] {
        let answer = site.send(request(method, path, Some(&learner)).set_json(body)).await;
        assert!(answer.status.is_client_error(), "{method} {path}");
        assert!(answer.body.len() < 2_000, "{method} {path}: {} bytes", answer.body.len());
    }
    let media = with_header(request("POST", "/decks", Some(&learner)), "content-type", &"x".repeat(30_000));
    let answer = site.send(media.set_payload("{}")).await;
    assert!(answer.body.len() < 2_000, "{} bytes", answer.body.len());
}

#[actix_web::test]
async fn more_tags_than_a_card_may_have_are_refused_without_comparing_them_all() {
    let site = Site::open().await;
    let learner = site.learner();
    let tags: Vec<String> = (0..120_000).map(|n| format!("{n:x}")).collect();
    site.post(&learner, "/decks", json!({"title": "x", "tags": tags})).await.refuses(422, "invalid");
    let doubles = vec!["same"; 120_000];
    let made = site.post(&learner, "/decks", json!({"title": "x", "tags": doubles})).await.expect(201);
    assert_eq!(made["tags"], json!(["same"]));
}

#[actix_web::test]
async fn a_page_of_large_cards_ends_early_and_goes_on_where_it_ended() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let text = "y".repeat(30_000);
    let cards: Vec<Value> =
        (0..120).map(|n| json!({"front": format!("{n}"), "back": text, "hint": text})).collect();
    site.post(&learner, &format!("/decks/{deck}/cards/bulk"), json!({"cards": cards})).await.expect(201);
    let (mut seen, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let answer = site.get(&learner, &format!("/decks/{deck}/cards?limit=100{cursor}")).await;
        assert!(answer.body.len() < 3 * 1024 * 1024, "{} bytes", answer.body.len());
        let page = answer.expect(200);
        seen.extend(each(&page, "front").iter().map(|front| (*front).to_owned()));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, (0..120).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(pages > 2, "{pages} pages");
}

#[actix_web::test]
async fn one_person_has_so_many_requests_at_once_and_others_do_not_notice() {
    let site = Site::open().await;
    let (one, other) = (site.learner(), site.learner());
    let deck = site.deck(&one, "x").await;
    let card = site.card(&one, &deck, "front").await;
    // Each waits for the learner's session.
    let many = join_all((0..40).map(|_| {
        let commands = json!({"commands": [answer(&site, &deck, &card, 5)]});
        site.post(&one, "/reviews", commands)
    }));
    let (answers, calm) = futures_util::future::join(many, site.get(&other, "/me")).await;
    calm.expect(200);
    let refused: Vec<_> = answers.into_iter().filter(|answer| answer.status.as_u16() != 200).collect();
    assert!(!refused.is_empty() && refused.len() < 40, "{} refused", refused.len());
    for refused in refused {
        assert_eq!(refused.header("retry-after"), "1");
        refused.refuses(429, "too_many_at_once");
    }
    site.get(&one, "/due").await.expect(200);
}

#[actix_web::test]
async fn a_person_has_so_many_decks_and_classes_and_no_more() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let record = site.store.clone();
    let made = site.deck(&teacher, "first").await;
    let pattern = ports::Library::deck(&record, made.parse().unwrap()).await.unwrap().unwrap();
    for n in 1..studyhall::http::limits::DECKS_PER_PERSON_MAX as u128 {
        let deck = ports::DeckRecord { id: domain::ids::DeckId::from_u128(n), ..pattern.clone() };
        ports::Library::put_deck(&record, deck, None, 0).await.unwrap();
    }
    let problem = site.post(&teacher, "/decks", json!({"title": "one more"})).await.refuses(422, "invalid");
    assert!(problem["detail"].as_str().unwrap().contains("decks"), "{problem}");
    let file =
        request("POST", "/decks/import?title=x", Some(&teacher)).insert_header(("content-type", "text/csv"));
    site.send(file.set_payload("a,b\n")).await.refuses(422, "invalid");
    for _ in 0..studyhall::http::limits::CLASSES_PER_TEACHER_MAX {
        site.post(&teacher, "/classes", json!({"title": "x"})).await.expect(201);
    }
    site.post(&teacher, "/classes", json!({"title": "x"})).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_class_has_so_many_students_and_no_more() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let class = id(&site.post(&teacher, "/classes", json!({"title": "x"})).await.expect(201), "class_id");
    let seat = |n: u128| format!("/classes/{class}/students/{}", domain::ids::UserId::from_u128(n));
    let most = studyhall::http::limits::STUDENTS_PER_CLASS_MAX;
    let named: Vec<_> = (2..=most)
        .map(|n| json!({"name": "Pupil", "login": format!("p{n}"), "class_ids": [class]}))
        .collect();
    for few in named.chunks(studyhall::http::limits::BATCH_USERS_MAX) {
        site.post(&teacher, "/users/batch", json!({"users": few})).await.expect(200);
    }
    site.put(&teacher, &seat(1)).await.expect(204);
    site.put(&teacher, &seat(0)).await.refuses(422, "invalid");
    let one_more = json!({"users": [{"name": "Late", "login": "late", "class_ids": [class]}]});
    let refused = site.post(&teacher, "/users/batch", one_more).await.expect(200);
    assert_eq!(refused["users"][0]["reasons"], json!(["too_many_students"]));
    site.put(&teacher, &seat(1)).await.expect(204);
    site.delete(&teacher, &seat(1)).await.expect(204);
    site.put(&teacher, &seat(0)).await.expect(204);
}
