//! The thread that does what nobody waits for: logs are condensed (`condensed`), and words are indexed (`library::words`).
//! It goes after everybody else. Whoever asks before it has come to something has the log read as it is, and words indexed
//! first.

mod round;

use crate::bulk::rest_after;
use crate::condensed::{condense, worth_condensing};
use crate::error::{During, OpenError};
use crate::library::{Indexing, deck_behind};
use crate::pace::Pace;
use crate::schema::open_write;
use crate::shared::Shared;
use domain::ids::{DeckId, UserId};
use ports::StoreError;
use round::{Next, Round};
use rusqlite::{Connection, TransactionBehavior};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Page cache of the connection, in KiB: logs and cards are read once.
const CACHE_KIB: u32 = 2 * 1_024;
/// Cards that are indexed in one transaction: some milliseconds.
const CARDS_A_TURN: usize = 250;
/// Learners whose logs are looked at in one step, until one is worth more.
const LEARNERS_A_STEP: usize = 50;

/// What the thread is told.
pub(crate) enum Wanted {
    /// Figures of these learners had to be read from long logs.
    Condensed(Vec<UserId>),
    /// Cards of some deck have changed.
    Words,
}

/// Where it is told. The thread ends when this is dropped.
pub(crate) struct UpkeepQueue(SyncSender<Wanted>);

impl UpkeepQueue {
    pub(crate) fn start(queue_max: usize, upkeep: Upkeep) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, wanted) = sync_channel(queue_max);
        let thread = std::thread::Builder::new().name("store-upkeep".to_owned());
        let running = thread.spawn(move || upkeep.run(&wanted))?;
        Ok((Self(queue), running))
    }

    /// Tells it. Where there is no room it is forgotten: the next round comes by.
    pub(crate) fn want(&self, wanted: Wanted) {
        match self.0.try_send(wanted) {
            Ok(()) | Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => tracing::error!("the store's upkeep has ended"),
        }
    }
}

/// The thread's own.
pub(crate) struct Upkeep {
    main: Connection,
    shared: Arc<Shared>,
    began: Instant,
    pace: Pace,
    round: Round,
    /// The deck that is being indexed.
    indexing: Option<Indexing>,
    /// How many changes others had written to `main.db` when that was looked at last.
    seen_turns: u64,
}

impl Upkeep {
    pub(crate) fn open(shared: Arc<Shared>) -> Result<Self, OpenError> {
        let main = connection(&shared)?;
        let pace = Pace::new(shared.options.apply_full_rows);
        let (calm, every) = (shared.options.upkeep_calm_ms, shared.options.upkeep_every_ms);
        let round = Round::begin(Duration::from_millis(calm), Duration::from_millis(every));
        Ok(Self { main, shared, began: Instant::now(), pace, round, indexing: None, seen_turns: 0 })
    }

    fn run(mut self, wanted: &Receiver<Wanted>) {
        loop {
            let heard = wanted.recv_timeout(self.round.wait(self.began.elapsed()));
            if matches!(heard, Err(RecvTimeoutError::Disconnected)) {
                return;
            }
            // One fault must not end the thread: what it came by is passed over.
            if catch_unwind(AssertUnwindSafe(|| self.turn(heard.ok()))).is_err() {
                tracing::error!("the store's upkeep panicked");
            }
        }
    }

    fn turn(&mut self, heard: Option<Wanted>) {
        match heard {
            Some(Wanted::Condensed(users)) => self.condense(&users),
            Some(Wanted::Words) => self.round.words_changed(self.began.elapsed()),
            None => self.step(),
        }
    }

    /// The next step of the round, unless others write.
    fn step(&mut self) {
        let now = self.began.elapsed();
        let turns = self.shared.turn.taken_by_others();
        let others_write = turns != std::mem::replace(&mut self.seen_turns, turns);
        if others_write && self.round.put_off(now) {
            return;
        }
        if !others_write {
            self.round.calm();
            // Whoever filled a deck has ended.
            self.shared.filed.forget();
        }
        let done = match self.round.next(now) {
            Next::Words { after } => self.words(now, after),
            Next::Log { after } => self.log(now, after),
            Next::Nothing => Ok(()),
        };
        self.mind(done);
        let worked = self.began.elapsed().saturating_sub(now);
        let rest = self.rest_after(worked);
        self.round.rest(now + worked, rest);
    }

