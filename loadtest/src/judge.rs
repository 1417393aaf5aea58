//! What a run was asked for, and whether it came.

use crate::run::Report;
use serde::{Deserialize, Serialize};

/// One thing that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// What came.
    pub measured: String,
    /// What was asked for.
    pub wanted: String,
    /// Whether that is enough.
    pub passed: bool,
}

/// Everything that a run was asked for: that nothing was lost, doubled or skipped, and what its scenario wants.
pub fn judge(report: &Report) -> Vec<Check> {
    let figures = &report.outcome.figures;
    let mut checks = vec![
        exactly("faults", figures.fault_count, 0),
        exactly("answers that were intended and not sent", figures.skipped, 0),
    ];
    if figures.uncertain == 0 {
        checks.push(exactly("answers saved", figures.saved, figures.sent));
    }
    if let Some(verified) = &report.verified {
        checks.push(exactly("differences between the log's fold and the store", verified.differences, 0));
    }
    let entries = report.verified.as_ref().map(|verified| verified.entries).or(report.counted);
    checks.extend(entries.map(|entries| Check {
        name: "entries in the log".to_owned(),
        measured: entries.to_string(),
        wanted: format!("{} to {}", figures.saved, figures.saved + figures.uncertain),
        passed: (figures.saved..=figures.saved + figures.uncertain).contains(&entries),
    }));
    if let Some(fallen) = report.sessions_fallen {
        checks.push(exactly("sessions that fell", fallen as u64, 0));
    }
    let pass = &report.scenario.pass;
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let asked = [
        ("answer -> card, p99, ms", pass.card_p99_ms, Some(figures.to_card.corrected.ms(0.99))),
        ("answer -> saved, p99, ms", pass.saved_p99_ms, Some(figures.to_saved.corrected.ms(0.99))),
        ("HTTP request, p95, ms", pass.http_p95_ms, Some(figures.http.ms(0.95))),
        ("append of the store, p90, ms", pass.store_p90_ms, report.store_p90_ms),
        ("resident memory, MB", pass.resident_mb, report.resident_mb),
        ("growth of memory, MB an hour", pass.growth_mb_per_hour, report.growth_mb_per_hour),
        (
            "HTTP answers of 500 and above, share",
            pass.server_error_share,
            Some(share(figures.http_server_errors, figures.http_requests)),
        ),
        ("everybody back, s", pass.back_s, Some(figures.back.max_ms() / 1_000.0)),
    ];
    checks.extend(asked.into_iter().filter_map(|(name, wanted, measured)| at_most(name, measured, wanted?)));
    checks
}

fn exactly(name: &str, measured: u64, wanted: u64) -> Check {
    Check {
        name: name.to_owned(),
        measured: measured.to_string(),
        wanted: wanted.to_string(),
        passed: measured == wanted,
    }
}

/// What could not be measured has not passed.
fn at_most(name: &str, measured: Option<f64>, wanted: f64) -> Option<Check> {
    Some(Check {
        name: name.to_owned(),
        measured: measured.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.3}")),
        wanted: format!("at most {wanted}"),
        passed: measured.is_some_and(|value| value <= wanted),
    })
}
