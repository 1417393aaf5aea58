//! What every store of decks has to keep: their records, and who finds them.

use super::*;

pub async fn a_deck_is_read_as_it_was_stored(store: &impl Library) {
    let check = CheckSettings { case: Case::Matters, slips: false, ..CheckSettings::default() };
    let settings = DeckSettings {
        new_per_day: 3,
        new_mix: NewMix::Before,
        mode: Mode::Choose,
        check,
        ..DeckSettings::default()
    };
    let asked = DeckRecord {
        org: Some(OrgId::from_u128(7)),
        description: "All of it; “quoted” — naïve".to_owned(),
        visibility: Visibility::Org,
        narrowed: Default::default(),
        editors: Vec::new(),
        tags: vec!["one".to_owned(), "two words".to_owned()],
        settings,
        ..deck_record(1, "Biology::Cell")
    };
    assert_eq!(store.deck(deck(1)).await.unwrap(), None);
    let stored = store.put_deck(asked.clone(), None, START_MS + 5).await.unwrap();
    let expected = DeckRecord { revision: stored.revision, updated_ms: START_MS + 5, ..asked };
    assert_eq!(stored, expected);
    assert_eq!(store.deck(deck(1)).await.unwrap(), Some(expected));
}

pub async fn a_deck_changes_only_from_the_revision_it_was_read_at(store: &impl Library) {
    let first = store.put_deck(deck_record(1, "A"), None, START_MS).await.unwrap();
    let changed = DeckRecord { title: "B".to_owned(), ..first.clone() };
    let second = store.put_deck(changed.clone(), Some(first.revision), START_MS + 1).await.unwrap();
    assert!(second.revision > first.revision);
    let late = store.put_deck(changed, Some(first.revision), START_MS + 2).await;
    assert_eq!(late, Err(LibraryError::Changed));
    let unknown = store.put_deck(deck_record(2, "C"), Some(1), START_MS).await;
    assert_eq!(unknown, Err(LibraryError::NoSuchDeck));
    assert_eq!(store.deck(deck(1)).await.unwrap().map(|deck| deck.title), Some("B".to_owned()));
    assert_eq!(store.deck(deck(2)).await.unwrap(), None);
}

pub async fn decks_are_found_by_owner_by_id_and_by_path(store: &impl Library) {
    for (n, path) in [(1, "B::y"), (2, "A"), (3, "B"), (4, "Bx"), (5, "B::x")] {
        store.put_deck(deck_record(n, path), None, START_MS).await.unwrap();
    }
    let other = DeckRecord { owner: user(2), ..deck_record(6, "B::z") };
    store.put_deck(other, None, START_MS).await.unwrap();
    let gone = DeckRecord { deleted_ms: Some(START_MS), ..deck_record(7, "B::gone") };
    store.put_deck(gone, None, START_MS).await.unwrap();
    let found = async |query: DeckQuery| -> Vec<DeckId> {
        store.decks(query).await.unwrap().into_iter().map(|deck| deck.id).collect()
    };
    let own = DeckQuery { owner: Some(user(1)), ..DeckQuery::default() };
    assert_eq!(found(own.clone()).await, [2, 3, 5, 1, 4].map(deck));
    let below = DeckQuery { below_path: Some("B".to_owned()), ..own.clone() };
    assert_eq!(found(below.clone()).await, [3, 5, 1].map(deck));
    assert_eq!(found(DeckQuery { with_deleted: true, ..below }).await, [3, 7, 5, 1].map(deck));
    let shared = DeckQuery { ids: vec![deck(6), deck(1), deck(99)], ..own };
    assert_eq!(found(shared).await, [2, 3, 5, 1, 6, 4].map(deck));
    assert!(found(DeckQuery::default()).await.is_empty());
}

