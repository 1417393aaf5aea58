//! Packages that went out, opened again, and some that were made for it note by note.

use super::kit::Person;
use anki::{
    Card, CardRow, Collection, Deck, Definitions, Due, Header, Kind, Limits, Note, Notetype, Package,
    Place as CardPlace, Review, Stage, Template, Writer,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A note of a package that went out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Out {
    pub notetype: String,
    pub tags: BTreeSet<String>,
    pub fields: Vec<String>,
    pub ords: BTreeSet<u16>,
}

pub struct Went {
    pub notes: BTreeMap<String, Out>,
    /// Their ids.
    pub ids: BTreeSet<i64>,
    /// Moments and buttons of the rows of its review log.
    pub rows: Vec<(i64, i64)>,
    pub definitions: Definitions,
    pub media: BTreeSet<String>,
    /// Stage and due day of the cards, by guids.
    pub stages: BTreeMap<String, (Stage, Due)>,
}

impl Went {
    /// The note whose fields hold this text.
    pub fn with(&self, text: &str) -> &Out {
        self.notes.values().find(|note| note.fields.iter().any(|field| field.contains(text))).unwrap()
    }
}

pub fn opened(package: &[u8]) -> Went {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.apkg");
    std::fs::write(&path, package).unwrap();
    let package = Package::open(&path, folder.path(), Limits::default()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let collection = Collection::open(package.collection_path(), package.limits(), stop).unwrap();
    let definitions = collection.definitions().clone();
    let (mut notes, mut stages, mut ids) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let read = collection.each_card(|row| {
        let note = row.note;
        let out = notes.entry(note.guid.to_owned()).or_insert_with(|| Out {
            notetype: definitions.notetypes[&note.notetype].name.clone(),
            tags: note.each_tag().map(str::to_owned).collect(),
            fields: note.each_field().map(str::to_owned).collect(),
            ords: BTreeSet::new(),
        });
        out.ords.insert(row.card.ord);
        ids.insert(note.id);
        stages.insert(note.guid.to_owned(), (row.card.stage, row.card.due));
        Ok::<_, std::convert::Infallible>(())
    });
    read.unwrap();
    let mut rows = Vec::new();
    let read = collection.each_review(|review| {
        rows.push((review.at_ms, review.button));
        Ok::<_, std::convert::Infallible>(())
    });
    read.unwrap();
    let media = package.media().iter().map(|media| media.name.clone()).collect();
    Went { notes, ids, rows, definitions, media, stages }
}

impl Person {
    pub fn went(&self, deck: &str) -> Went {
        opened(&self.package_of(deck))
    }

    pub fn package_of(&self, deck: &str) -> Vec<u8> {
        let package = self.get(&format!("/decks/{deck}/export?format=apkg&scheduling=true"));
        assert_eq!(package.status, 200, "{}", package.text());
        package.body
    }

    pub fn each(&self, deck: &str) -> Vec<Value> {
        self.get(&format!("/decks/{deck}/cards?limit=100")).expect(200)["items"].as_array().unwrap().clone()
    }

    /// The card whose front or back holds this text.
    pub fn card_with(&self, deck: &str, text: &str) -> Value {
        let holds =
            |card: &&Value| ["front", "back"].iter().any(|side| card[*side].as_str().unwrap().contains(text));
        self.each(deck).iter().find(holds).unwrap().clone()
    }

    pub fn change(&self, deck: &str, card: &Value, change: &Value) {
        let card = card["card_id"].as_str().unwrap();
        self.patch(&format!("/decks/{deck}/cards/{card}"), change).expect(200);
    }
}

pub const BASIC: i64 = 1_500_000_000_001;
pub const PLACED: i64 = 1_500_000_000_002;
pub const TWO: i64 = 1_500_000_000_003;

fn notetype(id: i64, name: &str, templates: &[(&str, &str)]) -> (i64, Notetype) {
    let template = |(n, (front, back)): (usize, &(&str, &str))| Template {
        name: format!("Card {n}"),
        front: (*front).to_owned(),
        back: (*back).to_owned(),
    };
    let notetype = Notetype {
        id,
        name: name.to_owned(),
        kind: Kind::Standard,
        fields: vec!["Front".into(), "Back".into()],
        templates: templates.iter().enumerate().map(template).collect(),
        css: String::new(),
        latex_head: String::new(),
        latex_tail: String::new(),
    };
    (id, notetype)
}

/// A package of two decks with notes of three types: guid, type, flag, deck, tags, fields.
pub fn made(notes: &[(&str, i64, u8, i64, &str, &str)], media: &[(&str, &[u8])]) -> Vec<u8> {
    made_from(1, notes, media)
}

/// The same with ids of notes from this one on.
pub fn made_from(
    first_id: i64,
    notes: &[(&str, i64, u8, i64, &str, &str)],
    media: &[(&str, &[u8])],
) -> Vec<u8> {
    let answer = "{{FrontSide}}\n\n<hr id=answer>\n\n{{Back}}";
    let definitions = Definitions {
        header: Header {
            schema: 11,
            created_s: 1_500_000_000,
            rollover_hour: Some(4),
            creation_west_min: Some(0),
            local_west_min: Some(0),
            scheduler: 2,
            fsrs: false,
            learn_ahead_s: 1_200,
        },
        notetypes: BTreeMap::from([
            notetype(BASIC, "Basic", &[("{{Front}}", answer)]),
            notetype(
                PLACED,
                "Placed",
                &[("{{Deck}} {{Subdeck}} {{CardFlag}} {{CardID}}: {{Front}}", answer)],
            ),
            notetype(TWO, "Two", &[("{{Front}}", answer), ("{{Back}}", "{{FrontSide}}<hr>{{Front}}")]),
        ]),
        decks: BTreeMap::from([(10, Deck::new(10, "Top::One")), (11, Deck::new(11, "Top::Two"))]),
        options: BTreeMap::new(),
    };
    written(&definitions, first_id, notes, media)
}

/// A package as Anki gives it on: rows of its log that were moved no longer say so.
pub fn through_anki(package: &[u8]) -> Vec<u8> {
    through_anki_without(package, "")
}

/// The same after the note with this first field, if any, was deleted there.
pub fn through_anki_without(package: &[u8], first_field: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let [came, goes] = ["came.apkg", "goes.apkg"].map(|name| folder.path().join(name));
    std::fs::write(&came, package).unwrap();
    let package = Package::open(&came, folder.path(), Limits::default()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let collection = Collection::open(package.collection_path(), package.limits(), stop).unwrap();
    let mut writer = Writer::create(&goes, folder.path(), collection.definitions()).unwrap();
    let mut gone = HashSet::new();
    let card = |row: CardRow<'_>| {
        if !first_field.is_empty() && row.note.each_field().next() == Some(first_field) {
            gone.insert(row.card.id);
            return Ok(());
        }
        writer.card(&row)
    };
    collection.each_card(card).unwrap();
    let rows = |review: Review<'_>| {
        if gone.contains(&review.card) { Ok(()) } else { writer.review(&Review { usn: -1, ..review }) }
    };
    collection.each_review(rows).unwrap();
    writer.finish().unwrap();
    std::fs::read(goes).unwrap()
}

/// A package of these notes, each with all its cards.
pub fn written(
    definitions: &Definitions,
    first_id: i64,
    notes: &[(&str, i64, u8, i64, &str, &str)],
    media: &[(&str, &[u8])],
) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.apkg");
    let mut writer = Writer::create(&path, folder.path(), definitions).unwrap();
    let mut cards = 0;
    for (n, (guid, notetype, flag, deck, tags, fields)) in (0..).zip(notes) {
        let fields = fields.replace('|', "\u{1f}");
        for ord in 0..definitions.notetypes[notetype].templates.len() {
            cards += 1;
            let card = Card {
                id: 1_600_000_000_000 + cards,
                note: first_id + n,
                deck: *deck,
                is_borrowed: false,
                ord: u16::try_from(ord).unwrap(),
                modified_s: 1_600_000_000,
                stage: Stage::New,
                place: CardPlace::Active,
                due: Due::Position(n + 1),
                interval_days: 0,
                ease_permille: 0,
                answers: 0,
                lapses: 0,
                steps_left: 0,
                flag: *flag,
                memory: None,
                has_custom_data: false,
                last_logged_ms: None,
            };
            let note = Note {
                id: first_id + n,
                guid,
                notetype: *notetype,
                modified_s: 1_600_000_000,
                tags,
                fields: &fields,
            };
            writer.card(&CardRow { card, note }).unwrap();
        }
    }
    for (name, bytes) in media {
        writer.media(name, &mut Cursor::new(bytes)).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}
