//! Where a log has more answers than milliseconds, as a history of whole days does. A review log of Anki has one row a
//! millisecond, so that an export writes all but the first of them some milliseconds later. How far a row was moved is told
//! by the log itself: no further than to the end of its crowd, whatever else went out with it.

use super::own_answers::{Name, Span};
use domain::ids::CardId;

/// The crowds of a log, and the one in which rows are looked for.
#[derive(Default)]
pub(super) struct Crowds {
    /// From the first answer's moment to the last one's place; in their order, and apart.
    spans: Vec<(i64, i64)>,
    here: Option<Crowd>,
}

impl Crowds {
    /// Takes the answers of a log, in their order and each once, in place of those known before.
    pub fn know(&mut self, names: impl Iterator<Item = Name>) {
        self.spans.clear();
        // The moment of the first answer, the place of the last one, and whether any had to move.
        let mut run: Option<(i64, i64, bool)> = None;
        for (at_ms, _) in names {
            run = Some(match run {
                Some((begun, place, _)) if at_ms <= place => (begun, place.saturating_add(1), true),
                before => {
                    self.keep(before);
                    (at_ms, at_ms, false)
                }
            });
        }
        self.keep(run);
    }

    fn keep(&mut self, run: Option<(i64, i64, bool)>) {
        if let Some((begun, place, true)) = run {
            self.spans.push((begun, place));
        }
    }

    /// From the first moment until after the last place of the crowd that takes this moment.
    fn at(&self, at_ms: i64) -> Option<Span> {
        let nth = self.spans.partition_point(|(begun, _)| *begun <= at_ms).checked_sub(1)?;
        let &(begun, place) = self.spans.get(nth)?;
        (at_ms <= place).then(|| (begun, place.saturating_add(1)))
    }

    /// When the answer of a row was given: at its own moment, unless a crowd is there in which this card has an answer that no
    /// row before was. Rows come in the order of their moments. `within` says which answers there are in a span.
    pub fn given_ms<N: Iterator<Item = Name>>(
        &mut self,
        (at_ms, card): Name,
        within: impl FnOnce(Span) -> N,
    ) -> i64 {
        let Some(span) = self.at(at_ms) else { return at_ms };
        let here = match self.here.take() {
            Some(here) if here.span == span => here,
            before => Crowd::of(span, within(span), before),
        };
        self.here.insert(here).given_ms(card, at_ms)
    }
}

/// An answer of a crowd: whose, when, and whether a row was it.
type Member = (CardId, i64, bool);

struct Crowd {
    span: Span,
    /// In their order.
    members: Vec<Member>,
}

impl Crowd {
    fn of(span: Span, names: impl Iterator<Item = Name>, before: Option<Crowd>) -> Crowd {
        let mut members: Vec<Member> = names.map(|(at_ms, card)| (card, at_ms, false)).collect();
        members.sort_unstable();
        let mut crowd = Crowd { span, members };
        // The same one, of which more is known now.
        for (card, at_ms, is_met) in before.into_iter().flat_map(|before| before.members) {
            if is_met && let Some(member) = crowd.member(card, at_ms) {
                member.2 = true;
            }
        }
        crowd
    }

    fn member(&mut self, card: CardId, at_ms: i64) -> Option<&mut Member> {
        let nth = self.members.partition_point(|(of, at, _)| (*of, *at) < (card, at_ms));
        self.members.get_mut(nth).filter(|(of, at, _)| (*of, *at) == (card, at_ms))
    }

