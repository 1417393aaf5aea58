//! Opening, closing, dying and opening again.

use crate::common::{folder, ids, log_ids, open, options, rows, settled, store_with, trimmed};
use domain::ids::CardId;
use embedded::{Bugs, EmbeddedStore, Offline, OpenError, Options};
use kit::contract_library::{card_record, deck_record};
use kit::contract_notes::note;
use kit::contract_store::append;
use kit::rows::{card, deck, state, user};
use kit::wait::block_on;
use ports::library::CARDS_PER_DECK_MAX;
use ports::{Library as _, LibraryError, NoteRecord, Notes as _, ReviewStore};
use rusqlite::Connection;
use std::path::Path;

#[test]
fn acknowledged_rows_are_there_after_a_kill_before_apply() {
    block_on(async {
        let (store, folder) = store_with(options());
        let hold = store.hold_apply();
        append(&store, rows(user(1), 0..50)).await;
        assert_eq!(store.stats().backlog_rows, 50);
        drop(store);
        drop(hold);
        let store = open(folder.path());
        assert_eq!(log_ids(&store, user(1)).await, ids(0..50));
        assert_eq!(store.progress(user(1), deck(1)).await.unwrap().len(), 50);
        settled(&store).await;
        assert_eq!(log_ids(&store, user(1)).await, ids(0..50));
    });
}

/// Empties the journal, restarts, answers, restarts; the rows that are found.
async fn after_two_restarts(bugs: Bugs) -> usize {
    let options = || Options { bugs, ..options() };
    let (store, folder) = store_with(options());
    append(&store, rows(user(1), 0..30)).await;
    trimmed(&store).await;
    drop(store);
    let store = EmbeddedStore::open(folder.path(), options()).unwrap();
    let hold = store.hold_apply();
    append(&store, rows(user(1), 30..40)).await;
    drop((store, hold));
    let store = EmbeddedStore::open(folder.path(), options()).unwrap();
    log_ids(&store, user(1)).await.len()
}

#[test]
fn row_numbers_go_on_after_the_journal_was_emptied() {
    block_on(async {
        assert_eq!(after_two_restarts(Bugs::default()).await, 40);
        // Numbers that begin anew look applied: the control.
        let reuse = Bugs { rowid_reuse: true, ..Bugs::default() };
        assert!(after_two_restarts(reuse).await < 40);
    });
}

#[test]
fn rows_applied_again_after_a_kill_are_there_once() {
    block_on(async {
        let (store, folder) = store_with(options());
        append(&store, rows(user(1), 0..20)).await;
        settled(&store).await;
        drop(store);
        // As if the last transaction of apply had not happened.
        let main = Connection::open(folder.path().join("main.db")).unwrap();
        let journal = Connection::open(folder.path().join("journal.db")).unwrap();
        journal.execute("DELETE FROM journal", []).unwrap();
        let mut bytes = Vec::new();
        for (n, row) in (1..).zip(rows(user(1), 0..20)) {
            bytes.clear();
            ports::codec::encode_row(&row, &mut bytes);
            journal.execute("INSERT INTO journal VALUES (?1, ?2)", (n, &bytes)).unwrap();
        }
        main.execute("UPDATE meta SET value = 7 WHERE key = 'applied_upto'", []).unwrap();
        drop((main, journal));
        let store = open(folder.path());
        settled(&store).await;
        assert_eq!(store.stats().applied_rows, 13);
        assert_eq!(log_ids(&store, user(1)).await, ids(0..20));
        let progress = store.progress(user(1), deck(1)).await.unwrap();
        assert!((0..).zip(&progress).all(|(n, row)| row.state == state(n)) && progress.len() == 20);
    });
}

