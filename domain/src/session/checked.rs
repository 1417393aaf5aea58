//! The checked modes: how a card is asked, and what becomes of what was typed or chosen. The grade follows from the text,
//! the card's accepted answers and the deck's settings alone; a near text is refused, and asked once more.

use super::Session;
use super::decks::{CardKey, DeckStudy};
use super::known::Knowledge;
use super::types::*;
use super::work::{Gathered, Step};
use crate::check::CheckSettings;
use crate::check::choices::{Candidate, Choices, can_be_chosen, choices};
use crate::check::later::{response_digest, shown};
use crate::check::trial::{self, Attempt, TrialResult};
use crate::deck::{CardMeta, Deck};
use crate::entry::{Body, Fnv, LogEntry, Mode, Review};
use crate::grade::Grade;
use crate::ids::{CardId, EntryId, UserId};
use crate::limits::{
    CHOICE_CANDIDATES_COMPARED, CHOICE_CANDIDATES_MAX, CHOICES_SHOWN, WRONG_TEXTS_REMEMBERED,
};
use std::sync::Arc;

/// The text of a wrong answer: the log keeps its digest alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrongText {
    /// The card.
    pub card: CardId,
    /// The digest that the log has.
    pub digest: u64,
    /// The text, as far as it is shown ([`shown`]).
    pub text: Arc<str>,
}

/// A response that is decided.
struct Judged<'a> {
    mode: Mode,
    text: &'a str,
    result: TrialResult,
    grade: Grade,
}

impl Respond {
    /// The review that it becomes, as far as its content goes: grade and mode are found by checking it.
    pub(super) fn review(&self) -> Review {
        let response = match &self.response {
            Response::Text(text) => Some(response_digest(text)),
            Response::Choice(_) => None,
        };
        Review {
            deck: self.deck,
            card: self.card,
            grade: Grade::Blackout,
            mode: Mode::Type,
            elapsed_ms: self.elapsed_ms,
            early: self.early,
            confidence: self.confidence,
            sitting: self.sitting,
            class: None,
            response,
            revision: 0,
            told: false,
        }
    }

    /// Whether this entry is what became of it. What a number chose is known by the entry alone.
    fn became(&self, entry: &LogEntry) -> bool {
        let Some(stored) = entry.review() else { return false };
        let said = match &self.response {
            Response::Text(_) => self.review(),
            Response::Choice(_) => Review { response: stored.response.or(Some(0)), ..self.review() },
        };
        LogEntry { body: Body::Review(said), ..*entry }.content_digest() == entry.content_digest()
    }
}

/// What is known of a response's id.
enum Before {
    New,
    Settled,
    Ask(Want),
}

impl Session {
    /// The text of a wrong answer to this card that the log has under this digest, while it is remembered: of the newest
    /// [`WRONG_TEXTS_REMEMBERED`] that this session accepted. It may be of an answer that is not durable yet.
    pub fn wrong_text(&self, card: CardId, digest: u64) -> Option<&Arc<str>> {
        let known = self.wrong_texts.iter().rev().find(|known| (known.card, known.digest) == (card, digest));
        known.map(|known| &known.text)
    }

    /// About how many bytes the checked modes hold.
    pub(super) fn checked_bytes(&self) -> usize {
        let held = self.sockets.values().flat_map(|socket| &socket.held);
        let shown = held.map(|held| match &held.asked {
            Asked::Choose(choices) => choices.texts.iter().map(|text| text.len() + 64).sum(),
            Asked::Flip | Asked::Type => 0,
        });
        let wrong = self.wrong_texts.iter().map(|wrong| size_of::<WrongText>() + wrong.text.len());
        shown.sum::<usize>() + wrong.sum::<usize>()
    }

