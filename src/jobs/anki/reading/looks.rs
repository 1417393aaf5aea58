//! When whoever reads cards looks whether to go on.

/// Cards between two looks,
const LOOK_EVERY: u64 = 128;
/// and what they may take to be shown.
const LOOK_EVERY_BYTES: u64 = 16 * 1024 * 1024;

/// How far it had come when somebody looked last.
#[derive(Debug, Default)]
pub(super) struct Looks {
    spent_bytes: u64,
}

impl Looks {
    /// Whether to look now, after so many cards, which took so much.
    pub fn is_time(&mut self, cards: u64, spent_bytes: u64) -> bool {
        let is_long_ago = spent_bytes.saturating_sub(self.spent_bytes) >= LOOK_EVERY_BYTES;
        let is_time = cards.is_multiple_of(LOOK_EVERY) || is_long_ago;
        if is_time {
            self.spent_bytes = spent_bytes;
        }
        is_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_long_cards_looks_more_often_whether_to_go_on() {
        let looked = |card_bytes: u64| {
            let mut looks = Looks::default();
            (0..1_280).filter(|card| looks.is_time(*card, card * card_bytes)).count()
        };
        assert_eq!(looked(1_000), 10);
        assert_eq!(looked(LOOK_EVERY_BYTES / 8), 160);
        assert_eq!(looked(LOOK_EVERY_BYTES + 1), 1_280);
    }
}
