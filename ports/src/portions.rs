//! Many cards in portions, so that little of their log is held at once.

/// Cards whose logs are held at once, at most.
pub const CARDS_AT_ONCE: usize = 512;
/// Entries that are held at once, about: a portion is as large as those before it let expect.
pub const ENTRIES_AT_ONCE: usize = 32_768;
/// Cards of a portion behind one with hardly an entry a card, which says little of those that follow: new cards stand
/// before studied ones in many decks.
const CARDS_BEHIND_NEW: usize = 128;
/// Fewer entries than this in a portion are hardly any.
const HARDLY_ANY: usize = ENTRIES_AT_ONCE / 64;
/// Cards of the first portion, of which nothing is known yet.
const CARDS_AT_FIRST: usize = 16;
/// How many times as large a portion may be as the one before: cards of which little was done may lie before others.
const GROWTH: usize = 4;

/// How many cards the next portion has, by how long the logs of those before were.
#[derive(Clone, Copy, Debug)]
pub struct Portions(usize);

impl Default for Portions {
    fn default() -> Self {
        Self(CARDS_AT_FIRST)
    }
}

impl Portions {
    /// The next portion of what is left, and what is left behind it.
    pub fn split<'c, T>(&self, left: &'c [T]) -> (&'c [T], &'c [T]) {
        left.split_at_checked(self.0).unwrap_or((left, &[]))
    }

    /// So many entries were held of so many cards.
    pub fn held(&mut self, cards: usize, entries: usize) {
        let fitting = ENTRIES_AT_ONCE.saturating_mul(cards) / entries.max(1);
        let most = if entries < HARDLY_ANY { CARDS_BEHIND_NEW } else { CARDS_AT_ONCE };
        self.0 = fitting.clamp(1, (self.0 * GROWTH).min(most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    /// The sizes of the portions of so many cards, each with as many entries as `entries` says.
    fn sizes(cards: usize, entries: impl Fn(usize) -> usize) -> Vec<usize> {
        let cards: Vec<usize> = (0..cards).collect();
        let (mut portions, mut sizes, mut left) = (Portions::default(), Vec::new(), &cards[..]);
        while !left.is_empty() {
            let (portion, behind) = portions.split(left);
            portions.held(portion.len(), portion.iter().map(|card| entries(*card)).sum());
            sizes.push(portion.len());
            left = behind;
        }
        assert_eq!(sizes.iter().sum::<usize>(), cards.len());
        sizes
    }

    #[test]
    fn every_card_is_in_one_portion_which_grows_until_it_is_full() {
        assert_eq!(sizes(0, |_| 1), [0; 0]);
        assert_eq!(sizes(5, |_| 1), [5]);
        assert_eq!(sizes(1_400, |_| 8), [16, 64, 256, 512, 512, 40]);
        assert_eq!(sizes(400, |_| 0), [16, 64, 128, 128, 64]);
        assert_eq!(sizes(300, |_| 256), [16, 64, 128, 92]);
    }

    #[test]
    fn of_cards_with_long_logs_few_are_held() {
        assert_eq!(sizes(100, |_| 1_000), [16, 32, 32, 20]);
        assert_eq!(sizes(20, |_| 100_000), [16, 1, 1, 1, 1]);
        // Where new ones come first, as many as may follow new ones, and never again.
        let skew = sizes(1_000, |n| if n < 80 { 1 } else { 512 });
        assert_eq!(skew[..4], [16, 64, 128, 64]);
    }
}
