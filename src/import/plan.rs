//! Which cards of a file are new in a deck, which have changed, and which are there already.

use super::gather::{Candidate, Gathered};
use super::identity::{card_id, identity_of};
use crate::content::composed;
use domain::ids::{CardId, DeckId};
use ports::CardRecord;
use std::collections::{HashMap, HashSet};

/// What an import would do to a deck.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The cards to be stored, in the order of the file.
    pub put: Vec<CardRecord>,
    /// How many of them are new.
    pub added: u64,
    /// How many of them have changed.
    pub updated: u64,
    /// Cards of the file that are in the deck just so.
    pub unchanged: u64,
}

/// Compares a file with the cards of a deck, deleted ones included.
///
/// A card of the file is found by its source key, or, if its front is its identity, by the front that a card shows now:
/// so cards made by hand are found however they are keyed. No card is found twice. A card that was deleted is brought
/// back, with its history, and counts as new.
pub(super) fn plan(deck: DeckId, cards: &[CardRecord], file: &Gathered, now_ms: i64) -> Plan {
    let index = Index::of(cards, file);
    let mut taken: HashSet<CardId> = HashSet::new();
    let mut plan = Plan::default();
    for candidate in &file.cards {
        let found = index.find(candidate).filter(|card| taken.insert(card.id));
        match found.map(|card| (card, changed(card, candidate, file))) {
            Some((card, next)) if next == *card => plan.unchanged += 1,
            Some((card, mut next)) => {
                next.deleted_ms = None;
                if card.deleted_ms.is_some() {
                    plan.added += 1
                } else {
                    plan.updated += 1
                }
                plan.put.push(next);
            }
            None => {
                let id = index.free_id(deck, &candidate.source_key, &taken);
                taken.insert(id);
                plan.added += 1;
                plan.put.push(added(deck, id, candidate, now_ms));
            }
        }
    }
    plan
}

/// The cards of a deck by what they can be found by.
struct Index<'a> {
    by_id: HashMap<CardId, &'a CardRecord>,
    by_key: HashMap<&'a str, &'a CardRecord>,
    /// Live cards that no card of the file names by key, by the identity of their front.
    by_front: HashMap<String, &'a CardRecord>,
}

impl<'a> Index<'a> {
    fn of(cards: &'a [CardRecord], file: &Gathered) -> Index<'a> {
        let mut index = Index {
            by_id: HashMap::with_capacity(cards.len()),
            by_key: HashMap::new(),
            by_front: HashMap::new(),
        };
        let named: HashSet<&str> = file.cards.iter().map(|card| card.source_key.as_str()).collect();
        for card in cards {
            index.by_id.insert(card.id, card);
            if card.deleted_ms.is_some() {
                continue;
            }
            index.by_key.entry(&card.source_key).or_insert(card);
            if !named.contains(card.source_key.as_str()) {
                index.by_front.entry(identity_of(&card.front)).or_insert(card);
            }
        }
        // A deleted card is found only where no live one is.
        for card in cards.iter().filter(|card| card.deleted_ms.is_some()) {
            index.by_key.entry(&card.source_key).or_insert(card);
        }
        index
    }

    fn find(&self, candidate: &Candidate) -> Option<&'a CardRecord> {
        let by_key = self.by_key.get(candidate.source_key.as_str());
        let by_front = || self.by_front.get(&candidate.source_key);
        match by_key {
            Some(card) if card.deleted_ms.is_none() => Some(card),
            Some(deleted) => Some(by_front().unwrap_or(deleted)),
            None => by_front(),
        }
        .copied()
    }

    /// The id of a new card. Its own may belong to a card that has come to bear another key.
    fn free_id(&self, deck: DeckId, source_key: &str, taken: &HashSet<CardId>) -> CardId {
        let mut id = card_id(deck, source_key);
        while self.by_id.contains_key(&id) || taken.contains(&id) {
            id = card_id(deck, &id.to_string());
        }
        id
    }
}

/// The card as the file wants it. Columns that the file does not have leave it as it is.
fn changed(card: &CardRecord, candidate: &Candidate, file: &Gathered) -> CardRecord {
    let Candidate { source_key: _, texts, tags } = candidate;
    let keep =
        |has: bool, new: &Option<String>, old: &Option<String>| if has { new.clone() } else { old.clone() };
    let same_front = composed(&card.front) == texts.front;
    CardRecord {
        front: if same_front { card.front.clone() } else { texts.front.clone() },
        back: texts.back.clone(),
        hint: keep(file.has_hints, &texts.hint, &card.hint),
        explanation: keep(file.has_explanations, &texts.explanation, &card.explanation),
        tags: if file.has_tags { tags.clone() } else { card.tags.clone() },
        deleted_ms: None,
        ..card.clone()
    }
}

fn added(deck: DeckId, id: CardId, candidate: &Candidate, now_ms: i64) -> CardRecord {
    let Candidate { source_key, texts, tags } = candidate.clone();
    CardRecord {
        id,
        deck,
        position: 0,
        note: None,
        front: texts.front,
        back: texts.back,
        hint: texts.hint,
        explanation: texts.explanation,
        tags,
        source_key,
        revision: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}
