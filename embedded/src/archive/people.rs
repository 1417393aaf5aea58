//! People and classes with their past, as rows.

use super::read::page;
use crate::error::During;
use crate::people::classes::{class, extra_times};
use crate::people::{persons, register};
use crate::rows::id;
use domain::access::Span;
use domain::ids::{ClassId, DeckId, UserId};
use ports::archive::{ClassKept, PersonKept, joined};
use ports::{Account, StoreError};
use rusqlite::Connection;

/// A page of people.
pub(super) fn people(main: &Connection, after: Option<UserId>) -> Result<Vec<PersonKept>, StoreError> {
    let sql = "SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";
    let ids = page(main, sql, after.map(|id| *id.bytes()), |row| id(row, 0))?;
    ids.into_iter().filter_map(|id| kept_person(main, UserId::from_bytes(id)).transpose()).collect()
}

fn kept_person(main: &Connection, user: UserId) -> Result<Option<PersonKept>, StoreError> {
    let Some(Account { person, name_chosen }) = persons::stored(main, user)? else { return Ok(None) };
    let registered = person.org.map(|org| register::one(main, org, user)).transpose()?.flatten();
    Ok(Some(PersonKept { person, name_chosen, registered }))
}

/// Writes a person as they are.
pub(super) fn write_person(main: &Connection, kept: PersonKept) -> Result<(), StoreError> {
    persons::write(main, &Account { person: kept.person, name_chosen: kept.name_chosen })?;
    kept.registered.map_or(Ok(()), |registered| register::write(main, &registered))
}

/// A page of classes.
pub(super) fn classes(main: &Connection, after: Option<ClassId>) -> Result<Vec<ClassKept>, StoreError> {
    let sql = "SELECT id FROM classes WHERE id > ?1 ORDER BY id LIMIT ?2";
    let ids = page(main, sql, after.map(|id| *id.bytes()), |row| id(row, 0))?;
    ids.into_iter().filter_map(|id| kept(main, ClassId::from_bytes(id)).transpose()).collect()
}

fn kept(main: &Connection, id: ClassId) -> Result<Option<ClassKept>, StoreError> {
    let Some(mut record) = class(main, id)? else { return Ok(None) };
    record.students.clear();
    record.decks.clear();
    let enrolled = spans(main, "SELECT user, from_ms, until_ms FROM enrollments WHERE class = ?1", id)?;
    let registered = record.org.map(|org| register::one_class(main, org, id)).transpose()?.flatten();
    let mut extra = extra_times(main, id)?;
    extra.sort_unstable();
    let given = spans(main, "SELECT deck, from_ms, until_ms FROM class_decks WHERE class = ?1", id)?;
    Ok(Some(ClassKept {
        registered,
        class: record,
        extra,
        enrolled: joined(enrolled.into_iter().map(|(user, span)| (UserId::from_bytes(user), span))),
        given: joined(given.into_iter().map(|(deck, span)| (DeckId::from_bytes(deck), span))),
    }))
}

fn spans(main: &Connection, sql: &str, class: ClassId) -> Result<Vec<([u8; 16], Span)>, StoreError> {
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement.query_map([&class.bytes()[..]], |row| {
            Ok((id(row, 0)?, Span { from_ms: row.get(1)?, until_ms: row.get(2)? }))
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read the stretches of a class")
}

/// Writes a class with its past, in place of what is there.
pub(super) fn write_class(main: &Connection, kept: &ClassKept) -> Result<(), StoreError> {
    let (class, id) = (&kept.class, kept.class.id.bytes());
    let write = || {
        main.prepare_cached("INSERT OR REPLACE INTO classes VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute((
            &id[..],
            class.org.as_ref().map(|org| &org.bytes()[..]),
            &class.teacher.bytes()[..],
            &class.title,
            class.created_ms,
            class.deleted_ms,
        ))?;
        main.prepare_cached("DELETE FROM enrollments WHERE class = ?1")?.execute([&id[..]])?;
        main.prepare_cached("DELETE FROM class_decks WHERE class = ?1")?.execute([&id[..]])?;
        let mut enroll = main.prepare_cached(
            "INSERT INTO enrollments (class, user, from_ms, until_ms) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (user, span) in &kept.enrolled {
            enroll.execute((&id[..], &user.bytes()[..], span.from_ms, span.until_ms))?;
        }
        let mut extra = main.prepare_cached(
            "UPDATE enrollments SET extra_percent = ?3 WHERE class = ?1 AND user = ?2 AND until_ms IS NULL",
        )?;
        for (user, percent) in &kept.extra {
            extra.execute((&id[..], &user.bytes()[..], percent))?;
        }
        let mut give = main.prepare_cached("INSERT INTO class_decks VALUES (?1, ?2, ?3, ?4)")?;
        for (deck, span) in &kept.given {
            give.execute((&id[..], &deck.bytes()[..], span.from_ms, span.until_ms))?;
        }
        Ok(())
    };
    write().during("store a class with its past")?;
    kept.registered.as_ref().map_or(Ok(()), |registered| register::write_class(main, registered))
}
