//! How good a forecast of recall was.

use std::collections::BTreeMap;

/// Probabilities are kept this far from 0 and 1: one wrong certainty must not decide alone.
const CERTAIN: f64 = 1e-6;

/// One recall as it was foretold, and as it came.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Foretold {
    /// The probability of recall that was foretold, 0 to 1.
    pub recall: f64,
    /// Whether the card was remembered.
    pub remembered: bool,
    /// Days since the answer before.
    pub elapsed_days: i32,
    /// Recalls of the card before this one.
    pub recalls_before: usize,
    /// How many of them failed.
    pub lapses_before: usize,
}

/// How good a forecast was. Of all three the field publishes figures.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measures {
    /// Mean of -ln of the probability that was given to what came; lower is better.
    pub log_loss: f64,
    /// The root mean square of the difference between foretold and real recall over groups of like recalls (by elapsed days,
    /// length of the history, lapses); lower is better.
    pub rmse_bins: f64,
    /// How often a remembered card had been given more than a forgotten one, ties counting half; `None` where all or none were
    /// remembered. Higher is better.
    pub auc: Option<f64>,
}

impl Measures {
    /// Of these; `None` of none.
    pub fn of(foretold: &[Foretold]) -> Option<Measures> {
        if foretold.is_empty() {
            return None;
        }
        Some(Measures { log_loss: log_loss(foretold), rmse_bins: rmse_bins(foretold), auc: auc(foretold) })
    }
}

fn log_loss(foretold: &[Foretold]) -> f64 {
    let loss = |one: &Foretold| {
        let recall = one.recall.clamp(CERTAIN, 1.0 - CERTAIN);
        -(if one.remembered { recall } else { 1.0 - recall }).ln()
    };
    foretold.iter().map(loss).sum::<f64>() / foretold.len() as f64
}

/// The groups of the field's benchmark.
fn bin_of(one: &Foretold) -> (u64, u64, u64) {
    let step = |value: f64, base: f64, scale: f64| {
        (scale * base.powf((value.ln() / base.ln()).floor()) * 100.0).round() as u64
    };
    let lapses = one.lapses_before;
    (
        step(f64::from(one.elapsed_days.max(1)), 3.62, 2.48),
        step(one.recalls_before as f64 + 2.0, 1.89, 1.99),
        if lapses == 0 { 0 } else { step(lapses as f64, 1.73, 1.65) },
    )
}

fn rmse_bins(foretold: &[Foretold]) -> f64 {
    let mut bins: BTreeMap<_, (f64, f64, f64)> = BTreeMap::new();
    for one in foretold {
        let bin = bins.entry(bin_of(one)).or_default();
        bin.0 += one.recall;
        bin.1 += f64::from(u8::from(one.remembered));
        bin.2 += 1.0;
    }
    let squares = bins.values().map(|(told, came, n)| ((told - came) / n).powi(2) * n).sum::<f64>();
    (squares / foretold.len() as f64).sqrt()
}

/// By the ranks of what was foretold (Mann and Whitney).
fn auc(foretold: &[Foretold]) -> Option<f64> {
    let mut sorted: Vec<&Foretold> = foretold.iter().collect();
    sorted.sort_by(|a, b| a.recall.total_cmp(&b.recall));
    let remembered = sorted.iter().filter(|one| one.remembered).count() as f64;
    let forgotten = sorted.len() as f64 - remembered;
    if remembered == 0.0 || forgotten == 0.0 {
        return None;
    }
    let (mut ranks, mut before) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.recall == b.recall) {
        let n = tied.len() as f64;
        ranks += tied.iter().filter(|one| one.remembered).count() as f64 * (before + (n + 1.0) / 2.0);
        before += n;
    }
    Some((ranks - remembered * (remembered + 1.0) / 2.0) / (remembered * forgotten))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(recall: f64, remembered: bool) -> Foretold {
        Foretold { recall, remembered, elapsed_days: 1, recalls_before: 0, lapses_before: 0 }
    }

    #[test]
    fn a_forecast_that_knows_is_better_than_one_that_guesses_and_one_that_errs() {
        let knows = Measures::of(&[told(0.99, true), told(0.01, false), told(0.98, true)]).unwrap();
        let guesses = Measures::of(&[told(0.5, true), told(0.5, false), told(0.5, true)]).unwrap();
        let errs = Measures::of(&[told(0.01, true), told(0.99, false), told(0.02, true)]).unwrap();
        assert!(knows.log_loss < guesses.log_loss && guesses.log_loss < errs.log_loss);
        assert!((guesses.log_loss - 2.0_f64.ln()).abs() < 1e-12);
        assert_eq!((knows.auc, guesses.auc, errs.auc), (Some(1.0), Some(0.5), Some(0.0)));
    }

    #[test]
    fn groups_are_compared_as_wholes() {
        let right = [told(0.75, true), told(0.75, true), told(0.75, true), told(0.75, false)];
        assert!(Measures::of(&right).unwrap().rmse_bins < 1e-12);
        let long = Foretold { elapsed_days: 30, ..told(0.75, false) };
        assert!(Measures::of(&[right[0], right[1], right[2], long]).unwrap().rmse_bins > 0.2);
    }

    #[test]
    fn what_cannot_be_measured_is_not() {
        assert_eq!(Measures::of(&[]), None);
        assert_eq!(Measures::of(&[told(0.9, true)]).unwrap().auc, None);
        let certain = Measures::of(&[told(1.0, false)]).unwrap();
        assert!(certain.log_loss.is_finite());
    }
}
