//! The operator's port: what it tells, to whom, and that it can make a server go down.

use super::{Served, quiet, told};
use crate::study::binary::{Place, open};
use crate::study::learner::somebody;
use crate::study::raw::{join, until_saved};
use crate::study::server::{put_deck, random_uuid, unlimited};
use serde_json::json;
use std::process::Command;
use studyhall::clock::real_ms;

const MARK: &str = "x-studyhall-admin";

#[test]
fn an_operator_sees_shards_hot_sessions_and_one_learner_and_nobody_sees_them_from_the_public_port() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (place, learner) = (Place::new(), somebody());
    let (deck, cards) = {
        let store = open(&place.data);
        runtime.block_on(put_deck(&store, learner, 3, unlimited(), real_ms()))
    };
    let served = Served::start(&place, &[]);
    let token = place.token(learner);
    let _socket = runtime.block_on(async {
        let mut socket = join(&served.url, &token).await;
        for (seq, card) in (1..).zip(&cards) {
            let answer = json!({"type": "answer", "seq": seq, "id": random_uuid(), "deck_id": deck.0,
                "card_id": card.0, "grade": 5, "elapsed_ms": 1});
            socket.send_text(answer.to_string()).await.unwrap();
        }
        until_saved(&mut socket, 3).await;
        socket
    });

    let (code, status) = served.ask("/status.json");
    assert_eq!(
        (code, &status["ready"], &status["store"]),
        (200, &json!(true), &json!("embedded")),
        "{status}"
    );
    assert_eq!((&status["totals"]["sockets"], &status["totals"]["append_lag_ms"]), (&json!(1), &json!(0)));
    assert_eq!(status["hot"][0]["user_id"], learner.to_string(), "{status}");
    assert_eq!(status["shards"][0]["sockets"], 1);
    assert_eq!(status["figures"]["studyhall_rows_durable_total"], 3.0);
    let (code, live) = served.ask(&format!("/learners/{learner}"));
    assert_eq!(
        (code, &live["decks"][0]["cards"], &live["contradictions"]),
        (200, &json!(3), &json!([])),
        "{live}"
    );
    assert_eq!(served.ask(&format!("/learners/{}", somebody())).0, 404);
    assert_eq!(served.ask("/learners/ada").0, 422);
    assert_eq!(served.ask("/healthz").1, json!({"status": "ok"}));
    assert_eq!(served.ask("/readyz").1, json!({"status": "ok", "degraded": []}));
    let text = |url: String| quiet().get(url).call().unwrap().into_body().read_to_string().unwrap();
    assert!(text(format!("{}/metrics", served.admin)).contains("studyhall_sockets 1"));
    let page = text(format!("{}/", served.admin));
    assert!(page.contains(&learner.to_string()) && page.contains("http-equiv=refresh"), "{page}");

    let public = |path: &str| quiet().get(format!("{}{path}", served.url)).call().unwrap().status().as_u16();
    for path in ["/status.json", "/healthz", "/metrics", "/drain", &format!("/learners/{learner}")] {
        assert_eq!(public(path), 404, "{path}");
    }
    assert_eq!((public("/livez"), public("/readyz")), (200, 200));

    let at = served.admin.strip_prefix("http://").unwrap().to_owned();
    let top = |more: &str| {
        let mut top = Command::new(env!("CARGO_BIN_EXE_studyhall"));
        top.args(["top", "--admin", &at, "--once", "--interval", "1s"]).args(more.split_whitespace());
        top
    };
    let (code, look) = told(&mut top("--json"));
    assert_eq!((code, &look["totals"]["sockets"]), (Some(0), &json!(1)));
    assert!(look["rates"]["requests_per_s"].as_f64().is_some(), "{look}");
    let lines = String::from_utf8(top("").output().unwrap().stdout).unwrap();
    assert!(lines.contains("hot sessions") && lines.contains(&learner.to_string()), "{lines}");
}

#[test]
fn a_page_of_another_site_gets_nothing_through_an_operators_browser() {
    let place = Place::new();
    let served = Served::start(&place, &[]);
    let get = |headers: &[(&str, &str)]| {
        let ask = quiet().get(format!("{}/status.json", served.admin));
        headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.header(*name, *value))
            .call()
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(get(&[]), 200);
    assert_eq!(get(&[("host", "rebound.example:9090")]), 403);
    assert_eq!(get(&[("origin", "https://elsewhere.example")]), 403);
    let drain = |mark: Option<&str>| {
        let ask = quiet().post(format!("{}/drain", served.admin));
        let ask = mark
            .map(|mark| quiet().post(format!("{}/drain", served.admin)).header(MARK, mark))
            .unwrap_or(ask);
        ask.send_empty().unwrap().status().as_u16()
    };
    assert_eq!(drain(None), 403);
    assert_eq!(served.ask("/status.json").1["draining"], false);
    assert_eq!(drain(Some("1")), 202);
    assert_eq!(served.ended().code(), Some(0), "it goes down as by SIGTERM");
}

#[test]
fn without_an_operators_port_there_is_none_and_top_says_how_to_get_one() {
    let place = Place::new();
    let life = place.start();
    let metrics: u16 = quiet().get(format!("{}/metrics", place.url())).call().unwrap().status().as_u16();
    assert_eq!(metrics, 200, "then scrapers come to the public port");
    let (code, _, err) = super::said(&place.command("top").args(["--once"]).output().unwrap());
    assert!(code == Some(2) && err.contains("--admin-listen"), "{err}");
    let public = place.url();
    let at = public.strip_prefix("http://").unwrap();
    let (code, _, err) = super::said(&place.command("top").args(["--once", "--admin", at]).output().unwrap());
    assert!(code == Some(2) && err.contains("--admin-listen"), "{err}");
    life.kill();
}
