//! What nodes of a cluster tell besides: owners, relays, the CQL store, the bus, and limits that they share. Where there
//! is no such thing, nothing is told of it: a 0 would look like something that has failed.

use super::Sources;
use super::family::Families;
use super::node::size;
use crate::server::Storage;
use actors::ClusterFigures;
use bus::QuotaStats;
use cql::RequestKind;
use ports::BusStats;
use prometheus::proto::MetricFamily;

pub(super) fn read(sources: &Sources) -> Vec<MetricFamily> {
    let mut to = Families::default();
    if let Some(figures) = sources.engine.cluster_figures() {
        owners(&figures, &mut to);
        relays(sources, &mut to);
    }
    if let Storage::Cql(store) = &sources.store {
        cql(&store.stats(), &mut to);
    }
    if let Some(bus) = &sources.bus {
        hints(&bus.stats(), &mut to);
    }
    if let Some(quota) = &sources.quota {
        limits(&quota.stats(), &mut to);
    }
    to.done()
}

fn owners(figures: &ClusterFigures, to: &mut Families) {
    let alive = size(figures.nodes_alive);
    to.gauge("studyhall_nodes_alive", "Nodes that beat, this one included, as it sees them.", alive);
    let claims =
        [("here", figures.claimed), ("elsewhere", figures.found_elsewhere), ("unknown", figures.not_found)];
    to.counters("studyhall_owner_claims_total", "Looks for a learner, by where it was.", "found", claims);
    let help = "Learners taken from runs that were declared dead.";
    to.counter("studyhall_owner_taken_from_dead_total", help, figures.from_dead);
    let help = "Learners let go because another node needed them.";
    to.counter("studyhall_owner_releases_total", help, figures.released);
    let in_time = figures.beats.saturating_sub(figures.beats_late);
    let beats = [("in_time", in_time), ("late", figures.beats_late), ("unknown", figures.beats_unknown)];
    let help = "Beats of this node; late: applied after the next one was due.";
    to.counters("studyhall_node_beats_total", help, "outcome", beats);
    let help = "Other nodes that this one declared dead.";
    to.counter("studyhall_nodes_declared_dead_total", help, figures.declared_dead);
    let help = "Times that this node was declared dead and began anew.";
    to.counter("studyhall_node_runs_lost_total", help, figures.runs_lost);
}

fn relays(sources: &Sources, to: &mut Families) {
    let figures = sources.relays.read();
    to.gauge("studyhall_relays", "Sockets that are passed on to another node.", figures.open);
    to.counter(
        "studyhall_relays_opened_total",
        "Sockets that were passed on to another node.",
        figures.opened,
    );
    let help = "Sockets that could not be passed on, or whose way to the other node broke.";
    to.counter("studyhall_relays_broken_total", help, figures.broken);
}

fn cql(stats: &cql::Stats, to: &mut Families) {
    to.gauge("studyhall_cql_learners_owned", "Learners that this node owns.", size(stats.owned_learners));
    let help = "Progress rows that wait to be written.";
    to.gauge("studyhall_cql_progress_waiting_rows", help, size(stats.waiting_progress_rows));
    let help = "Learners whose rows are on their way to the store.";
    to.gauge("studyhall_cql_lanes_busy", help, size(stats.busy_lanes));
    let inbox = [("noted", stats.inbox_noted), ("cleared", stats.inbox_cleared)];
    to.counters("studyhall_cql_inbox_rows_total", "Rows of learners' inboxes.", "change", inbox);
    let kinds = || RequestKind::ALL.into_iter().zip(&stats.requests);
    let times = kinds().map(|(kind, figures)| (kind.name(), &figures.times));
    to.seconds("studyhall_cql_request_seconds", "Time of one attempt of a request.", "kind", times);
    let in_flight = kinds().map(|(kind, figures)| (kind.name(), figures.in_flight));
    to.gauges("studyhall_cql_requests_in_flight", "Attempts under way.", "kind", in_flight);
    let retries = kinds().map(|(kind, figures)| (kind.name(), figures.retries));
    to.counters("studyhall_cql_retries_total", "Attempts after one that had failed.", "kind", retries);
    let given_up = kinds().map(|(kind, figures)| (kind.name(), figures.given_up));
    let help = "Requests given up; of a write nobody knows whether it took effect.";
    to.counters("studyhall_cql_given_up_total", help, "kind", given_up);
}

fn hints(stats: &BusStats, to: &mut Families) {
    let connected = u64::from(stats.connected);
    to.gauge("studyhall_bus_connected", "1 while other nodes can be told and heard.", connected);
    let notes = [
        ("published", stats.published),
        ("sent", stats.sent),
        ("received", stats.received),
        ("merged", stats.merged),
        ("dropped", stats.dropped),
    ];
    to.counters("studyhall_bus_notes_total", "Notes of the bus.", "what", notes);
    let help = "Times that a note may have been missed and everything was checked.";
    to.counter("studyhall_bus_gaps_total", help, stats.unknown);
    let help = "Messages of the bus that were skipped, by reason.";
    let skipped = [("unknown_version", stats.unknown_versions), ("broken", stats.broken)];
    to.counters("studyhall_bus_messages_skipped_total", help, "reason", skipped);
    to.counter("studyhall_bus_reconnects_total", "Connections made anew.", stats.reconnects);
    let waiting = [("out", size(stats.waiting_out)), ("in", size(stats.waiting_in))];
    to.gauges("studyhall_bus_notes_waiting", "Notes that wait to leave, or to be heard.", "way", waiting);
}

fn limits(stats: &QuotaStats, to: &mut Families) {
    let decided = [("all", stats.shared), ("node", stats.alone)];
    let help = "Decisions over rate limits, by who counted: all nodes, or this node alone.";
    to.counters("studyhall_quota_decisions_total", help, "by", decided);
    let help = "Questions to Redis that failed or came too late.";
    to.counter("studyhall_quota_failures_total", help, stats.failed);
    let help = "Times that this node went on counting alone.";
    to.counter("studyhall_quota_given_up_total", help, stats.given_up);
    let help = "1 while all nodes count together.";
    to.gauge("studyhall_quota_shared", help, u64::from(stats.is_shared));
}