    /// How a card is asked that was answered so often: as the sitting or the deck says, as far as the card allows.
    pub(super) fn asked(&self, study: &DeckStudy, index: u32, answers: u32, mode: Option<Mode>) -> Asked {
        let settings = &study.deck.settings;
        let can_be_typed = study.deck.card(index).is_some_and(|card| !card.texts.answers.is_empty());
        match mode.unwrap_or(settings.mode) {
            Mode::Type | Mode::Choose if !can_be_typed => Asked::Flip,
            Mode::Flip => Asked::Flip,
            Mode::Type => Asked::Type,
            Mode::Choose => {
                let found = choices_of(&study.deck, index, seed_of(self.user, study, index, answers));
                found.map_or(Asked::Type, |found| Asked::Choose(Arc::new(found)))
            }
        }
    }

    /// Whether this socket holds the card in a checked mode.
    pub(super) fn is_asked_checked(&self, socket: SocketId, key: CardKey) -> bool {
        self.asked_at(socket, key).is_some_and(|asked| asked.mode() != Mode::Flip)
    }

    fn asked_at(&self, socket: SocketId, key: CardKey) -> Option<&Asked> {
        let held = self.sockets.get(&socket)?.held.iter().find(|held| held.key == key)?;
        Some(&held.asked)
    }

    /// Works on what was typed or chosen.
    pub(super) fn respond(
        &mut self,
        now: Now,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        said: &Respond,
        gathered: &mut Gathered,
        fx: &mut Vec<Effect>,
    ) -> Step {
        match self.before(socket, (seq, id), said, gathered, fx) {
            Before::Settled => return Step::Done,
            Before::Ask(want) => return Step::Need(want),
            Before::New => {}
        }
        let about = (said.deck, said.card);
        let target = match self.admitted(now, socket, (seq, id), about, gathered, fx) {
            Ok(target) => target,
            Err(step) => return step,
        };
        let Some(deck) = self.decks.get(&said.deck).map(|study| study.deck.clone()) else {
            return Step::Done;
        };
        let asked = self.asked_by(socket, target.key, said);
        let near = self.near_before(socket, target.key);
        let judged = match judge(&deck, target.key.1, asked.as_ref(), near.as_deref(), said) {
            Ok(judged) => judged,
            Err(refusal) => {
                self.note_near(socket, target.key, refusal, said);
                self.refuse(socket, seq, id, refusal, fx);
                return Step::Done;
            }
        };
        let digest = response_digest(judged.text);
        let review =
            Review { grade: judged.grade, mode: judged.mode, response: Some(digest), ..said.review() };
        let mut entry =
            LogEntry { id, job: None, stamp: self.zones.stamp(id.at_ms()), body: Body::Review(review) };
        if let Err(want) = self.place(now, socket, (seq, &target), &mut entry, gathered, fx) {
            return Step::Need(want);
        }
        if judged.result == TrialResult::Wrong {
            self.note_wrong(said.card, digest, judged.text);
        }
        self.tell_graded(socket, target.key, &entry, fx);
        Step::Done
    }

    /// What is known of a response's id. One that is known is told again what became of it.
    fn before(
        &mut self,
        socket: SocketId,
        (seq, id): (u64, EntryId),
        said: &Respond,
        gathered: &Gathered,
        fx: &mut Vec<Effect>,
    ) -> Before {
        if let Some(pending) = self.pending.get(id) {
            let (entry, key) = (pending.entry, pending.key);
            if said.became(&entry) {
                self.pending.wait(id, (socket, seq));
                self.forget_busy(socket, id);
                self.tell_graded(socket, key, &entry, fx);
            } else {
                self.refuse(socket, seq, id, Refusal::IdReused, fx);
            }
            return Before::Settled;
        }
        let is_stored = match self.known.of(id) {
            Knowledge::Unknown => return Before::New,
            Knowledge::Stored(_) => true,
            Knowledge::Ask => gathered.settled.is_some(),
        };
        let read = gathered.entries.iter().chain(&gathered.named).flatten();
        let Some(stored) = read.copied().find(|entry| entry.id == id) else {
            // It may have become durable while the store was asked: then it is asked once more.
            return match (&gathered.entries, &gathered.named) {
                (None, _) => Before::Ask(Want::Entries(vec![id])),
                (Some(_), None) if is_stored => Before::Ask(Want::Entries(vec![id])),
                (Some(_), Some(_)) if is_stored => {
                    self.refuse(socket, seq, id, Refusal::Busy, fx);
                    Before::Settled
                }
                (Some(_), _) => Before::New,
            };
        };
        if !said.became(&stored) {
            self.refuse(socket, seq, id, Refusal::IdReused, fx);
            return Before::Settled;
        }
        let Some(study) = self.decks.get(&said.deck) else {
            // Its back is to be shown again.
            if !gathered.decks_asked {
                return Before::Ask(Want::Decks(vec![said.deck]));
            }
            self.forget_busy(socket, id);
            self.decide(socket, seq);
            return Before::Settled;
        };
        if let Some(index) = study.deck.index_of(said.card) {
            self.tell_graded(socket, (said.deck, index), &stored, fx);
        }
        self.forget_busy(socket, id);
        self.decide(socket, seq);
        Before::Settled
    }

