//! The tables that only a learner's owner writes: progress, checkpoint and inbox rows.

use crate::batches::Batches;
use crate::client::Client;
use crate::error::OpenError;
use crate::log::{entry_id, unreadable};
use crate::statements::statements;
use domain::ids::{CardId, DeckId, EntryId, UserId, Uuid};
use domain::owner::Epoch;
use domain::owner::caches::{Cached, Checkpoint};
use domain::state::CardState;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::codec::{decode_progress, encode_progress};
use ports::{Progress, StoreError};

statements! {
    /// What is asked of the caches.
    CacheStatements {
        put_progress: Write = "INSERT INTO progress (user, deck, card, state) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
        progress: Read = "SELECT card, state FROM progress WHERE user = ? AND deck = ?";
        progress_of: Read = "SELECT card, state FROM progress WHERE user = ? AND deck = ? AND card IN ?";
        put_deck: Write = "INSERT INTO learner_decks (user, deck) VALUES (?, ?) USING TIMESTAMP 1";
        decks: Read = "SELECT deck FROM learner_decks WHERE user = ?";
        put_checkpoint: Write = "INSERT INTO learner (user, epoch, folded_to_ms) VALUES (?, ?, ?) USING TIMESTAMP ?";
        checkpoint: Read = "SELECT folded_to_ms FROM learner WHERE user = ?";
        put_inbox: Write = "INSERT INTO inbox (user, id, noted_us) VALUES (?, ?, ?) USING TIMESTAMP ?";
        inbox: Read = "SELECT id, noted_us FROM inbox WHERE user = ?";
        clear_inbox: Write = "DELETE FROM inbox USING TIMESTAMP ? WHERE user = ? AND id = ?";
    }
}

/// A card's progress as the owner keeps it: the state, and the key of the parameters that made it.
pub(crate) type Whole = (CardState, u32);

/// What is bound to a progress row.
type ProgressValues = (Uuid, Uuid, [u8; 16], Vec<u8>, i64);

/// An inbox row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Noted {
    pub(crate) id: EntryId,
    /// When, in microseconds; also its write timestamp.
    pub(crate) noted_us: i64,
}

/// For how long a write is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Patience {
    /// As long as any write: somebody waits for it.
    Long,
    /// Hardly: it is written behind, and comes again.
    Short,
}

/// The caches' tables.
pub(crate) struct CacheTables {
    client: Client,
    /// The same for what is written behind.
    hasty: Client,
    statements: CacheStatements,
    progress: Batches,
    inbox: Batches,
    clear: Batches,
}

impl CacheTables {
    pub(crate) async fn open(client: &Client) -> Result<Self, OpenError> {
        let statements = CacheStatements::prepare(client).await?;
        let rows_max = client.options().batch_rows_max;
        Ok(Self {
            progress: Batches::new(&[&statements.put_progress], rows_max),
            inbox: Batches::new(&[&statements.put_inbox], rows_max),
            clear: Batches::new(&[&statements.clear_inbox], rows_max),
            hasty: client.writing_within(client.options().behind_within_ms),
            client: client.clone(),
            statements,
        })
    }

    fn client_of(&self, patience: Patience) -> &Client {
        match patience {
            Patience::Long => &self.client,
            Patience::Short => &self.hasty,
        }
    }

