//! What a roster becomes, told as promises.

mod carried_out;
mod compared;
mod files;
mod hostile;
mod properties;

use super::*;
use domain::ids::{OrgId, UserId};
use kit::MemoryStore;
use ports::People;
use std::fs::File;
use std::io::Write;

/// 2025-01-01, Unix milliseconds.
const NOW_MS: i64 = 1_735_689_600_000;
const TODAY: &str = "2025-01-01";

fn org() -> OrgId {
    OrgId::from_u128(3)
}

fn admin() -> UserId {
    UserId::from_u128(0xad)
}

fn teacher() -> UserId {
    UserId::from_u128(0x7e)
}

/// An administrator's rules for a whole organisation.
fn rules() -> Rules {
    Rules { org: org(), by: admin(), administers: true, scope: Scope::Organisation, now_ms: NOW_MS }
}

/// A teacher's rules.
fn of_teacher() -> Rules {
    Rules { by: teacher(), administers: false, scope: Scope::Classes, ..rules() }
}

fn plain(text: &str) -> Roster {
    let mut reader = PlainReader::new(None, None);
    reader.feed(text.as_bytes()).unwrap();
    reader.finish().unwrap()
}

/// A file that holds these bytes, from its beginning.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn zipped(tables: &[(&str, &str)]) -> File {
    file(&anki::write_zip(tables.iter().map(|(name, text)| (*name, text.as_bytes()))).unwrap())
}

fn one_roster_of(tables: &[(&str, &str)]) -> Roster {
    read_one_roster(zipped(tables), TODAY).unwrap()
}

/// Compares a roster with what the store has, and carries it out.
async fn bring(store: &MemoryStore, roster: &Roster, rules: Rules) -> Diff {
    let known = Known::read(store, rules.org, rules.by).await.unwrap();
    let diff = diff(roster, &known, rules);
    apply(store as &dyn People, &diff, rules.now_ms, |_, _| true).await.unwrap();
    diff
}

/// New, moved, changed, gone, unchanged.
fn counted(diff: &Diff) -> [usize; 5] {
    let counts = diff.counts;
    [counts.new, counts.moved, counts.changed, counts.gone, counts.unchanged]
}

fn codes(remarks: &RosterRemarks) -> Vec<(&'static str, u64, &'static str)> {
    remarks.listed.iter().map(|remark| (remark.file, remark.line, remark.reason.code())).collect()
}
