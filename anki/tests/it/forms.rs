//! All forms of a package hold the same.

use crate::kit::{PACKAGES, anki_says, each_card, each_review, fixture, open};
use anki::{Form, Kind};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_form_of_each_package_is_recognised() {
    let forms = PACKAGES.map(|name| open(&fixture(name)).package.form());
    assert_eq!(forms, [Form::Legacy1, Form::Legacy2, Form::Latest, Form::Legacy2, Form::Latest]);
    assert_eq!(open(&fixture("profile")).package.form(), Form::Profile);
}

#[test]
fn every_form_holds_the_same_notes_cards_and_decks() {
    let read = |name: &str| {
        let opened = open(&fixture(name));
        let definitions = opened.collection.definitions();
        let mut cards = BTreeMap::new();
        let tally = each_card(&opened.collection, |row| {
            let deck = definitions.deck_path(row.card.deck).to_owned();
            let tags: Vec<String> = row.note.each_tag().map(str::to_owned).collect();
            let state = (row.card.stage, row.card.place, row.card.due, row.card.interval_days);
            let known =
                (deck, tags, row.note.fields.to_owned(), state, row.card.flag, row.card.ease_permille);
            assert!(cards.insert(row.source_key(), known).is_none());
        });
        assert_eq!(tally.given, cards.len() as u64);
        cards
    };
    let first = read(PACKAGES[0]);
    assert_eq!(first.len(), anki_says().cards.len());
    for name in PACKAGES {
        assert_eq!(read(name), first, "{name}");
    }
}

#[test]
fn a_profile_is_read_with_what_stands_in_its_write_ahead_log() {
    let opened = open(&fixture("profile"));
    let mut fields = BTreeSet::new();
    each_card(&opened.collection, |row| {
        fields.insert(row.note.fields.to_owned());
    });
    assert!(fields.contains("only in the log\u{1f}yes"));
    assert_eq!(opened.collection.sizes().cards, anki_says().cards.len() as u64 + 1);
    assert!(opened.package.media().iter().any(|media| media.name == "heart.png"));
}

#[test]
fn note_types_come_with_fields_templates_and_kinds() {
    for name in PACKAGES {
        let opened = open(&fixture(name));
        let notetypes = &opened.collection.definitions().notetypes;
        let by_name = |name: &str| notetypes.values().find(|notetype| notetype.name == name).unwrap();
        assert_eq!(by_name("Basic").fields, ["Front", "Back"]);
        assert_eq!(by_name("Basic (and reversed card)").templates.len(), 2);
        assert_eq!(by_name("Cloze").kind, Kind::Cloze);
        assert_eq!(by_name("Image Occlusion").kind, Kind::ImageOcclusion);
        let rich = by_name("Rich <&> ünïcode");
        assert_eq!(rich.fields, ["Word", "Reading", "Extra"]);
        assert!(rich.css.contains("_font.css"));
        assert!(rich.templates[1].front.starts_with("{{=<% %>=}}"));
    }
}

#[test]
fn decks_have_levels_and_options_have_fsrs() {
    for name in PACKAGES {
        let opened = open(&fixture(name));
        let definitions = opened.collection.definitions();
        let paths: BTreeSet<&str> = definitions.decks.values().map(|deck| deck.path.as_str()).collect();
        for path in ["Languages::日本語::N5", "Clozes::äöü", "Numbers"] {
            assert!(paths.contains(path), "{name} has no {path}: {paths:?}");
        }
        let cram = definitions.decks.values().find(|deck| deck.path == "Cram").unwrap();
        assert!(cram.is_filtered && cram.options.is_none());
        let numbers = definitions.decks.values().find(|deck| deck.path == "Numbers").unwrap();
        let options = definitions.options_of(numbers.id).unwrap();
        assert_eq!((options.new_per_day, options.reviews_per_day, options.leech_lapses), (7, 99, 5));
        assert_eq!(options.maximum_interval_days, 36_500);
        assert_eq!(options.learn_steps_min, [1.0, 10.0]);
        assert!((options.desired_retention - 0.87).abs() < 1e-6);
        assert_eq!(options.fsrs_parameters.len(), 21);
        assert!((options.fsrs_parameters[3] - 8.3).abs() < 1e-6);
    }
}

#[test]
fn media_come_out_as_they_went_in() {
    let sound: &[u8] = b"ID3\x03\x00\x00\x00\x00\x00\x00 no real sound";
    for name in ["legacy1.apkg", "legacy2.apkg", "latest.apkg", "latest.colpkg", "profile"] {
        let mut opened = open(&fixture(name));
        let names: Vec<String> = opened.package.media().iter().map(|media| media.name.clone()).collect();
        for wanted in ["café (1).png", "日本語.mp3", "a b #2 %41.png", "heart.png", "_font.css"] {
            assert!(names.iter().any(|name| name == wanted), "{name}: {names:?}");
        }
        for (nth, name) in names.iter().enumerate() {
            let mut bytes = Vec::new();
            opened.package.copy_media(nth, &mut bytes).unwrap();
            match name.as_str() {
                "日本語.mp3" => assert_eq!(bytes, sound),
                "empty.bin" => assert!(bytes.is_empty()),
                png if png.ends_with(".png") => assert!(bytes.starts_with(b"\x89PNG")),
                css => assert_eq!(css, "_font.css"),
            }
        }
    }
}

#[test]
fn the_clock_of_a_collection_is_read_from_either_schema() {
    for name in PACKAGES {
        let header = open(&fixture(name)).collection.definitions().header;
        assert_eq!((header.rollover_hour, header.creation_west_min), (Some(4), Some(0)), "{name}");
        assert_eq!(header.scheduler, 2, "{name}");
    }
    assert!(open(&fixture("latest.colpkg")).collection.definitions().header.fsrs);
}

#[test]
fn every_row_of_the_review_log_comes_once_and_in_order() {
    for name in PACKAGES {
        let opened = open(&fixture(name));
        let (mut last_ms, mut gone) = (0, 0);
        let tally = each_review(&opened.collection, |review| {
            assert!(review.at_ms > last_ms);
            last_ms = review.at_ms;
            gone += u64::from(review.of.is_none());
        });
        // A package of decks leaves out what belongs to no card of theirs.
        assert_eq!(tally.given, anki_says().revlog - u64::from(name.ends_with(".apkg")), "{name}");
        assert_eq!(gone, u64::from(name.ends_with(".colpkg")));
    }
}
