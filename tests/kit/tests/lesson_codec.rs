//! The bytes of a lesson's record and report.

use domain::ids::{AskId, CardId, ClassId, DeckId, LessonId, UserId};
use domain::lesson::cell::{Newest, Said, Tally, Vote, WrongAnswer};
use domain::lesson::minutes::Minute;
use domain::lesson::{Cell, CellVersion, Figures, Presence, Record, Round};
use kit::contract_lessons::{record, report};
use kit::rows::START_MS;
use ports::codec::{
    CodecError, decode_cell, decode_record, decode_report, encode_cell, encode_record, encode_report,
};

fn record_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_record(&record(1, 7), &mut bytes);
    bytes
}

fn report_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_report(&report(1, 2, START_MS), &mut bytes);
    bytes
}

#[test]
fn what_was_written_is_read() {
    assert_eq!(decode_record(&record_bytes()), Ok(record(1, 7)));
    assert_eq!(decode_report(&report_bytes()), Ok(report(1, 2, START_MS)));
}

#[test]
fn a_record_of_before_texts_were_kept_is_read_and_one_without_texts_is_written_as_then() {
    // Version, class, the document's version; no lesson, closed, no message, no question, nothing assigned, names shown.
    let document = [&[1_u8][..], &[7; 16], &[0; 8], &[0, 2, 0, 0], &[0; 4], &[0]].concat();
    // Its times; nobody removed, nothing being accepted, no first vote, nothing asked, nothing said; reported.
    let rest = [&[0_u8; 8][..], &[0], &[0; 8], &[0], &[0; 4], &[0; 4], &[0], &[0; 4], &[0; 4], &[1]].concat();
    let bytes = [document, rest].concat();
    let record = Record::new(ClassId::from_bytes([7; 16]));
    assert_eq!(decode_record(&bytes), Ok(record.clone()));
    let mut written = Vec::new();
    encode_record(&record, &mut written);
    assert_eq!(written, bytes);
}

/// Everything that a cell may hold.
fn cell() -> Cell {
    let (deck, card, ask) = (DeckId::from_u128(5), CardId::from_u128(6), AskId::from_u128(7));
    let vote = |round, said| Vote { ask, round, said, is_correct: true, reached_ms: START_MS };
    let figures = Figures {
        presence: Presence::Away,
        deck: Some(deck),
        answered: 9,
        correct: 8,
        streak: 7,
        wrong_in_a_row: 6,
        newest: Newest { count: 5, correct: 4 },
        sure_and_wrong: 3,
        elapsed_ms: 2,
        grades: [1, 2, 3, 4, 5, 6],
        last_seen_ms: START_MS,
        recall_permille: Some(900),
        unsaved: 1,
        as_of_ms: START_MS + 1,
        cards: vec![Tally { deck, card, answers: 2, wrong: 1, recall_permille: Some(17) }],
        minutes: vec![Minute { at: 29_000_000, answered: 3, correct: 2 }],
        is_whole: true,
        votes: vec![vote(Round::First, Said::Grade(4)), vote(Round::Second, Said::Response(99))],
        wrong: vec![
            WrongAnswer { card, digest: 8, text: Some("Lyon".into()), times: 2 },
            WrongAnswer { card, digest: 9, text: None, times: 1 },
        ],
    };
    let version = CellVersion { epoch: 3, n: 4 };
    Cell {
        student: UserId::from_u128(1),
        lesson: LessonId::from_u128(2),
        version,
        called_by: (5, 6),
        figures,
    }
}

#[test]
fn a_cell_is_read_as_it_was_written_and_nothing_else_is_one() {
    let mut bytes = Vec::new();
    encode_cell(&cell(), &mut bytes);
    assert_eq!(decode_cell(&bytes), Ok(cell()));
    for len in 0..bytes.len() {
        assert!(decode_cell(&bytes[..len]).is_err(), "{len}");
    }
    assert_eq!(decode_cell(&[&bytes[..], &[0]].concat()), Err(CodecError::Trailing));
    for (at, value) in (0..bytes.len()).flat_map(|at| [(at, 0), (at, 127), (at, 255)]) {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        let _ = decode_cell(&bytes);
    }
}

#[test]
fn bytes_of_another_version_are_refused() {
    for version in [0, 3, 255] {
        let (mut record, mut report) = (record_bytes(), report_bytes());
        (record[0], report[0]) = (version, version);
        assert_eq!(decode_record(&record), Err(CodecError::UnknownVersion(version)));
        assert_eq!(decode_report(&report), Err(CodecError::UnknownVersion(version)));
    }
}

#[test]
fn bytes_that_end_early_or_late_are_refused() {
    let (record, report) = (record_bytes(), report_bytes());
    for len in 0..record.len() {
        assert!(decode_record(&record[..len]).is_err(), "{len}");
    }
    for len in 0..report.len() {
        assert!(decode_report(&report[..len]).is_err(), "{len}");
    }
    assert_eq!(decode_record(&[&record[..], &[0]].concat()), Err(CodecError::Trailing));
    assert_eq!(decode_report(&[&report[..], &[0]].concat()), Err(CodecError::Trailing));
}

#[test]
fn no_byte_that_is_wrong_makes_it_fall_or_ask_for_memory() {
    for (at, value) in (0..record_bytes().len()).flat_map(|at| [(at, 0), (at, 127), (at, 255)]) {
        let mut bytes = record_bytes();
        bytes[at] = value;
        let _ = decode_record(&bytes);
    }
    for (at, value) in (0..report_bytes().len()).flat_map(|at| [(at, 0), (at, 127), (at, 255)]) {
        let mut bytes = report_bytes();
        bytes[at] = value;
        let _ = decode_report(&bytes);
    }
}
