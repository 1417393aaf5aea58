//! Import jobs: a file is uploaded once, read in the background, and comes in as a whole or not at all.
//!
//! | part | what |
//! |---|---|
//! | [`Importer`] | one format: reads a file, writes what it holds, takes it back |
//! | [`Task`] | what an importer works with: the file, the stores, progress, refused rows |
//! | `receive`, `folder` | uploads, and where they and what a job keeps lie on the disk |
//! | `sniff` | which format a file probably is |
//! | `runner`, `schedule` | which jobs run when: a bounded number, one a person, taken up again after a restart |
//! | `requests` | what people ask of a job: to make it a real one, to take it back |
//! | `live` | what everybody may look at of a job that runs here |
//! | `stages` | the way of one job through its phases |
//! | `marks` | commits and revocations through learners' sessions |
//! | `appending` | entries into the owner's log |
//! | `ahead` | cards made on a thread of its own, a little ahead of the store that takes them |
//! | `filling` | new decks, filled while their file is read |
//! | `read_ahead` | answers read on a thread of their own, a run ahead of those that are stored |
//! | `bring` | cards into a deck in one revision, with what was there before kept for a revocation |
//! | `planning` | a library that keeps what would be changed |
//! | `spool` | cards on the disk between reading and writing: memory does not grow with a file |
//! | `withdraw` | cards and decks that a job made are taken back |
//! | `anki/`, `table`, `reviews`, `rosters` | importers |
//!
//! A job is done in steps that may each be done again: ids follow from what comes in (UUIDv5 of deck and source key,
//! UUIDv8 of card and millisecond), so after a restart the phase that was interrupted is begun once more. Nothing is seen
//! of a job before its end: new decks are hidden, entries are inert until their commit, and cards of a deck that was there
//! before come in one revision. A new deck may so be filled while its file is still being read.

mod ahead;
mod appending;
mod asked;
mod bring;
mod crowds;
mod error;
mod filling;
mod folder;
pub mod ids;
mod importer;
pub mod limits;
mod live;
mod logs;
mod marks;
mod offer;
mod outcome;
mod own_answers;
mod planning;
mod read_ahead;
mod receive;
mod refused;
mod requests;
mod roster_report;
mod runner;
mod schedule;
mod sniff;
mod spool;
mod stages;
mod sweep;
mod task;
mod tools;
mod withdraw;
mod writing;

pub mod anki;
pub mod reviews;
pub mod rosters;
pub mod table;

pub use asked::Asked;
pub use bring::{Brought, bring};
pub use error::JobError;
pub use folder::Folder;
pub use importer::{Importer, Options, Plan};
pub use live::Glance;
pub use logs::{Logs, LogsOf};
pub use marks::{Marks, Sessions};
pub use offer::{JobsError, JobsParts, Offer};
pub use outcome::{Failure, Outcome};
pub use receive::{Received, UploadError, receive};
pub use refused::{Refusal, split_reason};
pub use runner::Jobs;
pub use sniff::Probe;
pub use spool::{Spool, Spooled, SpooledCards, Spooling};
pub use task::Task;
pub use tools::{Change, Tools};
pub use withdraw::{Studied, StudiedCard, withdraw_cards};
pub use writing::{decks_to_make, made_json, made_of, make_hidden, reveal_decks};

#[cfg(test)]
mod tests;
