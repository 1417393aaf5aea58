//! Cards into a deck: in one revision, and so that it can be taken back.

use super::ahead::ahead;
use super::error::JobError;
use super::limits::CARDS_PER_PAGE;
use super::spool::{Spool, Spooled, Spooling};
use super::task::Task;
use domain::ids::{CardId, DeckId};
use ports::library::CARDS_PER_DECK_MAX;
use ports::{CardQuery, CardRecord, LibraryError};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Tries when others change the deck meanwhile.
const TRIES: usize = 4;

/// What became of cards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Brought {
    /// New ones, and deleted ones that came back.
    pub added: u64,
    /// Changed ones.
    pub updated: u64,
    /// Those that were there just so.
    pub unchanged: u64,
}

impl std::ops::AddAssign for Brought {
    fn add_assign(&mut self, other: Brought) {
        self.added += other.added;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }
}

/// What is to be done with a card that comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Add,
    Change,
    Keep,
    /// It was stored already in this pass: a file may hold it twice.
    Stored,
}

/// Compares cards with a deck's and stores those that differ, all in one revision. What a changed card was before is kept.
/// With `dry_run` it only counts.
///
/// # Errors
/// A store or the disk; then nothing was stored.
pub fn bring(task: &Task, deck: DeckId, cards: &Spool, dry_run: bool) -> Result<Brought, JobError> {
    let mut tried = 1;
    loop {
        let compared = Compared::of(task, deck, cards, dry_run)?;
        if dry_run || compared.stored_cards() == 0 {
            return Ok(compared.brought);
        }
        let brought = compared.brought;
        match compared.store(task, deck, cards) {
            Err(JobError::NotNow(_)) if tried < TRIES => tried += 1,
            Ok(()) => return Ok(brought),
            Err(error) => return Err(error),
        }
    }
}

/// The file that holds what a deck's changed cards were before a job, in the folder of what it keeps.
pub(super) fn before_path(kept: &Path, deck: DeckId) -> PathBuf {
    kept.join(format!("before-{deck}"))
}

struct Compared {
    /// Of each card the digest of how it is to be, and what is to be done.
    steps: HashMap<CardId, (u64, Step)>,
    brought: Brought,
    revision: u64,
}

impl Compared {
    fn of(task: &Task, deck: DeckId, cards: &Spool, dry_run: bool) -> Result<Compared, JobError> {
        let mut steps = HashMap::new();
        let mut cards = cards.cards()?;
        while let Some((card, digest)) = cards.next_digest()? {
            steps.entry(card).or_insert((digest, Step::Add));
        }
        let mut brought = Brought { added: steps.len() as u64, ..Brought::default() };
        let known = task.wait(task.tools.library.deck(deck))?;
        let Some(known) = known else {
            return if dry_run {
                Ok(Compared { steps, brought, revision: 0 })
            } else {
                Err(LibraryError::NoSuchDeck.into())
            };
        };
        let mut before = Before::begin(task, deck, dry_run)?;
        let mut there: usize = 0;
        each_card(task, deck, |card| {
            there += 1;
            if let Some((digest, to_do)) = steps.get_mut(&card.id) {
                *to_do = step(task, &mut before, card, *digest, &mut brought)?;
            }
            Ok(())
        })?;
        let new = steps.values().filter(|(_, step)| *step == Step::Add).count();
        if there + new > CARDS_PER_DECK_MAX {
            return Err(LibraryError::TooManyCards.into());
        }
        before.finish()?;
        Ok(Compared { steps, brought, revision: known.revision })
    }

    fn stored_cards(&self) -> usize {
        self.steps.values().filter(|(_, step)| matches!(step, Step::Add | Step::Change)).count()
    }

    fn store(mut self, task: &Task, deck: DeckId, cards: &Spool) -> Result<(), JobError> {
        let revision = self.revision;
        let differs = move |card: &Spooled| {
            let step =
                self.steps.get_mut(&card.card()).map(|(_, step)| std::mem::replace(step, Step::Stored));
            matches!(step, Some(Step::Add | Step::Change))
        };
        store_if(task, deck, cards, Some(revision), differs)
    }
}

/// Stores all cards of a spool in one revision.
///
/// # Errors
/// A store or the disk.
pub(super) fn store_all(task: &Task, deck: DeckId, cards: &Spool) -> Result<(), JobError> {
    store_if(task, deck, cards, None, |_| true)
}

