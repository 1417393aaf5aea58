//! What a file of review history becomes, told as promises.

use super::*;
use crate::import::{FileFault, Remark, Stamps, identity_of};
use domain::day::ZoneHistory;
use domain::entry::{Body, LogEntry};
use domain::ids::{CardId, DeckId, JobId};
use ports::CardRecord;
use proptest::prelude::*;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The latest moment of an answer: 2024-01-01.
const NOW_MS: i64 = 1_704_067_200_000;

fn card(n: u128, front: &str, guid: Option<&str>) -> CardRecord {
    CardRecord {
        id: CardId::from_u128(n),
        deck: DeckId::from_u128(9),
        position: u32::try_from(n).unwrap(),
        note: None,
        front: front.to_owned(),
        back: "x".to_owned(),
        hint: None,
        explanation: None,
        tags: Vec::new(),
        accept: Vec::new(),
        source_key: guid.map_or_else(|| identity_of(front), |guid| format!("guid:{guid}")),
        revision: 0,
        created_ms: 0,
        updated_ms: 0,
        deleted_ms: None,
    }
}

fn index() -> CardIndex {
    let mut index = CardIndex::default();
    let cards = [
        card(1, "der Hund", Some("g-1")),
        card(2, "die Katze", Some("g-2")),
        card(3, "2 &lt; 3", None),
        card(4, "twice", Some("g-4")),
        card(5, "twice", Some("g-5")),
        CardRecord { deleted_ms: Some(1), ..card(6, "nowhere", None) },
    ];
    cards.iter().for_each(|card| index.add(card));
    index
}

fn options(form: ReviewForm) -> ReviewOptions {
    ReviewOptions { form, now_ms: NOW_MS, ..ReviewOptions::default() }
}

/// The entries of a file, fed in pieces that end at these places.
fn read_cut(
    options: ReviewOptions,
    bytes: &[u8],
    cuts: &[usize],
) -> Result<(Vec<LogEntry>, ReviewReport), FileFault> {
    let mut reader = ReviewReader::new(options, index());
    let (job, mut stamps) = (JobId::from_u128(7), Stamps::new(ZoneHistory::new()));
    let mut entries = Vec::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&bytes.len()]) {
        let cut = cut.clamp(from, bytes.len());
        let run = reader.feed(&bytes[from..cut])?.unwrap_or_default();
        entries.extend(run.entries(reader.cards(), job, &mut stamps));
        from = cut;
    }
    let (run, cards, report) = reader.finish()?;
    entries.extend(run.entries(&cards, job, &mut stamps));
    Ok((entries, report))
}

/// What is said about a file, one line a fact.
fn told(options: ReviewOptions, bytes: &[u8]) -> String {
    let (entries, report) = match read_cut(options, bytes, &[]) {
        Ok(read) => read,
        Err(fault) => return format!("fault in line {}: {}\n", fault.line, fault.fault.code()),
    };
    let mut told = String::new();
    for entry in entries {
        let Body::Review(review) = entry.body else { panic!("{entry:?}") };
        let card = u128::from_be_bytes(*review.card.bytes());
        let (grade, elapsed_ms) = (review.grade.number(), review.elapsed_ms);
        let manner =
            [(review.early, ", early"), (review.told, ", told")].map(|(is, word)| if is { word } else { "" });
        let at_ms = entry.id.at_ms();
        let _ = writeln!(told, "card {card} at {at_ms} grade {grade}, {elapsed_ms} ms{}", manner.concat());
    }
    let _ = writeln!(
        told,
        "{} answers, {} repeated, {} ignored",
        report.answers, report.repeated, report.ignored
    );
    let line = |what: &str, remark: &Remark<ReviewReason>| {
        format!("{what} line {} column {}: {}\n", remark.line, remark.column, remark.reason.code())
    };
    told.extend(report.rejected.listed.iter().map(|remark| line("rejected", remark)));
    told.extend(report.changed.listed.iter().map(|remark| line("changed", remark)));
    told
}

#[test]
fn of_every_file_is_said_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/reviews");
    let (mut seen, mut wrong) = (0, String::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let form = match extension.as_deref() {
            Some("jsonl") => ReviewForm::JsonLines,
            Some("report") => continue,
            _ => ReviewForm::Table,
        };
        let wanted = fs::read_to_string(path.with_extension("report")).unwrap_or_default();
        let told = told(options(form), &fs::read(&path).unwrap());
        if told != wanted {
            let _ = writeln!(wrong, "{}:\n{told}", path.display());
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen >= 7, "{seen} files were found");
}

#[test]
fn numbers_are_ankis_buttons_only_where_that_is_said() {
    let file = b"front,time,grade\nder Hund,1700000000,2\n";
    let grade = |scale| {
        let options = ReviewOptions { scale, ..options(ReviewForm::Table) };
        let (entries, _) = read_cut(options, file, &[]).unwrap();
        entries[0].review().map(|review| review.grade.number())
    };
    assert_eq!((grade(Scale::Sm2), grade(Scale::Anki)), (Some(2), Some(3)));
}

