//! What follows when an entry is logged: the writer has it, the card's state moves, and its socket and queues see it.

use super::Session;
use super::command::Target;
use super::deal::outcome_of;
use super::decks::CardKey;
use super::pending::Pending;
use super::types::*;
use crate::entry::LogEntry;
use crate::state::CardState;

impl Session {
    /// Hands an entry to the writer and lets its socket see what follows.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call site a kind of command; a struct would only rename them"
    )]
    pub(super) fn log_entry(
        &mut self,
        now: Now,
        socket: SocketId,
        (seq, target): (u64, &Target),
        entry: LogEntry,
        state: CardState,
        unforeseen: bool,
        fx: &mut Vec<Effect>,
    ) {
        let key = target.key;
        let is_answer = entry.review().is_some();
        let surprises = self.surprises(socket, key, &entry, &state, unforeseen);
        let reason = if is_answer { Reason::AnsweredElsewhere } else { Reason::Set };
        self.hand_to_writer((socket, seq), target, entry, state, reason, surprises, fx);
        if is_answer {
            self.lesson_answered(now, &entry);
            self.returned.retain(|returned| *returned != key);
            self.note_extra(socket, key);
            self.release(socket, key, &entry, fx);
            self.requeue(key);
        } else {
            self.show_set(now, socket, key, fx);
        }
    }

    /// Appends the entry, remembers it until it is durable, and moves the card's state.
    #[expect(clippy::too_many_arguments, reason = "the one place where an entry leaves for the writer")]
    pub(super) fn hand_to_writer(
        &mut self,
        (socket, seq): (SocketId, u64),
        target: &Target,
        entry: LogEntry,
        state: CardState,
        reason: Reason,
        surprises: bool,
        fx: &mut Vec<Effect>,
    ) {
        let (deck, index) = target.key;
        let Some(study) = self.decks.get_mut(&deck) else { return };
        let before = study.state(index);
        // A repair that is being read would know nothing of this entry.
        self.repairs.retain(|_, key| *key != target.key);
        let params_key = study.deck.settings.fold_params().key();
        study.set_state(index, state);
        fx.push(Effect::Append(Append { entry: Some(entry), about: (deck, target.card), state, params_key }));
        let pending = Pending {
            entry,
            digest: entry.content_digest(),
            key: target.key,
            from: socket,
            before,
            waiters: vec![(socket, seq)],
            reason,
            surprises,
        };
        self.pending.insert(pending);
        self.touch(target.key);
        self.forget_busy(socket, entry.id);
    }

    /// Whether the answer led to something else than the card's `if_graded` said.
    fn surprises(
        &self,
        socket: SocketId,
        key: CardKey,
        entry: &LogEntry,
        state: &CardState,
        unforeseen: bool,
    ) -> bool {
        let Some(review) = entry.review() else { return false };
        let held = self.sockets.get(&socket).and_then(|s| s.held.iter().find(|held| held.key == key));
        let Some(held) = held else { return unforeseen };
        if entry.stamp.day < held.dealt_on {
            // Told at once, when the card is taken back.
            return false;
        }
        let Some(study) = self.decks.get(&key.0) else { return false };
        let (due, again_today) = outcome_of(state, held.dealt_on, &study.deck.settings.fold_params());
        let promise = held.promise.get(usize::from(review.grade.number()));
        promise.is_none_or(|p| p.due != due || p.again_today != again_today)
    }

    /// An answer frees the card's place if this socket holds it. A card dealt anew for a new day is taken back when
    /// the answer belongs to the day before.
    fn release(&mut self, socket: SocketId, key: CardKey, entry: &LogEntry, fx: &mut Vec<Effect>) {
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        let Some(at) = state.held.iter().position(|held| held.key == key) else { return };
        let held = state.held.remove(at);
        let uses = self.decks.get(&key.0).is_some_and(|study| study.uses_today(key.1));
        if matches!(held.kind, Kind::New | Kind::Review) && !uses {
            // It leaves its place under today's limit to a card that was passed over.
            self.forget_queues();
        }
        if entry.stamp.day < held.dealt_on {
            let Some(card) = self.card_id(key) else { return };
            let changed = Changed {
                reason: Reason::Rescheduled,
                drop: vec![card],
                card: None,
                about: self.state_shown(socket, key).map(|state| (card, state)),
                left: Some(self.left(socket)),
            };
            fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
        }
    }

    fn note_extra(&mut self, socket: SocketId, key: CardKey) {
        if let Some(sitting) = self.sockets.get_mut(&socket).and_then(|s| s.sitting.as_mut())
            && sitting.filter.is_some_and(Filter::reaches_beyond_due)
        {
            sitting.extras_done.insert(key);
        }
    }

    /// What a `set` means for a card that this socket holds.
    fn show_set(&mut self, now: Now, socket: SocketId, key: CardKey, fx: &mut Vec<Effect>) {
        self.requeue(key);
        if self.sockets.get(&socket).is_some_and(|s| s.held.iter().any(|held| held.key == key)) {
            self.refresh_held(now, socket, key, Reason::Set, fx);
        }
    }

    /// A card's state has changed: queues that want it, and may have passed it over, look again.
    pub(super) fn requeue(&mut self, key: CardKey) {
        let Some(study) = self.decks.get(&key.0) else { return };
        for sitting in self.sockets.values_mut().filter_map(|socket| socket.sitting.as_mut()) {
            let wanted = sitting.covers(key.0)
                && matches!(sitting.kind(study, key), Some(Kind::New | Kind::Review | Kind::Extra));
            if wanted {
                sitting.queue = None;
            }
        }
    }

    /// Cards that were passed over may be handed out again: the queues are built anew when next needed.
    pub(super) fn forget_queues(&mut self) {
        for sitting in self.sockets.values_mut().filter_map(|socket| socket.sitting.as_mut()) {
            sitting.queue = None;
        }
    }
}
