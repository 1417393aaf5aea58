//! A copy is believed only when what was stored is what was read.

use super::{Kind, copy};
use domain::grade::Grade;
use embedded::{EmbeddedStore, Filling, Offline, OpenError};
use kit::contract_library::card_record;
use kit::rows::{bare, card, deck, review, user};
use ports::archive::{ClassKept, Filed, PersonKept, RequestKept, WriteAll};
use ports::{DeckContent, Progress, Quarantined, ReviewStore as _, StoreError};
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
    async fn put_class(&self, class: ClassKept) -> Result<(), StoreError> {
        self.to.put_class(class).await
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

async fn source(folder: &Path) {
    let store = EmbeddedStore::open(folder, embedded::Options::default()).unwrap();
    let record = kit::contract_library::deck_record(1, "A");
    ports::Library::put_deck(&store, record.clone(), None, 1).await.unwrap();
    let cards = vec![card_record(1, "a", "b"), card_record(2, "c", "d")];
    ports::Library::put_cards(&store, record.id, cards, None, 2).await.unwrap();
    let rows: Vec<_> = (0..20)
        .map(|n| bare(user(n % 3), review(kit::rows::id(n), deck(1), card(n % 4), Grade::Good), None))
        .collect();
    store.append(rows.into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_on_the_way_is_named_and_the_copy_stays_unfinished_until_a_run_finds_all() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    source(&from).await;
    for loses in [Kind::Cards, Kind::Entries, Kind::Progress] {
        let from = Offline::open(&from).unwrap();
        let lossy = Lossy { to: Filling::open(&to, "a test").unwrap(), loses: Some(loses) };
        let copied = copy(&from, &lossy, 0, |_| ()).await.unwrap();
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
        let read = super::carry::carry(&from, &whole, 0, |_| ()).await.unwrap();
        whole.flush().await.unwrap();
        assert_eq!(super::stock::take(whole.stored(), 0).await.unwrap(), read, "also the second time");
    }
    let whole = Filling::open(&to, "a test").unwrap();
    assert!(copy(&from, &whole, 0, |_| ()).await.unwrap().differences().is_empty());
    drop(whole);
    drop(EmbeddedStore::open(&to, embedded::Options::default()).unwrap());
    let refused = Filling::open(&to, "a test").err().unwrap();
    assert!(matches!(refused, OpenError::HoldsStore(_)), "{refused}");
}
