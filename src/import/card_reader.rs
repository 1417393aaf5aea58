//! A file of cards for a deck that has none: nothing is compared, and so nothing is kept but by what a card is known, each
//! once.

use super::gather::{Candidate, Gathered, Gathering};
use super::identity::card_id;
use super::parser::Dialect;
use super::report::{FileFault, ImportReport};
use domain::ids::DeckId;
use ports::CardRecord;

/// Reads the cards of a file for a deck that has none, in any pieces. No two of them have one id.
pub struct CardReader {
    gathering: Gathering,
    made: Made,
}

/// What becomes of a card.
struct Made {
    deck: DeckId,
    now_ms: i64,
    added: u64,
}

impl CardReader {
    /// Begins a CSV or TSV file, whose cards are made at this moment (Unix milliseconds). Of the rows that are rejected so
    /// many are listed at most.
    pub fn new(dialect: Dialect, rejected_listed_max: usize, deck: DeckId, now_ms: i64) -> CardReader {
        CardReader::of(Gathering::new(dialect, rejected_listed_max), deck, now_ms)
    }

    /// The same for a file of JSON Lines, one card an object.
    pub fn of_json_lines(rejected_listed_max: usize, deck: DeckId, now_ms: i64) -> CardReader {
        CardReader::of(Gathering::of_json_lines(rejected_listed_max), deck, now_ms)
    }

    fn of(gathering: Gathering, deck: DeckId, now_ms: i64) -> CardReader {
        let made = Made { deck, now_ms, added: 0 };
        CardReader { gathering: gathering.handing_over(), made }
    }

    /// Reads the next bytes; returns the cards that ended with them.
    ///
    /// # Errors
    /// A fault of the file as a whole: then none of its cards is to stay.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<impl Iterator<Item = CardRecord>, FileFault> {
        self.gathering.feed(bytes)?;
        let CardReader { gathering, made } = self;
        Ok(gathering.taken().into_iter().map(|card| made.record(card)))
    }

    /// Reads the end: the last cards, and what there is to say.
    ///
    /// # Errors
    /// As [`CardReader::feed`].
    pub fn finish(self) -> Result<(Vec<CardRecord>, ImportReport), FileFault> {
        let CardReader { gathering, mut made } = self;
        let (last, Gathered { rejected, changed, .. }) = gathering.finish_handing_over()?;
        let last = last.into_iter().map(|card| made.record(card)).collect();
        let report =
            ImportReport { added: made.added, updated: 0, unchanged: 0, rejected, changed, dry_run: false };
        Ok((last, report))
    }
}

impl Made {
    fn record(&mut self, card: Candidate) -> CardRecord {
        self.added += 1;
        let id = card_id(self.deck, &card.source_key);
        card.into_record(self.deck, id, self.now_ms)
    }
}
