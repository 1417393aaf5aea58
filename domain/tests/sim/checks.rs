//! The invariants, each under its name.

mod frames;

use crate::device::Fate;
use crate::reference;
use crate::run::Sim;
use domain::check::later::response_digest;
use domain::check::trial;
use domain::commit::Offer;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::fold::fold_learner;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::limits;
use domain::session::{Command, Input, Respond, Response, SocketId};
use domain::state::CardState;
use std::collections::BTreeSet;

impl Sim {
    fn log(&self, user: UserId) -> Vec<LogEntry> {
        self.stores.get(&user).map(|store| store.log.values().copied().collect()).unwrap_or_default()
    }

    fn command_of(&self, id: EntryId) -> Option<(UserId, Command)> {
        self.devices.iter().find_map(|d| d.outbox.get(&id).map(|(command, _)| (d.user, command.clone())))
    }

    /// What is durable and was not lost is what a `saved` speaks of.
    pub fn invariant_i1_saved_is_in_the_log(&mut self, user: UserId, id: EntryId) {
        let there = self.stores.get(&user).is_some_and(|store| store.log.contains_key(&id));
        assert!(there, "I1: {id:?} was saved and is not in the log");
        self.note("saved");
    }

    /// An id is not appended again by a life that could know it to be stored.
    pub fn invariant_i2_appended_once(&mut self, user: UserId, offer: &Offer) {
        let Some(id) = offer.entry_id() else { return };
        let knew = self.node.lives.get(&user).is_some_and(|life| life.loaded_with.contains(&id));
        assert!(!knew, "I2: {id:?} is appended again");
    }

    /// Every row was sent by a client, with the same content.
    pub fn invariant_i3_nothing_invented(&self, user: UserId, entry: &LogEntry) {
        let (by, command) = self.command_of(entry.id).expect("I3: an entry that nobody sent");
        assert_eq!(by, user, "I3: an entry of another learner");
        let body = match command {
            Command::Undo { of } => Body::Undo { of },
            Command::Set { deck, card, change } => Body::Set { deck, card, change },
            Command::Answer(a) => Body::Review(Review {
                deck: a.deck,
                card: a.card,
                grade: a.grade,
                mode: Mode::Flip,
                elapsed_ms: a.elapsed_ms,
                early: a.early,
                confidence: a.confidence,
                sitting: a.sitting,
                class: None,
                response: None,
                revision: 0,
                told: false,
            }),
            Command::Respond(said) => {
                let stored = entry.review().expect("I3: a response that is no review");
                self.invariant_i3_graded_by_the_table(stored, &said);
                let typed = match &said.response {
                    Response::Text(text) => Some(response_digest(text)),
                    Response::Choice(_) => stored.response,
                };
                Body::Review(Review {
                    deck: said.deck,
                    card: said.card,
                    elapsed_ms: said.elapsed_ms,
                    early: said.early,
                    confidence: said.confidence,
                    sitting: said.sitting,
                    response: typed.or(Some(0)),
                    ..*stored
                })
            }
            Command::ImportCommit { job } => Body::ImportCommit { job },
            Command::ImportRevoke { job } => Body::ImportRevoke { job },
            Command::Claim { guest, job } => Body::Claim { guest, job },
            Command::Regrade(regrade) => Body::Regrade(regrade),
        };
        let sent = LogEntry { body, ..*entry };
        assert_eq!(sent.content_digest(), entry.content_digest(), "I3: other content than was sent");
    }

    /// What was typed has a grade that the table gives it, what was chosen one of its two.
    fn invariant_i3_graded_by_the_table(&self, stored: &Review, said: &Respond) {
        let deck = self.library.deck(said.deck);
        let card = deck.card(deck.index_of(said.card).expect("known")).expect("known");
        let answers = &card.texts.answers;
        let expected: Vec<trial::Outcome> = match (&said.response, stored.mode) {
            (_, Mode::Choose) => vec![trial::chosen(true), trial::chosen(false)],
            (Response::Text(text), _) => {
                let times = [trial::Attempt::First, trial::Attempt::Again];
                times.map(|time| trial::typed(time, text, answers, &deck.settings.check)).to_vec()
            }
            (Response::Choice(_), Mode::Type | Mode::Flip) => panic!("I3: a choice that was typed"),
        };
        let grades = expected.iter().filter_map(|outcome| match outcome {
            trial::Outcome::Graded { grade, .. } => Some(*grade),
            trial::Outcome::AskAgain(_) => None,
        });
        assert!(grades.into_iter().any(|grade| grade == stored.grade), "I3: {said:?} became {stored:?}");
    }

    /// A stored progress row that is trusted equals the fold of the stored log.
    pub fn invariant_i19_progress_is_the_fold(&self, offer: &Offer) {
        let Some(store) = self.stores.get(&offer.user) else { return };
        let (deck, card) = offer.append.about;
        let Some((key, state)) = store.progress.get(&(deck, card)) else { return };
        if *key == self.library.deck(deck).settings.fold_params().key() {
            assert_eq!(*state, store.fold(deck, card, &self.library), "I19: a stored row that is no fold");
        }
    }

