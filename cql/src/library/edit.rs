//! An edit of cards, from its beginning to its commit: see [`super`].

use super::head::{Head, NOBODY, STAMPS_PER_EDIT};
use super::settle::settle;
use super::steps::{Step, reached};
use crate::CqlStore;
use crate::decide::{Verdict, decide};
use domain::ids::{DeckId, Uuid};
use ports::{Cause, LibraryError, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// How often a writer that waits for another edit looks.
const LOOK: Duration = Duration::from_millis(50);
/// How often an edit under way shows its pulse, in each time after which it would be taken for dead.
const BEATS: u32 = 5;
/// How often a commit that is bound to no revision is tried, when the deck's record is changed meanwhile.
const COMMIT_TRIES: u32 = 32;

/// An edit that this writer began.
pub(super) struct Edit {
    store: CqlStore,
    /// The deck as it is while nobody else can edit its cards; its record may change.
    pub(super) head: Head,
    me: Uuid,
    /// Its number, and the first timestamp of its writes.
    pub(super) stamp: i64,
    beat: i32,
    next_beat: Instant,
}

/// What an edit comes to.
pub(super) struct Outcome {
    /// Cards that are not deleted.
    pub(super) cards: u32,
    /// Places in the deck.
    pub(super) positions: u32,
    /// Buckets in which a card was changed or added.
    pub(super) touched: BTreeSet<u32>,
    /// Buckets of which changed cards lie in the edit.
    pub(super) laid: BTreeSet<u32>,
}

impl Edit {
    /// Begins an edit: waits until no other is under way, finishes what one left behind, and takes over from one that
    /// has shown no pulse for a while.
    pub(super) async fn begin(
        store: &CqlStore,
        deck: DeckId,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Result<Edit, LibraryError> {
        let options = store.client().options();
        let (silent, wait) =
            (Duration::from_millis(options.edit_silent_ms), Duration::from_millis(options.edit_wait_ms));
        let began = Instant::now();
        let mut seen = ((NOBODY, 0), began);
        loop {
            let head = Head::read(store, deck).await?.ok_or(LibraryError::NoSuchDeck)?;
            if if_revision.is_some_and(|based_on| based_on != head.record.revision) {
                return Err(LibraryError::Changed);
            }
            let pulse = (head.editor, head.beat);
            if seen.0 != pulse {
                seen = (pulse, Instant::now());
            }
            if (head.editor == NOBODY || seen.1.elapsed() >= silent)
                && let Some(edit) = Edit::take(store, head, now_ms).await?
            {
                return Ok(edit);
            }
            if began.elapsed() >= wait {
                let busy = StoreError::new(Cause::Overloaded, "other edits of the deck are under way");
                return Err(busy.into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes the place of the deck's editor, unless that has changed.
    async fn take(store: &CqlStore, mut head: Head, now_ms: i64) -> Result<Option<Edit>, StoreError> {
        if let Some(laid) = head.laid.take() {
            settle(store, head.record.id, &laid).await?;
        }
        let (deck, me) = (head.record.id, uuid::Uuid::new_v4());
        let stamp = now_ms.saturating_mul(1_000).max(head.stamp.saturating_add(STAMPS_PER_EDIT));
        let values = (stamp, me, 0_i32, deck.0, head.stamp, head.editor, head.beat);
        let before = (head.editor, head.stamp, head.beat);
        let begun = decide(store.client(), &store.library().begin_edit, &values, || async move {
            Ok(match Head::read_decided(store, deck).await? {
                Some(now) if now.editor == me => Verdict::Done,
                Some(now) if (now.editor, now.stamp, now.beat) == before => Verdict::Again,
                Some(_) | None => Verdict::Refused,
            })
        });
        if !begun.await? {
            return Ok(None);
        }
        let next_beat = next_beat(store);
        let edit = Edit { store: store.clone(), head, me, stamp, beat: 0, next_beat };
        edit.clear_left_behind(before).await;
        reached(deck, Step::Begun).await;
        Ok(Some(edit))
    }

    /// Rows of an edit that was never committed are seen by nobody; they only take space.
    async fn clear_left_behind(&self, (editor, stamp, _): (Uuid, i64, i32)) {
        if editor == NOBODY {
            return;
        }
        let deck = self.head.record.id;
        tracing::warn!(%deck, "an edit of cards without a pulse was taken over");
        let buckets = (0..self.head.buckets_used()).collect();
        if let Err(error) = drop_laid(&self.store, deck, stamp, &buckets).await {
            tracing::warn!(%deck, %error, "rows of an edit that was never committed stay behind");
        }
    }

    /// Does this work while showing a pulse.
    ///
    /// # Errors
    /// The work's, or [`Cause::Overloaded`] when another writer took over.
    pub(super) async fn alive<T>(
        &mut self,
        work: impl Future<Output = Result<T, LibraryError>>,
    ) -> Result<T, LibraryError> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = tokio::time::sleep_until(self.next_beat) => self.show_pulse().await?,
            }
        }
    }

    async fn show_pulse(&mut self) -> Result<(), StoreError> {
        self.beat = self.beat.wrapping_add(1);
        self.next_beat = next_beat(&self.store);
        let values = (self.beat, self.head.record.id.0, self.me);
        let shown = decide(self.store.client(), &self.store.library().beat, &values, || async {
            let now = Head::read_decided(&self.store, self.head.record.id).await?;
            let mine = now.is_some_and(|now| now.editor == self.me);
            Ok(if mine { Verdict::Done } else { Verdict::Refused })
        });
        if shown.await? { Ok(()) } else { Err(taken_over()) }
    }

    /// Makes the edit the deck's next revision, in one step; then moves its rows to where they belong. Returns the
    /// revision.
    pub(super) async fn commit(
        mut self,
        outcome: &Outcome,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Result<u64, LibraryError> {
        for _ in 0..COMMIT_TRIES {
            let based_on = self.head.record.revision;
            reached(self.head.record.id, Step::Written).await;
            if self.decide_commit(outcome, based_on, now_ms).await? {
                reached(self.head.record.id, Step::Committed).await;
                self.tidy(outcome).await;
                return Ok(based_on + 1);
            }
            let deck = self.head.record.id;
            let now = Head::read_decided(&self.store, deck).await?.ok_or(LibraryError::NoSuchDeck)?;
            if now.editor != self.me {
                return Err(taken_over().into());
            }
            if if_revision.is_some() {
                self.give_up(&outcome.laid).await;
                return Err(LibraryError::Changed);
            }
            // The deck's record was changed, its cards were not: they are as they were when the edit began.
            self.head.record = now.record;
        }
        self.give_up(&outcome.laid).await;
        Err(StoreError::new(Cause::Overloaded, "a deck is changed by too many at once").into())
    }

    async fn decide_commit(&self, outcome: &Outcome, based_on: u64, now_ms: i64) -> Result<bool, StoreError> {
        let (deck, me) = (self.head.record.id, self.me);
        let revision = (based_on + 1).cast_signed();
        let mut buckets = self.head.buckets.clone();
        for bucket in &outcome.touched {
            let place = *bucket as usize;
            buckets.resize(buckets.len().max(place + 1), 0);
            if let Some(changed_in) = buckets.get_mut(place) {
                *changed_in = revision;
            }
        }
        let laid: Vec<i32> = outcome.laid.iter().map(|bucket| bucket.cast_signed()).collect();
        let values = (
            revision,
            outcome.cards.cast_signed(),
            outcome.positions.cast_signed(),
            buckets,
            now_ms,
            me,
            NOBODY,
            if laid.is_empty() { 0 } else { self.stamp },
            laid,
            deck.0,
            me,
            based_on.cast_signed(),
        );
        decide(self.store.client(), &self.store.library().commit_edit, &values, || async move {
            Ok(match Head::read_decided(&self.store, deck).await? {
                Some(now) if now.last == me => Verdict::Done,
                Some(now) if now.editor == me && now.record.revision == based_on => Verdict::Again,
                Some(now) if now.editor == me => Verdict::Refused,
                Some(_) | None => Verdict::Unknown,
            })
        })
        .await
    }

    /// What is left to do after a commit is done by the next writer if it fails here: the edit stands.
    async fn tidy(&self, outcome: &Outcome) {
        if outcome.laid.is_empty() {
            return;
        }
        let laid = super::head::Laid { edit: self.stamp, buckets: outcome.laid.iter().copied().collect() };
        if let Err(error) = settle(&self.store, self.head.record.id, &laid).await {
            tracing::warn!(deck = %self.head.record.id, %error, "an edit of cards waits to be settled");
        }
    }

    /// Ends the edit without a trace that anybody sees. Where that fails, the next writer takes over in time.
    pub(super) async fn give_up(&self, laid: &BTreeSet<u32>) {
        let deck = self.head.record.id;
        let values = (NOBODY, deck.0, self.me);
        let ended = decide(self.store.client(), &self.store.library().give_up_edit, &values, || async move {
            let now = Head::read_decided(&self.store, deck).await?;
            Ok(if now.is_some_and(|now| now.editor == self.me) { Verdict::Again } else { Verdict::Done })
        });
        let ended = async {
            ended.await?;
            drop_laid(&self.store, deck, self.stamp, laid).await
        };
        if let Err(error) = ended.await {
            tracing::warn!(%deck, %error, "an edit of cards could not be given up");
        }
    }
}

fn next_beat(store: &CqlStore) -> Instant {
    Instant::now() + Duration::from_millis(store.client().options().edit_silent_ms) / BEATS
}

fn taken_over() -> StoreError {
    StoreError::new(Cause::Overloaded, "an edit of cards was too slow, and another writer took over")
}

/// Removes an edit's rows, with the last of its timestamps: nothing that its writer still sends comes back.
pub(super) async fn drop_laid(
    store: &CqlStore,
    deck: DeckId,
    edit: i64,
    buckets: &BTreeSet<u32>,
) -> Result<(), StoreError> {
    for bucket in buckets {
        let values = (edit + STAMPS_PER_EDIT - 1, deck.0, edit, bucket.cast_signed());
        store.client().write(&store.library().drop_laid, values).await?;
    }
    Ok(())
}
