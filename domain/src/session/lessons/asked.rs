//! The question that is put to the class: its card comes at once, its first answer is the vote, and after the close the vote
//! stands.

use super::super::decks::CardKey;
use super::super::types::*;
use super::super::{Held, Session};
use super::Attended;
use crate::day::Day;
use crate::entry::{Body, LogEntry};
use crate::ids::{CardId, DeckId, EntryId};
use crate::lesson::cell::Vote;
use crate::lesson::votes::{AskAnswer, votes};
use crate::lesson::{Ask, Round, Told};
use crate::limits::{ASK_LATE_MS, VOTES_REMEMBERED};
use crate::state::CardState;

impl Session {
    /// Hands the card that is put to the class to the device that was used last, unless the learner has voted.
    pub(super) fn put_asked(&mut self, now: Now, fx: &mut Vec<Effect>) {
        for at in 0..self.lessons.attended.len() {
            let Some(attended) = self.lessons.attended.get(at) else { return };
            let Some(ask) = attended.to_put(now) else { continue };
            let is_told = attended.is_told((ask.deck, ask.card), now.wall_ms, self.today);
            let Some(study) = self.decks.get(&ask.deck) else { continue };
            let Some(index) = study.deck.index_of(ask.card) else { continue };
            let key = (ask.deck, index);
            let state = study.state(index);
            let is_hidden = !study.shows(index) || study.is_stale(index);
            let rests = state.suspended || state.is_buried(self.today);
            let is_busy = self.pending.concern(key) || self.locked.contains_key(&key);
            if is_hidden || rests || is_busy {
                continue;
            }
            if let Some(holder) = self.holder_of(key) {
                if is_told {
                    self.show_told(now, holder, key, fx);
                }
                continue;
            }
            let studying = self.sockets.iter().filter(|(_, socket)| socket.sitting.is_some());
            let Some(socket) = studying.max_by_key(|(_, socket)| socket.acted_tick_ms).map(|(id, _)| *id)
            else {
                continue;
            };
            self.make_room(socket, fx);
            let kind = if is_told { self.kind_when_told(key) } else { self.kind_shown(key) };
            self.hand_out(now, socket, key, kind, fx);
        }
    }

    /// A card that is put a second time and is held since before leads nowhere any more, whatever its grade.
    fn show_told(&mut self, now: Now, socket: SocketId, key: CardKey, fx: &mut Vec<Effect>) {
        let held = self.sockets.get(&socket).and_then(|s| s.held.iter().find(|held| held.key == key));
        let Some(was) = held.filter(|held| matches!(held.kind, Kind::New | Kind::Review)).cloned() else {
            return;
        };
        let Some(held) = self.held(now, socket, key, self.kind_when_told(key)) else { return };
        let Held { arrived_tick_ms, asked, near, .. } = was;
        let held = Held { arrived_tick_ms, asked, near, ..held };
        let holds = self.sockets.get_mut(&socket).map(|s| &mut s.held).into_iter().flatten();
        for place in holds.filter(|held| held.key == key) {
            *place = held.clone();
        }
        let card = self.deal(socket, &held);
        let changed =
            Changed { reason: Reason::Rescheduled, drop: Vec::new(), card, about: None, left: None };
        fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
    }

    /// A socket that holds all it may hold puts its last card back.
    fn make_room(&mut self, socket: SocketId, fx: &mut Vec<Effect>) {
        let Some(state) = self.sockets.get_mut(&socket) else { return };
        let window = state.sitting.as_ref().map_or(0, |sitting| sitting.window);
        if state.held.len() < window || state.held.len() < 2 {
            return;
        }
        let Some(dropped) = state.held.pop() else { return };
        self.returned.push_front(dropped.key);
        let drop = self.card_id(dropped.key).into_iter().collect();
        let changed = Changed { reason: Reason::Assigned, drop, card: None, about: None, left: None };
        fx.push(Effect::Send { socket, out: Out::Changed(Box::new(changed)) });
    }

    /// What an answer that is accepted now says of the talk about its card: what a class has talked about is no recall.
    pub(in crate::session) fn stamp_told(&self, now: Now, entry: &mut LogEntry) {
        let Body::Review(review) = &mut entry.body else { return };
        let Some(class) = review.class else { return };
        let about = (review.deck, review.card);
        let lesson = self.lessons.attended.iter().find(|attended| attended.class() == class);
        let is_told = lesson.is_some_and(|attended| attended.is_told(about, now.wall_ms, self.today));
        // What was given before the answer that has scheduled the card takes its place, as any late one does: told, it would
        // spend the day that both were recalls of.
        review.told = is_told && !self.is_before_todays(about, entry.id);
    }

    /// Whether an answer with this id comes before one that has scheduled its card today. Where the card was drilled since, the
    /// drill stands for it: between the two an answer is taken for one that came before both.
    fn is_before_todays(&self, (deck, card): (DeckId, CardId), id: EntryId) -> bool {
        let study = self.decks.get(&deck);
        let state = study.and_then(|study| Some(study.state(study.deck.index_of(card)?)));
        let is_before = |state: &CardState| {
            let graded = state.last_grade.filter(|grade| grade.day >= self.today);
            state.scheduled_by(self.today) && graded.is_some_and(|grade| id.at_ms() < grade.at_ms)
        };
        state.as_ref().is_some_and(is_before)
    }

