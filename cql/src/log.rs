//! The log's tables: statements, rows, and reads by id, by time and by card.

mod lines;

use crate::batches::Batches;
use crate::client::Client;
use crate::error::OpenError;
use crate::keys::{
    About, PAST_ALL_IDS, about_blob, filed_under, job_blob, month_of, read_about, write_time_us,
};
use crate::statements::statements;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId, Uuid};
use domain::owner::Epoch;
use futures_util::{StreamExt, TryStreamExt, stream};
use lines::Line;
use ports::codec::{decode_entry, encode_entry};
use ports::{Cause, LogRange, StoreError};
use scylla::serialize::SerializationError;
use scylla::serialize::row::{RowSerializationContext, SerializeRow};
use scylla::serialize::writers::RowWriter;
use scylla::value::MaybeUnset;
use std::collections::{BTreeMap, BTreeSet};

statements! {
    /// What is asked of the log.
    LogStatements {
        /// One entry.
        insert: Write = "INSERT INTO review_log (user, month, id, job, body, about)
            VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
        /// One line of the card's list.
        insert_card: Write = "INSERT INTO card_log (user, month, card, id, job)
            VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
        /// A month that has entries.
        insert_month: Write = "INSERT INTO log_months (user, month) VALUES (?, ?) USING TIMESTAMP 1";
        /// A card that a job is about.
        insert_job_card: Write = "INSERT INTO import_cards (user, job, deck, card) VALUES (?, ?, ?, ?)
            USING TIMESTAMP 1";
        job_cards: Read = "SELECT deck, card FROM import_cards WHERE user = ? AND job = ?";
        months: Read = "SELECT month FROM log_months WHERE user = ?";
        oldest_first: Read = "SELECT body, about FROM review_log
            WHERE user = ? AND month = ? AND id >= ? AND id < ? ORDER BY id ASC, job ASC LIMIT ?";
        newest_first: Read = "SELECT body, about FROM review_log
            WHERE user = ? AND month = ? AND id >= ? AND id < ? ORDER BY id DESC, job DESC LIMIT ?";
        by_ids: Read = "SELECT body, about FROM review_log WHERE user = ? AND month = ? AND id IN ?";
        by_cards: Read = "SELECT card, id, job FROM card_log WHERE user = ? AND month = ? AND card IN ?";
    }
}

/// Everything, oldest first.
pub(crate) const ALL: LogRange =
    LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: usize::MAX };

/// An entry and what it is filed under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filed {
    pub(crate) entry: LogEntry,
    /// By [`filed_under`].
    pub(crate) about: About,
}

/// The log.
pub(crate) struct Log {
    client: Client,
    statements: LogStatements,
    batches: Batches,
    job_cards: Batches,
}

/// User, month, id, job, body, about, write timestamp.
type EntryValues<'a> = (Uuid, i32, &'a [u8], &'a [u8], &'a [u8], MaybeUnset<Vec<u8>>, i64);
/// User, month, card, id, job, write timestamp.
type CardValues<'a> = (Uuid, i32, &'a [u8], &'a [u8], &'a [u8], i64);

/// What is bound to a statement of a batch into the log.
enum LogValues<'a> {
    Entry(EntryValues<'a>),
    Card(CardValues<'a>),
}

impl SerializeRow for LogValues<'_> {
    fn serialize(
        &self,
        ctx: &RowSerializationContext<'_>,
        to: &mut RowWriter,
    ) -> Result<(), SerializationError> {
        match self {
            LogValues::Entry(values) => values.serialize(ctx, to),
            LogValues::Card(values) => values.serialize(ctx, to),
        }
    }

    fn is_empty(&self) -> bool {
        false
    }
}

/// Bytes of an encoded entry at most.
const BODY_BYTES: usize = 150;
/// Bytes that an entry takes in a batch at most, its line by card included.
pub(crate) const ENTRY_BYTES: usize = 310;

impl Log {
    pub(crate) async fn open(client: &Client) -> Result<Self, OpenError> {
        let statements = LogStatements::prepare(client).await?;
        let both = [&statements.insert, &statements.insert_card];
        let batches = Batches::new(&both, client.options().batch_rows_max);
        let job_cards = Batches::new(&[&statements.insert_job_card], client.options().batch_rows_max);
        Ok(Self { client: client.clone(), statements, batches, job_cards })
    }

