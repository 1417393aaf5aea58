//! Figures of learners on the wire.

use crate::http::outlook::{LearnerFigures, SittingSums, Sums};
use domain::day::Day;
use domain::ids::Uuid;
use schemars::JsonSchema;
use serde::Serialize;

/// Answers, summed up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct SumsOut {
    /// Answers of all kinds, those taken back excluded.
    pub(in crate::http) answers: u32,
    /// Answers with a grade of 3 and above.
    pub(in crate::http) correct: u32,
    /// Correct answers in per cent, to a tenth; 0 without an answer.
    pub(in crate::http) accuracy: f64,
    /// Different cards that were answered.
    pub(in crate::http) cards: usize,
    /// Sittings; what was answered outside of one counts as one a day.
    pub(in crate::http) sittings: usize,
    /// Time spent, in minutes, to a hundredth.
    pub(in crate::http) minutes: f64,
}

impl From<&Sums> for SumsOut {
    fn from(sums: &Sums) -> SumsOut {
        SumsOut {
            answers: sums.answers,
            correct: sums.correct,
            accuracy: sums.accuracy().unwrap_or(0.0),
            cards: sums.cards as usize,
            sittings: sums.sittings as usize,
            minutes: sums.minutes(),
        }
    }
}

/// A study day.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct DayOut {
    /// The day.
    #[schemars(with = "super::DayText")]
    day: String,
    #[serde(flatten)]
    sums: SumsOut,
}

/// Means over the days on which something was answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct MeansOut {
    /// Answers a day, to a tenth.
    answers: f64,
    /// Minutes a day, to a hundredth.
    minutes: f64,
    /// Correct answers in per cent, each answer weighing the same; to a tenth.
    accuracy: f64,
    /// Seconds an answer, to a tenth.
    seconds_per_answer: f64,
}

/// A learner's study days.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct AnalyticsOut {
    /// The first day.
    #[schemars(with = "super::DayText")]
    from: String,
    /// The last day.
    #[schemars(with = "super::DayText")]
    to: String,
    /// Every day, days without an answer as zeros.
    items: Vec<DayOut>,
    /// All days together.
    total: SumsOut,
    /// Means.
    mean: MeansOut,
    /// Days on which something was answered.
    days_studied: usize,
    /// Whether there were more answers than are looked at; then the oldest are missing.
    cut: bool,
}

impl AnalyticsOut {
    /// The days from `from` to `to`.
    pub(in crate::http) fn of(from: Day, to: Day, figures: &LearnerFigures) -> AnalyticsOut {
        let none = Sums::default();
        let days = (0..=to.since(from)).map(|n| from.plus(n));
        let of_day = |day: Day| {
            let sums = figures.days.get(&day).unwrap_or(&none);
            DayOut { day: day.to_string(), sums: sums.into() }
        };
        let (all, studied) = (&figures.all, figures.days.len());
        let mean = |sum: f64, of: usize, steps: f64| {
            if of == 0 { 0.0 } else { (sum / of as f64 * steps).round() / steps }
        };
        let answers = all.answers as usize;
        AnalyticsOut {
            from: from.to_string(),
            to: to.to_string(),
            items: days.map(of_day).collect(),
            total: all.into(),
            mean: MeansOut {
                answers: mean(f64::from(all.answers), studied, 10.0),
                minutes: mean(all.elapsed_ms as f64 / 60_000.0, studied, 100.0),
                accuracy: all.accuracy().unwrap_or(0.0),
                seconds_per_answer: mean(all.elapsed_ms as f64 / 1_000.0, answers, 10.0),
            },
            days_studied: studied,
            cut: figures.cut,
        }
    }
}

/// A sitting.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct SittingOut {
    /// The sitting as the client named it; null: what was answered outside of one on that day.
    pub(in crate::http) sitting_id: Option<Uuid>,
    /// The study day of its first answer.
    #[schemars(with = "super::DayText")]
    pub(in crate::http) day: String,
    /// When its first answer was given, Unix milliseconds.
    pub(in crate::http) started_at: i64,
    /// When its last answer was given.
    ended_at: i64,
    /// The decks whose cards were answered.
    decks: Vec<Uuid>,
    /// Answers.
    pub(in crate::http) answers: u32,
    /// Correct ones.
    correct: u32,
    /// Correct ones in per cent, to a tenth.
    accuracy: f64,
    /// Different cards.
    cards: usize,
    /// Time spent, in minutes, to a hundredth.
    minutes: f64,
}

impl From<&SittingSums> for SittingOut {
    fn from(sitting: &SittingSums) -> SittingOut {
        SittingOut {
            sitting_id: sitting.sitting.map(|sitting| sitting.0),
            day: sitting.day.to_string(),
            started_at: sitting.first_ms,
            ended_at: sitting.last_ms,
            decks: sitting.decks.iter().map(|deck| deck.0).collect(),
            answers: sitting.sums.answers,
            correct: sitting.sums.correct,
            accuracy: sitting.sums.accuracy().unwrap_or(0.0),
            cards: sitting.sums.cards as usize,
            minutes: sitting.sums.minutes(),
        }
    }
}

/// A student of a class, and what was done in its decks since the enrollment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct StudentOut {
    /// The student.
    pub(in crate::http) user_id: Uuid,
    /// The name; empty for somebody who has not signed in yet.
    pub(in crate::http) name: String,
    /// Since when the student is enrolled, Unix milliseconds.
    pub(in crate::http) enrolled_at: i64,
    /// When a card of the class was answered last, Unix milliseconds; null: not in this stretch or later.
    pub(in crate::http) last_seen: Option<i64>,
    /// What was answered.
    #[serde(flatten)]
    pub(in crate::http) sums: SumsOut,
}
