//! Archives that nobody's export makes: each is refused with a clear reason, within bounds, and nothing is left.

use crate::crafted::{collection, write, zip, zstd};
use crate::kit::fixture;
use anki::{Limits, MediaError, OpenError, Package};
use std::io::sink;

const META: &[u8] = &[8, 3];

/// Opens bytes as a package, and sees that a refusal leaves nothing.
fn opened(bytes: &[u8], limits: Limits) -> Result<(Package, tempfile::TempDir), OpenError> {
    let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let package = Package::open(&write(folder.path(), bytes), work.path(), limits);
    if package.is_err() {
        assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0, "something was left");
    }
    package.map(|package| (package, work))
}

fn refused(bytes: &[u8], limits: Limits) -> &'static str {
    opened(bytes, limits).map(|_| ()).unwrap_err().code()
}

#[test]
fn what_is_no_package_is_refused() {
    for bytes in [&b""[..], b"hello", b"PK", b"PK\x05\x06", b"front,back\na,b\n", &[0; 5_000]] {
        let code = refused(bytes, Limits::default());
        assert!(["not_a_package", "archive_damaged"].contains(&code), "{bytes:?}: {code}");
    }
    assert_eq!(refused(&zip(&[("readme", b"x")]), Limits::default()), "no_collection");
    assert_eq!(
        refused(&zip(&[("meta", META), ("collection.anki2", b"x")]), Limits::default()),
        "no_collection"
    );
    let newer = zip(&[("meta", &[8, 4]), ("collection.anki21b", b"x")]);
    assert_eq!(refused(&newer, Limits::default()), "package_too_new");
}

#[test]
fn what_an_open_package_unpacked_goes_with_it() {
    let (package, work) = opened(&zip(&[("collection.anki2", &collection(""))]), Limits::default()).unwrap();
    assert!(package.collection_path().exists());
    drop(package);
    assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0);
}

#[test]
fn a_package_that_was_cut_off_is_refused_wherever_it_was_cut() {
    let whole = std::fs::read(fixture("latest.apkg")).unwrap();
    for part in 0..40 {
        let end = whole.len() * part / 40;
        assert!(opened(&whole[..end], Limits::default()).is_err(), "cut at {end}");
    }
}

#[test]
fn a_bomb_of_either_kind_is_ended_at_its_limit() {
    let limits = Limits { collection_bytes: 1024 * 1024, ..Limits::default() };
    let zeros = vec![0; 8 * 1024 * 1024];
    assert_eq!(refused(&zip(&[("collection.anki2", &zeros)]), limits), "package_too_large");
    let twice = zip(&[("meta", META), ("collection.anki21b", &zstd(&zeros))]);
    assert_eq!(refused(&twice, limits), "package_too_large");
    let list = zip(&[
        ("meta", META),
        ("collection.anki21b", &zstd(&collection(""))),
        ("media", &zstd(&vec![0; 20 * 1024 * 1024])),
    ]);
    assert_eq!(refused(&list, Limits::default()), "package_too_large");
}

#[test]
fn far_more_than_was_packed_is_refused_without_a_limit_of_the_callers() {
    // 70 MB of zeros pack to some 70 KB by zip, and a few KB by zstd: no database does.
    let zeros = zstd::encode_all(std::io::Read::take(std::io::repeat(0), 70 * 1024 * 1024), 3).unwrap();
    let bomb = zip(&[("meta", META), ("collection.anki21b", &zeros)]);
    assert_eq!(refused(&bomb, Limits::default()), "package_too_large");
}

#[test]
fn a_window_larger_than_any_of_ankis_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(7), 140_000_000), &mut encoder).unwrap();
    let bomb = zip(&[("meta", META), ("collection.anki21b", &encoder.finish().unwrap())]);
    assert_eq!(refused(&bomb, Limits::default()), "archive_damaged");
}

#[test]
fn a_hundred_thousand_entries_are_refused_before_their_list_is_read() {
    let mut bytes = zip(&[("collection.anki2", b"x")]);
    let end = bytes.len() - 22;
    assert_eq!(bytes[end..end + 4], *b"PK\x05\x06");
    // Stated in the small numbers: as many as they hold.
    bytes[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
    let few = Limits { entries: 10, ..Limits::default() };
    assert_eq!(refused(&bytes, few), "package_too_large");
    // Really there.
    let names: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    assert_eq!(refused(&zip(&entries), few), "package_too_large");
}

#[test]
fn entries_that_lie_over_one_another_are_refused() {
    let mut bytes = zip(&[("collection.anki2", &collection("")), ("0", b"x")]);
    // The second entry of the list is made to stand where the first does.
    let second = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].copy_from_slice(&[0; 4]);
    let code = refused(&bytes, Limits::default());
    assert!(["archive_overlapping", "archive_damaged"].contains(&code), "{code}");
}

#[test]
fn lengths_that_the_archive_states_are_not_believed() {
    let whole = zip(&[("collection.anki2", &collection(""))]);
    let listed = whole.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    for stated in [[0; 4], [1, 0, 0, 0], [0xff, 0xff, 0xff, 0x7f]] {
        let mut lying = whole.clone();
        lying[listed + 24..listed + 28].copy_from_slice(&stated);
        let _ = opened(&lying, Limits::default());
        lying[listed + 20..listed + 24].copy_from_slice(&stated);
        let _ = opened(&lying, Limits::default());
    }
}

