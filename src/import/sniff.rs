//! Which character stands between columns.

use super::columns::is_header;
use super::limits::SNIFFED_RECORDS;
use super::records::Records;
use std::collections::BTreeMap;

/// The candidates; of two that fit equally well the first is taken.
const CANDIDATES: [u8; 4] = [b'\t', b';', b',', b'|'];

/// The delimiter of this name, as people and Anki write it, or the character itself. It is one ASCII character, and
/// none that means something else.
pub fn delimiter_named(name: &str) -> Option<u8> {
    match name.trim_matches([' ', '\r', '\n']).to_ascii_lowercase().as_str() {
        "tab" | "\\t" | "\t" => Some(b'\t'),
        "comma" => Some(b','),
        "semicolon" => Some(b';'),
        "pipe" => Some(b'|'),
        "colon" => Some(b':'),
        "space" => Some(b' '),
        "" if name.contains(' ') => Some(b' '),
        one => match one.as_bytes() {
            [byte] if byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'#') => Some(*byte),
            _ => None,
        },
    }
}

/// The delimiter that divides the beginning of a file most evenly. `whole`: the text is the whole file.
pub(super) fn sniff(head: &str, whole: bool, default: u8) -> u8 {
    let mut best = (0, default);
    for candidate in CANDIDATES {
        let score = score(head, whole, candidate);
        if score > best.0 {
            best = (score, candidate);
        }
    }
    best.1
}

/// How well a delimiter fits, from 0; what never divides does not fit.
fn score(head: &str, whole: bool, delimiter: u8) -> u32 {
    let mut widths: BTreeMap<usize, u32> = BTreeMap::new();
    let (mut cells, mut spaced, mut header, mut seen) = (0, 0, false, 0);
    let mut records = Records::new(delimiter, 1);
    let each = |record: &super::records::Record<'_>| {
        if record.is_blank() {
            return Ok(());
        }
        if seen == 0 {
            header = is_header(&record.fields);
        }
        seen += 1;
        *widths.entry(record.columns).or_default() += 1;
        for cell in record.fields.iter().skip(1).filter(|cell| !cell.is_empty()) {
            cells += 1;
            spaced += u32::from(cell.starts_with(' '));
        }
        if seen == SNIFFED_RECORDS { Err(()) } else { Ok(()) }
    };
    // Stopping at enough records is no failure; nor is, here, a quote that is not closed within the head.
    let enough = records.feed(head, each).is_err();
    if (whole || widths.is_empty()) && !enough && records.columns_so_far() > 1 {
        *widths.entry(records.columns_so_far()).or_default() += 1;
    }
    let total: u32 = widths.values().sum();
    let Some((_, most)) = widths.iter().filter(|(width, _)| **width > 1).max_by_key(|(_, count)| **count)
    else {
        return 0;
    };
    // A delimiter is seldom followed by a blank; a comma or semicolon within a sentence nearly always is.
    let evenness = 1_000 * most / total.max(1);
    let like_prose = if cells == 0 { 0 } else { 400 * spaced / cells };
    evenness.saturating_sub(like_prose).max(1) + if header { 500 } else { 0 }
}
