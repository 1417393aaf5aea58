//! The hot port: what is asked of the log and of progress, each on the thread that does it.

use super::{EmbeddedStore, closed};
use crate::card_log::{self, Cards};
use crate::condensed;
use crate::error::During;
use crate::folded;
use crate::journal::Order;
use crate::read;
use crate::rows::insert_quarantined;
use crate::upkeep::Wanted;
use domain::answers::Answers;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::reviews::{Shape, only_of_jobs};
use ports::{
    CardStates, Cause, LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, StoreError,
    ToFold,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::oneshot;

impl ReviewStore for EmbeddedStore {
    fn shape(&self) -> Shape {
        Shape::Journal { rows_max: self.inner.shared.options.commit_rows_max }
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        // What has no room behind the rows that wait for apply comes again later; what has is taken.
        let (count, room) = (rows.len(), self.room().min(rows.len()));
        let taken = if room < count { rows[..room].into() } else { rows };
        let answer = match room {
            0 if count > 0 => Err(Cause::Overloaded),
            _ => match self.submit(taken) {
                Ok(answered) => answered.await.map_err(|_| Cause::Unavailable),
                Err(cause) => Err(cause),
            },
        };
        let mut outcomes = answer.unwrap_or_else(|cause| vec![RowOutcome::Unknown(cause); room]);
        outcomes.resize(count, RowOutcome::Unknown(Cause::Overloaded));
        outcomes
    }

    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        only_of_jobs(&entries)?;
        let Some(imports) = &self.inner.imports else { return Err(closed()) };
        imports.call(move |bulk| bulk.append(user, entries)).await
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        self.read(user, move |main, waiting| read::load(main, waiting, user)).await
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        self.read(user, move |main, waiting| read::progress(main, waiting, user, deck)).await
    }

    async fn progress_of(
        &self,
        user: UserId,
        decks: Option<Vec<DeckId>>,
    ) -> Result<Vec<Progress>, StoreError> {
        self.read(user, move |main, waiting| match decks {
            None => read::all_progress(main, waiting, user),
            Some(decks) => {
                let rows = decks.into_iter().map(|deck| read::progress(main, waiting, user, deck));
                Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
        })
        .await
    }

    async fn card_logs(
        &self,
        user: UserId,
        cards: Vec<(DeckId, Vec<CardId>)>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let mut of = Cards::new();
        for (deck, cards) in cards {
            of.entry(deck).or_default().extend(cards);
        }
        let count = of.values().map(BTreeSet::len).sum();
        self.read_logs(user, Some(count), move |main, waiting| card_log::card_logs(main, waiting, user, &of))
            .await
    }

    async fn fold_cards(&self, user: UserId, wanted: Vec<ToFold>) -> Result<CardStates, StoreError> {
        let count = wanted.iter().map(|wanted| wanted.cards.len()).sum();
        self.read_logs(user, Some(count), move |main, waiting| {
            folded::fold_cards(main, waiting, user, &wanted)
        })
        .await
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        let ids = ids.into_iter().collect();
        self.read(user, move |main, waiting| read::entries(main, waiting, user, &ids)).await
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.read_logs(user, cards.as_ref().map(Vec::len), move |main, waiting| {
            card_log::card_log(main, waiting, user, deck, cards)
        })
        .await
    }

    /// Summed up where it was read: the threads that serve sockets do nothing of it.
    async fn survey<T: Send + 'static>(
        &self,
        users: Vec<UserId>,
        from: EntryId,
        entries_max: usize,
        sum: impl Fn(UserId, Answers) -> T + Send + Sync + 'static,
    ) -> Result<Vec<T>, StoreError> {
        let (sum, long) = (Arc::new(sum), self.inner.shared.options.condense_from_entries);
        let read = |user| {
            let sum = Arc::clone(&sum);
            self.read(user, move |main, waiting| {
                let told = condensed::answers(main, waiting, user, (from, entries_max), long)?;
                Ok((sum(user, told.answers), told.is_long.then_some(user)))
            })
        };
        // As many as are read at once: what others ask meanwhile does not wait behind all of them.
        let at_once = self.inner.shared.options.readers.max(1);
        let read: Vec<(T, Option<UserId>)> =
            stream::iter(users).map(read).buffered(at_once).try_collect().await?;
        let (sums, long): (Vec<T>, Vec<Option<UserId>>) = read.into_iter().unzip();
        let long: Vec<UserId> = long.into_iter().flatten().collect();
        if !long.is_empty() {
            self.want(Wanted::Condensed(long));
        }
        Ok(sums)
    }

    fn log_versions(&self, users: &[UserId]) -> Option<Vec<u64>> {
        let versions = &self.inner.shared.versions;
        Some(users.iter().map(|user| versions.of(*user)).collect())
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        self.read(user, move |main, waiting| read::log(main, waiting, user, &range)).await
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        self.write(move |main| insert_quarantined(main, &what).during("keep a command in quarantine")).await
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Reopen(answer))
            .map_err(|cause| StoreError::new(cause, "the journal's queue took no order to reopen"))?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use domain::grade::Grade;
    use domain::state::FoldParams;
    use futures_util::FutureExt;
    use kit::rows::{card, deck, id, review, user};
    use kit::wait::block_on;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::sync_channel;

    #[test]
    fn who_asks_for_much_of_a_long_log_waits_with_others_who_do_and_with_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        // One reader: it would carry all out in the order in which it is asked.
        let options = Options { readers: 1, long_log_rows: 20, ..Options::default() };
        let store = EmbeddedStore::open(folder.path(), options).unwrap();
        block_on(async {
            for (of, count) in [(user(1), 30), (user(2), 10)] {
                let answers = (0..count).map(|n| review(id(n), deck(1), card(n % 6), Grade::Good));
                let answers = answers.map(|answer| LogEntry { job: Some(kit::rows::job(1)), ..answer });
                store.append_import(of, answers.collect()).await.unwrap();
            }
            let (go, gate) = sync_channel::<()>(0);
            let at_work = store.read_long(user(3), move |_, _| Ok(gate.recv().is_ok()));
            let mut at_work = Box::pin(at_work);
            assert!((&mut at_work).now_or_never().is_none());
            let ran = Arc::new(AtomicBool::new(false));
            let runs = Arc::clone(&ran);
            let mut gone =
                Box::pin(store.read_long(user(3), move |_, _| Ok(runs.swap(true, Ordering::SeqCst))));
            assert!((&mut gone).now_or_never().is_none());
            drop(gone);
            let six = || {
                vec![ToFold {
                    deck: deck(1),
                    cards: (0..6).map(card).collect(),
                    params: FoldParams::default(),
                }]
            };
            let mut fold = Box::pin(store.fold_cards(user(1), six()));
            let mut log = Box::pin(store.card_log(user(1), deck(1), None));
            let page = || vec![(deck(1), (0..6).map(card).collect())];
            let mut logs = Box::pin(store.card_logs(user(1), page()));
            for _ in 0..3 {
                assert!((&mut fold).now_or_never().is_none() && (&mut log).now_or_never().is_none());
                assert!((&mut logs).now_or_never().is_none());
                assert_eq!(store.card_logs(user(2), page()).await.unwrap().len(), 10);
                assert_eq!(store.fold_cards(user(2), six()).await.unwrap().len(), 6);
                assert_eq!(store.card_log(user(2), deck(1), None).await.unwrap().len(), 10);
                let few = store.card_log(user(1), deck(1), Some(vec![card(1), card(2)]));
                assert_eq!(few.await.unwrap().len(), 10);
            }
            go.send(()).unwrap();
            assert!(at_work.await.unwrap());
            assert_eq!(log.await.unwrap().len(), 30);
            assert_eq!(logs.await.unwrap().len(), 30);
            fold.await.unwrap();
            assert!(!ran.load(Ordering::SeqCst), "who asked had gone");
        });
    }
}
