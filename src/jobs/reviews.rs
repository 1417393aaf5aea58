//! Review history as jobs: answers of a table or of JSON Lines into the importer's own log.

use super::appending::Appending;
use super::error::JobError;
use super::importer::{Importer, Options, Plan};
use super::limits::{CARDS_PER_PAGE, REFUSED_KEPT_MAX};
use super::read_ahead::{Pieces, ReadAhead};
use super::refused::refuse_all;
use super::sniff::Probe;
use super::task::Task;
use crate::import::reviews::{
    CardIndex, ReviewForm, ReviewOptions, ReviewReader, ReviewReason, ReviewReport, Scale, recognise,
};
use crate::import::{Delimiter, Remark, Stamps};
use domain::ids::DeckId;
use ports::{CardQuery, DeckQuery, ImportRecord};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Imports review history.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReviewsImporter;

impl Importer for ReviewsImporter {
    fn format(&self) -> &'static str {
        "reviews"
    }

    fn called(&self) -> &'static str {
        "a review history, which is about all decks that you have or study"
    }

    fn recognises(&self, probe: &Probe<'_>) -> bool {
        probe.is_text() && recognise(probe.head).is_some()
    }

    /// - `deck`: the id of the deck whose cards were answered; else all decks count that the person has or studies.
    /// - `grades`: `sm2` (0 to 5) or `anki` (1 to 4), where no column says so itself.
    /// - `delimiter`: what stands between the fields of a table.
    fn parameters(&self) -> &'static [&'static str] {
        &["deck", "grades", "delimiter"]
    }

    fn check(&self, options: &Options) -> Result<(), String> {
        if options.get("deck").is_some_and(|id| id.parse::<DeckId>().is_err()) {
            return Err("`deck` is the id of a deck.".to_owned());
        }
        scale(options)?;
        delimiter(options).map(drop)
    }

    fn try_out(&self, task: &Task) -> Result<Value, JobError> {
        let report = opened(task)?.each_run(task, |_, _| Ok(()))?;
        refuse_all(task, &report.rejected, |reason| reason.code())?;
        Ok(told(&report))
    }

    fn write(&self, task: &Task) -> Result<Value, JobError> {
        task.begin_writing(Plan { learners: vec![task.owner], ..Plan::default() })?;
        let mut stamps = Stamps::new(task.zones()?);
        let mut appending = Appending::new(task);
        let report = opened(task)?.each_run(task, |run, cards| {
            for entry in run.entries(cards, task.job, &mut stamps) {
                if appending.push(entry)? > 0 {
                    task.keep_going()?;
                }
            }
            Ok(())
        })?;
        appending.finish()?;
        refuse_all(task, &report.rejected, |reason| reason.code())?;
        Ok(told(&report))
    }

    /// The entries count no longer already.
    fn withdraw(&self, _: &Task, _: &ImportRecord) -> Result<Value, JobError> {
        Ok(json!({}))
    }
}

fn scale(options: &Options) -> Result<Scale, String> {
    match options.get("grades").map(String::as_str) {
        None | Some("sm2") => Ok(Scale::Sm2),
        Some("anki") => Ok(Scale::Anki),
        Some(_) => Err("`grades` is sm2 or anki.".to_owned()),
    }
}

fn delimiter(options: &Options) -> Result<Option<Delimiter>, String> {
    let Some(name) = options.get("delimiter") else { return Ok(None) };
    name.parse()
        .map(Some)
        .map_err(|_| "`delimiter` is tab, comma, semicolon, pipe, or one punctuation character.".to_owned())
}

/// The file, recognised, and the cards that it may mean.
fn opened(task: &Task) -> Result<ReadAhead, JobError> {
    let (head, pieces) = Pieces::open(&task.file())?;
    let asked = |why| JobError::refused("options", why);
    let options = ReviewOptions {
        form: recognise(&head).unwrap_or(ReviewForm::Table),
        delimiter: delimiter(&task.asked.options).map_err(asked)?,
        scale: scale(&task.asked.options).map_err(asked)?,
        now_ms: task.made_ms,
        rejected_listed_max: REFUSED_KEPT_MAX,
    };
    Ok(ReadAhead { head, pieces, reader: ReviewReader::new(options, index(task)?) })
}

/// The cards that rows may mean: of one deck, or of all that the person has or studies through classes.
fn index(task: &Task) -> Result<CardIndex, JobError> {
    let tools = &task.tools;
    let owned = DeckQuery { owner: Some(task.owner), ..DeckQuery::default() };
    let owned = task.wait(tools.library.decks(owned))?.into_iter().map(|deck| deck.id);
    let given = task.wait(tools.people.grants(task.owner))?.into_iter().map(|grant| grant.deck);
    let mut decks: BTreeSet<DeckId> = owned.chain(given).collect();
    if let Some(asked) = task.option("deck").and_then(|id| id.parse().ok()) {
        if !decks.contains(&asked) {
            return Err(JobError::refused("no_such_deck", "`deck` names no deck that you have or study."));
        }
        decks = BTreeSet::from([asked]);
    }
    let mut index = CardIndex::default();
    for deck in decks {
        let mut from_position = 0;
        loop {
            task.keep_going()?;
            let query = CardQuery { from_position, limit: CARDS_PER_PAGE, text: None, with_deleted: false };
            let page = task.wait(tools.library.cards(deck, query))?;
            page.iter().for_each(|card| index.add(card));
            let Some(last) = page.last() else { break };
            from_position = last.position.saturating_add(1);
        }
    }
    Ok(index)
}

fn told(report: &ReviewReport) -> Value {
    let remark = |remark: &Remark<ReviewReason>| {
        json!({
            "line": remark.line, "column": remark.column, "reason": remark.reason.code(),
            "message": remark.reason.to_string(),
        })
    };
    json!({
        "counts": {
            "answers": report.answers, "repeated": report.repeated, "ignored": report.ignored,
            "rejected": report.rejected.total, "changed": report.changed.total,
        },
        "changed": report.changed.listed.iter().map(remark).collect::<Vec<_>>(),
    })
}
