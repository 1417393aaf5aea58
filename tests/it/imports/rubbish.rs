//! Packages that are broken in the ways in which files break, and files that are not what somebody says: a sentence, nothing
//! half imported, and a server that goes on.

use super::kit::{Person, fixture, package};
use crate::study::binary::Place;
use serde_json::Value;
use std::fs;

/// An entry of an archive: its name and its bytes.
type Entry = (String, Vec<u8>);

/// The entries of an archive in which nothing is compressed.
fn entries(archive: &[u8]) -> Vec<Entry> {
    let (mut found, mut rest) = (Vec::new(), archive);
    while let Some(head) = rest.strip_prefix(b"PK\x03\x04") {
        let short = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let (length, name, extra) = (long(head, 14), short(22), short(24));
        assert_eq!(short(4), 0, "it is stored as it is");
        let content = 26 + name + extra;
        let name = String::from_utf8(head[26..26 + name].to_vec()).unwrap();
        found.push((name, head[content..content + length].to_vec()));
        rest = &head[content + length..];
    }
    found
}

fn long(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(*bytes[at..].first_chunk().unwrap()) as usize
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// An archive of entries, in the list of which each is said to have as many bytes as `says` makes of what it has.
fn archive(entries: &[Entry], says: impl Fn(&str, u32) -> u32) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let (at, length) = (bytes.len() as u32, content.len() as u32);
        let head = |said: u32| {
            let mut head = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            head.extend([crc32(content), length, said].iter().flat_map(|n| n.to_le_bytes()));
            head.extend([name.len() as u8, 0, 0, 0]);
            head
        };
        bytes.extend([b"PK\x03\x04", &head(length)[..], name.as_bytes(), content].concat());
        list.extend([b"PK\x01\x02", &[20, 0][..], &head(says(name, length))[..]].concat());
        list.extend([0; 10]);
        list.extend(at.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let (count, at, length) = (entries.len() as u8, bytes.len() as u32, list.len() as u32);
    bytes.extend([list, b"PK\x05\x06".to_vec(), vec![0, 0, 0, 0, count, 0, count, 0]].concat());
    bytes.extend([length.to_le_bytes(), at.to_le_bytes()].concat());
    bytes.extend([0, 0]);
    bytes
}

fn honest(entries: &[Entry]) -> Vec<u8> {
    archive(entries, |_, length| length)
}

/// The same archive with another content of one entry; without one, without it.
fn with(entries: &[Entry], name: &str, content: Option<Vec<u8>>) -> Vec<u8> {
    let mut entries = entries.to_vec();
    entries.retain(|entry| entry.0 != name);
    entries.extend(content.map(|content| (name.to_owned(), content)));
    honest(&entries)
}

/// Bytes without any order, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut rng = kit::rng::Rng::new(7);
    (0..length).map(|_| rng.next() as u8).collect()
}

/// Packages by what is wrong with them, and, where it is one thing alone, the code of the refusal.
fn broken() -> Vec<(&'static str, Option<&'static str>, Vec<u8>)> {
    let (latest, older) = (fixture("latest.apkg"), fixture("legacy2.apkg"));
    let parts = entries(&latest);
    let part = |name: &str| parts.iter().find(|entry| entry.0 == name).unwrap().1.clone();
    let (packed, database) = (part("collection.anki21b"), part("collection.anki2"));
    let one = |name: &str, content: Vec<u8>| honest(&[(name.to_owned(), content)]);
    let mut torn = database.clone();
    torn[100..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let cut = |bytes: &[u8], length: usize| bytes[..length].to_vec();
    vec![
        ("cut in the first half", None, cut(&latest, latest.len() / 3)),
        ("cut in its list", None, cut(&latest, latest.len() - 30)),
        ("without its last byte", None, cut(&older, older.len() - 1)),
        ("an older one that is cut", None, cut(&older, older.len() / 2)),
        ("a text", Some("not_a_package"), b"Dear colleague,\nhere is the deck.\n".to_vec()),
        ("a page of a proxy", Some("not_a_package"), b"<!doctype html><title>Sign in</title>".to_vec()),
        ("an archive's first bytes", None, [&b"PK\x03\x04"[..], &noise(4_000)].concat()),
        ("noise", Some("not_a_package"), noise(40_000)),
        ("an archive of nothing", None, honest(&[])),
        ("an archive without a collection", Some("no_collection"), one("holiday.txt", b"hi".to_vec())),
        ("a collection that is empty", None, one("collection.anki2", Vec::new())),
        ("a collection that is noise", None, one("collection.anki2", noise(20_000))),
        (
            "a database's first bytes",
            None,
            one("collection.anki2", [&b"SQLite format 3\0"[..], &noise(30_000)].concat()),
        ),
        ("a database that is torn", None, one("collection.anki2", torn)),
        ("half a database", None, one("collection.anki2", cut(&database, database.len() / 2))),
        ("a database of something else", None, one("collection.anki2", somebody_elses())),
        (
            "half a packed collection",
            None,
            with(&parts, "collection.anki21b", Some(cut(&packed, packed.len() / 2))),
        ),
        ("a packed collection that is noise", None, with(&parts, "collection.anki21b", Some(noise(9_000)))),
        ("a version to come", Some("package_too_new"), with(&parts, "meta", Some(vec![8, 99]))),
        ("a version that is none", None, with(&parts, "meta", Some(vec![0xff; 40]))),
        ("a list of media that is noise", None, with(&parts, "media", Some(noise(500)))),
    ]
}

/// A database that no Anki made.
fn somebody_elses() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    drop(embedded::EmbeddedStore::open(folder.path(), embedded::Options::default()).unwrap());
    fs::read(folder.path().join("main.db")).unwrap()
}

