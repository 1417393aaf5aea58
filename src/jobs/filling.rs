//! Decks that a job makes are filled while its file is still being read: nobody sees them before its end, and there is
//! nothing to compare. What comes into decks that were there before waits until all was read.

use super::error::JobError;
use super::importer::Plan;
use super::limits::{FILLED_BATCHES_WAITING, FILLED_BYTES_PER_BATCH, FILLED_CARD_BYTES, FILLED_NOTE_BYTES};
use super::outcome::Outcome;
use super::task::Task;
use super::tools::Tools;
use super::writing::{decks_to_make, made_json, made_of, make_hidden};
use domain::ids::{CardId, DeckId};
use ports::{CardRecord, DeckRecord, NoteRecord};
use std::collections::HashSet;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;

/// New decks on their way into the stores, some cards together; while the stores have those, the next are read.
pub(super) struct Filling<'t> {
    task: &'t Task,
    /// Those that are planned, hidden, and so can be taken back.
    made: Vec<DeckId>,
    /// Of two cards with one id the first stays; nothing where no two have.
    seen: Option<HashSet<CardId>>,
    cards: u64,
    batch: Batch,
    /// How many notes and cards the batch before had: the next will have about as many.
    usual: (usize, usize),
    storing: Option<Storing>,
}

/// Batches on their way, stored one after the other.
struct Storing {
    batches: Sender<Vec<(DeckId, Part)>>,
    ended: JoinHandle<Result<(), JobError>>,
}

#[derive(Default)]
struct Batch {
    /// The decks that begin in it.
    blanks: Vec<DeckRecord>,
    /// Those of one deck mostly follow one another; where not, it has several.
    parts: Vec<(DeckId, Part)>,
    bytes: usize,
}

struct Part {
    notes: Vec<NoteRecord>,
    cards: Vec<CardRecord>,
}

