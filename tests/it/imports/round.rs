//! What goes out is what is here, however it came in; and what comes back is the same cards.

use super::kit::{Person, fixture};
use super::packages::{
    BASIC, Out, PLACED, TWO, Went, made, made_from, opened, through_anki, through_anki_without, written,
};
use crate::study::binary::Place;
use anki::Template;
use domain::ids::EntryId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use studyhall::clock::real_ms;

const SOUND: &[u8] = b"ID3\x03\0\0\0\0\0\0 a sound of a few bytes";

fn deck_of(person: &Person, path: &str) -> String {
    let deck = person.decks().into_iter().find(|deck| deck["path"] == path).unwrap();
    deck["deck_id"].as_str().unwrap().to_owned()
}

#[test]
fn each_deck_of_an_import_goes_out_with_its_own_id_and_preset_and_keeps_them() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let file = made(&[("a", BASIC, 0, 10, "", "a|b"), ("b", BASIC, 0, 11, "", "c|d")], &[]);
    person.import("filename=x.apkg", &file);
    let ids = |path: &str| {
        let went = person.went(&deck_of(&person, path));
        let decks: Vec<i64> = went.definitions.decks.keys().copied().filter(|id| *id != 1).collect();
        let presets: Vec<i64> = went.definitions.options.keys().copied().filter(|id| *id != 1).collect();
        assert_eq!((decks.len(), &decks), (1, &presets));
        assert_eq!(went.definitions.decks[&decks[0]].options, Some(presets[0]));
        decks[0]
    };
    let (one, two) = (ids("Top::One"), ids("Top::Two"));
    assert_ne!(one, two);
    assert!([one, two].iter().all(|id| (1_000_000_000_000..1 << 53).contains(id)));
    assert_eq!((ids("Top::One"), ids("Top::Two")), (one, two));
}

#[test]
fn notes_with_ids_that_anki_never_gives_go_out_with_others() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let notes = |guid| [(guid, BASIC, 0, 10, "", "question|answer")];
    for (guid, id) in [("a", i64::MAX), ("b", i64::MAX), ("c", -5), ("d", 7), ("e", 7)] {
        let job = person.import("filename=x.apkg", &made_from(id, &notes(guid), &[]));
        assert_eq!(job["report"]["counts"]["added"], 1, "{job}");
    }
    let went = person.went(&deck_of(&person, "Top::One"));
    assert_eq!((went.notes.len(), went.ids.len()), (5, 5));
    assert!(went.ids.contains(&7) && went.ids.iter().all(|id| (1..1 << 53).contains(id)), "{:?}", went.ids);
}

#[test]
fn what_was_changed_here_goes_out_changed() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let notes = [
        ("sound", BASIC, 0, 10, "", "hear [sound:a.mp3]|heard"),
        ("tags", BASIC, 0, 10, "kept old", "tagged|b"),
        ("two", TWO, 0, 10, "x y", "first|second"),
        ("plain", BASIC, 0, 10, "", "question|answer"),
        ("named", BASIC, 0, 10, "", "<img src=\"semi;colon&amp;amp.png\">|picture"),
    ];
    let picture = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/anki/tests/fixtures/profile/collection.media/heart.png"
    ));
    let media = [("a.mp3", SOUND), ("semi;colon&amp.png", &picture.unwrap()[..])];
    let file = made(&notes, &media);
    person.import("filename=x.apkg", &file);
    let deck = deck_of(&person, "Top::One");
    let before = person.went(&deck).notes;
    assert!(before.values().all(|note| note.notetype != "studyhall"), "{before:?}");
    // Text behind the player, in which nothing else changed.
    let card = person.card_with(&deck, "hear ");
    person.change(&deck, &card, &json!({ "front": format!("{} and more", card["front"].as_str().unwrap()) }));
    // Tags of a note's only card, and of one card of two.
    person.change(&deck, &person.card_with(&deck, "tagged"), &json!({ "tags": ["kept", "new one"] }));
    let [first, ..] = &person
        .each(&deck)
        .into_iter()
        .filter(|card| card["back"].as_str().unwrap().contains("second"))
        .collect::<Vec<_>>()[..]
    else {
        panic!("two cards")
    };
    person.change(&deck, first, &json!({ "tags": ["y", "z"] }));
    person.change(&deck, &person.card_with(&deck, "question"), &json!({ "hint": "think" }));
    let card = person.card_with(&deck, "picture");
    person.change(&deck, &card, &json!({ "explanation": "why" }));
    let went = person.went(&deck);
    let heard = went.with("and more");
    assert_eq!(heard.notetype, "studyhall");
    assert_eq!(heard.fields[1], "heard", "{heard:?}");
    let tags = |guid: &str| went.notes[guid].tags.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(tags("tags"), "kept new_one");
    assert_eq!((tags("two"), &went.notes["two"].ords), ("y z".to_owned(), &BTreeSet::from([0, 1])));
    let hinted = went.with("think");
    assert_eq!(
        (hinted.notetype.as_str(), &hinted.fields[..]),
        ("studyhall", &["question", "answer", "think", ""].map(str::to_owned)[..])
    );
    let named = went.with("why");
    assert!(named.fields[0].contains("src=\"semi;colon&amp;amp.png\""), "{named:?}");
}