/// Fails with a sentence, and nothing came of it.
#[track_caller]
fn refused(person: &Person, what: &str, code: Option<&str>, job: &Value) {
    let failure = &job["failure"];
    assert_eq!(job["phase"], "failed", "{what}: {job}");
    assert!(failure["detail"].as_str().unwrap().starts_with("Nothing was imported"), "{what}: {job}");
    assert!(code.is_none_or(|code| failure["code"] == code), "{what}: {job}");
    assert_eq!(person.decks(), Vec::<Value>::new(), "{what}");
}

#[test]
fn packages_that_are_broken_fail_with_a_sentence_and_the_next_one_comes_in() {
    let place = Place::new();
    let life = place.start();
    let (person, trier) = (Person::new(&place), Person::new(&place));
    for (what, code, file) in broken() {
        refused(&person, what, code, &person.import("format=anki&filename=x.apkg", &file));
        refused(&trier, what, code, &trier.import("filename=x.apkg&dry_run=true", &file));
    }
    let job = person.import("filename=good.apkg", &package(60));
    assert_eq!(job["phase"], "done", "{job}");
    assert_eq!(person.all().iter().map(|(_, cards)| cards.len()).sum::<usize>(), 60);
    assert_eq!(life.complaints(), Vec::<String>::new());
}

#[test]
fn what_an_archive_says_of_its_lengths_is_not_believed() {
    let place = Place::new();
    let life = place.start();
    let parts = entries(&fixture("latest.apkg"));
    let whole = Person::new(&place);
    assert_eq!(whole.import("filename=x.apkg", &honest(&parts))["phase"], "done");
    let sizes = |person: &Person| -> Vec<(String, usize)> {
        person.all().into_iter().map(|(path, cards)| (path, cards.len())).collect()
    };
    let whole = sizes(&whole);
    for lie in ["collection.anki21b", "media", "0", "meta"] {
        for said in [0, 1, 100, 4_000_000_000] {
            let person = Person::new(&place);
            let file = archive(&parts, |name, length| if name == lie { said } else { length });
            let job = person.import("filename=x.apkg", &file);
            // Either it is refused, or all of it is there: what is said is never what is done.
            if job["phase"] == "done" {
                assert_eq!(sizes(&person), whole, "{lie} of {said}: {job}");
            } else {
                refused(&person, &format!("{lie} of {said}"), None, &job);
            }
        }
    }
    assert_eq!(life.complaints(), Vec::<String>::new());
}

#[test]
fn a_file_that_nobody_named_is_believed_to_be_one_thing_and_what_does_not_fit_that_is_refused() {
    let place = Place::new();
    let _life = place.start();
    let person = Person::new(&place);
    let lines = b"{\"front\":\"a\",\"back\":\"b\"}\n";
    let upload = |query: &str, file: &[u8]| person.post(&format!("/imports?{query}"), file);
    let told = upload("filename=x.txt&header=true", lines).refuses(422, "invalid");
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.starts_with("The file seems to be cards in JSON Lines."), "{detail}");
    assert!(detail.contains("no other parameters than deck_id, title, or say with `format`"), "{detail}");
    let told = upload("filename=x.csv&title=Words", &package(51)).refuses(422, "invalid");
    assert!(
        told["detail"].as_str().unwrap().starts_with("The file seems to be a package of Anki."),
        "{told}"
    );
    assert_eq!(person.decks(), Vec::<Value>::new());
    assert_eq!(person.get("/imports").expect(200)["items"].as_array().unwrap().len(), 0, "no job was made");
    // Whoever says what it is is believed, and so is a parameter of what it seems to be.
    let job = person.import("format=csv&header=false&title=Braces&filename=x.txt", b"{a},{b}\n");
    assert_eq!((&job["phase"], &job["format"]), (&"done".into(), &"csv".into()), "{job}");
    let job = person.import("title=Lines&filename=x.txt", lines);
    assert_eq!((&job["phase"], &job["format"]), (&"done".into(), &"jsonl".into()), "{job}");
    assert_eq!(person.decks().len(), 2);
}