    /// All progress rows of a deck, as they are stored.
    pub(crate) async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        let rows = self.client.read(&self.statements.progress, (user.0, deck.0)).await?;
        rows.into_iter().map(|row| progress(deck, row)).collect()
    }

    /// The progress rows of some cards of a deck.
    pub(crate) async fn progress_of(
        &self,
        user: UserId,
        deck: DeckId,
        cards: &[CardId],
    ) -> Result<Vec<Progress>, StoreError> {
        let options = self.client.options();
        let asked: Vec<Vec<Vec<u8>>> = cards
            .chunks(options.keys_a_read.max(1))
            .map(|cards| cards.iter().map(|card| card.bytes().to_vec()).collect())
            .collect();
        let reads = stream::iter(asked).map(|cards| self.progress_chunk(user, deck, cards));
        reads.buffer_unordered(options.reads_at_once).try_concat().await
    }

    async fn progress_chunk(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Vec<Vec<u8>>,
    ) -> Result<Vec<Progress>, StoreError> {
        let rows = self.client.read(&self.statements.progress_of, (user.0, deck.0, cards)).await?;
        rows.into_iter().map(|row| progress(deck, row)).collect()
    }

    /// Writes progress rows of one deck, in batches.
    pub(crate) async fn put_progress(
        &self,
        user: UserId,
        deck: DeckId,
        rows: &[(CardId, Cached<Whole>)],
        write_time: i64,
        patience: Patience,
    ) -> Result<(), StoreError> {
        let client = self.client_of(patience);
        for rows in rows.chunks(self.client.options().batch_rows_max.max(1)) {
            let values: Vec<ProgressValues> = rows
                .iter()
                .map(|(card, cached)| (user.0, deck.0, *card.bytes(), state_blob(cached), write_time))
                .collect();
            client.write_together(self.progress.of(rows.len()), values).await?;
        }
        Ok(())
    }

    /// Notes that a learner has progress in a deck, before the first row of it is written.
    pub(crate) async fn put_deck(
        &self,
        user: UserId,
        deck: DeckId,
        patience: Patience,
    ) -> Result<(), StoreError> {
        self.client_of(patience).write(&self.statements.put_deck, (user.0, deck.0)).await
    }

    /// The decks in which a learner has progress, or may have.
    pub(crate) async fn decks(&self, user: UserId) -> Result<Vec<DeckId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.client.read(&self.statements.decks, (user.0,)).await?;
        Ok(rows.into_iter().map(|(deck,)| DeckId(deck)).collect())
    }

    pub(crate) async fn put_checkpoint(
        &self,
        user: UserId,
        epoch: Epoch,
        checkpoint: Checkpoint,
        patience: Patience,
    ) -> Result<(), StoreError> {
        let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
        let values = (user.0, epoch, checkpoint.folded_to_ms, checkpoint.write_time);
        self.client_of(patience).write(&self.statements.put_checkpoint, values).await
    }

    /// Up to which time the caches answer for the log, Unix milliseconds.
    pub(crate) async fn checkpoint(&self, user: UserId) -> Result<Option<i64>, StoreError> {
        let row: Option<(Option<i64>,)> =
            self.client.read_one(&self.statements.checkpoint, (user.0,)).await?;
        Ok(row.and_then(|(folded_to_ms,)| folded_to_ms))
    }

    /// Writes inbox rows, in batches.
    pub(crate) async fn put_inbox(&self, user: UserId, rows: &[Noted]) -> Result<(), StoreError> {
        for rows in rows.chunks(self.client.options().batch_rows_max.max(1)) {
            let values: Vec<(Uuid, [u8; 16], i64, i64)> =
                rows.iter().map(|row| (user.0, *row.id.bytes(), row.noted_us, row.noted_us)).collect();
            self.client.write_together(self.inbox.of(rows.len()), values).await?;
        }
        Ok(())
    }

    pub(crate) async fn inbox(&self, user: UserId) -> Result<Vec<Noted>, StoreError> {
        let rows: Vec<(Vec<u8>, i64)> = self.client.read(&self.statements.inbox, (user.0,)).await?;
        rows.into_iter().map(|(id, noted_us)| Ok(Noted { id: entry_id(&id)?, noted_us })).collect()
    }

    /// Deletes inbox rows as they were seen: one that was written anew since stays.
    pub(crate) async fn clear_inbox(&self, user: UserId, rows: &[Noted]) -> Result<(), StoreError> {
        for rows in rows.chunks(self.client.options().batch_rows_max.max(1)) {
            let values: Vec<(i64, Uuid, [u8; 16])> =
                rows.iter().map(|row| (row.noted_us, user.0, *row.id.bytes())).collect();
            self.hasty.write_together(self.clear.of(rows.len()), values).await?;
        }
        Ok(())
    }
}

/// A state in a cell; nothing where it must not be trusted.
fn state_blob(cached: &Cached<Whole>) -> Vec<u8> {
    let mut blob = Vec::new();
    if let Cached::Whole((state, params_key)) = cached {
        encode_progress(state, *params_key, &mut blob);
    }
    blob
}

fn progress(deck: DeckId, (card, blob): (Vec<u8>, Vec<u8>)) -> Result<Progress, StoreError> {
    let card: [u8; 16] = card.as_slice().try_into().map_err(|error| unreadable(&error))?;
    let (state, params_key) = match blob.is_empty() {
        true => (CardState::NEW, 0),
        false => decode_progress(&blob).map_err(|error| unreadable(&error))?,
    };
    Ok(Progress { deck, card: CardId::from_bytes(card), params_key, state })
}

/// A card's progress as the port gives it.
pub(crate) fn as_progress(deck: DeckId, card: CardId, cached: &Cached<Whole>) -> Progress {
    match cached {
        Cached::Whole((state, params_key)) => Progress { deck, card, params_key: *params_key, state: *state },
        Cached::Stale => Progress { deck, card, params_key: 0, state: CardState::NEW },
    }
}
