//! Tables of cards: CSV and TSV, of spreadsheets and of programs.

use super::bring::{Brought, bring};
use super::error::JobError;
use super::filling::Filling;
use super::importer::{Importer, Options, Plan};
use super::limits::{PIECE_BYTES, REFUSED_KEPT_MAX};
use super::outcome::Outcome;
use super::planning::Planning;
use super::refused::refuse_all;
use super::sniff::Probe;
use super::spool::{Spool, Spooling};
use super::task::Task;
use super::withdraw::withdraw_cards;
use super::writing::{decks_to_make, made_json, made_of, reveal_decks};
use crate::import::offline::new_deck;
use crate::import::{
    CardReader, Delimiter, Dialect, ImportReport, Reason, Remark, Table, read_json_lines, read_table,
};
use crate::naming;
use bytes::Bytes;
use domain::ids::{DeckId, Uuid};
use futures_util::stream;
use ports::{CardRecord, DeckRecord, ImportRecord};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

/// What JSON Lines are called in `?format=`.
const JSON_LINES: &str = "jsonl";

/// Imports JSON Lines of cards, one an object.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinesImporter;

impl Importer for LinesImporter {
    fn format(&self) -> &'static str {
        JSON_LINES
    }

    fn called(&self) -> &'static str {
        "cards in JSON Lines"
    }

    fn recognises(&self, probe: &Probe<'_>) -> bool {
        probe.is_text() && (probe.ends_with(&[".jsonl", ".ndjson"]) || probe.first_line().starts_with('{'))
    }

    /// - `deck_id`: the deck that the cards come into.
    /// - `title`: without it, the title of the deck that is made; else the file's name is.
    fn parameters(&self) -> &'static [&'static str] {
        &["deck_id", "title"]
    }

    fn check(&self, options: &Options) -> Result<(), String> {
        TableImporter.check(options)
    }

    fn try_out(&self, task: &Task) -> Result<Value, JobError> {
        TableImporter.try_out(task)
    }

    fn write(&self, task: &Task) -> Result<Value, JobError> {
        TableImporter.write(task)
    }

    fn reveal(&self, task: &Task, record: &ImportRecord) -> Result<(), JobError> {
        TableImporter.reveal(task, record)
    }

    fn withdraw(&self, task: &Task, record: &ImportRecord) -> Result<Value, JobError> {
        TableImporter.withdraw(task, record)
    }
}

/// Imports tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableImporter;

impl Importer for TableImporter {
    fn format(&self) -> &'static str {
        "csv"
    }

    fn called(&self) -> &'static str {
        "a table of cards"
    }

    /// Whatever is text and nobody else's.
    fn recognises(&self, probe: &Probe<'_>) -> bool {
        probe.is_text()
    }

    /// - `deck_id`: the deck that the cards come into.
    /// - `title`: without it, the title of the deck that is made; else the file's name is.
    /// - `delimiter`, `header`: how to read the file where it is not to be found out.
    fn parameters(&self) -> &'static [&'static str] {
        &["deck_id", "title", "delimiter", "header"]
    }

    fn check(&self, options: &Options) -> Result<(), String> {
        dialect(options)?;
        match options.get("title") {
            Some(title) => naming::title(title).map(drop).map_err(|error| format!("`title`: {error}.")),
            None => Ok(()),
        }
    }

    fn try_out(&self, task: &Task) -> Result<Value, JobError> {
        let target = Target::of(task);
        let dry = match &target.blank {
            None => {
                let into = read(task)?.into_deck(&*task.tools.library, target.deck, true, task.made_ms);
                task.wait(into)?
            }
            Some(_) => each_new_card(task, target.deck, |_| Ok(()))?,
        };
        refuse_all(task, &dry.rejected, Reason::code)?;
        Ok(report(&dry, &counted(&dry), target.deck))
    }

    fn write(&self, task: &Task) -> Result<Value, JobError> {
        let Target { deck, blank } = Target::of(task);
        if let Some(blank) = blank
            && decks_to_make(task, std::iter::once(deck))?.contains(&deck)
        {
            let made = make(task, deck, blank)?;
            return Ok(report(&made, &counted(&made), deck));
        }
        let (planned, spool) = planned(task, read(task)?, deck)?;
        refuse_all(task, &planned.rejected, Reason::code)?;
        // After a restart the cards may be there already: what the first run found is what happened.
        let before = Outcome::of(&task.record().outcome).kept;
        let counts =
            if before["counts"].is_object() { before["counts"].clone() } else { counts(&counted(&planned)) };
        let is_empty = planned.added + planned.updated == 0 && before["counts"].is_null();
        if is_empty {
            return Ok(report(&planned, &counted(&planned), deck));
        }
        let mut kept = made_json(&[]);
        kept["counts"] = counts.clone();
        task.begin_writing(Plan { decks: vec![deck], learners: Vec::new(), kept })?;
        bring(task, deck, &spool, false)?;
        let mut report = report(&planned, &counted(&planned), deck);
        for figure in ["added", "updated", "unchanged"] {
            report["counts"][figure] = counts[figure].clone();
        }
        Ok(report)
    }

    fn reveal(&self, task: &Task, record: &ImportRecord) -> Result<(), JobError> {
        reveal_decks(task, record)
    }

    fn withdraw(&self, task: &Task, record: &ImportRecord) -> Result<Value, JobError> {
        withdraw_cards(task, record, &made_of(record))
    }
}

/// The deck that the cards come into.
struct Target {
    deck: DeckId,
    /// The record of one that is to be made.
    blank: Option<DeckRecord>,
}