impl<'t> Filling<'t> {
    /// For a file that may have a card twice.
    pub fn new(task: &'t Task) -> Filling<'t> {
        let mut filling = Filling::of_distinct(task);
        filling.seen = Some(HashSet::new());
        filling
    }

    /// For one of which no two cards have one id, and none has a note.
    pub fn of_distinct(task: &'t Task) -> Filling<'t> {
        let (made, batch) = (Vec::new(), Batch::default());
        Filling { task, made, seen: None, cards: 0, batch, usual: (0, 0), storing: None }
    }

    /// A new deck begins.
    pub fn begin(&mut self, blank: DeckRecord) {
        self.batch.blanks.push(blank);
    }

    /// Adds a note.
    pub fn note(&mut self, note: NoteRecord) {
        self.batch.bytes += FILLED_NOTE_BYTES + note.fields.iter().map(String::len).sum::<usize>();
        if let Some(part) = self.part_of(note.deck) {
            part.notes.push(note);
        }
    }

    /// Where what is of a deck goes.
    fn part_of(&mut self, deck: DeckId) -> Option<&mut Part> {
        let parts = &mut self.batch.parts;
        if parts.last().is_none_or(|(last, _)| *last != deck) {
            // Of a batch with many decks each has little.
            let (notes, cards) = if parts.is_empty() { self.usual } else { (0, 0) };
            parts.push((deck, Part { notes: Vec::with_capacity(notes), cards: Vec::with_capacity(cards) }));
        }
        parts.last_mut().map(|(_, part)| part)
    }

    /// Adds a card, unless the file had it already.
    ///
    /// # Errors
    /// The job is to stop, a store did not answer, or the person would have too many decks.
    pub fn card(&mut self, card: CardRecord) -> Result<(), JobError> {
        if self.seen.as_mut().is_some_and(|seen| !seen.insert(card.id)) {
            return self.send_if_full();
        }
        self.cards += 1;
        self.batch.bytes += FILLED_CARD_BYTES + text_bytes(&card);
        if let Some(part) = self.part_of(card.deck) {
            part.cards.push(card);
        }
        self.send_if_full()
    }

    fn send_if_full(&mut self) -> Result<(), JobError> {
        if self.batch.bytes >= FILLED_BYTES_PER_BATCH { self.send() } else { Ok(()) }
    }

    /// Waits until all are stored; returns how many cards there are.
    ///
    /// # Errors
    /// As [`Filling::card`].
    pub fn finish(&mut self) -> Result<u64, JobError> {
        self.send()?;
        self.wait()?;
        Ok(self.cards)
    }

    /// Waits until nothing more is written, whatever becomes of it: what comes next may take it back.
    pub fn settle(&mut self) {
        if let Err(error) = self.wait() {
            tracing::debug!(%error, "what was read ahead could not be stored");
        }
    }

    fn send(&mut self) -> Result<(), JobError> {
        let batch = std::mem::take(&mut self.batch);
        if batch.blanks.is_empty() && batch.parts.is_empty() {
            return Ok(());
        }
        self.usual = batch.parts.last().map_or((0, 0), |(_, part)| (part.notes.len(), part.cards.len()));
        if !batch.blanks.is_empty() {
            self.plan(batch.blanks)?;
        }
        let storing = self.storing.get_or_insert_with(|| Storing::begin(self.task));
        let taken = self.task.wait(storing.batches.send(batch.parts));
        // Whoever takes no more has ended, and says why.
        if taken.is_err() { self.wait() } else { Ok(()) }
    }

    fn wait(&mut self) -> Result<(), JobError> {
        let Some(Storing { batches, ended }) = self.storing.take() else { return Ok(()) };
        drop(batches);
        let ended = self.task.wait(ended);
        ended.map_err(|_| JobError::Internal("a task that stores cards ended".to_owned()))?
    }

    /// Says that these decks are made too, and makes them. What an earlier run said of others stays said.
    fn plan(&mut self, blanks: Vec<DeckRecord>) -> Result<(), JobError> {
        self.made.extend(blanks.iter().map(|blank| blank.id));
        let record = self.task.record();
        let mut made = decks_to_make(self.task, self.made.iter().copied())?;
        made.extend(made_of(&record).into_iter().filter(|deck| !self.made.contains(deck)));
        let mut decks = record.decks.clone();
        decks.extend(self.made.iter().filter(|deck| !record.decks.contains(deck)));
        let learners = Outcome::of(&record.outcome).learners().collect();
        self.task.begin_writing(Plan { decks, learners, kept: made_json(&made) })?;
        make_hidden(self.task, blanks, &made)
    }
}

/// After a panic, too, nothing is stored behind the back of whoever takes the job back.
impl Drop for Filling<'_> {
    fn drop(&mut self) {
        self.settle();
    }
}

/// What a card's texts take, with what each tag and accepted answer takes besides.
fn text_bytes(card: &CardRecord) -> usize {
    let maybe = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let list = |texts: &[String]| texts.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
    let own = card.front.len() + card.back.len() + card.source_key.len();
    own + maybe(&card.hint) + maybe(&card.explanation) + list(&card.tags) + list(&card.accept)
}

impl Storing {
    fn begin(task: &Task) -> Storing {
        let (batches, mut waiting) = channel::<Vec<(DeckId, Part)>>(FILLED_BATCHES_WAITING);
        let (tools, now_ms) = (task.tools.clone(), task.now_ms());
        let store = async move {
            while let Some(parts) = waiting.recv().await {
                for (deck, part) in parts {
                    part.store(&tools, deck, now_ms).await?;
                }
            }
            Ok(())
        };
        Storing { batches, ended: task.begin(store) }
    }
}

impl Part {
    async fn store(self, tools: &Tools, deck: DeckId, now_ms: i64) -> Result<(), JobError> {
        let Part { notes, cards } = self;
        if !notes.is_empty() {
            tools.notes.put_notes(deck, notes).await?;
        }
        if !cards.is_empty() {
            tools.library.put_cards_from(deck, Box::new(cards.into_iter()), None, now_ms).await?;
        }
        Ok(())
    }
}
