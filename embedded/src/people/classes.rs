//! Classes in `main.db`: who was enrolled when, and which deck was given when. A stretch that ended stays, so that
//! what was seen once can be told from what never was.

use crate::error::During;
use crate::rows::{id, maybe_id};
use domain::access::Span;
use domain::ids::{ClassId, DeckId, OrgId, UserId};
use ports::people::ClassChange;
use ports::{ClassRecord, Grant, PeopleError, Person, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};

/// Stores a new class with its students and decks; a known one is left as it is.
pub(super) fn create_class(main: &Connection, class: &ClassRecord) -> Result<(), PeopleError> {
    let added = main
        .prepare_cached("INSERT OR IGNORE INTO classes VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .and_then(|mut insert| {
            insert.execute((
                &class.id.bytes()[..],
                class.org.as_ref().map(|org| &org.bytes()[..]),
                &class.teacher.bytes()[..],
                &class.title,
                class.created_ms,
                class.deleted_ms,
            ))
        })
        .during("store a class")?;
    if added == 1 {
        for student in &class.students {
            change_class(main, class.id, ClassChange::Enroll(*student), class.created_ms)?;
        }
        for deck in &class.decks {
            change_class(main, class.id, ClassChange::Give(*deck), class.created_ms)?;
        }
    }
    Ok(())
}

/// One class, deleted ones too.
pub(crate) fn class(main: &Connection, class: ClassId) -> Result<Option<ClassRecord>, StoreError> {
    let found = main
        .prepare_cached("SELECT id, org, teacher, title, created_ms, deleted_ms FROM classes WHERE id = ?1")
        .and_then(|mut find| find.query_row([&class.bytes()[..]], of_row).optional())
        .during("read a class")?;
    let Some(mut record) = found else { return Ok(None) };
    let students =
        "SELECT user FROM enrollments WHERE class = ?1 AND until_ms IS NULL ORDER BY from_ms, user";
    let decks = "SELECT deck FROM class_decks WHERE class = ?1 AND until_ms IS NULL ORDER BY from_ms, deck";
    record.students = ids(main, students, class.bytes())?.into_iter().map(UserId::from_bytes).collect();
    record.decks = ids(main, decks, class.bytes())?.into_iter().map(DeckId::from_bytes).collect();
    Ok(Some(record))
}

