//! Review history: tables and JSON Lines of answers, to entries of the log.
//!
//! | part | from | to |
//! |---|---|---|
//! | [`CardIndex`] | the cards of a learner's decks | which card a row means: by id, guid or front |
//! | `names`, `values` | words of people and programs | fields; times, grades and durations |
//! | `rows` | a table or JSON Lines | answers, and remarks on rows |
//! | [`recognise`] | the head of a file | whether it is one |
//! | [`ReviewReader`] | a file, in any pieces | [`Run`]s of answers, sorted |
//! | [`Run::entries`] | answers, a job and a learner's zones | entries of the log |
//!
//! Memory does not grow with the file: answers come out in runs of at most [`limits::ANSWERS_PER_RUN`], each sorted by
//! id, so that a file in the order of time is sorted as a whole. An entry's id follows from its card and millisecond
//! ([`review_id`]): the same answer from two files is one.

mod id;
mod index;
pub mod limits;
mod names;
mod reader;
mod recognise;
mod report;
mod rows;
mod run;
#[cfg(test)]
mod tests;
mod values;

pub use id::review_id;
pub use index::CardIndex;
pub use reader::{ReviewForm, ReviewOptions, ReviewReader};
pub use recognise::recognise;
pub use report::{ReviewReason, ReviewReport};
pub use run::Run;
pub use values::Scale;
