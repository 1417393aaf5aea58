//! The library of a world: decks, who sees them when, and how a test writes them down.

use super::{DAY_MS, LEARNER, NOON_MS, card_id, deck_id};
use domain::access::Span;
use domain::deck::{CardMeta, Deck, DeckSettings, PlainTexts};
use domain::ids::{DeckId, NoteId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A deck as a test writes it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub id: DeckId,
    pub revision: u64,
    pub deleted_ms: Option<i64>,
    pub settings: DeckSettings,
    pub cards: Vec<CardMeta>,
    number: u128,
}

/// The `n`-th deck with this many plain cards.
pub fn draft(n: u128, cards: u128) -> Draft {
    let mut draft = Draft {
        id: deck_id(n),
        revision: 1,
        deleted_ms: None,
        settings: DeckSettings::default(),
        cards: Vec::new(),
        number: n,
    };
    draft.more_cards(cards);
    draft
}

/// What the `n`-th card of each deck of a world accepts: surely wrong for each other one.
pub fn answer_to(n: usize) -> String {
    format!("answer {n}")
}

impl Draft {
    pub fn more_cards(&mut self, n: u128) {
        for _ in 0..n {
            self.cards.push(CardMeta {
                id: card_id(self.number, self.cards.len() as u128),
                note: None,
                tags: Arc::from([]),
                revision: 1,
                created_ms: NOON_MS - 300 * DAY_MS,
                deleted_ms: None,
                fragment: Arc::from("{}"),
                texts: Arc::new(PlainTexts {
                    front: format!("question {}", self.cards.len()),
                    answers: vec![answer_to(self.cards.len())],
                }),
            });
        }
    }

    pub fn settings(mut self, change: impl FnOnce(&mut DeckSettings)) -> Draft {
        change(&mut self.settings);
        self
    }

    pub fn cards(mut self, change: impl FnOnce(&mut [CardMeta])) -> Draft {
        change(&mut self.cards);
        self
    }

    /// Cards of one note, two and two.
    pub fn in_pairs(self) -> Draft {
        self.cards(|cards| {
            for (i, card) in cards.iter_mut().enumerate() {
                card.note = Some(NoteId::from_u128(i as u128 / 2 + 1));
            }
        })
    }

    pub fn tag(self, card: usize, tag: &str) -> Draft {
        self.cards(|cards| cards[card].tags = Arc::from([Arc::from(tag)]))
    }

    pub fn build(self) -> Deck {
        let mut deck = Deck::new(self.id, LEARNER, self.revision, self.settings, self.cards);
        deck.deleted_ms = self.deleted_ms;
        deck
    }
}

#[derive(Debug, Default)]
pub struct Library {
    pub decks: BTreeMap<DeckId, Arc<Deck>>,
    drafts: BTreeMap<DeckId, Draft>,
    spans: BTreeMap<DeckId, Vec<Span>>,
    below: BTreeMap<DeckId, Vec<DeckId>>,
}

impl Library {
    /// A deck that the learner sees from its beginning on.
    pub fn add(&mut self, deck: Deck) {
        let draft = Draft {
            id: deck.id,
            revision: deck.revision,
            deleted_ms: deck.deleted_ms,
            settings: deck.settings,
            cards: deck.cards().to_vec(),
            number: deck.id.0.as_u128() & 0xffff_ffff,
        };
        self.spans.insert(deck.id, vec![Span { from_ms: NOON_MS - 300 * DAY_MS, until_ms: None }]);
        self.drafts.insert(deck.id, draft);
        self.decks.insert(deck.id, Arc::new(deck));
    }

    pub fn deck(&self, id: DeckId) -> &Arc<Deck> {
        self.decks.get(&id).expect("a deck of this library")
    }

    /// Makes a new revision.
    pub fn edit(&mut self, id: DeckId, change: impl FnOnce(&mut Draft)) -> Arc<Deck> {
        let draft = self.drafts.get_mut(&id).expect("a deck of this library");
        change(draft);
        draft.revision += 1;
        let deck = Arc::new(draft.clone().build());
        self.decks.insert(id, deck.clone());
        deck
    }

    /// When the learner could see the deck; empty is never.
    pub fn show(&mut self, id: DeckId, spans: Vec<Span>) {
        self.spans.insert(id, spans);
    }

    /// A deck lies below another's path.
    pub fn put_below(&mut self, above: DeckId, below: DeckId) {
        self.below.entry(above).or_default().push(below);
    }

    pub fn with_below(&self, id: DeckId) -> Vec<DeckId> {
        std::iter::once(id).chain(self.below.get(&id).into_iter().flatten().copied()).collect()
    }

    pub fn spans(&self, id: DeckId) -> Vec<Span> {
        self.spans.get(&id).cloned().unwrap_or_default()
    }

    pub fn sees(&self, id: DeckId) -> bool {
        let deck = self.decks.get(&id);
        deck.is_some_and(|deck| deck.deleted_ms.is_none()) && self.spans(id).iter().any(Span::is_open)
    }

    pub fn all(&self) -> Vec<DeckId> {
        self.decks.keys().copied().filter(|id| self.sees(*id)).collect()
    }
}
