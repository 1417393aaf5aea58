//! What is written is what was read.

use crate::kit::{Opened, PACKAGES, each_card, each_review, fixture, open};
use anki::{Definitions, Form, Writer};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

/// Writes all of a package anew.
fn rewritten(from: &mut Opened, to: &Path) {
    let work = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(to, work.path(), from.collection.definitions()).unwrap();
    from.collection.each_card(|row| writer.card(&row)).unwrap();
    from.collection.each_review(|review| writer.review(&review)).unwrap();
    for nth in 0..from.package.media().len() {
        let name = from.package.media()[nth].name.clone();
        let mut bytes = Vec::new();
        from.package.copy_media(nth, &mut bytes).unwrap();
        writer.media(&name, &mut Cursor::new(bytes)).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0);
}

/// Everything that a package holds, as far as Anki keeps it in any package.
fn all(opened: &mut Opened) -> (Definitions, Vec<String>, Vec<String>, BTreeMap<String, Vec<u8>>) {
    let mut definitions = opened.collection.definitions().clone();
    definitions.decks.retain(|_, deck| !deck.is_filtered);
    definitions.header.schema = 11;
    let (mut cards, mut reviews, mut media) = (Vec::new(), Vec::new(), BTreeMap::new());
    each_card(&opened.collection, |mut row| {
        row.card.is_borrowed = false;
        let note = (row.note.guid, row.note.fields, row.note.each_tag().collect::<Vec<_>>());
        cards.push(format!("{note:?} {:?} {} {}", row.card, row.note.notetype, row.note.modified_s));
    });
    each_review(&opened.collection, |review| reviews.push(format!("{review:?}")));
    for nth in 0..opened.package.media().len() {
        let mut bytes = Vec::new();
        opened.package.copy_media(nth, &mut bytes).unwrap();
        media.insert(opened.package.media()[nth].name.clone(), bytes);
    }
    (definitions, cards, reviews, media)
}

#[test]
fn a_written_collection_has_the_indexes_that_anki_looks_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.apkg");
    rewritten(&mut open(&fixture(PACKAGES[0])), &path);
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    let collection = folder.path().join("collection");
    let mut file = std::fs::File::create(&collection).unwrap();
    std::io::copy(&mut zip.by_name("collection.anki2").unwrap(), &mut file).unwrap();
    let db = rusqlite::Connection::open(&collection).unwrap();
    let mut names = db.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'ix%' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let of_anki =
        ["cards_nid", "cards_sched", "cards_usn", "notes_csum", "notes_usn", "revlog_cid", "revlog_usn"];
    assert_eq!(names, of_anki.map(|name| format!("ix_{name}")));
}

#[test]
fn a_package_that_is_written_anew_holds_all_that_it_held() {
    for name in PACKAGES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.apkg");
        let mut from = open(&fixture(name));
        rewritten(&mut from, &path);
        let mut to = open(&path);
        assert_eq!(to.package.form(), Form::Legacy1);
        let (there, here) = (all(&mut from), all(&mut to));
        assert_eq!(there.0.header, here.0.header, "{name}");
        assert_eq!(there.0.notetypes, here.0.notetypes, "{name}");
        assert_eq!(there.0.options, here.0.options, "{name}");
        for (id, deck) in &there.0.decks {
            assert_eq!(here.0.decks.get(id), Some(deck), "{name}");
        }
        assert_eq!(there.1, here.1, "{name}");
        assert_eq!(there.2, here.2, "{name}");
        assert_eq!(there.3, here.3, "{name}");
    }
}

#[test]
fn a_name_is_written_once_and_a_file_never_over_another() {
    let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("new.apkg");
    let opened = open(&fixture("legacy1.apkg"));
    let mut writer = Writer::create(&path, work.path(), opened.collection.definitions()).unwrap();
    writer.media("cafe\u{301}", &mut Cursor::new(b"x")).unwrap();
    assert!(writer.media("café", &mut Cursor::new(b"y")).is_err());
    assert!(Writer::create(&path, work.path(), opened.collection.definitions()).is_err());
}
