//! What an import does to a deck, with the real store.

use crate::content::{CardTexts, sanitise_card};
use crate::import::offline::new_deck;
use crate::import::{ImportError, ImportOptions, ImportReport, identity_of, import_deck};
use bytes::Bytes;
use domain::ids::{CardId, DeckId, UserId, Uuid};
use embedded::{EmbeddedStore, Options};
use ports::library::RequestDigest;
use ports::{Boxed, CardQuery, CardRecord, DeckContent, DeckQuery, DeckRecord, Library, LibraryError};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

pub(super) const OWNER: UserId = UserId::from_u128(7);
pub(super) const DECK: DeckId = DeckId::from_u128(1);

pub(super) struct Shelf {
    pub store: EmbeddedStore,
    now_ms: i64,
    _folder: TempDir,
}

impl Shelf {
    pub fn empty() -> Shelf {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(folder.path(), Options::default()).unwrap();
        Shelf { store, now_ms: 0, _folder: folder }
    }

    pub async fn with_deck() -> Shelf {
        let shelf = Shelf::empty();
        shelf.store.put_deck(new_deck(DECK, OWNER, None, "Deck", "Deck", 0), None, 0).await.unwrap();
        shelf
    }

    async fn try_import(&mut self, file: &str, dry_run: bool) -> Result<ImportReport, ImportError> {
        self.now_ms += 1;
        import(&self.store, file, dry_run, self.now_ms).await
    }

    async fn import(&mut self, file: &str) -> ImportReport {
        self.try_import(file, false).await.unwrap()
    }

    pub async fn content(&self, deck: DeckId) -> DeckContent {
        self.store.content(deck).await.unwrap().unwrap()
    }

    async fn revision(&self) -> u64 {
        self.content(DECK).await.0.revision
    }

    /// Live cards: fronts and backs.
    async fn cards(&self) -> Vec<(String, String)> {
        let cards = self.content(DECK).await.1.into_iter();
        cards.filter(|card| card.deleted_ms.is_none()).map(|card| (card.front, card.back)).collect()
    }

    async fn card(&self, front: &str) -> CardRecord {
        let cards = self.content(DECK).await.1;
        cards.into_iter().find(|card| card.front == front).unwrap()
    }

    async fn put(&mut self, card: CardRecord) {
        self.now_ms += 1;
        self.store.put_cards(DECK, vec![card], None, self.now_ms).await.unwrap();
    }
}

/// Imports a file that arrives byte by byte.
pub(super) async fn import(
    library: &dyn Library,
    file: &str,
    dry_run: bool,
    now_ms: i64,
) -> Result<ImportReport, ImportError> {
    let pieces: Vec<_> = file.bytes().map(|byte| Ok::<_, String>(Bytes::from(vec![byte]))).collect();
    let options = ImportOptions { dry_run, ..ImportOptions::default() };
    import_deck(library, DECK, futures_util::stream::iter(pieces), options, now_ms).await
}

pub(super) fn by_hand(id: u128, front: &str, back: &str) -> CardRecord {
    let texts = CardTexts { front: front.to_owned(), back: back.to_owned(), ..CardTexts::default() };
    let texts = sanitise_card(texts).unwrap();
    CardRecord {
        id: CardId::from_u128(id),
        deck: DECK,
        position: 0,
        note: None,
        accept: Vec::new(),
        source_key: identity_of(&texts.front),
        front: texts.front,
        back: texts.back,
        hint: Some("by hand".to_owned()),
        explanation: None,
        tags: vec!["mine".to_owned()],
        revision: 0,
        created_ms: 0,
        updated_ms: 0,
        deleted_ms: None,
    }
}

fn counts(report: &ImportReport) -> (u64, u64, u64, u64) {
    (report.added, report.updated, report.unchanged, report.rejected.total)
}

