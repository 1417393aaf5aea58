//! What must be true of one socket's messages: verdicts exactly once and in order, the learner's own deck, no card held
//! twice.

use client::{Held, Verdicts, Violation};
use protocol::{Card, ServerFrame};
use std::collections::HashMap;
use std::time::Instant;
use uuid::Uuid;

/// The book of one socket.
pub struct Oracle {
    deck: Uuid,
    window: usize,
    verdicts: Verdicts,
    held: Held,
    sent_at: HashMap<Uuid, Instant>,
}

/// A message that must not be.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A promise of the protocol was broken.
    #[error("{0}")]
    Protocol(#[from] Violation),
    /// A card of a deck that is not this learner's.
    #[error("a card of deck {0}, which is not this learner's")]
    ForeignDeck(Uuid),
    /// An answer was refused.
    #[error("an answer was refused: {0}")]
    Refused(String),
    /// The connection ended.
    #[error("the connection ended: {0}")]
    Ended(String),
}

impl Oracle {
    /// A fresh book for a learner of this deck.
    pub fn new(deck: Uuid, window: usize) -> Oracle {
        Oracle { deck, window, verdicts: Verdicts::default(), held: Held::default(), sent_at: HashMap::new() }
    }

    /// An answer leaves; returns its number.
    pub fn sends(&mut self, id: Uuid, card: Uuid, at: Instant) -> u64 {
        self.held.remove(card);
        self.sent_at.insert(id, at);
        self.verdicts.sent(id)
    }

    /// How many answers lack their verdict.
    pub fn in_flight(&self) -> usize {
        self.verdicts.in_flight()
    }

    /// Checks a message; `saved` is told when each answer left that it makes durable.
    pub fn reads(&mut self, frame: &ServerFrame, mut saved: impl FnMut(Instant)) -> Result<(), Fault> {
        match frame {
            ServerFrame::Card(card) => {
                if card.deck_id != self.deck {
                    return Err(Fault::ForeignDeck(card.deck_id));
                }
                self.held.deal(Card::clone(card), self.window)?;
                if let Some(seq) = card.saved {
                    self.settle(seq, &mut saved)?;
                }
            }
            ServerFrame::Saved(frame) => self.settle(frame.seq, &mut saved)?,
            ServerFrame::Error(error) => return Err(Fault::Refused(error.code.clone())),
            ServerFrame::Queue(_) => self.held.forget(),
            ServerFrame::Welcome(_)
            | ServerFrame::Renewed(_)
            | ServerFrame::Graded(_)
            | ServerFrame::Changed(_)
            | ServerFrame::Done(_)
            | ServerFrame::Class(_)
            | ServerFrame::Beat
            | ServerFrame::Goodbye(_)
            | ServerFrame::Unknown(_) => {}
        }
        Ok(())
    }

    fn settle(&mut self, seq: u64, saved: &mut impl FnMut(Instant)) -> Result<(), Fault> {
        for id in self.verdicts.saved(seq)? {
            if let Some(at) = self.sent_at.remove(&id) {
                saved(at);
            }
        }
        Ok(())
    }
}