pub async fn decks_are_found_by_those_who_edit_them_now(store: &impl Library) {
    let edited = DeckRecord { editors: vec![user(5), user(4)], ..deck_record(1, "A") };
    let stored = store.put_deck(edited.clone(), None, START_MS).await.unwrap();
    assert_eq!(stored.editors, edited.editors);
    assert_eq!(store.deck(deck(1)).await.unwrap().map(|deck| deck.editors), Some(edited.editors));
    store.put_deck(deck_record(2, "B"), None, START_MS).await.unwrap();
    let of = async |editor: u64| -> Vec<DeckId> {
        let query = DeckQuery { editor: Some(user(editor)), ..DeckQuery::default() };
        store.decks(query).await.unwrap().into_iter().map(|deck| deck.id).collect()
    };
    assert_eq!((of(4).await, of(5).await, of(1).await), (vec![deck(1)], vec![deck(1)], vec![]));
    let own_and_edited = DeckQuery { owner: Some(user(1)), editor: Some(user(5)), ..DeckQuery::default() };
    assert_eq!(store.decks(own_and_edited).await.unwrap().len(), 2, "each deck once");
    let without = DeckRecord { editors: vec![user(4)], ..stored.clone() };
    let without = store.put_deck(without, Some(stored.revision), START_MS).await.unwrap();
    assert_eq!((of(4).await, of(5).await), (vec![deck(1)], vec![]));
    put(store, vec![card_record(1, "a", "x")]).await;
    assert_eq!(store.deck(deck(1)).await.unwrap().map(|deck| deck.editors), Some(without.editors));
    let again = store.deck(deck(1)).await.unwrap().unwrap();
    let nobody = DeckRecord { editors: vec![], ..again };
    store.put_deck(nobody, None, START_MS).await.unwrap();
    assert!(of(4).await.is_empty());
    assert_eq!(store.deck(deck(1)).await.unwrap().map(|deck| deck.editors), Some(vec![]));
}

pub async fn cards_of_several_decks_are_found_by_their_words(store: &impl Library) {
    for n in 1..=3 {
        store.put_deck(deck_record(n, &n.to_string()), None, START_MS).await.unwrap();
    }
    let put_into = async |to: u64, cards: Vec<CardRecord>| {
        store.put_cards(deck(to), cards, None, START_MS).await.unwrap().1
    };
    let tagged = CardRecord { tags: vec!["Äpfel".to_owned()], ..card_record(2, "fruit", "tree") };
    let first =
        put_into(1, vec![card_record(1, "the mitochondrion", "Powerhouse of the cell"), tagged]).await;
    put_into(2, vec![card_record(3, "cell wall", "of plants"), card_record(4, "ribosome", "protein")]).await;
    put_into(3, vec![card_record(5, "cell", "somebody else's")]).await;
    let found = async |decks: &[u64], text: &str| -> BTreeSet<CardId> {
        let decks = decks.iter().map(|n| deck(*n)).collect();
        let search = CardSearch { decks, text: text.to_owned(), skip: 0, limit: 10 };
        store.search(search).await.unwrap().into_iter().map(|card| card.id).collect()
    };
    let cards = |of: &[u64]| of.iter().map(|n| card(*n)).collect::<BTreeSet<_>>();
    assert_eq!(found(&[1, 2], "CELL").await, cards(&[1, 3]));
    assert_eq!(found(&[1, 2], "cell, powerhouse!").await, cards(&[1]));
    assert_eq!(found(&[1, 2], "of mito").await, cards(&[1]), "the last word may have only begun");
    assert_eq!(found(&[1, 2, 3], "äpfel").await, cards(&[2]));
    assert_eq!(found(&[2], "mitochondrion").await, cards(&[]));
    assert_eq!(found(&[], "cell").await, cards(&[]));
    assert_eq!(found(&[1, 2], "\" * ( : -").await, cards(&[]), "a text without a word");
    let page = async |skip| {
        let search = CardSearch { decks: vec![deck(1), deck(2)], text: "cell".to_owned(), skip, limit: 1 };
        store.search(search).await.unwrap().into_iter().map(|card| card.id).collect::<Vec<_>>()
    };
    let pages: BTreeSet<CardId> =
        [page(0).await, page(1).await, page(2).await].concat().into_iter().collect();
    assert_eq!(pages, cards(&[1, 3]));
    // What changes is found as it is now.
    let changed = CardRecord { back: "Power station".to_owned(), ..first[0].clone() };
    let gone = CardRecord { deleted_ms: Some(START_MS + 1), ..first[1].clone() };
    put_into(1, vec![changed, gone]).await;
    assert_eq!(found(&[1, 2], "cell").await, cards(&[3]));
    assert_eq!(found(&[1], "station").await, cards(&[1]));
    assert_eq!(found(&[1], "fruit").await, cards(&[]));
}
