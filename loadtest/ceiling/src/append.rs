//! The bare append: batches of answers, one after the other, into an embedded store with nobody above it. A server
//! cannot have more answers made durable than this on the same disk.

use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::state::{CardState, FoldParams};
use embedded::{EmbeddedStore, OpenError, Options};
use hdrhistogram::Histogram;
use ports::{Cause, ProgressWrite, ReviewStore, Row, RowOutcome};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A batch may be at most one commit of the store.
const BATCH_MAX: u64 = 4_096;
/// The longest run, in seconds.
const SECONDS_MAX: u64 = 24 * 3_600;
/// The longest batch that is told apart, in microseconds.
const LONGEST_US: u64 = 60_000_000;
/// The wait before a batch that the store was too busy for is offered again.
const AGAIN_AFTER: Duration = Duration::from_millis(5);
const MS_A_DAY: i64 = 86_400_000;

/// `ceiling append`.
#[derive(clap::Args, Debug)]
pub struct AppendArgs {
    /// The store's folder; made if it does not exist.
    #[arg(long)]
    data_dir: PathBuf,
    /// How long, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
    /// Rows of a batch: what a busy server's shards hand over at once.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=BATCH_MAX))]
    batch: u64,
    /// Learners to whom the rows belong, at random.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    learners: u64,
    /// Cards of a learner, at random.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    cards: u64,
    /// Lets the journal grow instead of applying it meanwhile, for a burst without what comes after it.
    #[arg(long)]
    hold_apply: bool,
    /// Figures as one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The store does not open.
    #[error("the store could not be opened: {0}")]
    Open(#[from] OpenError),
    /// No thread, or no clock.
    #[error("the measurement could not start: {0}")]
    Start(#[from] io::Error),
    /// A row was not made durable.
    #[error("a row was not made durable: {0:?}")]
    Row(RowOutcome),
    /// The bounds of the histogram, which are constants.
    #[error("no histogram: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
}

/// What was measured. The rates count the time in `append` alone: making the rows is not the store's work.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
struct Figures {
    /// Rows made durable in a second of appending.
    rows_per_s: f64,
    /// From offering a batch to knowing that all of it is durable, milliseconds.
    batch_p50_ms: f64,
    batch_p99_ms: f64,
    batch_max_ms: f64,
    rows: u64,
    batches: u64,
    /// Rows of a batch.
    batch: u64,
    /// Time spent appending, seconds.
    append_s: f64,
    /// Journal rows that wait to be applied at the end.
    backlog_rows: u64,
    /// Batches that the store refused for the time being, because too much waited to be applied.
    overloaded: u64,
    /// Whether the journal was applied meanwhile.
    applied: bool,
}

/// Appends for the time that was asked for, and prints what came of it.
///
/// # Errors
/// [`AppendError`].
pub fn run(args: &AppendArgs) -> Result<(), AppendError> {
    let store = EmbeddedStore::open(&args.data_dir, Options::default())?;
    let hold = args.hold_apply.then(|| store.hold_apply());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let figures = runtime.block_on(measure(&store, args))?;
    drop(hold);
    if args.json {
        println!("{}", serde_json::json!(figures));
    } else {
        println!("{:.0} rows/s in batches of {}", figures.rows_per_s, figures.batch);
        println!(
            "batch p50 {:.3} ms, p99 {:.3} ms, max {:.3} ms; {} rows wait to be applied",
            figures.batch_p50_ms, figures.batch_p99_ms, figures.batch_max_ms, figures.backlog_rows
        );
    }
    Ok(())
}

async fn measure(store: &EmbeddedStore, args: &AppendArgs) -> Result<Figures, AppendError> {
    let mut answers = Answers::new(args);
    let mut times_us = Histogram::<u64>::new_with_bounds(1, LONGEST_US, 3)?;
    let (mut rows, mut overloaded, mut spent) = (0_u64, 0_u64, Duration::ZERO);
    let until = Instant::now() + Duration::from_secs(args.seconds);
    while Instant::now() < until {
        let batch = answers.batch(args.batch);
        let began = Instant::now();
        overloaded += durable(store, &batch).await?;
        let took = began.elapsed();
        spent += took;
        rows += args.batch;
        times_us.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST_US));
    }
    let ms = |us: u64| us as f64 / 1_000.0;
    Ok(Figures {
        rows_per_s: rows as f64 / spent.as_secs_f64(),
        batch_p50_ms: ms(times_us.value_at_quantile(0.5)),
        batch_p99_ms: ms(times_us.value_at_quantile(0.99)),
        batch_max_ms: ms(times_us.max()),
        rows,
        batches: times_us.len(),
        batch: args.batch,
        append_s: spent.as_secs_f64(),
        backlog_rows: store.stats().backlog_rows,
        overloaded,
        applied: !args.hold_apply,
    })
}

/// Offers the batch until all of it is durable; returns how often the store was too busy for it.
async fn durable(store: &EmbeddedStore, batch: &Arc<[Row]>) -> Result<u64, AppendError> {
    let mut overloaded = 0;
    loop {
        let outcomes = store.append(batch.clone()).await;
        match outcomes.iter().find(|outcome| **outcome != RowOutcome::Durable) {
            None => return Ok(overloaded),
            Some(RowOutcome::Unknown(Cause::Overloaded)) => {
                overloaded += 1;
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            Some(&other) => return Err(AppendError::Row(other)),
        }
    }
}

/// Answers of random learners to random cards, each with an id of its own.
struct Answers {
    learners: u64,
    cards: u64,
    random: u64,
    began_ms: i64,
    made: u64,
}

impl Answers {
    fn new(args: &AppendArgs) -> Answers {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_ms = i64::try_from(since.as_millis()).unwrap_or(0);
        // Another run on the same folder makes other ids.
        let random = since.subsec_nanos().into();
        Answers { learners: args.learners, cards: args.cards, random, began_ms, made: 0 }
    }

    fn batch(&mut self, rows: u64) -> Arc<[Row]> {
        (0..rows).map(|_| self.row()).collect()
    }

    fn row(&mut self) -> Row {
        self.made += 1;
        let learner = u128::from(scattered(self.next() % self.learners));
        let number = self.next() % self.cards;
        // A thousand answers a second of everybody's time.
        let at_ms = self.began_ms + i64::try_from(self.made / 1_000).unwrap_or(0);
        let review = Review {
            deck: DeckId::from_u128(u128::from(scattered(learner as u64 % 50))),
            card: CardId::from_u128(u128::from(scattered(number)) << 64 | learner),
            grade: Grade::Hard,
            mode: Mode::Flip,
            elapsed_ms: 1_000,
            early: false,
            confidence: None,
            sitting: None,
            class: None,
            response: None,
            revision: 1,
            told: false,
        };
        let day = Day(i32::try_from(at_ms / MS_A_DAY).unwrap_or(0));
        let entry = LogEntry {
            id: EntryId::v7(at_ms, u128::from(self.next()) << 64 | u128::from(self.made)),
            job: None,
            stamp: Stamp { day, utc_offset_min: 0 },
            body: Body::Review(review),
        };
        let params = FoldParams::default();
        let (state, _) = CardState::NEW.after(&entry, &params);
        let progress = ProgressWrite::Whole(state, params.key());
        Row { user: UserId::from_u128(learner << 64), entry: Some(entry), about: entry.card(), progress }
    }

    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(1);
        scattered(self.random)
    }
}

/// Neighbours far apart, as random ids are: the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
pub(crate) const fn scattered(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
