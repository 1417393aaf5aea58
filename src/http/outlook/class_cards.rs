//! How many different cards a class answered: a union over all learners, of which only what changed is done anew.

use super::figures::LearnerFigures;
use super::kept::bytes_of;
use crate::http::limits::{CLASS_CARDS_BYTES_MAX, CLASS_CARDS_REMEMBERED};
use domain::ids::{CardId, ClassId, UserId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The unions of classes that were looked at lately.
#[derive(Debug)]
pub struct ClassCards {
    classes: Mutex<HashMap<ClassId, Union>>,
    bytes_max: usize,
}

impl Default for ClassCards {
    fn default() -> Self {
        ClassCards { classes: Mutex::default(), bytes_max: CLASS_CARDS_BYTES_MAX }
    }
}

/// The cards of the learners of a class, each with how many of them answered it.
#[derive(Debug, Default)]
struct Union {
    of: HashMap<UserId, Arc<LearnerFigures>>,
    learners_by_card: HashMap<CardId, u32>,
    /// What the figures of the learners take, about.
    figures_bytes: usize,
}

impl ClassCards {
    /// How many different cards these learners of a class answered, of whom there is one each.
    pub fn count(&self, class: ClassId, figures: &[Arc<LearnerFigures>]) -> usize {
        // Taken out while it is worked on: whoever asks meanwhile does it all, and waits for nobody.
        let known = self.lock().remove(&class);
        let mut union = known.unwrap_or_default();
        let count = union.becomes(figures);
        let mut classes = self.lock();
        // They hold figures that are remembered nowhere else any more.
        let bytes: usize = classes.values().chain([&union]).map(Union::bytes).sum();
        if classes.len() >= CLASS_CARDS_REMEMBERED || bytes > self.bytes_max {
            classes.clear();
        }
        if union.bytes() <= self.bytes_max {
            classes.insert(class, union);
        }
        count
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClassId, Union>> {
        self.classes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Union {
    /// What it takes in memory, about.
    fn bytes(&self) -> usize {
        const EACH: usize = 32;
        self.figures_bytes + EACH * (self.of.len() + self.learners_by_card.len())
    }

    fn becomes(&mut self, figures: &[Arc<LearnerFigures>]) -> usize {
        let mut before = std::mem::take(&mut self.of);
        for figures in figures {
            let known = before.remove(&figures.user);
            if !known.as_ref().is_some_and(|known| Arc::ptr_eq(known, figures)) {
                self.add(figures);
                known.iter().for_each(|known| self.remove(known));
            }
            self.of.insert(figures.user, figures.clone());
        }
        before.into_values().for_each(|gone| self.remove(&gone));
        self.figures_bytes = figures.iter().map(|figures| bytes_of(figures)).sum();
        self.learners_by_card.len()
    }

    fn add(&mut self, figures: &LearnerFigures) {
        for card in &figures.cards {
            *self.learners_by_card.entry(*card).or_default() += 1;
        }
    }

    fn remove(&mut self, figures: &LearnerFigures) {
        for card in &figures.cards {
            if let Some(learners) = self.learners_by_card.get_mut(card) {
                *learners -= 1;
                if *learners == 0 {
                    self.learners_by_card.remove(card);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::outlook::Sums;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn figures(user: u8, cards: &BTreeSet<u8>) -> Arc<LearnerFigures> {
        Arc::new(LearnerFigures {
            user: UserId::from_u128(user.into()),
            days: BTreeMap::new(),
            sittings: Vec::new(),
            decks: BTreeMap::new(),
            all: Sums::default(),
            cards: cards.iter().map(|card| CardId::from_u128(u128::from(*card) + 1)).collect(),
            last_ms: None,
            cut: false,
            as_of_ms: 0,
        })
    }

    #[test]
    fn figures_of_many_classes_are_let_go_where_they_take_too_much() {
        let cards: BTreeSet<u8> = (0..100).collect();
        let of_class: Vec<Arc<LearnerFigures>> = (0..10).map(|user| figures(user, &cards)).collect();
        let (small, large) = (&of_class[..2], &of_class[..]);
        let bytes_max = 20_000;
        let classes = ClassCards { bytes_max, ..ClassCards::default() };
        for class in 1..=20 {
            assert_eq!(classes.count(ClassId::from_u128(class), small), 100);
            let bytes: usize = classes.lock().values().map(Union::bytes).sum();
            assert!((1..=bytes_max).contains(&bytes), "{bytes}");
        }
        let own = ClassId::from_u128(21);
        assert_eq!(classes.count(own, large), 100);
        assert!(!classes.lock().contains_key(&own), "one that takes too much alone is not remembered");
    }

    proptest! {
        #[test]
        fn the_count_is_that_of_the_union_whoever_comes_goes_or_answers(
            steps in prop::collection::vec((0..6_u8, prop::collection::btree_set(0..20_u8, 0..10), any::<bool>()), 1..30),
        ) {
            let (classes, class) = (ClassCards::default(), ClassId::from_u128(1));
            let mut there: BTreeMap<u8, (BTreeSet<u8>, Arc<LearnerFigures>)> = BTreeMap::new();
            for (user, cards, stays) in steps {
                if stays {
                    there.insert(user, (cards.clone(), figures(user, &cards)));
                } else {
                    there.remove(&user);
                }
                let union: BTreeSet<u8> = there.values().flat_map(|(cards, _)| cards.iter().copied()).collect();
                let all: Vec<Arc<LearnerFigures>> = there.values().map(|(_, figures)| figures.clone()).collect();
                prop_assert_eq!(classes.count(class, &all), union.len());
                prop_assert_eq!(classes.count(class, &all), union.len());
            }
        }
    }
}