    /// How the card was asked that is responded to: as this socket holds it. For one that it does not hold, a number means
    /// the choices that would be shown now.
    fn asked_by(&self, socket: SocketId, key: CardKey, said: &Respond) -> Option<Asked> {
        let held = self.asked_at(socket, key).cloned();
        held.or_else(|| match said.response {
            Response::Text(_) => None,
            Response::Choice(_) => {
                let study = self.decks.get(&key.0)?;
                Some(self.asked(study, key.1, study.state(key.1).answers, Some(Mode::Choose)))
            }
        })
    }

    fn near_before(&self, socket: SocketId, key: CardKey) -> Option<Box<str>> {
        let held = self.sockets.get(&socket)?.held.iter().find(|held| held.key == key)?;
        held.near.clone()
    }

    /// A near text is remembered while its card is held: leaving it out of the next one makes that no first one.
    fn note_near(&mut self, socket: SocketId, key: CardKey, refusal: Refusal, said: &Respond) {
        let (Refusal::Near(_), Response::Text(text)) = (refusal, &said.response) else { return };
        let held = self.sockets.get_mut(&socket).and_then(|s| s.held.iter_mut().find(|held| held.key == key));
        if let Some(held) = held {
            held.near = Some(text.as_str().into());
        }
    }

    fn note_wrong(&mut self, card: CardId, digest: u64, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.wrong_texts.retain(|known| (known.card, known.digest) != (card, digest));
        if self.wrong_texts.len() >= WRONG_TEXTS_REMEMBERED {
            self.wrong_texts.pop_front();
        }
        self.wrong_texts.push_back(WrongText { card, digest, text: shown(text).into() });
    }

    fn tell_graded(&self, socket: SocketId, key: CardKey, entry: &LogEntry, fx: &mut Vec<Effect>) {
        let Some((study, review)) = self.decks.get(&key.0).zip(entry.review()) else { return };
        let graded = Graded {
            id: entry.id,
            deck: study.deck.clone(),
            card: key.1,
            shows_back: study.shows(key.1),
            result: TrialResult::of_grade(review.grade),
            grade: review.grade,
        };
        fx.push(Effect::Send { socket, out: Out::Graded(Box::new(graded)) });
    }
}

/// What follows from a response to a card that was asked so; `None` for a card that the socket does not hold.
fn judge<'a>(
    deck: &Deck,
    index: u32,
    asked: Option<&'a Asked>,
    near: Option<&str>,
    said: &'a Respond,
) -> Result<Judged<'a>, Refusal> {
    let answers = deck.card(index).map_or(&[][..], |card| &card.texts.answers);
    if answers.is_empty() {
        return Err(Refusal::NotOffered);
    }
    match (&said.response, asked) {
        (_, Some(Asked::Flip)) | (Response::Choice(_), Some(Asked::Type) | None) => Err(Refusal::NotOffered),
        (Response::Choice(place), Some(Asked::Choose(choices))) => {
            chosen(choices, usize::from(*place)).ok_or(Refusal::Malformed)
        }
        (Response::Text(text), Some(Asked::Type | Asked::Choose(_)) | None) => {
            let shown = match asked {
                Some(Asked::Choose(choices)) => Some(choices),
                Some(Asked::Flip | Asked::Type) | None => None,
            };
            let place = |choices: &Choices| choices.texts.iter().position(|choice| choice == text);
            match shown.and_then(|choices| chosen(choices, place(choices)?)) {
                Some(chosen) => Ok(chosen),
                None => typed(text, said.first.as_deref().or(near), answers, &deck.settings.check),
            }
        }
    }
}

