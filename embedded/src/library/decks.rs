//! Decks in `main.db`.

use crate::error::{During, unreadable};
use crate::rows::{id, maybe_id};
use domain::access::Narrowed;
use domain::ids::{DeckId, OrgId, UserId};
use ports::codec::{
    editors_of, editors_text, settings_of, settings_text, tags_of, tags_text, visibility_of, visibility_word,
};
use ports::library::PATH_SEPARATOR;
use ports::{DeckQuery, DeckRecord, LibraryError, StoreError};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;

const COLUMNS: &str = "id, org, owner, path, title, description, visibility, tags, settings, revision, cards, \
                       created_ms, updated_ms, deleted_ms, all_until_ms, org_until_ms, editors";

/// One deck, deleted ones too.
pub(crate) fn deck_by_id(main: &Connection, id: DeckId) -> Result<Option<DeckRecord>, StoreError> {
    let found = select(main, &format!("SELECT {COLUMNS} FROM decks WHERE id = ?1"), [&id.bytes()[..]])?;
    Ok(found.into_iter().next())
}

/// Stores a deck, new or changed.
pub(super) fn put_deck(
    main: &Connection,
    mut deck: DeckRecord,
    if_revision: Option<u64>,
    now_ms: i64,
) -> Result<DeckRecord, LibraryError> {
    let stored = deck_by_id(main, deck.id)?;
    match (&stored, if_revision) {
        (None, Some(_)) => return Err(LibraryError::NoSuchDeck),
        (Some(stored), Some(based_on)) if stored.revision != based_on => return Err(LibraryError::Changed),
        (None | Some(_), _) => {}
    }
    deck.revision = stored.as_ref().map_or(1, |stored| stored.revision + 1);
    deck.cards = stored.as_ref().map_or(0, |stored| stored.cards);
    deck.created_ms = stored.as_ref().map_or(deck.created_ms, |stored| stored.created_ms);
    deck.updated_ms = now_ms;
    write(main, &deck)?;
    let before = stored.iter().flat_map(|stored| &stored.editors);
    for editor in before.filter(|editor| !deck.editors.contains(editor)) {
        main.prepare_cached("DELETE FROM deck_editors WHERE editor = ?1 AND deck = ?2")
            .and_then(|mut delete| delete.execute((&editor.bytes()[..], &deck.id.bytes()[..])))
            .during("take an editor away")?;
    }
    Ok(deck)
}

/// Stores what a change of cards changes about their deck.
pub(super) fn set_cards(
    main: &Connection,
    deck: DeckId,
    revision: u64,
    cards: u32,
    now_ms: i64,
) -> Result<(), StoreError> {
    main.prepare_cached("UPDATE decks SET revision = ?2, cards = ?3, updated_ms = ?4 WHERE id = ?1")
        .and_then(|mut update| update.execute((&deck.bytes()[..], revision as i64, cards, now_ms)))
        .during("store a deck's revision")?;
    Ok(())
}

/// Writes a deck's row as it is.
pub(crate) fn write(main: &Connection, deck: &DeckRecord) -> Result<(), StoreError> {
    let put = || {
        main.prepare_cached(
            "INSERT OR REPLACE INTO decks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
                                                   ?15, ?16, ?17)",
        )?
        .execute(rusqlite::params![
            &deck.id.bytes()[..],
            deck.org.as_ref().map(|org| &org.bytes()[..]),
            &deck.owner.bytes()[..],
            deck.path,
            deck.title,
            deck.description,
            visibility_word(deck.visibility),
            tags_text(&deck.tags),
            settings_text(&deck.settings),
            deck.revision as i64,
            deck.cards,
            deck.created_ms,
            deck.updated_ms,
            deck.deleted_ms,
            deck.narrowed.all_until_ms,
            deck.narrowed.org_until_ms,
            editors_text(&deck.editors),
        ])
    };
    put().during("store a deck")?;
    for editor in &deck.editors {
        main.prepare_cached("INSERT OR IGNORE INTO deck_editors VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute((&editor.bytes()[..], &deck.id.bytes()[..])))
            .during("store an editor")?;
    }
    Ok(())
}

