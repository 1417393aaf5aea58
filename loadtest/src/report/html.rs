//! The page of a run: its checks and its curves, in one file without a script.

use crate::figures::Times;
use crate::run::Report;
use std::fmt::Write as _;

/// Size of a drawing, in its own units.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 220.0;
/// Room for the numbers beside it.
const MARGIN: f64 = 52.0;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222;\
background:#fff}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left}svg{width:100%;height:auto}\
.no{color:#b00020;font-weight:600}.yes{color:#1b6e3c}figure{margin:1.5rem 0}figcaption{font-weight:600}\
text{font-size:11px;fill:#666}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}text{fill:#999}}";

/// A line of a drawing.
struct Curve<'a> {
    name: &'a str,
    colour: &'a str,
    points: Vec<(f64, f64)>,
}

/// The page.
pub fn page(report: &Report) -> String {
    let mut out = String::new();
    let scenario = &report.scenario;
    let title = escape(&scenario.name);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title}</title><style>{STYLE}</style><h1>{title}</h1><p>{}</p>",
        escape(&scenario.about)
    );
    checks(&mut out, report);
    for (caption, unit, curves) in drawings(report) {
        figure(&mut out, caption, unit, &curves);
    }
    let _ = write!(out, "<h2>All figures</h2><pre>{}</pre></html>", escape(&super::table(report)));
    out
}

fn checks(out: &mut String, report: &Report) {
    out.push_str("<table><tr><th></th><th>what</th><th>measured</th><th>wanted</th></tr>");
    for check in &report.checks {
        let (class, word) = if check.passed { ("yes", "ok") } else { ("no", "missed") };
        let _ = write!(
            out,
            "<tr><td class={class}>{word}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&check.name),
            escape(&check.measured),
            escape(&check.wanted)
        );
    }
    out.push_str("</table>");
}

fn drawings(report: &Report) -> Vec<(&'static str, &'static str, Vec<Curve<'static>>)> {
    let figures = &report.outcome.figures;
    let seconds = |pick: fn(&crate::figures::Second) -> f64| {
        figures.seconds.iter().map(|second| (second.at_s as f64, pick(second))).collect()
    };
    let curve = |name, colour, points| Curve { name, colour, points };
    let memory = report.outcome.samples.iter().map(|s| (s.at_s, s.server.resident_mb)).collect();
    vec![
        (
            "Latency over time, second by second",
            "ms",
            vec![
                curve("answer to card, p50", "#6aa84f", seconds(|s| s.card_p50_ms)),
                curve("answer to card, p99", "#1f6feb", seconds(|s| s.card_p99_ms)),
                curve("answer to saved, p99", "#d9822b", seconds(|s| s.saved_p99_ms)),
            ],
        ),
        (
            "Latency by share of answers (1 = 90 %, 2 = 99 %, 3 = 99.9 %, 5 = all)",
            "ms",
            vec![
                curve("answer to card", "#1f6feb", by_nines(&figures.to_card.corrected)),
                curve("the same, from the moment of sending", "#9ec5fe", by_nines(&figures.to_card.raw)),
                curve("answer to saved", "#d9822b", by_nines(&figures.to_saved.corrected)),
            ],
        ),
        (
            "Answers a second",
            "1/s",
            vec![
                curve("sent", "#1f6feb", seconds(|s| s.sent as f64)),
                curve("saved", "#d9822b", seconds(|s| s.saved as f64)),
            ],
        ),
        ("Learners that study", "", vec![curve("learners", "#6aa84f", seconds(|s| s.learners as f64))]),
        ("Resident memory of the server", "MB", vec![curve("resident", "#8e44ad", memory)]),
    ]
}

/// The curve over the number of nines, so that the tail has as much room as the rest.
fn by_nines(times: &Times) -> Vec<(f64, f64)> {
    let nines = |share: f64| if share >= 1.0 { 5.0 } else { -(1.0 - share).log10() };
    times.curve().iter().map(|(share, ms)| (nines(*share), *ms)).collect()
}

fn figure(out: &mut String, caption: &str, unit: &str, curves: &[Curve<'_>]) {
    let points = || curves.iter().flat_map(|curve| curve.points.iter());
    let Some(right) = points().map(|point| point.0).reduce(f64::max) else { return };
    let left = points().map(|point| point.0).fold(right, f64::min);
    let top = points().map(|point| point.1).fold(0.0, f64::max);
    if right <= left || top <= 0.0 {
        return;
    }
    let x = |value: f64| MARGIN + (value - left) / (right - left) * (WIDTH - MARGIN);
    let y = |value: f64| HEIGHT - 20.0 - value / top * (HEIGHT - 40.0);
    let _ = write!(
        out,
        "<figure><figcaption>{caption}</figcaption><svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img>"
    );
    for share in [0.0, 0.5, 1.0] {
        let (at, value) = (y(top * share), top * share);
        let _ = write!(out, "<line x1='{MARGIN}' x2='{WIDTH}' y1='{at:.1}' y2='{at:.1}' stroke='#8884'/>");
        let _ = write!(out, "<text x='0' y='{:.1}'>{value:.1} {unit}</text>", at + 4.0);
    }
    for (n, curve) in curves.iter().enumerate() {
        let path: Vec<String> =
            curve.points.iter().map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py))).collect();
        let _ = write!(
            out,
            "<polyline fill='none' stroke='{}' stroke-width='1.5' points='{}'/><text x='{}' y='12' style='fill:{}'>{}</text>",
            curve.colour,
            path.join(" "),
            MARGIN + n as f64 * 230.0,
            curve.colour,
            curve.name
        );
    }
    let _ = write!(
        out,
        "<text x='{MARGIN}' y='{HEIGHT}'>{left:.0}</text><text x='{:.0}' y='{HEIGHT}'>{right:.0}</text>",
        WIDTH - 40.0
    );
    out.push_str("</svg></figure>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scenario_says_is_text_and_not_markup() {
        assert_eq!(escape("<b>&"), "&lt;b&gt;&amp;");
    }

    #[test]
    fn nines_rise_with_the_share() {
        let mut times = Times::default();
        for ms in 1..=1_000 {
            times.note(std::time::Duration::from_millis(ms));
        }
        let curve = by_nines(&times);
        assert!(curve.windows(2).all(|two| two[0].0 <= two[1].0 && two[0].1 <= two[1].1), "{curve:?}");
    }
}
