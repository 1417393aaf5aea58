//! `studyhall import --server`: the same import through a running server.

use super::import::open;
use crate::config::ImportArgs;
use crate::naming;
use serde_json::Value;
use std::io::Read;
use uuid::Uuid;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Sends the file to the deck of this title, or makes a deck of it where there is none.
pub(super) fn import(server: &str, token: &str, deck: &str, args: &ImportArgs) -> Result<(), String> {
    naming::title(deck).map_err(|error| error.to_string())?;
    let server = Server {
        api: format!("{}/api/v1", server.trim_end_matches('/')),
        bearer: format!("Bearer {token}"),
        agent: ureq::Agent::config_builder().http_status_as_error(false).build().into(),
    };
    let path = match server.deck(deck)? {
        Some(deck) => format!("/decks/{deck}/import"),
        None => "/decks/import".to_owned(),
    };
    let (mut file, _) = open(&args.file).map_err(|error| error.to_string())?;
    let mut body = Vec::new();
    let most = crate::import::limits::FILE_BYTES_MAX + 1;
    Read::take(&mut file, most).read_to_end(&mut body).map_err(|error| error.to_string())?;
    let report = server.send(&path, (deck, args), &body)?;
    let figure = |name: &str| report[name].as_u64().unwrap_or(0);
    println!(
        "{}added {}, updated {}, unchanged {}, rejected {}",
        if args.dry_run { "would be " } else { "" },
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

/// A running server, and who asks it.
struct Server {
    api: String,
    bearer: String,
    agent: ureq::Agent,
}

impl Server {
    /// The deck that is meant by this id, title or path, of those that may be changed.
    fn deck(&self, name: &str) -> Result<Option<String>, String> {
        let deck = naming::meant(self.decks()?, name, |(id, title, path)| (*id, title, path));
        Ok(deck.map_err(|unclear| unclear.to_string())?.map(|(id, _, _)| id.to_string()))
    }

    /// Id, title and path of every deck that may be changed.
    fn decks(&self) -> Result<Vec<(Uuid, String, String)>, String> {
        let (mut cursor, mut decks) = (String::new(), Vec::new());
        loop {
            let url = format!("{}/decks?limit=100{cursor}", self.api);
            let page = answer(self.agent.get(url).header("authorization", &self.bearer).call())?;
            let text = |deck: &Value, name: &str| deck[name].as_str().unwrap_or_default().to_owned();
            for deck in page["items"].as_array().into_iter().flatten().filter(|deck| deck["may_edit"] == true)
            {
                let id = text(deck, "deck_id").parse().map_err(|_| "the server's answer names no deck")?;
                decks.push((id, text(deck, "title"), text(deck, "path")));
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(decks),
            }
        }
    }

    /// Sends the file. A deck that has one ignores the title.
    fn send(&self, path: &str, (deck, args): (&str, &ImportArgs), body: &[u8]) -> Result<Value, String> {
        let asked = self.agent.post(format!("{}{path}", self.api));
        let asked = asked.query("title", deck).query("dry_run", args.dry_run.to_string());
        let asked = asked.header("authorization", &self.bearer).header("content-type", "text/csv");
        answer(asked.send(body))
    }
}

/// The JSON of an answer; of a refusal, its sentence.
pub(super) fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| format!("the server could not be asked: {error}"))?;
    let status = answer.status();
    let body: Result<Value, _> = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_json();
    if status.is_success() {
        return body.map_err(|error| format!("the server's answer could not be read: {error}"));
    }
    let detail = body.ok().and_then(|problem| problem["detail"].as_str().map(str::to_owned));
    Err(detail.unwrap_or_else(|| format!("the server answered with status {status}")))
}
