//! Adding a learner's answers up, in one walk over them: by day, by sitting, by deck and in all. Of a month there are
//! thousands, and of a class thirty months are asked at once: nothing is looked up that the answer before had as well, and
//! nothing is sorted that comes in order.

use super::figures::{ENTRIES_PER_LEARNER_MAX, FiguresQuery, LearnerFigures, SittingSums, Sums};
use domain::answers::{Answer, Answers};
use domain::day::Day;
use domain::ids::{CardId, DeckId, SittingId, UserId};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Things by the order in which they are met first.
struct Numbers<T> {
    all: Vec<T>,
    known: HashMap<T, usize>,
    last: usize,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Numbers { all: Vec::new(), known: HashMap::new(), last: 0 }
    }
}

impl<T: Copy + Eq + Hash> Numbers<T> {
    fn of(&mut self, thing: T) -> usize {
        if self.all.get(self.last) != Some(&thing) {
            let next = self.all.len();
            self.last = *self.known.entry(thing).or_insert(next);
            if self.last == next {
                self.all.push(thing);
            }
        }
        self.last
    }
}

/// Which different things were met in which group, by their numbers.
#[derive(Default)]
struct Met {
    /// For each thing the group that it was met in last.
    last: Vec<Option<usize>>,
    /// Groups and things; twice the same only where `fell`.
    pairs: Vec<(usize, usize)>,
    /// A thing was met in a group again after it had been met in a later one.
    fell: bool,
}

impl Met {
    fn meet(&mut self, group: usize, thing: usize) {
        if thing >= self.last.len() {
            self.last.resize(thing + 1, None);
        }
        let Some(last) = self.last.get_mut(thing) else { return };
        if *last != Some(group) {
            self.fell |= last.is_some_and(|last| group < last);
            *last = Some(group);
            self.pairs.push((group, thing));
        }
    }

    /// Each pair once.
    fn once(mut self) -> Vec<(usize, usize)> {
        if self.fell {
            self.pairs.sort_unstable();
            self.pairs.dedup();
        }
        self.pairs
    }

    /// How many different things were met in each of so many groups.
    fn counts(self, groups: usize) -> Vec<u32> {
        count(self.once().into_iter().map(|(group, _)| group), groups)
    }
}

fn count(of: impl Iterator<Item = usize>, groups: usize) -> Vec<u32> {
    let mut counts = vec![0; groups];
    for group in of {
        if let Some(count) = counts.get_mut(group) {
            *count += 1;
        }
    }
    counts
}

/// A sitting in the making.
struct Sitting {
    sitting: Option<SittingId>,
    day: Day,
    first_ms: i64,
    last_ms: i64,
}

/// Everything in the making.
#[derive(Default)]
struct Adding {
    all: Sums,
    cards: Numbers<CardId>,
    days: Numbers<Day>,
    decks: Numbers<DeckId>,
    /// What was answered outside of a sitting counts as one a day.
    sittings: Numbers<(Option<SittingId>, Option<Day>)>,
    of_days: Vec<Sums>,
    of_decks: Vec<Sums>,
    of_sittings: Vec<(Sitting, Sums)>,
    cards_of_days: Met,
    cards_of_decks: Met,
    cards_of_sittings: Met,
    sittings_of_days: Met,
    decks_of_sittings: Met,
}

impl Adding {
    fn add(&mut self, answer: &Answer) {
        let outside = answer.sitting.is_none().then_some(answer.day);
        let (card, deck) = (self.cards.of(answer.card), self.decks.of(answer.deck));
        let (day, sitting) = (self.days.of(answer.day), self.sittings.of((answer.sitting, outside)));
        self.all.add(answer);
        add_to(&mut self.of_days, day, answer);
        add_to(&mut self.of_decks, deck, answer);
        if sitting == self.of_sittings.len() {
            let (first_ms, last_ms) = (answer.at_ms, answer.at_ms);
            let begun = Sitting { sitting: answer.sitting, day: answer.day, first_ms, last_ms };
            self.of_sittings.push((begun, Sums::default()));
        }
        if let Some((of, sums)) = self.of_sittings.get_mut(sitting) {
            of.last_ms = answer.at_ms;
            sums.add(answer);
        }
        self.cards_of_days.meet(day, card);
        self.cards_of_decks.meet(deck, card);
        self.cards_of_sittings.meet(sitting, card);
        self.sittings_of_days.meet(day, sitting);
        self.decks_of_sittings.meet(sitting, deck);
    }

