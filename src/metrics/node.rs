//! What every node tells: its sockets, its sessions, its store, its process.

use super::Sources;
use super::family::Families;
use crate::server::{Reason, Storage};
use crate::ws::layer::{RefusalKind, SocketFigures};
use prometheus::proto::MetricFamily;
use protocol::CloseCode;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Clock ticks of a second in `/proc`, on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Bytes of a page of memory, as `/proc` counts them on x86-64 and on most ARM64 systems.
const PAGE_BYTES: u64 = 4_096;

pub(super) fn read(sources: &Sources) -> Vec<MetricFamily> {
    let mut to = Families::default();
    to.gauges("studyhall_build_info", "1, with the program's version.", "version", [(VERSION, 1)]);
    engine(sources, &mut to);
    sockets(&sources.sockets.read(), &mut to);
    store(sources, &mut to);
    events(sources, &mut to);
    process(&mut to);
    to.done()
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn engine(sources: &Sources, to: &mut Families) {
    let engine = &sources.engine;
    let help = "Study sockets of learners whose session is here.";
    to.gauge("studyhall_sockets", help, size(sources.study_sockets()));
    to.gauge("studyhall_sessions", "Learners' sessions in memory.", size(engine.registered()));
    to.gauge("studyhall_session_bytes", "Bytes that sessions hold, about.", size(engine.session_bytes()));
    let ready = u64::from(sources.not_ready().is_none());
    to.gauge("studyhall_ready", "1 while the node wants new work.", ready);
    let undecided = size(engine.undecided_rows());
    to.gauge("studyhall_undecided_rows", "Rows that are neither durable nor refused.", undecided);
    let decks = engine.decks().stats();
    to.gauge("studyhall_deck_cache_decks", "Decks in memory.", decks.decks);
    to.gauge("studyhall_deck_cache_bytes", "Bytes of decks in memory, about.", decks.bytes);
}

fn sockets(figures: &SocketFigures, to: &mut Families) {
    let help = "WebSockets that are open, signed in or not, passed on to another node or not.";
    to.gauge("studyhall_sockets_connected", help, figures.open);
    to.counter("studyhall_sockets_opened_total", "Sockets that were opened.", figures.opened);
    let messages = "Messages that sockets received.";
    to.counter("studyhall_socket_messages_total", messages, figures.messages_in);
    to.counter("studyhall_socket_panics_total", "Sockets whose app panicked.", figures.panics);
    // Every code that this program gives, so that its first time shows as an increase.
    let mut closes: BTreeMap<Cow<'_, str>, u64> = CloseCode::ALL.map(|code| (code.name().into(), 0)).into();
    for (code, count) in &figures.closed_by_us {
        let known = CloseCode::from_code(code.get()).map(|code| code.name().into());
        *closes.entry(known.unwrap_or_else(|| code.get().to_string().into())).or_default() += count;
    }
    let closed = "Sockets closed by the server, by close code.";
    to.counters("studyhall_socket_closes_total", closed, "code", closes);
    let refused = RefusalKind::ALL.map(|kind| (kind.code(), *figures.refused.get(&kind).unwrap_or(&0)));
    to.counters("studyhall_handshakes_refused_total", "Handshakes refused, by reason.", "reason", refused);
}

fn store(sources: &Sources, to: &mut Families) {
    let wrong = sources.degraded();
    let degraded = Reason::ALL.map(|reason| (reason.name(), u64::from(wrong.contains(&reason))));
    let help = "1 while something that the node goes on without does not work, by reason.";
    to.gauges("studyhall_degraded", help, "reason", degraded);
    if let Storage::Embedded(_) = &sources.store {
        let stats = sources.store.stats();
        let help = "Journal rows that are not applied yet.";
        to.gauge("studyhall_journal_backlog_rows", help, stats.backlog_rows);
        to.gauge("studyhall_journal_backlog_seconds", "Age of the oldest of them.", stats.backlog_seconds);
        let help = "How often what had come into a learner's log was condensed for figures.";
        to.counter("studyhall_store_condensed_logs_total", help, stats.condensed_logs);
        let help = "Cards whose words were indexed before anybody searched.";
        to.counter("studyhall_store_indexed_cards_total", help, stats.indexed_cards);
    }
}

fn events(sources: &Sources, to: &mut Families) {
    let figures = sources.events.figures();
    to.counter("studyhall_events_told_total", "Events that were put into feeds.", figures.told);
    let lost = [("queue_full", figures.dropped), ("store", figures.lost)];
    let help = "Things that happened and were told of nowhere, by reason.";
    to.counters("studyhall_events_lost_total", help, "reason", lost);
    let (delivered, failed) = sources.webhooks.attempts();
    let attempts = [("delivered", delivered), ("failed", failed)];
    let help = "Attempts to deliver an event to a webhook, by outcome.";
    to.counters("studyhall_webhook_attempts_total", help, "outcome", attempts);
}

/// What the system knows of this process, where it has a `/proc`.
fn process(to: &mut Families) {
    let Ok(memory) = std::fs::read_to_string("/proc/self/statm") else { return };
    let pages: u64 = memory.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    to.gauge("process_resident_memory_bytes", "Resident memory.", pages * PAGE_BYTES);
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may hold anything, a bracket included.
    let fields: Vec<&str> =
        text.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
    let ticks = |n: usize| fields.get(n).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    let cpu = (ticks(11) + ticks(12)) / TICKS_PER_SECOND;
    to.counter_of("process_cpu_seconds_total", "Time on processors, user and system.", cpu);
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let files = files.and_then(|line| line.split_whitespace().next()?.parse().ok());
    to.gauge("process_max_fds", "Files and sockets that the process may have open.", files.unwrap_or(0));
}

pub(super) fn size(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
