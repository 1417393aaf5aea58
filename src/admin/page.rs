//! The status as a page: whole in itself, without a script, loaded anew every few seconds. Pure.

use super::status::{NodeStatus, Status};
use crate::top::text::{bytes, length_of_time, state_of};
use std::fmt::Write as _;

/// Seconds between two loads.
const REFRESH_S: u32 = 2;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:70rem;padding:0 1rem;\
    color:#1c2430;background:#fbfbfa}h1{font-size:1.3rem}h2{font-size:1rem;margin:1.5rem 0 .3rem}\
    table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.15rem .6rem;\
    border-bottom:1px solid #e4e4e0;font-variant-numeric:tabular-nums}th:first-child,td:first-child{text-align:left}\
    th{font-weight:600;color:#5a6472}.ok{color:#1a7f37}.bad{color:#b42318}.note{color:#5a6472}\
    @media(prefers-color-scheme:dark){body{color:#d8dee8;background:#14181e}th,td{border-color:#2b323c}\
    th,.note{color:#96a0ae}.ok{color:#4cc46a}.bad{color:#ff7b6b}}";

/// The page.
pub(super) fn page(status: &Status) -> String {
    let mut out = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content={REFRESH_S}>\
         <meta name=viewport content=\"width=device-width\"><title>studyhall {}</title><style>{STYLE}</style>",
        escaped(&status.listen)
    );
    head(&mut out, status);
    totals(&mut out, status);
    let shards = status.shards.iter().map(|s| {
        let numbers = [s.sessions, s.sockets, s.waiting, s.inbox, s.backlog, s.jobs_waiting, s.outbox_rows];
        let mut cells = vec![s.shard.to_string()];
        cells.extend(numbers.map(|n| n.to_string()));
        cells.extend([bytes(s.session_bytes), s.inbox_high_water.to_string()]);
        cells
    });
    let titles = [
        "shard",
        "sessions",
        "sockets",
        "waiting",
        "inbox",
        "backlog",
        "jobs",
        "outbox rows",
        "bytes",
        "longest inbox",
    ];
    table(&mut out, "Shards", &titles, shards);
    let hot = status.hot.iter().map(|h| {
        let numbers = [h.shard.to_string(), h.inputs.to_string(), h.inbox.to_string(), h.sockets.to_string()];
        [vec![h.user_id.clone()], numbers.to_vec(), vec![bytes(h.bytes)]].concat()
    });
    table(
        &mut out,
        "Hot sessions",
        &["learner", "shard", "inputs in 10 s", "inbox", "sockets", "bytes"],
        hot,
    );
    if !status.nodes.is_empty() {
        let row = |n: &NodeStatus| {
            let name = if n.me { format!("{} (this)", n.address) } else { n.address.clone() };
            let age = length_of_time(u64::try_from(status.at_ms - n.beat_at_ms).unwrap_or(0));
            let life = if n.alive { "alive" } else { "declared dead" };
            vec![name, n.run.clone(), life.to_owned(), n.beat.to_string(), age]
        };
        table(
            &mut out,
            "Nodes",
            &["address", "run", "state", "beat", "last beat"],
            status.nodes.iter().map(row),
        );
    }
    out.push_str("<p class=note>status.json · metrics · <code>studyhall top</code> shows rates.</p></html>");
    out
}

fn head(out: &mut String, status: &Status) {
    let (word, is_good) = state_of(status);
    let class = if is_good { "ok" } else { "bad" };
    let _ = write!(
        out,
        "<h1>studyhall {} on {} · <span class={class}>{}</span></h1><p class=note>process {}, up {}, store {}, bus {}</p>",
        escaped(&status.version),
        escaped(&status.listen),
        escaped(&word),
        status.pid,
        length_of_time(status.uptime_ms),
        escaped(&status.store),
        escaped(&status.bus),
    );
}

fn totals(out: &mut String, status: &Status) {
    let t = &status.totals;
    let mut rows = vec![
        vec!["sockets".to_owned(), t.sockets.to_string()],
        vec!["sessions".to_owned(), t.sessions.to_string()],
        vec!["bytes of sessions".to_owned(), bytes(t.session_bytes)],
        vec!["rows without verdict".to_owned(), t.undecided_rows.to_string()],
        vec!["append lag".to_owned(), length_of_time(t.append_lag_ms)],
        vec!["rows to apply".to_owned(), format!("{} ({} s)", t.backlog_rows, t.backlog_seconds)],
    ];
    if let Some(bus) = &status.bus_link {
        let link = if bus.connected { "connected" } else { "away" };
        rows.push(vec!["bus".to_owned(), format!("{link}, {} out, {} in", bus.waiting_out, bus.waiting_in)]);
    }
    table(out, "Whole process", &["", ""], rows.into_iter());
}

fn table(out: &mut String, name: &str, titles: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let _ = write!(out, "<h2>{name}</h2><table><tr>");
    titles.iter().for_each(|title| {
        let _ = write!(out, "<th>{title}</th>");
    });
    for row in rows {
        out.push_str("<tr>");
        row.iter().for_each(|cell| {
            let _ = write!(out, "<td>{}</td>", escaped(cell));
        });
    }
    out.push_str("</table>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_runs_nothing_and_writes_names_as_text() {
        let node = NodeStatus { address: "<script>\"&".to_owned(), me: true, ..NodeStatus::default() };
        let status = Status {
            nodes: vec![node],
            degraded: vec!["store".to_owned()],
            ready: true,
            ..Status::default()
        };
        let page = page(&status);
        for forbidden in ["<script", "src=", "href=", "http://", "https://", "url("] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(
            page.contains("&lt;script&gt;&quot;&amp; (this)") && page.contains("degraded: store"),
            "{page}"
        );
        assert!(page.contains("http-equiv=refresh"));
    }
}
