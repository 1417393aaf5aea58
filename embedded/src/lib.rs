//! The embedded store: two SQLite files in one folder.
//!
//! `journal.db` is append-only, and an acknowledgement waits for it alone. `main.db` is read by key. A thread applies
//! the journal to it in large batches sorted by learner, because rows at random keys cost ten times what an
//! append costs. Reads join both: an index in memory says which journal rows of a learner are not applied yet.
//!
//! | thread | owns | does |
//! |---|---|---|
//! | journal | the write end of `journal.db` | appends, numbers rows, trims what is applied |
//! | apply | a write connection to `main.db` | moves journal rows to where they are read by key |
//! | desk | a write connection to `main.db` | decks, cards, notes, people, import jobs, events, webhooks, lessons, quarantine |
//! | imports | a write connection to `main.db` | entries that imports brought, after all others |
//! | upkeep | a write connection to `main.db` | what figures and searches are made of, after all others |
//! | media | the folder `media` | pictures and sounds, each a file named by its digest |
//! | readers | read connections to both | everything that asks |
//! | long-reader | the same | what asks for much of a long log, one after another |
//!
//! What holds them together (each line has a test that breaks it on purpose):
//! - Row numbers are given by the writer, from `max(last row, applied_upto) + 1`: SQLite reuses the numbers of
//!   trimmed rows.
//! - A row enters the index after its commit and before its acknowledgement, and leaves it after the transaction
//!   that stores `applied_upto`.
//! - A read copies the learner's index entries first, then reads the journal, then `main.db`.
//! - Both files are synchronous = FULL: `applied_upto` is on the disk when its commit returns, so the journal may be
//!   trimmed up to it without a checkpoint. (NORMAL would need one before each trim, and measured no faster.)

mod apply;
mod archive;
mod backup;
mod bulk;
mod card_log;
mod condensed;
mod desk;
mod error;
mod events;
mod examine;
mod filed;
mod files;
mod folded;
mod folder;
mod import_index;
mod imports;
mod index;
mod journal;
mod lane;
mod lessons;
mod library;
mod media;
mod merge;
mod notes;
mod offline;
mod options;
mod pace;
mod papers;
mod people;
mod read;
mod rows;
mod schema;
mod shared;
mod slices;
mod stats;
mod store;
mod turn;
mod upkeep;
mod versions;
mod webhooks;

pub use archive::Filling;
pub use backup::{BackupError, backup, restore};
pub use error::OpenError;
pub use examine::{Examined, examine, probe};
pub use folder::FolderLock;
pub use offline::{Offline, StoredLearner};
#[cfg(debug_assertions)]
pub use options::Bugs;
pub use options::Options;
pub use stats::Stats;
pub use store::{ApplyHold, EmbeddedStore};
