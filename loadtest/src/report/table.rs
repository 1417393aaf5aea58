//! The final table.

use crate::figures::{Both, Times};
use crate::run::Report;
use std::fmt::Write as _;

/// The table of a run.
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    let figures = &report.outcome.figures;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}: {}", report.scenario.name, report.scenario.about);
    let steady = report.scenario.length().as_secs_f64();
    let _ =
        writeln!(out, "answers sent           {:>12}  ({:.0}/s)", figures.sent, figures.sent as f64 / steady);
    let _ = writeln!(out, "answers saved          {:>12}", figures.saved);
    both(&mut out, "answer -> card", &figures.to_card);
    both(&mut out, "answer -> saved", &figures.to_saved);
    times(&mut out, "connect -> first card", &figures.to_first_card);
    times(&mut out, "drop -> card again", &figures.back);
    times(&mut out, "HTTP request", &figures.http);
    times(&mut out, "sent late by ourselves", &figures.send_late);
    optional(&mut out, "server memory, MB", report.resident_mb);
    optional(&mut out, "its growth, MB/h", report.growth_mb_per_hour);
    optional(&mut out, "server CPU, us/answer", report.server_us_per_answer);
    optional(&mut out, "own CPU, us/answer", report.learners_us_per_answer);
    optional(&mut out, "append p90, ms", report.store_p90_ms);
    optional(&mut out, "append p99, ms", report.store_p99_ms);
    optional(&mut out, "broke at, answers/s", report.outcome.broke_at);
    if let Some(ready) = report.ready_after {
        optional(&mut out, "ready after, ms", Some(ready.as_secs_f64() * 1_000.0));
    }
    if figures.asked_to_wait > 0 {
        let _ = writeln!(out, "handshakes put off     {:>12}", figures.asked_to_wait);
    }
    for (code, count) in &figures.closes {
        let _ = writeln!(out, "closed with {code:<11}{count:>12}");
    }
    for check in &report.checks {
        let word = if check.passed { "ok  " } else { "FAIL" };
        let _ = writeln!(out, "{word} {}: {} (wanted: {})", check.name, check.measured, check.wanted);
    }
    for fault in figures.faults.iter().take(10) {
        let _ = writeln!(out, "     {fault}");
    }
    out
}

fn both(out: &mut String, name: &str, both: &Both) {
    times(out, name, &both.corrected);
    times(out, &format!("{name}, raw"), &both.raw);
}

fn times(out: &mut String, name: &str, times: &Times) {
    if times.count() == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "{name:<22} p50 {:>9.3}  p90 {:>9.3}  p99 {:>9.3}  p99.9 {:>9.3}  max {:>9.3} ms",
        times.ms(0.5),
        times.ms(0.9),
        times.ms(0.99),
        times.ms(0.999),
        times.max_ms()
    );
}

fn optional(out: &mut String, name: &str, value: Option<f64>) {
    if let Some(value) = value {
        let _ = writeln!(out, "{name:<22} {value:>12.2}");
    }
}
