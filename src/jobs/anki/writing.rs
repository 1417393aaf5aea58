//! What was read into the stores: notes and entries first, which nobody sees, then the cards, a deck at a time.

use super::decks::Target;
use super::entries::answer_entry;
use super::known::card_of_guid;
use super::moved::Rows;
use super::notes::notetype_record;
use super::reading::{Gathered, Read};
use super::report::report;
use crate::import::card_id;
use crate::jobs::appending::Appending;
use crate::jobs::bring::{Brought, bring};
use crate::jobs::error::JobError;
use crate::jobs::importer::Plan;
use crate::jobs::task::Task;
use crate::jobs::writing::{decks_to_make, made_json, make_hidden};
use anki::map::answer;
use anki::{Definitions, source_key};
use domain::ids::DeckId;
use ports::DeckRecord;
use serde_json::Value;

/// How much of the work is done, over all steps.
struct Steps<'t> {
    task: &'t Task,
    done: u64,
    total: u64,
}

impl Steps<'_> {
    fn add(&mut self, done: u64) -> Result<(), JobError> {
        self.done += done;
        self.task.progress(self.done.min(self.total), self.total)
    }
}

/// Stores all that was read, and returns the report.
pub(super) fn write(task: &Task, mut read: Read) -> Result<Value, JobError> {
    let keeps_reviews = task.option("reviews") != Some("false");
    let decks: Vec<DeckId> = read.gathered.targets.iter().map(|target| target.id).collect();
    let blanks: Vec<DeckRecord> =
        read.gathered.targets.iter().filter_map(|target| target.blank.clone()).collect();
    let made = decks_to_make(task, blanks.iter().map(|blank| blank.id))?;
    let has_entries = keeps_reviews && (read.gathered.states.count > 0 || read.gathered.sizes.reviews > 0);
    task.begin_writing(Plan {
        decks: decks.clone(),
        learners: if has_entries { vec![task.owner] } else { Vec::new() },
        kept: made_json(&made),
    })?;
    make_hidden(task, blanks, &made)?;
    if read.gathered.fsrs {
        settle_schedulers(task, &read.gathered)?;
    }
    give_media(task, &read.gathered)?;
    let reviews = if keeps_reviews { read.gathered.sizes.reviews } else { 0 };
    let cards: usize = read.gathered.targets.iter().map(|target| target.cards).sum();
    let filled: usize = filled(&read.gathered).map(|target| target.cards).sum();
    let read_so_far = if filled > 0 { read.gathered.sizes.cards } else { 0 };
    let written =
        read.gathered.notes.spooled + read.gathered.states.count + reviews + (cards - filled) as u64;
    let mut steps = Steps { task, done: read_so_far, total: read_so_far + written };
    put_notetypes(task, &read.gathered, read.collection.definitions())?;
    read.gathered.notes.store_all(task, &decks, |done| steps.add(done))?;
    read.gathered.states.append_all(task, |done| steps.add(done))?;
    if keeps_reviews {
        append_reviews(task, &mut read, &mut steps)?;
    }
    let mut brought = Brought { added: read.gathered.filled, ..Brought::default() };
    for target in read.gathered.targets.iter().filter(|target| !target.is_filled) {
        brought += bring(task, target.id, &read.gathered.cards.of(&target.ranges), false)?;
        steps.add(target.cards as u64)?;
    }
    Ok(report(task, &read, &brought))
}

/// The decks whose cards are in them.
fn filled(gathered: &Gathered) -> impl Iterator<Item = &Target> {
    gathered.targets.iter().filter(|target| target.is_filled)
}

/// Gives decks that were made before a card said what schedules there the scheduler that they have.
fn settle_schedulers(task: &Task, gathered: &Gathered) -> Result<(), JobError> {
    for blank in filled(gathered).filter_map(|target| target.blank.as_ref()) {
        let Some(known) = task.wait(task.tools.library.deck(blank.id))? else { continue };
        if known.settings != blank.settings {
            let settled = DeckRecord { settings: blank.settings, ..known };
            task.wait(task.tools.library.put_deck(settled, None, task.made_ms))?;
        }
    }
    Ok(())
}

/// Makes media known in the decks whose cards show them, and what no card shows in the first one.
fn give_media(task: &Task, gathered: &Gathered) -> Result<(), JobError> {
    for (nth, target) in gathered.targets.iter().enumerate() {
        let unused = gathered.unused.iter().filter(|_| nth == 0);
        gathered.names.give(task, target.id, target.media.iter().chain(unused).copied())?;
    }
    Ok(())
}

fn put_notetypes(task: &Task, gathered: &Gathered, definitions: &Definitions) -> Result<(), JobError> {
    for target in &gathered.targets {
        let of_deck = target.notetypes.iter().filter_map(|id| definitions.notetypes.get(id));
        let types = of_deck.map(|notetype| notetype_record(target.id, notetype)).collect();
        task.wait(task.tools.notes.put_note_types(target.id, types))?;
    }
    Ok(())
}

/// The review log: merged with what is there by card and millisecond, which make the id.
fn append_reviews(task: &Task, read: &mut Read, steps: &mut Steps<'_>) -> Result<(), JobError> {
    let now_ms = task.now_ms();
    let Gathered { rejected, fidelity, stamps, deck_of, known, .. } = &mut read.gathered;
    let mut batch = Appending::of_moved_rows(task);
    let mut append = |rows: &mut Rows, steps: &mut Steps<'_>| {
        for held in rows.take(&mut batch)? {
            if batch.push(answer_entry(task.job, held.of, &held.answer, stamps))? > 0 {
                steps.add(0)?;
            }
        }
        Ok::<(), JobError>(())
    };
    let mut rows = Rows::default();
    let tally = read.collection.each_review(|review| {
        steps.done += 1;
        if rejected.contains(&review.card) {
            return Ok(());
        }
        let answer = answer(&review, now_ms);
        fidelity.review(answer.map(|_| ()));
        let (Ok(answer), Some(name)) = (answer, review.of) else { return Ok(()) };
        let Some(deck) = deck_of.get(&name.deck).copied() else { return Ok(()) };
        let by_guid = card_of_guid(name.guid, name.ord).filter(|card| known.contains(&(deck, *card)));
        let card = by_guid.unwrap_or_else(|| card_id(deck, &source_key(name.guid, name.ord)));
        rows.hold((deck, card), answer);
        if rows.is_full() { append(&mut rows, steps) } else { Ok(()) }
    })?;
    append(&mut rows, steps)?;
    batch.finish()?;
    fidelity.tally_reviews(&tally);
    Ok(())
}
