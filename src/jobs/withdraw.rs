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
use domain::ids::{CardId, DeckId, UserId};
use ports::portions::Portions;
use ports::{CardQuery, CardRecord, ImportRecord};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use tokio::task::spawn_blocking;

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
    /// The first of them, deck by deck, in the decks' order.
    pub listed: Vec<StudiedCard>,
    /// How many there are.
    pub total: u64,
}

/// Looks for cards that a revocation would take away and that their owner has answered since: those that the job made,
/// and those that had been deleted and came back with it. The latter are known by the folder of what the job keeps;
/// where that is not, only the former are.
///
/// # Errors
/// A store did not answer, or the disk did not.
pub async fn studied_since(tools: &Tools, record: &ImportRecord, kept: &Path) -> Result<Studied, JobError> {
    let mut studied = Studied::default();
    for deck in &record.decks {
        let before = before_path(kept, *deck);
        let back = spawn_blocking(move || came_back(&before)).await;
        let back = back.map_err(|_| JobError::Internal("a thread ended".to_owned()))??;
        // A card that came back may have been studied before it went: those answers are not in the way.
        let counted_from_ms = |card: &CardRecord| match back.get(&card.id) {
            _ if card.created_ms == record.created_ms => Some(i64::MIN),
            Some(revision) if is_as_left(card, *revision) => Some(record.created_ms),
            Some(_) | None => None,
        };
        let (mut from_position, mut portions) = (0, Portions::default());
        loop {
            let query = CardQuery { from_position, limit: CARDS_PER_PAGE, text: None, with_deleted: false };
            let page = tools.library.cards(*deck, query).await?;
            let Some(last) = page.last() else { break };
            from_position = last.position.saturating_add(1);
            let counted: HashMap<CardId, i64> =
                page.iter().filter_map(|card| Some((card.id, counted_from_ms(card)?))).collect();
            let in_order = page.iter().map(|card| card.id);
            let own: Vec<CardId> = in_order.filter(|card| counted.contains_key(card)).collect();
            let mut left = &own[..];
            while !left.is_empty() {
                let (some, behind) = portions.split(left);
                left = behind;
                let entries =
                    note_studied(tools, (record.owner, *deck), some, &counted, &mut studied).await?;
                portions.held(some.len(), entries);
            }
        }
    }
    Ok(studied)
}

/// The cards of a deck that had been deleted before a job and came back with it, each with the revision that it had.
/// Blocks.
fn came_back(before: &Path) -> io::Result<HashMap<CardId, u32>> {
    let mut back = HashMap::new();
    let Some(spool) = BeforeCards::spool(before)? else { return Ok(back) };
    for card in spool.cards()? {
        let card = card?;
        if card.deleted_ms.is_some() {
            back.insert(card.card(), card.revision);
        }
    }
    Ok(back)
}

/// Whether nobody changed a card since a job did. Each change raises its revision by one: a later one is somebody's own.
const fn is_as_left(card: &CardRecord, revision_before: u32) -> bool {
    card.revision == revision_before.saturating_add(1)
}

/// Counts the answers to some of these cards, each from a moment on. Says how many entries there are of them.
async fn note_studied(
    tools: &Tools,
    (owner, deck): (UserId, DeckId),
    some: &[CardId],
    counted_from_ms: &HashMap<CardId, i64>,
    studied: &mut Studied,
) -> Result<usize, JobError> {
    let log = tools.logs.card_log(owner, deck, some.to_vec()).await?;
    let live = Live::of(&log);
    let mut answers: HashMap<CardId, u32> = HashMap::new();
    for entry in log.iter().filter(|entry| entry.job.is_none() && !live.is_undone(entry.id)) {
        let Body::Review(review) = entry.body else { continue };
        if counted_from_ms.get(&review.card).is_some_and(|from_ms| entry.id.at_ms() >= *from_ms) {
            *answers.entry(review.card).or_default() += 1;
        }
    }
    studied.total += answers.len() as u64;
    let room = STUDIED_LISTED_MAX.saturating_sub(studied.listed.len());
    let listed = some
        .iter()
        .filter_map(|card| Some(StudiedCard { deck, card: *card, answers: *answers.get(card)? }))
        .take(room);
    studied.listed.extend(listed);
    Ok(log.len())
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
        let before = BeforeCards::open(&before_path(&task.kept(), deck))?;
        let mut spooling = Spooling::create(&task.work().join("withdrawn"))?;
        let mut withdrawn = Withdrawn::default();
        let now_ms = task.now_ms();
        each_card(task, deck, |card| {
            let was = before.of(card.id)?;
            let next = match was {
                Some(was) if is_as_left(&card, was.revision) => {
                    withdrawn.restored += 1;
                    Some(was)
                }
                Some(_) => {
                    withdrawn.edited += 1;
                    None
                }
                None if card.created_ms == task.made_ms && card.deleted_ms.is_none() => {
                    withdrawn.deleted += 1;
                    Some(Spooled { deleted_ms: Some(now_ms), ..Spooled::of(card.clone()) })
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
    fn open(path: &Path) -> io::Result<BeforeCards> {
        let spool = BeforeCards::spool(path)?;
        let mut places = HashMap::new();
        if let Some(spool) = &spool {
            let mut cards = spool.cards()?;
            while let Some(card) = cards.next() {
                places.insert(card?.card(), cards.last_place());
            }
        }
        Ok(BeforeCards { spool, places })
    }

    /// The file; `None` for a deck of which the job changed no card.
    fn spool(path: &Path) -> io::Result<Option<Spool>> {
        match Spool::open(path) {
            Ok(spool) => Ok(Some(spool)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of(&self, card: CardId) -> io::Result<Option<Spooled>> {
        let (Some(spool), Some(place)) = (&self.spool, self.places.get(&card)) else { return Ok(None) };
        spool.of(std::slice::from_ref(place)).cards()?.next().transpose()
    }
}
