//! Rows against a deck's cards: what is new, changed, the same.

use super::rows::Row;
use super::source_key::card_id;
use domain::ids::{CardId, DeckId};
use ports::CardRecord;
use std::collections::HashMap;

/// What an import does to a deck.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// New and changed cards, in the order of the file.
    pub cards: Vec<CardRecord>,
    /// Cards that were not there.
    pub added: usize,
    /// Cards that change.
    pub updated: usize,
    /// Cards that are already as the file says.
    pub unchanged: usize,
}

/// What these rows do to a deck that holds these cards, deleted ones included.
pub fn plan(deck: DeckId, known: Vec<CardRecord>, rows: &[Row], now_ms: i64) -> Plan {
    let mut by_key: HashMap<String, usize> = HashMap::with_capacity(known.len());
    let mut by_id: HashMap<CardId, usize> = HashMap::with_capacity(known.len());
    for (at, card) in known.iter().enumerate() {
        by_id.insert(card.id, at);
        if card.deleted_ms.is_none() {
            // Of two cards with one front the older one is meant.
            by_key.entry(card.source_key.clone()).or_insert(at);
        }
    }
    let mut plan = Plan::default();
    for row in rows {
        match by_key.get(&row.key).and_then(|at| known.get(*at)) {
            Some(old) => plan.merge(old, row),
            None => {
                let old = |id: CardId| by_id.get(&id).and_then(|at| known.get(*at));
                plan.add(deck, row, old, now_ms);
            }
        }
    }
    plan
}

impl Plan {
    /// The file's word wins for what it has a column for. A front by which the card was found stays as it is shown.
    fn merge(&mut self, old: &CardRecord, row: &Row) {
        let mut card = old.clone();
        if super::source_key::is_guid(&row.key) {
            card.front.clone_from(&row.front);
        }
        apply(&mut card, row);
        if card == *old {
            self.unchanged += 1;
        } else {
            self.updated += 1;
            self.cards.push(card);
        }
    }

    fn add<'a>(
        &mut self,
        deck: DeckId,
        row: &Row,
        old: impl Fn(CardId) -> Option<&'a CardRecord>,
        now_ms: i64,
    ) {
        let mut turn = 0;
        let mut card = loop {
            let id = card_id(deck, &row.key, turn);
            match old(id) {
                None => break blank(deck, id, row, now_ms),
                // It was imported before and deleted since: it comes back as the card that it was.
                Some(old) if old.deleted_ms.is_some() && old.source_key == row.key => {
                    break CardRecord { deleted_ms: None, ..old.clone() };
                }
                // Its front was changed by hand: that card is another one now.
                Some(_) => turn += 1,
            }
        };
        card.front.clone_from(&row.front);
        apply(&mut card, row);
        self.added += 1;
        self.cards.push(card);
    }
}

fn apply(card: &mut CardRecord, row: &Row) {
    card.back.clone_from(&row.back);
    if let Some(hint) = &row.hint {
        card.hint.clone_from(hint);
    }
    if let Some(explanation) = &row.explanation {
        card.explanation.clone_from(explanation);
    }
    if let Some(tags) = &row.tags {
        card.tags.clone_from(tags);
    }
}

fn blank(deck: DeckId, id: CardId, row: &Row, now_ms: i64) -> CardRecord {
    CardRecord {
        id,
        deck,
        position: 0,
        note: None,
        front: String::new(),
        back: String::new(),
        hint: None,
        explanation: None,
        tags: Vec::new(),
        source_key: row.key.clone(),
        revision: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}