#[test]
fn a_covered_picture_that_was_changed_here_goes_out_changed_with_its_cover() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    person.import("filename=x.apkg", &fixture("latest.apkg"));
    let covered = |card: &Value| {
        card["front"].as_str().unwrap().contains("src=\"/media/")
            && card["front"].as_str().unwrap().contains('▢')
    };
    let (deck, cards) = person
        .decks()
        .iter()
        .map(|deck| deck["deck_id"].as_str().unwrap().to_owned())
        .map(|deck| (deck.clone(), person.each(&deck).into_iter().filter(covered).collect::<Vec<_>>()))
        .find(|(_, cards)| cards.len() > 1)
        .unwrap();
    // Tags alone make no new note of it.
    person.change(&deck, &cards[1], &json!({ "tags": ["seen"] }));
    let before = person.went(&deck);
    assert!(before.notes.values().all(|note| note.notetype != "studyhall"), "{:?}", before.notes);
    assert!(before.notes.values().any(|note| note.tags.contains("seen")));
    person.change(&deck, &cards[0], &json!({ "back": "changed here" }));
    let went = person.went(&deck);
    let changed = went.with("changed here");
    assert_eq!(changed.notetype, "studyhall");
    let cover = changed.fields[0].split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(cover.starts_with("_covered-") && went.media.contains(cover), "{changed:?} {:?}", went.media);
    // And it goes on from there, as it came or with other tags.
    let job = other.import("filename=own.apkg", &person.package_of(&deck));
    let theirs = job["decks"][0].as_str().unwrap();
    for tags in [json!([]), json!(["seen"])] {
        let card = other.card_with(theirs, "changed here");
        assert!(card["front"].as_str().unwrap().contains("src=\"/media/"), "{card}");
        if tags != card["tags"] {
            other.change(theirs, &card, &json!({ "tags": tags }));
        }
        let again = other.went(theirs);
        assert_eq!(again.with("changed here").fields, changed.fields);
        assert!(again.media.contains(cover), "{tags}: {:?}", again.media);
    }
}

#[test]
fn a_card_that_tells_of_its_deck_its_flag_or_its_id_goes_out_as_it_came() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let notes = [("flagged", PLACED, 3, 10, "t", "one|b"), ("other", PLACED, 0, 11, "", "two|b")];
    let file = made(&notes, &[]);
    person.import("filename=x.apkg", &file);
    let deck = deck_of(&person, "Top::One");
    person
        .patch(&format!("/decks/{deck}"), &json!({ "path": "Elsewhere::Named", "title": "Named" }))
        .expect(200);
    let as_it_came = |went: &Went| went.notes.values().map(|note| note.notetype.clone()).collect::<Vec<_>>();
    assert_eq!(as_it_came(&person.went(&deck)), ["Placed"]);
    // Nor does a change of something else make it another card.
    person.change(&deck, &person.card_with(&deck, "one"), &json!({ "tags": ["t", "u"] }));
    assert_eq!(as_it_came(&person.went(&deck)), ["Placed"]);
    person.change(&deck, &person.card_with(&deck, "one"), &json!({ "front": "another" }));
    assert_eq!(as_it_came(&person.went(&deck)), ["studyhall"]);
    let all = other.import("filename=x.apkg&path=Below", &file);
    assert_eq!(all["report"]["counts"]["added"], 2, "{all}");
    assert_eq!(as_it_came(&other.went(&deck_of(&other, "Below::Top::Two"))), ["Placed"]);
}

