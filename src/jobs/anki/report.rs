//! What came over, and what did not, as JSON.

use super::decks::Target;
use super::reading::{Gathered, Read};
use crate::jobs::bring::{Brought, bring};
use crate::jobs::error::JobError;
use crate::jobs::limits::DECKS_REPORTED_MAX;
use crate::jobs::task::Task;
use anki::Form;
use anki::map::answer;
use domain::deck::SchedulerKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl Read {
    /// The report of a trial: what would come in.
    pub fn report(mut self, task: &Task, dry_run: bool) -> Result<Value, JobError> {
        let mut brought = Brought::default();
        for target in &self.gathered.targets {
            brought += bring(task, target.id, &self.gathered.cards.of(&target.ranges), dry_run)?;
        }
        if task.option("reviews") != Some("false") {
            let now_ms = task.now_ms();
            let (rejected, fidelity) = (&self.gathered.rejected, &mut self.gathered.fidelity);
            let tally = self.collection.each_review(|review| {
                task.keep_going()?;
                if !rejected.contains(&review.card) {
                    fidelity.review(answer(&review, now_ms).map(|_| ()));
                }
                Ok::<(), JobError>(())
            })?;
            self.gathered.fidelity.tally_reviews(&tally);
        }
        Ok(report(task, &self, &brought))
    }
}

/// The report of what was read, and what became of the cards.
pub(super) fn report(task: &Task, read: &Read, brought: &Brought) -> Value {
    let Gathered { targets, fidelity, media, states, notes, sizes, tags_left_out, .. } = &read.gathered;
    let mut losses: Map<String, Value> =
        fidelity.losses.iter().map(|(what, count)| ((*what).to_owned(), json!(count))).collect();
    if *tags_left_out > 0 {
        losses.insert("tags".to_owned(), json!(tags_left_out));
    }
    json!({
        "counts": {
            "added": brought.added,
            "updated": brought.updated,
            "unchanged": brought.unchanged,
            "rejected": task.refused(),
            "reviews": fidelity.answers,
            "states": states.count,
            "notes": notes.count,
            "media": media.files,
            "media_bytes": media.bytes,
        },
        "form": form(read.package.form()),
        "schema": read.collection.definitions().header.schema,
        "sizes": { "notes": sizes.notes, "cards": sizes.cards, "reviews": sizes.reviews, "media": media.listed },
        "decks": decks(targets, fidelity),
        "decks_total": fidelity.decks.len(),
        "fidelity": {
            "losses": losses,
            "changes": fidelity.changes,
            "rejected": fidelity.rejected,
            "no_answers": fidelity.no_answers,
            "media_left_out": media.left_out,
            "options": options_lost(targets),
            "notetypes": fidelity.notetypes.values().collect::<Vec<_>>(),
        },
    })
}

/// A table of decks, due there and here.
fn decks(targets: &[Target], fidelity: &anki::Fidelity) -> Vec<Value> {
    let row = |(path, deck): (&String, &anki::DeckReport)| {
        let target = targets.iter().find(|target| target.path == *path);
        let mut row = match serde_json::to_value(deck) {
            Ok(Value::Object(row)) => row,
            Ok(_) | Err(_) => Map::new(),
        };
        row.insert("path".to_owned(), json!(path));
        if let Some(target) = target {
            row.insert("deck_id".to_owned(), json!(target.id.0));
            row.insert("options".to_owned(), target.options.clone());
            row.insert("settings".to_owned(), settings(target));
        }
        Value::Object(row)
    };
    fidelity.decks.iter().take(DECKS_REPORTED_MAX).map(row).collect()
}

/// What the options of new decks have become. A deck that was there keeps what it had.
fn settings(target: &Target) -> Value {
    let Some(blank) = target.blank.as_ref().filter(|_| !target.was_here) else { return Value::Null };
    let settings = &blank.settings;
    json!({
        "scheduler": match settings.scheduler {
            SchedulerKind::Sm2 => "sm2",
            SchedulerKind::Fsrs => "fsrs",
        },
        "desired_retention": f64::from(settings.desired_retention_permille) / 1_000.0,
        "own_parameters": settings.parameters.is_some(),
    })
}

/// Of how many new decks an option is not as it was.
fn options_lost(targets: &[Target]) -> BTreeMap<&'static str, u64> {
    let mut decks = BTreeMap::new();
    for what in targets.iter().filter(|target| !target.was_here).flat_map(|target| &target.lost) {
        *decks.entry(*what).or_default() += 1;
    }
    decks
}

const fn form(form: Form) -> &'static str {
    match form {
        Form::Legacy1 => "first",
        Form::Legacy2 => "second",
        Form::Latest => "latest",
        Form::Profile => "profile",
        Form::Bare => "collection",
    }
}