#[tokio::test]
async fn rows_become_cards_in_the_order_of_the_file_and_in_one_revision() {
    let mut shelf = Shelf::with_deck().await;
    let before = shelf.revision().await;
    let report = shelf.import("front,back\nb,1\na,2\n,3\nc,4\n").await;
    assert_eq!(counts(&report), (3, 0, 0, 1));
    assert_eq!(shelf.revision().await, before + 1);
    let fronts: Vec<_> = shelf.cards().await.into_iter().map(|(front, _)| front).collect();
    assert_eq!(fronts, ["b", "a", "c"]);
}

#[tokio::test]
async fn tags_of_a_whole_file_that_each_card_would_carry_along_are_few() {
    let mut shelf = Shelf::with_deck().await;
    let long = (0..4).map(|n| format!("{n}{}", "x".repeat(150))).collect::<Vec<_>>().join(" ");
    let report = shelf.import(&format!("#tags:{long}\na,1\nb,2\n")).await;
    assert_eq!(counts(&report), (0, 0, 0, 2));
    assert_eq!(report.rejected.listed[0].reason, crate::import::Reason::BadTags);
    let report = shelf.import("#tags:biology year9\na,1\nb,2\n").await;
    assert_eq!(counts(&report), (2, 0, 0, 0));
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let mut shelf = Shelf::with_deck().await;
    let file =
        "#html:true\n#columns:guid,front,back,hint,tags\ng,<p>a<p>b,\"x & y\",h,t u\n,cafe\u{301},c,,\n";
    shelf.import(file).await;
    let before = shelf.content(DECK).await;
    assert_eq!(counts(&shelf.import(file).await), (0, 0, 2, 0));
    assert_eq!(shelf.content(DECK).await, before);
    assert_eq!(counts(&shelf.import(&file.replace("cafe\u{301}", "caf\u{e9} ")).await), (0, 0, 2, 0));
    assert_eq!(shelf.content(DECK).await, before);
}

#[tokio::test]
async fn a_changed_row_changes_its_card_in_place() {
    let mut shelf = Shelf::with_deck().await;
    shelf.import("front,back,hint,tags\na,1,h,t\nb,2,h,t\n").await;
    let before = shelf.card("a").await;
    let report = shelf.import("front,back,hint,tags\na,one,,u\nb,2,h,t\n").await;
    assert_eq!(counts(&report), (0, 1, 1, 0));
    let after = shelf.card("a").await;
    assert_eq!((after.id, after.position, after.revision), (before.id, before.position, before.revision + 1));
    assert_eq!((after.back.as_str(), after.hint, after.tags), ("one", None, vec!["u".to_owned()]));
}

#[tokio::test]
async fn columns_that_the_file_does_not_have_stay_as_they_are() {
    let mut shelf = Shelf::with_deck().await;
    shelf.import("front,back,hint,explanation,tags\na,1,h,e,t\n").await;
    assert_eq!(counts(&shelf.import("a,2\n").await), (0, 1, 0, 0));
    let card = shelf.card("a").await;
    assert_eq!((card.hint.as_deref(), card.explanation.as_deref()), (Some("h"), Some("e")));
    assert_eq!(card.tags, ["t"]);
}

#[tokio::test]
async fn a_card_made_by_hand_is_found_by_its_front() {
    let mut shelf = Shelf::with_deck().await;
    shelf.put(by_hand(50, "Tom & <b>Jerry</b>", "old")).await;
    shelf
        .put(CardRecord { source_key: "keyed by something else".to_owned(), ..by_hand(51, "x", "old") })
        .await;
    let report = shelf.import("#html:true\nTom &amp; <b>Jerry</b>,old\nx,new\n").await;
    assert_eq!(counts(&report), (0, 1, 1, 0));
    assert_eq!(shelf.card("x").await.id, CardId::from_u128(51));
    assert_eq!(shelf.cards().await.len(), 2);
}