#[test]
fn a_package_of_ones_own_brings_the_same_cards_again() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let notes = [
        ("sound", BASIC, 0, 10, "", "hear [sound:a.mp3]|heard [sound:a.mp3]"),
        ("plain", BASIC, 0, 10, "", "question|answer"),
        ("left", BASIC, 0, 10, "t", "untouched|b"),
    ];
    person.import("filename=x.apkg", &made(&notes, &[("a.mp3", SOUND)]));
    let file = "front,back,tags,hint\n=1+1,-2,\"=x y\",\nHund,dog,animal,barks\n";
    let words = person.import("filename=words.csv", file.as_bytes())["decks"][0].as_str().unwrap().to_owned();
    person.change(
        &words,
        &person.card_with(&words, "Hund"),
        &json!({ "tags": ["two words"], "accept": ["hound"] }),
    );
    let came = deck_of(&person, "Top::One");
    person.patch(&format!("/decks/{came}"), &json!({ "path": "Moved", "title": "Moved" })).expect(200);
    for text in ["hear", "question"] {
        person.change(&came, &person.card_with(&came, text), &json!({ "hint": "think" }));
    }
    // One whose back begins with the front that it had before.
    person.change(&came, &person.card_with(&came, "touched"), &json!({ "front": "other words" }));
    assert_eq!(person.card_with(&came, "other words")["back"], "untouched\n\n<hr>\n\nb");
    let card = person.card_with(&came, "hear ");
    person.change(&came, &card, &json!({ "front": format!("now {}", card["front"].as_str().unwrap()) }));
    for deck in [&words, &came] {
        let (before, decks) = (person.each(deck), person.decks().len());
        let package = person.package_of(deck);
        for query in ["filename=own.apkg".to_owned(), format!("filename=own.apkg&deck_id={deck}")] {
            let job = person.import(&query, &package);
            let counts = &job["report"]["counts"];
            assert_eq!((&counts["added"], &counts["updated"]), (&json!(0), &json!(0)), "{query}: {job}");
            assert_eq!(counts["unchanged"], before.len(), "{query}: {job}");
        }
        assert_eq!((person.each(deck), person.decks().len()), (before, decks));
    }
    // What was changed there is changed here, in the same card.
    let package = person.package_of(&words);
    person.change(&words, &person.card_with(&words, "Hund"), &json!({ "back": "cat" }));
    let job = person.import("filename=own.apkg&reviews=false", &package);
    assert_eq!(job["report"]["counts"]["updated"], 1, "{job}");
    assert_eq!(person.card_with(&words, "Hund")["back"], "dog");
    // With somebody else they are cards of theirs, with the same texts, and go out as they came.
    let job = other.import("filename=own.apkg", &package);
    assert_eq!(job["report"]["counts"]["added"], 2, "{job}");
    let theirs = job["decks"][0].as_str().unwrap();
    assert_eq!(other.cards(theirs), person.cards(&words));
    assert_eq!(other.card_with(theirs, "Hund")["hint"], "barks");
    let (theirs, own) = (other.went(theirs).notes, person.went(&words).notes);
    assert_eq!(theirs, own);
}

#[test]
fn answers_of_one_millisecond_are_the_same_answers_however_often_they_go_around() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let file = "front,back\nHund,dog\nMaus,mouse\nKatze,cat\n";
    let deck = person.import("filename=words.csv", file.as_bytes())["decks"][0].as_str().unwrap().to_owned();
    let at_ms = real_ms() - 5_000;
    for (n, card) in (1..).zip(person.each(&deck)) {
        person.answers_as(EntryId::v7(at_ms, n), &deck, card["card_id"].as_str().unwrap(), 4);
    }
    let rows = [0, 1, 2].map(|later| (at_ms + later, 3));
    let package = person.package_of(&deck);
    assert_eq!(opened(&package).rows, rows);
    person.import("filename=own.apkg", &package);
    assert_eq!(person.went(&deck).rows, rows);
    // Anki does not keep how far a row was moved.
    person.import("filename=anki.apkg", &through_anki(&package));
    assert_eq!(person.went(&deck).rows, rows);
    // Nor does it keep the rows of a note that is deleted there, whose places nothing takes.
    person.import("filename=less.apkg", &through_anki_without(&package, "Hund"));
    assert_eq!(person.went(&deck).rows, rows);
}

