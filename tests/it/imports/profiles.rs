//! The folder of a profile: by the command line as it is, and zipped by whoever sends it.

use super::kit::{Person, fixture, package};
use crate::study::binary::Place;
use anki::{GuardedZip, ProfileFolder, write_zip};
use serde_json::json;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A profile's folder of so many cards, with a picture, and with what else lies in such a folder.
fn profile(within: &Path, cards: i64) -> PathBuf {
    let (package_file, folder) = (within.join("made.apkg"), within.join("User 1"));
    fs::write(&package_file, package(cards)).unwrap();
    fs::create_dir_all(folder.join("collection.media")).unwrap();
    fs::create_dir_all(folder.join("backups")).unwrap();
    let mut zip = GuardedZip::open(File::open(package_file).unwrap(), 1 << 30, 100).unwrap();
    let mut collection = File::create(folder.join("collection.anki2")).unwrap();
    zip.unpack("collection.anki2", 1 << 30, &mut collection).unwrap();
    fs::write(folder.join("collection.media/日本語 (1).mp3"), b"ID3\x03\0\0\0\0\0\0").unwrap();
    fs::write(folder.join("collection.media.db2"), b"SQLite format 3\0").unwrap();
    fs::write(folder.join("backups/backup-1.colpkg"), b"PK").unwrap();
    folder
}

/// The output of a command, which has to have done what it should.
fn said(place: &Place, args: &[&str]) -> String {
    let output = place.command("import").args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_folder_comes_in_by_the_command_line_and_again_changes_nothing() {
    let place = Place::with_files();
    let folder = profile(place.data.parent().unwrap(), 60);
    let path = folder.to_str().unwrap();
    let user = "00000000-0000-4000-8000-000000000007";
    let tried = said(&place, &[path, "--user", user, "--dry-run"]);
    assert!(tried.contains("would be ") && tried.contains("added 60"), "{tried}");
    let done = said(&place, &[path, "--user", user]);
    assert!(done.contains("added 60") && done.contains("media 1") && done.contains("Big::One"), "{done}");
    let life = place.start();
    let person = Person::known(&place, user.parse().unwrap());
    let jobs = person.get("/imports").expect(200)["items"].clone();
    let job = person.get(&format!("/imports/{}", jobs[0]["job_id"].as_str().unwrap())).expect(200);
    assert_eq!((&job["name"], &job["report"]["form"]), (&json!("User 1"), &json!("profile")), "{job}");
    let cards = person.all();
    // Through a running server: the same folder is the same job, and a little more is a little more.
    let through = ["--server", &place.url(), "--token", &person.token];
    let same = said(&place, &[&[path][..], &through].concat());
    assert!(same.contains("added 60"), "{same}");
    assert_eq!(person.get("/imports").expect(200)["items"].as_array().unwrap().len(), 1);
    profile(place.data.parent().unwrap(), 63);
    let more = said(&place, &[&[path][..], &through].concat());
    assert!(more.contains("added 3") && more.contains("unchanged 60"), "{more}");
    assert_eq!(person.all().len(), cards.len());
    assert_eq!(life.complaints(), Vec::<String>::new());
}

#[test]
fn a_zipped_profile_is_known_by_what_is_in_it_and_makes_the_cards_that_its_folder_makes() {
    let place = Place::new();
    let life = place.start();
    let [zipped, streamed] = [Person::new(&place), Person::new(&place)];
    let folder = profile(place.data.parent().unwrap(), 60);
    let files = ["collection.anki2", "collection.media/日本語 (1).mp3", "collection.media.db2"];
    let files = files.map(|name| (format!("Anki/{name}"), fs::read(folder.join(name)).unwrap()));
    let file = write_zip(files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..]))).unwrap();
    let done = zipped.import("filename=copy.zip", &file);
    assert_eq!((&done["format"], &done["report"]["form"]), (&json!("anki"), &json!("profile")), "{done}");
    assert_eq!((&done["phase"], &done["report"]["counts"]["added"]), (&json!("done"), &json!(60)), "{done}");
    let mut stream = Vec::new();
    ProfileFolder::open(&folder).unwrap().write_zip(&mut stream, |_| ()).unwrap();
    let same = streamed.import("filename=User%201", &stream);
    assert_eq!(same["report"]["counts"], done["report"]["counts"]);
    assert_eq!(streamed.all(), zipped.all());
    // Those of a profile that Anki made, with what stands in its write-ahead log.
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("anki/tests/fixtures/profile");
    let (mut stream, whole) = (Vec::new(), Person::new(&place));
    ProfileFolder::open(&made).unwrap().write_zip(&mut stream, |_| ()).unwrap();
    let done = whole.import("filename=profile.zip", &stream);
    let from_package = Person::new(&place).import("filename=x.colpkg", &fixture("latest.colpkg"));
    let added = |job: &serde_json::Value| job["report"]["counts"]["added"].as_u64().unwrap();
    assert_eq!(added(&done), added(&from_package) + 1, "{done}");
    assert_eq!(life.complaints(), Vec::<String>::new());
}
