//! The thread that writes decks, cards, people and quarantine. A change is durable when its asker hears of it, and goes
//! before the next slice of apply.

use crate::error::{During, OpenError};
use crate::schema::open_write;
use crate::shared::Shared;
use ports::{
    Cause, ImportsError, LessonsError, LibraryError, MediaError, NotesError, PapersError, PeopleError,
    StoreError, WebhooksError,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Page cache of the desk's connection: it writes little.
const CACHE_KIB: u32 = 4 * 1_024;
/// Changes that share a transaction, at most: how long apply waits for its turn.
const BATCH_MAX: usize = 128;

/// Errors of which some are the store's.
pub(crate) trait Refusal: From<StoreError> {
    /// The store's failure in it, if it is one.
    fn store(&self) -> Option<&StoreError>;
}

impl Refusal for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Refusal for LibraryError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            LibraryError::Store(error) => Some(error),
            LibraryError::NoSuchDeck | LibraryError::Changed | LibraryError::TooManyCards => None,
        }
    }
}

impl Refusal for PeopleError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            PeopleError::Store(error) => Some(error),
            PeopleError::OtherOrg
            | PeopleError::NoSuchPerson
            | PeopleError::NoSuchClass
            | PeopleError::BadZone(_) => None,
        }
    }
}

impl Refusal for ImportsError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            ImportsError::Store(error) => Some(error),
            ImportsError::Changed => None,
        }
    }
}

impl Refusal for MediaError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            MediaError::Store(error) => Some(error),
            MediaError::TooLarge | MediaError::OtherLength => None,
        }
    }
}

impl Refusal for NotesError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            NotesError::Store(error) => Some(error),
        }
    }
}

impl Refusal for LessonsError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            LessonsError::Store(error) => Some(error),
            LessonsError::Fenced => None,
        }
    }
}

impl Refusal for PapersError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            PapersError::Store(error) => Some(error),
            PapersError::Changed => None,
        }
    }
}

impl Refusal for WebhooksError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            WebhooksError::Store(error) => Some(error),
            WebhooksError::Changed => None,
        }
    }
}

/// Whether a handle that gave this cause must not be used again.
pub(crate) fn breaks_handle(cause: Cause) -> bool {
    match cause {
        Cause::Unavailable | Cause::Poisoned => true,
        Cause::Timeout | Cause::Overloaded | Cause::NoSpace | Cause::Invalid => false,
    }
}

/// What stays of the changes of a transaction.
enum Kept {
    All,
    /// Others were taken back.
    Some,
}

/// The desk.
pub(crate) struct Desk {
    main: Connection,
    shared: Arc<Shared>,
}

impl Desk {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, OpenError> {
        let main = open_write(&shared.folder.main(), shared.options.vfs.as_deref(), CACHE_KIB)?;
        Ok(Self { main, shared })
    }

    /// Carries out what is queued until nobody can queue any more. What waits together is stored together: when a
    /// school signs in at eight, one sync serves many.
    pub(crate) fn run(mut self, waiting: &Receiver<Box<dyn Change>>) {
        while let Ok(first) = waiting.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH_MAX
                && let Ok(next) = waiting.try_recv()
            {
                batch.push(next);
            }
            let stored = self.store(&mut batch);
            if let Err(error) = &stored {
                tracing::error!(%error, "changes could not be stored");
                if breaks_handle(error.cause) {
                    self.open_again();
                }
            }
            for change in batch {
                change.settle(stored.clone());
            }
        }
    }

    /// One transaction for all. A change that is refused leaves nothing behind, and the others stay.
    fn store(&mut self, batch: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
        let stored = self.carry_out(batch);
        if !matches!(stored, Ok(Kept::All)) {
            self.shared.filed.forget();
        }
        stored.map(drop)
    }

    fn carry_out(&mut self, batch: &mut [Box<dyn Change>]) -> Result<Kept, StoreError> {
        let _turn = self.shared.turn.for_desk();
        let mut tx =
            self.main.transaction_with_behavior(TransactionBehavior::Immediate).during("begin a change")?;
        let before = tx.total_changes();
        if let [only] = batch {
            // It can be taken back with the transaction. A savepoint has each page copied that a large change touches.
            let carried = catch_unwind(AssertUnwindSafe(|| only.carry_out(&tx)));
            if !is_kept(carried)? {
                return Ok(Kept::Some);
            }
            commit(tx, before, &self.shared)?;
            return Ok(Kept::All);
        }
        let mut kept = Kept::All;
        for change in batch {
            let part = tx.savepoint().during("begin a change")?;
            // One change's fault must not take the thread from all others; its asker hears `Unavailable`.
            match is_kept(catch_unwind(AssertUnwindSafe(|| change.carry_out(&part))))? {
                true => part.commit().during("store a change")?,
                false => {
                    kept = Kept::Some;
                    part.finish().during("take a change back")?;
                }
            }
        }
        commit(tx, before, &self.shared)?;
        Ok(kept)
    }

    fn open_again(&mut self) {
        match Self::open(Arc::clone(&self.shared)) {
            Ok(fresh) => *self = fresh,
            Err(error) => tracing::error!(%error, "main.db could not be opened again"),
        }
    }
}

