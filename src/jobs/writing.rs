//! New decks of a job: hidden until all of it is there.

use super::error::JobError;
use super::outcome::Outcome;
use super::task::Task;
use crate::http::limits::DECKS_PER_PERSON_MAX;
use domain::ids::{DeckId, Uuid};
use ports::{DeckQuery, DeckRecord, ImportRecord};
use serde_json::{Value, json};

/// Which of these decks the job has to make, or to bring back.
///
/// # Errors
/// The person would have too many; nothing was written.
pub fn decks_to_make(task: &Task, decks: impl Iterator<Item = DeckId>) -> Result<Vec<DeckId>, JobError> {
    let before = made_of(&task.record());
    let mut made = Vec::new();
    for deck in decks {
        // Those of an earlier run are there, hidden.
        let is_made = before.contains(&deck)
            || task.wait(task.tools.library.deck(deck))?.is_none_or(|known| known.deleted_ms.is_some());
        if is_made {
            made.push(deck);
        }
    }
    let own = DeckQuery { owner: Some(task.owner), ..DeckQuery::default() };
    let has = task.wait(task.tools.library.decks(own))?.len();
    if has + made.len() > DECKS_PER_PERSON_MAX {
        let why = format!(
            "Nothing was imported: with these {} decks you would have more than {DECKS_PER_PERSON_MAX}.",
            made.len()
        );
        return Err(JobError::refused("too_many_decks", why));
    }
    Ok(made)
}

/// Makes decks that nobody sees yet.
///
/// # Errors
/// A store did not answer.
pub fn make_hidden(task: &Task, blanks: Vec<DeckRecord>, made: &[DeckId]) -> Result<(), JobError> {
    for blank in blanks.into_iter().filter(|blank| made.contains(&blank.id)) {
        task.keep_going()?;
        let known = task.wait(task.tools.library.deck(blank.id))?;
        let deleted_ms = Some(task.made_ms);
        let hidden = match known {
            None => DeckRecord { deleted_ms, ..blank },
            // What is left of a job that failed: this one says what the deck is.
            Some(known) if known.deleted_ms.is_some() && known.cards == 0 => {
                let DeckRecord { title, description, tags, settings, .. } = blank;
                DeckRecord { title, description, tags, settings, ..known }
            }
            Some(_) => continue,
        };
        task.wait(task.tools.library.put_deck(hidden, None, task.made_ms))?;
    }
    Ok(())
}

/// Shows the decks that a job made.
///
/// # Errors
/// A store did not answer.
pub fn reveal_decks(task: &Task, record: &ImportRecord) -> Result<(), JobError> {
    for deck in made_of(record) {
        let known = task.wait(task.tools.library.deck(deck))?;
        let Some(known) = known.filter(|known| known.deleted_ms.is_some()) else { continue };
        let shown = DeckRecord { deleted_ms: None, ..known };
        task.wait(task.tools.library.put_deck(shown, None, task.now_ms()))?;
    }
    Ok(())
}

/// What a job keeps of the decks that it makes.
pub fn made_json(made: &[DeckId]) -> Value {
    json!({ "made": made.iter().map(|deck| deck.0).collect::<Vec<Uuid>>() })
}

/// The decks that a job made.
pub fn made_of(record: &ImportRecord) -> Vec<DeckId> {
    let kept = Outcome::of(&record.outcome).kept;
    let ids = kept["made"].as_array().into_iter().flatten();
    ids.filter_map(|id| id.as_str()?.parse().ok()).collect()
}
