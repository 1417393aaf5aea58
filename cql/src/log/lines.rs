//! The list by card, made whole: an entry's line is missing where a quorum did not get it. Then the entry is in the log,
//! and no fold of its card finds it.
//!
//! That comes about when a batch reached one replica before its writer died (a read that finds the entry hands the others
//! that row of the log, and not the line), or when tables were restored that are of different moments. Whoever is about
//! to rely on an entry without having written it writes its line again.

use super::{ALL, ENTRY_BYTES, Filed, Log, card_bytes, entry_id};
use crate::keys::{job_blob, month_of};
use domain::ids::{EntryId, UserId};
use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::StoreError;
use std::collections::{BTreeMap, BTreeSet};

/// A line: card, entry, job.
pub(super) type Line = (Vec<u8>, EntryId, Vec<u8>);

impl Log {
    /// Writes again those of these entries that have no line. The caller's task must not be dropped half-way.
    pub(crate) async fn mend_lines(&self, user: UserId, rows: &[Filed]) -> Result<(), StoreError> {
        let missing = self.unlisted(user, rows).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let entries = missing.len();
        tracing::warn!(%user, entries, "entries were not listed by card: their lines are written again");
        self.rewrite(user, &missing).await
    }

    /// Those of these entries that have no line.
    pub(crate) async fn unlisted(&self, user: UserId, rows: &[Filed]) -> Result<Vec<Filed>, StoreError> {
        let lines = self.lines_of(user, rows).await?;
        Ok(rows.iter().copied().filter(|row| !lines.contains(&line_of(row))).collect())
    }

    /// Writes entries again as they are stored, each with its line, and notes their months and jobs. It is written under the lowest
    /// epoch: what is there stays as it is. The caller's task must not be dropped half-way.
    pub(crate) async fn rewrite(&self, user: UserId, rows: &[Filed]) -> Result<(), StoreError> {
        self.note_job_cards(user, rows).await?;
        for (month, rows) in by_month(rows) {
            self.note_month(user, month).await?;
            self.write_all(user, month, &rows, 1).await?;
        }
        Ok(())
    }

    /// Writes entries of one learner and month that no owner appends, so many batches at once, under the lowest epoch. The
    /// caller's task must not be dropped half-way.
    pub(crate) async fn write_all(
        &self,
        user: UserId,
        month: i32,
        rows: &[Filed],
        at_once: usize,
    ) -> Result<(), StoreError> {
        let options = self.client.options();
        let rows_max = options.batch_rows_max.min(options.batch_bytes_max / ENTRY_BYTES).max(1);
        for some in rows.chunks(rows_max.saturating_mul(at_once.max(1))) {
            // All come to their end, also beside one that fails: a request may not be dropped half-way.
            let writes = some.chunks(rows_max).map(|rows| self.write(user, month, rows, 0));
            join_all(writes).await.into_iter().collect::<Result<(), StoreError>>()?;
        }
        Ok(())
    }

    /// A whole month, oldest first.
    pub(crate) async fn whole_month(&self, user: UserId, month: i32) -> Result<Vec<Filed>, StoreError> {
        self.range_of_month(user, month, &ALL, usize::MAX).await
    }

    /// The lines of these entries' cards in these entries' months.
    async fn lines_of(&self, user: UserId, rows: &[Filed]) -> Result<BTreeSet<Line>, StoreError> {
        let options = self.client.options();
        let mut asked: Vec<(i32, Vec<Vec<u8>>)> = Vec::new();
        for (month, rows) in by_month(rows) {
            let cards: BTreeSet<&[u8]> = rows.iter().map(card_bytes).collect();
            let cards: Vec<Vec<u8>> = cards.into_iter().map(<[u8]>::to_vec).collect();
            asked.extend(cards.chunks(options.keys_a_read.max(1)).map(|cards| (month, cards.to_vec())));
        }
        let reads = stream::iter(asked).map(|(month, cards)| self.lines(user, month, cards));
        let lines: Vec<Line> = reads.buffer_unordered(options.reads_at_once).try_concat().await?;
        Ok(lines.into_iter().collect())
    }

    /// The lines of these cards in a month.
    pub(super) async fn lines(
        &self,
        user: UserId,
        month: i32,
        cards: Vec<Vec<u8>>,
    ) -> Result<Vec<Line>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> =
            self.client.read(&self.statements.by_cards, (user.0, month, cards)).await?;
        rows.into_iter().map(|(card, id, job)| Ok((card, entry_id(&id)?, job))).collect()
    }
}

/// An entry's line.
fn line_of(row: &Filed) -> Line {
    (card_bytes(row).to_vec(), row.entry.id, job_blob(row.entry.job))
}

fn by_month(rows: &[Filed]) -> BTreeMap<i32, Vec<Filed>> {
    let mut months: BTreeMap<i32, Vec<Filed>> = BTreeMap::new();
    for row in rows {
        months.entry(month_of(row.entry.id)).or_default().push(*row);
    }
    months
}