fn chosen(choices: &Choices, place: usize) -> Option<Judged<'_>> {
    let text = choices.texts.get(place)?;
    match trial::chosen(place == choices.right) {
        trial::Outcome::Graded { result, grade } => Some(Judged { mode: Mode::Choose, text, result, grade }),
        trial::Outcome::AskAgain(_) => None,
    }
}

fn typed<'a>(
    text: &'a str,
    first: Option<&str>,
    answers: &[String],
    settings: &CheckSettings,
) -> Result<Judged<'a>, Refusal> {
    let outcome = match first {
        Some(first) => trial::typed_again(first, text, answers, settings),
        None => trial::typed(Attempt::First, text, answers, settings),
    };
    match outcome {
        trial::Outcome::AskAgain(slip) => Err(Refusal::Near(slip)),
        trial::Outcome::Graded { result, grade } => Ok(Judged { mode: Mode::Type, text, result, grade }),
    }
}

/// By what the choices of a card are drawn: the same for the same learner until the card is answered.
fn seed_of(user: UserId, study: &DeckStudy, index: u32, answers: u32) -> u64 {
    let mut h = Fnv::new();
    h.bytes(user.bytes());
    if let Some(card) = study.deck.card(index) {
        h.bytes(card.id.bytes());
    }
    h.bytes(&answers.to_le_bytes());
    h.0
}

/// A card's parts, as the checker wants them.
struct Parts<'a> {
    meta: &'a CardMeta,
    answers: Vec<&'a str>,
    tags: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(meta: &'a CardMeta) -> Parts<'a> {
        let answers = meta.texts.answers.iter().map(String::as_str).collect();
        Parts { meta, answers, tags: meta.tags.iter().map(|tag| &**tag).collect() }
    }

    fn candidate(&self) -> Candidate<'_> {
        let front = &self.meta.texts.front;
        Candidate { card: self.meta.id, front, answers: &self.answers, tags: &self.tags }
    }
}

/// What stands to choose from beside a card's answer, if anything surely wrong does.
fn choices_of(deck: &Deck, index: u32, seed: u64) -> Option<Choices> {
    let of = Parts::of(deck.card(index).filter(|card| can_be_shown(card))?);
    let others = beside(deck, of.meta, seed);
    let others: Vec<Parts> = others.into_iter().map(Parts::of).collect();
    let candidates: Vec<Candidate> = others.iter().map(Parts::candidate).collect();
    choices(&of.candidate(), &candidates, CHOICES_SHOWN, seed, &deck.settings.check)
}

fn can_be_shown(card: &CardMeta) -> bool {
    card.deleted_ms.is_none() && can_be_chosen(&card.texts.answers)
}

/// Cards of the deck to compare with this one: from a place on that the seed picks, those with a tag in common first.
fn beside<'d>(deck: &'d Deck, of: &CardMeta, seed: u64) -> Vec<&'d CardMeta> {
    let cards = deck.cards();
    let from = usize::try_from(seed % cards.len().max(1) as u64).unwrap_or(0);
    let (before, after) = cards.split_at_checked(from).unwrap_or((cards, &[]));
    let around = after.iter().chain(before).take(CHOICE_CANDIDATES_MAX);
    let others = around.filter(|card| card.id != of.id && can_be_shown(card));
    let (mut found, alone): (Vec<_>, Vec<_>) =
        others.partition(|card| card.tags.iter().any(|tag| of.tags.contains(tag)));
    found.truncate(CHOICE_CANDIDATES_COMPARED);
    let room = CHOICE_CANDIDATES_COMPARED - found.len();
    found.extend(alone.into_iter().take(room));
    found
}
