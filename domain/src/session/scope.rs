//! `start`: which decks a sitting is over, and the queue that follows.

use super::rollover::listed;
use super::types::*;
use super::{DeckLoad, DoneState, Gathered, Session, Sitting, Step};
use crate::ids::DeckId;
use crate::limits::DECKS_PER_SESSION;
use crate::session::decks::DeckStudy;

impl Session {
    /// Works on a `start`: resolves its decks, loads what is missing, then replaces the sitting before.
    pub(super) fn start(
        &mut self,
        now: Now,
        socket: SocketId,
        start: &Start,
        gathered: &Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        let decks = match self.resolve(start.decks.clone(), gathered) {
            Ok(decks) => decks,
            Err(Ok(want)) => return Step::Need(want),
            Err(Err(notice)) => {
                fx.push(Effect::Send { socket, out: Out::Error(notice) });
                return Step::Done;
            }
        };
        let wants_extras = start.filter.is_some_and(Filter::reaches_beyond_due);
        let extras_done = match &gathered.sitting {
            None if wants_extras => return Step::Need(Want::Sitting(start.sitting)),
            None => Default::default(),
            Some(figures) => figures
                .cards
                .iter()
                .filter_map(|(deck, card)| {
                    let index = self.decks.get(deck)?.deck.index_of(*card)?;
                    Some((*deck, index))
                })
                .collect(),
        };
        let sitting = Sitting {
            id: start.sitting,
            asked: start.decks.clone(),
            decks,
            tags: start.tags.clone(),
            filter: start.filter,
            window: start.window.max(1),
            limits: start.limits,
            more: start.more,
            extras_done,
            queue: None,
        };
        self.begin(now, socket, sitting, fx);
        Step::Done
    }

    fn begin(&mut self, _now: Now, socket: SocketId, sitting: Sitting, fx: &mut Vec<Effect>) {
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        let held = std::mem::take(&mut state.held);
        state.sitting = Some(sitting);
        state.done = DoneState::Studying;
        for held in held.iter().rev() {
            self.returned.push_front(held.key);
        }
        let by_deck = self.left_by_deck(socket);
        fx.push(Effect::Send { socket, out: Out::Queue(listed(&by_deck), self.left(socket)) });
    }

    /// A sitting over all that the learner has takes in decks that came later.
    pub(super) fn rescope(
        &mut self,
        _now: Now,
        socket: SocketId,
        gathered: &Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        let Some(sitting) = self.sockets.get(&socket).and_then(|s| s.sitting.as_ref()) else {
            return Step::Done;
        };
        let decks = match self.resolve(sitting.asked.clone(), gathered) {
            Ok(decks) => decks,
            Err(Ok(want)) => return Step::Need(want),
            Err(Err(_)) => return Step::Done,
        };
        let Some(sitting) = self.sockets.get_mut(&socket).and_then(|s| s.sitting.as_mut()) else {
            return Step::Done;
        };
        let grew = decks.iter().any(|deck| !sitting.covers(*deck));
        sitting.decks = decks;
        sitting.queue = None;
        if grew {
            let left = Some(self.left(socket));
            let changed =
                Changed { reason: Reason::Imported, drop: Vec::new(), card: None, about: None, left };
            fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
        }
        Step::Done
    }

    /// The decks that a `start` means, all loaded; or what must be fetched first; or why not.
    fn resolve(
        &self,
        asked: Option<Vec<DeckId>>,
        gathered: &Gathered,
    ) -> Result<Vec<DeckId>, Result<Want, Notice>> {
        let decks = match &gathered.scope {
            None => return Err(Ok(Want::Scope(asked))),
            Some(Scope::Forbidden) => return Err(Err(Notice::Forbidden)),
            Some(Scope::Decks(decks)) => decks,
        };
        if decks.len() > DECKS_PER_SESSION {
            return Err(Err(Notice::TooManyDecks));
        }
        let missing: Vec<DeckId> =
            decks.iter().filter(|deck| !self.decks.contains_key(deck)).copied().collect();
        if !missing.is_empty() && !gathered.decks_asked {
            return Err(Ok(Want::Decks(missing)));
        }
        let mut decks: Vec<DeckId> =
            decks.iter().filter(|deck| self.decks.contains_key(deck)).copied().collect();
        decks.sort_unstable();
        decks.dedup();
        Ok(decks)
    }

    /// A deck was loaded. What the session has already is newer than what was read and stays.
    pub(super) fn put_deck(&mut self, _now: Now, load: DeckLoad) {
        let today = self.today;
        match self.decks.get_mut(&load.deck.id) {
            Some(study) => {
                study.spans = load.spans;
                if load.deck.revision > study.deck.revision {
                    study.deck = load.deck;
                }
                study.recount(today);
            }
            None => {
                self.decks.insert(load.deck.id, DeckStudy::new(load, today));
            }
        }
    }
}
