//! Metrics: one registry a server, no label that names a person or a deck. `docs/METRICS.md` is their table, and a test
//! compares it with what a server tells.
//!
//! | file | what |
//! |---|---|
//! | `family` | figures that are kept elsewhere, as families of Prometheus |
//! | `node` | what every node tells: sockets, sessions, its store, its process |
//! | `nodes` | what nodes of a cluster tell besides: owners, the CQL store, the bus, shared limits |

mod family;
mod lessons;
mod node;
mod nodes;

use crate::events::Events;
use crate::server::{Health, Storage};
use crate::webhooks::Dispatcher;
use crate::ws::RelayCounters;
use crate::ws::layer::SocketCounters;
use actors::{Engine, Telemetry};
use bus::SharedQuota;
use ports::{Bus, Cause};
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Buckets of a time in seconds, from a tenth of a millisecond to ten seconds.
const SECONDS: [f64; 16] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Buckets of a number of rows.
const ROWS: [f64; 12] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0];

/// Everything that a server measures. Children are made once and kept.
pub struct Metrics {
    registry: Registry,
    append_seconds: Histogram,
    append_rows: Histogram,
    rows_durable: IntCounter,
    store_errors: IntCounterVec,
    sessions_fallen: IntCounter,
    tick_late_seconds: Histogram,
    deck_lookups: IntCounterVec,
    /// When an append came back last, in milliseconds since `began`.
    append_came_back_ms: AtomicU64,
    began: Instant,
}

/// Where the figures that are only read at a scrape come from.
#[derive(Clone)]
pub struct Sources {
    /// The engine.
    pub engine: Engine,
    /// The store.
    pub store: Storage,
    /// The socket layer.
    pub sockets: Arc<SocketCounters>,
    /// Sockets that are passed on to other nodes.
    pub relays: Arc<RelayCounters>,
    /// Whether it is ready.
    pub health: Arc<Health>,
    /// The bus, where there is one.
    pub bus: Option<Arc<dyn Bus>>,
    /// Limits that nodes share, where they do.
    pub quota: Option<Arc<SharedQuota>>,
    /// What happens.
    pub events: Events,
    /// Who is sent it.
    pub webhooks: Dispatcher,
}

impl Sources {
    /// Study sockets of learners whose session is here: all that are open, less those that are passed on.
    pub fn study_sockets(&self) -> usize {
        let passed_on = usize::try_from(self.relays.read().open).unwrap_or(usize::MAX);
        let monitors = self.engine.class_figures().map_or(0, |figures| figures.monitors);
        let others = passed_on.saturating_add(usize::try_from(monitors).unwrap_or(usize::MAX));
        self.engine.sockets().saturating_sub(others)
    }
}

/// A metric could not be made: two have one name.
#[derive(Debug, thiserror::Error)]
#[error("a metric could not be registered: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

impl Metrics {
    /// A fresh set.
    ///
    /// # Errors
    /// Two metrics have one name, which a test would find.
    pub fn new() -> Result<Arc<Metrics>, MetricsError> {
        let registry = Registry::new();
        let r = &registry;
        let metrics = Metrics {
            append_seconds: histogram(
                r,
                "studyhall_append_seconds",
                "Time of one append to the store.",
                &SECONDS,
            )?,
            append_rows: histogram(r, "studyhall_append_rows", "Rows of one append to the store.", &ROWS)?,
            rows_durable: counter(r, "studyhall_rows_durable_total", "Rows that became durable.")?,
            store_errors: counters(
                r,
                "studyhall_store_errors_total",
                "Failed rows and reads, by cause.",
                "cause",
            )?,
            sessions_fallen: counter(
                r,
                "studyhall_sessions_fallen_total",
                "Sessions that panicked and were rebuilt.",
            )?,
            tick_late_seconds: histogram(
                r,
                "studyhall_shard_tick_lateness_seconds",
                "How late a shard's tick came: what blocked its worker.",
                &SECONDS,
            )?,
            deck_lookups: counters(
                r,
                "studyhall_deck_cache_lookups_total",
                "Look-ups of deck content, by outcome.",
                "outcome",
            )?,
            append_came_back_ms: AtomicU64::new(0),
            began: Instant::now(),
            registry,
        };
        metrics.begin_at_zero();
        Ok(Arc::new(metrics))
    }

    /// What has not happened yet is told as 0: only then the first time shows as an increase.
    fn begin_at_zero(&self) {
        for cause in CAUSES {
            self.store_errors.with_label_values(&[cause_label(cause)]);
        }
        for outcome in [HIT, MISS] {
            self.deck_lookups.with_label_values(&[outcome]);
        }
    }

    /// The registry, for those who measure more.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The text of a scrape.
    ///
    /// # Errors
    /// The encoder failed.
    pub fn text(&self, sources: &Sources) -> Result<String, MetricsError> {
        let mut families = self.registry.gather();
        families.extend(node::read(sources));
        families.extend(lessons::read(sources));
        families.extend(nodes::read(sources));
        families.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(TextEncoder::new().encode_to_string(&families)?)
    }

    /// How long so many undecided rows have waited with no append having come back, in milliseconds.
    pub fn append_lag_ms(&self, undecided_rows: usize) -> u64 {
        if undecided_rows == 0 {
            return 0;
        }
        self.now_ms().saturating_sub(self.append_came_back_ms.load(Ordering::Relaxed))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Telemetry for Metrics {
    fn append_finished(&self, rows: usize, durable: usize, took: Duration) {
        self.append_came_back_ms.store(self.now_ms(), Ordering::Relaxed);
        self.append_seconds.observe(took.as_secs_f64());
        self.append_rows.observe(rows as f64);
        self.rows_durable.inc_by(durable as u64);
    }
    fn store_error(&self, cause: Cause) {
        self.store_errors.with_label_values(&[cause_label(cause)]).inc();
    }
    fn session_fell(&self) {
        self.sessions_fallen.inc();
    }
    fn tick_late(&self, late: Duration) {
        self.tick_late_seconds.observe(late.as_secs_f64());
    }
    fn deck_cache(&self, hit: bool) {
        self.deck_lookups.with_label_values(&[if hit { HIT } else { MISS }]).inc();
    }
}

/// A deck was in memory.
const HIT: &str = "hit";
/// A deck had to be read, or waited for whoever was reading it.
const MISS: &str = "miss";

const CAUSES: [Cause; 6] =
    [Cause::Timeout, Cause::Overloaded, Cause::Unavailable, Cause::NoSpace, Cause::Poisoned, Cause::Invalid];

const fn cause_label(cause: Cause) -> &'static str {
    match cause {
        Cause::Timeout => "timeout",
        Cause::Overloaded => "overloaded",
        Cause::Unavailable => "unavailable",
        Cause::NoSpace => "no_space",
        Cause::Poisoned => "poisoned",
        Cause::Invalid => "invalid",
    }
}

fn histogram(
    registry: &Registry,
    name: &str,
    help: &str,
    buckets: &[f64],
) -> Result<Histogram, MetricsError> {
    let made = Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

fn counter(registry: &Registry, name: &str, help: &str) -> Result<IntCounter, MetricsError> {
    let made = IntCounter::new(name, help)?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

fn counters(registry: &Registry, name: &str, help: &str, label: &str) -> Result<IntCounterVec, MetricsError> {
    let made = IntCounterVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}
