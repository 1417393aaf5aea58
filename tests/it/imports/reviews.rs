//! Review history from outside: inert until it is committed, merged by card and millisecond, taken back as a whole.

use super::kit::Person;
use crate::study::any_store::on_cql;
use crate::study::binary::Place;
use serde_json::{Value, json};
use studyhall::clock::real_ms;

const DAY_MS: i64 = 86_400_000;

fn history(person: &Person) -> Vec<Value> {
    person.get("/history?limit=100").expect(200)["items"].as_array().unwrap().clone()
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