#[test]
fn a_folder_belongs_to_one_process_and_a_second_opening_says_whose_it_is() {
    let (store, folder) = store_with(options());
    let second = EmbeddedStore::open(folder.path(), options()).err().unwrap();
    assert!(matches!(second, OpenError::InUse { .. }));
    assert!(second.to_string().contains(&format!("process {}", std::process::id())), "{second}");
    assert!(matches!(Offline::open(folder.path()).err().unwrap(), OpenError::InUse { .. }));
    drop(store);
    drop(open(folder.path()));
}

fn version(file: &Path) -> i64 {
    let db = Connection::open(file).unwrap();
    db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

fn set_version(file: &Path, version: i64) {
    Connection::open(file).unwrap().pragma_update(None, "user_version", version).unwrap();
}

#[test]
fn a_file_of_a_newer_program_is_refused_and_left_alone() {
    for file in ["main.db", "journal.db"] {
        let (store, folder) = store_with(options());
        drop(store);
        let ours = version(&folder.path().join(file));
        set_version(&folder.path().join(file), 99);
        let refused = EmbeddedStore::open(folder.path(), options()).err().unwrap();
        assert!(matches!(refused, OpenError::NewerSchema { found: 99, .. }), "{refused}");
        assert!(refused.to_string().contains("99"), "{refused}");
        set_version(&folder.path().join(file), ours);
        drop(open(folder.path()));
    }
}

#[test]
fn a_store_of_an_earlier_version_is_brought_up_and_keeps_its_decks() {
    let (store, folder) = store_with(options());
    block_on(store.put_deck(deck_record(1, "A"), None, 1)).unwrap();
    drop(store);
    let db = Connection::open(folder.path().join("main.db")).unwrap();
    for column in ["all_until_ms", "org_until_ms"] {
        db.execute(&format!("ALTER TABLE decks DROP COLUMN {column}"), []).unwrap();
    }
    drop(db);
    undo_chapters(folder.path());
    let main = folder.path().join("main.db");
    set_version(&main, version(&main) - STEPS_SINCE_CHAPTERS - 1);
    let deck = block_on(open(folder.path()).deck(deck(1))).unwrap().unwrap();
    assert_eq!((deck.path.as_str(), deck.narrowed), ("A", Default::default()));
}

#[test]
fn cards_from_before_many_were_filed_apart_are_found_and_joined_by_many() {
    let (store, folder) = store_with(options());
    let many = |from: u64, to: u64| (from..to).map(|n| card_record(n, &format!("front {n}"), "x"));
    block_on(async {
        store.put_deck(deck_record(1, "A"), None, 1).await.unwrap();
        store.put_cards(deck(1), many(1, 50).collect(), None, 1).await.unwrap();
    });
    drop(store);
    let main = folder.path().join("main.db");
    Connection::open(&main).unwrap().execute_batch(UNDO_FILED_CARDS).unwrap();
    set_version(&main, version(&main) - 3);
    let store = open(folder.path());
    block_on(async {
        store.put_cards_from(deck(1), Box::new(many(1, 3_000)), None, 2).await.unwrap();
        let (record, cards) = store.content(deck(1)).await.unwrap().unwrap();
        assert_eq!((record.cards, cards.len()), (2_999, 2_999));
        for n in [1, 49, 50, 2_999] {
            let found = store.card(deck(1), card(n)).await.unwrap().unwrap();
            assert_eq!((found.front, found.revision), (format!("front {n}"), 1));
        }
    });
    drop(store);
    let filed = "SELECT count(*) FROM cards WHERE filed = 1";
    let filed: u32 = Connection::open(&main).unwrap().query_row(filed, [], |row| row.get(0)).unwrap();
    assert_eq!(filed, 2_950, "those that came together, and no other");
}

#[test]
fn cards_of_which_some_have_no_room_are_refused_together_and_come_again_in_parts() {
    let (store, folder) = store_with(options());
    let many = |from: u64, to: u64| Box::new((from..to).map(|n| card_record(n, &format!("front {n}"), "x")));
    block_on(async {
        store.put_deck(deck_record(1, "A"), None, 1).await.unwrap();
        store.put_cards(deck(1), vec![card_record(0, "first", "x")], None, 1).await.unwrap();
    });
    drop(store);
    // So that there is room for 10,000.
    let last = i64::try_from(CARDS_PER_DECK_MAX - 10_001).unwrap();
    let main = Connection::open(folder.path().join("main.db")).unwrap();
    main.execute("UPDATE cards SET position = ?1", [last]).unwrap();
    drop(main);
    let store = open(folder.path());
    block_on(async {
        store.put_cards_from(deck(1), many(1, 1_001), None, 1).await.unwrap();
        // More than one part is filed before there is no room.
        let refused = store.put_cards_from(deck(1), many(1_001, 11_001), None, 1).await;
        assert!(matches!(refused, Err(LibraryError::TooManyCards)), "{refused:?}");
        assert_eq!(store.card(deck(1), card(1_001)).await.unwrap(), None);
        for (from, to) in [(5_001, 9_001), (501, 10_001)] {
            store.put_cards_from(deck(1), many(from, to), None, 2).await.unwrap();
        }
        let (record, cards) = store.content(deck(1)).await.unwrap().unwrap();
        let mut ids: Vec<CardId> = cards.iter().map(|card| card.id).collect();
        ids.sort();
        assert_eq!((record.cards, ids), (10_001, (0..10_001).map(card).collect()));
        for n in (1..10_001).step_by(97) {
            assert_eq!(store.card(deck(1), card(n)).await.unwrap().unwrap().front, format!("front {n}"));
        }
    });
}

#[test]
fn notes_come_in_large_numbers_before_and_after_they_are_filed_apart_and_are_all_there() {
    let (store, folder) = store_with(options());
    let many = |from: u64, to: u64| (from..to).map(note).collect::<Vec<_>>();
    let all = |store: &EmbeddedStore| {
        let mut found: Vec<NoteRecord> = Vec::new();
        loop {
            let page = block_on(store.notes(deck(1), found.last().map(|note| note.id), 777)).unwrap();
            if page.is_empty() {
                return found;
            }
            found.extend(page);
        }
    };
    let sorted = |mut notes: Vec<NoteRecord>| {
        notes.sort_by_key(|note| note.id);
        notes
    };
    block_on(async {
        store.put_notes(deck(1), many(0, 2_000)).await.unwrap();
        store.put_notes(deck(1), many(2_000, 2_010)).await.unwrap();
    });
    drop(store);
    let main = folder.path().join("main.db");
    Connection::open(&main).unwrap().execute_batch(UNDO_FILED_NOTES).unwrap();
    set_version(&main, version(&main) - 2);
    let store = open(folder.path());
    assert_eq!(all(&store), sorted(many(0, 2_010)));
    let changed = |n: u64| NoteRecord { guid: format!("another {n}"), ..note(n) };
    block_on(async {
        // Known and new ones, many and few, some twice, one of another deck.
        store.put_notes(deck(1), (1_500..5_000).chain(4_000..4_100).map(changed).collect()).await.unwrap();
        store.put_notes(deck(1), vec![changed(3), note(4_999), note(6_000)]).await.unwrap();
        let foreign = NoteRecord { deck: deck(2), ..note(4_000) };
        store.put_notes(deck(2), vec![foreign.clone()]).await.unwrap();
        for n in [0, 3, 1_500, 4_050, 4_999, 6_000] {
            let wanted = if matches!(n, 3 | 1_500 | 4_050) { changed(n) } else { note(n) };
            assert_eq!(store.note(deck(1), wanted.id).await.unwrap(), Some(wanted), "{n}");
        }
        assert_eq!(store.note(deck(1), note(7_000).id).await.unwrap(), None);
        assert_eq!(store.notes(deck(2), None, 10).await.unwrap(), [foreign]);
    });
    let wanted = (0..5_000).chain([6_000]).map(|n| match n {
        3 | 1_500..4_999 => changed(n),
        _ => note(n),
    });
    assert_eq!(all(&store), sorted(wanted.collect()));
    drop(store);
    let filed = "SELECT count(*) FROM notes WHERE filed = 1";
    let filed: u32 = Connection::open(&main).unwrap().query_row(filed, [], |row| row.get(0)).unwrap();
    assert_eq!(filed, 2_990, "those that came together, and no other");
}

#[test]
fn the_log_of_very_many_cards_holds_what_the_log_of_each_of_them_holds() {
    let (store, _folder) = store_with(options());
    block_on(async {
        append(&store, rows(user(1), 0..50)).await;
        settled(&store).await;
        let few = store.card_log(user(1), deck(1), Some((0..9).map(card).collect())).await.unwrap();
        let many = (0..9).chain(1_000_000..1_010_000).map(card).collect();
        let mut found = store.card_log(user(1), deck(1), Some(many)).await.unwrap();
        assert!(!few.is_empty() && few.len() < 50, "{}", few.len());
        found.sort_by_key(|entry| entry.id);
        assert_eq!(found, few);
    });
}

/// Takes back the newest two steps: nothing is condensed, and all notes are in the index by id.
const UNDO_FILED_NOTES: &str = "
    DROP TABLE condensed; DROP TABLE condensed_answers;
    DROP TABLE filed_notes;
    CREATE TABLE notes_before (
        deck BLOB NOT NULL, id BLOB NOT NULL, note_type BLOB NOT NULL, guid TEXT NOT NULL, fields TEXT NOT NULL,
        tags TEXT NOT NULL, extra TEXT NOT NULL, updated_ms INTEGER NOT NULL, PRIMARY KEY (deck, id)
    ) STRICT;
    INSERT INTO notes_before SELECT deck, id, note_type, guid, fields, tags, extra, updated_ms FROM notes;
    DROP TABLE notes; ALTER TABLE notes_before RENAME TO notes;";

/// Takes back the newest three steps: all cards are in the index by id, too.
pub(super) const UNDO_FILED_CARDS: &str = "
    DROP TABLE condensed; DROP TABLE condensed_answers;
    DROP TABLE filed_notes; DROP TABLE notes;
    CREATE TABLE notes (
        deck BLOB NOT NULL, id BLOB NOT NULL, note_type BLOB NOT NULL, guid TEXT NOT NULL, fields TEXT NOT NULL,
        tags TEXT NOT NULL, extra TEXT NOT NULL, updated_ms INTEGER NOT NULL, PRIMARY KEY (deck, id)
    ) STRICT;
    DROP INDEX cards_by_id; DROP TABLE filed_cards; ALTER TABLE cards DROP COLUMN filed;
    CREATE UNIQUE INDEX cards_by_id ON cards (deck, id);";

/// Takes back the newest steps, to that which files the log in chapters: so many.
const STEPS_SINCE_CHAPTERS: i64 = 13;

fn undo_chapters(folder: &Path) {
    let db = Connection::open(folder.join("main.db")).unwrap();
    db.execute_batch(UNDO_FILED_CARDS).unwrap();
    db.execute_batch(
        "DROP TABLE event_feeds; DROP TABLE events; DROP TABLE webhooks; DROP TABLE webhook_attempts;
         ALTER TABLE decks DROP COLUMN editors; DROP TABLE deck_editors; DROP TABLE indexed_decks;
         DROP TABLE indexed_cards; DROP TABLE card_words; DROP TABLE register; DROP TABLE register_classes;
         DROP TABLE import_entries; DROP TABLE import_cards; DROP TABLE imports; DROP TABLE import_refused;
         DROP TABLE media; DROP TABLE deck_media; DROP TABLE note_types; DROP TABLE notes;
         DROP TABLE lessons; DROP TABLE lesson_reports; DROP TABLE papers;
         ALTER TABLE enrollments DROP COLUMN extra_percent; ALTER TABLE cards DROP COLUMN accept;
         DROP INDEX review_log_by_chapter;
         ALTER TABLE review_log DROP COLUMN chapter;
         CREATE INDEX review_log_by_card ON review_log (user, card);",
    )
    .unwrap();
}

#[test]
fn a_log_from_before_it_was_filed_in_chapters_is_read_by_card_as_before() {
    let (store, folder) = store_with(options());
    let cards = vec![card(1), card(2)];
    block_on(async {
        append(&store, rows(user(1), 0..50)).await;
        settled(&store).await;
    });
    let before = block_on(store.card_log(user(1), deck(1), Some(cards.clone()))).unwrap();
    assert!(!before.is_empty());
    drop(store);
    undo_chapters(folder.path());
    let main = folder.path().join("main.db");
    set_version(&main, version(&main) - STEPS_SINCE_CHAPTERS);
    let store = open(folder.path());
    assert_eq!(block_on(store.card_log(user(1), deck(1), Some(cards))).unwrap(), before);
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (one, folder_one) = store_with(options());
    let (two, folder_two) = store_with(options());
    drop((one, two));
    // Whichever connection closed last, what is beside the file belongs to it.
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let (mine, other) = (folder_one.path().join(file), folder_two.path().join(file));
        let _ = std::fs::remove_file(&mine);
        if other.exists() {
            std::fs::copy(other, mine).unwrap();
        }
    }
    let refused = EmbeddedStore::open(folder_one.path(), options()).err().unwrap();
    assert!(matches!(refused, OpenError::Mismatch(_)), "{refused}");
    std::fs::remove_file(folder_one.path().join("main.db")).unwrap();
    let refused = EmbeddedStore::open(folder_one.path(), options()).err().unwrap();
    assert!(matches!(refused, OpenError::MainMissing(_)), "{refused}");
}

