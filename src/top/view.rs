//! Two statuses of one process into lines, or into one JSON object with rates. Pure.

use super::text::{bytes, length_of_time, rate, state_of};
use crate::admin::figures::{grown, grown_in_all, quantile};
use crate::admin::status::Status;
use serde_json::{Value, json};

/// What happened between two looks, a second each.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rates {
    /// Messages that sockets received.
    pub messages: f64,
    /// Rows that became durable.
    pub durable_rows: f64,
    /// Appends to the store.
    pub appends: f64,
    /// Half of the appends took no longer, in seconds.
    pub append_p50_s: Option<f64>,
    /// 99 % of them took no longer.
    pub append_p99_s: Option<f64>,
    /// HTTP requests.
    pub requests: f64,
    /// Failed rows and reads.
    pub store_errors: f64,
    /// Of the look-ups of deck content, how many were answered from memory (0 to 1).
    pub deck_hits: Option<f64>,
}

impl Rates {
    /// Between two looks at one process. Of two processes nothing can be said.
    pub fn between(before: &Status, now: &Status) -> Rates {
        let ms = now.at_ms.saturating_sub(before.at_ms);
        if before.pid != now.pid || ms <= 0 {
            return Rates::default();
        }
        let (then, figures) = (&before.figures, &now.figures);
        let a_second = |n: f64| n * 1_000.0 / ms as f64;
        let hits = grown(then, figures, "studyhall_deck_cache_lookups_total{outcome=\"hit\"}");
        let misses = grown(then, figures, "studyhall_deck_cache_lookups_total{outcome=\"miss\"}");
        let append = |part| quantile(then, figures, "studyhall_append_seconds", part);
        Rates {
            messages: a_second(grown(then, figures, "studyhall_socket_messages_total")),
            durable_rows: a_second(grown(then, figures, "studyhall_rows_durable_total")),
            appends: a_second(grown(then, figures, "studyhall_append_seconds_count")),
            append_p50_s: append(0.5),
            append_p99_s: append(0.99),
            requests: a_second(grown_in_all(then, figures, "studyhall_http_requests_total{")),
            store_errors: a_second(grown_in_all(then, figures, "studyhall_store_errors_total{")),
            deck_hits: (hits + misses > 0.0).then(|| hits / (hits + misses)),
        }
    }
}

/// The newer status with the rates between both, in one line.
pub fn json(before: &Status, now: &Status) -> Value {
    let rates = Rates::between(before, now);
    let mut whole = json!(now);
    whole["rates"] = json!({
        "interval_ms": now.at_ms.saturating_sub(before.at_ms),
        "messages_per_s": rates.messages,
        "durable_rows_per_s": rates.durable_rows,
        "appends_per_s": rates.appends,
        "append_p50_s": rates.append_p50_s,
        "append_p99_s": rates.append_p99_s,
        "requests_per_s": rates.requests,
        "store_errors_per_s": rates.store_errors,
        "deck_hit_ratio": rates.deck_hits,
    });
    whole
}

/// The screen, without rates where there is no look before.
pub fn lines(before: Option<&Status>, now: &Status, width: usize) -> Vec<String> {
    let rates = before.map(|before| Rates::between(before, now));
    let mut lines = head(now);
    lines.extend(rates.map(|rates| work(&rates)));
    lines.push(String::new());
    lines.extend(shards(now));
    lines.push(String::new());
    lines.extend(hot(now));
    if !now.nodes.is_empty() {
        lines.push(String::new());
        lines.extend(nodes(now));
    }
    lines.into_iter().map(|line| line.chars().take(width).collect()).collect()
}

fn head(now: &Status) -> Vec<String> {
    let t = &now.totals;
    let link = now.bus_link.as_ref().map_or(String::new(), |bus| {
        let state = if bus.connected { "connected" } else { "AWAY" };
        format!(" ({state}, {} out, {} in)", bus.waiting_out, bus.waiting_in)
    });
    vec![
        format!(
            "studyhall {} {} · {} · up {} · store {} · bus {}{link}",
            now.version,
            now.listen,
            state_of(now).0,
            length_of_time(now.uptime_ms),
            now.store,
            now.bus,
        ),
        format!("sockets {}   sessions {}   {}", t.sockets, t.sessions, bytes(t.session_bytes)),
        format!(
            "rows without verdict {}   append lag {}   to apply {} ({} s)",
            t.undecided_rows,
            length_of_time(t.append_lag_ms),
            t.backlog_rows,
            t.backlog_seconds
        ),
    ]
}