/// The cards are read a little ahead of the store.
fn store_if(
    task: &Task,
    deck: DeckId,
    cards: &Spool,
    if_revision: Option<u64>,
    mut wanted: impl FnMut(&Spooled) -> bool + Send + 'static,
) -> Result<(), JobError> {
    let fault: Arc<Mutex<Option<io::Error>>> = Arc::default();
    let (noted, made_ms) = (Arc::clone(&fault), task.made_ms);
    let source = cards.cards()?.filter_map(move |card| match card {
        Ok(card) => wanted(&card).then(|| card.record(deck, made_ms)),
        Err(error) => {
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            None
        }
    });
    let (source, whole) = ahead(Box::new(source));
    task.wait(task.tools.library.put_cards_from(deck, source, if_revision, task.now_ms()))?;
    whole.check()?;
    match fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// What is to be done with a card of the deck that the file has too; corrects the count, which began with it as a new one.
fn step(
    task: &Task,
    before: &mut Before,
    card: CardRecord,
    digest: u64,
    brought: &mut Brought,
) -> Result<Step, JobError> {
    let is_own = card.created_ms == task.made_ms;
    let stored = Spooled::of(card);
    let same = stored.digest() == digest;
    // After a restart this job's own cards are there already: they were new, or changed, when it began.
    let was = before.was(stored.card());
    match was {
        _ if is_own => {}
        Some(was_deleted) if was_deleted => {}
        Some(_) => shift(brought, |b| &mut b.updated),
        None if same => shift(brought, |b| &mut b.unchanged),
        None => {
            if stored.deleted_ms.is_none() {
                shift(brought, |b| &mut b.updated);
            }
            before.keep(&stored)?;
        }
    }
    Ok(if same { Step::Keep } else { Step::Change })
}

fn shift(brought: &mut Brought, to: impl FnOnce(&mut Brought) -> &mut u64) {
    brought.added = brought.added.saturating_sub(1);
    *to(brought) += 1;
}

/// What the changed cards of a deck were before.
struct Before {
    /// Those of an earlier run of the job, and whether each was deleted.
    known: HashMap<CardId, bool>,
    out: Option<(Spooling, PathBuf)>,
    path: PathBuf,
    dry_run: bool,
    kept: u64,
}

impl Before {
    fn begin(task: &Task, deck: DeckId, dry_run: bool) -> Result<Before, JobError> {
        let path = before_path(&task.kept(), deck);
        let mut known = HashMap::new();
        let mut out = None;
        if !dry_run {
            let fresh = path.with_extension("new");
            let mut spooling = Spooling::create(&fresh)?;
            if let Ok(spool) = Spool::open(&path) {
                for card in spool.cards()? {
                    let card = card?;
                    known.insert(card.card(), card.deleted_ms.is_some());
                    spooling.push(&card)?;
                }
            }
            out = Some((spooling, fresh));
        }
        Ok(Before { known, out, path, dry_run, kept: 0 })
    }

    fn was(&self, card: CardId) -> Option<bool> {
        self.known.get(&card).copied()
    }

    fn keep(&mut self, card: &Spooled) -> io::Result<()> {
        self.kept += 1;
        match &mut self.out {
            Some((spooling, _)) => spooling.push(card),
            None => Ok(()),
        }
    }

    /// What was kept is on the disk before the first card is changed.
    fn finish(self) -> io::Result<()> {
        debug_assert!(self.dry_run || self.out.is_some());
        let Some((spooling, fresh)) = self.out else { return Ok(()) };
        if self.kept == 0 {
            drop(spooling);
            return fs::remove_file(fresh);
        }
        spooling.finish(true)?;
        fs::rename(fresh, &self.path)?;
        // The name too: a synced file without one is lost in a power cut.
        self.path.parent().map_or(Ok(()), |kept| File::open(kept)?.sync_all())
    }
}

/// Shows every card of a deck, deleted ones too, in the order of adding.
pub(super) fn each_card(
    task: &Task,
    deck: DeckId,
    mut each: impl FnMut(CardRecord) -> Result<(), JobError>,
) -> Result<(), JobError> {
    let mut from_position = 0;
    loop {
        task.keep_going()?;
        let query = CardQuery { from_position, limit: CARDS_PER_PAGE, text: None, with_deleted: true };
        let page = task.wait(task.tools.library.cards(deck, query))?;
        let Some(last) = page.last() else { return Ok(()) };
        from_position = last.position.saturating_add(1);
        page.into_iter().try_for_each(&mut each)?;
    }
}