#[test]
fn a_store_whose_journal_is_gone_is_refused_for_what_may_have_been_in_it() {
    let (store, folder) = store_with(options());
    block_on(append(&store, rows(user(1), 0..5)));
    drop(store);
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(file));
    }
    let refused = EmbeddedStore::open(folder.path(), options()).err().unwrap();
    assert!(matches!(refused, OpenError::JournalMissing(_)), "{refused}");
}

#[test]
fn a_database_of_something_else_is_refused() {
    let folder = folder();
    let other = Connection::open(folder.path().join("main.db")).unwrap();
    other.execute("CREATE TABLE something (x)", []).unwrap();
    drop(other);
    let refused = EmbeddedStore::open(folder.path(), options()).err().unwrap();
    assert!(matches!(refused, OpenError::Foreign(_)), "{refused}");
}

#[test]
fn a_store_without_a_server_is_read_as_it_was_stored() {
    block_on(async {
        let (store, folder) = store_with(options());
        append(&store, [rows(user(1), 0..5), rows(user(2), 5..9)].concat()).await;
        settled(&store).await;
        let hold = store.hold_apply();
        append(&store, [rows(user(1), 9..12), rows(user(3), 12..13)].concat()).await;
        drop((store, hold));
        let offline = Offline::open(folder.path()).unwrap();
        assert_eq!(offline.learners().unwrap(), [user(1), user(2), user(3)]);
        let stored = offline.learner(user(1)).unwrap();
        let found: Vec<_> = stored.log.iter().map(|entry| entry.id).collect();
        assert_eq!(found, [ids(0..5), ids(9..12)].concat());
        assert_eq!(stored.progress.len(), 8);
        assert_eq!(offline.learner(user(9)).unwrap(), Default::default());
        drop(offline);
        // Nothing was applied by reading.
        let journal = Connection::open(folder.path().join("journal.db")).unwrap();
        let rows: i64 = journal.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap();
        assert!(rows >= 4);
    });
}

#[test]
fn no_store_is_no_store_to_verify() {
    let folder = folder();
    assert!(matches!(Offline::open(folder.path()).err().unwrap(), OpenError::NoStore(_)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
