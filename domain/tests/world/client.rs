//! A client as the protocol asks for one: it numbers its commands, keeps what it holds by the frames that it gets,
//! and notices every verdict.

use domain::check::trial::TrialResult;
use domain::grade::Grade;
use domain::ids::{CardId, EntryId};
use domain::session::{
    Asked, CardDeal, Closing, Command, Counts, Done, IfGraded, Kind, Notice, Out, Reason, Refusal,
};
use domain::state::CardState;
use std::collections::{BTreeMap, VecDeque};

/// A card as a frame shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct Shown {
    pub card: CardId,
    pub revision: u32,
    pub kind: Kind,
    pub state: CardState,
    pub asked: Asked,
    pub if_graded: [IfGraded; 6],
    pub left: Counts,
}

/// A frame, in a form that tests compare.
#[derive(Clone, PartialEq, Debug)]
pub enum Frame {
    Card(Shown),
    Saved(u64),
    Graded { id: EntryId, card: CardId, result: TrialResult, grade: Grade },
    Refused { seq: u64, id: EntryId, refusal: Refusal },
    Error(Notice),
    Changed(Box<Change>),
    Queue { decks: Vec<(domain::ids::DeckId, Counts)>, total: Counts },
    Done(Done),
    Class(std::sync::Arc<domain::lesson::Document>, u16),
    Close(Closing),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    pub reason: Reason,
    pub drop: Vec<CardId>,
    pub card: Option<Shown>,
    pub about: Option<(CardId, CardState)>,
    pub left: Option<Counts>,
}

#[derive(Debug, Default)]
pub struct Client {
    /// Frames that no test has looked at yet.
    pub frames: Vec<Frame>,
    /// The cards held, the one on screen first.
    pub held: Vec<CardId>,
    /// How each held card was last shown.
    pub shown: BTreeMap<CardId, Shown>,
    pub left: Option<Counts>,
    pub closed: Option<Closing>,
    sent: u64,
    saved: u64,
    refused: BTreeMap<u64, Refusal>,
    /// Cards answered by each command: a refused one is still held.
    answered: BTreeMap<u64, CardId>,
    /// Answers without a verdict.
    flying: BTreeMap<u64, CardId>,
    /// A card came while an answer to it was on its way: the server may have let it go since.
    unsure: bool,
    /// Starts whose queue has not come yet.
    starts: VecDeque<()>,
    pub told: bool,
}

impl Client {
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether everything it asked for was answered, so that both sides know the same.
    pub fn is_told(&self) -> bool {
        self.starts.is_empty() && self.told
    }

    /// Whether it can know what the server thinks that it holds.
    pub fn is_sure(&self) -> bool {
        !self.unsure
    }

    pub fn was_never_refused(&self) -> bool {
        self.refused.is_empty()
    }

    pub fn started(&mut self) {
        self.starts.push_back(());
        self.told = true;
    }

    /// Takes the next number; an answered card leaves the screen.
    pub fn sends(&mut self, _id: EntryId, command: &Command) -> u64 {
        self.sent += 1;
        if let Some(card) = answered(command) {
            // Two answers to one card: if the first is refused, the second is what lets it go.
            self.unsure |= self.flying.values().any(|flying| *flying == card);
            self.flying.insert(self.sent, card);
        }
        if let Some(card) = answered(command)
            && let Some(at) = self.held.iter().position(|held| *held == card)
        {
            self.held.remove(at);
            self.answered.insert(self.sent, card);
        }
        self.sent
    }

    /// Takes the next number for a command that was sent before: on another socket, or after a `busy`.
    pub fn sends_again(&mut self, command: &Command) -> u64 {
        self.sent += 1;
        if let Some(card) = answered(command) {
            self.flying.insert(self.sent, card);
            let mine = self.held.iter().chain(self.answered.values());
            self.unsure |= mine.into_iter().any(|other| *other == card);
        }
        self.sent
    }

