//! What importers work with, besides the file.

use super::logs::Logs;
use super::marks::Marks;
use crate::clock::ServerClock;
use crate::teaching::Teaching;
use domain::ids::DeckId;
use ports::{Imports, Library, Media, Notes, People};
use std::sync::Arc;

/// What importers work with. One a process.
pub struct Tools {
    /// Decks and cards.
    pub library: Arc<dyn Library>,
    /// People and classes.
    pub people: Arc<dyn People>,
    /// Who teaches which class.
    pub teaching: Teaching,
    /// Jobs.
    pub imports: Arc<dyn Imports>,
    /// Pictures and sounds.
    pub media: Arc<dyn Media>,
    /// Notes and their types.
    pub notes: Arc<dyn Notes>,
    /// Learners' logs.
    pub logs: Arc<dyn Logs>,
    /// Learners' sessions, which commit and revoke.
    pub marks: Arc<dyn Marks>,
    /// The clocks.
    pub clock: Arc<ServerClock>,
    /// Tells sessions that a deck changed, or who sees it.
    pub changed: Arc<dyn Fn(Change) + Send + Sync>,
}

/// What sessions are told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// A deck, or a card in it.
    Deck(DeckId),
    /// What somebody sees.
    Access(domain::ids::UserId),
}
