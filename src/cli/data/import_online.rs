//! `studyhall import --server`: the same import through a running server.

use super::import::open;
use crate::config::ImportArgs;
use serde_json::{Value, json};
use std::io::Read;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Finds or makes the deck and sends the file.
pub(super) fn import(server: &str, token: &str, args: &ImportArgs) -> Result<(), String> {
    let api = format!("{}/api/v1", server.trim_end_matches('/'));
    let deck = deck(&api, token, &args.deck)?;
    let (mut file, _) = open(&args.file).map_err(|error| error.to_string())?;
    let mut body = Vec::new();
    let most = crate::import::limits::FILE_BYTES_MAX + 1;
    Read::take(&mut file, most).read_to_end(&mut body).map_err(|error| error.to_string())?;
    let url = format!("{api}/decks/{deck}/import?dry_run={}", args.dry_run);
    let request = ureq::post(url).header("authorization", format!("Bearer {token}"));
    let report = answer(request.header("content-type", "text/csv").send(&body[..]))?;
    let figure = |name: &str| report[name].as_u64().unwrap_or(0);
    println!(
        "added {}, updated {}, unchanged {}, rejected {}",
        figure("added"),
        figure("updated"),
        figure("unchanged"),
        figure("rejected_total")
    );
    for row in report["rejected"].as_array().into_iter().flatten() {
        println!("  line {}: {}", row["line"], row["message"].as_str().unwrap_or_default());
    }
    Ok(())
}

fn deck(api: &str, token: &str, title: &str) -> Result<String, String> {
    let bearer = format!("Bearer {token}");
    let mut cursor = String::new();
    loop {
        let url = format!("{api}/decks?limit=100{cursor}");
        let page = answer(ureq::get(url).header("authorization", &bearer).call())?;
        let decks = page["items"].as_array().cloned().unwrap_or_default();
        if let Some(deck) = decks.iter().find(|deck| deck["title"] == title && deck["may_edit"] == true) {
            return Ok(deck["deck_id"].as_str().unwrap_or_default().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let request = ureq::post(format!("{api}/decks")).header("authorization", &bearer);
    let made = answer(request.send_json(json!({"title": title})))?;
    Ok(made["deck_id"].as_str().unwrap_or_default().to_owned())
}

fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| format!("the server could not be asked: {error}"))?;
    answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_json().map_err(|error| error.to_string())
}
