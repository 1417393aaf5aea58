//! The rows of a loaded deck are read again: because the fold's parameters changed, because others than this session
//! stored entries of the learner, or because the rows of an import count now or no longer. One read for all of the decks
//! that one event is about, however many: a read is a place among those of all learners. What was answered meanwhile
//! stays.

use super::decks::CardKey;
use super::types::*;
use super::{DeckLoad, Session};
use crate::ids::DeckId;
use crate::limits::RETRY_LONGEST_MS;
use crate::state::CardState;
use std::collections::{BTreeMap, BTreeSet};

/// Why rows are read again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Why {
    /// The fold's parameters changed: no row in memory may be stepped on until it is folded again.
    Parameters,
    /// Entries were stored by others.
    Imported,
    /// The rows of an import count now, or no longer: of no card is it known here whether it is one of them.
    Marked,
}

impl Why {
    /// Whether what a reading brings may lack entries of cards that were touched while it was under way.
    const fn has_others_entries(self) -> bool {
        match self {
            Why::Parameters => false,
            Why::Imported | Why::Marked => true,
        }
    }
}

/// Decks whose rows are being read, all by one question.
pub(super) type Reread = BTreeMap<DeckId, Rereading>;

/// One of them.
#[derive(Debug)]
pub(super) struct Rereading {
    why: Why,
    /// Cards with entries that the reading may not know.
    touched: BTreeSet<u32>,
}

impl Session {
    /// Asks for the rows of a deck.
    pub(super) fn reread(&mut self, deck: DeckId, why: Why, fx: &mut Vec<Effect>) {
        self.reread_all(vec![(deck, why)], fx);
    }

    /// Asks for the rows of decks, in one question.
    pub(super) fn reread_all(&mut self, decks: Vec<(DeckId, Why)>, fx: &mut Vec<Effect>) {
        let mut asked = Reread::new();
        for (deck, why) in decks {
            if let Some(rereading) = self.begin_reread(deck, why) {
                asked.insert(deck, rereading);
            }
        }
        if !asked.is_empty() {
            let token = self.fetch(Want::Decks(asked.keys().copied().collect()), fx);
            self.rereads.insert(token, asked);
        }
    }

    /// What is known of a deck when it is asked for again. `None` for one that is not in memory.
    fn begin_reread(&mut self, deck: DeckId, why: Why) -> Option<Rereading> {
        let Some(study) = self.decks.get_mut(&deck) else {
            if why.has_others_entries() && self.is_reading() {
                self.imports_told.insert(deck);
            }
            return None;
        };
        match why {
            Why::Parameters => study.distrust_rows(),
            Why::Imported => {}
            Why::Marked => study.distrust_cards(),
        }
        // An older reading may know less than this one.
        let before = self.rereads.values_mut().filter_map(|reread| reread.remove(&deck));
        let why = before.fold(why, |why, before| why.max(before.why));
        self.rereads.retain(|_, reread| !reread.is_empty());
        // Neither what is on its way nor a fold whose log was read before can be relied on to be in the reading.
        let pending = self.pending.all().map(|pending| pending.key).chain(self.locked.keys().copied());
        let touched = pending.filter(|key| key.0 == deck).map(|key| key.1).collect();
        Some(Rereading { why, touched })
    }

    /// An entry leaves for the writer: a reading that is under way may not know it.
    pub(super) fn touch(&mut self, key: CardKey) {
        for rereading in self.rereads.values_mut().filter_map(|reread| reread.get_mut(&key.0)) {
            rereading.touched.insert(key.1);
        }
    }

    /// Readings that failed are tried again when their time has come.
    pub(super) fn reread_owed(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if now.tick_ms < self.read_again_tick_ms {
            return;
        }
        let owed = std::mem::take(&mut self.rereads_owed);
        self.reread_all(owed.into_iter().collect(), fx);
    }

    /// The rows arrived.
    pub(super) fn reread_done(
        &mut self,
        now: Now,
        reread: Reread,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        let mut loads: BTreeMap<DeckId, DeckLoad> = match facts {
            Ok(Facts::Decks(loads)) => loads.into_iter().map(|load| (load.deck.id, load)).collect(),
            Ok(_) | Err(FetchFailed) => BTreeMap::new(),
        };
        for (deck, rereading) in reread {
            let load = loads.remove(&deck);
            self.deck_reread(now, deck, rereading, load, fx);
        }
    }

    fn deck_reread(
        &mut self,
        now: Now,
        deck: DeckId,
        Rereading { why, touched }: Rereading,
        load: Option<DeckLoad>,
        fx: &mut Vec<Effect>,
    ) {
        if let Some(load) = &load {
            self.deck_changed(now, load.deck.clone(), fx);
        }
        let lacks_marks = self.has_pending_marks();
        let Some(study) = self.decks.get_mut(&deck) else { return };
        let params = |deck: &crate::deck::Deck| deck.settings.fold_params();
        let Some(load) = load.filter(|load| params(&load.deck) == params(&study.deck)) else {
            self.rereads_owed.insert(deck, why);
            self.read_again_tick_ms = now.tick_ms.saturating_add(RETRY_LONGEST_MS);
            return;
        };
        let before: BTreeMap<u32, CardState> = study.rows().collect();
        let read = load.rows.iter().filter_map(|(card, state)| Some((load.deck.index_of(*card)?, *state)));
        study.take_rows(read.collect(), &touched, why.has_others_entries());
        study.note_refolded(&load.refolded);
        study.has_entries |= load.has_entries;
        if lacks_marks {
            study.distrust_cards();
        }
        // A repair that is being read may know less than this reading.
        self.repairs.retain(|_, key| key.0 != deck);
        self.forget_queues();
        self.show_reread(now, deck, why, &before, fx);
    }

    /// Held cards whose state is another now are shown anew; when entries came or went the counts are told.
    fn show_reread(
        &mut self,
        now: Now,
        deck: DeckId,
        why: Why,
        before: &BTreeMap<u32, CardState>,
        fx: &mut Vec<Effect>,
    ) {
        for socket in self.sockets_over(deck) {
            let held = self.sockets.get(&socket).map(|s| s.held.iter().map(|held| held.key));
            let keys: Vec<CardKey> = held.into_iter().flatten().filter(|key| key.0 == deck).collect();
            for key in keys.into_iter().filter(|key| !self.locked.contains_key(key)).collect::<Vec<_>>() {
                let was = before.get(&key.1).copied().unwrap_or(CardState::NEW);
                if self.decks.get(&deck).is_some_and(|study| study.state(key.1) != was) {
                    self.refresh_held(now, socket, key, Reason::Rescheduled, fx);
                }
            }
            if why.has_others_entries() {
                let left = Some(self.left(socket));
                let changed =
                    Changed { reason: Reason::Imported, drop: Vec::new(), card: None, about: None, left };
                fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
            }
        }
    }
}
