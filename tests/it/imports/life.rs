//! The life of a job: tried, made real, watched, taken back, and nobody else's.

use super::kit::{Person, fixture, package};
use crate::study::any_store::on_cql;
use crate::study::binary::Place;
use crate::study::raw::{join, next};
use crate::study::server::random_uuid;
use domain::ids::OrgId;
use ports::Role;
use serde_json::{Value, json};

#[test]
fn a_package_is_tried_made_real_without_the_file_and_taken_back_as_a_whole() {
    let place = Place::new();
    let life = place.start();
    let person = Person::new(&place);
    let tried = person.import("filename=all.apkg&dry_run=true", &fixture("latest.apkg"));
    assert_eq!((&tried["phase"], &tried["format"]), (&json!("tried"), &json!("anki")), "{tried}");
    assert!(person.decks().is_empty());
    assert_eq!(person.get("/history").expect(200)["items"], json!([]));
    let job = tried["job_id"].as_str().unwrap();
    let going = person.post(&format!("/imports/{job}/commit"), b"");
    assert!(going.status == 202 || going.status == 200, "{}", going.text());
    let done = person.ended(job);
    assert_eq!(done["phase"], "done", "{done}");
    assert_eq!(done["report"]["counts"]["added"], tried["report"]["counts"]["added"]);
    assert!(!person.decks().is_empty());
    let here: u64 =
        done["report"]["decks"].as_array().unwrap().iter().map(|d| d["due_here"].as_u64().unwrap()).sum();
    assert!(here > 0, "{done}");
    assert!(person.get("/due").expect(200)["counts"]["review"].as_u64() > Some(0));
    assert!(!person.get("/history").expect(200)["items"].as_array().unwrap().is_empty());
    // Sent again it is the same job, and nothing happens.
    let same = person.post("/imports?filename=other.apkg", &fixture("latest.apkg")).expect(200);
    assert_eq!(same["job_id"], job);
    let listed = person.get("/imports").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let revoked = person.delete(&format!("/imports/{job}"));
    assert!(revoked.status == 200 || revoked.status == 202, "{}", revoked.text());
    assert_eq!(person.ended(job)["phase"], "revoked");
    assert!(person.decks().is_empty());
    assert_eq!(person.get("/due").expect(200)["counts"]["review"], 0);
    // And importable again.
    let again = person.import("filename=all.apkg", &fixture("latest.apkg"));
    assert_eq!(again["phase"], "done");
    assert_ne!(again["job_id"], job);
    assert!(person.get("/due").expect(200)["counts"]["review"].as_u64() > Some(0));
    assert_eq!(life.complaints(), Vec::<String>::new());
    life.kill();
    if !on_cql() {
        assert_eq!(place.verify().1, Some(0));
    }
}

#[test]
fn a_learner_on_a_socket_gets_the_cards_of_a_package_without_coming_back() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut socket = runtime.block_on(join(&place.url(), &person.token));
    let start = json!({"type": "start", "sitting": random_uuid()});
    runtime.block_on(socket.send_text(start.to_string())).unwrap();
    let file = package(120);
    let done = person.import("filename=x.apkg", &file);
    assert_eq!(done["phase"], "done", "{done}");
    let card = runtime.block_on(async {
        loop {
            let frame = next(&mut socket).await.unwrap();
            if frame["type"] == "card" && frame["kind"] == "review" {
                return frame;
            }
            // New cards may be dealt before the commit is heard of: they are answered, and the next comes.
            if frame["type"] == "card" {
                let answer = json!({
                    "type": "answer", "seq": 1, "id": random_uuid(), "deck_id": frame["deck_id"],
                    "card_id": frame["card_id"], "grade": 5, "elapsed_ms": 1,
                });
                socket.send_text(answer.to_string()).await.unwrap();
            }
        }
    });
    assert_eq!(card["state"]["interval_days"], 10, "{card}");
}

#[test]
fn progress_is_told_as_events_until_the_end() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let taken = person.post("/imports?filename=x.apkg", &package(2_000)).expect(202);
    let job = taken["job_id"].as_str().unwrap();
    let events = person.get(&format!("/imports/{job}/events"));
    assert_eq!(events.headers["content-type"], "text/event-stream");
    let text = events.text();
    let kinds: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(kinds.last(), Some(&"end"), "{text}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "end").count(), 1);
    let last: Value =
        text.lines().rev().find_map(|line| line.strip_prefix("data: ")).unwrap().parse().unwrap();
    assert_eq!((&last["phase"], &last["report"]["counts"]["added"]), (&json!("done"), &json!(2_000)));
}

#[test]
fn another_person_sees_nothing_of_a_job() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let done = person.import("filename=words.csv", b"front,back\na,1\n,2\n");
    let job = done["job_id"].as_str().unwrap();
    for path in ["", "/events", "/rejected"] {
        other.get(&format!("/imports/{job}{path}")).refuses(404, "not_found");
    }
    other.delete(&format!("/imports/{job}")).refuses(404, "not_found");
    other.post(&format!("/imports/{job}/commit"), b"").refuses(404, "not_found");
    assert_eq!(other.get("/imports").expect(200)["items"], json!([]));
    let deck = done["decks"][0].as_str().unwrap();
    other.post(&format!("/imports?deck_id={deck}"), b"front,back\nx,y\n").refuses(404, "not_found");
    other.get(&format!("/decks/{deck}/export")).refuses(404, "not_found");
}

