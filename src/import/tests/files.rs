//! Every file in `tests/files/csv` and `tests/files/jsonl`, with what is said about it beside it.

use crate::import::gather::{Gathered, Gathering};
use crate::import::limits::REPORTED_MAX;
use crate::import::{Dialect, FileFault, Remark};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(kind)
}

fn gathered(mut gathering: Gathering, bytes: &[u8]) -> Result<Gathered, FileFault> {
    gathering.feed(bytes)?;
    gathering.finish()
}

/// What is said about a file, one line a fact.
fn told(gathering: Gathering, bytes: &[u8]) -> String {
    let gathered = match gathered(gathering, bytes) {
        Ok(gathered) => gathered,
        Err(fault) => return format!("fault in line {}: {}\n", fault.line, fault.fault.code()),
    };
    let mut told = String::new();
    for card in gathered.cards.iter() {
        let texts = &card.texts;
        let mut line = format!("card {:?} -> {:?}", texts.front, texts.back);
        let more = [("hint", &texts.hint), ("explanation", &texts.explanation)];
        for (name, text) in more.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
            let _ = write!(line, ", {name} {text:?}");
        }
        if !card.tags.is_empty() {
            let _ = write!(line, ", tags {}", card.tags.join(" "));
        }
        if card.source_key.starts_with("guid:") {
            let _ = write!(line, ", {}", card.source_key);
        }
        let _ = writeln!(told, "{line}");
    }
    told.push_str(&remarks("rejected", &gathered.rejected.listed));
    told.push_str(&remarks("changed", &gathered.changed.listed));
    told
}

fn remarks(what: &str, remarks: &[Remark]) -> String {
    let line = |remark: &Remark| {
        format!("{what} line {} column {}: {}\n", remark.line, remark.column, remark.reason.code())
    };
    remarks.iter().map(line).collect()
}

#[test]
fn of_every_file_is_said_what_stands_beside_it() {
    assert!(files_told("csv", || Gathering::new(Dialect::default(), REPORTED_MAX)) >= 30);
    assert!(files_told("jsonl", || Gathering::of_json_lines(REPORTED_MAX)) >= 8);
}

/// Compares what is said about each file; how many there are.
fn files_told(kind: &str, gathering: fn() -> Gathering) -> usize {
    let (mut seen, mut wrong) = (0, String::new());
    for entry in fs::read_dir(folder(kind)).unwrap() {
        let path = entry.unwrap().path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden || path.extension().is_some_and(|extension| extension == "report") {
            continue;
        }
        let wanted = fs::read_to_string(path.with_extension("report")).unwrap_or_default();
        let told = told(gathering(), &fs::read(&path).unwrap());
        if told != wanted {
            let _ = writeln!(wrong, "{}:\n{told}", path.display());
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    seen
}