    fn given_ms(&mut self, card: CardId, at_ms: i64) -> i64 {
        if let Some(member) = self.member(card, at_ms) {
            member.2 = true;
            return at_ms;
        }
        let from = self.members.partition_point(|(of, _, _)| *of < card);
        let earlier = self.members.iter_mut().skip(from).take_while(|(of, at, _)| *of == card && *at < at_ms);
        match earlier.into_iter().find(|(_, _, is_met)| !is_met) {
            Some(member) => {
                member.2 = true;
                member.1
            }
            None => at_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::rows::card;
    use proptest::prelude::*;

    /// The moments that rows of these places and cards have where a log has these answers.
    fn given(log: &[(i64, u64)], rows: &[(i64, u64)]) -> Vec<i64> {
        let mut log: Vec<Name> = log.iter().map(|(at_ms, of)| (*at_ms, card(*of))).collect();
        log.sort_unstable();
        let mut crowds = Crowds::default();
        crowds.know(log.iter().copied());
        let within = |(from, before): Span| {
            let names: Vec<Name> =
                log.iter().copied().filter(|(at_ms, _)| (from..before).contains(at_ms)).collect();
            names.into_iter()
        };
        rows.iter().map(|(at_ms, of)| crowds.given_ms((*at_ms, card(*of)), within)).collect()
    }

    #[test]
    fn rows_behind_one_another_are_answers_of_the_moment_that_they_share() {
        let log = [(100, 1), (100, 2), (100, 3), (200, 4)];
        assert_eq!(given(&log, &[(100, 2), (101, 3), (102, 1), (200, 4)]), [100, 100, 100, 200]);
    }

    #[test]
    fn rows_that_are_gone_change_nothing_for_the_others() {
        let log = [(100, 1), (100, 2), (100, 3), (100, 4)];
        assert_eq!(given(&log, &[(102, 3), (103, 4)]), [100, 100]);
        assert_eq!(given(&log, &[(103, 4)]), [100]);
    }

    #[test]
    fn another_answer_of_a_card_is_another_answer() {
        let log = [(100, 1), (100, 2), (100, 3)];
        assert_eq!(given(&log, &[(100, 1), (101, 2), (102, 1)]), [100, 100, 102]);
        assert_eq!(given(&log, &[(101, 1), (102, 1)]), [100, 102]);
        // No place of the crowd is that far behind.
        assert_eq!(given(&log, &[(103, 3)]), [103]);
        let log = [(100, 1), (100, 2), (101, 1)];
        assert_eq!(given(&log, &[(100, 2), (101, 1), (102, 1)]), [100, 101, 100]);
    }

    #[test]
    fn answers_that_follow_one_another_without_a_crowd_are_of_their_moments() {
        let log = [(100, 1), (101, 2), (102, 2)];
        assert_eq!(given(&log, &[(101, 1), (102, 1), (103, 2)]), [101, 102, 103]);
    }

    #[test]
    fn what_was_found_stays_found_when_more_of_a_crowd_is_known() {
        let mut crowds = Crowds::default();
        let log = [(100, card(1)), (100, card(2)), (101, card(3))];
        for (known, row, given_ms) in [(2, (101, card(1)), 100), (3, (102, card(1)), 102)] {
            crowds.know(log.iter().copied().take(known));
            assert_eq!(crowds.given_ms(row, |_| log.iter().copied().take(known)), given_ms);
        }
    }

    proptest! {
        /// Whatever part of a log goes out, each row that comes back without a word is the answer that went.
        #[test]
        fn every_part_of_a_log_comes_back_as_it_was(
            log in prop::collection::btree_set((0_i64..30, 1_u64..6), 0..40), parts in any::<u64>(), gone in any::<u64>(),
        ) {
            let chosen = |of: &u64, bits: u64| bits >> of & 1 == 1;
            let log: Vec<(i64, u64)> = log.into_iter().collect();
            let mut place = i64::MIN;
            let mut rows = Vec::new();
            for (at_ms, of) in log.iter().filter(|(_, of)| chosen(of, parts)) {
                place = (*at_ms).max(place.saturating_add(1));
                rows.push((place, *of, *at_ms));
            }
            // Cards that are removed there take their rows along.
            rows.retain(|(_, of, _)| !chosen(of, gone));
            let found = given(&log, &rows.iter().map(|(place, of, _)| (*place, *of)).collect::<Vec<_>>());
            let mut came: Vec<_> = rows.iter().zip(found).map(|((_, of, _), at_ms)| (at_ms, *of)).collect();
            let mut went: Vec<_> = rows.iter().map(|(_, of, at_ms)| (*at_ms, *of)).collect();
            came.sort_unstable();
            went.sort_unstable();
            prop_assert_eq!(came, went);
        }
    }
}