    /// The session's parts agree, its memory is the fold, its bounds hold.
    pub fn check_session(&mut self, user: UserId) {
        let Some(life) = self.node.lives.get(&user) else { return };
        assert_eq!(life.session.contradictions(), Vec::<String>::new());
        for (what, size) in life.session.sizes() {
            let bound = match what {
                "sockets" => limits::SOCKETS_PER_LEARNER,
                "decks" => limits::DECKS_PER_SESSION,
                "inbox" => limits::SOCKET_INBOX,
                "busy" => limits::BUSY_REMEMBERED,
                "returned" => limits::CARDS_PUT_BACK,
                "repairs" => limits::REPAIRS_AT_ONCE,
                "marks" => limits::MARKS_REMEMBERED,
                _ => limits::COMMANDS_UNDECIDED + 64,
            };
            assert!(size <= bound, "I12: {what} holds {size}");
        }
        if self.steps.is_multiple_of(31) {
            self.invariant_i5_memory_is_the_fold(user);
        }
        self.invariant_i14_states_make_sense(user);
    }

    /// Memory is the fold of the log with what is pending, by a fold written apart.
    pub fn invariant_i5_memory_is_the_fold(&mut self, user: UserId) {
        let Some(life) = self.node.lives.get(&user) else { return };
        let mut entries = self.log(user);
        entries.extend(life.session.pending_entries().copied());
        let params = |deck: DeckId| self.library.deck(deck).settings.fold_params();
        let folded = reference::fold(&entries, params);
        let fresh = reference::Card::of(&CardState::NEW);
        // What went to quarantine before, and is tried again, may be named by an undo that is stored.
        let doomed: BTreeSet<(DeckId, CardId)> = life
            .session
            .pending_entries()
            .filter(|entry| self.quarantined.contains(&entry.id))
            .filter_map(LogEntry::card)
            .collect();
        let states = life.session.states().filter(|row| !doomed.contains(&(row.0, row.1)));
        for (deck, card, state, stale) in states {
            let truth = folded.cards.get(&(deck, card)).unwrap_or(&fresh);
            assert!(
                stale || reference::Card::of(&state) == *truth,
                "I5: {card:?} in memory {state:?}, by the log {truth:?}"
            );
        }
        self.note("memory compared");
    }

    fn invariant_i14_states_make_sense(&self, user: UserId) {
        let Some(life) = self.node.lives.get(&user) else { return };
        for (_, card, state, _) in life.session.states() {
            assert!(state.sm2.ease >= 130, "I14: {card:?} ease {}", state.sm2.ease);
            assert!(state.due.is_some() || state.sm2.reps == 0, "I14: {card:?} is new and was reviewed");
        }
    }

    /// When nothing is on its way, the client holds what the session thinks that it holds.
    pub fn invariant_client_agrees(&mut self, socket: SocketId) {
        let Some(wire) = self.wires.get(&socket).filter(|wire| wire.on_the_way == 0) else { return };
        let device = &self.devices[wire.device];
        let Some(life) = self.node.lives.get(&wire.user) else { return };
        if device.socket != Some(socket) || !device.client.is_sure() || life.session.sizes()["inbox"] > 0 {
            return;
        }
        let mut theirs: Vec<CardId> = life.session.held_by(socket).iter().map(|held| held.1).collect();
        let mut mine = device.client.held.clone();
        theirs.sort_unstable();
        mine.sort_unstable();
        assert_eq!(mine, theirs, "{socket:?} holds other cards than the session thinks");
        self.note("client compared");
    }

    /// After the faults have stopped.
    pub fn check_the_end(&mut self) {
        for device in &self.devices {
            assert!(device.open.is_empty(), "I13: without verdict after 30 s: {:?}", device.open);
        }
        let acked: Vec<(UserId, EntryId)> = self
            .devices
            .iter()
            .flat_map(|d| d.outbox.iter().filter(|(_, e)| e.1 == Fate::Saved).map(|(id, _)| (d.user, *id)))
            .collect();
        for (user, id) in acked {
            self.invariant_i1_saved_is_in_the_log(user, id);
        }
        self.all(|| Input::Tick);
        for (user, life) in &self.node.lives {
            let day = self.zones[user].stamp(self.now.wall_ms).day;
            assert_eq!(life.session.today(), day, "{user:?} is elsewhere than the session thinks");
        }
        for user in self.stores.keys().copied().collect::<Vec<_>>() {
            self.invariant_i5_memory_is_the_fold(user);
            let wrong = self.stores[&user].wrong_progress(&self.library);
            assert!(wrong.is_empty(), "I5: stored rows that are no fold: {wrong:?}");
            self.invariant_i18_order_free(user);
        }
    }

    /// The arrivals as they came, doubled and backwards, fold to the same.
    fn invariant_i18_order_free(&mut self, user: UserId) {
        let params = |deck: DeckId| self.library.deck(deck).settings.fold_params();
        let by_id = fold_learner(&self.log(user), params).digest();
        let mut arrived = self.arrivals.get(&user).cloned().unwrap_or_default();
        assert_eq!(fold_learner(&arrived, params).digest(), by_id, "I18: by arrival");
        arrived.reverse();
        arrived.extend(self.log(user));
        assert_eq!(fold_learner(&arrived, params).digest(), by_id, "I18: backwards and doubled");
    }
}