/// Who is enrolled in a class now, and since when.
pub(super) fn enrolled_since(main: &Connection, class: ClassId) -> Result<Vec<(UserId, i64)>, StoreError> {
    let sql =
        "SELECT user, min(from_ms) FROM enrollments WHERE class = ?1 AND until_ms IS NULL GROUP BY user";
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement
            .query_map([&class.bytes()[..]], |row| Ok((UserId::from_bytes(id(row, 0)?), row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read enrollments")
}

/// Gives a student extra time for as long as the enrollment goes on.
pub(super) fn set_extra_time(
    main: &Connection,
    class: ClassId,
    student: UserId,
    percent: u16,
) -> Result<(), PeopleError> {
    let sql = "UPDATE enrollments SET extra_percent = ?3 WHERE class = ?1 AND user = ?2 AND until_ms IS NULL";
    let changed = main
        .prepare_cached(sql)
        .and_then(|mut set| set.execute((&class.bytes()[..], &student.bytes()[..], percent)))
        .during("store extra time")?;
    if changed > 0 {
        return Ok(());
    }
    let known = main
        .prepare_cached("SELECT 1 FROM classes WHERE id = ?1")
        .and_then(|mut find| find.exists([&class.bytes()[..]]))
        .during("read a class")?;
    Err(if known { PeopleError::NoSuchPerson } else { PeopleError::NoSuchClass })
}

/// Who of those enrolled in a class now has extra time.
pub(crate) fn extra_times(main: &Connection, class: ClassId) -> Result<Vec<(UserId, u16)>, StoreError> {
    let sql = "SELECT user, max(extra_percent) FROM enrollments
               WHERE class = ?1 AND until_ms IS NULL AND extra_percent > 0 GROUP BY user";
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement
            .query_map([&class.bytes()[..]], |row| Ok((UserId::from_bytes(id(row, 0)?), row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read extra times")
}

/// The classes that this person teaches or is enrolled in now, but for deleted ones.
pub(super) fn classes_of(main: &Connection, user: UserId) -> Result<Vec<ClassRecord>, StoreError> {
    let of_user = "SELECT c.id FROM classes c WHERE c.deleted_ms IS NULL AND (c.teacher = ?1 OR c.id IN
                       (SELECT e.class FROM enrollments e WHERE e.user = ?1 AND e.until_ms IS NULL))
                   ORDER BY c.created_ms, c.id";
    let mut classes = Vec::new();
    for id in ids(main, of_user, user.bytes())? {
        classes.extend(class(main, ClassId::from_bytes(id))?);
    }
    Ok(classes)
}

/// Begins or ends a stretch; doing it again changes nothing.
pub(super) fn change_class(
    main: &Connection,
    class: ClassId,
    change: ClassChange,
    now_ms: i64,
) -> Result<(), PeopleError> {
    let known = main
        .prepare_cached("SELECT 1 FROM classes WHERE id = ?1")
        .and_then(|mut find| find.exists([&class.bytes()[..]]))
        .during("read a class")?;
    if !known {
        return Err(PeopleError::NoSuchClass);
    }
    if let ClassChange::Enroll(user) = &change
        && is_of_another_org(main, class, *user)?
    {
        return Err(PeopleError::NoSuchPerson);
    }
    let (sql, whom) = match &change {
        ClassChange::Enroll(user) => (
            "INSERT INTO enrollments (class, user, from_ms, until_ms) SELECT ?1, ?2, ?3, NULL WHERE NOT EXISTS
                 (SELECT 1 FROM enrollments WHERE class = ?1 AND user = ?2 AND until_ms IS NULL)",
            user.bytes(),
        ),
        ClassChange::Remove(user) => (
            "UPDATE enrollments SET until_ms = max(?3, from_ms)
                 WHERE class = ?1 AND user = ?2 AND until_ms IS NULL",
            user.bytes(),
        ),
        ClassChange::Give(deck) => (
            "INSERT INTO class_decks SELECT ?1, ?2, ?3, NULL WHERE NOT EXISTS
                 (SELECT 1 FROM class_decks WHERE class = ?1 AND deck = ?2 AND until_ms IS NULL)",
            deck.bytes(),
        ),
        ClassChange::Take(deck) => (
            "UPDATE class_decks SET until_ms = max(?3, from_ms)
                 WHERE class = ?1 AND deck = ?2 AND until_ms IS NULL",
            deck.bytes(),
        ),
    };
    main.prepare_cached(sql)
        .and_then(|mut change| change.execute((&class.bytes()[..], &whom[..], now_ms)))
        .during("change a class")?;
    Ok(())
}

/// Whether this person is known, and of another organisation than the class.
pub(super) fn is_of_another_org(main: &Connection, class: ClassId, user: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM users u, classes c WHERE u.id = ?1 AND c.id = ?2 AND u.org IS NOT c.org";
    main.prepare_cached(sql)
        .and_then(|mut find| find.exists((&user.bytes()[..], &class.bytes()[..])))
        .during("read a person")
}

/// Ends the enrollments of a person in classes of other organisations, now that it is known whose person it is.
/// What was made before the account is as if it had never been.
pub(super) fn leave_other_orgs(main: &Connection, person: &Person, now_ms: i64) -> Result<(), StoreError> {
    let org = person.org.as_ref().map(|org| &org.bytes()[..]);
    let others = "user = ?1 AND class IN (SELECT id FROM classes WHERE org IS NOT ?2)";
    let ended =
        format!("UPDATE enrollments SET until_ms = max(?3, from_ms) WHERE until_ms IS NULL AND {others}");
    let undone = format!("DELETE FROM enrollments WHERE from_ms <= ?3 AND {others}");
    main.execute(&ended, (&person.id.bytes()[..], org, now_ms)).during("end enrollments")?;
    main.execute(&undone, (&person.id.bytes()[..], org, person.began_ms)).during("undo enrollments")?;
    Ok(())
}

/// Every stretch in which an enrollment, an assignment of a deck and the class itself held together.
pub(super) fn grants(main: &Connection, user: UserId) -> Result<Vec<Grant>, StoreError> {
    let sql = "SELECT d.deck, c.id, e.from_ms, e.until_ms, d.from_ms, d.until_ms, c.created_ms, c.deleted_ms
               FROM enrollments e JOIN classes c ON c.id = e.class JOIN class_decks d ON d.class = e.class
               WHERE e.user = ?1 ORDER BY d.deck, c.id, e.from_ms, d.from_ms";
    let mut statement = main.prepare_cached(sql).during("read grants")?;
    let mut rows = statement.query([&user.bytes()[..]]).during("read grants")?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next().during("read grants")? {
        grants.extend(grant_of_row(row).during("read a grant")?);
    }
    Ok(grants)
}

fn grant_of_row(row: &Row) -> rusqlite::Result<Option<Grant>> {
    let (enrolled, given, life) = (span(row, 2)?, span(row, 4)?, span(row, 6)?);
    let together = enrolled.and(&given).and_then(|both| both.and(&life));
    let (deck, class) = (DeckId::from_bytes(id(row, 0)?), ClassId::from_bytes(id(row, 1)?));
    Ok(together.map(|span| Grant { deck, class, span }))
}

fn span(row: &Row, at: usize) -> rusqlite::Result<Span> {
    Ok(Span { from_ms: row.get(at)?, until_ms: row.get(at + 1)? })
}

fn ids(main: &Connection, sql: &str, of: &[u8; 16]) -> Result<Vec<[u8; 16]>, StoreError> {
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement.query_map([&of[..]], |row| id(row, 0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read a class")
}

fn of_row(row: &Row) -> rusqlite::Result<ClassRecord> {
    Ok(ClassRecord {
        id: ClassId::from_bytes(id(row, 0)?),
        org: maybe_id(row, 1)?.map(OrgId::from_bytes),
        teacher: UserId::from_bytes(id(row, 2)?),
        title: row.get(3)?,
        created_ms: row.get(4)?,
        deleted_ms: row.get(5)?,
        students: Vec::new(),
        decks: Vec::new(),
    })
}
