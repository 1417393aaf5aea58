//! What commands make, and leave alone, on the disk.

use super::{LEARNER, beside, run};
use crate::study::binary::Place;

#[test]
fn commands_on_a_folder_that_is_not_there_make_none() {
    let place = Place::with_files();
    let missing = place.data.with_file_name("missing.csv");
    let (missing, good) = (missing.to_str().unwrap(), beside(&place, "good.csv", "a,b\n"));
    let backup = place.data.with_file_name("x.backup");
    run(&place, "export", &["--deck", "x", "--user", LEARNER]).refused("there is no store");
    run(&place, "verify", &[]).refused("there is no store");
    run(&place, "backup", &[backup.to_str().unwrap()]).refused("there is no store");
    run(&place, "restore", &[missing]).refused("missing.csv");
    run(&place, "restore", &[good.to_str().unwrap()]).refused("good.csv");
    run(&place, "import", &[missing, "--deck", "x", "--user", LEARNER]).refused("missing.csv");
    let folder = place.data.parent().unwrap().to_str().unwrap();
    run(&place, "import", &[folder, "--deck", "x", "--user", LEARNER]).refused("directory");
    let long = "x".repeat(500);
    for title in ["", " ", "a\nb", "\u{200b}", &long] {
        run(&place, "import", &[good.to_str().unwrap(), "--deck", title, "--user", LEARNER])
            .refused("a title is");
    }
    assert!(!place.data.exists() && !backup.exists());
}

#[test]
fn a_backup_that_was_changed_is_refused_and_a_store_is_replaced_only_by_force() {
    let place = Place::with_files();
    let import = |text: &str| {
        let file = beside(&place, "words.csv", text);
        run(&place, "import", &[file.to_str().unwrap(), "--deck", "Words", "--user", LEARNER]).done()
    };
    let export = || run(&place, "export", &["--deck", "Words", "--user", LEARNER]).done();
    import("front,back\nHund,dog\n");
    let (before, backup) = (export(), place.data.with_file_name("a.backup"));
    let file = backup.to_str().unwrap();
    run(&place, "backup", &[file]).done();
    run(&place, "backup", &[file]).refused("exists already");
    import("front,back\nHund,dog\nMaus,mouse\n");
    let whole = std::fs::read(&backup).unwrap();
    let at = whole.windows(4).position(|bytes| bytes == b"Hund").unwrap();
    let changed = [&whole[..at], b"Rind", &whole[at + 4..]].concat();
    for (what, bytes) in [("changed", &changed[..]), ("cut", &whole[..whole.len() - 1]), ("none", b"nothing")]
    {
        std::fs::write(&backup, bytes).unwrap();
        run(&place, "restore", &[file, "--force"]).refused("a.backup");
        assert!(export().contains("Maus"), "{what}: the store was touched");
    }
    std::fs::write(&backup, &whole).unwrap();
    run(&place, "restore", &[file]).refused("--force");
    assert!(export().contains("Maus"));
    run(&place, "restore", &[file, "--force"]).done();
    assert_eq!(export(), before);
    run(&place, "verify", &[]).done();
}

#[cfg(unix)]
#[test]
fn what_is_stored_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_files();
    let file = beside(&place, "words.csv", "a,b\n");
    run(&place, "import", &[file.to_str().unwrap(), "--deck", "x", "--user", LEARNER]).done();
    let backup = place.data.with_file_name("a.backup");
    run(&place, "backup", &[backup.to_str().unwrap()]).done();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.data), 0o700);
    assert_eq!(mode(&backup), 0o600);
    for entry in std::fs::read_dir(&place.data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
