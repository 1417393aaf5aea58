//! Handing cards out: what may go to which socket, as what, with what each grade would lead to.

use super::decks::{CardKey, DeckStudy};
use super::queue::Queue;
use super::types::{CardDeal, Counts, Effect, IfGraded, Kind, Now, Out, SocketId};
use super::{DoneState, Held, Promise, Session, Sitting};
use crate::day::Day;
use crate::grade::Grade;
use crate::ids::{CardId, DeckId};
use crate::limits::{COMMANDS_UNDECIDED, DRILL_AHEAD_MS};
use crate::state::{CardState, CountedAs, FoldParams};
use std::collections::BTreeMap;

impl Session {
    /// Fills the free places of a socket.
    pub(super) fn fill(&mut self, now: Now, socket: SocketId, fx: &mut Vec<Effect>) {
        loop {
            let Some(state) = self.sockets.get(&socket) else { return };
            let Some(sitting) = &state.sitting else { return };
            if state.held.len() >= sitting.window || !self.has_credit(sitting.window) {
                return;
            }
            match self.next_card(now, socket) {
                Some((key, kind)) => self.hand_out(now, socket, key, kind, fx),
                None => return self.take_over(now, socket, fx),
            }
        }
    }

    pub(super) fn has_credit(&self, window: usize) -> bool {
        self.node_has_credit && self.undecided() <= COMMANDS_UNDECIDED.saturating_sub(window)
    }

    /// The card that comes next to this socket, as what.
    fn next_card(&mut self, now: Now, socket: SocketId) -> Option<(CardKey, Kind)> {
        if let Some(found) = self.next_returned(now, socket) {
            return Some(found);
        }
        if let Some(found) = self.next_assigned(now, socket, now.wall_ms) {
            return Some(found);
        }
        if let Some(found) = self.next_drill(socket, now.wall_ms) {
            return Some(found);
        }
        let mut queue = self.take_queue(socket)?;
        let found = {
            let session = &*self;
            let sitting = session.sockets.get(&socket)?.sitting.as_ref()?;
            queue.next(
                |deck| session.decks.get(&deck).map_or(0, |study| study.deck.cards().len() as u32),
                |key| session.may_deal(socket, sitting, key),
            )
        };
        if let Some(sitting) = self.sockets.get_mut(&socket).and_then(|s| s.sitting.as_mut()) {
            sitting.queue = Some(queue);
        }
        let ahead_ms = now.wall_ms.saturating_add(DRILL_AHEAD_MS);
        let drill = || self.next_drill(socket, ahead_ms);
        found.or_else(drill).or_else(|| self.next_assigned(now, socket, ahead_ms))
    }

    fn take_queue(&mut self, socket: SocketId) -> Option<Queue> {
        let sitting = self.sockets.get_mut(&socket)?.sitting.as_mut()?;
        match sitting.queue.take() {
            Some(queue) => Some(queue),
            None => {
                let sitting = self.sockets.get(&socket)?.sitting.as_ref()?;
                Some(Queue::build(self, sitting))
            }
        }
    }

    fn drill_at_ms(&self, key: CardKey) -> Option<i64> {
        self.decks.get(&key.0)?.drill_at_ms(key.1)
    }

    fn next_returned(&self, now: Now, socket: SocketId) -> Option<(CardKey, Kind)> {
        let sitting = self.sockets.get(&socket)?.sitting.as_ref()?;
        self.returned.iter().find_map(|key| {
            let kind = self.may_deal(socket, sitting, *key)?;
            // A card that was failed since it was put back waits as every drill does.
            let waits = kind == Kind::Drill && self.drill_at_ms(*key).is_none_or(|at_ms| at_ms > now.wall_ms);
            (!waits).then_some((*key, kind))
        })
    }

    fn next_drill(&self, socket: SocketId, until_ms: i64) -> Option<(CardKey, Kind)> {
        let sitting = self.sockets.get(&socket)?.sitting.as_ref()?;
        let mut best: Option<(i64, CardKey)> = None;
        for (deck, study) in self.studied(sitting) {
            let first = study
                .drills()
                .take_while(|(at_ms, _)| *at_ms <= until_ms)
                .find(|(_, index)| self.may_deal(socket, sitting, (deck, *index)).is_some());
            if let Some((at_ms, index)) = first
                && best.is_none_or(|(earliest, _)| at_ms < earliest)
            {
                best = Some((at_ms, (deck, index)));
            }
        }
        best.map(|(_, key)| (key, Kind::Drill))
    }

