//! The formulas of FSRS-6.
//!
//! Only the four basic operations of IEEE 754 and the functions of `libm`, which are made of them: the standard library's
//! `powf` and `exp` are the platform's, and differ in the last bit from one to the next.

use super::{
    DIFFICULTY_MAX, DIFFICULTY_MIN, Memory, ONE, PARAMETERS, Parameters, Rating, STABILITY_MAX, STABILITY_MIN,
};
use crate::day::Day;
use libm::{exp, pow};
use std::sync::LazyLock;

/// Recall at which stability is measured.
const RECALL_AT_STABILITY: f64 = 0.9;

/// FSRS-6 with one set of weights.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    w: [f64; PARAMETERS],
    /// Makes the forgetting curve pass through 90 % at the stability.
    factor: f64,
    /// e to the w8, by which every success grows.
    growth: f64,
    /// By what a stability is divided at least when the card was forgotten.
    loss: f64,
    /// What difficulties revert to.
    easiest: f64,
}

/// The nearest ten-thousandth, 0 for what is below it or no number.
pub(super) fn to_grid(value: f64) -> u32 {
    // The conversion saturates, so that infinity is the greatest.
    (value * f64::from(ONE) + 0.5) as u32
}

/// The model with everybody's weights, by which most memories are folded.
static EVERYBODYS: LazyLock<Model> = LazyLock::new(|| Model::new(&Parameters::DEFAULT));

impl Model {
    /// The model with everybody's weights.
    pub fn everybodys() -> &'static Model {
        &EVERYBODYS
    }

    /// The model with these weights.
    pub fn new(parameters: &Parameters) -> Model {
        let w = parameters.decimals();
        Model {
            factor: pow(RECALL_AT_STABILITY, -1.0 / w[20]) - 1.0,
            growth: exp(w[8]),
            loss: exp(w[17] * w[18]),
            easiest: first_difficulty(&w, Rating::Easy),
            w,
        }
    }

    /// The probability that the card is remembered on this day, 0 to 1.
    pub fn recall(&self, memory: &Memory, day: Day) -> f64 {
        self.recall_after(memory.stability_days(), elapsed_days(memory, day))
    }

    fn recall_after(&self, stability_days: f64, elapsed_days: f64) -> f64 {
        pow(1.0 + self.factor * elapsed_days / stability_days, -self.w[20])
    }

    /// The days after which recall has fallen to what is wanted (0 to 1), as a real number.
    pub fn interval_days(&self, memory: &Memory, wanted_recall: f64) -> f64 {
        memory.stability_days() / self.factor * (pow(wanted_recall, -1.0 / self.w[20]) - 1.0)
    }

    /// The memory after an answer; `None` before the first one.
    pub fn after(&self, before: Option<Memory>, rating: Rating, day: Day) -> Memory {
        let Some(before) = before else { return self.first(rating, day) };
        let elapsed_days = elapsed_days(&before, day);
        let (s, d) = (before.stability_days(), before.difficulty());
        let stability = if elapsed_days == 0.0 {
            self.stability_on_the_same_day(s, rating)
        } else {
            let recall = self.recall_after(s, elapsed_days);
            match rating {
                Rating::Again => self.stability_after_failure(s, d, recall),
                Rating::Hard | Rating::Good | Rating::Easy => {
                    self.stability_after_success(s, d, recall, rating)
                }
            }
        };
        on_grid(stability, self.difficulty_after(d, rating), day.max(before.on))
    }

    /// The memory of a card that SM-2 left with this ease (hundredths) and interval, as if it had been asked whenever 90 %
    /// were remembered.
    pub fn of_sm2(&self, ease: u16, interval_days: u32, on: Day) -> Memory {
        let s = f64::from(interval_days.max(1));
        let growth = self.growth * pow(s, -self.w[9]) * (exp((1.0 - RECALL_AT_STABILITY) * self.w[10]) - 1.0);
        let difficulty = 11.0 - (f64::from(ease) / 100.0 - 1.0) / growth;
        on_grid(s, difficulty, on)
    }

    fn first(&self, rating: Rating, day: Day) -> Memory {
        let stability = match rating {
            Rating::Again => self.w[0],
            Rating::Hard => self.w[1],
            Rating::Good => self.w[2],
            Rating::Easy => self.w[3],
        };
        on_grid(stability, first_difficulty(&self.w, rating), day)
    }

    fn difficulty_after(&self, d: f64, rating: Rating) -> f64 {
        let step = -self.w[6] * (f64::from(rating.number()) - 3.0);
        let damped = d + (10.0 - d) * step / 9.0;
        self.w[7] * (self.easiest - damped) + damped
    }

    fn stability_after_success(&self, s: f64, d: f64, recall: f64, rating: Rating) -> f64 {
        let by_rating = match rating {
            Rating::Again | Rating::Good => 1.0,
            Rating::Hard => self.w[15],
            Rating::Easy => self.w[16],
        };
        let growth = self.growth
            * (11.0 - d)
            * pow(s, -self.w[9])
            * (exp((1.0 - recall) * self.w[10]) - 1.0)
            * by_rating;
        s * (growth + 1.0)
    }

    fn stability_after_failure(&self, s: f64, d: f64, recall: f64) -> f64 {
        let forgotten = self.w[11]
            * pow(d, -self.w[12])
            * (pow(s + 1.0, self.w[13]) - 1.0)
            * exp((1.0 - recall) * self.w[14]);
        forgotten.min(s / self.loss)
    }

    fn stability_on_the_same_day(&self, s: f64, rating: Rating) -> f64 {
        let growth = exp(self.w[17] * (f64::from(rating.number()) - 3.0 + self.w[18])) * pow(s, -self.w[19]);
        match rating {
            Rating::Again => s * growth,
            Rating::Hard | Rating::Good | Rating::Easy => s * growth.max(1.0),
        }
    }
}

