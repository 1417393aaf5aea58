//! A copy is believed only when what was stored is what was read.

use super::{Kind, copy};
use bytes::Bytes;
use domain::grade::Grade;
use domain::ids::{ClassId, DeckId, JobId};
use embedded::{EmbeddedStore, Filling, Offline, OpenError};
use kit::around::less;
use kit::contract_imports::import_record;
use kit::contract_library::card_record;
use kit::contract_media::{content, media_record};
use kit::contract_notes::{note, note_type};
use kit::rows::{START_MS, bare, card, deck, job, review, user};
use ports::archive::{Around, ClassKept, Filed, PersonKept, RequestKept, WriteAll, WriteAround};
use ports::{
    ClassRecord, DeckContent, ImportRecord, Imports as _, Media as _, MediaDigest, MediaRecord, NoteKind,
    NoteRecord, NoteTypeRecord, Notes as _, People as _, Progress, Quarantined, RefusedRow, ReviewStore as _,
    StoreError,
};
use std::path::Path;

/// A store that loses something of what it is given, and says that it has it.
struct Lossy {
    to: Filling,
    loses: Option<Kind>,
}

impl WriteAll for Lossy {
    type Stored = Offline;
    fn stored(&self) -> &Offline {
        self.to.stored()
    }
    async fn put_deck(&self, (deck, mut cards): DeckContent) -> Result<(), StoreError> {
        if self.loses == Some(Kind::Cards) {
            cards.pop();
        }
        self.to.put_deck((deck, cards)).await
    }
    async fn put_person(&self, person: PersonKept) -> Result<(), StoreError> {
        self.to.put_person(person).await
    }
    async fn put_class(&self, mut class: ClassKept) -> Result<(), StoreError> {
        if self.loses == Some(Kind::ExtraTimes) {
            class.extra.clear();
        }
        self.to.put_class(class).await
    }
    async fn put_note_types(&self, deck: DeckId, types: Vec<NoteTypeRecord>) -> Result<(), StoreError> {
        self.to.put_note_types(deck, types).await
    }
    async fn put_notes(&self, deck: DeckId, mut notes: Vec<NoteRecord>) -> Result<(), StoreError> {
        if self.loses == Some(Kind::Notes) {
            notes.pop();
        }
        self.to.put_notes(deck, notes).await
    }
    async fn put_media_names(
        &self,
        deck: DeckId,
        mut names: Vec<(String, MediaDigest)>,
    ) -> Result<(), StoreError> {
        if self.loses == Some(Kind::MediaNames) {
            names.pop();
        }
        self.to.put_media_names(deck, names).await
    }
    async fn put_media(&self, record: MediaRecord, content: Bytes) -> Result<(), StoreError> {
        match self.loses {
            // As many bytes, and one of them another.
            Some(Kind::Media) => {
                let mut wrong = content.to_vec();
                wrong[0] ^= 1;
                self.to.put_media(record, wrong.into()).await
            }
            Some(_) | None => self.to.put_media(record, content).await,
        }
    }
    async fn put_import(&self, record: ImportRecord) -> Result<(), StoreError> {
        self.to.put_import(record).await
    }
    async fn put_refused(&self, job: JobId, mut rows: Vec<RefusedRow>) -> Result<(), StoreError> {
        if self.loses == Some(Kind::RefusedRows) {
            rows.pop();
        }
        self.to.put_refused(job, rows).await
    }
    async fn put_request(&self, request: RequestKept) -> Result<(), StoreError> {
        self.to.put_request(request).await
    }
    async fn put_quarantined(&self, what: Quarantined) -> Result<(), StoreError> {
        self.to.put_quarantined(what).await
    }
    async fn put_learner(
        &self,
        user: domain::ids::UserId,
        log: &[Filed],
        progress: &[Progress],
    ) -> Result<(), StoreError> {
        let all_but_one = |len: usize, kind| if self.loses == Some(kind) { len - 1 } else { len };
        let (log, progress) = (
            &log[..all_but_one(log.len(), Kind::Entries)],
            &progress[..all_but_one(progress.len(), Kind::Progress)],
        );
        self.to.put_learner(user, log, progress).await
    }
    async fn flush(&self) -> Result<(), StoreError> {
        self.to.flush().await
    }
    async fn finish(&self) -> Result<(), StoreError> {
        self.to.finish().await
    }
}

