//! The folder of a profile, zipped by somebody or by ourselves: it holds what the folder holds, and what was made to do
//! harm is refused as a package's is.

use crate::crafted::{collection, write, zip};
use crate::kit::{each_card, each_review, fixture, open};
use anki::{Collection, Form, Limits, MediaError, OpenError, Package, ProfileFolder};
use std::collections::BTreeMap;
use std::io::{Cursor, Write, sink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Everything that a profile holds: the fields of its cards, its answers, its media.
fn all(path: &Path) -> (Vec<String>, u64, BTreeMap<String, Vec<u8>>) {
    let mut opened = open(path);
    assert_eq!(opened.package.form(), Form::Profile);
    let mut cards = Vec::new();
    each_card(&opened.collection, |row| cards.push(format!("{} {}", row.source_key(), row.note.fields)));
    let reviews = each_review(&opened.collection, |_| ()).given;
    let mut media = BTreeMap::new();
    for nth in 0..opened.package.media().len() {
        let mut bytes = Vec::new();
        opened.package.copy_media(nth, &mut bytes).unwrap();
        media.insert(opened.package.media()[nth].name.clone(), bytes);
    }
    (cards, reviews, media)
}

/// The files of a folder, with the paths that they have in it.
fn files_of(folder: &Path, below: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            files.extend(files_of(&entry.path(), &format!("{name}/")));
        } else {
            files.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    files
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    zip(&entries)
}

fn opened(bytes: &[u8], limits: Limits) -> Result<(Package, tempfile::TempDir), OpenError> {
    let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let package = Package::open(&write(folder.path(), bytes), work.path(), limits);
    if package.is_err() {
        assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0, "something was left");
    }
    package.map(|package| (package, work))
}

fn refused(entries: &[(&str, &[u8])], limits: Limits) -> &'static str {
    opened(&zip(entries), limits).map(|_| ()).unwrap_err().code()
}

#[test]
fn a_zip_of_a_profile_holds_what_its_folder_holds_at_the_top_and_in_a_folder() {
    let folder = fixture("profile");
    let expected = all(&folder);
    assert!(expected.0.iter().any(|card| card.contains("only in the log")), "the write-ahead log counts");
    let to = tempfile::tempdir().unwrap();
    for below in ["", "User 1/", "Anki Profile\\"] {
        let mut files = files_of(&folder, below);
        files.push((format!("{below}collection.media.db2"), b"SQLite format 3\0".to_vec()));
        files.push((format!("{below}backups/backup-1.colpkg"), b"PK".to_vec()));
        files.push(("__MACOSX/User 1/._collection.anki2".to_owned(), vec![0; 100]));
        assert_eq!(all(&write(to.path(), &zipped(&files))), expected, "{below:?}");
    }
}

#[test]
fn a_folder_that_is_packed_into_a_stream_comes_out_the_same_and_leaves_the_rest_of_it_behind() {
    let to = tempfile::tempdir().unwrap();
    let profile = to.path().join("User 1");
    for (name, bytes) in files_of(&fixture("profile"), "") {
        std::fs::create_dir_all(profile.join(&name).parent().unwrap()).unwrap();
        std::fs::write(profile.join(name), bytes).unwrap();
    }
    std::fs::create_dir_all(profile.join("collection.media/folder")).unwrap();
    std::fs::write(profile.join("prefs"), "secret").unwrap();
    let folder = ProfileFolder::open(&profile).unwrap();
    assert_eq!(folder.left_out(), 1);
    let (mut bytes, mut read) = (Vec::new(), 0);
    folder.write_zip(&mut bytes, |more| read += more).unwrap();
    assert_eq!(read, folder.bytes());
    assert!(!bytes.windows(5).any(|window| window == b"prefs"));
    let mut again = Vec::new();
    folder.write_zip(&mut again, |_| ()).unwrap();
    assert_eq!(again, bytes);
    assert_eq!(all(&write(to.path(), &bytes)), all(&profile));
}

#[test]
fn a_profile_without_media_is_one_too_and_no_other_folder_is() {
    let to = tempfile::tempdir().unwrap();
    let refused = ProfileFolder::open(to.path()).map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), "no_collection");
    std::fs::write(to.path().join("collection.anki2"), collection("")).unwrap();
    let mut bytes = Vec::new();
    ProfileFolder::open(to.path()).unwrap().write_zip(&mut bytes, |_| ()).unwrap();
    let (package, _work) = opened(&bytes, Limits::default()).unwrap();
    assert_eq!((package.form(), package.media().len()), (Form::Profile, 0));
}

#[test]
fn a_name_in_utf_8_that_does_not_say_so_is_read_as_it_is_meant() {
    let whole = zip(&[("collection.anki2", &collection("")), ("collection.media/日本語.mp3", b"x")]);
    // The mark that says UTF-8, in the entry's head and in the list.
    let mut silent = whole.clone();
    for (mark, at) in [(b"PK\x03\x04", 7), (b"PK\x01\x02", 9)] {
        let places = (0..whole.len() - 4).filter(|from| whole[*from..].starts_with(mark));
        places.for_each(|from| silent[from + at] &= !0x08);
    }
    assert_ne!(silent, whole);
    let (mut package, _work) = opened(&silent, Limits::default()).unwrap();
    assert_eq!(package.media()[0].name, "日本語.mp3");
    assert_eq!(package.copy_media(0, &mut sink()).unwrap(), 1);
}

