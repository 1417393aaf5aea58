//! Which cards of a file are new in a deck, which have changed, and which are there already.

use super::gather::{Candidate, Gathered};
use super::identity::{card_id, identity_of, identity_of_guid};
use super::pack::Pack;
use crate::content::{CardTexts, composed};
use domain::ids::{CardId, DeckId, NoteId};
use ports::CardRecord;
use std::collections::HashSet;
use std::sync::Arc;

/// What an import would do to a deck.
#[derive(Debug)]
pub(super) struct Plan {
    deck: DeckId,
    now_ms: i64,
    file: Arc<Gathered>,
    /// One for each card of the file.
    steps: Vec<Step>,
    changed: Changed,
    /// How many cards are new.
    pub added: u64,
    /// How many cards change.
    pub updated: u64,
    /// Cards of the file that are in the deck just so.
    pub unchanged: u64,
}

/// What becomes of a card of the file.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It is in the deck just so.
    Keep,
    /// It changes a card of the deck: which of those that change.
    Change(usize),
    /// It is a new card.
    Add(CardId),
}

/// Cards of the deck that change.
#[derive(Debug, Default)]
struct Changed {
    of_deck: Vec<(CardId, Option<NoteId>)>,
    /// What of each stays as it is, although the file has it otherwise or not at all; the rest is empty.
    stays: Pack,
}

/// The deck's card that a card of the file has been found to be.
#[derive(Clone, Copy, Debug)]
struct Met {
    how: How,
    was_deleted: bool,
    /// `None`: it is just so.
    change: Option<usize>,
}

/// How a card is found. The first of these that finds one counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum How {
    ByKey,
    ById,
    ByFront,
    Deleted,
}

/// Compares a file with the cards of a deck, which come one by one and are not kept.
///
/// A card of the file is found by its source key, by the deck's own id of it (which an export gives as its guid), or, if
/// its front is its identity, by the front that a card shows now:
/// so cards made by hand are found however they are keyed. No card is found twice. A card that was deleted is brought
/// back, with its history, and counts as new.
pub(super) struct Comparing {
    deck: DeckId,
    file: Arc<Gathered>,
    /// For each card of the file; nothing as long as none was found.
    met: Vec<Option<Met>>,
    /// Every card of the deck.
    ids: HashSet<CardId>,
    changed: Changed,
}

impl Comparing {
    pub fn new(deck: DeckId, file: Arc<Gathered>) -> Comparing {
        Comparing { deck, file, met: Vec::new(), ids: HashSet::new(), changed: Changed::default() }
    }

    /// The next card of the deck, in the order of adding, deleted ones included.
    pub fn take(&mut self, card: &CardRecord) {
        self.ids.insert(card.id);
        let deleted = card.deleted_ms.is_some();
        let found = match (self.file.find(&card.source_key), deleted) {
            (Some(at), false) => Some((at, How::ByKey)),
            (Some(at), true) => Some((at, How::Deleted)),
            (None, false) => {
                let by_id = self.file.find(&identity_of_guid(&card.id.to_string())).map(|at| (at, How::ById));
                by_id.or_else(|| self.file.find(&identity_of(&card.front)).map(|at| (at, How::ByFront)))
            }
            (None, true) => None,
        };
        let Some((at, how)) = found else { return };
        self.met.resize(self.file.cards.len(), None);
        let (Some(place), Some(candidate)) = (self.met.get_mut(at), self.file.cards.get(at)) else { return };
        // Of several that are found alike, the first counts.
        if place.is_some_and(|met| met.how <= how) {
            return;
        }
        let next = next(card, &candidate, &self.file);
        let change = (next != *card).then(|| self.changed.push(next, &candidate, &self.file));
        *place = Some(Met { how, was_deleted: deleted, change });
    }

    /// What would become of the deck.
    pub fn finish(self, now_ms: i64) -> Plan {
        let Comparing { deck, file, met, ids, changed } = self;
        let mut plan = Plan {
            deck,
            now_ms,
            file: file.clone(),
            steps: Vec::with_capacity(file.cards.len()),
            changed,
            added: 0,
            updated: 0,
            unchanged: 0,
        };
        let mut given: HashSet<CardId> = HashSet::new();
        let met = met.into_iter().chain(std::iter::repeat(None)).take(file.cards.len());
        for (at, met) in met.enumerate() {
            let step = match met {
                Some(Met { change: None, .. }) => Step::Keep,
                Some(Met { change: Some(at), .. }) => Step::Change(at),
                None => {
                    let Some(source_key) = file.cards.source_key(at) else { continue };
                    Step::Add(free_id(deck, &source_key, |id| ids.contains(&id) || !given.insert(id)))
                }
            };
            let counted = match met {
                Some(Met { change: None, .. }) => &mut plan.unchanged,
                Some(Met { was_deleted: false, .. }) => &mut plan.updated,
                Some(Met { was_deleted: true, .. }) | None => &mut plan.added,
            };
            *counted += 1;
            plan.steps.push(step);
        }
        plan
    }
}

