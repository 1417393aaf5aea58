//! Tables of cards: CSV and TSV, of spreadsheets and of programs.

use super::ahead::ahead;
use super::bring::{Brought, bring};
use super::error::JobError;
use super::importer::{Importer, Options, Plan};
use super::limits::REFUSED_KEPT_MAX;
use super::outcome::Outcome;
use super::refused::refuse_all;
use super::sniff::Probe;
use super::spool::{Spool, Spooled, Spooling};
use super::task::Task;
use super::withdraw::withdraw_cards;
use super::writing::{decks_to_make, made_json, made_of, make_hidden, reveal_decks};
use crate::import::offline::new_deck;
use crate::import::{Delimiter, Dialect, ImportReport, Reason, Remark, Table, read_json_lines, read_table};
use crate::naming;
use bytes::Bytes;
use domain::ids::{DeckId, Uuid};
use futures_util::stream;
use ports::library::{CardSource, RequestDigest};
use ports::{
    Boxed, CardQuery, CardRecord, DeckContent, DeckQuery, DeckRecord, ImportRecord, Library, LibraryError,
};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

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
        let table = read(task)?;
        let target = Target::of(task);
        let dry = match &target.blank {
            None => {
                let tried = table.into_deck(&*task.tools.library, target.deck, true, task.made_ms);
                task.wait(tried)?
            }
            Some(blank) => {
                let tried = table.into_new_deck(&*task.tools.library, blank.clone(), true, task.made_ms);
                task.wait(tried)?.1
            }
        };
        refuse_all(task, &dry.rejected, Reason::code)?;
        Ok(report(&dry, &counted(&dry), target.deck))
    }

    fn write(&self, task: &Task) -> Result<Value, JobError> {
        let table = read(task)?;
        let target = Target::of(task);
        let deck = target.deck;
        let made = match &target.blank {
            Some(_) => decks_to_make(task, std::iter::once(deck))?,
            None => Vec::new(),
        };
        let before = Outcome::of(&task.record().outcome).kept;
        let (planned, source) = planned(task, table, &target, !made.is_empty())?;
        refuse_all(task, &planned.rejected, Reason::code)?;
        // After a restart the cards may be there already: what the first run found is what happened.
        let counts =
            if before["counts"].is_object() { before["counts"].clone() } else { counts(&counted(&planned)) };
        let is_empty = planned.added + planned.updated == 0 && before["counts"].is_null();
        if is_empty {
            return Ok(report(&planned, &counted(&planned), deck));
        }
        let mut kept = made_json(&made);
        kept["counts"] = counts.clone();
        task.begin_writing(Plan { decks: vec![deck], learners: Vec::new(), kept })?;
        make_hidden(task, target.blank.into_iter().collect(), &made)?;
        match source {
            Source::Compared(spool) => drop(bring(task, deck, &spool, false)?),
            Source::New(cards) => fill(task, deck, cards)?,
        }
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

fn read(task: &Task) -> Result<Table, JobError> {
    let dialect = dialect(&task.asked.options).map_err(|why| JobError::refused("options", why))?;
    let mut file = File::open(task.file())?;
    let total = file.metadata()?.len();
    let mut done: u64 = 0;
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
    let pieces = pieces.inspect(|piece| {
        done += piece.as_ref().map_or(0, |piece: &Bytes| piece.len() as u64);
    });
    task.progress(0, total)?;
    if task.record().format == JSON_LINES {
        return Ok(task.wait(read_json_lines(stream::iter(pieces), REFUSED_KEPT_MAX))?);
    }
    Ok(task.wait(read_table(stream::iter(pieces), dialect, REFUSED_KEPT_MAX))?)
}

/// The cards that are to be stored, as they are to be.
enum Source {
    /// Of a deck that was there before, on the disk: it is compared once more.
    Compared(Spool),
    /// Of a deck that this job makes and nobody sees: there is nothing to compare.
    New(CardSource),
}

/// What the file would change in the deck.
fn planned(
    task: &Task,
    table: Table,
    target: &Target,
    is_new: bool,
) -> Result<(ImportReport, Source), JobError> {
    let path = task.work().join("cards");
    let library = Planning {
        library: Arc::clone(&task.tools.library),
        path: path.clone(),
        blank: target.blank.clone(),
        is_new,
        cards: Mutex::default(),
    };
    let report = task.wait(table.into_deck(&library, target.deck, false, task.made_ms))?;
    if is_new {
        let cards = library.cards.into_inner().unwrap_or_else(PoisonError::into_inner);
        return Ok((report, Source::New(cards.unwrap_or_else(|| Box::new(std::iter::empty())))));
    }
    let spool = match Spool::open(&path) {
        Ok(spool) => spool,
        // Nothing was to be stored.
        Err(_) => Spooling::create(&path)?.finish(false)?,
    };
    Ok((report, Source::Compared(spool)))
}

/// Stores the cards of a deck that this job makes. Those of an earlier run are there just so.
fn fill(task: &Task, deck: DeckId, cards: CardSource) -> Result<(), JobError> {
    let (cards, whole) = ahead(cards);
    task.wait(task.tools.library.put_cards_from(deck, cards, None, task.now_ms()))?;
    whole.check()
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

/// A library that keeps what is to be stored instead: of a deck that was there on the disk, of a new one as it comes. A deck
/// that is not there yet, or hidden, is an empty or an ordinary one to whoever plans.
struct Planning {
    library: Arc<dyn Library>,
    path: std::path::PathBuf,
    blank: Option<DeckRecord>,
    is_new: bool,
    /// The cards of a new deck.
    cards: Mutex<Option<CardSource>>,
}

impl Library for Planning {
    fn put_deck(
        &self,
        deck: DeckRecord,
        _: Option<u64>,
        _: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        Box::pin(async move { Ok(deck) })
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Box::pin(async move {
            let known = self.library.deck(id).await?;
            if !self.is_new {
                return Ok(known);
            }
            let shown = |deck| DeckRecord { deleted_ms: None, ..deck };
            Ok(known.or_else(|| self.blank.clone()).map(shown))
        })
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        self.library.decks(query)
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        Box::pin(async move {
            let revision =
                self.put_cards_from(deck, Box::new(cards.clone().into_iter()), if_revision, now_ms).await?;
            Ok((revision, cards))
        })
    }

    fn put_cards_from(
        &self,
        _: DeckId,
        cards: CardSource,
        if_revision: Option<u64>,
        _: i64,
    ) -> Boxed<'_, Result<u64, LibraryError>> {
        Box::pin(async move {
            if self.is_new {
                *self.cards.lock().unwrap_or_else(PoisonError::into_inner) = Some(cards);
                return Ok(if_revision.unwrap_or(0));
            }
            let spool = || {
                let mut spooling = Spooling::create(&self.path)?;
                for card in cards {
                    spooling.push(&Spooled { revision: 0, ..Spooled::of(card) })?;
                }
                spooling.finish(false)
            };
            let spooled = spool().map_err(|error: std::io::Error| {
                ports::StoreError::new(ports::Cause::Unavailable, format!("cards on the disk: {error}"))
            });
            spooled?;
            Ok(if_revision.unwrap_or(0))
        })
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.library.note_request(key, asks, now_ms)
    }

    fn card(
        &self,
        deck: DeckId,
        card: domain::ids::CardId,
    ) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        self.library.card(deck, card)
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.library.cards(deck, query)
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        self.library.content(deck)
    }
}
