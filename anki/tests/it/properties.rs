//! What must hold of any bytes.

use crate::crafted::{collection, zip, zstd};
use anki::fuzz::read_package;
use anki::{CardRow, Collection, Kind, Limits, Note, Notetype, Renderer, Template};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn notetype(kind: Kind, front: String, back: String) -> BTreeMap<i64, Notetype> {
    let notetype = Notetype {
        id: 1,
        name: "<N>".to_owned(),
        kind,
        fields: vec!["A".to_owned(), "B".to_owned()],
        templates: vec![Template { name: "T".to_owned(), front, back }],
        css: String::new(),
        latex_head: String::new(),
        latex_tail: String::new(),
    };
    BTreeMap::from([(1, notetype)])
}

/// A card at hand, as a collection gives it.
fn card() -> anki::Card {
    let folder = tempfile::tempdir().unwrap();
    let path = crate::crafted::write(folder.path(), &collection(""));
    let collection = Collection::open(&path, &Limits::default(), Arc::new(AtomicBool::new(false))).unwrap();
    let mut card = None;
    crate::kit::each_card(&collection, |row| card = Some(row.card));
    card.unwrap()
}

fn pieces(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(of), 0..30).prop_map(|pieces| pieces.concat())
}

const TEMPLATE: &[&str] = &[
    "{{A}}",
    "{{B}}",
    "{{#A}}",
    "{{/A}}",
    "{{^B}}",
    "{{/B}}",
    "{{FrontSide}}",
    "{{cloze:A}}",
    "{{type:B}}",
    "{{hint:A}}",
    "{{type:cloze:A}}",
    "{{furigana:kana:B}}",
    "{{text:A}}",
    "{{",
    "}}",
    "{",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<img src=",
    "\"",
    "'",
    ">",
    "<",
    "é",
    "\u{1}",
    "[sound:",
    "]",
    "{{c1}}",
    "{{Tags}}",
    "{{=<% %>=}}",
    "<%A%>",
];
const FIELD: &[&str] = &[
    "{{c1::",
    "{{c2::",
    "{{c1,2::",
    "}}",
    "::",
    "{{c",
    "image-occlusion:rect:left=.1",
    "\\(",
    "\\)",
    "<b>",
    "</b>",
    "x",
    "日本[にほん]",
    " ",
    "[",
    "]",
    "[sound:a.mp3]",
    "<img src=\"a.png\">",
    "<img src='",
    "&amp;",
    "&",
    "<br>",
    "\u{1}",
    "é",
    "[anki:tts",
    "[/anki:tts]",
    "<style>",
    "data:x",
    "\n",
    "%2",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_template_renders_any_note_or_says_why_not(
        front in pieces(TEMPLATE), back in pieces(TEMPLATE), a in pieces(FIELD), b in pieces(FIELD),
        kind in prop::sample::select(vec![Kind::Standard, Kind::Cloze, Kind::ImageOcclusion]),
    ) {
        let notetypes = notetype(kind, front, back);
        let fields = format!("{a}\u{1f}{b}");
        let note = Note { id: 1, guid: "g", notetype: 1, modified_s: 0, tags: " t ", fields: &fields };
        thread_local!(static CARD: anki::Card = card());
        let row = CardRow { card: CARD.with(|card| *card), note };
        let renderer = Renderer::new(&notetypes);
        if let Ok(card) = renderer.render(&row, "D::E", &mut |name| Some(format!("m-{name}"))) {
            for side in [card.front.as_unsafe(), card.back.as_unsafe()] {
                // What stands for the front never gets out.
                prop_assert!(!side.contains('\u{1}'), "{side:?}");
            }
            // The same once more is the same.
            let again = renderer.render(&row, "D::E", &mut |name| Some(format!("m-{name}"))).unwrap();
            prop_assert_eq!(again, card);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let work = tempfile::tempdir().unwrap();
        let _ = read_package(&bytes, work.path());
        let in_zip = zip(&[("collection.anki2", &bytes), ("media", &bytes)]);
        let _ = read_package(&in_zip, work.path());
        let packed = zstd(&bytes);
        let in_zstd = zip(&[("meta", &[8, 3]), ("collection.anki21b", &packed), ("media", &packed)]);
        let _ = read_package(&in_zstd, work.path());
    }

    #[test]
    fn a_package_with_any_byte_changed_is_read_to_an_end(
        name in prop::sample::select(vec!["legacy1.apkg", "latest.apkg"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = std::fs::read(crate::kit::fixture(name)).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let work = tempfile::tempdir().unwrap();
        let _ = read_package(&bytes, work.path());
    }

    #[test]
    fn a_collection_with_any_bytes_changed_is_read_to_an_end(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = collection("CREATE INDEX ix ON revlog (cid)");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let work = tempfile::tempdir().unwrap();
        let _ = read_package(&bytes, work.path());
    }
}

#[test]
fn every_seed_of_the_fuzzer_is_read_to_its_end_as_it_was_when_it_was_found() {
    let corpus = crate::kit::fixture("../corpus");
    let mut seen = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let work = tempfile::tempdir().unwrap();
        let read = read_package(&std::fs::read(&path).unwrap(), work.path());
        // A seed is named for what becomes of it.
        let expected = name.split('-').next().unwrap();
        assert_eq!(read.map_or_else(|code| code, |_| "read"), expected, "{name}");
        seen += 1;
    }
    assert!(seen >= 8, "the seeds are missing");
}
