//! Notices about who sees what, remembered for reads that began before them: what such a read brings may be about what
//! was.

use crate::messages::Concerned;
use domain::ids::{DeckId, UserId};
use std::collections::VecDeque;

/// Notices that are remembered. A read that began before the oldest of them counts as concerned.
const REMEMBERED: usize = 256;

/// The newest notices of a shard.
#[derive(Debug, Default)]
pub(crate) struct Told {
    notices: VecDeque<(u64, Concerned)>,
    /// The newest notice that is forgotten.
    forgotten: u64,
}

impl Told {
    /// A notice arrived.
    pub(crate) fn note(&mut self, number: u64, whom: Concerned) {
        if self.notices.len() >= REMEMBERED
            && let Some((oldest, _)) = self.notices.pop_front()
        {
            self.forgotten = self.forgotten.max(oldest);
        }
        self.notices.push_back((number, whom));
    }

    /// Whether a notice after `since` concerns this learner, or a deck that was read.
    pub(crate) fn concerns(&self, since: u64, user: UserId, read: impl Fn(DeckId) -> bool) -> bool {
        self.forgotten > since
            || self.notices.iter().any(|(number, whom)| {
                *number > since
                    && match whom {
                        Concerned::People(people) => people.contains(&user),
                        Concerned::Deck(deck) => read(*deck),
                        Concerned::Everybody => true,
                    }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::Uuid;

    #[test]
    fn only_a_notice_after_the_read_began_and_about_its_learner_or_a_deck_of_it_concerns_it() {
        let (user, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let (deck, another) = (DeckId(Uuid::from_u128(3)), DeckId(Uuid::from_u128(4)));
        let mut told = Told::default();
        told.note(5, user.into());
        told.note(6, Concerned::Deck(deck));
        for (since, who, read, concerned) in [
            (4, user, another, true),
            (5, user, another, false),
            (5, other, deck, true),
            (4, other, another, false),
            (6, user, deck, false),
        ] {
            assert_eq!(told.concerns(since, who, |id| id == read), concerned, "{since}");
        }
    }

    #[test]
    fn a_read_that_began_before_what_is_remembered_counts_as_concerned() {
        let (user, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let mut told = Told::default();
        for number in 1..=300 {
            told.note(number, other.into());
        }
        assert!(told.concerns(43, user, |_| false));
        assert!(!told.concerns(44, user, |_| false));
    }
}