#[test]
fn a_bomb_in_any_part_of_a_profile_is_ended_at_its_limit() {
    let limits = Limits { collection_bytes: 1024 * 1024, media_file_bytes: 1024 * 1024, ..Limits::default() };
    let zeros = vec![0; 8 * 1024 * 1024];
    let good = collection("");
    assert_eq!(refused(&[("p/collection.anki2", &zeros)], limits), "package_too_large");
    let entries: [(&str, &[u8]); 2] = [("collection.anki2", &good), ("collection.anki2-wal", &zeros)];
    assert_eq!(refused(&entries, limits), "package_too_large");
    let bytes = zip(&[("collection.anki2", &good), ("collection.media/a.png", &zeros)]);
    let (mut package, _work) = opened(&bytes, limits).unwrap();
    assert!(matches!(package.copy_media(0, &mut sink()), Err(MediaError::TooLong { .. })));
}

#[test]
fn hostile_profiles_are_refused_by_the_codes_of_packages() {
    let good = collection("");
    let with = |name: &str| refused(&[("u/collection.anki2", &good), (name, b"x")], Limits::default());
    for name in
        ["u/collection.media/../../etc/passwd", "u/collection.media/..", "u/collection.media//etc/passwd"]
    {
        assert_eq!(with(name), "media_name_unsafe", "{name}");
    }
    assert_eq!(with("v/collection.anki2"), "several_profiles");
    let few = Limits { entries: 3, ..Limits::default() };
    let names: Vec<String> = (0..4).map(|n| format!("collection.media/{n}")).collect();
    let mut entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    entries.push(("collection.anki2", &good));
    assert_eq!(refused(&entries, few), "package_too_large");
    assert_eq!(refused(&[("a/b/collection.anki2", &good)], Limits::default()), "no_collection");
}

/// Undoing somebody else's half-done change deletes the file that its journal names.
#[test]
fn a_journal_that_names_a_file_deletes_none() {
    let folder = tempfile::tempdir().unwrap();
    let (victim, profile) = (folder.path().join("victim"), folder.path().join("profile"));
    std::fs::write(&victim, "secret").unwrap();
    std::fs::create_dir(&profile).unwrap();
    let (good, journal) = (collection(""), journal_naming(victim.to_str().unwrap()));
    std::fs::write(profile.join("collection.anki2"), &good).unwrap();
    std::fs::write(profile.join("collection.anki2-journal"), &journal).unwrap();
    let entries: [(&str, &[u8]); 2] =
        [("u/collection.anki2", &good), ("u/collection.anki2-journal", &journal)];
    assert_eq!(refused(&entries, Limits::default()), "collection_unfinished");
    let refused = Package::open(&profile, folder.path(), Limits::default()).map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), "collection_unfinished");
    assert_eq!(ProfileFolder::open(&profile).map(|_| ()).unwrap_err().code(), "collection_unfinished");
    assert!(victim.exists());
    // One that undoes nothing is in nobody's way.
    std::fs::write(profile.join("collection.anki2-journal"), "").unwrap();
    assert!(Package::open(&profile, folder.path(), Limits::default()).is_ok());
}

/// A journal of no pages that names a journal above it.
fn journal_naming(path: &str) -> Vec<u8> {
    let mut bytes = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    // Pages in it, a seed, pages of the database, bytes of a sector and of a page.
    for number in [0_u32, 0, 1, 512, 4_096] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.resize(512, 0);
    bytes.extend(0_u32.to_be_bytes());
    bytes.extend(path.as_bytes());
    bytes.extend(u32::try_from(path.len()).unwrap().to_be_bytes());
    bytes.extend(path.bytes().map(u32::from).sum::<u32>().to_be_bytes());
    bytes.extend([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    bytes
}

#[test]
fn a_link_in_a_zipped_profile_leads_nowhere() {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("collection.anki2", options).unwrap();
    writer.write_all(&collection("")).unwrap();
    writer.add_symlink("collection.media/a.png", "/etc/passwd", options).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let (mut package, _work) = opened(&bytes, Limits::default()).unwrap();
    assert!(matches!(package.copy_media(0, &mut sink()), Err(MediaError::Missing)));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("u/collection.anki2", "/etc/passwd", options).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(opened(&bytes, Limits::default()).map(|_| ()).unwrap_err().code(), "no_collection");
}

#[test]
fn a_zipped_profile_that_was_cut_off_or_whose_log_is_damaged_harms_nobody() {
    let mut bytes = Vec::new();
    ProfileFolder::open(&fixture("profile")).unwrap().write_zip(&mut bytes, |_| ()).unwrap();
    for part in 0..20 {
        let end = bytes.len() * part / 20;
        assert!(opened(&bytes[..end], Limits::default()).is_err(), "cut at {end}");
    }
    // A log that is none of the collection's is passed over, as SQLite does it; one in which nothing is true as well.
    for log in [vec![0x37; 5_000], vec![0; 64]] {
        let bytes = zip(&[("collection.anki2", &collection("")), ("collection.anki2-wal", &log)]);
        let (package, _work) = opened(&bytes, Limits::default()).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        match Collection::open(package.collection_path(), package.limits(), stop) {
            Ok(collection) => assert_eq!(collection.sizes().cards, 1),
            Err(error) => assert_eq!(error.code(), "collection_damaged"),
        }
    }
}
