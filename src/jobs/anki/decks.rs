//! Which deck here a deck there becomes.

use super::known::KnownDecks;
use super::options::Taken;
use crate::content::plain_text;
use crate::http::limits::{DESCRIPTION_BYTES_MAX, PATH_BYTES_MAX, PATH_LEVELS_MAX};
use crate::import::offline::new_deck;
use crate::jobs::task::Task;
use crate::naming::TITLE_BYTES_MAX;
use anki::{Deck as Theirs, Definitions};
use domain::deck::{DeckSettings, SchedulerKind};
use domain::ids::{DeckId, Uuid};
use ports::DeckRecord;
use ports::library::PATH_SEPARATOR;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// A deck that cards come into.
#[derive(Debug)]
pub(super) struct Target {
    /// The deck here.
    pub id: DeckId,
    /// Its path there, for the report.
    pub path: String,
    /// The record that it begins with, if it is not there yet; `None` for a deck that was named, or went out from here.
    pub blank: Option<DeckRecord>,
    /// The options that it has there, for the report.
    pub options: Value,
    /// What of its options is not as it was; nothing where the deck was there before, and keeps its own.
    pub lost: Vec<&'static str>,
    /// Whether it was there before, and keeps its settings.
    pub was_here: bool,
    /// Whether its cards came in while they were read, and none lies in the spool.
    pub is_filled: bool,
    /// Where its cards lie in the spool.
    pub ranges: Vec<Range<u64>>,
    /// How many there are.
    pub cards: usize,
    /// Which media files its cards use, and under which names masks of pictures are known.
    pub media: BTreeSet<usize>,
    /// The note types that its notes have.
    pub notetypes: BTreeSet<i64>,
}

impl Target {
    /// The record of a new deck; where FSRS schedules there, it does here.
    pub fn scheduled(mut blank: DeckRecord, fsrs: bool) -> DeckRecord {
        if fsrs {
            blank.settings.scheduler = SchedulerKind::Fsrs;
        }
        blank
    }
}

/// The decks that cards come into, in the order in which the first of their cards came.
#[derive(Debug)]
pub(super) struct Targets<'d> {
    definitions: &'d Definitions,
    named: Option<DeckId>,
    below: Option<String>,
    /// Decks here by their ids in packages that were written here.
    known: KnownDecks,
    of_deck: HashMap<i64, usize>,
    by_id: HashMap<DeckId, usize>,
    pub all: Vec<Target>,
}

impl<'d> Targets<'d> {
    pub fn new(task: &Task, definitions: &'d Definitions, known: KnownDecks) -> Targets<'d> {
        Targets {
            definitions,
            named: task.deck(),
            below: task.option("path").map(str::to_owned),
            known,
            of_deck: HashMap::new(),
            by_id: HashMap::new(),
            all: Vec::new(),
        }
    }

    /// The place of the deck that cards of this deck there come into.
    pub fn of(&mut self, task: &Task, deck: i64) -> usize {
        if let Some(known) = self.of_deck.get(&deck) {
            return *known;
        }
        let target = self.target(task, deck);
        let at = *self.by_id.entry(target.id).or_insert(self.all.len());
        if at == self.all.len() {
            self.all.push(target);
        }
        self.of_deck.insert(deck, at);
        at
    }

    /// The decks, and the deck here of each deck there. Where FSRS schedules there, it does here.
    pub fn into_parts(mut self, fsrs: bool) -> (Vec<Target>, HashMap<i64, DeckId>) {
        for target in &mut self.all {
            target.blank = target.blank.take().map(|blank| Target::scheduled(blank, fsrs));
        }
        let ids: Vec<DeckId> = self.all.iter().map(|target| target.id).collect();
        let of = |(deck, at): (i64, usize)| Some((deck, *ids.get(at)?));
        let deck_of = self.of_deck.into_iter().filter_map(of).collect();
        (self.all, deck_of)
    }

    fn target(&self, task: &Task, deck: i64) -> Target {
        let theirs = self.definitions.decks.get(&deck);
        let path = self.definitions.deck_path(deck).to_owned();
        let taken = Taken::of(theirs, self.definitions.options_of(deck));
        // Whoever says where decks come is obeyed.
        let known = self.known.of(deck, theirs).filter(|_| self.below.is_none());
        let (id, blank) = match self.named.or(known) {
            Some(id) => (id, None),
            None => {
                let ours = joined(self.below.as_deref(), &path);
                let id = deck_id(task, &ours);
                (id, Some(blank(task, id, &ours, theirs, taken.settings)))
            }
        };
        Target {
            id,
            path,
            was_here: blank.is_none(),
            is_filled: false,
            blank,
            options: taken.told,
            lost: taken.lost,
            ranges: Vec::new(),
            cards: 0,
            media: BTreeSet::new(),
            notetypes: BTreeSet::new(),
        }
    }
}

/// The same deck whenever a package of the same person has a deck of this path.
fn deck_id(task: &Task, path: &str) -> DeckId {
    DeckId(Uuid::new_v5(&task.owner.0, format!("anki:deck:{path}").as_bytes()))
}

fn blank(task: &Task, id: DeckId, path: &str, theirs: Option<&Theirs>, settings: DeckSettings) -> DeckRecord {
    let title = path.rsplit(PATH_SEPARATOR).next().unwrap_or(path);
    let mut record = new_deck(id, task.owner, task.org, path, &cut(title, TITLE_BYTES_MAX), task.made_ms);
    if let Some(theirs) = theirs {
        record.description = cut(&plain_text(&theirs.description), DESCRIPTION_BYTES_MAX);
    }
    record.settings = settings;
    record
}

/// A path here: with as many levels and bytes as a path may have, the last levels joined where there are more.
fn joined(below: Option<&str>, path: &str) -> String {
    let levels: Vec<&str> = below
        .into_iter()
        .flat_map(|below| below.split(PATH_SEPARATOR))
        .chain(path.split(PATH_SEPARATOR))
        .map(str::trim)
        .collect();
    let at = PATH_LEVELS_MAX.saturating_sub(1).min(levels.len().saturating_sub(1));
    let (first, last) = levels.split_at(at);
    let room = (PATH_BYTES_MAX - TITLE_BYTES_MAX) / PATH_LEVELS_MAX - PATH_SEPARATOR.len();
    let mut path: Vec<String> = first.iter().map(|level| cut(level, room)).collect();
    path.push(cut(&last.join(" – "), TITLE_BYTES_MAX));
    // Most paths are far shorter than they may be: those keep their names whole.
    let whole = levels.join(PATH_SEPARATOR);
    let fits = levels.len() <= PATH_LEVELS_MAX
        && whole.len() <= PATH_BYTES_MAX
        && levels.last().is_none_or(|last| last.len() <= TITLE_BYTES_MAX);
    if fits { whole } else { path.join(PATH_SEPARATOR) }
}

fn cut(text: &str, bytes_max: usize) -> String {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_as_many_levels_and_bytes_as_it_may_and_a_short_one_is_kept() {
        assert_eq!(joined(None, "A::B"), "A::B");
        assert_eq!(joined(Some("From Anki"), "A::B"), "From Anki::A::B");
        let deep = joined(Some("X"), &vec!["level"; 30].join("::"));
        assert_eq!(deep.split("::").count(), PATH_LEVELS_MAX);
        let long = joined(None, &vec!["ä".repeat(140); 16].join("::"));
        assert!(long.len() <= PATH_BYTES_MAX && long.split("::").count() == 16, "{}", long.len());
        let title = joined(None, &"t".repeat(300));
        assert_eq!(title.len(), TITLE_BYTES_MAX);
    }
}
