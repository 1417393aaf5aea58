//! The store's handle: opening, and the ways to its threads.

mod hold;
mod reviews;

pub use hold::ApplyHold;

use crate::apply::Apply;
use crate::bulk::Bulk;
use crate::card_log::is_long;
use crate::desk::{Desk, DeskQueue};
use crate::error::{OpenError, file_failed};
use crate::files::{Files, Unfinished, open_files};
use crate::folder::{Folder, FolderLock};
use crate::journal::{Append, Order};
use crate::lane::Lane;
use crate::media::files::MediaFiles;
use crate::merge::Waiting;
use crate::options::Options;
use crate::shared::Shared;
use crate::stats::Stats;
use crate::upkeep::{Upkeep, UpkeepQueue, Wanted};
use domain::ids::{CardId, DeckId, UserId};
use ports::{Cause, ProgressWrite, ReviewStore, Row, RowOutcome, StoreError};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Threads that wait for the disk over media files.
const MEDIA_THREADS: usize = 2;

/// The embedded store. Clones are handles of one store, which closes with the last of them: that waits for the
/// requests at work and for the slice that is being applied, so let go of the last one where waiting is allowed.
#[derive(Clone)]
pub struct EmbeddedStore {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    journal: Option<SyncSender<Order>>,
    readers: Option<Lane<Files>>,
    long_reader: Option<Lane<Files>>,
    desk: Option<DeskQueue>,
    imports: Option<Lane<Bulk>>,
    upkeep: Option<UpkeepQueue>,
    media: Option<Lane<MediaFiles>>,
    threads: Vec<JoinHandle<()>>,
    // Given back last, when nothing writes any more.
    _lock: FolderLock,
}

impl EmbeddedStore {
    /// Opens the store in this folder, which is made if it does not exist; rows that were acknowledged and not yet
    /// applied are there at once.
    ///
    /// # Errors
    /// [`OpenError`]: the folder is in use, a file is newer than this program, or the system refuses.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = FolderLock::take(folder)?;
        let folder = Folder::new(folder);
        let (shared, journal) = open_files(folder, options, Unfinished::Refused)?;
        let mut threads = Vec::new();
        let thread_error = |error| OpenError::Io { file: shared.folder.root().to_owned(), error };

        let apply = Apply::open(Arc::clone(&shared))?;
        let desk = Desk::open(Arc::clone(&shared))?;
        let bulk = Bulk::open(Arc::clone(&shared))?;
        let upkeep = Upkeep::open(Arc::clone(&shared))?;
        let files = MediaFiles::new(&shared.folder);
        files.tidy().map_err(|error| OpenError::Io { file: shared.folder.media(), error })?;
        let readers: Result<Vec<Files>, OpenError> =
            (0..shared.options.readers.max(1)).map(|_| Files::open(Arc::clone(&shared))).collect();
        let long_reader = Files::open(Arc::clone(&shared))?;
        let (orders, asked) = sync_channel(shared.options.append_queue_max);

