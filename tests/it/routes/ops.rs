use super::site::{Site, request, with_header};
use serde_json::json;
use studyhall::http::Readiness;

#[actix_web::test]
async fn health_is_told_without_a_token_and_only_own_faults_take_the_node_away() {
    let site = Site::open().await;
    let ready = || site.send(request("GET", "//readyz", None));
    assert_eq!(site.send(request("GET", "//livez", None)).await.expect(200)["status"], "ok");
    assert_eq!(ready().await.expect(200), json!({"status": "ok", "degraded": []}));
    let degraded = Readiness { not_ready: None, degraded: vec!["store"] };
    *site.health.0.lock().unwrap() = Some(degraded);
    assert_eq!(ready().await.expect(200)["degraded"], json!(["store"]));
    *site.health.0.lock().unwrap() = Some(Readiness { not_ready: Some("draining"), degraded: vec![] });
    assert_eq!(ready().await.expect(503)["status"], "draining");
}

#[actix_web::test]
async fn a_panic_in_a_handler_is_one_answer_and_nothing_else() {
    let site = Site::open().await;
    let learner = site.learner();
    *site.health.0.lock().unwrap() = None;
    let answer = site.send(request("GET", "//readyz", None)).await;
    assert!(!answer.text().contains("a test wants"), "{}", answer.text());
    answer.refuses(500, "internal");
    site.get(&learner, "/me").await.expect(200);
    let metrics = site.send(request("GET", "//metrics", None)).await.text();
    assert!(metrics.contains("studyhall_http_panics_total 1"), "{metrics}");
}

#[actix_web::test]
async fn metrics_count_requests_without_naming_anybody() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "canary").await;
    site.get(&learner, &format!("/decks/{deck}")).await.expect(200);
    let metrics = site.send(request("GET", "//metrics", None)).await.text();
    assert!(metrics.contains(r#"studyhall_http_requests_total{method="GET",status="2xx"} 1"#), "{metrics}");
    for secret in ["canary", &deck, &learner.user.to_string()] {
        assert!(!metrics.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn the_clock_is_set_only_where_it_is_a_developers() {
    let site = Site::open().await;
    let set = |now: i64| site.send(request("POST", "//dev/clock", None).set_json(json!({"now": now})));
    let asked = 1_000_000_000_000;
    let told = set(asked).await.expect(200)["now"].as_i64().unwrap();
    assert!(told >= asked, "{told}");
    let server_time = site.get(&site.learner(), "/me").await.expect(200)["server_time"].as_i64().unwrap();
    assert!(
        (asked..asked + 3_600_000).contains(&server_time),
        "tokens go by the real clock, days by this one"
    );
    set(-1).await.refuses(422, "invalid");
    let real = Site::open_with(false).await;
    real.send(request("POST", "//dev/clock", None).set_json(json!({"now": asked})))
        .await
        .refuses(404, "not_found");
}

#[actix_web::test]
async fn every_answer_has_its_headers() {
    let site = Site::open().await;
    let learner = site.learner();
    for (path, who) in
        [("//livez", None), ("/me", Some(&learner)), ("/me", None), ("//nonsense", None), ("//", None)]
    {
        let named = with_header(request("GET", path, who), "x-request-id", "my-id.1");
        let answer = site.send(named).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src '"), "{path}");
        assert!(!answer.header("content-security-policy").contains("script-src"), "{path}");
        assert_eq!(answer.header("x-request-id"), "my-id.1", "{path}");
    }
    let strange = with_header(request("GET", "//livez", None), "x-request-id", "a b\"c");
    assert_ne!(site.send(strange).await.header("x-request-id"), "a b\"c");
}

#[actix_web::test]
async fn large_answers_are_compressed_and_small_ones_are_not() {
    let site = Site::open().await;
    let learner = site.learner();
    for n in 0..20 {
        site.deck(&learner, &format!("deck {n}")).await;
    }
    let packed =
        |path: &str| site.send(with_header(request("GET", path, Some(&learner)), "accept-encoding", "gzip"));
    let (large, small) = (packed("/decks").await, packed("/me").await);
    assert_eq!((large.header("content-encoding"), small.header("content-encoding")), ("gzip", ""));
    assert!(large.body.starts_with(b"\x1f\x8b"));
    small.expect(200);
}

#[actix_web::test]
async fn the_page_lies_in_the_binary() {
    let site = Site::open().await;
    let page = site.send(request("GET", "//", None)).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("connect-src 'self' ws: wss:"));
    let tag = page.header("etag").to_owned();
    let again = site.send(with_header(request("GET", "//", None), "if-none-match", &tag)).await;
    assert_eq!(again.status.as_u16(), 304);
    let script = site.send(request("GET", "//web/main.js", None)).await;
    assert_eq!(
        (script.status.as_u16(), script.header("content-type")),
        (200, "text/javascript; charset=utf-8")
    );
    for outside in ["//web/../Cargo.toml", "//web/%2e%2e/Cargo.toml", "//web/nothing.js", "//web/"] {
        site.send(request("GET", outside, None)).await.refuses(404, "not_found");
    }
}
