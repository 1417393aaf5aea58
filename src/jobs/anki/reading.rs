//! One pass over the cards of a collection: rendered, made safe, spooled, and counted. Nothing is seen of it.

mod looks;
mod places;
mod texts;

use super::decks::{Target, Targets};
use super::entries::{EntrySpool, standing_entries};
use super::known::{KnownCard, known_decks};
use super::media::{MediaIn, MediaNames};
use super::notes::NoteSpool;
use super::own::by_fields;
use crate::content::{CardTexts, plain_text, sanitise_and_tell};
use crate::import::{Stamps, card_id};
use crate::jobs::error::JobError;
use crate::jobs::filling::Filling;
use crate::jobs::limits::{MEDIA_FILE_BYTES_MAX, REJECTED_REMEMBERED_MAX};
use crate::jobs::refused::Refusal;
use crate::jobs::spool::{Spool, Spooled, Spooling};
use crate::jobs::task::Task;
use anki::map::{Calendar, standing};
use anki::{
    CardRow, Collection, Definitions, Effort, Fidelity, Limits, OpenError, Package, ReadError, RenderError,
    Rendered, Renderer, Sizes, TooMuchEffort,
};
use domain::day::Day;
use domain::ids::{CardId, DeckId, NoteTypeId};
use looks::Looks;
use ports::library::CARDS_PER_DECK_MAX;
use std::cell::RefCell;
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

struct Pass<'a> {
    task: &'a Task,
    definitions: &'a Definitions,
    renderer: &'a Renderer<'a>,
    effort: Effort,
    /// The note types there that are our own.
    own: HashSet<i64>,
    targets: Targets<'a>,
    media: RefCell<MediaIn<'a>>,
    calendar: Calendar,
    stamps: RefCell<Stamps>,
    today: Day,
    cards: Spooling,
    states: EntrySpool,
    notes: NoteSpool,
    filling: Filling<'a>,
    filled: u64,
    dry_run: bool,
    /// The note type that came last, and its id in the deck that came last.
    notetype: Option<(DeckId, i64, NoteTypeId)>,
    fidelity: Fidelity,
    rejected: HashSet<i64>,
    /// The cards that the current target had before.
    here: (Option<DeckId>, HashSet<CardId>),
    /// What its cards accept besides their backs: no package says so, and it stays.
    accepted_here: HashMap<CardId, Vec<String>>,
    /// What they are besides, where the package may have come from here.
    known_here: HashMap<CardId, KnownCard>,
    known: HashSet<(DeckId, CardId)>,
    tags_left_out: u64,
    keeps_schedules: bool,
    /// Whether FSRS schedules there. A package of decks does not say so: then its cards do, which have its memory only as
    /// long as it is switched on.
    fsrs: bool,
}