/// The id of a new card. Its own may belong to a card that has come to bear another key.
fn free_id(deck: DeckId, source_key: &str, mut is_taken: impl FnMut(CardId) -> bool) -> CardId {
    let mut id = card_id(deck, source_key);
    while is_taken(id) {
        id = card_id(deck, &id.to_string());
    }
    id
}

impl Changed {
    /// Notes how a card is to be, and returns which of those that change it is.
    fn push(&mut self, next: CardRecord, candidate: &Candidate, file: &Gathered) -> usize {
        let unless = |text: String, given: &str| if text == given { String::new() } else { text };
        let texts = CardTexts {
            front: unless(next.front, &candidate.texts.front),
            back: String::new(),
            hint: next.hint.filter(|_| !file.has_hints),
            explanation: next.explanation.filter(|_| !file.has_explanations),
        };
        let source_key = unless(next.source_key, &candidate.source_key);
        let tags = if file.has_tags { Vec::new() } else { next.tags };
        let accept = if file.has_accept { Vec::new() } else { next.accept };
        self.stays.push(&Candidate { source_key, texts, tags, accept });
        self.of_deck.push((next.id, next.note));
        self.of_deck.len() - 1
    }

    /// The card as it was noted.
    fn get(&self, nth: usize, candidate: Candidate, file: &Gathered) -> Option<Candidate> {
        let stays = self.stays.get(nth)?;
        let or = |text: String, given: String| if text.is_empty() { given } else { text };
        let Candidate { source_key, texts, tags, accept } = candidate;
        let texts = CardTexts {
            front: or(stays.texts.front, texts.front),
            back: texts.back,
            hint: if file.has_hints { texts.hint } else { stays.texts.hint },
            explanation: if file.has_explanations { texts.explanation } else { stays.texts.explanation },
        };
        let tags = if file.has_tags { tags } else { stays.tags };
        let accept = if file.has_accept { accept } else { stays.accept };
        Some(Candidate { source_key: or(stays.source_key, source_key), texts, tags, accept })
    }
}

impl Plan {
    /// Whether the deck stays as it is.
    pub fn is_empty(&self) -> bool {
        self.added + self.updated == 0
    }

    /// The cards to be stored, in the order of the file, each made when it is asked for.
    pub fn into_cards(self) -> impl Iterator<Item = CardRecord> + Send {
        (0..self.steps.len()).filter_map(move |at| self.card(at))
    }

    fn card(&self, at: usize) -> Option<CardRecord> {
        match *self.steps.get(at)? {
            Step::Keep => None,
            Step::Change(nth) => {
                let &(id, note) = self.changed.of_deck.get(nth)?;
                let card = self.changed.get(nth, self.file.cards.get(at)?, &self.file)?;
                Some(CardRecord { note, ..self.record(id, card) })
            }
            Step::Add(id) => Some(self.record(id, self.file.cards.get(at)?)),
        }
    }

    fn record(&self, id: CardId, candidate: Candidate) -> CardRecord {
        candidate.into_record(self.deck, id, self.now_ms)
    }
}

/// The card as the file wants it. Columns that the file does not have leave it as it is.
fn next(card: &CardRecord, candidate: &Candidate, file: &Gathered) -> CardRecord {
    let Candidate { source_key: _, texts, tags, accept } = candidate;
    let keep =
        |has: bool, new: &Option<String>, old: &Option<String>| if has { new.clone() } else { old.clone() };
    let same_front = composed(&card.front) == texts.front;
    CardRecord {
        front: if same_front { card.front.clone() } else { texts.front.clone() },
        back: texts.back.clone(),
        hint: keep(file.has_hints, &texts.hint, &card.hint),
        explanation: keep(file.has_explanations, &texts.explanation, &card.explanation),
        tags: if file.has_tags { tags.clone() } else { card.tags.clone() },
        accept: if file.has_accept { accept.clone() } else { card.accept.clone() },
        deleted_ms: None,
        ..card.clone()
    }
}
