//! Taking back what a job brought: its cards are marked deleted, what it changed is as it was before. Entries stay in the
//! logs and count no longer.

use super::bring::{before_path, each_card, store_all};
use super::error::JobError;
use super::limits::{CARDS_PER_PAGE, STUDIED_LISTED_MAX};
use super::spool::{Spool, Spooled, Spooling};
use super::task::Task;
use super::tools::{Change, Tools};
use domain::entry::Body;
use domain::fold::Live;
use domain::ids::{CardId, DeckId};
use ports::{CardQuery, ImportRecord};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::ops::Range;

/// A card of a job that its owner has studied since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StudiedCard {
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// Answers since the job.
    pub answers: u32,
}

/// Cards of a job that its owner has studied since.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Studied {
    /// The first of them.
    pub listed: Vec<StudiedCard>,
    /// How many there are.
    pub total: u64,
}

/// Looks for cards that a job made and that its owner has answered since.
///
/// # Errors
/// A store did not answer.
pub async fn studied_since(tools: &Tools, record: &ImportRecord) -> Result<Studied, JobError> {
    let mut studied = Studied::default();
    for deck in &record.decks {
        let mut from_position = 0;
        loop {
            let query = CardQuery { from_position, limit: CARDS_PER_PAGE, text: None, with_deleted: false };
            let page = tools.library.cards(*deck, query).await?;
            let Some(last) = page.last() else { break };
            from_position = last.position.saturating_add(1);
            let own = page.iter().filter(|card| card.created_ms == record.created_ms);
            let own: Vec<CardId> = own.map(|card| card.id).collect();
            if !own.is_empty() {
                note_studied(tools, record, *deck, own, &mut studied).await?;
            }
        }
    }
    Ok(studied)
}

async fn note_studied(
    tools: &Tools,
    record: &ImportRecord,
    deck: DeckId,
    cards: Vec<CardId>,
    studied: &mut Studied,
) -> Result<(), JobError> {
    let log = tools.logs.card_log(record.owner, deck, cards).await?;
    let live = Live::of(&log);
    let mut answers: HashMap<CardId, u32> = HashMap::new();
    for entry in log.iter().filter(|entry| entry.job.is_none() && !live.is_undone(entry.id)) {
        let Body::Review(review) = entry.body else { continue };
        *answers.entry(review.card).or_default() += 1;
    }
    studied.total += answers.len() as u64;
    let mut answers: Vec<(CardId, u32)> = answers.into_iter().collect();
    answers.sort_unstable();
    let room = STUDIED_LISTED_MAX.saturating_sub(studied.listed.len());
    let listed = answers.into_iter().take(room);
    studied.listed.extend(listed.map(|(card, answers)| StudiedCard { deck, card, answers }));
    Ok(())
}

/// Takes the cards of a job's decks back, deck by deck, each in one revision. A deck that the job made goes with its
/// last card.
///
/// # Errors
/// A store or the disk.
pub fn withdraw_cards(task: &Task, record: &ImportRecord, made: &[DeckId]) -> Result<Value, JobError> {
    let (mut deleted, mut restored, mut edited) = (0, 0, 0);
    for (at, deck) in record.decks.iter().enumerate() {
        task.progress(at as u64, record.decks.len() as u64)?;
        let Some(known) = task.wait(task.tools.library.deck(*deck))? else { continue };
        let withdrawn = Withdrawn::of(task, *deck)?;
        (deleted, restored, edited) =
            (deleted + withdrawn.deleted, restored + withdrawn.restored, edited + withdrawn.edited);
        let left = withdrawn.left;
        if let Some(spool) = withdrawn.spool {
            store_all(task, *deck, &spool)?;
        }
        if left == 0 && made.contains(deck) && known.deleted_ms.is_none() {
            hide(task, *deck)?;
        }
        task.tell(Change::Deck(*deck));
    }
    task.tell(Change::Access(task.owner));
    Ok(json!({ "deleted": deleted, "restored": restored, "left_as_edited": edited }))
}

/// Marks a deck deleted.
fn hide(task: &Task, deck: DeckId) -> Result<(), JobError> {
    let Some(mut record) = task.wait(task.tools.library.deck(deck))? else { return Ok(()) };
    record.deleted_ms = Some(task.now_ms());
    task.wait(task.tools.library.put_deck(record, None, task.now_ms()))?;
    Ok(())
}

/// What is to be changed in a deck.
#[derive(Default)]
struct Withdrawn {
    spool: Option<Spool>,
    deleted: u64,
    restored: u64,
    edited: u64,
    /// Cards that stay.
    left: u64,
}

impl Withdrawn {
    fn of(task: &Task, deck: DeckId) -> Result<Withdrawn, JobError> {
        let before = BeforeCards::open(task, deck)?;
        let mut spooling = Spooling::create(&task.work().join("withdrawn"))?;
        let mut withdrawn = Withdrawn::default();
        let now_ms = task.now_ms();
        each_card(task, deck, |card| {
            let was = before.of(card.id)?;
            let next = match was {
                // Each change of a card raises its revision by one: a later one is somebody's own.
                Some(was) if card.revision == was.revision.saturating_add(1) => {
                    withdrawn.restored += 1;
                    Some(was)
                }
                Some(_) => {
                    withdrawn.edited += 1;
                    None
                }
                None if card.created_ms == task.made_ms && card.deleted_ms.is_none() => {
                    withdrawn.deleted += 1;
                    Some(Spooled { deleted_ms: Some(now_ms), ..Spooled::of(&card) })
                }
                None => None,
            };
            let stays = next.as_ref().map_or(card.deleted_ms, |next| next.deleted_ms).is_none();
            withdrawn.left += u64::from(stays);
            if let Some(next) = next {
                spooling.push(&next)?;
            }
            Ok(())
        })?;
        let changes = withdrawn.deleted + withdrawn.restored;
        let spool = spooling.finish(false)?;
        withdrawn.spool = (changes > 0).then_some(spool);
        Ok(withdrawn)
    }
}

/// What changed cards were before: on the disk, found by their ids.
struct BeforeCards {
    spool: Option<Spool>,
    places: HashMap<CardId, Range<u64>>,
}

impl BeforeCards {
    fn open(task: &Task, deck: DeckId) -> io::Result<BeforeCards> {
        let spool = match Spool::open(&before_path(task, deck)) {
            Ok(spool) => spool,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(BeforeCards { spool: None, places: HashMap::new() });
            }
            Err(error) => return Err(error),
        };
        let mut places = HashMap::new();
        let mut cards = spool.cards()?;
        while let Some(card) = cards.next() {
            places.insert(card?.card(), cards.last_place());
        }
        Ok(BeforeCards { spool: Some(spool), places })
    }

    fn of(&self, card: CardId) -> io::Result<Option<Spooled>> {
        let (Some(spool), Some(place)) = (&self.spool, self.places.get(&card)) else { return Ok(None) };
        spool.of(std::slice::from_ref(place)).cards()?.next().transpose()
    }
}
