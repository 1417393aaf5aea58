//! What a frame may say, at the moment when it leaves.

use crate::run::Sim;
use crate::wires::{name, short};
use domain::check::trial;
use domain::entry::{Body, LogEntry};
use domain::fold::{Live, fold_card};
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::session::{Command, Done, Kind, Out, SocketId};
use domain::state::CardState;
use std::collections::BTreeSet;

impl Sim {
    pub fn check_frame(&mut self, user: UserId, socket: SocketId, out: &Out) {
        self.trace(|| format!("{socket:?} <- {}", told(out)));
        match out {
            Out::Saved(seq) => self.invariant_i4_saved_covers_only_the_decided(user, socket, *seq),
            Out::Graded(graded) => self.note(match graded.result {
                trial::TrialResult::Right => "graded right",
                trial::TrialResult::Near => "graded near",
                trial::TrialResult::Wrong => "graded wrong",
            }),
            Out::Refused { seq, id, refusal } => {
                self.note(match refusal {
                    domain::session::Refusal::Busy => "busy",
                    domain::session::Refusal::Internal => "internal",
                    domain::session::Refusal::BadTime => "bad time",
                    domain::session::Refusal::UnknownEntry => "unknown entry",
                    domain::session::Refusal::Near(_) => "near",
                    domain::session::Refusal::NotOffered => "not offered",
                    _ => "refused",
                });
                let named = self.numbered.get(&socket).and_then(|n| n.get(*seq as usize - 1));
                assert_eq!(named, Some(id), "I4: an error that names another command");
                assert!(self.refused.insert((socket, *seq)), "I4: two errors for one command");
            }
            Out::Card(deal) => {
                let card = deal.deck.card(deal.card).map(|card| card.id).expect("a card");
                self.invariant_i10_gate(user, socket, deal.deck.id, card, &deal.state);
                self.invariant_limits_are_kept(user, socket, deal.deck.id, deal.kind);
                self.note("card");
            }
            Out::Changed(changed) => {
                if let Some(deal) = &changed.card {
                    let card = deal.deck.card(deal.card).map(|card| card.id).expect("a card");
                    self.invariant_i10_gate(user, socket, deal.deck.id, card, &deal.state);
                }
                if let Some((card, state)) = &changed.about {
                    let has = |deck: &&DeckId| self.library.deck(**deck).index_of(*card).is_some();
                    let deck = *self.deck_ids.iter().find(has).expect("a card of a deck");
                    self.invariant_i10_gate(user, socket, deck, *card, state);
                }
                self.note("changed");
            }
            Out::Done(done) => self.invariant_i9_own_writes_are_in_the_figures(user, socket, done),
            Out::Error(_) | Out::Queue(..) | Out::Class(..) | Out::Close(_) => {}
        }
    }

    fn invariant_i4_saved_covers_only_the_decided(&mut self, user: UserId, socket: SocketId, seq: u64) {
        let ids = self.numbered.get(&socket).cloned().unwrap_or_default();
        for (at, id) in ids.iter().enumerate().take(seq as usize) {
            let refused = self.refused.contains(&(socket, at as u64 + 1));
            let stored = self.stores.get(&user).is_some_and(|store| store.log.contains_key(id));
            assert!(refused || stored, "I4: saved {seq} covers {id:?}, neither durable nor refused");
        }
    }

    /// Nothing that another socket did, and that is not durable, shows in a card: its state is the fold of what is
    /// durable with none, some or all of what this socket did itself.
    fn invariant_i10_gate(
        &self,
        user: UserId,
        socket: SocketId,
        deck: DeckId,
        card: CardId,
        shown: &CardState,
    ) {
        let Some((life, store)) = self.node.lives.get(&user).zip(self.stores.get(&user)) else { return };
        let stale = life.session.states().any(|row| row.1 == card && row.3);
        let pending: Vec<LogEntry> = life.session.pending_entries().copied().collect();
        // What others are shown of a card with a refused row may lag behind what is durable.
        let lags = self.refused_cards.contains(&(user, card));
        if stale || lags || pending.iter().any(|entry| self.quarantined.contains(&entry.id)) {
            return;
        }
        let undecided = |id: EntryId| pending.iter().any(|entry| entry.id == id);
        let known: Vec<LogEntry> =
            store.card_log(deck, card).into_iter().filter(|entry| !undecided(entry.id)).collect();
        let here: BTreeSet<EntryId> = self.numbered.get(&socket).into_iter().flatten().copied().collect();
        let about = |entry: &LogEntry| match entry.body {
            Body::Undo { of } => self.command_of(of).is_some_and(|named| card_named(&named.1) == Some(card)),
            _ => entry.card() == Some((deck, card)),
        };
        let own: Vec<LogEntry> =
            pending.iter().filter(|entry| here.contains(&entry.id) && about(entry)).copied().collect();
        if own.len() > 8 {
            return;
        }
        let params = self.library.deck(deck).settings.fold_params();
        for some in 0..1_u32 << own.len() {
            let mine = own.iter().enumerate().filter(|(at, _)| some >> at & 1 == 1).map(|(_, entry)| *entry);
            let all: Vec<LogEntry> = known.iter().copied().chain(mine).collect();
            let on_card: Vec<LogEntry> =
                all.iter().filter(|entry| entry.card() == Some((deck, card))).copied().collect();
            if fold_card(&on_card, &Live::of(&all), &params, |_, _| {}) == *shown {
                return;
            }
        }
        panic!("I10: {card:?} shows {socket:?} what is not durable: {shown:?}");
    }

