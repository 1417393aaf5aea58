//! Packages of Anki, and copies of its collections.
//!
//! | part | what |
//! |---|---|
//! | `reading` | one pass over the cards: rendered, made safe, spooled, counted |
//! | `decks` | which deck here a deck there becomes |
//! | `media` | files by their content; names to addresses |
//! | `mask` | pictures whose regions are covered |
//! | `entries` | scheduling, and the review log, as entries |
//! | `moved` | answers that an earlier export had moved |
//! | `options` | deck options as settings |
//! | `notes` | notes and their types as records |
//! | `known` | decks and cards that a package from here finds again |
//! | `own` | the note type of cards that were made here |
//! | `writing` | what was read into the stores |
//! | `report` | what came over, and what did not |

mod decks;
mod entries;
mod known;
mod mask;
mod media;
mod moved;
mod notes;
mod options;
pub mod own;
mod reading;
mod report;
mod writing;

use super::error::JobError;
use super::importer::{Importer, Options};
use super::sniff::Probe;
use super::task::Task;
use super::withdraw::withdraw_cards;
use super::writing::{made_of, reveal_decks};
use crate::http::limits::{PATH_BYTES_MAX, PATH_LEVELS_MAX};
use ::anki::{EachError, OpenError, ReadError};
use ports::library::PATH_SEPARATOR;
use ports::{ImportRecord, Role};
use serde_json::Value;

/// What the collections of all forms are called within a package.
const COLLECTIONS: [&str; 3] = ["collection.anki21b", "collection.anki21", "collection.anki2"];
/// Most names in a profile's archive begin with its folder of media.
const MEDIA_FOLDER: &str = "collection.media/";

/// Imports packages of Anki.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnkiImporter;

impl Importer for AnkiImporter {
    fn format(&self) -> &'static str {
        "anki"
    }

    fn called(&self) -> &'static str {
        "a package of Anki"
    }

    fn recognises(&self, probe: &Probe<'_>) -> bool {
        probe.head.starts_with(b"SQLite format 3\0")
            || COLLECTIONS.iter().any(|name| probe.holds(name))
            || probe.holds(MEDIA_FOLDER)
            || probe.ends_with(&[".apkg", ".colpkg"])
    }

    /// - `deck_id`: all cards come into this deck, whatever decks they are in there.
    /// - `path`: the level below which the decks come.
    /// - `reviews`: `false` leaves the review log out, and with it what is known of a card's schedule.
    fn parameters(&self) -> &'static [&'static str] {
        &["deck_id", "path", "reviews"]
    }

    fn may_import(&self, _: Role) -> bool {
        true
    }

    fn check(&self, options: &Options) -> Result<(), String> {
        if options.contains_key("deck_id") && options.contains_key("path") {
            return Err("`deck_id` and `path` exclude each other.".to_owned());
        }
        let good = |path: &String| {
            path.len() <= PATH_BYTES_MAX / 2
                && path.split(PATH_SEPARATOR).count() <= PATH_LEVELS_MAX / 2
                && path.split(PATH_SEPARATOR).all(|level| !level.trim().is_empty())
                && !path.chars().any(char::is_control)
        };
        if options.get("path").is_some_and(|path| !good(path)) {
            return Err("`path` is a few names with :: between.".to_owned());
        }
        match options.get("reviews").map(String::as_str) {
            None | Some("true" | "false") => Ok(()),
            Some(_) => Err("`reviews` is true or false.".to_owned()),
        }
    }

    fn try_out(&self, task: &Task) -> Result<Value, JobError> {
        let read = reading::read(task, true)?;
        read.report(task, true)
    }

    fn write(&self, task: &Task) -> Result<Value, JobError> {
        let read = reading::read(task, false)?;
        writing::write(task, read)
    }

    fn reveal(&self, task: &Task, record: &ImportRecord) -> Result<(), JobError> {
        reveal_decks(task, record)
    }

    fn withdraw(&self, task: &Task, record: &ImportRecord) -> Result<Value, JobError> {
        withdraw_cards(task, record, &made_of(record))
    }
}

impl From<OpenError> for JobError {
    fn from(error: OpenError) -> JobError {
        let code = error.code();
        match error {
            OpenError::Io(error) => error.into(),
            OpenError::NotAPackage
            | OpenError::NoCollection
            | OpenError::SeveralProfiles(_)
            | OpenError::Unfinished
            | OpenError::TooNew { .. }
            | OpenError::Archive(_)
            | OpenError::Overlapping
            | OpenError::TooMuch { .. }
            | OpenError::MediaList(_)
            | OpenError::UnsafeMediaName(_) => JobError::refused(code, sentence(&error)),
        }
    }
}

impl From<ReadError> for JobError {
    fn from(error: ReadError) -> JobError {
        match error {
            ReadError::Stopped => JobError::Stopped,
            ReadError::Damaged(_)
            | ReadError::Foreign(_)
            | ReadError::OnlyAPlaceholder
            | ReadError::UnknownSchema(_)
            | ReadError::Definitions { .. }
            | ReadError::TooMuch { .. }
            | ReadError::TooSlow => JobError::refused(error.code(), sentence(&error)),
        }
    }
}

impl From<EachError<JobError>> for JobError {
    fn from(error: EachError<JobError>) -> JobError {
        match error {
            EachError::Read(error) => error.into(),
            EachError::Visitor(error) => error,
        }
    }
}

fn sentence(error: &impl std::fmt::Display) -> String {
    format!("Nothing was imported: {error}.")
}
