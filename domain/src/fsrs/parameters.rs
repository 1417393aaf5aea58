//! The 21 weights of FSRS-6.

use super::ONE;
use libm::log;

/// How many weights there are.
pub const PARAMETERS: usize = 21;

/// The version of FSRS that weights were fitted for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Version {
    /// FSRS-4.5, and 4 before it: 17 weights.
    Fsrs4,
    /// FSRS-5: 19 weights.
    Fsrs5,
    /// FSRS-6: 21 weights.
    Fsrs6,
}

/// The decay of the forgetting curve before FSRS-6, which made it a weight.
const FIXED_DECAY: f64 = 0.5;

/// Numbers that are no weights of FSRS-6.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadParameters {
    /// Another number of them: those of earlier versions have 17 or 19.
    #[error("FSRS-6 has 21 parameters, and {0} were given")]
    Count(usize),
    /// Infinite, or not a number.
    #[error("parameter {0} is not a number")]
    NotFinite(usize),
}

/// The weights, w0 to w20, in ten-thousandths, each within the bounds that the field's optimiser keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Parameters([u32; PARAMETERS]);

/// Least and greatest of each weight, in ten-thousandths.
const BOUNDS: [(u32, u32); PARAMETERS] = [
    (10, 1_000_000),
    (10, 1_000_000),
    (10, 1_000_000),
    (10, 1_000_000),
    (10_000, 100_000),
    (10, 40_000),
    (10, 40_000),
    (10, 7_500),
    (0, 45_000),
    (0, 8_000),
    (10, 35_000),
    (10, 50_000),
    (10, 2_500),
    (10, 9_000),
    (0, 40_000),
    (0, 10_000),
    (10_000, 60_000),
    (0, 20_000),
    (0, 20_000),
    (0, 8_000),
    (1_000, 8_000),
];

impl Parameters {
    /// Those that were fitted to everybody's reviews: what a card's memory is folded with until there are better ones.
    pub const DEFAULT: Parameters = Parameters([
        2_120, 12_931, 23_065, 82_956, 64_133, 8_334, 30_194, 10, 18_722, 1_666, 7_960, 14_835, 614, 2_629,
        16_483, 6_014, 18_729, 5_425, 912, 658, 1_542,
    ]);

    /// The weights nearest to these decimals.
    ///
    /// # Errors
    /// [`BadParameters`] when there are not 21 finite numbers.
    pub fn new(decimals: &[f64]) -> Result<Parameters, BadParameters> {
        let given: &[f64; PARAMETERS] =
            decimals.try_into().map_err(|_| BadParameters::Count(decimals.len()))?;
        if let Some(at) = given.iter().position(|w| !w.is_finite()) {
            return Err(BadParameters::NotFinite(at));
        }
        let mut weights = [0; PARAMETERS];
        for ((weight, decimal), (least, greatest)) in weights.iter_mut().zip(given).zip(BOUNDS) {
            *weight = super::model::to_grid(*decimal).clamp(least, greatest);
        }
        Ok(Parameters(weights))
    }

    /// What FSRS-6 makes of the weights of any version, told by how many there are: the 21 of its own as they are, the 19 of
    /// FSRS-5 and the 17 of FSRS-4.5 as the field's library converts them.
    ///
    /// # Errors
    /// [`BadParameters`] when it is another number of them, or one of them is none.
    pub fn of_any_version(decimals: &[f64]) -> Result<(Parameters, Version), BadParameters> {
        let mut weights = [0.0; PARAMETERS];
        let version = match decimals.len() {
            17 => Version::Fsrs4,
            19 => Version::Fsrs5,
            PARAMETERS => Version::Fsrs6,
            other => return Err(BadParameters::Count(other)),
        };
        for (weight, decimal) in weights.iter_mut().zip(decimals) {
            *weight = *decimal;
        }
        match version {
            Version::Fsrs4 => {
                weights[4] += 2.0 * weights[5];
                weights[5] = log(3.0 * weights[5] + 1.0) / 3.0;
                weights[6] += 0.5;
                weights[20] = FIXED_DECAY;
            }
            Version::Fsrs5 => weights[20] = FIXED_DECAY,
            Version::Fsrs6 => {}
        }
        Ok((Parameters::new(&weights)?, version))
    }

    /// The weights in ten-thousandths.
    pub const fn raw(&self) -> &[u32; PARAMETERS] {
        &self.0
    }

    /// The weights as decimals.
    pub fn decimals(&self) -> [f64; PARAMETERS] {
        self.0.map(|w| f64::from(w) / f64::from(ONE))
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_weights_are_those_of_the_field() {
        let decimals = Parameters::DEFAULT.decimals();
        assert_eq!(&decimals[..4], [0.212, 1.2931, 2.3065, 8.2956]);
        assert_eq!(decimals[20], 0.1542);
        assert_eq!(Parameters::new(&decimals), Ok(Parameters::DEFAULT));
    }

    #[test]
    fn weights_out_of_bounds_are_brought_within_and_what_is_no_set_of_weights_is_refused() {
        let mut wild = Parameters::DEFAULT.decimals();
        (wild[0], wild[4], wild[20]) = (-3.0, 99.0, 0.0);
        let tamed = Parameters::new(&wild).unwrap();
        assert_eq!((tamed.raw()[0], tamed.raw()[4], tamed.raw()[20]), (10, 100_000, 1_000));
        assert_eq!(Parameters::new(&wild[..19]), Err(BadParameters::Count(19)));
        wild[7] = f64::NAN;
        assert_eq!(Parameters::new(&wild), Err(BadParameters::NotFinite(7)));
    }

    #[test]
    fn weights_of_earlier_versions_become_those_of_this_one_and_any_other_number_is_refused() {
        let now = Parameters::DEFAULT.decimals();
        assert_eq!(Parameters::of_any_version(&now), Ok((Parameters::DEFAULT, Version::Fsrs6)));
        let (fifth, version) = Parameters::of_any_version(&now[..19]).unwrap();
        assert_eq!((&fifth.raw()[..19], version), (&Parameters::DEFAULT.raw()[..19], Version::Fsrs5));
        assert_eq!(fifth.raw()[19..], [0, 5_000]);
        // Those that FSRS-4.5 began with.
        let old = [
            0.4872, 1.4003, 3.7145, 13.8206, 5.1618, 1.2298, 0.8975, 0.031, 1.6474, 0.1367, 1.0461, 2.1072,
            0.0793, 0.3246, 1.587, 0.2272, 2.8755,
        ];
        let (fourth, version) = Parameters::of_any_version(&old).unwrap();
        assert_eq!((&fourth.raw()[4..7], version), (&[76_214, 5_151, 13_975][..], Version::Fsrs4));
        assert_eq!(fourth.raw()[17..], [0, 0, 0, 5_000]);
        for count in [0, 1, 16, 18, 20, 22, 64] {
            assert_eq!(Parameters::of_any_version(&vec![1.0; count]), Err(BadParameters::Count(count)));
        }
        let mut wild = old;
        wild[5] = -1.0;
        assert_eq!(Parameters::of_any_version(&wild), Err(BadParameters::NotFinite(5)));
    }
}
