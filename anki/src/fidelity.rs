//! What came over, and what did not: the report that an import shows before and after.

use crate::collection::{CardTally, ReviewTally};
use crate::limits::{SAMPLE_BYTES_MAX, SAMPLED_NOTETYPES_MAX, SAMPLES_PER_NOTETYPE};
use crate::map::{NoAnswer, Standing};
use crate::model::{CardRow, Kind, Notetype, Place, Stage};
use crate::render::{RenderError, Rendered};
use serde::Serialize;
use std::collections::BTreeMap;

/// The report, gathered card by card. What it holds grows with note types and decks, not with cards.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Fidelity {
    /// Cards that came over.
    pub cards: u64,
    /// Cards that did not, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Cards whose look lost something, by what.
    pub losses: BTreeMap<&'static str, u64>,
    /// Cards whose schedule is not as it was, by what.
    pub changes: BTreeMap<&'static str, u64>,
    /// Answers that came over.
    pub answers: u64,
    /// Rows of the review log that are no answers, by reason.
    pub no_answers: BTreeMap<&'static str, u64>,
    /// Note types, by their ids.
    pub notetypes: BTreeMap<i64, NotetypeReport>,
    /// Decks, by their paths.
    pub decks: BTreeMap<String, DeckReport>,
}

/// A note type in a report.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct NotetypeReport {
    /// Its name.
    pub name: String,
    /// `standard`, `cloze` or `image_occlusion`.
    pub kind: &'static str,
    /// Cards that came over.
    pub cards: u64,
    /// Some of them as they are shown here.
    pub samples: Vec<Sample>,
}

/// A card as it is shown here, cut off where it is long.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Sample {
    /// The question.
    pub front: String,
    /// The answer.
    pub back: String,
}

/// A deck in a report.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct DeckReport {
    /// Cards that came over.
    pub cards: u64,
    /// Of them, new ones.
    pub new: u64,
    /// Of them, suspended ones.
    pub suspended: u64,
    /// Cards that Anki would show today, new ones and limits apart.
    pub due_there: u64,
    /// Cards that are due today here, new ones and limits apart.
    pub due_here: u64,
    /// Why some are due there and not here.
    pub only_there: BTreeMap<&'static str, u64>,
    /// Why some are due here and not there.
    pub only_here: BTreeMap<&'static str, u64>,
}

fn count(figures: &mut BTreeMap<&'static str, u64>, what: &'static str, by: u64) {
    if by > 0 {
        *figures.entry(what).or_default() += by;
    }
}

impl Fidelity {
    /// Notes a card that came over. `due` says whether it is due today, there and here.
    pub fn card(
        &mut self,
        deck: &str,
        row: &CardRow<'_>,
        rendered: &Rendered,
        to: &Standing,
        due: (bool, bool),
    ) {
        self.cards += 1;
        rendered.losses.each().for_each(|loss| count(&mut self.losses, loss.code(), 1));
        to.changes.each().for_each(|change| count(&mut self.changes, change.code(), 1));
        self.notetypes.entry(row.note.notetype).or_default().cards += 1;
        let why = || to.changes.each().next().map_or("put_aside", |change| change.code());
        self.deck(deck, |deck| {
            deck.cards += 1;
            deck.new += u64::from(row.card.stage == Stage::New);
            deck.suspended += u64::from(row.card.place == Place::Suspended);
            deck.due_there += u64::from(due.0);
            deck.due_here += u64::from(due.1);
            match due {
                (true, false) => count(&mut deck.only_there, why(), 1),
                (false, true) => count(&mut deck.only_here, why(), 1),
                (true, true) | (false, false) => {}
            }
        });
    }

    /// Notes a card that did not come over.
    pub fn rejected(&mut self, deck: &str, why: &RenderError, is_due_there: bool) {
        self.rejected_as(deck, why.code(), is_due_there);
    }

    /// Notes a card that did not come over for a reason of the caller's.
    pub fn rejected_as(&mut self, deck: &str, why: &'static str, is_due_there: bool) {
        count(&mut self.rejected, why, 1);
        self.deck(deck, |deck| {
            deck.due_there += u64::from(is_due_there);
            count(&mut deck.only_there, why, u64::from(is_due_there));
        });
    }

    /// Notes a row of the review log.
    pub fn review(&mut self, is_answer: Result<(), NoAnswer>) {
        match is_answer {
            Ok(()) => self.answers += 1,
            Err(why) => count(&mut self.no_answers, why.code(), 1),
        }
    }

    /// Notes the rows of cards that never came to be shown.
    pub fn tally_cards(&mut self, tally: &CardTally) {
        count(&mut self.rejected, "note_missing", tally.orphans);
        count(&mut self.rejected, "note_too_long", tally.unusable_notes);
        count(&mut self.rejected, "row_damaged", tally.damaged);
    }

    /// Notes the rows of the review log that were none.
    pub fn tally_reviews(&mut self, tally: &ReviewTally) {
        count(&mut self.no_answers, "row_damaged", tally.damaged);
    }

    /// Whether a sample of this note type is still wanted.
    pub fn wants_sample(&self, notetype: i64) -> bool {
        match self.notetypes.get(&notetype) {
            Some(report) if report.kind.is_empty() => self.sampled() < SAMPLED_NOTETYPES_MAX,
            Some(report) => report.samples.len() < SAMPLES_PER_NOTETYPE,
            None => self.sampled() < SAMPLED_NOTETYPES_MAX,
        }
    }

    fn sampled(&self) -> usize {
        self.notetypes.values().filter(|report| !report.samples.is_empty()).count()
    }

    /// Adds a sample, made safe by the caller.
    pub fn sample(&mut self, of: &Notetype, front: &str, back: &str) {
        if !self.wants_sample(of.id) {
            return;
        }
        let report = self.notetypes.entry(of.id).or_default();
        report.name.clone_from(&of.name);
        report.kind = match of.kind {
            Kind::Standard => "standard",
            Kind::Cloze => "cloze",
            Kind::ImageOcclusion => "image_occlusion",
        };
        report.samples.push(Sample { front: cut(front), back: cut(back) });
    }

    /// Notes something of a deck. Most cards find theirs: no key is made for them.
    fn deck(&mut self, path: &str, note: impl FnOnce(&mut DeckReport)) {
        if let Some(deck) = self.decks.get_mut(path) {
            return note(deck);
        }
        note(self.decks.entry(path.to_owned()).or_default());
    }
}

fn cut(html: &str) -> String {
    let end = (0..=SAMPLE_BYTES_MAX.min(html.len())).rev().find(|end| html.is_char_boundary(*end));
    html.get(..end.unwrap_or(0)).unwrap_or("").to_owned()
}
