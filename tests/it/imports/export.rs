//! What came in goes out again, and comes in elsewhere as it was.

use super::kit::{Person, fixture};
use crate::study::binary::Place;
use domain::day::Day;
use domain::ids::EntryId;
use serde_json::json;
use studyhall::clock::real_ms;

#[test]
fn a_package_goes_out_as_a_package_with_notes_media_and_schedules() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    person.import("filename=x.apkg", &fixture("latest.apkg"));
    let mut due = 0;
    for deck in person.decks() {
        let (id, path) = (deck["deck_id"].as_str().unwrap(), deck["path"].as_str().unwrap());
        let package = person.get(&format!("/decks/{id}/export?format=apkg&scheduling=true"));
        assert_eq!(package.status, 200, "{}", package.text());
        assert!(package.headers["content-disposition"].ends_with(".apkg\""));
        let job = other.import("filename=out.apkg", &package.body);
        assert_eq!(job["phase"], "done", "{path}: {job}");
        assert_eq!(job["rejected"], 0, "{path}: {job}");
        let theirs = other.decks().into_iter().find(|theirs| theirs["path"] == deck["path"]).unwrap();
        let own_addresses = |cards: Vec<(String, String)>, deck: &str| -> Vec<(String, String)> {
            cards.into_iter().map(|(f, b)| (f.replace(deck, "DECK"), b.replace(deck, "DECK"))).collect()
        };
        let their_id = theirs["deck_id"].as_str().unwrap();
        assert_eq!(
            own_addresses(other.cards(their_id), their_id),
            own_addresses(person.cards(id), id),
            "{path}"
        );
        let counts =
            |who: &Person, deck: &str| who.get(&format!("/due?deck_id={deck}")).expect(200)["counts"].clone();
        assert_eq!(counts(&other, their_id)["review"], counts(&person, id)["review"], "{path}");
        due += counts(&person, id)["review"].as_u64().unwrap();
    }
    assert!(due > 0);
}

#[test]
fn a_package_without_schedules_leaves_what_somebody_has_made_of_its_cards() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let file = "front,back\nHund,dog\nMaus,mouse\n";
    let deck = person.import("filename=words.csv", file.as_bytes())["decks"][0].as_str().unwrap().to_owned();
    let card = person.card_with(&deck, "Hund");
    let id = card["card_id"].as_str().unwrap();
    for (n, (what, value)) in (1..).zip([("suspended", json!(true)), ("flag", json!(3))]) {
        let set = json!({ "type": "set", "deck_id": deck, "card_id": id, what: value });
        person.commands(EntryId::v7(real_ms() - 60_000, n), set);
    }
    let stands = || {
        let state = person.get(&format!("/decks/{deck}/cards/{id}/state")).expect(200);
        (state["suspended"].clone(), state["flag"].clone())
    };
    assert_eq!(stands(), (json!(true), json!(3)));
    // Later than it was set aside, its text is changed.
    person.change(&deck, &card, &json!({ "back": "hound" }));
    let bare = person.get(&format!("/decks/{deck}/export?format=apkg"));
    let job = person.import("filename=bare.apkg", &bare.body);
    assert_eq!(
        (&job["report"]["counts"]["unchanged"], &job["report"]["counts"]["states"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(stands(), (json!(true), json!(3)));
}

#[test]
fn what_is_buried_is_so_with_whoever_takes_the_package() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let file = "front,back\nHund,dog\nMaus,mouse\nKatze,cat\n";
    let deck = person.import("filename=words.csv", file.as_bytes())["decks"][0].as_str().unwrap().to_owned();
    let card = person.each(&deck)[0]["card_id"].clone();
    let now_ms = real_ms();
    let until = Day(i32::try_from(now_ms / 86_400_000).unwrap()).plus(3).to_string();
    person.commands(
        EntryId::v7(now_ms, 1),
        json!({ "type": "set", "deck_id": deck, "card_id": card, "buried_until": until }),
    );
    let new = |who: &Person, deck: &str| {
        who.get(&format!("/due?deck_id={deck}")).expect(200)["counts"]["new"].as_u64().unwrap()
    };
    assert_eq!(new(&person, &deck), 2);
    let job = other.import("filename=out.apkg", &person.package_of(&deck));
    assert_eq!(new(&other, job["decks"][0].as_str().unwrap()), 2, "{job}");
}

#[test]
fn a_scheduler_with_its_weights_goes_out_and_comes_in_again() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let file = "front,back\nHund,dog\nMaus,mouse\n";
    let deck = person.import("filename=words.csv", file.as_bytes())["decks"][0].as_str().unwrap().to_owned();
    let parameters: Vec<f64> =
        (0..21).map(|n| if n == 4 { 6.1234 } else { 0.2 + f64::from(n) / 1_000.0 }).collect();
    let settings = json!({
        "scheduler": "fsrs", "desired_retention": 0.93, "parameters": parameters, "drill_until": 3,
        "easy_days": [100, 100, 100, 100, 50, 0, 25], "new_per_day": 7, "maximum_interval_days": 365,
    });
    let changed = person.patch(&format!("/decks/{deck}"), &json!({ "settings": settings })).expect(200);
    let out = person.get(&format!("/decks/{deck}/export?format=apkg"));
    let job = other.import("filename=out.apkg", &out.body);
    let theirs = other.get(&format!("/decks/{}", job["decks"][0].as_str().unwrap())).expect(200);
    assert_eq!(theirs["settings"], changed["settings"]);
    assert_eq!(theirs["settings"]["easy_days"], settings["easy_days"]);
}

#[test]
fn cards_made_here_go_out_in_every_form_and_come_in_again() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let file = "front,back,tags,hint\n=1+1,-2,\"=x y\",\nHund,dog,animal,barks\n@home,\"a,\"\"b\",,\n";
    let deck = person.import("filename=words.csv", file.as_bytes())["decks"][0].as_str().unwrap().to_owned();
    let cards = person.cards(&deck);
    assert_eq!(cards.len(), 3);
    for format in ["csv", "jsonl", "apkg"] {
        let out = person.get(&format!("/decks/{deck}/export?format={format}"));
        assert_eq!(out.status, 200, "{format}: {}", out.text());
        if format == "csv" {
            let starts = |cell: &str| cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']);
            assert!(
                !out.text().lines().skip(2).any(|line| line.split("\",\"").any(starts)),
                "{}",
                out.text()
            );
            // Into the same deck it changes nothing.
            let same = person.import(&format!("filename=x.csv&deck_id={deck}"), &out.body);
            assert_eq!(same["report"]["counts"]["unchanged"], 3, "{same}");
        }
        if format == "jsonl" {
            let first: serde_json::Value = out.text().lines().next().unwrap().parse().unwrap();
            assert_eq!((&first["front"], &first["html"]), (&json!("=1+1"), &json!(true)));
            let same = person.import(&format!("filename=x.jsonl&deck_id={deck}"), &out.body);
            assert_eq!(same["report"]["counts"]["unchanged"], 3, "{same}");
        }
        let job = other.import(&format!("filename=words.{format}"), &out.body);
        assert_eq!(job["report"]["counts"]["added"], 3, "{format}: {job}");
        let deck = job["decks"][0].as_str().unwrap();
        let fronts =
            |cards: Vec<(String, String)>| cards.into_iter().map(|(front, _)| front).collect::<Vec<_>>();
        let there = fronts(other.cards(deck));
        let same = there.iter().zip(fronts(cards.clone())).all(|(there, here)| there.starts_with(&here));
        assert!(same, "{format}: {there:?}");
    }
    person.get(&format!("/decks/{deck}/export?format=pdf")).refuses(422, "invalid");
}