#[test]
fn the_order_of_a_file_makes_no_difference_and_an_answer_twice_is_one() {
    let rows = ["der Hund,1700000300,4\n", "die Katze,1700000200,1\n", "der Hund,1700000100,5\n"];
    let file = |order: &[usize]| {
        let rows: String = order.iter().map(|at| rows[*at]).collect();
        read_cut(options(ReviewForm::Table), format!("front,time,grade\n{rows}").as_bytes(), &[]).unwrap()
    };
    let (sorted, _) = file(&[2, 1, 0]);
    assert!(sorted.is_sorted_by_key(|entry| entry.id));
    assert_eq!(file(&[0, 1, 2]).0, sorted);
    let (twice, report) = file(&[0, 1, 2, 0]);
    assert_eq!((twice, report.answers, report.repeated), (sorted, 4, 1));
}

#[test]
fn what_an_answer_is_called_does_not_depend_on_how_its_card_was_named() {
    let id = |file: &str| read_cut(options(ReviewForm::Table), file.as_bytes(), &[]).unwrap().0[0].id;
    let by_front = id("front,time,grade\nder Hund,1700000000,4\n");
    assert_eq!(id("guid,time,grade\ng-1,2023-11-14T22:13:20Z,4\n"), by_front);
    assert_eq!(id("card,at,grade\n00000000-0000-0000-0000-000000000001,1700000000000,4\n"), by_front);
}

#[test]
fn a_review_history_is_told_from_cards_and_people() {
    assert_eq!(recognise(b"\n{\"card\":\"x\",\"at\":1,\"grade\":2}\n"), Some(ReviewForm::JsonLines));
    assert_eq!(recognise(b"Karte;Zeit;Ergebnis\nx;1;2\n"), Some(ReviewForm::Table));
    assert_eq!(recognise(b"\xef\xbb\xbffront,time,grade\n\"unclosed"), Some(ReviewForm::Table));
    let others =
        [&b"front,back\na,b\n"[..], b"{\"front\":\"a\",\"back\":\"b\"}\n", b"", b"name,id\n", b"PK\x03\x04"];
    assert!(others.iter().all(|head| recognise(head).is_none()));
}

/// Pieces of files: what a reader may trip over.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"front,time,grade\n",
        b"der Hund,1700000000,4\n",
        b"{\"front\":\"der Hund\",\"time\":1700000000,\"grade\":4}\n",
        b"{\"front\":",
        b"\"",
        b",",
        b"\n",
        b"\r",
        b"2023-11-14T22:13:20Z",
        b"99999999999999999999",
        b"-1",
        b"\xff\xfe",
        b"\xc3\xa4",
        b"\xff",
        b"\0",
    ];
    prop_oneof![
        prop::sample::select(known).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..6)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn how_a_file_is_cut_makes_no_difference_and_no_bytes_make_it_panic(
        scraps in prop::collection::vec(scrap(), 0..40),
        mut cuts in prop::collection::vec(0_usize..400, 0..8),
        is_table in any::<bool>(),
        with_header in any::<bool>(),
    ) {
        cuts.sort_unstable();
        let header = if with_header && is_table { &b"front,time,grade\n"[..] } else { b"" };
        let file = [header, &scraps.concat()].concat();
        let options = options(if is_table { ReviewForm::Table } else { ReviewForm::JsonLines });
        prop_assert_eq!(read_cut(options, &file, &cuts), read_cut(options, &file, &[]));
    }

    #[test]
    fn every_answer_that_is_written_is_read_as_it_was(
        answers in prop::collection::vec((1_u128..=3, 1_i64..NOW_MS, 0_u8..=5, any::<u32>()), 0..20),
        is_table in any::<bool>(),
    ) {
        let row = |(card, at_ms, grade, elapsed_ms): &(u128, i64, u8, u32)| {
            let card = CardId::from_u128(*card);
            if is_table {
                return format!("{at_ms},{card},{elapsed_ms},{grade}\n");
            }
            let object = serde_json::json!({"at": at_ms, "card_id": card.to_string(), "elapsed_ms": elapsed_ms, "grade": grade});
            format!("{object}\n")
        };
        let rows: String = answers.iter().map(row).collect();
        let header = if is_table { "at,card_id,elapsed_ms,grade\n" } else { "" };
        let options = options(if is_table { ReviewForm::Table } else { ReviewForm::JsonLines });
        let (entries, _) = read_cut(options, format!("{header}{rows}").as_bytes(), &[]).unwrap();
        let mut wanted: Vec<_> = answers
            .iter()
            .map(|(card, at_ms, grade, elapsed_ms)| {
                (review_id(CardId::from_u128(*card), *at_ms), *grade, *elapsed_ms)
            })
            .collect();
        wanted.sort_by_key(|answer| answer.0);
        wanted.dedup_by_key(|answer| answer.0);
        let read: Vec<_> = entries
            .iter()
            .map(|entry| (entry.id, entry.review().map(|r| (r.grade.number(), r.elapsed_ms))))
            .map(|(id, review)| (id, review.map_or(9, |r| r.0), review.map_or(0, |r| r.1)))
            .collect();
        prop_assert_eq!(read, wanted);
    }
}
