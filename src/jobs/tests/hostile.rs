//! Files that were made to do harm.

use super::*;
use std::fs;

/// Each file is named for what becomes of it.
#[tokio::test]
async fn each_hostile_package_fails_with_its_code_and_leaves_nothing() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("anki/tests/corpus");
    let mut tried = 0;
    for file in fs::read_dir(corpus).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let code = name.split('-').next().unwrap();
        // What only takes long is tried where reading may take less.
        if matches!(code, "read" | "not_a_package" | "collection_too_slow") {
            continue;
        }
        let rig = Rig::new();
        // As what it says to be: by its head some of these are nothing at all.
        let record = rig.import_as("anki", &fs::read(&path).unwrap(), "x.apkg").await;
        let failure = Outcome::of(&record.outcome).failure;
        let told = failure.map(|failure| failure.code).unwrap_or_default();
        // What is too large is made to be so for bounds that are narrower.
        assert!(
            told == code || code == "package_too_large" && !told.is_empty(),
            "{name}: {}",
            record.outcome
        );
        assert_eq!(record.phase, ImportPhase::Failed, "{name}");
        let all = DeckQuery { owner: Some(rig.owner), with_deleted: true, ..DeckQuery::default() };
        assert_eq!(rig.store.decks(all).await.unwrap(), [], "{name}");
        assert!(rig.log().await.is_empty() && !rig.has_files(record.job), "{name}");
        tried += 1;
    }
    assert!(tried >= 10);
}

#[tokio::test]
async fn a_package_whose_media_are_far_longer_than_itself_fails_before_anything_comes_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.apkg");
    fs::write(&path, fixture("legacy2.apkg")).unwrap();
    let mut zip = ::anki::GuardedZip::open(fs::File::open(&path).unwrap(), u64::MAX, 100).unwrap();
    let mut collection = Vec::new();
    zip.unpack("collection.anki21", u64::MAX, &mut collection).unwrap();
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(31 * 1024 * 1024, 0);
    let entries = ["0", "1", "2", "3", "4"].map(|name| (name, picture.as_slice()));
    let media = br#"{"0":"a.png","1":"b.png","2":"c.png","3":"d.png","4":"e.png"}"#.as_slice();
    let parts = [("collection.anki21", collection.as_slice()), ("media", media)];
    let package = ::anki::write_zip(parts.into_iter().chain(entries)).unwrap();
    let rig = Rig::new();
    let record = rig.import_as("anki", &package, "x.apkg").await;
    let failure = Outcome::of(&record.outcome).failure.unwrap();
    assert_eq!((record.phase, failure.code.as_str()), (ImportPhase::Failed, "package_too_large"));
    assert!(record.outcome.contains("bytes of its media, unpacked"), "{}", record.outcome);
    let all = DeckQuery { owner: Some(rig.owner), with_deleted: true, ..DeckQuery::default() };
    assert_eq!(rig.store.decks(all).await.unwrap(), []);
    assert!(rig.log().await.is_empty() && !rig.has_files(record.job));
}

impl Rig {
    async fn import_as(&self, format: &str, file: &[u8], name: &str) -> ImportRecord {
        let piece = Ok::<_, String>(Bytes::copy_from_slice(file));
        let received = receive(self.jobs.folder(), stream::iter([piece])).await.unwrap();
        let importer = self.jobs.importer(format).unwrap();
        let offer = Offer {
            owner: self.owner,
            org: None,
            name: name.to_owned(),
            dry_run: false,
            options: Options::new(),
            administers: false,
        };
        let (record, _) = self.jobs.take(received, &*importer, offer).await.unwrap();
        self.ended(record.job).await
    }
}
