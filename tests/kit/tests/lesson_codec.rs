//! The bytes of a lesson's record and report.

use kit::contract_lessons::{record, report};
use kit::rows::START_MS;
use ports::codec::{CodecError, decode_record, decode_report, encode_record, encode_report};

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
fn bytes_of_another_version_are_refused() {
    for version in [0, 2, 255] {
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