#[test]
fn media_names_that_lead_elsewhere_refuse_the_package() {
    let collection = collection("");
    for name in ["../../etc/passwd", "a/b", "C:\\\\x", ".."] {
        let media = format!("{{\"0\":\"{name}\"}}");
        let bytes = zip(&[("collection.anki2", &collection), ("media", media.as_bytes()), ("0", b"x")]);
        assert_eq!(refused(&bytes, Limits::default()), "media_name_unsafe", "{name}");
    }
    for media in ["{", "[]", "{\"x\":\"a\"}", "{\"0\":7}"] {
        let bytes = zip(&[("collection.anki2", &collection), ("media", media.as_bytes())]);
        assert_eq!(refused(&bytes, Limits::default()), "media_list_damaged", "{media}");
    }
}

#[test]
fn a_media_file_that_is_missing_long_or_damaged_harms_no_other() {
    let long = vec![7; 3_000];
    let media = br#"{"0":"good","1":"long","2":"missing"}"#;
    let bytes = zip(&[("collection.anki2", &collection("")), ("media", media), ("0", b"good"), ("1", &long)]);
    let limits = Limits { media_file_bytes: 2_000, media_total_bytes: 7, ..Limits::default() };
    let (mut package, _work) = opened(&bytes, limits).unwrap();
    assert!(matches!(package.copy_media(1, &mut sink()), Err(MediaError::TooLong { .. })));
    assert!(matches!(package.copy_media(2, &mut sink()), Err(MediaError::Missing)));
    assert!(matches!(package.copy_media(9, &mut sink()), Err(MediaError::Missing)));
    assert_eq!(package.copy_media(0, &mut sink()).unwrap(), 4);
    // Seven bytes were allowed in all.
    assert!(matches!(package.copy_media(0, &mut sink()), Err(MediaError::TooLong { max: 3 })));
}

#[test]
fn media_that_grow_far_beyond_their_package_are_ended_and_no_more_of_them_come() {
    let zeros = vec![0; 2_000_000];
    let media = br#"{"0":"a","1":"b","2":"c","3":"missing"}"#;
    let (collection_now, names) = (collection(""), ["0", "1", "2"]);
    let head: [(&str, &[u8]); 2] = [("collection.anki2", &collection_now), ("media", media)];
    let entries: Vec<(&str, &[u8])> =
        head.into_iter().chain(names.map(|name| (name, zeros.as_slice()))).collect();
    let honest = zip(&entries);
    let limits = Limits { media_free_bytes: 5_000_000, ..Limits::default() };
    assert!((honest.len() as u64) * anki::limits::MEDIA_RATIO_MAX < limits.media_free_bytes);
    assert_eq!(refused(&honest, limits), "package_too_large");
    // One whose list states less: three bytes each.
    let list = ["a", "b", "c"].map(|name| [0x0a, 5, 0x0a, 1, name.as_bytes()[0], 0x10, 3]).concat();
    let (list, zeros, collection_packed) = (zstd(&list), zstd(&zeros), zstd(&collection_now));
    let head: [(&str, &[u8]); 3] =
        [("meta", META), ("collection.anki21b", &collection_packed), ("media", &list)];
    let entries: Vec<(&str, &[u8])> =
        head.into_iter().chain(names.map(|name| (name, zeros.as_slice()))).collect();
    let (mut package, _work) = opened(&zip(&entries), limits).unwrap();
    // Whoever reads a file again takes no more out of the package.
    for nth in [0, 0, 0, 0, 1] {
        let lie = package.copy_media(nth, &mut sink());
        assert!(matches!(lie, Err(MediaError::OtherLength { found: 2_000_000, stated: 3 })), "{lie:?}");
    }
    for nth in [2, 0] {
        let refused = package.copy_media(nth, &mut sink());
        assert!(matches!(refused, Err(MediaError::Inflated { max: 5_000_000 })), "{refused:?}");
    }
    // What cannot be packed is no bomb, however long it is.
    let noise: Vec<u8> =
        (0_u64..400_000).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
    let bytes = zip(&[("collection.anki2", &collection("")), ("media", br#"{"0":"a"}"#), ("0", &noise)]);
    let (mut package, _work) = opened(&bytes, Limits { media_free_bytes: 0, ..Limits::default() }).unwrap();
    assert_eq!(package.copy_media(0, &mut sink()).unwrap(), noise.len() as u64);
}

#[test]
fn a_media_file_has_the_length_that_its_list_states() {
    // "a": 3 bytes are stated.
    let list = zstd(&[0x0a, 5, 0x0a, 1, b'a', 0x10, 3]);
    let with = |bytes: &[u8]| {
        let collection = zstd(&collection(""));
        let entries: [(&str, &[u8]); 4] =
            [("meta", META), ("collection.anki21b", &collection), ("media", &list), ("0", &zstd(bytes))];
        let (mut package, _work) = opened(&zip(&entries), Limits::default()).unwrap();
        package.copy_media(0, &mut sink())
    };
    assert_eq!(with(b"abc").unwrap(), 3);
    assert!(matches!(with(b"abcd"), Err(MediaError::OtherLength { found: 4, stated: 3 })));
}

#[cfg(unix)]
#[test]
fn a_link_in_a_profile_leads_nowhere() {
    let (profile, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(profile.path().join("secret"), "x").unwrap();
    std::fs::write(profile.path().join("collection.anki2"), collection("")).unwrap();
    let media = profile.path().join("collection.media");
    std::fs::create_dir(&media).unwrap();
    std::os::unix::fs::symlink(profile.path().join("secret"), media.join("a.png")).unwrap();
    let package = Package::open(profile.path(), work.path(), Limits::default()).unwrap();
    assert!(package.media().is_empty());
    assert_eq!(package.media_left_out(), 1);
    std::fs::remove_file(profile.path().join("collection.anki2")).unwrap();
    std::os::unix::fs::symlink(profile.path().join("secret"), profile.path().join("collection.anki2"))
        .unwrap();
    let refused = Package::open(profile.path(), work.path(), Limits::default());
    assert_eq!(refused.map(|_| ()).unwrap_err().code(), "no_collection");
}