/// Decks by path, then title, then id.
pub(super) fn decks(main: &Connection, query: &DeckQuery) -> Result<Vec<DeckRecord>, LibraryError> {
    let mut found = BTreeMap::new();
    if let Some(owner) = &query.owner {
        // What begins with the path is a range of the index by owner and path; `wanted` looks closer.
        let sql = format!(
            "SELECT {COLUMNS} FROM decks WHERE owner = ?1 AND path >= ?2 AND path < ?2 || char(0x10ffff)"
        );
        let top = query.below_path.as_deref().unwrap_or_default();
        let decks = select(main, &sql, params![&owner.bytes()[..], top])?;
        found.extend(decks.into_iter().map(|deck| (deck.id, deck)));
    }
    if let Some(editor) = &query.editor {
        // A row may be left from an earlier state of the deck: its record decides.
        let edited = "SELECT deck FROM deck_editors WHERE editor = ?1";
        for id in ids(main, edited, editor.bytes())? {
            let deck = deck_by_id(main, DeckId::from_bytes(id))?;
            found.extend(deck.filter(|deck| deck.editors.contains(editor)).map(|deck| (deck.id, deck)));
        }
    }
    for id in &query.ids {
        found.extend(deck_by_id(main, *id)?.map(|deck| (deck.id, deck)));
    }
    let mut decks: Vec<DeckRecord> = found.into_values().filter(|deck| wanted(deck, query)).collect();
    decks.sort_by(|a, b| (&a.path, &a.title, a.id).cmp(&(&b.path, &b.title, b.id)));
    Ok(decks)
}

fn ids(main: &Connection, sql: &str, of: &[u8; 16]) -> Result<Vec<[u8; 16]>, StoreError> {
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement.query_map([&of[..]], |row| id(row, 0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read an editor's decks")
}

fn wanted(deck: &DeckRecord, query: &DeckQuery) -> bool {
    let below = query.below_path.as_deref().is_none_or(|top| {
        deck.path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(PATH_SEPARATOR))
    });
    below && (query.with_deleted || deck.deleted_ms.is_none())
}

fn select(
    main: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<DeckRecord>, StoreError> {
    let mut statement = main.prepare_cached(sql).during("read decks")?;
    let mut rows = statement.query(params).during("read decks")?;
    let mut decks = Vec::new();
    while let Some(row) = rows.next().during("read decks")? {
        let (mut deck, tags, settings) = of_row(row).during("read a deck")?;
        let editors: String = row.get(16).during("read a deck")?;
        deck.editors = editors_of(&editors).map_err(|error| unreadable("read editors", error))?;
        deck.tags = tags_of(&tags).map_err(|error| unreadable("read tags", error))?;
        deck.settings =
            settings_of(&settings).map_err(|error| unreadable("read a deck's settings", error))?;
        decks.push(deck);
    }
    Ok(decks)
}

fn of_row(row: &Row) -> rusqlite::Result<(DeckRecord, String, String)> {
    let deck = DeckRecord {
        id: DeckId::from_bytes(id(row, 0)?),
        org: maybe_id(row, 1)?.map(OrgId::from_bytes),
        owner: UserId::from_bytes(id(row, 2)?),
        editors: Vec::new(),
        path: row.get(3)?,
        title: row.get(4)?,
        description: row.get(5)?,
        visibility: visibility_of(row.get_ref(6)?.as_str()?),
        narrowed: Narrowed { all_until_ms: row.get(14)?, org_until_ms: row.get(15)? },
        tags: Vec::new(),
        settings: Default::default(),
        revision: row.get::<_, i64>(9)? as u64,
        cards: row.get(10)?,
        created_ms: row.get(11)?,
        updated_ms: row.get(12)?,
        deleted_ms: row.get(13)?,
    };
    Ok((deck, row.get(7)?, row.get(8)?))
}