fn work(rates: &Rates) -> String {
    let ms = |s: Option<f64>| s.map_or("-".to_owned(), |s| format!("{:.1} ms", s * 1_000.0));
    let hits = rates.deck_hits.map_or("-".to_owned(), |part| format!("{:.0} %", part * 100.0));
    format!(
        "messages {}   saved {}   appends {} (p50 {}, p99 {})   http {}   store errors {}   deck hits {hits}",
        rate(rates.messages),
        rate(rates.durable_rows),
        rate(rates.appends),
        ms(rates.append_p50_s),
        ms(rates.append_p99_s),
        rate(rates.requests),
        rate(rates.store_errors),
    )
}

fn shards(now: &Status) -> Vec<String> {
    let mut lines = vec![
        "shard sessions  sockets waiting   inbox backlog    jobs  outbox       bytes longest inbox"
            .to_owned(),
    ];
    lines.extend(now.shards.iter().map(|s| {
        format!(
            "{:>5} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>11} {:>13}",
            s.shard,
            s.sessions,
            s.sockets,
            s.waiting,
            s.inbox,
            s.backlog,
            s.jobs_waiting,
            s.outbox_rows,
            bytes(s.session_bytes),
            s.inbox_high_water
        )
    }));
    lines
}

fn hot(now: &Status) -> Vec<String> {
    let mut lines =
        vec!["hot sessions                         shard  in 10 s   inbox sockets       bytes".to_owned()];
    lines.extend(now.hot.iter().map(|h| {
        let (inputs, size) = (h.inputs, bytes(h.bytes));
        format!("{:<36} {:>5} {inputs:>8} {:>7} {:>7} {size:>11}", h.user_id, h.shard, h.inbox, h.sockets)
    }));
    lines
}

fn nodes(now: &Status) -> Vec<String> {
    let mut lines = vec!["nodes                      state            beat   last beat".to_owned()];
    lines.extend(now.nodes.iter().map(|n| {
        let name = if n.me { format!("{} (this)", n.address) } else { n.address.clone() };
        let life = if n.alive { "alive" } else { "declared dead" };
        let age = length_of_time(u64::try_from(now.at_ms - n.beat_at_ms).unwrap_or(0));
        format!("{name:<26} {life:<13} {:>7} {age:>11}", n.beat)
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::status::{HotStatus, NodeStatus, ShardStatus};

    fn status(at_ms: i64, saved: f64) -> Status {
        let figures = [
            ("studyhall_rows_durable_total", saved),
            ("studyhall_append_seconds_count", saved),
            ("studyhall_append_seconds_bucket{le=\"0.005\"}", saved),
            ("studyhall_deck_cache_lookups_total{outcome=\"hit\"}", saved),
            ("studyhall_deck_cache_lookups_total{outcome=\"miss\"}", saved / 3.0),
        ];
        Status {
            pid: 7,
            at_ms,
            figures: figures.map(|(name, value)| (name.to_owned(), value)).into(),
            shards: vec![ShardStatus { shard: 1, sessions: 40, ..ShardStatus::default() }],
            hot: vec![HotStatus { user_id: "somebody".to_owned(), inputs: 99, ..HotStatus::default() }],
            nodes: vec![NodeStatus {
                address: "10.0.0.7:8080".to_owned(),
                me: true,
                alive: true,
                ..NodeStatus::default()
            }],
            ..Status::default()
        }
    }

    #[test]
    fn rates_are_what_happened_between_two_looks_at_one_process() {
        let (before, now) = (status(1_000, 30.0), status(3_000, 90.0));
        let rates = Rates::between(&before, &now);
        assert_eq!(
            (rates.durable_rows, rates.append_p99_s, rates.deck_hits),
            (30.0, Some(0.005), Some(0.75))
        );
        assert_eq!(Rates::between(&before, &Status { pid: 8, ..now.clone() }), Rates::default());
        assert_eq!(Rates::between(&now, &before), Rates::default(), "a clock that went back");
        assert_eq!(json(&before, &now)["rates"]["durable_rows_per_s"], 30.0);
    }

    #[test]
    fn the_screen_names_shards_hot_sessions_and_nodes_and_keeps_to_its_width() {
        let (before, now) = (status(1_000, 30.0), status(3_000, 90.0));
        let text = lines(Some(&before), &now, 200).join("\n");
        for part in ["saved 30.0/s", "somebody", "10.0.0.7:8080 (this)", "p99 5.0 ms", "\n    1       40"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(lines(None, &now, 20).iter().all(|line| line.chars().count() <= 20));
        assert!(!lines(None, &now, 200).join("\n").contains("saved"));
    }
}