#[test]
fn who_may_no_longer_edit_a_deck_takes_no_import_into_it_back() {
    let place = Place::new();
    let _life = place.start();
    let teacher = || Person::of_org(&place, Role::Teacher, OrgId::from_u128(1));
    let (owner, editor) = (teacher(), teacher());
    let made = owner.import("filename=words.csv", b"front,back\na,1\n");
    let deck = made["decks"][0].as_str().unwrap();
    editor.get("/me").expect(200);
    let seat = format!("/decks/{deck}/editors/{}", editor.user);
    assert_eq!(owner.put(&seat).status, 204);
    let more = editor.import(&format!("filename=more.csv&deck_id={deck}"), b"front,back\na,2\nb,1\n");
    assert_eq!(owner.delete(&seat).status, 204);
    let job = format!("/imports/{}", more["job_id"].as_str().unwrap());
    let refused = editor.delete(&job);
    assert!(matches!(refused.status, 403 | 404), "{}", refused.text());
    assert_eq!(owner.cards(deck).len(), 2);
    assert_eq!(owner.put(&seat).status, 204);
    assert_eq!(editor.delete(&job).expect(200)["phase"], "revoked");
    assert_eq!(owner.cards(deck), [("a".to_owned(), "1".to_owned())]);
    // Who has deleted the own deck has lost nothing.
    let own = owner.import(&format!("filename=own.csv&deck_id={deck}"), b"front,back\nc,3\n");
    assert_eq!(owner.delete(&format!("/decks/{deck}")).status, 204);
    let job = format!("/imports/{}", own["job_id"].as_str().unwrap());
    assert_eq!(owner.delete(&job).expect(200)["phase"], "revoked");
}

#[test]
fn rows_that_did_not_come_in_are_told_as_json_and_as_a_table_without_formulas() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let done = person.import("filename=words.csv", b"front,back\na,1\n,2\na,again\n");
    assert_eq!((&done["phase"], &done["rejected"]), (&json!("done"), &json!(2)));
    let job = done["job_id"].as_str().unwrap();
    let first = person.get(&format!("/imports/{job}/rejected?limit=1")).expect(200);
    assert_eq!((&first["total"], &first["items"][0]["reason"]), (&json!(2), &json!("empty_front")));
    let cursor = first["next"].as_str().unwrap();
    let second = person.get(&format!("/imports/{job}/rejected?limit=1&cursor={cursor}")).expect(200);
    assert_eq!((&second["items"][0]["reason"], &second["next"]), (&json!("duplicate"), &Value::Null));
    let table = person.get(&format!("/imports/{job}/rejected?format=csv"));
    assert_eq!(table.headers["content-disposition"], "attachment; filename=\"rejected.csv\"");
    let text = table.text();
    let begins: Vec<&str> =
        text.trim_start_matches('\u{feff}').lines().map(|l| l.split(',').next().unwrap()).collect();
    assert_eq!(begins, ["line", "3", "4"]);
}

#[test]
fn what_cannot_be_asked_for_is_refused_before_the_file_is_kept() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    person.post("/imports?format=nonsense", b"x").refuses(422, "invalid");
    person.post("/imports?format=anki&nonsense=1", b"x").refuses(422, "invalid");
    person.post("/imports?format=csv&delimiter=%22", b"x").refuses(422, "invalid");
    person.post("/imports?dry_run=maybe", b"x").refuses(422, "invalid");
    person.post("/imports?format=csv&deck_id=nonsense", b"x").refuses(422, "invalid");
    person.post("/imports", b"PK\x03\x04 something else").refuses(415, "unsupported_type");
    assert_eq!(person.get("/imports").expect(200)["items"], json!([]));
    let left = std::fs::read_dir(place.data.join("imports")).unwrap().count();
    assert_eq!(left, 2, "the folder's name and its lock");
}

#[test]
fn the_command_line_imports_packages_through_a_server_and_into_a_folder() {
    let place = Place::with_files();
    let file = place.data.with_file_name("all.apkg");
    std::fs::write(&file, fixture("legacy2.apkg")).unwrap();
    let person = Person::new(&place);
    let user = person.user.to_string();
    let run = |more: &[&str]| {
        let output = place.command("import").arg(&file).args(more).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let tried = run(&["--user", &user, "--dry-run"]);
    assert!(tried.contains("would be added") && tried.contains("due there"), "{tried}");
    let done = run(&["--user", &user]);
    assert!(done.contains("added") && !done.contains("would be"), "{done}");
    let _life = place.start();
    assert!(!person.decks().is_empty());
    let again = run(&["--server", &place.url(), "--token", &person.token, "--option", "path=Again"]);
    assert!(again.starts_with("added"), "{again}");
    assert!(person.decks().iter().any(|deck| deck["path"].as_str().unwrap().starts_with("Again::")));
    std::fs::write(&file, b"PK\x05\x06 nothing").unwrap();
    let mut command = place.command("import");
    command.arg(&file).args(["--server", &place.url(), "--token", &person.token]);
    let broken = command.output().unwrap();
    assert_eq!(broken.status.code(), Some(2));
}
