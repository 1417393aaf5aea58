//! Everything that a store holds, record by record: for moving it into another store, and for checking a store that is
//! served. Lists come in pages, in whatever order the store has, which stays the same; a page begins after a record that
//! was had before, and an empty page is the end.
//!
//! Progress is a cache of the log: whoever moves a store folds it anew. Tokens are no records, and neither are sessions.

mod around;

pub use around::{Around, FeedKept, LessonKept, NOBODY, ReadAround, WebhookKept, WriteAround};

use crate::error::StoreError;
use crate::imports::{ImportRecord, RefusedRow};
use crate::library::{DeckContent, RequestDigest};
use crate::media::{MediaDigest, MediaRecord};
use crate::notes::{NoteRecord, NoteTypeRecord};
use crate::people::{ClassRecord, Person};
use crate::register::{Registered, RegisteredClass};
use crate::reviews::{Progress, Quarantined};
use bytes::Bytes;
use domain::access::Span;
use domain::entry::{Body, LogEntry};
use domain::ids::{CardId, ClassId, DeckId, EntryId, JobId, NoteId, UserId, Uuid};
use domain::state::FoldParams;
use std::collections::{BTreeMap, BTreeSet};

/// Records of a page.
pub const PAGE: usize = 256;

/// A person, and what only the store knows.
#[derive(Clone, Debug)]
pub struct PersonKept {
    /// The person.
    pub person: Person,
    /// Whether the person chose the name: then a token's no longer wins.
    pub name_chosen: bool,
    /// What the organisation's register says of the person.
    pub registered: Option<Registered>,
}

/// A class with its past.
#[derive(Clone, Debug)]
pub struct ClassKept {
    /// The class; its lists of students and decks are empty here.
    pub class: ClassRecord,
    /// Who was enrolled when: by person, then by time, without empty stretches and without overlaps.
    pub enrolled: Vec<(UserId, Span)>,
    /// Which deck was given when, in the same way.
    pub given: Vec<(DeckId, Span)>,
    /// Who of those enrolled now has extra time, in percent: by person.
    pub extra: Vec<(UserId, u16)>,
    /// What the organisation's register says of the class.
    pub registered: Option<RegisteredClass>,
}

/// What a key of idempotency was used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestKept {
    /// The key.
    pub key: Uuid,
    /// What was asked for first.
    pub asks: RequestDigest,
    /// When, Unix milliseconds.
    pub at_ms: i64,
}

/// An entry, and the card that it is filed under.
pub type Filed = (LogEntry, Option<(DeckId, CardId)>);

/// Reads everything.
pub trait ReadAll {
    /// Decks, deleted ones too.
    fn decks(&self, after: Option<DeckId>) -> impl Future<Output = Result<Vec<DeckId>, StoreError>>;

    /// A deck with all its cards.
    fn deck(&self, id: DeckId) -> impl Future<Output = Result<Option<DeckContent>, StoreError>>;

    /// By which parameters a deck's cards are folded now; `None` when nobody knows the deck.
    fn params(&self, deck: DeckId) -> impl Future<Output = Result<Option<FoldParams>, StoreError>>;

    /// People.
    fn people(&self, after: Option<UserId>) -> impl Future<Output = Result<Vec<PersonKept>, StoreError>>;

    /// Classes, deleted ones too.
    fn classes(&self, after: Option<ClassId>) -> impl Future<Output = Result<Vec<ClassKept>, StoreError>>;

    /// Note types of a deck, all of them.
    fn note_types(&self, deck: DeckId) -> impl Future<Output = Result<Vec<NoteTypeRecord>, StoreError>>;

    /// Notes of a deck.
    fn notes(
        &self,
        deck: DeckId,
        after: Option<NoteId>,
    ) -> impl Future<Output = Result<Vec<NoteRecord>, StoreError>>;

    /// The names by which a deck knows media files.
    fn media_names(
        &self,
        deck: DeckId,
        after: Option<String>,
    ) -> impl Future<Output = Result<Vec<(String, MediaDigest)>, StoreError>>;

    /// Media files.
    fn media(&self, after: Option<MediaDigest>)
    -> impl Future<Output = Result<Vec<MediaRecord>, StoreError>>;

    /// A media file's bytes.
    fn media_content(&self, record: &MediaRecord) -> impl Future<Output = Result<Bytes, StoreError>>;

    /// Import jobs. One that is at work may have more to say than lies in the store.
    fn imports(&self, after: Option<JobId>) -> impl Future<Output = Result<Vec<ImportRecord>, StoreError>>;

    /// Rows of a job that did not come in, from this number on.
    fn refused(
        &self,
        job: JobId,
        from_number: u64,
    ) -> impl Future<Output = Result<Vec<RefusedRow>, StoreError>>;

    /// What keys of idempotency were used for.
    fn requests(&self, after: Option<Uuid>) -> impl Future<Output = Result<Vec<RequestKept>, StoreError>>;

    /// Commands that could not be processed: all of some learners, who come after this one.
    fn quarantined(
        &self,
        after: Option<UserId>,
    ) -> impl Future<Output = Result<Vec<Quarantined>, StoreError>>;

    /// Learners who have entries, or may have.
    fn learners(&self, after: Option<UserId>) -> impl Future<Output = Result<Vec<UserId>, StoreError>>;

    /// A learner's whole log, rows of import jobs included, in any order.
    fn log(&self, user: UserId) -> impl Future<Output = Result<Vec<LogEntry>, StoreError>>;

