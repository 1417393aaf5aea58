//! Every limit of the optimiser, with its unit and what happens when it is reached.

/// Recalls after at least a day that are needed to fit weights to them; with fewer there are none.
pub const RECALLS_MIN: usize = 64;
/// Recalls that weights are fitted to; of more, the newest.
pub const RECALLS_MAX: usize = 200_000;
/// Answers of one card that are looked at in training; a longer history is left out.
pub const ANSWERS_PER_CARD_MAX: usize = 256;
/// Days that a forecast goes ahead; a longer one ends there.
pub const FORECAST_DAYS_MAX: u32 = 365;
