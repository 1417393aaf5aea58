//! When a card comes again: by SM-2 or by FSRS, with or without fuzz. A pure function of the card's state, the answer, and
//! the deck's parameters.

mod fuzz;

use crate::day::Day;
use crate::entry::Fnv;
use crate::fsrs::{Memory, Model, Parameters, Rating};
use crate::grade::Grade;
use crate::ids::CardId;
use crate::sm2::{INTERVAL_MAX_DAYS, Sm2};
use crate::state::{CardState, FOLD_VERSION};
use fuzz::{Fuzz, seed};
use std::borrow::Cow;

pub use fuzz::{EasyDays, FUZZ_FROM_DAYS};

/// The recall at which FSRS asks again unless a deck says otherwise, in permille.
pub const DESIRED_RETENTION_PERMILLE: u16 = 900;
/// No deck may want less recall, in permille.
pub const DESIRED_RETENTION_MIN_PERMILLE: u16 = 700;
/// No deck may want more recall, in permille.
pub const DESIRED_RETENTION_MAX_PERMILLE: u16 = 990;

/// What finds the next interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheduler {
    /// SM-2 ([`crate::sm2`]).
    Sm2,
    /// FSRS-6 ([`crate::fsrs`]).
    Fsrs {
        /// The weights of its model.
        parameters: Parameters,
        /// A card is asked again when its recall has fallen to this, in permille.
        desired_retention_permille: u16,
    },
}

/// What of a deck's settings the fold depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FoldParams {
    /// A card whose scheduling or drill grade is below this (3 or 4) comes again on the same study day.
    pub drill_until: u8,
    /// No interval is longer, in days.
    pub maximum_interval_days: u32,
    /// What finds the next interval.
    pub scheduler: Scheduler,
    /// Whether intervals are spread, and by which weekdays.
    pub fuzz: Option<EasyDays>,
}

impl Default for FoldParams {
    fn default() -> Self {
        Self {
            drill_until: 4,
            maximum_interval_days: INTERVAL_MAX_DAYS,
            scheduler: Scheduler::Sm2,
            fuzz: None,
        }
    }
}

/// The bit of a key that says that the rest of it is a digest.
const DIGESTED: u32 = 1 << 23;

impl FoldParams {
    /// The fold's version, the scheduler and its parameters in one number, never 0: a stored row says by which it was made.
    /// Strict SM-2 is written out; all else is a digest of 23 bits.
    pub fn key(&self) -> u32 {
        let version = u32::from(FOLD_VERSION) << 24;
        if self.scheduler == Scheduler::Sm2 && self.fuzz.is_none() {
            return version
                | (u32::from(self.drill_until & 0x7) << 20)
                | (self.maximum_interval_days & 0xf_ffff);
        }
        let mut h = Fnv::new();
        h.byte(self.drill_until);
        h.bytes(&self.maximum_interval_days.to_le_bytes());
        match &self.scheduler {
            Scheduler::Sm2 => h.byte(1),
            Scheduler::Fsrs { parameters, desired_retention_permille } => {
                h.byte(2);
                h.bytes(&desired_retention_permille.to_le_bytes());
                parameters.raw().iter().for_each(|w| h.bytes(&w.to_le_bytes()));
            }
        }
        h.optional(self.fuzz.map(|days| days.0));
        let digest = h.0 ^ (h.0 >> 23) ^ (h.0 >> 46);
        version | DIGESTED | (digest as u32 & (DIGESTED - 1))
    }

    /// The model by which a card's memory is folded: a deck under SM-2 has the weights of everybody. Theirs is made once.
    pub fn model(&self) -> Cow<'static, Model> {
        match &self.scheduler {
            Scheduler::Sm2 => Cow::Borrowed(Model::everybodys()),
            Scheduler::Fsrs { parameters, .. } if *parameters == Parameters::DEFAULT => {
                Cow::Borrowed(Model::everybodys())
            }
            Scheduler::Fsrs { parameters, .. } => Cow::Owned(Model::new(parameters)),
        }
    }

    fn longest_days(&self) -> u32 {
        self.maximum_interval_days.clamp(1, INTERVAL_MAX_DAYS)
    }
}

