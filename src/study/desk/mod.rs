//! What lies before the learner: a pure model of the screen, driven by events, keys and time.

use client::{Event, SetAside, Shown, Stopped};
use domain::limits::TYPED_BYTES_MAX;
use protocol::{Body, Card, Counts, Done, ErrorCode, Grade, Graded, Mode, Reply, Response, SetChange};
use std::sync::Arc;
use uuid::Uuid;

/// Own deeds that can be taken back one by one, as deep as the server promises.
const DEEDS_MAX: usize = protocol::limits::UNDO_DEPTH;

/// What the learner pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Turn the card.
    Flip,
    /// Grade it, once it is turned; of a card with choices the number of one of them.
    Grade(u8),
    /// A letter: of an answer that is typed, else as its key is meant.
    Letter(char),
    /// The end of an answer that is typed; else as the space bar.
    Enter,
    /// Take the last letter back.
    Erase,
    /// Take the last deed back.
    Undo,
    /// Never deal this card again.
    Suspend,
    /// Connect now.
    Retry,
    /// Leave; a second time: without waiting for what is not saved.
    Quit,
}

/// What follows from a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// An answer.
    Answer(Shown, Reply),
    /// A property of a card.
    Set(Uuid, Uuid, SetChange),
    /// Taking back.
    Undo(Uuid),
    /// Connecting now.
    Retry,
}

/// How the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Not yet.
    Connecting,
    /// Well.
    Online,
    /// Broken; the next attempt is due at this tick.
    Broken {
        /// Why.
        reason: String,
        /// When, ms of the study's clock.
        retry_at: Option<u64>,
    },
    /// For good.
    Stopped(Stopped),
}

/// Everything that is shown.
#[derive(Debug)]
pub struct Desk {
    /// How the connection is.
    pub line: Line,
    /// What today still holds.
    pub left: Counts,
    /// The card on screen.
    pub card: Option<Arc<Card>>,
    /// Whether its back is shown.
    pub flipped: bool,
    /// What is typed as an answer so far.
    pub typed: String,
    /// Set while nothing can be handed out.
    pub done: Option<Done>,
    /// Deeds without a verdict.
    pub unsaved: usize,
    /// Answers given since the program began, undone ones left out.
    pub answered: u32,
    /// Those with a grade of 3 or more.
    pub correct: u32,
    /// The last thing worth saying.
    pub message: Option<String>,
    /// Whether there ever was a connection.
    pub welcomed: bool,
    shown_at: u64,
    /// A card that was answered, until the client has said that it is gone: what it said before may still come.
    gone: Option<Uuid>,
    /// A deed that may bring another card on screen, until its verdict.
    settling: Option<Uuid>,
    quits: u8,
    deeds: Vec<(Uuid, Option<bool>)>,
    /// Whether the last answer, whose id is not known yet, was right.
    pending: Option<bool>,
    /// The card that is asked once more, and what was typed first.
    near: Option<(Uuid, String)>,
}

impl Desk {
    /// An empty desk.
    pub const fn new() -> Desk {
        Desk {
            line: Line::Connecting,
            left: Counts { new: 0, learning: 0, review: 0 },
            card: None,
            flipped: false,
            typed: String::new(),
            done: None,
            unsaved: 0,
            answered: 0,
            correct: 0,
            message: None,
            welcomed: false,
            shown_at: 0,
            gone: None,
            settling: None,
            quits: 0,
            deeds: Vec::new(),
            pending: None,
            near: None,
        }
    }

    /// Whether it is time to go: asked to, with everything saved, or asked to twice.
    pub const fn is_over(&self) -> bool {
        self.quits > 1 || (self.quits == 1 && self.unsaved == 0)
    }

    /// Whether the card on screen is the one that the next answer is for.
    pub const fn is_ready(&self) -> bool {
        self.card.is_some() && self.settling.is_none()
    }

    /// Whether the learner has asked to leave.
    pub const fn is_leaving(&self) -> bool {
        self.quits > 0
    }

    /// Whether letters are those of an answer.
    pub fn types(&self) -> bool {
        self.card.as_ref().is_some_and(|card| card.mode == Mode::Type)
    }