    /// Indexes some cards of the next deck that has changed.
    fn words(&mut self, now: Duration, after: Option<DeckId>) -> Result<(), StoreError> {
        // Where indexing fails, the deck is passed over; where no deck can be found, all are until the next round.
        let next = match self.indexing.take() {
            Some(indexing) => indexing,
            None => {
                let deck = deck_behind(&self.main, after);
                self.round.decks_done(now, deck.as_ref().ok().copied().flatten());
                let Some(deck) = deck? else { return Ok(()) };
                Indexing::new(deck)
            }
        };
        let index = |main: &Connection| next.next(main, CARDS_A_TURN);
        let (cards, rest) = self.write("index words", index)?;
        self.indexing = rest;
        self.shared.indexed_cards.fetch_add(cards as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Condenses what the next learner's log has more, if it is worth it. Where it fails, the learner is passed over; where no
    /// learner can be found, all are until the next round.
    fn log(&mut self, now: Duration, after: Option<UserId>) -> Result<(), StoreError> {
        let next = learners_behind(&self.main, after).during("look for logs");
        if next.as_ref().map_or(true, Vec::is_empty) {
            self.round.logs_done(now, None);
        }
        for user in next? {
            self.round.logs_done(now, Some(user));
            if worth_condensing(&self.main, user, self.shared.options.condense_from_entries)? {
                return self.one(user);
            }
        }
        Ok(())
    }

    /// Condenses what these learners' logs have more, one after the other, until the store closes.
    fn condense(&mut self, users: &[UserId]) {
        for user in users {
            if self.shared.orders().stop {
                return;
            }
            let began = Instant::now();
            // Others' logs may be read.
            let done = self.one(*user);
            self.mind(done);
            self.step_back(began.elapsed());
        }
    }

    fn one(&mut self, user: UserId) -> Result<(), StoreError> {
        let entries_max = self.shared.options.condense_entries_max;
        let rows = self.write("condense answers", |main| condense(main, user, entries_max))?;
        self.shared.condensed_logs.fetch_add(u64::from(rows > 0), Ordering::Relaxed);
        Ok(())
    }

    /// One transaction, after everybody else's.
    fn write<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _turn = self.shared.turn.for_upkeep();
        let tx = self.main.transaction_with_behavior(TransactionBehavior::Immediate).during(doing)?;
        let before = tx.total_changes();
        let done = write(&tx)?;
        // A card's words are many rows.
        let rows = tx.total_changes() - before;
        tx.commit().during(doing)?;
        self.shared.main_rows_unchecked.fetch_add(rows, Ordering::Relaxed);
        Ok(done)
    }

    /// A handle that failed is not used again.
    fn mind(&mut self, done: Result<(), StoreError>) {
        let Err(error) = done else { return };
        tracing::warn!(%error, "what figures and searches are made of could not be brought up to date");
        if !crate::desk::breaks_handle(error.cause) {
            return;
        }
        match connection(&self.shared) {
            Ok(fresh) => self.main = fresh,
            Err(error) => tracing::error!(%error, "main.db could not be opened again"),
        }
    }

    /// Half of the time is left to others, and more in a burst.
    fn rest_after(&mut self, worked: Duration) -> Duration {
        rest_after(&mut self.pace, self.began, &self.shared, worked).max(worked)
    }

    /// Rests, but not past the end of the store.
    fn step_back(&mut self, worked: Duration) {
        let rest = self.rest_after(worked);
        let orders = self.shared.orders();
        let slept = self.shared.woken.wait_timeout_while(orders, rest, |orders| !orders.stop);
        drop(slept.unwrap_or_else(PoisonError::into_inner));
    }
}

fn connection(shared: &Shared) -> Result<Connection, OpenError> {
    let file = shared.folder.main();
    let main = open_write(&file, shared.options.vfs.as_deref(), CACHE_KIB)?;
    // What a power cut takes back is done again; the next transaction of anybody else has it on the disk.
    main.pragma_update(None, "synchronous", "NORMAL").map_err(|error| OpenError::Sqlite { file, error })?;
    Ok(main)
}

/// The next learners who have a log.
fn learners_behind(main: &Connection, after: Option<UserId>) -> rusqlite::Result<Vec<UserId>> {
    let mut find = main.prepare_cached("SELECT min(user) FROM review_log WHERE user > ?1")?;
    let mut last = after.map(|user| user.bytes().to_vec()).unwrap_or_default();
    let mut found = Vec::new();
    while found.len() < LEARNERS_A_STEP {
        let next: Option<[u8; 16]> = find.query_row([&last[..]], |row| row.get(0))?;
        let Some(next) = next else { break };
        last = next.to_vec();
        found.push(UserId::from_bytes(next));
    }
    Ok(found)
}
