//! How well SM-2, FSRS with everybody's weights and FSRS with a learner's own would have foretold the learner's answers: the
//! weights are fitted to the earlier ones, and all are measured on the later ones.

use crate::histories::History;
use crate::measures::{Foretold, Measures};
use crate::train::{OptimiseError, Progress, optimise};
use domain::fsrs::{Model, Parameters};
use domain::sm2::{INTERVAL_MAX_DAYS, Sm2};

/// Of all recalls, by time, so many are fitted to; the rest is measured on.
const FITTED_SHARE: f64 = 0.8;

/// Why nothing was measured.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EvaluateError {
    /// Nothing to measure on.
    #[error(
        "there are {0} recalls after a day or more in this log; a few dozen are needed to measure anything"
    )]
    TooFew(usize),
}

/// The measures of one learner.
#[derive(Clone, PartialEq, Debug)]
pub struct Evaluation {
    /// Recalls before the cut: what weights are fitted to.
    pub fitted: usize,
    /// Recalls after the cut: what is measured on.
    pub measured: usize,
    /// Share of those that were remembered.
    pub remembered: f64,
    /// The moment of the cut, Unix milliseconds.
    pub cut_ms: i64,
    /// The same probability for every card: the share remembered before the cut.
    pub constant: Measures,
    /// SM-2, whose interval is taken for the days after which recall is 90 %.
    pub sm2: Measures,
    /// FSRS with everybody's weights.
    pub fsrs: Measures,
    /// FSRS with weights fitted to what lies before the cut, and the weights; or why there are none.
    pub optimised: Result<(Parameters, Measures), OptimiseError>,
}

/// Evaluates the schedulers on these histories.
///
/// # Errors
/// [`EvaluateError`]: there is too little.
pub fn evaluate(histories: &[History], progress: &Progress) -> Result<Evaluation, EvaluateError> {
    let mut moments: Vec<i64> = histories
        .iter()
        .flat_map(|history| history.recalls().filter_map(|at| history.answers.get(at)).map(|a| a.at_ms))
        .collect();
    moments.sort_unstable();
    let too_few = EvaluateError::TooFew(moments.len());
    let at = (moments.len() as f64 * FITTED_SHARE) as usize;
    let Some(cut_ms) = moments.get(at).copied().filter(|_| at > 0) else { return Err(too_few) };
    let by = |foretell: &dyn Fn(&History) -> Vec<f64>| foretold(histories, cut_ms, foretell);

    let fitted_to = foretold_before(histories, cut_ms);
    let share = fitted_to.iter().filter(|one| one.remembered).count() as f64 / fitted_to.len().max(1) as f64;
    let constant = by(&|history| vec![share; history.answers.len()]);
    let sm2 = by(&by_sm2);
    let fsrs = by(&|history| by_model(history, Model::everybodys()));
    let optimised = optimise(histories, Some(cut_ms), progress).and_then(|weights| {
        let model = Model::new(&weights);
        let measures = Measures::of(&by(&|history| by_model(history, &model)));
        measures.map(|measures| (weights, measures)).ok_or(OptimiseError::TooFew { have: 0 })
    });
    let measured = constant.len();
    let remembered = constant.iter().filter(|one| one.remembered).count() as f64 / measured.max(1) as f64;
    let all = (Measures::of(&constant), Measures::of(&sm2), Measures::of(&fsrs));
    let (Some(constant), Some(sm2), Some(fsrs)) = all else { return Err(too_few) };
    Ok(Evaluation { fitted: fitted_to.len(), measured, remembered, cut_ms, constant, sm2, fsrs, optimised })
}

/// What was foretold of the recalls from `cut_ms` on.
fn foretold(histories: &[History], cut_ms: i64, foretell: &dyn Fn(&History) -> Vec<f64>) -> Vec<Foretold> {
    histories
        .iter()
        .flat_map(|history| outcomes(history, &foretell(history), |at_ms| at_ms >= cut_ms))
        .collect()
}

fn foretold_before(histories: &[History], cut_ms: i64) -> Vec<Foretold> {
    let nothing = |history: &History| vec![0.0; history.answers.len()];
    histories
        .iter()
        .flat_map(|history| outcomes(history, &nothing(history), |at_ms| at_ms < cut_ms))
        .collect()
}

/// The recalls of a history whose moments are wanted, with what was foretold of each answer.
fn outcomes(history: &History, recalls: &[f64], is_wanted: impl Fn(i64) -> bool) -> Vec<Foretold> {
    let (mut found, mut recalls_before, mut lapses_before) = (Vec::new(), 0, 0);
    for at in history.recalls() {
        let (Some(before), Some(now), Some(recall)) =
            (history.answers.get(at - 1), history.answers.get(at), recalls.get(at))
        else {
            continue;
        };
        let remembered = now.grade.is_correct();
        if is_wanted(now.at_ms) {
            let elapsed_days = now.day.since(before.day);
            found.push(Foretold { recall: *recall, remembered, elapsed_days, recalls_before, lapses_before });
        }
        recalls_before += 1;
        lapses_before += usize::from(!remembered);
    }
    found
}

/// What FSRS foretells of each answer.
fn by_model(history: &History, model: &Model) -> Vec<f64> {
    let mut memory = None;
    let foretell = |answer: &crate::histories::Answer| {
        let recall = memory.map_or(1.0, |memory| model.recall(&memory, answer.day));
        memory = Some(model.after(memory, answer.grade.into(), answer.day));
        recall
    };
    history.answers.iter().map(foretell).collect()
}

/// What SM-2's intervals say of each answer: it foretells nothing, but asks when it holds nine of ten for remembered. The
/// first answer of a day schedules.
fn by_sm2(history: &History) -> Vec<f64> {
    let (mut sm2, mut last) = (Sm2::NEW, None);
    let mut foretell = |answer: &crate::histories::Answer| {
        let elapsed_days = last.map_or(0, |last| answer.day.since(last));
        let recall = 0.9_f64.powf(f64::from(elapsed_days) / f64::from(sm2.interval_days.max(1)));
        if last.is_none() || elapsed_days > 0 {
            sm2 = sm2.after(answer.grade, INTERVAL_MAX_DAYS);
            last = Some(answer.day);
        }
        recall
    };
    history.answers.iter().map(&mut foretell).collect()
}