impl<'a> Pass<'a> {
    fn begin(
        task: &'a Task,
        package: &'a mut Package,
        definitions: &'a Definitions,
        (renderer, own): (&'a Renderer<'a>, HashSet<i64>),
        (keeps_schedules, dry_run): (bool, bool),
    ) -> Result<Pass<'a>, JobError> {
        let mut stamps = Stamps::new(task.zones()?);
        let east_min = stamps.of(definitions.header.created_s.clamp(0, 4_000_000_000) * 1_000).utc_offset_min;
        let today = stamps.of(task.now_ms()).day;
        let work = task.work();
        let collection_bytes = std::fs::metadata(package.collection_path())?.len();
        let known = known_decks(task, !own.is_empty())?;
        Ok(Pass {
            task,
            definitions,
            renderer,
            effort: Effort::new(renderer, collection_bytes),
            own,
            targets: Targets::new(task, definitions, known),
            media: RefCell::new(MediaIn::new(package, dry_run)),
            calendar: Calendar::of(&definitions.header, i32::from(east_min)),
            stamps: RefCell::new(stamps),
            today,
            cards: Spooling::create(&work.join("cards"))?,
            states: EntrySpool::create(&work.join("states"))?,
            notes: NoteSpool::create(&work.join("notes"))?,
            filling: Filling::new(task),
            filled: 0,
            dry_run,
            notetype: None,
            fidelity: Fidelity::default(),
            rejected: HashSet::new(),
            here: (None, HashSet::new()),
            accepted_here: HashMap::new(),
            known_here: HashMap::new(),
            known: HashSet::new(),
            tags_left_out: 0,
            keeps_schedules,
            fsrs: definitions.header.fsrs,
        })
    }

    fn take(&mut self, row: &CardRow<'_>) -> Result<(), JobError> {
        let definitions = self.definitions;
        let at = self.targets.of(self.task, row.card.deck);
        let Some(deck) = self.targets.all.get(at).map(|target| target.id) else { return Ok(()) };
        let path = definitions.deck_path(row.card.deck);
        let day_at = |at_ms: i64| self.stamps.borrow_mut().of(at_ms).day;
        let is_due_there = self.calendar.is_due_there(&row.card, self.today, &day_at);
        match self.effort.spend(row, path) {
            Ok(()) => {}
            Err(TooMuchEffort::Card) => {
                let why = RenderError::TooLong;
                self.fidelity.rejected(path, &why, is_due_there);
                return self.reject(row, why.code(), why.to_string());
            }
            Err(TooMuchEffort::Collection { found, max }) => {
                let what = "bytes of all its cards as they are shown";
                return Err(ReadError::TooMuch { what, found, max }.into());
            }
        }
        let mut fault = None;
        let mut used = Vec::new();
        let rendered = {
            let mut names = |name: &str| match self.named(deck, name) {
                Ok(Some((nth, address))) => {
                    used.push(nth);
                    Some(address)
                }
                Ok(None) => None,
                Err(error) => {
                    fault = Some(error);
                    None
                }
            };
            self.renderer.render(row, path, &mut names)
        };
        if let Some(error) = fault {
            return Err(error);
        }
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(why) => {
                self.fidelity.rejected(path, &why, is_due_there);
                return self.reject(row, why.code(), why.to_string());
            }
        };
        let is_own = row.card.ord == 0 && self.own.contains(&row.note.notetype);
        let texts = self.texts(deck, &rendered, is_own, &mut used)?;
        let (texts, lost_markup) = match sanitise_and_tell(texts) {
            Ok(texts) => texts,
            Err(why) => {
                self.fidelity.rejected_as(path, why.code(), is_due_there);
                return self.reject(row, why.code(), why.to_string());
            }
        };
        if self.targets.all.get(at).is_some_and(|target| target.cards >= CARDS_PER_DECK_MAX) {
            self.fidelity.rejected_as(path, "deck_full", is_due_there);
            let message = format!("a deck holds at most {CARDS_PER_DECK_MAX} cards");
            return self.reject(row, "deck_full", message);
        }
        if lost_markup {
            *self.fidelity.losses.entry(MARKUP_REMOVED).or_default() += 1;
        }
        self.keep(row, at, deck, texts, &rendered, is_due_there, used)
    }

    fn reject(&mut self, row: &CardRow<'_>, code: &'static str, message: String) -> Result<(), JobError> {
        if self.rejected.len() >= REJECTED_REMEMBERED_MAX {
            let why =
                format!("Nothing was imported: more than {REJECTED_REMEMBERED_MAX} cards cannot be read.");
            return Err(JobError::refused("too_many_rejected", why));
        }
        self.rejected.insert(row.card.id);
        let field = plain_text(&safe(row.note.each_field().next().unwrap_or_default()));
        let text = format!("{}: {field}", self.definitions.deck_path(row.card.deck));
        self.task.refuse(Refusal { line: 0, column: None, code, message, text })
    }

    #[allow(clippy::too_many_arguments, reason = "all that is known of one card")]
    fn keep(
        &mut self,
        row: &CardRow<'_>,
        at: usize,
        deck: DeckId,
        texts: CardTexts,
        rendered: &Rendered,
        is_due_there: bool,
        used: Vec<usize>,
    ) -> Result<(), JobError> {
        self.look_at_deck(at, deck)?;
        let own_key = row.source_key();
        let (card, known) = match self.known_by_guid(row) {
            Some((card, known)) => {
                self.known.insert((deck, card));
                (card, Some(known))
            }
            None => (card_id(deck, &own_key), None),
        };
        let is_filled = self.targets.all.get(at).is_some_and(|target| target.is_filled);
        let note = match &known {
            Some(known) => known.note,
            None => Some(self.note(row, at, deck, is_filled)?),
        };
        self.fsrs |= row.card.memory.is_some();
        let to = {
            let day_at = |at_ms: i64| self.stamps.borrow_mut().of(at_ms).day;
            standing(&row.card, self.calendar, &day_at)
        };
        if self.keeps_schedules {
            let modified_ms = row.card.modified_s.saturating_mul(1_000);
            let was_here = self.here.1.contains(&card);
            let stamps = self.stamps.get_mut();
            for entry in standing_entries(self.task, (deck, card), &to, modified_ms, was_here, stamps) {
                self.states.push(&entry)?;
            }
        }
        let is_due = to.is_due(self.today) && self.keeps_schedules;
        let path = self.definitions.deck_path(row.card.deck);
        self.fidelity.card(path, row, rendered, &to, (is_due_there, is_due));
        if let Some(notetype) = self.renderer.notetype(row.note.notetype)
            && self.fidelity.wants_sample(notetype.id)
        {
            self.fidelity.sample(notetype, &texts.front, &texts.back);
        }
        let tags = self.tags(row);
        let (texts, tags, source_key) = match known {
            Some(known) => known.back_again(texts, tags),
            None => (texts, tags, own_key),
        };
        let from = self.cards.place();
        let CardTexts { front, back, hint, explanation } = texts;
        let spooled = Spooled {
            id: *card.bytes(),
            note: note.map(|note| *note.bytes()),
            front,
            back,
            hint,
            explanation,
            tags,
            accept: self.accepted_here.remove(&card).unwrap_or_default(),
            source_key,
            deleted_ms: None,
            revision: 0,
        };
        if is_filled {
            self.filling.card(spooled.record(deck, self.task.made_ms))?;
        } else {
            self.cards.push(&spooled)?;
        }
        let to = self.cards.place();
        let Some(target) = self.targets.all.get_mut(at) else { return Ok(()) };
        match target.ranges.last_mut() {
            Some(last) if last.end == from => last.end = to,
            Some(_) | None => target.ranges.push(from..to),
        }
        target.cards += 1;
        target.media.extend(used);
        target.notetypes.insert(row.note.notetype);
        Ok(())
    }

    fn end(self, dry_run: bool, sizes: Sizes) -> Result<Gathered, JobError> {
        let mut media = self.media.into_inner();
        let (targets, deck_of) = self.targets.into_parts(self.fsrs);
        // What no card shows may be wanted by a style or by somebody's next template.
        let mut unused = Vec::new();
        if !dry_run && !targets.is_empty() {
            let used: HashSet<usize> = targets.iter().flat_map(|target| &target.media).copied().collect();
            unused.extend((0..media.listed()).filter(|nth| !used.contains(nth)));
            for nth in &unused {
                media.file(self.task, *nth)?;
            }
        }
        let figures = MediaFigures {
            files: media.files,
            bytes: media.bytes,
            listed: media.listed() as u64,
            left_out: media.left_out.clone(),
        };
        Ok(Gathered {
            targets,
            cards: self.cards.finish(false)?,
            states: self.states,
            notes: self.notes,
            fidelity: self.fidelity,
            rejected: self.rejected,
            known: self.known,
            deck_of,
            media: figures,
            names: media.into_names(),
            unused,
            stamps: self.stamps.into_inner(),
            sizes,
            tags_left_out: self.tags_left_out,
            filled: self.filled,
            fsrs: self.fsrs,
        })
    }
}

/// HTML of which only the text is wanted, short enough to be read.
fn safe(field: &str) -> String {
    let end = (0..=2_048.min(field.len())).rev().find(|end| field.is_char_boundary(*end));
    field.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}