    /// Writes entries of one learner and month, in one batch, under the epoch of the owner. The caller's task must not
    /// be dropped half-way.
    pub(crate) async fn write(
        &self,
        user: UserId,
        month: i32,
        rows: &[Filed],
        epoch: Epoch,
    ) -> Result<(), StoreError> {
        // All bodies in one buffer: a batch costs the same few allocations whatever its length.
        let mut bodies = Vec::with_capacity(rows.len() * BODY_BYTES);
        let mut ends = Vec::with_capacity(rows.len());
        for row in rows {
            encode_entry(&row.entry, &mut bodies);
            ends.push(bodies.len());
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let bodies = starts.zip(&ends).map(|(from, to)| bodies.get(from..*to).unwrap_or_default());
        let entries = rows.iter().zip(bodies).map(|(row, body)| entry_values(user, month, row, body, epoch));
        let cards = rows.iter().map(|row| card_values(user, month, row, epoch));
        let mut values: Vec<LogValues<'_>> = Vec::with_capacity(2 * rows.len());
        values.extend(entries);
        values.extend(cards);
        self.client.write_together_here(&self.batches.of(rows.len()), &values).await
    }

    /// Notes which cards jobs are about, before the entries that say so are written.
    pub(crate) async fn note_job_cards(&self, user: UserId, rows: &[Filed]) -> Result<(), StoreError> {
        let mut jobs: BTreeMap<JobId, BTreeSet<(DeckId, CardId)>> = BTreeMap::new();
        for row in rows {
            if let (Some(job), Some(card)) = (row.entry.job, row.about) {
                jobs.entry(job).or_default().insert(card);
            }
        }
        for (job, cards) in jobs {
            let cards: Vec<_> = cards.into_iter().collect();
            for cards in cards.chunks(self.client.options().batch_rows_max.max(1)) {
                let values: Vec<(Uuid, Uuid, Uuid, [u8; 16])> =
                    cards.iter().map(|(deck, card)| (user.0, job.0, deck.0, *card.bytes())).collect();
                self.client.write_together_here(&self.job_cards.of(cards.len()), &values).await?;
            }
        }
        Ok(())
    }

    /// The cards that a job is about.
    pub(crate) async fn cards_of_job(
        &self,
        user: UserId,
        job: JobId,
    ) -> Result<Vec<(DeckId, CardId)>, StoreError> {
        let rows: Vec<(Uuid, Vec<u8>)> =
            self.client.read(&self.statements.job_cards, (user.0, job.0)).await?;
        let card = |blob: Vec<u8>| blob.try_into().map(CardId::from_bytes);
        let lost = |_| unreadable(&"a card's id of another length");
        rows.into_iter().map(|(deck, blob)| Ok((DeckId(deck), card(blob).map_err(lost)?))).collect()
    }

    /// Notes that a month has entries, before the first of them is written.
    pub(crate) async fn note_month(&self, user: UserId, month: i32) -> Result<(), StoreError> {
        self.client.write(&self.statements.insert_month, (user.0, month)).await
    }

    /// The months that have entries, or may have, newest first.
    pub(crate) async fn months(&self, user: UserId) -> Result<Vec<i32>, StoreError> {
        let mut months: Vec<(i32,)> = self.client.read(&self.statements.months, (user.0,)).await?;
        months.sort_unstable_by(|a, b| b.cmp(a));
        Ok(months.into_iter().map(|(month,)| month).collect())
    }

    /// A stretch of the log in the order of ids.
    pub(crate) async fn range(&self, user: UserId, range: &LogRange) -> Result<Vec<Filed>, StoreError> {
        let last = range.before.map_or(i32::MAX, month_of);
        let mut months = self.months(user).await?;
        months.retain(|month| (month_of(range.from)..=last).contains(month));
        if !range.newest_first {
            months.reverse();
        }
        let mut found = Vec::new();
        for month in months {
            let left = range.limit - found.len();
            if left == 0 {
                break;
            }
            found.extend(self.range_of_month(user, month, range, left).await?);
        }
        Ok(found)
    }

    async fn range_of_month(
        &self,
        user: UserId,
        month: i32,
        range: &LogRange,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError> {
        let statement = match range.newest_first {
            true => &self.statements.newest_first,
            false => &self.statements.oldest_first,
        };
        let before = range.before.as_ref().map_or(&PAST_ALL_IDS[..], |id| &id.bytes()[..]);
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> =
            self.client.read(statement, (user.0, month, &range.from.bytes()[..], before, limit)).await?;
        rows.into_iter().map(filed).collect()
    }

    /// The entries with these ids.
    pub(crate) async fn by_ids(
        &self,
        user: UserId,
        ids: impl IntoIterator<Item = EntryId>,
    ) -> Result<Vec<Filed>, StoreError> {
        let asked = by_month(ids, self.client.options().keys_a_read);
        let reads = stream::iter(asked).map(|(month, ids)| self.of_month(user, month, ids));
        reads.buffer_unordered(self.client.options().reads_at_once).try_concat().await
    }

    async fn of_month(&self, user: UserId, month: i32, ids: Vec<Vec<u8>>) -> Result<Vec<Filed>, StoreError> {
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> =
            self.client.read(&self.statements.by_ids, (user.0, month, ids)).await?;
        rows.into_iter().map(filed).collect()
    }

    /// The entries of these cards, the undos that name them, and the marks of imports.
    pub(crate) async fn by_cards(
        &self,
        user: UserId,
        cards: &BTreeSet<CardId>,
    ) -> Result<Vec<Filed>, StoreError> {
        let options = self.client.options();
        // Marks lie under the empty card.
        let mut keys: Vec<Vec<u8>> = vec![Vec::new()];
        keys.extend(cards.iter().map(|card| card.bytes().to_vec()));
        let months = self.months(user).await?;
        let asked: Vec<(i32, Vec<Vec<u8>>)> = months
            .into_iter()
            .flat_map(|month| keys.chunks(options.keys_a_read).map(move |keys| (month, keys.to_vec())))
            .collect();
        let reads = stream::iter(asked).map(|(month, cards)| self.lines(user, month, cards));
        let lines: Vec<Line> = reads.buffer_unordered(options.reads_at_once).try_concat().await?;
        // An id may have a live entry and imported ones, of which only some are these cards'.
        let wanted: BTreeSet<(EntryId, Vec<u8>)> = lines.into_iter().map(|(_, id, job)| (id, job)).collect();
        let ids: BTreeSet<EntryId> = wanted.iter().map(|(id, _)| *id).collect();
        let mut found = self.by_ids(user, ids).await?;
        found.retain(|row| wanted.contains(&(row.entry.id, job_blob(row.entry.job))));
        Ok(found)
    }
}

fn entry_values<'a>(user: UserId, month: i32, row: &'a Filed, body: &'a [u8], epoch: Epoch) -> LogValues<'a> {
    let entry = &row.entry;
    let about = row.about.filter(|_| entry.card().is_none()).map(about_blob);
    let about = MaybeUnset::from_option(about);
    let write_time_us = write_time_us(entry.id, epoch);
    LogValues::Entry((user.0, month, entry.id.bytes(), job_bytes(row), body, about, write_time_us))
}

fn card_values(user: UserId, month: i32, row: &Filed, epoch: Epoch) -> LogValues<'_> {
    let id = &row.entry.id;
    LogValues::Card((user.0, month, card_bytes(row), id.bytes(), job_bytes(row), write_time_us(*id, epoch)))
}

/// The card that an entry is listed under; nothing for what concerns no card, or all.
fn card_bytes(row: &Filed) -> &[u8] {
    row.about.as_ref().map_or(&[], |(_, card)| card.bytes())
}

/// An import's job in a key; nothing for what was done live.
fn job_bytes(row: &Filed) -> &[u8] {
    row.entry.job.as_ref().map_or(&[], |job| job.bytes())
}

fn filed((body, about): (Vec<u8>, Option<Vec<u8>>)) -> Result<Filed, StoreError> {
    let entry = decode_entry(&body).map_err(|error| unreadable(&error))?;
    let about = about.as_deref().and_then(read_about);
    Ok(Filed { entry, about: filed_under(&entry, about) })
}

/// The 16 bytes of an entry's id.
pub(crate) fn entry_id(blob: &[u8]) -> Result<EntryId, StoreError> {
    blob.try_into().map(EntryId::from_bytes).map_err(|error| unreadable(&error))
}

/// What is stored and cannot be read.
pub(crate) fn unreadable(error: &impl std::fmt::Display) -> StoreError {
    StoreError::new(Cause::Invalid, format!("read a stored row: {error}"))
}

fn by_month(ids: impl IntoIterator<Item = EntryId>, at_once: usize) -> Vec<(i32, Vec<Vec<u8>>)> {
    let mut months: std::collections::BTreeMap<i32, BTreeSet<EntryId>> = Default::default();
    for id in ids {
        months.entry(month_of(id)).or_default().insert(id);
    }
    let mut asked = Vec::new();
    for (month, ids) in months {
        let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes().to_vec()).collect();
        asked.extend(ids.chunks(at_once.max(1)).map(|ids| (month, ids.to_vec())));
    }
    asked
}
