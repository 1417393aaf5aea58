//! One card after the other: rendered, made safe, and put away.

use super::super::decks::Targets;
use super::super::entries::{EntrySpool, standing_entries};
use super::super::known::{KnownCard, known_decks};
use super::super::media::MediaIn;
use super::super::notes::NoteSpool;
use super::{Gathered, MARKUP_REMOVED, MediaFigures};
use crate::content::{CardTexts, plain_text, sanitise_and_tell};
use crate::import::{Stamps, card_id};
use crate::jobs::error::JobError;
use crate::jobs::filling::Filling;
use crate::jobs::limits::REJECTED_REMEMBERED_MAX;
use crate::jobs::refused::Refusal;
use crate::jobs::spool::{Spooled, Spooling};
use crate::jobs::task::Task;
use anki::map::{Calendar, standing};
use anki::{
    CardRow, Definitions, Effort, Fidelity, Package, ReadError, RenderError, Rendered, Renderer, Sizes,
    TooMuchEffort,
};
use domain::day::Day;
use domain::ids::{CardId, DeckId, NoteTypeId};
use ports::library::CARDS_PER_DECK_MAX;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// What one pass over the cards holds.
pub(super) struct Pass<'a> {
    pub(super) task: &'a Task,
    pub(super) definitions: &'a Definitions,
    pub(super) renderer: &'a Renderer<'a>,
    pub(super) effort: Effort,
    /// The note types there that are our own.
    pub(super) own: HashSet<i64>,
    pub(super) targets: Targets<'a>,
    pub(super) media: RefCell<MediaIn<'a>>,
    pub(super) calendar: Calendar,
    pub(super) stamps: RefCell<Stamps>,
    pub(super) today: Day,
    pub(super) cards: Spooling,
    pub(super) states: EntrySpool,
    pub(super) notes: NoteSpool,
    pub(super) filling: Filling<'a>,
    pub(super) filled: u64,
    pub(super) dry_run: bool,
    /// The note type that came last, and its id in the deck that came last.
    pub(super) notetype: Option<(DeckId, i64, NoteTypeId)>,
    pub(super) fidelity: Fidelity,
    pub(super) rejected: HashSet<i64>,
    /// The cards that the current target had before.
    pub(super) here: (Option<DeckId>, HashSet<CardId>),
    /// What its cards accept besides their backs: no package says so, and it stays.
    pub(super) accepted_here: HashMap<CardId, Vec<String>>,
    /// What they are besides, where the package may have come from here.
    pub(super) known_here: HashMap<CardId, KnownCard>,
    pub(super) known: HashSet<(DeckId, CardId)>,
    pub(super) tags_left_out: u64,
    pub(super) keeps_schedules: bool,
    /// Whether FSRS schedules there. A package of decks does not say so: then its cards do, which have its memory only as
    /// long as it is switched on.
    pub(super) fsrs: bool,
}

/// A card that is met.
struct Met<'m, 'r> {
    row: &'m CardRow<'r>,
    /// The place of its deck among the targets.
    at: usize,
    deck: DeckId,
    /// Its deck's name there.
    path: &'m str,
    is_due_there: bool,
}

impl<'a> Pass<'a> {
    pub(super) fn begin(
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

    /// Reads one card.
    pub(super) fn take(&mut self, row: &CardRow<'_>) -> Result<(), JobError> {
        let definitions = self.definitions;
        let at = self.targets.of(self.task, row.card.deck);
        let Some(deck) = self.targets.all.get(at).map(|target| target.id) else { return Ok(()) };
        let path = definitions.deck_path(row.card.deck);
        let is_due_there = self.is_due_there(row);
        let met = Met { row, at, deck, path, is_due_there };
        if let Err(error) = self.effort.spend(row, path) {
            return self.too_much(&met, error);
        }
        let (rendered, mut used) = match self.rendered(&met)? {
            Ok(rendered) => rendered,
            Err(why) => return self.unrendered(&met, &why),
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
        self.keep(&met, texts, &rendered, used)
    }

    fn is_due_there(&self, row: &CardRow<'_>) -> bool {
        let day_at = |at_ms: i64| self.stamps.borrow_mut().of(at_ms).day;
        self.calendar.is_due_there(&row.card, self.today, &day_at)
    }

    /// The sides of a card, and which media files they show.
    fn rendered(&self, met: &Met<'_, '_>) -> Result<Result<(Rendered, Vec<usize>), RenderError>, JobError> {
        let (mut fault, mut used) = (None, Vec::new());
        let mut names = |name: &str| match self.named(met.deck, name) {
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
        let rendered = self.renderer.render(met.row, met.path, &mut names);
        match fault {
            Some(error) => Err(error),
            None => Ok(rendered.map(|rendered| (rendered, used))),
        }
    }

    fn too_much(&mut self, met: &Met<'_, '_>, error: TooMuchEffort) -> Result<(), JobError> {
        match error {
            TooMuchEffort::Card => self.unrendered(met, &RenderError::TooLong),
            TooMuchEffort::Collection { found, max } => {
                let what = "bytes of all its cards as they are shown";
                Err(ReadError::TooMuch { what, found, max }.into())
            }
        }
    }

    fn unrendered(&mut self, met: &Met<'_, '_>, why: &RenderError) -> Result<(), JobError> {
        self.fidelity.rejected(met.path, why, met.is_due_there);
        self.reject(met.row, why.code(), why.to_string())
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

    /// Has a card, its note and its schedule stored.
    fn keep(
        &mut self,
        met: &Met<'_, '_>,
        texts: CardTexts,
        rendered: &Rendered,
        used: Vec<usize>,
    ) -> Result<(), JobError> {
        let &Met { row, at, deck, .. } = met;
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
        self.schedule(met, card, rendered)?;
        if let Some(notetype) = self.renderer.notetype(row.note.notetype)
            && self.fidelity.wants_sample(notetype.id)
        {
            self.fidelity.sample(notetype, &texts.front, &texts.back);
        }
        let tags = self.tags(row);
        let (CardTexts { front, back, hint, explanation }, tags, source_key) = match known {
            Some(known) => known.back_again(texts, tags),
            None => (texts, tags, own_key),
        };
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
        self.put_away(met, spooled, is_filled)?;
        let Some(target) = self.targets.all.get_mut(at) else { return Ok(()) };
        target.cards += 1;
        target.media.extend(used);
        target.notetypes.insert(row.note.notetype);
        Ok(())
    }

    /// What says how a card stands, and when it is due there and here.
    fn schedule(&mut self, met: &Met<'_, '_>, card: CardId, rendered: &Rendered) -> Result<(), JobError> {
        let &Met { row, deck, path, is_due_there, .. } = met;
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
        self.fidelity.card(path, row, rendered, &to, (is_due_there, is_due));
        Ok(())
    }

    /// Into the new deck, or to the disk until its deck is compared.
    fn put_away(&mut self, met: &Met<'_, '_>, spooled: Spooled, is_filled: bool) -> Result<(), JobError> {
        let from = self.cards.place();
        if is_filled {
            self.filling.card(spooled.record(met.deck, self.task.made_ms))?;
        } else {
            self.cards.push(&spooled)?;
        }
        let to = self.cards.place();
        let Some(target) = self.targets.all.get_mut(met.at) else { return Ok(()) };
        match target.ranges.last_mut() {
            Some(last) if last.end == from => last.end = to,
            Some(_) | None => target.ranges.push(from..to),
        }
        Ok(())
    }

    /// What it has gathered.
    pub(super) fn end(self, dry_run: bool, sizes: Sizes) -> Result<Gathered, JobError> {
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