    fn summed(self, user: UserId) -> LearnerFigures {
        let (days, decks, sittings) = (self.days.all.len(), self.decks.all.len(), self.sittings.all.len());
        let mut decks_of_sittings: Vec<Vec<DeckId>> = vec![Vec::new(); sittings];
        let pairs = self.decks_of_sittings.once();
        for (sitting, deck) in &pairs {
            if let (Some(of), Some(deck)) = (decks_of_sittings.get_mut(*sitting), self.decks.all.get(*deck)) {
                of.push(*deck);
            }
        }
        let sittings_of_decks = count(pairs.into_iter().map(|(_, deck)| deck), decks);
        let mut cards = self.cards.all;
        let all = Sums { cards: number(cards.len()), sittings: number(sittings), ..self.all };
        cards.sort_unstable();
        let by_day =
            counted(self.of_days, self.cards_of_days.counts(days), self.sittings_of_days.counts(days));
        let by_deck = counted(self.of_decks, self.cards_of_decks.counts(decks), sittings_of_decks);
        let cards_of_sittings = self.cards_of_sittings.counts(sittings);
        let parts = self.of_sittings.into_iter().zip(cards_of_sittings).zip(decks_of_sittings);
        let mut sittings: Vec<SittingSums> =
            parts.map(|((sitting, cards), decks)| sitting_of(sitting, cards, decks)).collect();
        sittings.sort_by_key(|sitting| (sitting.first_ms, sitting.sitting, sitting.day));
        LearnerFigures {
            user,
            days: self.days.all.into_iter().zip(by_day).collect(),
            sittings,
            decks: self.decks.all.into_iter().zip(by_deck).collect(),
            all,
            cards: cards.into(),
            last_ms: None,
            cut: false,
            as_of_ms: 0,
        }
    }
}

fn add_to(groups: &mut Vec<Sums>, group: usize, answer: &Answer) {
    if group == groups.len() {
        groups.push(Sums::default());
    }
    if let Some(sums) = groups.get_mut(group) {
        sums.add(answer);
    }
}

fn counted(of: Vec<Sums>, cards: Vec<u32>, sittings: Vec<u32>) -> impl Iterator<Item = Sums> {
    let counts = cards.into_iter().zip(sittings);
    of.into_iter().zip(counts).map(|(sums, (cards, sittings))| Sums { cards, sittings, ..sums })
}

fn sitting_of((of, sums): (Sitting, Sums), cards: u32, mut decks: Vec<DeckId>) -> SittingSums {
    decks.sort_unstable();
    SittingSums {
        sitting: of.sitting,
        day: of.day,
        first_ms: of.first_ms,
        last_ms: of.last_ms,
        decks: decks.into(),
        sums: Sums { cards, sittings: 1, ..sums },
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// Sums up what one learner answered.
pub(super) fn sum_up(user: UserId, answers: &Answers, query: &FiguresQuery) -> LearnerFigures {
    let since_ms =
        query.since.as_ref().map_or(i64::MIN, |since| since.get(&user).copied().unwrap_or(i64::MAX));
    let mut wanted = Wanted { decks: query.decks.as_deref(), last: None };
    let (mut adding, mut last_ms) = (Adding::default(), None);
    for answer in &answers.counting {
        if answer.at_ms < since_ms || !wanted.has(answer.deck) {
            continue;
        }
        last_ms = last_ms.max(Some(answer.at_ms));
        if (query.from..=query.to).contains(&answer.day) {
            adding.add(answer);
        }
    }
    LearnerFigures { last_ms, cut: answers.entries >= ENTRIES_PER_LEARNER_MAX, ..adding.summed(user) }
}

/// The decks that are asked for.
struct Wanted<'a> {
    decks: Option<&'a BTreeSet<DeckId>>,
    last: Option<(DeckId, bool)>,
}

impl Wanted<'_> {
    fn has(&mut self, deck: DeckId) -> bool {
        let Some(decks) = self.decks else { return true };
        match self.last {
            Some((last, is_wanted)) if last == deck => is_wanted,
            Some(_) | None => {
                let is_wanted = decks.contains(&deck);
                self.last = Some((deck, is_wanted));
                is_wanted
            }
        }
    }
}

#[cfg(test)]
#[path = "adding_tests.rs"]
mod tests;