    /// As what this card may be handed to this socket now; `None` if it may not.
    pub(super) fn may_deal(&self, socket: SocketId, sitting: &Sitting, key: CardKey) -> Option<Kind> {
        let (deck, _) = key;
        let study = self.decks.get(&deck)?;
        if !sitting.covers(deck) || self.holder_of(key).is_some() || self.is_pending_elsewhere(socket, key) {
            return None;
        }
        if self.is_held_back(deck) {
            return None;
        }
        let kind = sitting.kind(study, key)?;
        self.limits_allow(sitting, deck, kind, None).then_some(kind)
    }

    /// Whether the limits leave room for one more card of this kind; `freed` is the kind of a held one that would
    /// leave its place.
    pub(super) fn limits_allow(
        &self,
        sitting: &Sitting,
        deck: DeckId,
        kind: Kind,
        freed: Option<Kind>,
    ) -> bool {
        let Some(study) = self.decks.get(&deck) else { return false };
        let allowance = study.allowance(sitting.id, sitting.limits, sitting.more);
        let allowed = match kind {
            Kind::New => allowance.new,
            Kind::Review => allowance.review,
            Kind::Drill | Kind::Extra => return true,
        };
        allowed > self.held_of(deck, kind).saturating_sub(u32::from(freed == Some(kind)))
    }

    /// Which socket holds the card.
    pub(super) fn holder_of(&self, key: CardKey) -> Option<SocketId> {
        self.sockets.iter().find(|(_, s)| s.held.iter().any(|held| held.key == key)).map(|(id, _)| *id)
    }

    pub(super) fn is_pending_elsewhere(&self, socket: SocketId, key: CardKey) -> bool {
        self.pending.about(key).any(|pending| pending.from != socket)
            || self.locked.get(&key).is_some_and(|by| *by != socket)
    }

    fn held_of(&self, deck: DeckId, kind: Kind) -> u32 {
        let held = self.sockets.values().flat_map(|socket| &socket.held);
        let n = held.filter(|held| held.key.0 == deck && held.kind == kind).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    }

    /// Hands a card to a socket, behind those that it holds.
    pub(super) fn hand_out(
        &mut self,
        now: Now,
        socket: SocketId,
        key: CardKey,
        kind: Kind,
        fx: &mut Vec<Effect>,
    ) {
        let Some(held) = self.held(now, socket, key, kind) else { return };
        self.returned.retain(|returned| *returned != key);
        if let Some(state) = self.sockets.get_mut(&socket) {
            if state.held.len() == state.held.capacity() {
                let window = state.sitting.as_ref().map_or(1, |sitting| sitting.window);
                state.held.reserve_exact(window.saturating_sub(state.held.len()).max(1));
            }
            state.held.push(held.clone());
            state.done = DoneState::Studying;
        }
        if let Some(deal) = self.deal(socket, &held) {
            fx.push(Effect::Send { socket, out: Out::Card(Box::new(deal)) });
        }
    }

    /// What is remembered of a card while a socket holds it.
    pub(super) fn held(&self, now: Now, socket: SocketId, key: CardKey, kind: Kind) -> Option<Held> {
        let study = self.decks.get(&key.0)?;
        let state = self.state_shown(socket, key)?;
        let params = study.deck.settings.fold_params();
        let card = study.deck.card(key.1)?.id;
        let promise = promises(&state, kind, card, self.today, &params);
        let mode = self.sockets.get(&socket).and_then(|s| s.sitting.as_ref()?.mode);
        let asked = self.asked(study, key.1, state.answers, mode);
        let arrived_tick_ms = now.tick_ms;
        Some(Held { key, kind, arrived_tick_ms, dealt_on: self.today, promise, asked, near: None })
    }

    /// The card as this socket is shown it.
    pub(super) fn deal(&self, socket: SocketId, held: &Held) -> Option<CardDeal> {
        let Held { key, kind, promise, ref asked, .. } = *held;
        let study = self.decks.get(&key.0)?;
        let state = self.state_shown(socket, key)?;
        let if_graded = promise.map(|promise| IfGraded {
            days: promise.due.map_or(0, |due| due.since(self.today)),
            again_today: promise.again_today,
        });
        let left = self.left(socket);
        let recall = state.recall(self.today, &study.deck.settings.fold_params());
        let recall_permille = recall.map(|recall| (recall * 1_000.0 + 0.5) as u16);
        Some(CardDeal {
            deck: study.deck.clone(),
            card: key.1,
            kind,
            state,
            recall_permille,
            asked: asked.clone(),
            if_graded,
            left,
        })
    }

    /// The card's state as this socket may know it: without what others did and is not durable.
    pub(super) fn state_shown(&self, socket: SocketId, key: CardKey) -> Option<CardState> {
        let study = self.decks.get(&key.0)?;
        Some(self.pending.before_others(key, socket).unwrap_or_else(|| study.state(key.1)))
    }