    /// Takes a key; gives what is to be done about it.
    pub fn key(&mut self, tick_ms: u64, key: Key) -> Option<Deed> {
        let key = if self.types() { key } else { meant(key)? };
        if let Key::Letter(letter) = key {
            if self.typed.len() < TYPED_BYTES_MAX {
                self.typed.push(letter);
            }
            return None;
        }
        if key == Key::Erase {
            self.typed.pop();
            return None;
        }
        self.message = None;
        match key {
            Key::Letter(_) | Key::Erase => None,
            Key::Enter => self.respond(tick_ms),
            Key::Flip => {
                self.flipped = self.card.as_ref().is_some_and(|card| !card.mode.is_checked());
                None
            }
            Key::Grade(number) if self.card.as_ref().is_some_and(|card| card.mode == Mode::Choose) => {
                self.choose(tick_ms, number)
            }
            Key::Grade(grade) => self.grade(tick_ms, grade),
            Key::Undo => {
                let (of, right) = self.deeds.pop()?;
                self.uncount(right);
                Some(Deed::Undo(of))
            }
            Key::Suspend => {
                let card = self.card.as_ref()?;
                self.pending = None;
                Some(Deed::Set(card.deck_id, card.card_id, SetChange::Suspended(true)))
            }
            Key::Retry => Some(Deed::Retry),
            Key::Quit => {
                self.quits = self.quits.saturating_add(1);
                None
            }
        }
    }

    fn grade(&mut self, tick_ms: u64, grade: u8) -> Option<Deed> {
        let grade = Grade::try_from(grade).ok()?;
        if !self.flipped {
            // The first key turns the card, so that nobody grades what was not seen.
            self.flipped = self.card.as_ref().is_some_and(|card| !card.mode.is_checked());
            return None;
        }
        let right = grade.get() >= 3;
        self.answered += 1;
        self.correct += u32::from(right);
        self.pending = Some(right);
        let (shown, _) = self.put_away(tick_ms)?;
        Some(Deed::Answer(shown, Reply::Grade(grade)))
    }

    /// What was typed is the answer; the second one carries the first.
    fn respond(&mut self, tick_ms: u64) -> Option<Deed> {
        let text = std::mem::take(&mut self.typed);
        let (shown, card) = self.put_away(tick_ms)?;
        let first = self.near.take().filter(|(near, _)| *near == card.card_id).map(|(_, first)| first);
        let reply = match first {
            Some(first) => Reply::Again { first, text },
            None => Reply::Response(Response::Text(text)),
        };
        Some(Deed::Answer(shown, reply))
    }

    fn choose(&mut self, tick_ms: u64, number: u8) -> Option<Deed> {
        let at = usize::from(number).checked_sub(1)?;
        let text = self.card.as_ref()?.choices.get(at)?.clone();
        let (shown, _) = self.put_away(tick_ms)?;
        Some(Deed::Answer(shown, Reply::Response(Response::Text(text))))
    }

    /// Takes the card off the screen, as one that was answered.
    fn put_away(&mut self, tick_ms: u64) -> Option<(Shown, Arc<Card>)> {
        let card = self.card.take()?;
        self.flipped = false;
        self.gone = Some(card.card_id);
        let elapsed_ms = u32::try_from(tick_ms.saturating_sub(self.shown_at)).unwrap_or(u32::MAX);
        let shown = Shown {
            deck_id: card.deck_id,
            card_id: card.card_id,
            elapsed_ms,
            confidence: None,
            early: false,
        };
        Some((shown, card))
    }

    fn uncount(&mut self, right: Option<bool>) {
        if let Some(right) = right {
            self.answered = self.answered.saturating_sub(1);
            self.correct = self.correct.saturating_sub(u32::from(right));
        }
    }

    /// Notes the id of a deed that was taken.
    pub fn did(&mut self, deed: &Deed, id: Uuid) {
        self.unsaved += 1;
        match deed {
            Deed::Set(..) | Deed::Undo(_) => self.settling = Some(id),
            Deed::Answer(..) | Deed::Retry => {}
        }
        match deed {
            Deed::Answer(..) | Deed::Set(..) => {
                if self.deeds.len() == DEEDS_MAX {
                    self.deeds.remove(0);
                }
                self.deeds.push((id, self.pending.take()));
            }
            Deed::Undo(_) | Deed::Retry => {}
        }
    }

