//! `studyhall verify`: folds every learner's log and compares the result with the stored progress rows.
//!
//! Progress rows are caches of the log (docs/MODEL.md), so a difference is a fault of the server, never of a learner.
//! Rows that say of themselves that they were made by another fold or other parameters, or are stale, are no
//! differences: they are folded again when they are loaded. Memory is bounded by the largest learner: differences
//! are handed on as they are found.

mod check;
mod online;
mod report;
#[cfg(test)]
mod tests;

pub use check::{Broken, Difference};
pub use online::{OnlineOptions, verify_online};
pub use report::{Format, Report};

use check::check_learner;
use domain::entry::LogEntry;
use domain::ids::{DeckId, UserId};
use domain::state::FoldParams;
use ports::Progress;
use std::collections::BTreeMap;
use std::io;

/// Decks whose parameters are kept between learners; when it is full all are read anew.
const DECKS_REMEMBERED: usize = 100_000;

/// What `verify` reads. Nothing may write meanwhile.
pub trait Records {
    /// Why a read failed.
    type Error: std::error::Error + 'static;

    /// The learner with the lowest id above `after` (`None`: of all) who has a log entry or a progress row.
    fn next_learner(
        &self,
        after: Option<UserId>,
    ) -> impl Future<Output = Result<Option<UserId>, Self::Error>>;

    /// A learner's whole log, in any order, rows of import jobs included.
    fn log(&self, user: UserId) -> impl Future<Output = Result<Vec<LogEntry>, Self::Error>>;

    /// How many entries of a learner's log are not found by their card, or are said to be there and are not: an index that
    /// the store keeps by itself, where it has one.
    fn misfiled(&self, _user: UserId) -> impl Future<Output = Result<u64, Self::Error>> {
        std::future::ready(Ok(0))
    }

    /// A learner's progress rows of all decks, each the newest durable one; stale ones have `params_key` 0.
    fn progress(&self, user: UserId) -> impl Future<Output = Result<Vec<Progress>, Self::Error>>;

    /// The parameters by which a deck's cards are folded now; `None` when nobody knows the deck.
    fn params(&self, deck: DeckId) -> impl Future<Output = Result<Option<FoldParams>, Self::Error>>;
}

/// What was read and found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Learners.
    pub learners: u64,
    /// Rows of their logs.
    pub entries: u64,
    /// Cards that were folded.
    pub cards: u64,
    /// Progress rows that do not claim to be the fold of today's rules, and were not compared.
    pub stale: u64,
    /// Cards whose progress row is not the fold of their log.
    pub differences: u64,
    /// Folded states that no history may lead to.
    pub broken: Broken,
    /// Entries that are not found by their card, or are said to be there and are not; `None` where it was not looked.
    pub misfiled: Option<u64>,
    /// Of a run over a store that may be served.
    pub online: Option<Online>,
}

/// What a run over a store that may be served knows besides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Online {
    /// Learners without an entry of the time that was asked for.
    pub skipped: u64,
    /// Cards that differed at each look and changed between: their learner goes on studying. Run it again.
    pub unsettled: u64,
    /// Cards that were marked to be folded again.
    pub marked: u64,
    /// Entries that were in the log and that no fold of their cards found; they are found again.
    pub listed: u64,
}

impl Totals {
    /// Whether everything is as the logs say.
    pub fn is_equal(&self) -> bool {
        self.differences == 0
            && self.misfiled.is_none_or(|misfiled| misfiled == 0)
            && self.broken == Broken::default()
    }
}

/// Why a verification did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError<E: std::error::Error + 'static> {
    /// The records could not be read.
    #[error("the records could not be read: {0}")]
    Read(#[source] E),
    /// The report could not be written.
    #[error("the report could not be written: {0}")]
    Report(#[source] io::Error),
}

/// The exit code of the command: 0 equal, 1 different, 2 could not run.
pub fn exit_code<E: std::error::Error>(result: &Result<Totals, VerifyError<E>>) -> u8 {
    match result {
        Ok(totals) if totals.is_equal() => 0,
        Ok(_) => 1,
        Err(VerifyError::Read(_) | VerifyError::Report(_)) => 2,
    }
}

/// Folds and compares everything, one learner after the other, and writes the report.
///
/// # Errors
/// When something cannot be read or the report cannot be written; what was written until then is no whole report.
pub async fn verify<R: Records, W: io::Write>(
    records: &R,
    mut report: Report<W>,
) -> Result<Totals, VerifyError<R::Error>> {
    let mut totals = Totals::default();
    let mut decks: BTreeMap<DeckId, FoldParams> = BTreeMap::new();
    let mut after = None;
    while let Some(user) = records.next_learner(after).await.map_err(VerifyError::Read)? {
        let log = records.log(user).await.map_err(VerifyError::Read)?;
        let progress = records.progress(user).await.map_err(VerifyError::Read)?;
        learn_params(records, &mut decks, &log, &progress).await.map_err(VerifyError::Read)?;
        totals.learners += 1;
        let misfiled = records.misfiled(user).await.map_err(VerifyError::Read)?;
        totals.misfiled = Some(totals.misfiled.unwrap_or(0) + misfiled);
        let params = |deck| decks.get(&deck).copied().unwrap_or_default();
        check_learner(user, log, &progress, params, &mut totals, |difference| report.difference(&difference))
            .map_err(VerifyError::Report)?;
        after = Some(user);
    }
    report.finish(&totals).map_err(VerifyError::Report)?;
    Ok(totals)
}

/// Reads the parameters of the decks in a learner's rows that are not known yet.
async fn learn_params<R: Records>(
    records: &R,
    known: &mut BTreeMap<DeckId, FoldParams>,
    log: &[LogEntry],
    progress: &[Progress],
) -> Result<(), R::Error> {
    if known.len() >= DECKS_REMEMBERED {
        known.clear();
    }
    let of_log = log.iter().filter_map(|entry| entry.card().map(|(deck, _)| deck));
    for deck in of_log.chain(progress.iter().map(|row| row.deck)) {
        if let std::collections::btree_map::Entry::Vacant(unknown) = known.entry(deck) {
            unknown.insert(records.params(deck).await?.unwrap_or_default());
        }
    }
    Ok(())
}