/// Whether a change stays in its transaction.
///
/// # Errors
/// The handle must not be used again.
fn is_kept(carried: std::thread::Result<Carried>) -> Result<bool, StoreError> {
    match carried {
        Ok(Carried::Out) => Ok(true),
        Ok(Carried::Refused) => Ok(false),
        Ok(Carried::Failed(error)) if breaks_handle(error.cause) => Err(error),
        Ok(Carried::Failed(error)) => {
            tracing::error!(%error, "a change could not be stored");
            Ok(false)
        }
        Err(_) => {
            tracing::error!("a change to the store panicked");
            Ok(false)
        }
    }
}

/// Makes durable what was changed since there were so many changes.
fn commit(tx: Transaction<'_>, before: u64, shared: &Shared) -> Result<(), StoreError> {
    let rows = tx.total_changes() - before;
    tx.commit().during("store a change")?;
    shared.main_rows_unchecked.fetch_add(rows, Ordering::Relaxed);
    Ok(())
}

/// How a change went, before anything is durable.
pub(crate) enum Carried {
    /// It is part of the transaction.
    Out,
    /// It was refused by a rule, and the asker will hear which.
    Refused,
    /// The store failed.
    Failed(StoreError),
}

/// A change that waits for the desk.
pub(crate) trait Change: Send {
    /// Makes the change within the transaction.
    fn carry_out(&mut self, main: &Connection) -> Carried;
    /// The transaction has ended: tells the asker.
    fn settle(self: Box<Self>, stored: Result<(), StoreError>);
}

/// A change and who waits for it.
struct Asked<T, E, F> {
    change: Option<F>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Change for Asked<T, E, F>
where
    T: Send,
    E: Refusal + Send,
    F: FnOnce(&Connection) -> Result<T, E> + Send,
{
    fn carry_out(&mut self, main: &Connection) -> Carried {
        let Some(change) = self.change.take() else { return Carried::Refused };
        let outcome = change(main);
        let carried = match &outcome {
            Ok(_) => Carried::Out,
            Err(refusal) => refusal.store().map_or(Carried::Refused, |error| Carried::Failed(error.clone())),
        };
        self.outcome = Some(outcome);
        carried
    }

    fn settle(self: Box<Self>, stored: Result<(), StoreError>) {
        let outcome = match (self.outcome, stored) {
            (Some(Ok(_)), Err(error)) => Err(error.into()),
            (Some(outcome), _) => outcome,
            // It did not come to it, or it panicked.
            (None, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(closed().into()),
        };
        // Whoever no longer waits for the answer has dropped the other end.
        drop(self.answer.send(outcome));
    }
}

/// The way to the desk, with room for so many changes.
pub(crate) struct DeskQueue(SyncSender<Box<dyn Change>>);

impl DeskQueue {
    /// Starts the desk's thread. It ends when the queue is dropped, after what was queued.
    pub(crate) fn start(queue_max: usize, desk: Desk) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, waiting) = sync_channel(queue_max);
        let thread = std::thread::Builder::new().name("store-desk".to_owned());
        let running = thread.spawn(move || desk.run(&waiting))?;
        Ok((Self(queue), running))
    }

    /// Has the desk carry this out. It is queued when this is called, not when the future is polled.
    pub(crate) fn write<T, E, F>(&self, change: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        T: Send + 'static,
        E: Refusal + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { change: Some(change), outcome: None, answer };
        let queued = self.0.try_send(Box::new(asked)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::new(Cause::Overloaded, "the desk queue is full"),
            TrySendError::Disconnected(_) => closed(),
        });
        async move {
            queued?;
            answered.await.unwrap_or_else(|_| Err(closed().into()))
        }
    }
}

fn closed() -> StoreError {
    StoreError::new(Cause::Unavailable, "the desk thread did not answer")
}