    /// Takes an event of the client.
    pub fn event(&mut self, tick_ms: u64, event: Event) {
        match event {
            Event::Connecting { .. } => self.line = Line::Connecting,
            Event::Welcome(_) => {
                self.line = Line::Online;
                self.welcomed = true;
            }
            Event::Unsaved(unsaved) => self.unsaved = unsaved,
            Event::Saved { id, unsaved } => {
                self.unsaved = unsaved;
                self.settled(id);
            }
            Event::Disconnected { reason, retry_in_ms, .. } => {
                self.settling = None;
                self.line = Line::Broken { reason, retry_at: retry_in_ms.map(|ms| tick_ms + ms) };
            }
            Event::Stopped(why) => self.line = Line::Stopped(why),
            Event::Queue(queue) => {
                self.left = Counts { new: queue.new, learning: queue.learning, review: queue.review };
            }
            Event::Left(left) => self.left = left,
            Event::Held(cards) => self.hold(tick_ms, &cards),
            Event::Done(done) => self.done = Some(done),
            Event::Refused(aside) => {
                self.unsaved = self.unsaved.saturating_sub(1);
                if aside.code == ErrorCode::Near.as_str() {
                    return self.ask_once_more(&aside);
                }
                self.settled(aside.command.id);
                self.deeds.retain(|(id, _)| *id != aside.command.id);
                self.message = Some(format!("not taken ({}): {}", aside.code, aside.message));
            }
            Event::Renamed { from, to } => {
                for (id, _) in self.deeds.iter_mut().filter(|(id, _)| *id == from) {
                    *id = to;
                }
            }
            Event::ForeignEntries(count) => {
                self.message = Some(format!("{count} answers of somebody else wait on this device"));
            }
            Event::Notice(error) => {
                if error.known() != Some(ErrorCode::TokenExpiring) {
                    self.message = Some(format!("{}: {}", error.code, error.message));
                }
            }
            Event::OutboxFailed(reason) => {
                self.message = Some(format!("{reason}: what is not saved is lost if this program ends"));
            }
            Event::Goodbye { .. } => self.message = Some("the server is going away for a moment".into()),
            Event::Violation(violation) => self.message = Some(format!("the server is wrong: {violation}")),
            Event::Busy { id, .. } => self.settled(id),
            Event::Graded(graded) => self.graded(&graded),
            Event::Class(_) | Event::Rescheduled { .. } => {}
        }
    }

    /// What became of a response; told again it counts no more.
    fn graded(&mut self, graded: &Graded) {
        let right = graded.grade >= 3;
        let deed = self.deeds.iter_mut().find(|(id, right)| *id == graded.id && right.is_none());
        if let Some((_, counted)) = deed {
            *counted = Some(right);
            self.answered += 1;
            self.correct += u32::from(right);
        }
        let back = super::html::to_text(&graded.back);
        self.message = Some(if right { format!("right: {back}") } else { format!("wrong, it is: {back}") });
    }

    /// A response was near: its card is on screen again.
    fn ask_once_more(&mut self, aside: &SetAside) {
        self.deeds.retain(|(id, _)| *id != aside.command.id);
        if let Body::Answer(answer) = &aside.command.body
            && let Reply::Response(Response::Text(first)) = &answer.reply
        {
            self.near = Some((answer.card_id, first.clone()));
            self.gone = None;
        }
        self.message = Some(aside.message.clone());
    }

    fn settled(&mut self, id: Uuid) {
        if self.settling == Some(id) {
            self.settling = None;
        }
    }

    fn hold(&mut self, tick_ms: u64, cards: &[Arc<Card>]) {
        if !cards.iter().any(|card| Some(card.card_id) == self.gone) {
            self.gone = None;
        }
        let gone = self.gone;
        self.show(tick_ms, cards.iter().find(|card| Some(card.card_id) != gone));
    }

    fn show(&mut self, tick_ms: u64, card: Option<&Arc<Card>>) {
        let same = match (&self.card, card) {
            (Some(before), Some(now)) => {
                (before.card_id, &before.front, &before.back) == (now.card_id, &now.front, &now.back)
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.card = card.cloned();
        if card.is_some() {
            self.done = None;
        }
        if !same {
            self.flipped = false;
            self.typed.clear();
            self.shown_at = tick_ms;
        }
    }
}

/// What a key means while no answer is typed.
const fn meant(key: Key) -> Option<Key> {
    match key {
        Key::Enter | Key::Letter(' ') => Some(Key::Flip),
        Key::Letter(digit @ '0'..='6') => Some(Key::Grade(digit as u8 - b'0')),
        Key::Letter('u') => Some(Key::Undo),
        Key::Letter('s') => Some(Key::Suspend),
        Key::Letter('r') => Some(Key::Retry),
        Key::Letter('q') => Some(Key::Quit),
        Key::Letter(_) | Key::Erase => None,
        Key::Flip | Key::Grade(_) | Key::Undo | Key::Suspend | Key::Retry | Key::Quit => Some(key),
    }
}

#[cfg(test)]
mod tests;