#[test]
fn an_imported_history_of_whole_days_goes_through_anki_and_counts_once() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let file: String = (0..40).map(|n| format!("front {n},back {n}\n")).collect();
    let deck = person.import("filename=words.csv", format!("front,back\n{file}").as_bytes());
    let deck = deck["decks"][0].as_str().unwrap().to_owned();
    let day_ms = 1_700_006_400_000_i64;
    let answers = (0..80).map(|n| format!("front {},{},4\n", n % 40, day_ms + n / 40 * 86_400_000));
    let history = format!("card,time_ms,grade\n{}", answers.collect::<String>());
    person.import("filename=reviews.csv", history.as_bytes());
    let rows: Vec<i64> = (0..80).map(|n| day_ms + n / 40 * 86_400_000 + n % 40).collect();
    let moments = |person: &Person, deck: &str| -> Vec<i64> {
        person.went(deck).rows.into_iter().map(|(at_ms, _)| at_ms).collect()
    };
    let package = through_anki(&person.package_of(&deck));
    assert_eq!(moments(&person, &deck), rows);
    person.import("filename=anki.apkg", &package);
    assert_eq!(moments(&person, &deck), rows);
    for gone in ["front 0", "front 20"] {
        person.import("filename=less.apkg", &through_anki_without(&package, gone));
        assert_eq!(moments(&person, &deck), rows, "{gone}");
    }
    // Whoever has none of these answers has each once, too.
    let theirs = other.import("filename=anki.apkg", &package)["decks"][0].as_str().unwrap().to_owned();
    assert_eq!(moments(&other, &theirs), rows);
    other.import("filename=anki.apkg", &through_anki(&other.package_of(&theirs)));
    assert_eq!(moments(&other, &theirs), rows);
}

#[test]
fn a_template_that_was_added_in_anki_makes_more_cards_of_the_same_notes() {
    let place = Place::new();
    let _life = place.start();
    let (person, other) = (Person::new(&place), Person::new(&place));
    let file = "front,back,hint\nHund,dog,barks\nMaus,mouse,\n";
    let deck = person.import("filename=words.csv", file.as_bytes())["decks"][0].as_str().unwrap().to_owned();
    let mut there = person.went(&deck);
    let own = there.definitions.notetypes.values_mut().find(|of| of.name == "studyhall").unwrap();
    let (front, back) = ("{{Back}}?".to_owned(), "{{FrontSide}}<hr id=answer>{{Front}}!".to_owned());
    own.templates.push(Template { name: "Backwards".to_owned(), front, back });
    let (own, number) = (own.id, *there.definitions.decks.keys().find(|id| **id != 1).unwrap());
    let fields = |note: &Out| note.fields.join("|");
    let notes: Vec<(&str, String)> = there.notes.iter().map(|(guid, of)| (&**guid, fields(of))).collect();
    let notes: Vec<_> =
        notes.iter().map(|(guid, fields)| (*guid, own, 0, number, "", fields.as_str())).collect();
    let package = written(&there.definitions, 1, &notes, &[]);
    let counts = |job: &Value| {
        let (all, rejected) = (&job["report"]["counts"], &job["rejected"]);
        [&all["added"], &all["updated"], &all["unchanged"], rejected].map(|count| count.as_u64().unwrap())
    };
    let before = person.each(&deck);
    assert_eq!(counts(&person.import("filename=own.apkg", &package)), [2, 0, 2, 0]);
    let all = person.each(&deck);
    assert_eq!(all[..2], before);
    let added = person.card_with(&deck, "dog?");
    assert_eq!(added["back"], "dog?<hr>Hund!");
    // One note has both cards on its way out, and neither is another one on its way back.
    let went = person.went(&deck);
    assert_eq!((went.notes.len(), went.ids.len()), (2, 2));
    assert!(went.notes.values().all(|note| note.ords == BTreeSet::from([0, 1])), "{:?}", went.notes);
    assert_eq!(went.with("Hund").fields, ["Hund", "dog", "barks", ""]);
    assert_eq!(counts(&person.import("filename=own.apkg", &person.package_of(&deck))), [0, 0, 4, 0]);
    assert_eq!(person.each(&deck), all);
    // With somebody else too.
    assert_eq!(counts(&other.import("filename=own.apkg", &person.package_of(&deck))), [4, 0, 0, 0]);
}

#[test]
fn cards_of_which_markup_was_taken_are_counted() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let notes = [
        ("colour", BASIC, 0, 10, "", "<font color=red>red</font>|b"),
        ("style", BASIC, 0, 10, "", "<span style=\"color: red\">red</span>|b"),
        ("frame", BASIC, 0, 10, "", "x|<iframe src=\"https://x\"></iframe>y"),
        ("none", BASIC, 0, 10, "", "a & <b>b</b>&nbsp;<BR>|<a href=\"https://x\">c</a> [sound:a.mp3]"),
    ];
    let job = person.import("filename=x.apkg", &made(&notes, &[("a.mp3", SOUND)]));
    assert_eq!(job["report"]["fidelity"]["losses"], json!({ "markup_removed": 3 }), "{job}");
}