    /// Numbers on: for a frame that could not be read.
    pub fn skips(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    pub fn saved(&self) -> u64 {
        self.saved
    }

    pub fn verdict(&self, seq: u64) -> Option<Result<(), Refusal>> {
        match self.refused.get(&seq) {
            Some(refusal) => Some(Err(*refusal)),
            None => (seq <= self.saved).then_some(Ok(())),
        }
    }

    pub fn receives(&mut self, out: Out) {
        assert!(self.is_open(), "a frame after the close: {out:?}");
        let frame = frame_of(out);
        match &frame {
            Frame::Card(shown) => {
                let again = self.held.contains(&shown.card);
                assert!(self.unsure || !again, "a card that is held comes again as new");
                self.held.retain(|card| *card != shown.card);
                self.held.push(shown.card);
                self.show(shown);
            }
            Frame::Saved(seq) => {
                assert!(*seq > self.saved, "saved does not rise: {seq} after {}", self.saved);
                assert!(*seq <= self.sent, "saved passes what was sent");
                self.saved = *seq;
                self.flying = self.flying.split_off(&(seq + 1));
            }
            Frame::Refused { seq, refusal, .. } => {
                assert!(*seq > self.saved, "an error after the saved that covers it");
                assert!(self.refused.insert(*seq, *refusal).is_none(), "a second verdict for {seq}");
                self.takes_back(*seq, *refusal);
            }
            Frame::Graded { .. } => {}
            Frame::Changed(change) => self.changes(change),
            Frame::Queue { total, .. } => {
                self.left = Some(*total);
                // After a start all cards were put back, and before that of a new day all were dropped.
                self.held.clear();
                self.answered.clear();
                self.unsure = false;
                self.starts.pop_front();
            }
            Frame::Error(_) => {
                self.starts.pop_front();
            }
            Frame::Done(_) => assert!(self.unsure || self.held.is_empty(), "done while cards are held"),
            Frame::Class(..) => {}
            Frame::Close(why) => self.closed = Some(*why),
        }
        self.frames.push(frame);
    }

    /// A refused answer never left the card; what the store could not hold had freed its place already.
    fn takes_back(&mut self, seq: u64, refusal: Refusal) {
        if refusal != Refusal::Internal
            && let Some(card) = self.answered.remove(&seq)
            && !self.held.contains(&card)
        {
            self.held.push(card);
        }
    }

    fn changes(&mut self, change: &Change) {
        for dropped in &change.drop {
            self.held.retain(|card| card != dropped);
            self.answered.retain(|_, card| card != dropped);
        }
        if let Some(shown) = &change.card {
            let at = self.held.iter().position(|card| *card == shown.card);
            match (change.reason, at) {
                (Reason::Undone, Some(at)) => {
                    self.held.remove(at);
                    self.held.insert(0, shown.card);
                }
                (Reason::Undone, None) => self.held.insert(0, shown.card),
                // A card that was answered a moment ago may change before the answer arrives.
                (_, None) if self.answered.values().any(|card| *card == shown.card) => return,
                (_, None) if self.unsure => return,
                (_, at) => assert!(at.is_some(), "a changed card that is not held: {change:?}"),
            }
            self.show(shown);
        }
        self.left = change.left.or(self.left);
    }

    fn show(&mut self, shown: &Shown) {
        self.left = Some(shown.left);
        self.unsure |= self.flying.values().any(|card| *card == shown.card);
        self.shown.insert(shown.card, shown.clone());
    }
}

/// The card that a command answers.
pub fn answered(command: &Command) -> Option<CardId> {
    match command {
        Command::Answer(answer) => Some(answer.card),
        Command::Respond(said) => Some(said.card),
        Command::Undo { .. }
        | Command::Set { .. }
        | Command::ImportCommit { .. }
        | Command::ImportRevoke { .. }
        | Command::Claim { .. }
        | Command::Regrade(_) => None,
    }
}

fn shown_of(deal: CardDeal) -> Shown {
    let meta = deal.deck.card(deal.card).expect("a card of its deck");
    Shown {
        card: meta.id,
        revision: meta.revision,
        kind: deal.kind,
        state: deal.state,
        asked: deal.asked,
        if_graded: deal.if_graded,
        left: deal.left,
    }
}

fn frame_of(out: Out) -> Frame {
    match out {
        Out::Card(deal) => Frame::Card(shown_of(*deal)),
        Out::Saved(seq) => Frame::Saved(seq),
        Out::Graded(graded) => {
            let card = graded.deck.card(graded.card).expect("a card of its deck").id;
            Frame::Graded { id: graded.id, card, result: graded.result, grade: graded.grade }
        }
        Out::Refused { seq, id, refusal } => Frame::Refused { seq, id, refusal },
        Out::Error(notice) => Frame::Error(notice),
        Out::Changed(c) => Frame::Changed(Box::new(Change {
            reason: c.reason,
            drop: c.drop,
            card: c.card.map(shown_of),
            about: c.about,
            left: c.left,
        })),
        Out::Queue(decks, total) => Frame::Queue { decks, total },
        Out::Done(done) => Frame::Done(done),
        Out::Class(document, extra_percent) => Frame::Class(document, extra_percent),
        Out::Close(why) => Frame::Close(why),
    }
}

/// The cards that were handed out, in order.
pub fn cards(frames: &[Frame]) -> Vec<CardId> {
    let card = |frame: &Frame| if let Frame::Card(shown) = frame { Some(shown.card) } else { None };
    frames.iter().filter_map(card).collect()
}

/// The first `changed` with this reason.
pub fn change(frames: &[Frame], reason: Reason) -> Option<Change> {
    changes(frames).into_iter().find(|change| change.reason == reason)
}

/// The `changed` frames.
pub fn changes(frames: &[Frame]) -> Vec<Change> {
    let change = |frame: &Frame| if let Frame::Changed(c) = frame { Some((**c).clone()) } else { None };
    frames.iter().filter_map(change).collect()
}

/// The `done` frames.
pub fn dones(frames: &[Frame]) -> Vec<Done> {
    let done = |frame: &Frame| if let Frame::Done(done) = frame { Some(done.clone()) } else { None };
    frames.iter().filter_map(done).collect()
}

/// The counts of the last `queue`, by deck and in total.
pub fn queue(frames: &[Frame]) -> Option<(Vec<(domain::ids::DeckId, Counts)>, Counts)> {
    let queue = |frame: &Frame| {
        if let Frame::Queue { decks, total } = frame { Some((decks.clone(), *total)) } else { None }
    };
    frames.iter().rev().find_map(queue)
}
