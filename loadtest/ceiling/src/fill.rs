//! A store with a past: learners with years of answers, so that a run can be made where much has been studied before.
//! Rows go through the store's own append, and every state is the fold of its log: `studyhall verify` finds no fault.

use crate::append::scattered;
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, SittingId, UserId, Uuid};
use domain::state::{CardState, FoldParams, Kind};
use embedded::{EmbeddedStore, OpenError, Options};
use ports::{Cause, ProgressWrite, ReviewStore, Row, RowOutcome};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Rows offered at once: one commit of the store.
const BATCH: usize = 4_096;
/// The wait before a batch that the store was too busy for is offered again, and between looks at the backlog.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const MS_A_DAY: i64 = 86_400_000;

/// `ceiling fill`.
#[derive(clap::Args, Debug)]
pub struct FillArgs {
    /// The store's folder; made if it does not exist.
    #[arg(long)]
    data_dir: PathBuf,
    /// Learners, each with an id of its own.
    #[arg(long, default_value_t = 1_000)]
    learners: u64,
    /// This learner instead; may be given several times.
    #[arg(long = "user")]
    users: Vec<Uuid>,
    /// Answers of each.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    entries: u64,
    /// Cards of each.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    cards: u64,
    /// Leaves the rows in the journal, as a server does that is killed in a burst.
    #[arg(long)]
    hold_apply: bool,
}

/// Why the store was not filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The store does not open.
    #[error("the store could not be opened: {0}")]
    Open(#[from] OpenError),
    /// No thread, or no clock.
    #[error("nothing could be started: {0}")]
    Start(#[from] io::Error),
    /// A row was not made durable.
    #[error("a row was not made durable: {0:?}")]
    Row(RowOutcome),
}

/// Fills the store.
///
/// # Errors
/// [`FillError`].
pub fn run(args: &FillArgs) -> Result<(), FillError> {
    let store = EmbeddedStore::open(&args.data_dir, Options::default())?;
    let hold = args.hold_apply.then(|| store.hold_apply());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let began = Instant::now();
    let rows = runtime.block_on(fill(&store, args))?;
    println!(
        "{rows} rows in {:.1} s, {} of them wait",
        began.elapsed().as_secs_f64(),
        store.stats().backlog_rows
    );
    drop(store);
    drop(hold);
    Ok(())
}

async fn fill(store: &EmbeddedStore, args: &FillArgs) -> Result<u64, FillError> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now_ms = i64::try_from(now_ms).unwrap_or(0);
    let named = args.users.iter().map(|user| UserId(*user));
    let made = (0..args.learners).map(|n| {
        UserId::from_u128(u128::from(scattered(n ^ now_ms.unsigned_abs())) << 64 | u128::from(scattered(n)))
    });
    let users: Box<dyn Iterator<Item = UserId>> =
        if args.users.is_empty() { Box::new(made) } else { Box::new(named) };
    let (mut batch, mut rows) = (Vec::with_capacity(BATCH), 0_u64);
    for user in users {
        let mut past = Past::of(user, args, now_ms);
        for n in 0..args.entries {
            batch.push(past.row(n));
            if batch.len() == BATCH {
                rows += BATCH as u64;
                durable(store, std::mem::take(&mut batch).into()).await?;
            }
        }
    }
    rows += batch.len() as u64;
    durable(store, batch.into()).await?;
    while !args.hold_apply && store.stats().backlog_rows > 0 {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    Ok(rows)
}

/// Offers the batch until all of it is durable.
async fn durable(store: &EmbeddedStore, batch: Arc<[Row]>) -> Result<(), FillError> {
    loop {
        let outcomes = store.append(batch.clone()).await;
        match outcomes.iter().find(|outcome| **outcome != RowOutcome::Durable) {
            None => return Ok(()),
            Some(RowOutcome::Unknown(Cause::Overloaded)) => tokio::time::sleep(AGAIN_AFTER).await,
            Some(&other) => return Err(FillError::Row(other)),
        }
    }
}

/// One learner's past: an answer every so often until yesterday, in one deck, card after card.
struct Past {
    user: UserId,
    deck: DeckId,
    states: Vec<CardState>,
    first_ms: i64,
    every_ms: i64,
}

impl Past {
    fn of(user: UserId, args: &FillArgs, now_ms: i64) -> Past {
        let entries = i64::try_from(args.entries).unwrap_or(i64::MAX);
        // Half a million answers are those of years: one every five minutes.
        let every_ms = (5 * 60_000).min(5 * 365 * MS_A_DAY / entries).max(1);
        Past {
            user,
            deck: DeckId::from_u128(u128::from(scattered(user.0.as_u64_pair().0)) << 64 | 0xdec),
            states: vec![CardState::NEW; usize::try_from(args.cards).unwrap_or(1)],
            first_ms: now_ms - MS_A_DAY - entries * every_ms,
            every_ms,
        }
    }

    fn row(&mut self, n: u64) -> Row {
        let at_ms = self.first_ms + i64::try_from(n).unwrap_or(0) * self.every_ms;
        let day = Day(i32::try_from(at_ms.div_euclid(MS_A_DAY)).unwrap_or(0));
        let at = usize::try_from(n).unwrap_or(0) % self.states.len();
        let params = FoldParams::default();
        let state = self.states.get(at).copied().unwrap_or(CardState::NEW);
        let review = Review {
            deck: self.deck,
            card: CardId::from_u128(u128::from(scattered(at as u64)) << 64 | self.user.0.as_u128() >> 64),
            grade: if state.kind(day, &params) == Kind::Drill { Grade::Perfect } else { Grade::Good },
            mode: Mode::Flip,
            elapsed_ms: 4_000,
            early: false,
            confidence: None,
            sitting: Some(SittingId(EntryId::v7(at_ms - at_ms.rem_euclid(MS_A_DAY), 1).0)),
            class: None,
            response: None,
            revision: 1,
            told: false,
        };
        let random = u128::from(scattered(n)) << 64 | self.user.0.as_u128() >> 64;
        let entry = LogEntry {
            id: EntryId::v7(at_ms, random),
            job: None,
            stamp: Stamp { day, utc_offset_min: 0 },
            body: Body::Review(review),
        };
        let (state, _) = state.after(&entry, &params);
        if let Some(kept) = self.states.get_mut(at) {
            *kept = state;
        }
        let progress = ProgressWrite::Whole(state, params.key());
        Row { user: self.user, entry: Some(entry), about: entry.card(), progress }
    }
}
