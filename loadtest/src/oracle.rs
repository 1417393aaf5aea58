//! What must be true of one socket's messages: the right learner, cards of the right deck and none held twice, verdicts
//! exactly once and in order, counts that equal the queue.

use client::{Held, Verdicts, Violation};
use protocol::{Card, ChangeReason, Counts, ServerFrame};
use std::collections::HashSet;
use uuid::Uuid;

/// A message that must not be.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A promise of the protocol was broken.
    #[error("{0}")]
    Protocol(#[from] Violation),
    /// Signed in as somebody else.
    #[error("signed in as {0}, who is somebody else")]
    OtherLearner(Uuid),
    /// A card of another deck.
    #[error("a card of deck {0}, which nobody asked for")]
    OtherDeck(Uuid),
    /// An answer was refused.
    #[error("an answer was refused: {0}")]
    Refused(String),
    /// Counts that do not add up.
    #[error("the counts are {told:?}, but {cards} cards are there and {low} to {high} of them were answered")]
    Counts {
        /// What the server says.
        told: Counts,
        /// Cards of the deck.
        cards: u32,
        /// Different cards whose answers are settled.
        low: u32,
        /// Different cards that were answered.
        high: u32,
    },
    /// Done, though every card comes again.
    #[error("done, though every card is to come again")]
    Done,
    /// The connection ended.
    #[error("the connection ended: {0}")]
    Ended(String),
}

/// What a learner has answered, over all sockets. Every answer leaves its card outstanding for the same day, so the
/// counts always add up to the deck.
#[derive(Debug, Default)]
pub struct Answered {
    sent: HashSet<Uuid>,
    settled: HashSet<Uuid>,
    /// A new day began: today's counts are no longer known from here.
    day_broke: bool,
}

/// The book of one socket.
pub struct Oracle {
    user: Uuid,
    deck: Uuid,
    cards: u32,
    window: usize,
    verdicts: Verdicts,
    held: Held,
}

/// What a message came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Answers that are durable by it, oldest first.
    pub durable: Vec<Uuid>,
    /// Answers that are to be sent again later.
    pub again: Option<Uuid>,
}

impl Oracle {
    /// A fresh book for this learner of a deck of so many cards.
    pub fn new(user: Uuid, deck: Uuid, cards: u32, window: usize) -> Oracle {
        Oracle { user, deck, cards, window, verdicts: Verdicts::default(), held: Held::default() }
    }

    /// An answer leaves; returns its number.
    pub fn sends(&mut self, id: Uuid, card: Uuid, answered: &mut Answered) -> u64 {
        self.held.remove(card);
        answered.sent.insert(card);
        self.verdicts.sent(id)
    }

    /// The card on screen.
    pub fn on_screen(&self) -> Option<(Uuid, Uuid)> {
        self.held.on_screen().map(|card| (card.deck_id, card.card_id))
    }

    /// Checks a message.
    ///
    /// # Errors
    /// [`Fault`]: the server broke a promise.
    pub fn reads(&mut self, frame: &ServerFrame, answered: &mut Answered) -> Result<Read, Fault> {
        let mut read = Read::default();
        match frame {
            ServerFrame::Welcome(welcome) if welcome.user_id != self.user => {
                return Err(Fault::OtherLearner(welcome.user_id));
            }
            ServerFrame::Card(card) => {
                if card.deck_id != self.deck {
                    return Err(Fault::OtherDeck(card.deck_id));
                }
                if let Some(seq) = card.saved {
                    read.durable = self.verdicts.saved(seq)?;
                }
                if let Some(left) = card.left {
                    self.count(left, answered)?;
                }
                self.held.deal(Card::clone(card), self.window)?;
            }
            ServerFrame::Saved(saved) => read.durable = self.verdicts.saved(saved.seq)?,
            ServerFrame::Queue(queue) => {
                self.held.forget();
                let told = Counts { new: queue.new, learning: queue.learning, review: queue.review };
                self.count(told, answered)?;
            }
            ServerFrame::Error(error) => {
                let Some(seq) = error.seq else { return Ok(read) };
                let id = self.verdicts.refused(seq, error.id)?;
                if error.is_final != Some(false) {
                    return Err(Fault::Refused(error.code.clone()));
                }
                read.again = Some(id);
            }
            ServerFrame::Changed(changed) => {
                answered.day_broke |= changed.reason == ChangeReason::NewDay;
                self.held.change(changed);
            }
            ServerFrame::Done(_) if !answered.day_broke => return Err(Fault::Done),
            ServerFrame::Welcome(_)
            | ServerFrame::Done(_)
            | ServerFrame::Renewed(_)
            | ServerFrame::Graded(_)
            | ServerFrame::Class(_)
            | ServerFrame::Beat
            | ServerFrame::Goodbye(_)
            | ServerFrame::Unknown(_) => {}
        }
        Ok(read)
    }

    fn count(&self, told: Counts, answered: &Answered) -> Result<(), Fault> {
        let high = u32::try_from(answered.sent.len()).unwrap_or(u32::MAX);
        let low = u32::try_from(answered.settled.len()).unwrap_or(u32::MAX);
        let new = self.cards.saturating_sub(high)..=self.cards.saturating_sub(low);
        let adds_up = told.new + told.learning + told.review == self.cards && new.contains(&told.new);
        if adds_up || answered.day_broke {
            return Ok(());
        }
        Err(Fault::Counts { told, cards: self.cards, low, high })
    }
}

impl Answered {
    /// The answer to this card is durable.
    pub fn settle(&mut self, card: Uuid) {
        self.settled.insert(card);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Saved;

    const USER: Uuid = Uuid::from_u128(1);
    const DECK: Uuid = Uuid::from_u128(2);

    fn oracle() -> (Oracle, Answered) {
        (Oracle::new(USER, DECK, 100, 3), Answered::default())
    }

    fn queue(new: u32, learning: u32) -> ServerFrame {
        ServerFrame::Queue(protocol::Queue { new, learning, review: 0, decks: Vec::new() })
    }

    #[test]
    fn counts_that_do_not_add_up_are_seen() {
        let (mut oracle, mut answered) = oracle();
        assert!(oracle.reads(&queue(100, 0), &mut answered).is_ok());
        assert!(matches!(oracle.reads(&queue(99, 0), &mut answered), Err(Fault::Counts { .. })));
        assert!(matches!(oracle.reads(&queue(99, 1), &mut answered), Err(Fault::Counts { .. })));
        oracle.sends(Uuid::from_u128(9), Uuid::from_u128(10), &mut answered);
        assert!(oracle.reads(&queue(100, 0), &mut answered).is_ok());
        assert!(oracle.reads(&queue(99, 1), &mut answered).is_ok());
        answered.settle(Uuid::from_u128(10));
        assert!(matches!(oracle.reads(&queue(100, 0), &mut answered), Err(Fault::Counts { .. })));
    }

    #[test]
    fn a_verdict_for_what_was_never_sent_is_seen() {
        let (mut oracle, mut answered) = oracle();
        let id = Uuid::from_u128(9);
        oracle.sends(id, Uuid::from_u128(10), &mut answered);
        let saved = |seq| ServerFrame::Saved(Saved { seq });
        assert_eq!(oracle.reads(&saved(1), &mut answered).unwrap().durable, [id]);
        assert!(matches!(oracle.reads(&saved(2), &mut answered), Err(Fault::Protocol(_))));
    }
}
