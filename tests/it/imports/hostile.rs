//! Files that were made to do harm, from outside.

use super::kit::Person;
use crate::study::binary::Place;
use std::fs;
use std::path::Path;

#[test]
fn hostile_packages_fail_with_a_sentence_and_the_server_goes_on() {
    let place = Place::new();
    let life = place.start();
    let person = Person::new(&place);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("anki/tests/corpus");
    for name in [
        "package_too_large-zip_bomb",
        "package_too_large-zstd_bomb",
        "package_too_large-entries",
        "archive_damaged-cut",
        "archive_overlapping-one_place",
        "media_name_unsafe-up",
        "media_name_unsafe-profile",
        "package_too_large-profile",
        "several_profiles-two",
        "no_collection-link",
        "collection_foreign-trigger",
    ] {
        let job = person.import("format=anki&filename=x.apkg", &fs::read(corpus.join(name)).unwrap());
        assert_eq!(job["phase"], "failed", "{name}: {job}");
        assert!(job["failure"]["detail"].as_str().unwrap().starts_with("Nothing was imported"), "{job}");
    }
    for (name, file) in [
        ("a line that never ends", vec![b'"'; 3 * 1024 * 1024]),
        ("bytes that are no text", [&b"front,back\n"[..], &[0x81, 0x8d, 0xff]].concat()),
    ] {
        let job = person.import("format=csv&filename=x.csv", &file);
        let is_told = job["phase"] == "failed" || job["rejected"].as_u64() > Some(0);
        assert!(is_told, "{name}: {job}");
    }
    assert!(person.decks().is_empty());
    assert_eq!(life.complaints(), Vec::<String>::new());
}
