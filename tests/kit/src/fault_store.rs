//! A store that misbehaves as a test asks: it fails before or after the effect, answers late, or lies.

use crate::rng::Rng;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use ports::{
    Cause, LearnerLog, LogRange, Progress, Quarantined, ReviewStore, Row, RowOutcome, Shape, StoreError,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What happens to one append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nothing is written, and the asker hears this.
    Before(Cause),
    /// All is written, and the asker hears this.
    After(Cause),
    /// Each row meets its own fate: written or not, and known or not.
    Torn(Cause),
    /// It takes so long.
    Late(Duration),
    /// It waits until the test releases it.
    Held,
    /// The row with this number in the batch can never be stored; the others are.
    Never(usize),
}

/// Lies that a test must catch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lies {
    /// `bug-early-ack`: rows are reported durable and not stored. Every n-th batch; 0 is never.
    pub early_ack_every: u64,
    /// `bug-no-dedupe`: an entry that is appended again is there again, under another id.
    pub no_dedupe: bool,
    /// Progress is stored, its entry is not.
    pub entry_dropped: bool,
}

/// How the faults are drawn.
#[derive(Clone, Debug)]
struct Plan {
    script: VecDeque<Option<Fault>>,
    rng: Rng,
    fault_percent: u64,
    read_fault_percent: u64,
    poisoned: bool,
    lies: Lies,
    appends: u64,
    met: Vec<Fault>,
    quarantined: Vec<Quarantined>,
    quarantine_is_down: bool,
}

/// Wraps a store.
#[derive(Clone)]
pub struct FaultStore<S> {
    inner: S,
    shape: Option<Shape>,
    plan: Arc<Mutex<Plan>>,
    released: Arc<Notify>,
}

impl<S: ReviewStore> FaultStore<S> {
    /// A store that behaves until it is told otherwise.
    pub fn new(inner: S) -> Self {
        let plan = Plan {
            script: VecDeque::new(),
            rng: Rng::new(0),
            fault_percent: 0,
            read_fault_percent: 0,
            poisoned: false,
            lies: Lies::default(),
            appends: 0,
            met: Vec::new(),
            quarantined: Vec::new(),
            quarantine_is_down: false,
        };
        Self { inner, shape: None, plan: Arc::new(Mutex::new(plan)), released: Arc::new(Notify::new()) }
    }

    /// The same with another shape than the store inside has.
    pub fn shaped(inner: S, shape: Shape) -> Self {
        Self { shape: Some(shape), ..Self::new(inner) }
    }

    /// The store inside, which does not misbehave.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// From now on so many of a hundred appends, and of a hundred reads, meet a random fault; the seed repeats them.
    pub fn seeded(&self, seed: u64, append_percent: u64, read_percent: u64) {
        let mut plan = self.plan();
        plan.rng = Rng::new(seed);
        (plan.fault_percent, plan.read_fault_percent) = (append_percent, read_percent);
    }

    /// The next appends meet these, in this order; `None` passes.
    pub fn script(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.plan().script.extend(faults);
    }

    /// No more faults and lies; a poisoned store stays so until it is reopened.
    pub fn calm(&self) {
        let mut plan = self.plan();
        (plan.fault_percent, plan.read_fault_percent) = (0, 0);
        plan.script.clear();
        plan.lies = Lies::default();
    }

    /// From now on it lies so.
    pub fn lie(&self, lies: Lies) {
        self.plan().lies = lies;
    }

    /// Lets every held append go on.
    pub fn release(&self) {
        self.released.notify_waiters();
    }

    /// Whether nothing can be put into quarantine from now on.
    pub fn close_quarantine(&self, closed: bool) {
        self.plan().quarantine_is_down = closed;
    }

    /// What was put into quarantine so far.
    pub fn quarantined(&self) -> Vec<Quarantined> {
        self.plan().quarantined.clone()
    }

    /// The faults that appends met so far, so that a test can show that it met each.
    pub fn met(&self) -> Vec<Fault> {
        self.plan().met.clone()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_fault(&self) -> Result<(), StoreError> {
        let mut plan = self.plan();
        let percent = plan.read_fault_percent;
        match plan.rng.chance(percent) {
            true => Err(StoreError::new(random_cause(&mut plan.rng), "a planted fault")),
            false => Ok(()),
        }
    }

    async fn write(&self, rows: Arc<[Row]>, lies: Lies, turn: u64) -> Vec<RowOutcome> {
        if lies.early_ack_every > 0 && turn.is_multiple_of(lies.early_ack_every) {
            return vec![RowOutcome::Durable; rows.len()];
        }
        if lies.no_dedupe || lies.entry_dropped {
            let bent: Vec<Row> = rows.iter().map(|row| bend(*row, lies, turn)).collect();
            return self.inner.append(bent.into()).await;
        }
        self.inner.append(rows).await
    }
}

/// A lie about one row.
fn bend(mut row: Row, lies: Lies, turn: u64) -> Row {
    if let (Some(entry), true) = (&mut row.entry, lies.no_dedupe) {
        let time = u128::from_be_bytes(*entry.id.bytes()) & !u128::from(u64::MAX >> 2);
        entry.id = EntryId::from_u128(time | u128::from(Rng::new(entry.id.tail() ^ turn).next() >> 2));
    }
    if lies.entry_dropped {
        row.entry = None;
    }
    row
}

fn random_cause(rng: &mut Rng) -> Cause {
    *rng.pick(&[Cause::Timeout, Cause::Overloaded, Cause::Unavailable, Cause::NoSpace])
}

impl Plan {
    fn next_append(&mut self) -> (Option<Fault>, Lies, u64) {
        self.appends += 1;
        let fault = match self.script.pop_front() {
            Some(scripted) => scripted,
            None if self.rng.chance(self.fault_percent) => Some(self.random()),
            None => None,
        };
        self.met.extend(fault);
        (fault, self.lies, self.appends)
    }

