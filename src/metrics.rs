//! Metrics: Prometheus histograms and counters, one registry a server, no label that names a person or a deck.

use crate::server::Storage;
use crate::ws::layer::SocketCounters;
use actors::{Engine, Telemetry};
use ports::Cause;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::sync::Arc;
use std::time::Duration;

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
    answers_saved: IntCounter,
    store_errors: IntCounterVec,
    sessions_fallen: IntCounter,
    tick_late_seconds: Histogram,
    deck_cache: IntCounterVec,
    sockets: IntGauge,
    sessions: IntGauge,
    session_bytes: IntGauge,
    undecided_rows: IntGauge,
    backlog_rows: IntGauge,
    backlog_seconds: IntGauge,
    degraded: IntGauge,
    closes: IntGaugeVec,
    messages_in: IntGauge,
    panics: IntGauge,
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
        let metrics = Metrics {
            append_seconds: histogram(
                &registry,
                "studyhall_append_seconds",
                "Time of one append to the store.",
                &SECONDS,
            )?,
            append_rows: histogram(
                &registry,
                "studyhall_append_rows",
                "Rows of one append to the store.",
                &ROWS,
            )?,
            answers_saved: counter(&registry, "studyhall_rows_durable_total", "Rows that became durable.")?,
            store_errors: counters(
                &registry,
                "studyhall_store_errors_total",
                "Failed rows and reads, by cause.",
                "cause",
            )?,
            sessions_fallen: counter(
                &registry,
                "studyhall_sessions_fallen_total",
                "Sessions that panicked and were rebuilt.",
            )?,
            tick_late_seconds: histogram(
                &registry,
                "studyhall_shard_tick_lateness_seconds",
                "How late a shard's tick came: what blocked its worker.",
                &SECONDS,
            )?,
            deck_cache: counters(
                &registry,
                "studyhall_deck_cache_total",
                "Look-ups of deck content, by outcome.",
                "outcome",
            )?,
            sockets: gauge(&registry, "studyhall_sockets", "Study sockets that are open.")?,
            sessions: gauge(&registry, "studyhall_sessions", "Learners' sessions in memory.")?,
            session_bytes: gauge(&registry, "studyhall_session_bytes", "Bytes that sessions hold, about.")?,
            undecided_rows: gauge(
                &registry,
                "studyhall_undecided_rows",
                "Rows that are neither durable nor refused.",
            )?,
            backlog_rows: gauge(
                &registry,
                "studyhall_journal_backlog_rows",
                "Journal rows that are not applied yet.",
            )?,
            backlog_seconds: gauge(
                &registry,
                "studyhall_journal_backlog_seconds",
                "Age of the oldest of them.",
            )?,
            degraded: gauge(&registry, "studyhall_degraded", "1 while the store does not take rows.")?,
            closes: gauges(
                &registry,
                "studyhall_socket_closes",
                "Sockets closed by the server, by close code.",
                "code",
            )?,
            messages_in: gauge(&registry, "studyhall_socket_messages", "Messages that sockets received.")?,
            panics: gauge(&registry, "studyhall_socket_panics", "Sockets whose app panicked.")?,
            registry,
        };
        Ok(Arc::new(metrics))
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
        self.read(sources);
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }

    fn read(&self, sources: &Sources) {
        let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.sockets.set(size(sources.engine.sockets()));
        self.sessions.set(size(sources.engine.registered()));
        self.session_bytes.set(size(sources.engine.session_bytes()));
        self.undecided_rows.set(size(sources.engine.undecided_rows()));
        let stats = sources.store.stats();
        self.backlog_rows.set(count(stats.backlog_rows));
        self.backlog_seconds.set(count(stats.backlog_seconds));
        self.degraded.set(i64::from(stats.degraded));
        let figures = sources.sockets.read();
        self.messages_in.set(count(figures.messages_in));
        self.panics.set(count(figures.panics));
        for (code, closed) in &figures.closed_by_us {
            self.closes.with_label_values(&[&code.get().to_string()]).set(count(*closed));
        }
    }
}

impl Telemetry for Metrics {
    fn append_finished(&self, rows: usize, durable: usize, took: Duration) {
        self.append_seconds.observe(took.as_secs_f64());
        self.append_rows.observe(rows as f64);
        self.answers_saved.inc_by(durable as u64);
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
        self.deck_cache.with_label_values(&[if hit { "hit" } else { "miss" }]).inc();
    }
}

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

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, MetricsError> {
    let made = IntGauge::new(name, help)?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}

fn gauges(registry: &Registry, name: &str, help: &str, label: &str) -> Result<IntGaugeVec, MetricsError> {
    let made = IntGaugeVec::new(Opts::new(name, help), &[label])?;
    registry.register(Box::new(made.clone()))?;
    Ok(made)
}
