//! One pass over the cards of a collection: rendered, made safe, spooled, and counted. Nothing is seen of it.

mod looks;
mod pass;
mod places;
mod texts;

use super::decks::Target;
use super::entries::EntrySpool;
use super::media::MediaNames;
use super::notes::NoteSpool;
use super::own::by_fields;
use crate::import::Stamps;
use crate::jobs::error::JobError;
use crate::jobs::limits::MEDIA_FILE_BYTES_MAX;
use crate::jobs::spool::Spool;
use crate::jobs::task::Task;
use anki::{Collection, Fidelity, Limits, OpenError, Package, Renderer, Sizes};
use domain::ids::{CardId, DeckId};
use looks::Looks;
use pass::Pass;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a report calls markup that has no place on a card, as the report of a table does.
const MARKUP_REMOVED: &str = "markup_removed";

/// A collection that was read, between its file and the stores.
pub(super) struct Read {
    pub package: Package,
    pub collection: Collection,
    pub gathered: Gathered,
}

/// What the pass over the cards gathered.
pub(super) struct Gathered {
    pub targets: Vec<Target>,
    pub cards: Spool,
    pub states: EntrySpool,
    pub notes: NoteSpool,
    pub fidelity: Fidelity,
    /// Cards there that did not come in: their answers do not either.
    pub rejected: HashSet<i64>,
    /// Cards that were found by notes of our own type, whose guids are their ids.
    pub known: HashSet<(DeckId, CardId)>,
    /// The deck here of each deck there.
    pub deck_of: HashMap<i64, DeckId>,
    pub media: MediaFigures,
    /// The files that are stored; no deck knows them yet.
    pub names: MediaNames,
    /// Those that no card shows.
    pub unused: Vec<usize>,
    pub stamps: Stamps,
    pub sizes: Sizes,
    pub tags_left_out: u64,
    /// Cards that are in their decks already.
    pub filled: u64,
    /// Whether FSRS schedules there.
    pub fsrs: bool,
}

/// What became of media.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct MediaFigures {
    pub files: u64,
    pub bytes: u64,
    pub listed: u64,
    pub left_out: BTreeMap<&'static str, u64>,
}

/// Opens a package and reads its cards.
pub(super) fn read(task: &Task, dry_run: bool) -> Result<Read, JobError> {
    let mut limits = Limits { media_file_bytes: MEDIA_FILE_BYTES_MAX, ..Limits::default() };
    let room = task.room()?;
    let is_short = room < limits.collection_bytes;
    limits.collection_bytes = limits.collection_bytes.min(room);
    let refused = |error: OpenError| {
        let by_room = matches!(error, OpenError::TooMuch { max, .. } if is_short && max == room);
        if by_room { JobError::no_room() } else { error.into() }
    };
    let mut package = Package::open(&task.file(), &task.work(), limits).map_err(refused)?;
    task.keep_going()?;
    let collection = Collection::open(package.collection_path(), package.limits(), task.stop_mark())?;
    let gathered = gather(task, &mut package, &collection, dry_run)?;
    Ok(Read { package, collection, gathered })
}

fn gather(
    task: &Task,
    package: &mut Package,
    collection: &Collection,
    dry_run: bool,
) -> Result<Gathered, JobError> {
    let definitions = collection.definitions();
    let (shown, own) = by_fields(&definitions.notetypes);
    let renderer = Renderer::new(&shown);
    let sizes = collection.sizes();
    let keeps_schedules = task.option("reviews") != Some("false") && collection.has_schedules()?;
    let mut pass = Pass::begin(task, package, definitions, (&renderer, own), (keeps_schedules, dry_run))?;
    let (mut seen, mut looks) = (0, Looks::default());
    let read = collection.each_card(|row| {
        if looks.is_time(seen, pass.effort.spent_bytes()) {
            task.progress(seen, sizes.cards)?;
        }
        seen += 1;
        pass.take(&row)
    });
    let filled = if read.is_ok() { pass.filling.finish() } else { Ok(0) };
    // What was handed over before the fault is not stored behind the back of whoever takes it back.
    pass.filling.settle();
    let (tally, filled) = (read?, filled?);
    task.progress(sizes.cards, sizes.cards)?;
    pass.fidelity.tally_cards(&tally);
    pass.filled = filled;
    pass.end(dry_run, sizes)
}