    fn random(&mut self) -> Fault {
        let cause = random_cause(&mut self.rng);
        match self.rng.below(10) {
            0..3 => Fault::Before(cause),
            3..6 => Fault::After(cause),
            6..8 => Fault::Torn(cause),
            8 => Fault::Before(Cause::Poisoned),
            _ => Fault::Late(Duration::from_millis(self.rng.below(20))),
        }
    }

    fn poison_on(&mut self, cause: Cause) {
        self.poisoned |= cause == Cause::Poisoned;
    }
}

impl<S: ReviewStore> ReviewStore for FaultStore<S> {
    fn shape(&self) -> Shape {
        self.shape.unwrap_or_else(|| self.inner.shape())
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        let count = rows.len();
        // Taken before anything waits, so that releasing cannot come too early.
        let released = self.released.notified();
        let (fault, lies, turn) = {
            let mut plan = self.plan();
            if plan.poisoned {
                return vec![RowOutcome::Unknown(Cause::Poisoned); count];
            }
            plan.next_append()
        };
        match fault {
            None => self.write(rows, lies, turn).await,
            Some(Fault::Before(cause)) => {
                self.plan().poison_on(cause);
                vec![RowOutcome::Unknown(cause); count]
            }
            Some(Fault::After(cause)) => {
                self.write(rows, lies, turn).await;
                self.plan().poison_on(cause);
                vec![RowOutcome::Unknown(cause); count]
            }
            Some(Fault::Torn(cause)) => self.torn(rows, cause).await,
            Some(Fault::Late(by)) => {
                tokio::time::sleep(by).await;
                self.write(rows, lies, turn).await
            }
            Some(Fault::Held) => {
                released.await;
                self.write(rows, lies, turn).await
            }
            Some(Fault::Never(at)) => self.without(rows, at).await,
        }
    }

    /// Meets the faults of reads: before anything is written.
    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        self.read_fault()?;
        self.inner.append_import(user, entries).await
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        self.read_fault()?;
        self.inner.load(user).await
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        self.read_fault()?;
        self.inner.progress(user, deck).await
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        self.read_fault()?;
        self.inner.entries(user, ids).await
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.read_fault()?;
        self.inner.card_log(user, deck, cards).await
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        self.read_fault()?;
        self.inner.log(user, range).await
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        if self.plan().quarantine_is_down {
            return Err(StoreError::new(Cause::Unavailable, "a planted fault"));
        }
        self.inner.quarantine(what.clone()).await?;
        self.plan().quarantined.push(what);
        Ok(())
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.inner.reopen().await?;
        self.plan().poisoned = false;
        Ok(())
    }
}

impl<S: ReviewStore> FaultStore<S> {
    /// Some rows are written; of those some are known to be.
    async fn torn(&self, rows: Arc<[Row]>, cause: Cause) -> Vec<RowOutcome> {
        let fates: Vec<(bool, bool)> = {
            let rng = &mut self.plan().rng;
            rows.iter().map(|_| (rng.chance(50), rng.chance(50))).collect()
        };
        let written: Vec<Row> =
            rows.iter().zip(&fates).filter(|(_, (written, _))| *written).map(|(row, _)| *row).collect();
        let mut outcomes = self.inner.append(written.into()).await.into_iter();
        let fate = |(written, known): (bool, bool)| match (written.then(|| outcomes.next()).flatten(), known)
        {
            (Some(outcome), true) => outcome,
            (Some(_), false) | (None, _) => RowOutcome::Unknown(cause),
        };
        fates.into_iter().map(fate).collect()
    }

    /// All rows but one.
    async fn without(&self, rows: Arc<[Row]>, at: usize) -> Vec<RowOutcome> {
        let others = rows.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, row)| *row);
        let mut outcomes = self.inner.append(others.collect::<Vec<_>>().into()).await;
        if at < rows.len() {
            outcomes.insert(at, RowOutcome::Never(Cause::Invalid));
        }
        outcomes
    }
}