    /// No new card is handed out of a deck whose limit was used up; `more` of a start is at most two here.
    fn invariant_limits_are_kept(&self, user: UserId, socket: SocketId, deck: DeckId, kind: Kind) {
        let Some(life) = self.node.lives.get(&user) else { return };
        if kind != Kind::New {
            return;
        }
        let (today, sitting) = (life.session.today(), life.session.sitting_of(socket));
        let used = |mine: bool| {
            let counts = |state: &CardState| {
                uses_new(state, today) && (state.scheduled.and_then(|s| s.sitting) == sitting) == mine
            };
            life.session.states().filter(|(d, _, state, _)| *d == deck && counts(state)).count()
        };
        let open = (self.library.deck(deck).settings.new_per_day as usize).saturating_sub(used(false)) + 2;
        assert!(used(true) <= open, "limits: a new card although {} of {open} were used", used(true));
    }

    fn invariant_i9_own_writes_are_in_the_figures(&mut self, user: UserId, socket: SocketId, done: &Done) {
        let log = self.log(user);
        let undone: BTreeSet<EntryId> = log
            .iter()
            .filter_map(|entry| if let Body::Undo { of } = entry.body { Some(of) } else { None })
            .collect();
        let here: BTreeSet<EntryId> = self.numbered.get(&socket).into_iter().flatten().copied().collect();
        let mine = log
            .iter()
            .filter(|entry| here.contains(&entry.id) && !undone.contains(&entry.id))
            .filter_map(LogEntry::review)
            .filter(|review| review.sitting == Some(done.sitting))
            .count();
        assert!(done.answered as usize >= mine, "I9: done says {} of {mine}", done.answered);
        self.note("done");
    }
}

fn card_named(command: &Command) -> Option<CardId> {
    match command {
        Command::Answer(answer) => Some(answer.card),
        Command::Respond(said) => Some(said.card),
        Command::Set { card, .. } => Some(*card),
        Command::Regrade(regrade) => Some(regrade.card),
        Command::Undo { .. }
        | Command::ImportCommit { .. }
        | Command::ImportRevoke { .. }
        | Command::Claim { .. } => None,
    }
}

fn uses_new(state: &CardState, today: domain::day::Day) -> bool {
    state.scheduled.is_some_and(|s| s.day == today && s.was_new && !s.only_early)
}

fn told(out: &Out) -> String {
    let shown = |deal: &domain::session::CardDeal| {
        let card = deal.deck.card(deal.card).map(|card| name(card.id)).unwrap_or_default();
        format!("{card} {:?}", deal.kind)
    };
    match out {
        Out::Card(deal) => format!("card {}", shown(deal)),
        Out::Graded(g) => format!("graded {} {:?}", short(g.id), g.grade),
        Out::Saved(seq) => format!("saved {seq}"),
        Out::Refused { seq, id, refusal } => format!("error {seq} {} {refusal:?}", short(*id)),
        Out::Error(notice) => format!("error {notice:?}"),
        Out::Changed(c) => format!(
            "changed {:?} drop {:?} card {:?}",
            c.reason,
            c.drop.iter().map(|card| name(*card)).collect::<Vec<_>>(),
            c.card.as_ref().map(shown)
        ),
        Out::Queue(_, total) => format!("queue {total:?}"),
        Out::Class(document, _) => format!("class {}", document.version),
        Out::Done(done) => format!("done {done:?}"),
        Out::Close(why) => format!("close {why:?}"),
    }
}