    /// As what a card is shown that is handed over, not drawn from the queue.
    pub(super) fn kind_shown(&self, key: CardKey) -> Kind {
        let Some(study) = self.decks.get(&key.0) else { return Kind::Extra };
        let state = study.state(key.1);
        let params = study.deck.settings.fold_params();
        kind_of(state.would_count_as(state.effective_day(self.today), false, &params))
    }

    /// The same for a card that the class has talked about.
    pub(super) fn kind_when_told(&self, key: CardKey) -> Kind {
        let Some(study) = self.decks.get(&key.0) else { return Kind::Extra };
        let state = study.state(key.1);
        let params = study.deck.settings.fold_params();
        kind_of(state.would_count_when_told(state.effective_day(self.today), &params))
    }

    /// The decks of a sitting that are loaded.
    pub(super) fn studied(&self, sitting: &Sitting) -> impl Iterator<Item = (DeckId, &DeckStudy)> {
        sitting.decks.iter().filter_map(|id| self.decks.get(id).map(|study| (*id, study)))
    }

    /// What is left for this socket's sitting: what today's limits still allow, cards held included. What other
    /// devices answered and is not durable yet is left out.
    pub(super) fn left(&self, socket: SocketId) -> Counts {
        let mut total = Counts::default();
        for (_, counts) in self.left_by_deck(socket) {
            total.new += counts.new;
            total.learning += counts.learning;
            total.review += counts.review;
        }
        total
    }

    /// The same, deck by deck.
    pub(super) fn left_by_deck(&self, socket: SocketId) -> Vec<(DeckId, Counts)> {
        let Some(sitting) = self.sockets.get(&socket).and_then(|s| s.sitting.as_ref()) else {
            return Vec::new();
        };
        let mut before: BTreeMap<DeckId, BTreeMap<u32, CardState>> = BTreeMap::new();
        for ((deck, index), state) in self.pending.changed_by_others(socket) {
            before.entry(deck).or_default().insert(index, state);
        }
        self.studied(sitting)
            .map(|(id, study)| (id, sitting.shown_counts(id, study, before.get(&id))))
            .collect()
    }
}

impl Sitting {
    /// What today's limits still allow this sitting of a deck, if the cards in `instead` had the states there.
    pub(super) fn shown_counts(
        &self,
        deck: DeckId,
        study: &DeckStudy,
        instead: Option<&BTreeMap<u32, CardState>>,
    ) -> Counts {
        let tally = instead.map_or_else(|| study.counts(), |instead| study.counts_if(instead));
        let allowed = study.allowance_of(&tally.used, self.id, self.limits, self.more);
        let (available, extras) = match (self.takes_all(), instead) {
            (true, _) => (tally.available, 0),
            (false, None) => self.picked_counts(deck, study),
            (false, Some(instead)) => {
                let mut study = study.clone();
                for (index, state) in instead {
                    study.set_state(*index, *state);
                }
                self.picked_counts(deck, &study)
            }
        };
        Counts {
            new: available.new.min(allowed.new),
            learning: available.learning,
            review: available.review.min(allowed.review) + extras,
        }
    }

    /// The cards that tags and filter pick, and apart those beyond the schedule.
    fn picked_counts(&self, deck: DeckId, study: &DeckStudy) -> (Counts, u32) {
        let (mut available, mut extras) = (Counts::default(), 0);
        let cards = u32::try_from(study.deck.cards().len()).unwrap_or(u32::MAX);
        for index in 0..cards {
            match self.kind(study, (deck, index)) {
                Some(Kind::New) => available.new += 1,
                Some(Kind::Review) => available.review += 1,
                Some(Kind::Drill) => available.learning += 1,
                Some(Kind::Extra) => extras += 1,
                None => {}
            }
        }
        (available, extras)
    }

    /// Whether the deck belongs to it.
    pub(super) fn covers(&self, deck: DeckId) -> bool {
        self.decks.binary_search(&deck).is_ok()
    }
}

/// As what a card is shown whose answer would count so.
const fn kind_of(counted: CountedAs) -> Kind {
    match counted {
        CountedAs::New => Kind::New,
        CountedAs::Review => Kind::Review,
        CountedAs::Drill => Kind::Drill,
        CountedAs::Extra => Kind::Extra,
    }
}

/// What each grade would lead to, given on `today`.
fn promises(
    state: &CardState,
    kind: Kind,
    card: CardId,
    today: Day,
    params: &FoldParams,
) -> [Promise; Grade::ALL.len()] {
    if kind == Kind::Extra {
        return [Promise { due: state.due, again_today: false }; Grade::ALL.len()];
    }
    state.outcomes(card, today, params).map(|(due, again_today)| Promise { due, again_today })
}

/// What an answer did lead to, in the terms of a promise.
pub(super) fn outcome_of(state: &CardState, today: Day, params: &FoldParams) -> (Option<Day>, bool) {
    (state.due, state.drill(state.effective_day(today), params.drill_until).is_some())
}