fn first_difficulty(w: &[f64; PARAMETERS], rating: Rating) -> f64 {
    w[4] - exp(w[5] * (f64::from(rating.number()) - 1.0)) + 1.0
}

/// Whole study days since the memory was last moved.
fn elapsed_days(memory: &Memory, day: Day) -> f64 {
    f64::from(day.since(memory.on).max(0))
}

fn on_grid(stability_days: f64, difficulty: f64, on: Day) -> Memory {
    Memory {
        stability: to_grid(stability_days).clamp(STABILITY_MIN, STABILITY_MAX),
        difficulty: to_grid(difficulty).clamp(DIFFICULTY_MIN, DIFFICULTY_MAX),
        on,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ratings, each so many days after the one before.
    fn memory_of(parameters: &[f64], answers: &[(u8, i32)]) -> (f64, f64) {
        let model = Model::new(&Parameters::new(parameters).unwrap());
        let mut day = Day(20_000);
        let mut memory = None;
        for &(rating, days) in answers {
            day = day.plus(days);
            memory = Some(model.after(memory, Rating::ALL[usize::from(rating) - 1], day));
        }
        let memory = memory.unwrap();
        (memory.stability_days(), memory.difficulty())
    }

    /// The published vectors, which the field's library computes in single precision and without a grid.
    fn is_near((s, d): (f64, f64), (expected_s, expected_d): (f64, f64)) {
        assert!((s / expected_s - 1.0).abs() < 1e-4, "stability {s}, expected {expected_s}");
        assert!((d - expected_d).abs() < 1e-3, "difficulty {d}, expected {expected_d}");
    }

    #[test]
    fn the_published_vectors_hold() {
        let mut w = Parameters::DEFAULT.decimals();
        let answers = [(1, 0), (3, 0), (3, 1), (3, 3), (3, 8), (3, 21)];
        is_near(memory_of(&w, &answers), (53.626_91, 6.357_486_7));
        (w[17], w[18], w[19]) = (0.0, 0.0, 0.0);
        is_near(memory_of(&w, &answers), (53.335_106, 6.357_486_7));
    }

    /// Bits that differ on another machine, or with another version of `libm`, would make two nodes disagree about one log.
    /// When this fails for a good reason, the version of the fold is raised.
    #[test]
    fn ten_thousand_memories_are_the_same_on_every_machine() {
        let mut h = crate::entry::Fnv::new();
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        for card in 0..1_000_u32 {
            let mut memory = None;
            let mut day = Day(20_000);
            for _ in 0..10 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(card));
                day = day.plus(i32::try_from((dice >> 33) % 97).unwrap_or(0));
                let rating = Rating::ALL[((dice >> 61) as usize) & 3];
                let now = Model::everybodys().after(memory, rating, day);
                h.bytes(&now.stability.to_le_bytes());
                h.bytes(&now.difficulty.to_le_bytes());
                memory = Some(now);
            }
        }
        assert_eq!(h.0, 0xfae0_325a_34ad_da00);
    }

    #[test]
    fn an_interval_is_when_recall_has_fallen_to_what_is_wanted() {
        let model = Model::everybodys();
        let one = Memory { stability: ONE, difficulty: 5 * ONE, on: Day(0) };
        let days = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8].map(|wanted| model.interval_days(&one, wanted).round());
        assert_eq!(days, [2508.0, 387.0, 90.0, 27.0, 9.0, 3.0]);
        assert!((model.recall(&one, Day(1)) - 0.9).abs() < 1e-9);
        assert_eq!(model.recall(&one, Day(0)), 1.0);
        assert_eq!(model.recall(&one, Day(-5)), 1.0, "days never fall");
    }

    #[test]
    fn a_card_of_sm_2_has_the_memory_that_would_have_made_its_numbers() {
        let memory = Model::everybodys().of_sm2(250, 10, Day(3));
        is_near((memory.stability_days(), memory.difficulty()), (10.0, 6.914_056_3));
        let lowest = Model::everybodys().of_sm2(130, 20, Day(3));
        assert_eq!((lowest.stability_days(), lowest.difficulty()), (20.0, 10.0));
        // One good answer in time grows the interval by the ease.
        let next = Model::everybodys().after(
            Some(Model::everybodys().of_sm2(200, 15, Day(0))),
            Rating::Good,
            Day(15),
        );
        assert!((next.stability_days() / 15.0 - 2.0).abs() < 0.01);
    }
}
