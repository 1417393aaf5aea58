//! The same comparison while the store is served: slowly, learner by learner, and with a second look where something
//! differs, because an answer may have come between the reading of the log and that of the rows.

use super::check::{Difference, check_learner};
use super::report::Report;
use super::{DECKS_REMEMBERED, Online, Totals, VerifyError};
use domain::ids::{DeckId, EntryId, UserId};
use domain::state::FoldParams;
use ports::StoreError;
use ports::archive::ReadAll;
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// Looks at a learner of whom something differs, before it is said that it cannot be told.
const LOOKS: u32 = 4;
/// Learners without an entry of the wanted time cost one short read: so many count as one.
const SKIPPED_AS_ONE: u32 = 10;

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct OnlineOptions {
    /// Only learners with an entry done at this moment or later, Unix milliseconds of the entry's own time.
    pub since_ms: Option<i64>,
    /// Learners a second; `None`: as fast as it goes.
    pub learners_per_second: Option<u32>,
    /// Between two looks at a learner; none where nobody writes meanwhile: then the first look counts.
    pub look_again: Option<Duration>,
    /// Differences that are handed back at most.
    pub differences_max: usize,
}

/// Compares what is stored of each learner with the fold of the log. Before that, `list` makes the lists whole by which
/// folds find a learner's entries, where it is to, and says how many entries were missing. Returns the totals and the
/// differences, for whoever mends them; the report is still open. Memory is bounded by the largest learner.
///
/// # Errors
/// When something cannot be read or the report cannot be written; what was written until then is no whole report.
pub async fn verify_online<S: ReadAll, W: io::Write>(
    store: &S,
    options: OnlineOptions,
    report: &mut Report<W>,
    list: impl AsyncFn(UserId) -> Result<u64, StoreError>,
) -> Result<(Totals, Vec<Difference>), VerifyError<StoreError>> {
    let mut run =
        Run { store, options, totals: Totals::default(), online: Online::default(), decks: BTreeMap::new() };
    let mut pace = Pace::new(options.learners_per_second);
    let mut kept = Vec::new();
    let mut after = None;
    loop {
        let page = store.learners(after).await.map_err(VerifyError::Read)?;
        for user in &page {
            if !run.is_wanted(*user).await.map_err(VerifyError::Read)? {
                run.online.skipped += 1;
                pace.wait(1, SKIPPED_AS_ONE).await;
                continue;
            }
            run.online.listed += list(*user).await.map_err(VerifyError::Read)?;
            for difference in run.learner(*user).await.map_err(VerifyError::Read)? {
                report.difference(&difference).map_err(VerifyError::Report)?;
                if kept.len() < options.differences_max {
                    kept.push(difference);
                }
            }
            pace.wait(1, 1).await;
        }
        after = page.last().copied();
        if after.is_none() {
            break;
        }
    }
    let totals = Totals { online: Some(run.online), ..run.totals };
    Ok((totals, kept))
}

struct Run<'a, S> {
    store: &'a S,
    options: OnlineOptions,
    totals: Totals,
    online: Online,
    decks: BTreeMap<DeckId, FoldParams>,
}

impl<S: ReadAll> Run<'_, S> {
    async fn is_wanted(&self, user: UserId) -> Result<bool, StoreError> {
        let Some(since_ms) = self.options.since_ms else { return Ok(true) };
        let newest = self.store.newest(user).await?;
        Ok(newest.is_some_and(|newest: EntryId| newest.at_ms() >= since_ms))
    }

    /// What differs at two looks in the same way.
    async fn learner(&mut self, user: UserId) -> Result<Vec<Difference>, StoreError> {
        let (mut totals, mut found) = self.look(user).await?;
        let Some(pause) = self.options.look_again.filter(|_| !found.is_empty()) else {
            self.count(totals, found.len());
            return Ok(found);
        };
        let mut same = Vec::new();
        for _ in 1..LOOKS {
            tokio::time::sleep(pause).await;
            let (again, now) = self.look(user).await?;
            totals = again;
            same.extend(now.iter().filter(|difference| found.contains(difference)).copied());
            // What stands still is settled; what moved is looked at once more.
            found = now.into_iter().filter(|difference| !same.contains(difference)).collect();
            if found.is_empty() {
                break;
            }
        }
        self.online.unsettled += found.len() as u64;
        self.count(totals, same.len());
        Ok(same)
    }

    fn count(&mut self, of_learner: Totals, differences: usize) {
        let totals = &mut self.totals;
        totals.learners += 1;
        totals.entries += of_learner.entries;
        totals.cards += of_learner.cards;
        totals.stale += of_learner.stale;
        totals.differences += differences as u64;
        totals.broken = totals.broken.and(&of_learner.broken);
    }

    /// The log first: what comes between makes the rows newer than it, and never older.
    async fn look(&mut self, user: UserId) -> Result<(Totals, Vec<Difference>), StoreError> {
        let log = self.store.log(user).await?;
        let progress = self.store.progress(user).await?;
        let of_log = log.iter().filter_map(|entry| entry.card().map(|(deck, _)| deck));
        let decks: Vec<DeckId> = of_log.chain(progress.iter().map(|row| row.deck)).collect();
        for deck in decks {
            self.learn(deck).await?;
        }
        let (mut totals, mut found) = (Totals::default(), Vec::new());
        let params = |deck| self.decks.get(&deck).copied().unwrap_or_default();
        let kept: Result<(), std::convert::Infallible> =
            check_learner(user, log, &progress, params, &mut totals, |difference| {
                found.push(difference);
                Ok(())
            });
        match kept {
            Ok(()) => Ok((totals, found)),
            Err(never) => match never {},
        }
    }

    async fn learn(&mut self, deck: DeckId) -> Result<(), StoreError> {
        if self.decks.contains_key(&deck) {
            return Ok(());
        }
        if self.decks.len() >= DECKS_REMEMBERED {
            self.decks.clear();
        }
        let params = self.store.params(deck).await?.unwrap_or_default();
        self.decks.insert(deck, params);
        Ok(())
    }
}

/// So many a second and no more; time that was not used is not saved up.
struct Pace {
    per_second: Option<u32>,
    next: Instant,
}

impl Pace {
    fn new(per_second: Option<u32>) -> Pace {
        Pace { per_second, next: Instant::now() }
    }

    /// After `done` of which `of_one` count as one.
    async fn wait(&mut self, done: u32, of_one: u32) {
        let Some(per_second) = self.per_second else { return };
        let each = Duration::from_secs(1) / per_second.max(1) / of_one.max(1);
        self.next = self.next.max(Instant::now()) + each * done;
        tokio::time::sleep_until(self.next).await;
    }
}

#[cfg(test)]
#[path = "online_tests.rs"]
mod tests;
