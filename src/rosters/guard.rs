//! A roster that was cut off, or of another school, must not empty a school.

use super::steps::Diff;

/// So many in a hundred may be gone without being asked about.
pub const GONE_PERCENT_MAX: u64 = 20;

/// More are gone than may be without a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{gone} of {before} people would be gone, more than {GONE_PERCENT_MAX} in a hundred: if that is so, confirm the number with confirm_gone={gone}"
)]
pub struct TooManyGone {
    /// How many would be gone.
    pub gone: u64,
    /// How many there are.
    pub before: u64,
}

impl Diff {
    /// Whether it may be carried out: not more than [`GONE_PERCENT_MAX`] in a hundred are gone, or their number was
    /// confirmed.
    ///
    /// # Errors
    /// [`TooManyGone`], also where another number was confirmed.
    pub fn guard(&self, confirmed: Option<u64>) -> Result<(), TooManyGone> {
        let (gone, before) = (self.counts.gone as u64, self.before as u64);
        let is_usual = gone * 100 <= before * GONE_PERCENT_MAX;
        if is_usual || confirmed == Some(gone) { Ok(()) } else { Err(TooManyGone { gone, before }) }
    }
}
