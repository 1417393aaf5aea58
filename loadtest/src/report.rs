//! What a run came to, as a table.

use crate::closed::Outcome;
use std::fmt::Write as _;
use std::time::Duration;

/// The table of a run of this length.
pub fn table(outcome: &Outcome, length: Duration) -> String {
    let mut out = String::new();
    let rate = outcome.answers as f64 / length.as_secs_f64();
    let _ = writeln!(out, "answers            {:>12}  ({rate:.0}/s)", outcome.answers);
    let _ = writeln!(out, "saved              {:>12}", outcome.saved);
    for (name, histogram) in
        [("answer -> card", &outcome.to_card_us), ("answer -> saved", &outcome.to_saved_us)]
    {
        let ms = |quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        let _ = writeln!(
            out,
            "{name:<18} p50 {:>8.3} ms   p90 {:>8.3} ms   p99 {:>8.3} ms   max {:>8.3} ms",
            ms(0.5),
            ms(0.9),
            ms(0.99),
            histogram.max() as f64 / 1_000.0
        );
    }
    let _ = writeln!(out, "faults             {:>12}", outcome.faults.len());
    for fault in outcome.faults.iter().take(10) {
        let _ = writeln!(out, "  {fault}");
    }
    out
}
