//! Review history from outside: inert until it is committed, merged by card and millisecond, taken back as a whole.

use super::kit::Person;
use crate::study::any_store::on_cql;
use crate::study::binary::{Place, open};
use domain::ids::EntryId;
use kit::wait::block_on;
use ports::{LogRange, ReviewStore};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use studyhall::clock::real_ms;

const DAY_MS: i64 = 86_400_000;

/// The first page of the history, of which the table, however it is made, says the same.
fn history(person: &Person) -> Vec<Value> {
    let items = person.get("/history?limit=100").expect(200)["items"].as_array().unwrap().clone();
    let body = person.get("/history?format=csv").body;
    let mut table = csv::Reader::from_reader(&body[..]);
    let columns = table.headers().unwrap().clone();
    let rows: Vec<Vec<String>> =
        table.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let field = |item: &Value, name: &str| match &item[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let told: Vec<Vec<String>> =
        items.iter().map(|item| columns.iter().map(|name| field(item, name)).collect()).collect();
    assert_eq!(rows, told);
    items
}

#[test]
fn answers_of_years_schedule_cards_once_however_often_and_in_which_form_they_come() {
    let place = Place::new();
    let life = place.start();
    let person = Person::new(&place);
    let cards = person.import("filename=words.jsonl", b"{\"front\":\"Hund\",\"back\":\"dog\",\"guid\":\"g-1\"}\n{\"front\":\"Katze\",\"back\":\"cat\",\"mood\":\"x\"}\n");
    assert_eq!(
        (&cards["format"], &cards["report"]["counts"]["added"]),
        (&json!("jsonl"), &json!(2)),
        "{cards}"
    );
    assert_eq!(cards["report"]["changed"][0]["reason"], "unknown_field");
    let deck = cards["decks"][0].as_str().unwrap().to_owned();
    let at = |days: i64| real_ms() - days * DAY_MS;
    let times = [at(30), at(29), at(23)];
    let table: String = times.iter().map(|at| format!("Hund,{at},4,1500\n")).collect();
    let table = format!("front,time,grade,duration_ms\n{table}Nobody,{},4,1\n", times[0]);
    let tried = person.import("filename=h.csv&dry_run=true", table.as_bytes());
    assert_eq!((&tried["format"], &tried["phase"]), (&json!("reviews"), &json!("tried")), "{tried}");
    assert!(history(&person).is_empty());
    let done = person.import("filename=h.csv", table.as_bytes());
    assert_eq!(done["report"]["counts"]["answers"], 3, "{done}");
    assert_eq!(done["rejected"], 1, "{done}");
    assert_eq!(history(&person).len(), 3);
    assert_eq!(history(&person)[0]["counted_as"], "new");
    let card = history(&person)[0]["card_id"].as_str().unwrap().to_owned();
    let state = person.get(&format!("/decks/{deck}/cards/{card}/state")).expect(200);
    assert_eq!((&state["reps"], &state["interval_days"]), (&json!(3), &json!(15)), "{state}");
    // The same answers from another file, named otherwise, are the same.
    let lines: String = times
        .iter()
        .map(|at| format!("{{\"guid\":\"g-1\",\"at\":{at},\"button\":3,\"elapsed_s\":2}}\n"))
        .collect();
    let again = person.import("filename=h.jsonl", lines.as_bytes());
    assert_eq!(again["report"]["counts"]["answers"], 3, "{again}");
    assert_eq!(history(&person).len(), 3);
    for job in [&done, &again] {
        let job = job["job_id"].as_str().unwrap();
        assert_eq!(history(&person).len(), 3);
        person.delete(&format!("/imports/{job}"));
        assert_eq!(person.ended(job)["phase"], "revoked");
    }
    assert!(history(&person).is_empty());
    let state = person.get(&format!("/decks/{deck}/cards/{card}/state")).expect(200);
    assert_eq!(state["reps"], 0, "{state}");
    assert_eq!(life.complaints(), Vec::<String>::new());
    life.kill();
    if !on_cql() {
        assert_eq!(place.verify().1, Some(0));
    }
}

#[test]
fn answers_that_were_given_here_and_come_back_are_stored_and_count_once() {
    let answers = |person: &Person| -> Vec<Value> {
        history(person).into_iter().filter(|entry| entry["kind"] == "review").collect()
    };
    let place = Place::new();
    let life = place.start();
    let person = Person::new(&place);
    let cards = person.import("filename=words.csv", b"front,back\nHund,dog\nKatze,cat\n");
    let deck = cards["decks"][0].as_str().unwrap().to_owned();
    let of_deck = person.get(&format!("/decks/{deck}/cards?limit=10")).expect(200);
    let ids: Vec<String> = of_deck["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["card_id"].as_str().unwrap().to_owned())
        .collect();
    let now_ms = real_ms();
    let given: Vec<String> =
        ids.iter().zip(1..).map(|(id, n)| person.answers(&deck, id, now_ms - n, 4)).collect();
    let own = |person: &Person| -> Vec<String> {
        let all = answers(person);
        let mut ids: Vec<String> = all.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let mut sorted = given.clone();
    sorted.sort();
    assert_eq!(own(&person), sorted);
    let state =
        |card: &str| person.get(&format!("/decks/{deck}/cards/{card}/state")).expect(200)["reps"].clone();
    assert_eq!(state(&ids[0]), 1);
    // The table that the program itself writes, and one that has another answer beside the same.
    let table = person.get("/history?format=csv").body;
    let done = person.import("filename=own.csv&format=reviews", &table);
    assert_eq!(done["phase"], "done", "{done}");
    assert_eq!((own(&person), state(&ids[0])), (sorted.clone(), json!(1)));
    let other =
        format!("card_id,time_ms,grade\n{0},{1},4\n{0},{2},4\n", ids[0], now_ms - 1, now_ms - 9 * DAY_MS);
    let done = person.import("filename=more.csv&format=reviews", other.as_bytes());
    assert_eq!((&done["phase"], answers(&person).len()), (&json!("done"), 3), "{done}");
    assert_eq!(state(&ids[0]), 2);
    // A package with the log: none of it is there twice.
    let package = person.get(&format!("/decks/{deck}/export?format=apkg&scheduling=true"));
    let done = person.import("filename=own.apkg", &package.body);
    assert_eq!((&done["phase"], &done["report"]["counts"]["added"]), (&json!("done"), &json!(0)), "{done}");
    assert_eq!((answers(&person).len(), state(&ids[0])), (3, json!(2)));
    assert_eq!(life.complaints(), Vec::<String>::new());
    life.kill();
    if !on_cql() {
        assert_eq!(place.verify().1, Some(0));
        let range = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: 100 };
        let log = block_on(open(&place.data).log(person.user, range)).unwrap();
        let reviews: Vec<_> = log.iter().filter(|entry| entry.review().is_some()).collect();
        // Of what was given here none lies there twice; what an import brought does, so that each can be taken back.
        assert_eq!(reviews.iter().filter(|entry| entry.job.is_none()).count(), 2);
        let brought: BTreeSet<EntryId> =
            reviews.iter().filter(|entry| entry.job.is_some()).map(|entry| entry.id).collect();
        assert_eq!(brought.len(), 1, "{reviews:#?}");
    }
}