    /// Whether this entry is a vote of a question that is closed: it is not taken back any more.
    pub(in crate::session) fn is_closed_vote(&self, now: Now, of: EntryId) -> bool {
        self.lessons.attended.iter().any(|attended| attended.is_closed_vote(now, of))
    }
}

impl Attended {
    /// The question that the learner has not answered yet and still may.
    fn to_put(&self, now: Now) -> Option<Ask> {
        let ask = self.told.document.ask?;
        let is_open = self.told.is_on() && !self.told.is_paused();
        if !is_open || self.count.is_none() || ask.is_closed(now.wall_ms, self.extra_percent) {
            return None;
        }
        let is_on_the_way = self.on_the_way.values().any(|at_ms| ask.takes(*at_ms, self.extra_percent));
        (vote_of(&self.chosen(), &ask).is_none() && !is_on_the_way).then_some(ask)
    }

    /// When the question was put that waits for an answer of this moment to this card, Unix milliseconds.
    pub(super) fn waits_for(&self, about: (DeckId, CardId), at_ms: i64) -> Option<i64> {
        let votes = self.chosen();
        let waits = |ask: &&Ask| {
            (ask.deck, ask.card) == about
                && !ask.is_closed(at_ms.saturating_sub(ASK_LATE_MS), self.extra_percent)
                && vote_of(&votes, ask).is_none()
                && self.on_the_way.is_empty()
        };
        self.told.rounds.iter().filter(waits).map(|ask| ask.opened_ms).max()
    }

    /// Whether an answer to this card that reaches the server at this moment (Unix milliseconds) comes after the class has
    /// talked about it: it is the vote of a second round, or follows one and the learner has no first vote. What is not
    /// durable yet is no vote here: it may never be one.
    fn is_told(&self, about: (DeckId, CardId), reached_ms: i64, today: Day) -> bool {
        if self.talked.contains(&(today, about)) {
            return true;
        }
        let votes = self.chosen();
        let put = |ask: &&Ask| (ask.deck, ask.card) == about && ask.opened_ms <= reached_ms;
        let mut rounds = self.told.rounds.iter().filter(put);
        let waits = |ask: &&Ask| ask.takes(reached_ms, self.extra_percent) && vote_of(&votes, ask).is_none();
        match rounds.clone().find(waits) {
            Some(ask) => ask.round == Round::Second,
            None => !has_first(&votes) && rounds.any(|ask| ask.round == Round::Second),
        }
    }

    /// The learner's votes on the question that is put, by its rounds.
    pub(super) fn chosen(&self) -> Vec<(Ask, AskAnswer)> {
        votes(&self.answers, &self.told.rounds, self.extra_percent)
    }

    /// The votes on the question that is put, one a round.
    pub(super) fn votes(&self) -> Vec<Vote> {
        self.chosen().into_iter().map(|(ask, answer)| answer.vote(&ask)).collect()
    }

    fn is_closed_vote(&self, now: Now, of: EntryId) -> bool {
        let extra = self.extra_percent;
        let votes = self.chosen();
        let closed = |ask: &&Ask| ask.is_closed(now.wall_ms, extra);
        let mut rounds = self.told.rounds.iter().filter(closed);
        self.voted.contains(&of)
            || rounds.any(|ask| {
                let waits = self.on_the_way.get(&of).is_some_and(|at_ms| ask.takes(*at_ms, extra));
                let vote = vote_of(&votes, ask);
                vote.is_some_and(|vote| vote.id == of) || (vote.is_none() && waits)
            })
    }

    /// The document changes: votes on a question that gives way stand from now on, if it was closed.
    pub(super) fn ask_moves_on(&mut self, now: Now, today: Day, to: &Told) {
        let gone: Vec<Ask> = self
            .told
            .rounds
            .iter()
            .filter(|ask| !to.rounds.iter().any(|kept| kept.id == ask.id))
            .copied()
            .collect();
        let votes = self.chosen();
        for ask in gone {
            // What the class has talked about is no recall that day when the question is gone either.
            if ask.round == Round::Second && !has_first(&votes) {
                if self.talked.len() >= VOTES_REMEMBERED {
                    self.talked.pop_front();
                }
                self.talked.push_back((today, (ask.deck, ask.card)));
            }
            let Some(vote) = vote_of(&votes, &ask).map(|vote| vote.id) else { continue };
            if ask.is_closed(now.wall_ms, self.extra_percent) {
                if self.voted.len() >= VOTES_REMEMBERED {
                    self.voted.pop_front();
                }
                self.voted.push_back(vote);
            }
        }
        let is_put = |answer: &AskAnswer| {
            to.rounds.iter().any(|ask| (ask.deck, ask.card) == (answer.deck, answer.card))
        };
        self.answers.retain(is_put);
        if to.rounds.is_empty() {
            self.on_the_way.clear();
        }
    }
}

/// Whether there is a vote of the first round of the question that is put.
fn has_first(votes: &[(Ask, AskAnswer)]) -> bool {
    votes.iter().any(|(ask, _)| ask.round == Round::First)
}

/// The vote on this question.
fn vote_of<'a>(votes: &'a [(Ask, AskAnswer)], ask: &Ask) -> Option<&'a AskAnswer> {
    votes.iter().find(|(of, _)| (of.id, of.round) == (ask.id, ask.round)).map(|(_, vote)| vote)
}