        let (readers, running) =
            Lane::start("reader", shared.options.read_queue_max, readers?).map_err(thread_error)?;
        threads.extend(running);
        let queue_max = shared.options.long_read_queue_max;
        let (long_reader, running) =
            Lane::start("long-reader", queue_max, vec![long_reader]).map_err(thread_error)?;
        threads.extend(running);
        let (desk, running) = DeskQueue::start(shared.options.desk_queue_max, desk).map_err(thread_error)?;
        threads.push(running);
        let (imports, running) =
            Lane::start("imports", shared.options.import_queue_max, vec![bulk]).map_err(thread_error)?;
        threads.extend(running);
        let (upkeep, running) =
            UpkeepQueue::start(shared.options.upkeep_queue_max, upkeep).map_err(thread_error)?;
        threads.push(running);
        let files = vec![files; MEDIA_THREADS];
        let (media, running) =
            Lane::start("media", shared.options.media_queue_max, files).map_err(thread_error)?;
        threads.extend(running);
        threads.push(spawn("store-journal", move || journal.run(&asked)).map_err(thread_error)?);
        threads.push(spawn("store-apply", move || apply.run()).map_err(thread_error)?);
        let inner = Inner {
            shared,
            journal: Some(orders),
            readers: Some(readers),
            long_reader: Some(long_reader),
            desk: Some(desk),
            imports: Some(imports),
            upkeep: Some(upkeep),
            media: Some(media),
            threads,
            _lock: lock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Figures of the store, for metrics.
    pub fn stats(&self) -> Stats {
        let broken = self.inner.threads.iter().any(JoinHandle::is_finished);
        Stats { broken, ..self.inner.shared.stats() }
    }

    /// Marks cards of a learner to be folded again from the log by whoever loads them next; returns how many.
    ///
    /// # Errors
    /// The store's; some may be marked.
    pub async fn mark_for_refold(
        &self,
        user: UserId,
        deck: DeckId,
        cards: &[CardId],
    ) -> Result<usize, StoreError> {
        let stale = |card: &CardId| Row {
            user,
            entry: None,
            about: Some((deck, *card)),
            progress: ProgressWrite::Stale,
        };
        let outcomes = self.append(cards.iter().map(stale).collect()).await;
        let failed = outcomes.iter().find_map(|outcome| match outcome {
            RowOutcome::Durable => None,
            RowOutcome::Unknown(cause) | RowOutcome::Never(cause) => Some(*cause),
        });
        match failed {
            Some(cause) => Err(StoreError::new(cause, "mark cards to be folded again")),
            None => Ok(outcomes.len()),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Has a reader answer from both files.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        user: UserId,
        ask: impl FnOnce(&Connection, &Waiting) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Some(readers) = &self.inner.readers else { return Err(closed()) };
        readers.ask(move |files| files.mended(|files| files.joined(user, ask))).await
    }

    /// The same for what may take long, one after another: whoever asks for little does not wait behind it.
    pub(crate) async fn read_long<T: Send + 'static>(
        &self,
        user: UserId,
        ask: impl FnOnce(&Connection, &Waiting) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Some(long_reader) = &self.inner.long_reader else { return Err(closed()) };
        long_reader.ask(move |files| files.mended(|files| files.joined(user, ask))).await
    }

    /// Has a reader answer what asks for the logs of so many cards, `None` for all; if the learner's log is long, the one
    /// that is for that.
    async fn read_logs<T: Send + 'static>(
        &self,
        user: UserId,
        cards: Option<usize>,
        ask: impl FnOnce(&Connection, &Waiting) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let long_rows = self.inner.shared.options.long_log_rows;
        let here = self.read(user, move |main, waiting| match is_long(main, user, cards, long_rows)? {
            true => Ok(Err(ask)),
            false => ask(main, waiting).map(Ok),
        });
        match here.await? {
            Ok(answer) => Ok(answer),
            Err(ask) => self.read_long(user, ask).await,
        }
    }

    /// Has a reader answer from `main.db` alone, as of one moment.
    pub(crate) async fn read_main<T, E>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: crate::desk::Refusal + Send + 'static,
    {
        let Some(readers) = &self.inner.readers else { return Err(closed().into()) };
        readers.ask(move |files| files.mended(|files| files.ask_main(ask))).await
    }

    /// Has the desk carry out a change.
    pub(crate) async fn write<T, E>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: crate::desk::Refusal + Send + 'static,
    {
        let Some(desk) = &self.inner.desk else { return Err(closed().into()) };
        desk.write(change).await
    }

    /// Has a thread that waits for the disk work on media files.
    pub(crate) async fn on_files<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&MediaFiles) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Some(media) = &self.inner.media else { return Err(closed()) };
        media.call(move |files| work(files).map_err(|error| file_failed(what, &error))).await
    }

    /// Has this done behind whoever asks, who does not wait for it.
    pub(crate) fn want(&self, wanted: Wanted) {
        if let Some(upkeep) = &self.inner.upkeep {
            upkeep.want(wanted);
        }
    }

    fn order(&self, order: Order) -> Result<(), Cause> {
        let Some(journal) = &self.inner.journal else { return Err(Cause::Unavailable) };
        journal.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => Cause::Overloaded,
            TrySendError::Disconnected(_) => Cause::Unavailable,
        })
    }

    /// How many more rows may wait to be applied.
    fn room(&self) -> usize {
        let shared = &self.inner.shared;
        usize::try_from(shared.options.backlog_rows_max.saturating_sub(shared.index.len()))
            .unwrap_or(usize::MAX)
    }

    /// Queues a batch, unless a limit says no: then nothing of it is written.
    fn submit(&self, rows: Arc<[Row]>) -> Result<oneshot::Receiver<Vec<RowOutcome>>, Cause> {
        let shared = &self.inner.shared;
        if shared.poisoned.load(Ordering::Acquire) {
            return Err(Cause::Poisoned);
        }
        let (answer, answered) = oneshot::channel();
        self.order(Order::Append(Append { rows, answer }))?;
        Ok(answered)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.orders().stop = true;
        self.shared.woken.notify_all();
        // The queues end, and with them their threads, after what was asked.
        self.journal = None;
        self.readers = None;
        self.long_reader = None;
        self.desk = None;
        self.imports = None;
        self.upkeep = None;
        self.media = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store had panicked");
            }
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

fn closed() -> StoreError {
    StoreError::new(Cause::Unavailable, "the store is closed")
}
