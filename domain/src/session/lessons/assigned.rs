//! What a teacher assigned comes next in the learner's queue, beyond the day's limits: what is due or new of it as what it is,
//! and cards that are named and not due once in the lesson, beyond the schedule.

use super::super::Session;
use super::super::decks::{CardKey, DeckStudy};
use super::super::tally::Class;
use super::super::types::*;
use super::Attended;
use crate::ids::{CardId, DeckId};
use crate::lesson::{Document, Told};
use crate::limits::RETRY_LONGEST_MS;
use std::collections::BTreeSet;

impl Session {
    /// The card that a teacher wants next from this socket.
    pub(in crate::session) fn next_assigned(
        &self,
        now: Now,
        socket: SocketId,
        until_ms: i64,
    ) -> Option<(CardKey, Kind)> {
        self.lessons
            .attended
            .iter()
            .filter(|attended| attended.told.is_on() && !attended.told.is_paused())
            .find_map(|attended| {
                let mut assigned = attended.told.assigned_to(self.user);
                assigned.find_map(|assigned| {
                    let study = self.decks.get(&assigned.deck)?;
                    let may = |index| self.may_be_assigned(now, socket, (assigned.deck, index), until_ms);
                    match assigned.cards.is_empty() {
                        true => first_of(study, may),
                        false => self.first_named(attended, study, &assigned.cards, may),
                    }
                    .map(|(index, kind)| ((assigned.deck, index), kind))
                })
            })
    }

    /// As what a card of an assigned deck may be handed to this socket now, limits aside.
    fn may_be_assigned(&self, now: Now, socket: SocketId, key: CardKey, until_ms: i64) -> Option<Kind> {
        let study = self.decks.get(&key.0)?;
        let kind = match study.class(key.1) {
            Class::New => Kind::New,
            Class::Review => Kind::Review,
            Class::Drill if study.drill_at_ms(key.1)? <= until_ms.max(now.wall_ms) => Kind::Drill,
            Class::Drill | Class::Nothing => return None,
        };
        (!self.is_taken(socket, key)).then_some(kind)
    }

    fn is_taken(&self, socket: SocketId, key: CardKey) -> bool {
        self.holder_of(key).is_some() || self.is_pending_elsewhere(socket, key)
    }

    /// The first of the named cards that may come; one that is not due comes once in the lesson.
    fn first_named(
        &self,
        attended: &Attended,
        study: &DeckStudy,
        cards: &[CardId],
        may: impl Fn(u32) -> Option<Kind>,
    ) -> Option<(u32, Kind)> {
        let count = attended.count.as_ref()?;
        cards.iter().find_map(|card| {
            let index = study.deck.index_of(*card)?;
            if let Some(kind) = may(index) {
                return Some((index, kind));
            }
            let key = (study.deck.id, index);
            let state = study.state(index);
            let rests = state.suspended || state.is_buried(self.today) || !study.shows(index);
            let is_free = !self.pending.concern(key) && self.holder_of(key).is_none();
            let is_due = study.is_stale(index) || study.class(index) != Class::Nothing;
            (is_free && count.is_unanswered(study.deck.id, *card) && !rests && !is_due)
                .then_some((index, Kind::Extra))
        })
    }

    /// Something new was assigned: every socket that studies hears of it.
    pub(super) fn tell_assigned(&mut self, was: Option<&Document>, told: &Told, fx: &mut Vec<Effect>) {
        let old = was.map(|was| was.assigned.as_slice()).unwrap_or_default();
        let is_new = told.is_on() && told.assigned_to(self.user).any(|assigned| !old.contains(assigned));
        if !is_new {
            return;
        }
        let studying = self.sockets.iter().filter(|(_, socket)| socket.sitting.is_some());
        for socket in studying.map(|(id, _)| *id).collect::<Vec<_>>() {
            let left = Some(self.left(socket));
            let (drop, card, about) = (Vec::new(), None, None);
            let changed = Changed { reason: Reason::Assigned, drop, card, about, left };
            fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
        }
    }

    /// Reads decks that a lesson is about and that are not in memory.
    pub(super) fn read_lesson_decks(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if self.lessons.decks.is_some() || self.sockets.is_empty() || now.tick_ms < self.read_again_tick_ms {
            return;
        }
        let on = self.lessons.attended.iter().filter(|attended| attended.told.is_on());
        let wanted: BTreeSet<DeckId> = on
            .flat_map(|attended| {
                let asked = attended.told.document.ask.map(|ask| ask.deck);
                attended.told.assigned_to(self.user).map(|assigned| assigned.deck).chain(asked)
            })
            .filter(|deck| !self.decks.contains_key(deck) && !self.lessons.decks_asked.contains(deck))
            .collect();
        if !wanted.is_empty() {
            self.lessons.decks_asked.extend(wanted.iter().copied());
            self.lessons.decks = Some(self.fetch(Want::Decks(wanted.into_iter().collect()), fx));
        }
    }

    pub(super) fn lesson_decks_read(
        &mut self,
        now: Now,
        facts: Result<Facts, FetchFailed>,
        fx: &mut Vec<Effect>,
    ) {
        let Ok(Facts::Decks(loads)) = facts else {
            self.lessons.decks_asked.clear();
            self.read_again_tick_ms = now.tick_ms.saturating_add(RETRY_LONGEST_MS);
            return;
        };
        self.put_decks(now, loads, fx);
    }
}

/// The first card of a deck that may come: reviews before new cards. Asked at each deal: a deck that is through is not walked.
fn first_of(study: &DeckStudy, may: impl Fn(u32) -> Option<Kind>) -> Option<(u32, Kind)> {
    let available = study.available();
    if available.is_zero() {
        return None;
    }
    let known = study.rows().find_map(|(index, _)| may(index).map(|kind| (index, kind)));
    if known.is_some() || available.new == 0 {
        return known;
    }
    let cards = u32::try_from(study.deck.cards().len()).unwrap_or(u32::MAX);
    (0..cards).find_map(|index| may(index).map(|kind| (index, kind)))
}