impl WriteAround for Lossy {
    async fn put_around(&self, what: Around) -> Result<(), StoreError> {
        let kind = match &what {
            Around::Feed(_) => Kind::Feeds,
            Around::Events(..) => Kind::Events,
            Around::Webhook(_) => Kind::Attempts,
            Around::Lesson(_) => Kind::Lessons,
            Around::Report(_) => Kind::Reports,
            Around::Papers(_) => Kind::Papers,
        };
        let what = if self.loses == Some(kind) { less(what) } else { Some(what) };
        match what {
            Some(what) => self.to.put_around(what).await,
            None => Ok(()),
        }
    }
}

async fn source(folder: &Path) {
    let store = EmbeddedStore::open(folder, embedded::Options::default()).unwrap();
    let record = kit::contract_library::deck_record(1, "A");
    ports::Library::put_deck(&store, record.clone(), None, 1).await.unwrap();
    let cards = vec![card_record(1, "a", "b"), card_record(2, "c", "d")];
    ports::Library::put_cards(&store, record.id, cards, None, 2).await.unwrap();
    store.put_note_types(deck(1), vec![note_type(1, NoteKind::Cloze)]).await.unwrap();
    store.put_notes(deck(1), vec![note(1), note(2)]).await.unwrap();
    store.put_media(media_record(1, 3_000), content(1, 3_000)).await.unwrap();
    store.give_media(deck(1), vec![("a.png".to_owned(), media_record(1, 0).digest)]).await.unwrap();
    store.put_import(import_record(1), None).await.unwrap();
    let refused =
        RefusedRow { number: 7, line: 9, column: None, reason: "empty".to_owned(), text: String::new() };
    store.put_refused(job(1), vec![refused]).await.unwrap();
    let rows: Vec<_> = (0..20)
        .map(|n| bare(user(n % 3), review(kit::rows::id(n), deck(1), card(n % 4), Grade::Good), None))
        .collect();
    store.append(rows.into()).await;
    store.create_class(class()).await.unwrap();
    store.set_extra_time(class().id, user(1), 50).await.unwrap();
    kit::around::fill(&store, START_MS, 300).await;
}

/// A class of two.
fn class() -> ClassRecord {
    ClassRecord {
        id: ClassId::from_u128(41),
        org: None,
        teacher: user(9),
        title: "7b".to_owned(),
        created_ms: START_MS,
        deleted_ms: None,
        students: vec![user(1), user(2)],
        decks: vec![],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_on_the_way_is_named_and_the_copy_stays_unfinished_until_a_run_finds_all() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    source(&from).await;
    let some = [Kind::Notes, Kind::MediaNames, Kind::Media, Kind::RefusedRows];
    let around = [Kind::Events, Kind::Attempts, Kind::Lessons, Kind::Reports, Kind::Papers, Kind::ExtraTimes];
    let every = [Kind::Cards, Kind::Entries, Kind::Progress].into_iter().chain(some).chain(around);
    for loses in every {
        let from = Offline::open(&from).unwrap();
        let lossy = Lossy { to: Filling::open(&to, "a test").unwrap(), loses: Some(loses) };
        let copied = copy(&from, &lossy, START_MS, |_| ()).await.unwrap();
        assert_eq!(copied.differences(), [loses]);
        drop(lossy);
        let refused = EmbeddedStore::open(&to, embedded::Options::default()).err().unwrap();
        assert!(matches!(refused, OpenError::CopyUnfinished { .. }), "{refused}");
        // Begun anew: what was lost is not there by an earlier try either.
        std::fs::remove_dir_all(&to).unwrap();
    }
    let from = Offline::open(&from).unwrap();
    for _ in 0..2 {
        let whole = Lossy { to: Filling::open(&to, "a test").unwrap(), loses: None };
        let read = super::carry::carry(&from, &whole, START_MS, |_| ()).await.unwrap();
        whole.flush().await.unwrap();
        assert_eq!(super::stock::take(whole.stored(), START_MS).await.unwrap(), read, "also the second time");
    }
    let whole = Filling::open(&to, "a test").unwrap();
    assert!(copy(&from, &whole, START_MS, |_| ()).await.unwrap().differences().is_empty());
    drop(whole);
    let moved = EmbeddedStore::open(&to, embedded::Options::default()).unwrap();
    assert_eq!(moved.extra_times(class().id).await, Ok(vec![(user(1), 50)]));
    kit::around::goes_on(&moved, START_MS, 300).await;
    drop(moved);
    let refused = Filling::open(&to, "a test").err().unwrap();
    assert!(matches!(refused, OpenError::HoldsStore(_)), "{refused}");
}
