//! The order of a sitting's cards: due reviews (most overdue first, ties shuffled by a seed), new cards in the order
//! of adding, mixed as the decks ask. Built once, walked forward; a change that brings a card back builds it anew.

use super::decks::{CardKey, DeckStudy};
use super::tally::Class;
use super::types::{Filter, Kind};
use super::{Session, Sitting};
use crate::day::Day;
use crate::deck::{CardMeta, NewMix};
use crate::entry::Fnv;
use crate::ids::{DeckId, UserId};

/// The order in which a sitting's cards come.
#[derive(Debug)]
pub(super) struct Queue {
    /// Reviews (and what a filter brings), the first one first.
    reviews: Vec<CardKey>,
    next_review: usize,
    /// New cards of each deck: where to look next.
    news: Vec<(NewMix, DeckId, u32)>,
    spread_new: u64,
    spread_all: u64,
    dealt: u64,
}

/// A place in the queue that can be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    Review,
    New(usize),
}

impl Queue {
    pub(super) fn build(session: &Session, sitting: &Sitting) -> Queue {
        let mut due: Vec<(Day, u64, CardKey)> = Vec::new();
        let mut news = Vec::new();
        let (mut new_total, mut review_total) = (0_u64, 0_u64);
        for (deck_id, study) in session.studied(sitting) {
            for (index, state) in study.rows() {
                let kind = sitting.kind(study, (deck_id, index));
                if matches!(kind, Some(Kind::Review | Kind::Extra)) {
                    let order = state.due.unwrap_or(Day(i32::MAX));
                    let Some(card) = study.deck.card(index) else { continue };
                    due.push((order, shuffle(session.user, session.today, card), (deck_id, index)));
                }
            }
            let shown = sitting.shown_counts(deck_id, study, None);
            new_total += u64::from(shown.new);
            review_total += u64::from(shown.review);
            news.push((study.deck.settings.new_mix, deck_id, 0));
        }
        due.sort_unstable_by_key(|(day, seed, key)| (*day, *seed, *key));
        // Decks that want their new cards first come first among the new ones, those that want them last, last.
        news.sort_by_key(|(mix, _, _)| match mix {
            NewMix::Before => 0_u8,
            NewMix::Spread => 1,
            NewMix::After => 2,
        });
        Queue {
            reviews: due.into_iter().map(|(_, _, key)| key).collect(),
            next_review: 0,
            news,
            spread_new: new_total,
            spread_all: new_total + review_total,
            dealt: 0,
        }
    }

    /// The next card that `may` be handed out, as what. Cards passed over are passed for good.
    pub(super) fn next(
        &mut self,
        cards_of: impl Fn(DeckId) -> u32,
        may: impl Fn(CardKey) -> Option<Kind>,
    ) -> Option<(CardKey, Kind)> {
        let review = self.peek_review(&may);
        let new = self.peek_new(&cards_of, &may);
        let (from, key, kind) = match (review, new) {
            (None, None) => return None,
            (Some((key, kind)), None) => (From::Review, key, kind),
            (None, Some((at, key, kind))) => (From::New(at), key, kind),
            (Some(_), Some(n)) if self.new_comes_now(n.0) => (From::New(n.0), n.1, n.2),
            (Some((key, kind)), Some(_)) => (From::Review, key, kind),
        };
        match from {
            From::Review => self.next_review += 1,
            From::New(at) => {
                if let Some(cursor) = self.news.get_mut(at) {
                    cursor.2 += 1;
                }
            }
        }
        self.dealt += 1;
        Some((key, kind))
    }

    fn peek_review(&mut self, may: &impl Fn(CardKey) -> Option<Kind>) -> Option<(CardKey, Kind)> {
        while let Some(&key) = self.reviews.get(self.next_review) {
            match may(key) {
                Some(kind @ (Kind::Review | Kind::Extra)) => return Some((key, kind)),
                Some(Kind::New | Kind::Drill) | None => self.next_review += 1,
            }
        }
        None
    }

    fn peek_new(
        &mut self,
        cards_of: &impl Fn(DeckId) -> u32,
        may: &impl Fn(CardKey) -> Option<Kind>,
    ) -> Option<(usize, CardKey, Kind)> {
        for (at, (_, deck, next)) in self.news.iter_mut().enumerate() {
            let end = cards_of(*deck);
            while *next < end {
                let key = (*deck, *next);
                if may(key) == Some(Kind::New) {
                    return Some((at, key, Kind::New));
                }
                *next += 1;
            }
        }
        None
    }

    fn new_comes_now(&self, at: usize) -> bool {
        match self.news.get(at).map(|(mix, _, _)| *mix) {
            Some(NewMix::Before) => true,
            Some(NewMix::After) | None => false,
            Some(NewMix::Spread) => {
                let share = |n: u64| n.saturating_mul(self.spread_new) / self.spread_all.max(1);
                share(self.dealt + 1) > share(self.dealt)
            }
        }
    }
}

/// The seed that shuffles cards of one due day: the same for a learner, a day and a card.
fn shuffle(user: UserId, today: Day, card: &CardMeta) -> u64 {
    let mut h = Fnv::new();
    h.bytes(user.bytes());
    h.bytes(&today.0.to_le_bytes());
    h.bytes(card.id.bytes());
    h.0
}

impl Sitting {
    /// As what the card would be handed out to this sitting now, limits aside.
    pub(super) fn kind(&self, study: &DeckStudy, key: CardKey) -> Option<Kind> {
        let (_, index) = key;
        if !self.has_tag(study.deck.card(index)?) {
            return None;
        }
        let class = study.class(index);
        let picked = match self.filter {
            None => true,
            Some(Filter::Due) => class != Class::New,
            Some(Filter::New) => class != Class::Review,
            Some(filter @ (Filter::Leech | Filter::Flagged | Filter::FailedToday)) => {
                class == Class::Drill || self.is_picked(study, index, filter)
            }
        };
        if !picked {
            return None;
        }
        match class {
            Class::New => Some(Kind::New),
            Class::Review => Some(Kind::Review),
            Class::Drill => Some(Kind::Drill),
            Class::Nothing => self.beyond_schedule(study, key).then_some(Kind::Extra),
        }
    }

    fn beyond_schedule(&self, study: &DeckStudy, key: CardKey) -> bool {
        let reaches = self.filter.is_some_and(Filter::reaches_beyond_due);
        let (_, index) = key;
        reaches && !self.extras_done.contains(&key) && study.shows(index) && !study.is_stale(index) && {
            let state = study.state(index);
            !state.suspended && !state.is_buried(study.today()) && !state.is_new()
        }
    }

    fn is_picked(&self, study: &DeckStudy, index: u32, filter: Filter) -> bool {
        let state = study.state(index);
        match filter {
            Filter::Leech => state.lapses >= study.deck.settings.leech_after.max(1),
            Filter::Flagged => state.flag != 0,
            // A card whose own day is ahead of today is failed on that day.
            Filter::FailedToday => state.failed_on.is_some_and(|day| day >= study.today()),
            Filter::Due | Filter::New => true,
        }
    }

    fn has_tag(&self, card: &CardMeta) -> bool {
        self.tags.is_empty() || card.tags.iter().any(|tag| self.tags.iter().any(|t| **t == **tag))
    }

    /// Whether the plain counts of a deck are this sitting's too.
    pub(super) fn takes_all(&self) -> bool {
        self.tags.is_empty() && self.filter.is_none()
    }
}
