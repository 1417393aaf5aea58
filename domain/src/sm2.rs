//! SM-2, to the letter, in integers.
//!
//! Source: P. A. Woźniak, "Application of a computer to improve the results obtained in working with the
//! SuperMemo method", 1990. What the text leaves open is decided here: the interval grows by the *new* ease
//! factor, a lapse leaves the ease factor unchanged, lateness earns no credit. The ease factor is a whole number of
//! hundredths: floats give wrong intervals (5,5,5,5,4 would end in 146 days instead of 145).

use crate::grade::Grade;

/// The ease factor that every card starts with, in hundredths.
pub const EASE_START: u16 = 250;
/// The ease factor never falls below this, in hundredths.
pub const EASE_MIN: u16 = 130;
/// No interval is longer, whatever a deck says, in days.
pub const INTERVAL_MAX_DAYS: u32 = 36_500;

/// The three numbers of SM-2.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Sm2 {
    /// Successful repetitions in a row (n).
    pub reps: u16,
    /// The ease factor in hundredths (EF).
    pub ease: u16,
    /// The interval that led to the present due day, in days (I).
    pub interval_days: u32,
}

impl Sm2 {
    /// A card that was never scheduled.
    pub const NEW: Sm2 = Sm2 { reps: 0, ease: EASE_START, interval_days: 0 };

    /// The numbers after a scheduling answer with this grade; intervals end at `maximum_interval_days`.
    #[must_use]
    pub fn after(self, grade: Grade, maximum_interval_days: u32) -> Sm2 {
        let longest = maximum_interval_days.clamp(1, INTERVAL_MAX_DAYS);
        let step: i32 = match grade {
            Grade::Blackout | Grade::Wrong | Grade::WrongButEasy => {
                return Sm2 { reps: 0, ease: self.ease, interval_days: 1 };
            }
            Grade::Hard => -14,
            Grade::Good => 0,
            Grade::Perfect => 10,
        };
        let ease = (i32::from(self.ease) + step).clamp(i32::from(EASE_MIN), i32::from(u16::MAX)) as u16;
        let reps = self.reps.saturating_add(1);
        let interval_days = match reps {
            1 => 1,
            2 => 6,
            _ => {
                let grown = (u64::from(self.interval_days) * u64::from(ease)).div_ceil(100);
                u32::try_from(grown).unwrap_or(u32::MAX)
            }
        };
        Sm2 { reps, ease, interval_days: interval_days.clamp(1, longest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(grades: &[u8]) -> Vec<(u16, u32, u16)> {
        let mut s = Sm2::NEW;
        grades
            .iter()
            .map(|&g| {
                s = s.after(Grade::new(g).unwrap(), INTERVAL_MAX_DAYS);
                (s.reps, s.interval_days, s.ease)
            })
            .collect()
    }

    #[test]
    fn the_golden_vectors_hold() {
        assert_eq!(run(&[4, 4, 4]), [(1, 1, 250), (2, 6, 250), (3, 15, 250)]);
        assert_eq!(run(&[5, 4, 3]), [(1, 1, 260), (2, 6, 260), (3, 15, 246)]);
        assert_eq!(run(&[3, 3, 4]), [(1, 1, 236), (2, 6, 222), (3, 14, 222)]);
        assert_eq!(
            run(&[5, 5, 5, 5, 4]),
            [(1, 1, 260), (2, 6, 270), (3, 17, 280), (4, 50, 290), (5, 145, 290)]
        );
        assert_eq!(run(&[4, 4, 2, 4]), [(1, 1, 250), (2, 6, 250), (0, 1, 250), (1, 1, 250)]);
        let nine = run(&[3; 9]);
        assert_eq!(nine.iter().map(|x| x.1).collect::<Vec<_>>(), [1, 6, 13, 26, 47, 79, 121, 167, 218]);
        assert_eq!(nine[8].2, 130);
    }

    #[test]
    fn no_interval_passes_the_maximum_and_no_ease_the_floor() {
        let mut s = Sm2::NEW;
        for _ in 0..200 {
            s = s.after(Grade::Perfect, 90);
            assert!(s.interval_days <= 90);
        }
        for _ in 0..50 {
            s = s.after(Grade::Hard, INTERVAL_MAX_DAYS);
            assert!(s.ease >= EASE_MIN && s.interval_days <= INTERVAL_MAX_DAYS);
        }
    }
}