#[tokio::test]
async fn a_guid_finds_its_card_whatever_its_front() {
    let mut shelf = Shelf::with_deck().await;
    shelf.import("guid,front,back\ng1,a,1\ng2,b,2\n").await;
    let report = shelf.import("guid,front,back\ng1,b,1\ng2,a,2\n").await;
    assert_eq!(counts(&report), (0, 2, 0, 0));
    assert_eq!(shelf.cards().await, [("b".into(), "1".into()), ("a".into(), "2".into())]);
}

#[tokio::test]
async fn a_card_whose_front_was_changed_by_hand_is_never_found_twice() {
    let mut shelf = Shelf::with_deck().await;
    shelf.import("a,1\n").await;
    let changed = shelf.card("a").await;
    // The key may follow the front or stay: both have to end well.
    shelf.put(CardRecord { front: "b".into(), ..changed.clone() }).await;
    assert_eq!(counts(&shelf.import("b,2\na,1\n").await), (1, 1, 0, 0));
    shelf.put(CardRecord { front: "c".into(), source_key: identity_of("c"), ..changed }).await;
    assert_eq!(counts(&shelf.import("c,1\na,1\nb,2\n").await), (1, 0, 2, 0));
    let mut fronts: Vec<_> = shelf.cards().await.into_iter().map(|(front, _)| front).collect();
    fronts.sort();
    assert_eq!(fronts, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_deleted_card_comes_back_as_itself() {
    let mut shelf = Shelf::with_deck().await;
    shelf.import("a,1\nb,2\n").await;
    let card = shelf.card("a").await;
    shelf.put(CardRecord { deleted_ms: Some(9), ..card.clone() }).await;
    assert_eq!(shelf.cards().await.len(), 1);
    assert_eq!(counts(&shelf.import("a,1\nb,2\n").await), (1, 0, 1, 0));
    let again = shelf.card("a").await;
    assert_eq!((again.id, again.position, again.deleted_ms), (card.id, card.position, None));
}

#[tokio::test]
async fn a_trial_changes_nothing_and_says_what_would_be() {
    let mut shelf = Shelf::with_deck().await;
    shelf.import("a,1\nb,2\n").await;
    let before = shelf.content(DECK).await;
    let file = "a,1\nb,3\nc,4\nc,5\n";
    let trial = shelf.try_import(file, true).await.unwrap();
    assert_eq!(counts(&trial), (1, 1, 1, 1));
    assert_eq!(shelf.content(DECK).await, before);
    let real = shelf.import(file).await;
    assert_eq!(ImportReport { dry_run: true, ..real }, trial);
}

#[tokio::test]
async fn a_fault_of_the_file_changes_nothing_and_names_the_line() {
    let mut shelf = Shelf::with_deck().await;
    let before = shelf.content(DECK).await;
    match shelf.try_import("front,back\na,1\nb,\"2\nc,3\n", false).await {
        Err(ImportError::File(fault)) => assert_eq!((fault.line, fault.fault.code()), (3, "unclosed_quote")),
        other => panic!("{other:?}"),
    }
    assert_eq!(shelf.content(DECK).await, before);
}

#[tokio::test]
async fn a_file_that_breaks_off_on_its_way_changes_nothing() {
    let shelf = Shelf::with_deck().await;
    let before = shelf.content(DECK).await;
    let pieces = [Ok(Bytes::from_static(b"a,1\nb,2\n")), Err("the connection was lost")];
    let pieces = futures_util::stream::iter(pieces);
    let outcome = import_deck(&shelf.store, DECK, pieces, ImportOptions::default(), 1).await;
    assert!(matches!(outcome, Err(ImportError::Read(_))), "{outcome:?}");
    assert_eq!(shelf.content(DECK).await, before);
}

#[tokio::test]
async fn a_deck_that_is_not_there_or_deleted_is_no_such_deck() {
    let mut shelf = Shelf::empty();
    for _ in 0..2 {
        let outcome = shelf.try_import("a,1\n", false).await;
        assert!(matches!(outcome, Err(ImportError::Library(LibraryError::NoSuchDeck))), "{outcome:?}");
        let deck = DeckRecord { deleted_ms: Some(5), ..new_deck(DECK, OWNER, None, "Deck", "Deck", 0) };
        shelf.store.put_deck(deck, None, 5).await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_file_is_read_to_its_end_so_that_its_sender_sees_why() {
    let shelf = Shelf::with_deck().await;
    let taken = AtomicUsize::new(0);
    let pieces = futures_util::stream::iter((0..100).map(|n| {
        taken.fetch_add(1, Ordering::Relaxed);
        let piece = if n == 0 { b"PK\x03\x04".repeat(20_000) } else { b"x".repeat(1_000) };
        Ok::<_, String>(Bytes::from(piece))
    }));
    let outcome = import_deck(&shelf.store, DECK, pieces, ImportOptions::default(), 1).await;
    assert!(matches!(outcome, Err(ImportError::File(_))), "{outcome:?}");
    assert_eq!(taken.load(Ordering::Relaxed), 100);
}

#[tokio::test]
async fn cards_that_come_meanwhile_are_seen_at_the_second_try() {
    let shelf = Shelf::with_deck().await;
    let busy = Meddled { store: shelf.store.clone(), changes: AtomicUsize::new(1) };
    let report = import(&busy, "hand 1,b\nx,y\n", false, 10).await.unwrap();
    assert_eq!(counts(&report), (1, 1, 0, 0));
    assert_eq!(shelf.cards().await, [("hand 1".into(), "b".into()), ("x".into(), "y".into())]);
    let busy = Meddled { store: shelf.store.clone(), changes: AtomicUsize::new(2) };
    let outcome = import(&busy, "z,z\n", false, 20).await;
    assert!(matches!(outcome, Err(ImportError::Library(LibraryError::Changed))), "{outcome:?}");
}

/// A library in which somebody else makes a card just before cards are stored, so many times.
struct Meddled {
    store: EmbeddedStore,
    changes: AtomicUsize,
}

impl Library for Meddled {
    fn put_deck(
        &self,
        deck: DeckRecord,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<DeckRecord, LibraryError>> {
        self.store.put_deck(deck, if_revision, now_ms)
    }

    fn deck(&self, id: DeckId) -> Boxed<'_, Result<Option<DeckRecord>, LibraryError>> {
        Library::deck(&self.store, id)
    }

    fn decks(&self, query: DeckQuery) -> Boxed<'_, Result<Vec<DeckRecord>, LibraryError>> {
        self.store.decks(query)
    }

    fn put_cards(
        &self,
        deck: DeckId,
        cards: Vec<CardRecord>,
        if_revision: Option<u64>,
        now_ms: i64,
    ) -> Boxed<'_, Result<(u64, Vec<CardRecord>), LibraryError>> {
        Box::pin(async move {
            let left = self.changes.load(Ordering::Relaxed);
            if left > 0 {
                self.changes.store(left - 1, Ordering::Relaxed);
                let card = by_hand(left as u128 + 900, &format!("hand {left}"), "a");
                self.store.put_cards(deck, vec![card], None, now_ms).await?;
            }
            self.store.put_cards(deck, cards, if_revision, now_ms).await
        })
    }

    fn note_request(
        &self,
        key: Uuid,
        asks: RequestDigest,
        now_ms: i64,
    ) -> Boxed<'_, Result<RequestDigest, LibraryError>> {
        self.store.note_request(key, asks, now_ms)
    }

    fn card(&self, deck: DeckId, card: CardId) -> Boxed<'_, Result<Option<CardRecord>, LibraryError>> {
        self.store.card(deck, card)
    }

    fn cards(&self, deck: DeckId, query: CardQuery) -> Boxed<'_, Result<Vec<CardRecord>, LibraryError>> {
        self.store.cards(deck, query)
    }

    fn content(&self, deck: DeckId) -> Boxed<'_, Result<Option<DeckContent>, LibraryError>> {
        self.store.content(deck)
    }
}