impl Target {
    fn of(task: &Task) -> Target {
        if let Some(deck) = task.deck() {
            return Target { deck, blank: None };
        }
        // The same job makes the same deck in every run.
        let deck = DeckId(Uuid::new_v5(&task.job.0, b"deck"));
        let name = task.name();
        let stem = Path::new(&name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let title = task.option("title").unwrap_or(stem);
        let title = naming::title(title).unwrap_or_else(|_| "Imported".to_owned());
        let path = naming::path_of(&title);
        Target { deck, blank: Some(new_deck(deck, task.owner, task.org, &path, &title, task.made_ms)) }
    }
}

fn dialect(options: &Options) -> Result<Dialect, String> {
    let delimiter = match options.get("delimiter") {
        None => None,
        Some(name) => Some(name.parse::<Delimiter>().map_err(|_| {
            "`delimiter` is tab, comma, semicolon, pipe, or one punctuation character.".to_owned()
        })?),
    };
    let header = match options.get("header").map(String::as_str) {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err("`header` is true or false.".to_owned()),
    };
    Ok(Dialect { delimiter, header })
}

/// The bytes of the file, a piece at a time; says how far it is.
fn each_piece(task: &Task, mut each: impl FnMut(&[u8]) -> Result<(), JobError>) -> Result<(), JobError> {
    let mut file = File::open(task.file())?;
    let total = file.metadata()?.len();
    let (mut piece, mut done) = (vec![0; PIECE_BYTES], 0);
    loop {
        task.progress(done, total)?;
        let length = match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        each(piece.get(..length).unwrap_or_default())?;
        done += length as u64;
    }
}

fn asked_dialect(task: &Task) -> Result<Dialect, JobError> {
    dialect(&task.asked.options).map_err(|why| JobError::refused("options", why))
}

/// All of the file: what is compared with a deck that was there before.
fn read(task: &Task) -> Result<Table, JobError> {
    let dialect = asked_dialect(task)?;
    let mut file = File::open(task.file())?;
    let total = file.metadata()?.len();
    let pieces = std::iter::from_fn(move || {
        let mut piece = vec![0; PIECE_BYTES];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(Ok(Bytes::from(piece)))
            }
            Err(error) => Some(Err(error)),
        }
    });
    task.progress(0, total)?;
    if task.record().format == JSON_LINES {
        return Ok(task.wait(read_json_lines(stream::iter(pieces), REFUSED_KEPT_MAX))?);
    }
    Ok(task.wait(read_table(stream::iter(pieces), dialect, REFUSED_KEPT_MAX))?)
}

/// Shows every card that the file would make in a deck that has none; none of them is kept.
fn each_new_card(
    task: &Task,
    deck: DeckId,
    mut each: impl FnMut(CardRecord) -> Result<(), JobError>,
) -> Result<ImportReport, JobError> {
    let mut reader = match task.record().format == JSON_LINES {
        true => CardReader::of_json_lines(REFUSED_KEPT_MAX, deck, task.made_ms),
        false => CardReader::new(asked_dialect(task)?, REFUSED_KEPT_MAX, deck, task.made_ms),
    };
    each_piece(task, |piece| reader.feed(piece)?.try_for_each(&mut each))?;
    let (last, report) = reader.finish()?;
    last.into_iter().try_for_each(each)?;
    Ok(report)
}

/// Makes a deck of the file: it is filled while the rest is read. A file without a card makes none.
fn make(task: &Task, deck: DeckId, blank: DeckRecord) -> Result<ImportReport, JobError> {
    let (mut filling, mut blank) = (Filling::of_distinct(task), Some(blank));
    let read = each_new_card(task, deck, |card| {
        if let Some(blank) = blank.take() {
            filling.begin(blank);
        }
        filling.card(card)
    });
    let filled = if read.is_ok() { filling.finish().map(drop) } else { Ok(()) };
    // What was handed over before a fault is not stored behind the back of whoever takes it back.
    filling.settle();
    let report = read?;
    filled?;
    refuse_all(task, &report.rejected, Reason::code)?;
    Ok(report)
}

/// What the file would change in a deck that was there before; the cards are on the disk.
fn planned(task: &Task, table: Table, deck: DeckId) -> Result<(ImportReport, Spool), JobError> {
    let path = task.work().join("cards");
    let library = Planning::new(Arc::clone(&task.tools.library), path.clone());
    let report = task.wait(table.into_deck(&library, deck, false, task.made_ms))?;
    let spool = match Spool::open(&path) {
        Ok(spool) => spool,
        // Nothing was to be stored.
        Err(_) => Spooling::create(&path)?.finish(false)?,
    };
    Ok((report, spool))
}

fn counted(report: &ImportReport) -> Brought {
    Brought { added: report.added, updated: report.updated, unchanged: report.unchanged }
}

fn counts(brought: &Brought) -> Value {
    json!({ "added": brought.added, "updated": brought.updated, "unchanged": brought.unchanged })
}

fn report(found: &ImportReport, brought: &Brought, deck: DeckId) -> Value {
    let remark = |remark: &Remark| {
        json!({
            "line": remark.line, "column": remark.column, "reason": remark.reason.code(),
            "message": remark.reason.to_string(),
        })
    };
    let mut counts = counts(brought);
    counts["rejected"] = json!(found.rejected.total);
    counts["changed"] = json!(found.changed.total);
    json!({
        "counts": counts,
        "deck_id": deck.0,
        "changed": found.changed.listed.iter().map(remark).collect::<Vec<_>>(),
    })
}