/// The intervals to which one card's next scheduling answer can lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prospect<'a> {
    sm2: Sm2,
    fuzz: Option<Fuzz>,
    params: &'a FoldParams,
    /// What FSRS would say for each rating, in days.
    by_rating: Option<[u32; 4]>,
}

impl<'a> Prospect<'a> {
    /// Of this card, if it is answered on this day.
    pub(crate) fn of(state: &CardState, card: CardId, day: Day, params: &'a FoldParams) -> Prospect<'a> {
        let fuzz = params.fuzz.map(|easy_days| Fuzz {
            seed: seed(card, &state.sm2, state.lapses),
            day,
            easy_days,
            longest_days: params.longest_days(),
        });
        let by_rating = match &params.scheduler {
            Scheduler::Sm2 => None,
            Scheduler::Fsrs { desired_retention_permille, .. } => {
                let wanted_recall = f64::from(*desired_retention_permille) / 1_000.0;
                let model = params.model();
                Some(by_rating(
                    &model,
                    state.memory,
                    day,
                    wanted_recall,
                    fuzz.as_ref(),
                    params.longest_days(),
                ))
            }
        };
        Prospect { sm2: state.sm2, fuzz, params, by_rating }
    }

    /// The numbers of the schedule after this grade. Under FSRS repetitions and ease are counted as SM-2 counts them, and
    /// only the interval is its own.
    pub(crate) fn after(&self, grade: Grade) -> Sm2 {
        let next = self.sm2.after(grade, self.params.maximum_interval_days);
        let interval_days = match (&self.by_rating, &self.fuzz) {
            (Some(intervals), _) => {
                intervals.get(Rating::from(grade).index()).copied().unwrap_or(next.interval_days)
            }
            (None, Some(fuzz)) => fuzz.spread(next.interval_days, 1),
            (None, None) => next.interval_days,
        };
        Sm2 { interval_days, ..next }
    }
}

/// What FSRS says for each rating: hard, good and easy a day apart at least, and again not after hard.
fn by_rating(
    model: &Model,
    memory: Option<Memory>,
    day: Day,
    wanted_recall: f64,
    fuzz: Option<&Fuzz>,
    longest_days: u32,
) -> [u32; 4] {
    let plain = Rating::ALL.map(|rating| {
        let days = model.interval_days(&model.after(memory, rating, day), wanted_recall);
        // The conversion saturates.
        ((days + 0.5) as u32).clamp(1, longest_days)
    });
    let spread = |days: u32, least: u32| {
        let days = days.max(least).min(longest_days);
        fuzz.map_or(days, |fuzz| fuzz.spread(days, least))
    };
    let [again, hard, good, easy] = plain;
    let hard = spread(hard, 1);
    let good = spread(good, hard + 1);
    let easy = spread(easy, good + 1);
    [spread(again, 1).min(hard), hard, good, easy]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fsrs::ONE;

    #[test]
    fn everybodys_model_is_made_once_and_ones_own_is_ones_own() {
        let by = |parameters| {
            let scheduler =
                Scheduler::Fsrs { parameters, desired_retention_permille: DESIRED_RETENTION_PERMILLE };
            FoldParams { scheduler, ..FoldParams::default() }.model()
        };
        let mut decimals = Parameters::DEFAULT.decimals();
        decimals[0] += 0.1;
        let own = Parameters::new(&decimals).unwrap();
        assert!(
            matches!(by(Parameters::DEFAULT), Cow::Borrowed(model) if std::ptr::eq(model, Model::everybodys()))
        );
        assert!(matches!(by(own), Cow::Owned(_)));
    }

    #[test]
    fn an_interval_is_where_recall_has_fallen_to_what_is_wanted() {
        let model = Model::everybodys();
        let memory = Memory { stability: 100 * ONE, difficulty: 5 * ONE, on: Day(0) };
        let again_later = |wanted| by_rating(model, Some(memory), Day(100), wanted, None, INTERVAL_MAX_DAYS);
        let (strict, lax) = (again_later(0.95), again_later(0.8));
        assert!(strict.iter().zip(lax).all(|(strict, lax)| *strict <= lax) && strict[2] < lax[2] / 3);
        let [again, hard, good, easy] = again_later(0.9);
        assert!(again < hard && hard < good && good < easy, "{:?}", again_later(0.9));
    }
}