    /// The newest entry of a learner's log.
    fn newest(&self, user: UserId) -> impl Future<Output = Result<Option<EntryId>, StoreError>>;

    /// A learner's progress rows of all decks, each the newest durable one; those that must not be trusted have
    /// `params_key` 0.
    fn progress(&self, user: UserId) -> impl Future<Output = Result<Vec<Progress>, StoreError>>;
}

/// Fills a store that is empty, or that a copy was begun into. Doing a thing again changes nothing. Until
/// [`finish`](WriteAll::finish) the store cannot be opened for anything else.
pub trait WriteAll {
    /// What reads the same store.
    type Stored: ReadAll;

    /// Reads what was put, after [`flush`](WriteAll::flush).
    fn stored(&self) -> &Self::Stored;

    /// Stores a deck with its cards as they are: places, revisions and times stay.
    fn put_deck(&self, deck: DeckContent) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores a person as they are.
    fn put_person(&self, person: PersonKept) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores a class with its past.
    fn put_class(&self, class: ClassKept) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores note types of a deck.
    fn put_note_types(
        &self,
        deck: DeckId,
        types: Vec<NoteTypeRecord>,
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores notes of a deck.
    fn put_notes(&self, deck: DeckId, notes: Vec<NoteRecord>)
    -> impl Future<Output = Result<(), StoreError>>;

    /// Stores names by which a deck knows media files.
    fn put_media_names(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores a media file.
    fn put_media(&self, record: MediaRecord, content: Bytes) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores an import job as it is.
    fn put_import(&self, record: ImportRecord) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores rows of a job that did not come in.
    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores what a key was used for.
    fn put_request(&self, request: RequestKept) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores a command that could not be processed.
    fn put_quarantined(&self, what: Quarantined) -> impl Future<Output = Result<(), StoreError>>;

    /// Stores a learner's whole log, and progress that is its fold.
    fn put_learner(
        &self,
        user: UserId,
        log: &[Filed],
        progress: &[Progress],
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// Makes all that was put durable.
    fn flush(&self) -> impl Future<Output = Result<(), StoreError>>;

    /// The store is whole: it may be opened.
    fn finish(&self) -> impl Future<Output = Result<(), StoreError>>;
}

/// Files the entries of one learner's whole log: an undo under the card of what it names.
pub fn filed(log: &[LogEntry]) -> Vec<Filed> {
    let named: BTreeSet<EntryId> = log
        .iter()
        .filter_map(|entry| if let Body::Undo { of } = entry.body { Some(of) } else { None })
        .collect();
    let cards: BTreeMap<EntryId, (DeckId, CardId)> = log
        .iter()
        .filter(|entry| named.contains(&entry.id))
        .filter_map(|entry| Some((entry.id, entry.card()?)))
        .collect();
    let place = |entry: &LogEntry| match entry.body {
        Body::Undo { of } => cards.get(&of).copied(),
        Body::Review(_)
        | Body::Set { .. }
        | Body::State { .. }
        | Body::ImportCommit { .. }
        | Body::ImportRevoke { .. }
        | Body::Regrade(_)
        | Body::Claim { .. } => entry.card(),
    };
    log.iter().map(|entry| (*entry, place(entry))).collect()
}

/// Stretches of one thing each, in order, without empty ones and without overlaps.
pub fn joined<Of: Copy + Ord>(spans: impl IntoIterator<Item = (Of, Span)>) -> Vec<(Of, Span)> {
    let mut spans: Vec<(Of, Span)> = spans
        .into_iter()
        .filter(|(_, span)| span.until_ms.is_none_or(|until_ms| until_ms > span.from_ms))
        .collect();
    spans.sort_by_key(|(of, span)| (*of, span.from_ms));
    let mut joined: Vec<(Of, Span)> = Vec::with_capacity(spans.len());
    for (of, span) in spans {
        match joined.last_mut() {
            Some((same, last)) if *same == of && last.holds(span.from_ms) => {
                last.until_ms = last.until_ms.and_then(|a| span.until_ms.map(|b| a.max(b)));
            }
            Some(_) | None => joined.push((of, span)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::day::{Day, Stamp};
    use domain::entry::SetChange;

    #[test]
    fn stretches_that_overlap_are_one_of_each_thing_and_empty_ones_none() {
        let span = |from_ms, until_ms| Span { from_ms, until_ms };
        let spans =
            [(2, span(1, Some(9))), (1, span(20, None)), (1, span(10, Some(25))), (1, span(5, Some(5)))];
        let joined: Vec<_> = joined(spans).into_iter().map(|(of, s)| (of, s.from_ms, s.until_ms)).collect();
        assert_eq!(joined, [(1, 10, None), (2, 1, Some(9))]);
    }

    #[test]
    fn an_undo_is_filed_under_the_card_of_what_it_names_and_under_none_if_that_is_not_there() {
        let stamp = Stamp { day: Day(0), utc_offset_min: 0 };
        let entry = |n: u128, body| LogEntry { id: EntryId::from_u128(n), stamp, job: None, body };
        let (deck, card) = (DeckId::from_u128(7), CardId::from_u128(8));
        let set = entry(1, Body::Set { deck, card, change: SetChange::Reset });
        let log =
            [set, entry(2, Body::Undo { of: set.id }), entry(3, Body::Undo { of: EntryId::from_u128(99) })];
        let places: Vec<_> = filed(&log).into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, [Some((deck, card)), Some((deck, card)), None]);
    }
}
