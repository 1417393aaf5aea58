//! Registers in `main.db`.

use super::classes::{change_class, class as class_row, is_of_another_org, leave_other_orgs};
use super::persons;
use crate::error::During;
use crate::rows::id;
use domain::ids::{ClassId, OrgId, UserId};
use ports::codec::{role_of, role_word};
use ports::people::ClassChange;
use ports::register::{ClassAmendment, Enrolling, REGISTER_PAGE_MAX, Status};
use ports::{Account, PeopleError, RegisterKey, Registered, RegisteredClass, StoreError};
use rusqlite::{Connection, Params, Row};
use std::collections::BTreeMap;

const SELECT_CLASS: &str = "SELECT org, class, external, changed_ms FROM register_classes";
const SELECT: &str = "SELECT org, user, external, login, email, name, role, gone, changed_ms FROM register";

/// A page of a register, by account.
pub(super) fn page(
    main: &Connection,
    org: OrgId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Registered>, PeopleError> {
    let limit = i64::try_from(limit.min(REGISTER_PAGE_MAX)).unwrap_or(0);
    let after = after.map_or(Vec::new(), |after| after.bytes().to_vec());
    let sql = format!("{SELECT} WHERE org = ?1 AND user > ?2 ORDER BY user LIMIT ?3");
    Ok(read(main, &sql, (&org.bytes()[..], after, limit))?)
}

/// Those whom any of these keys name.
pub(super) fn find(
    main: &Connection,
    org: OrgId,
    keys: &[RegisterKey],
) -> Result<Vec<Registered>, PeopleError> {
    let mut found = BTreeMap::new();
    for key in keys.iter().take(REGISTER_PAGE_MAX) {
        for who in find_one(main, org, key)? {
            found.insert(who.user, who);
        }
    }
    Ok(found.into_values().collect())
}

fn find_one(main: &Connection, org: OrgId, key: &RegisterKey) -> Result<Vec<Registered>, StoreError> {
    let by = |column: &str, of: &str| {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        // Said twice, so that the index over those who have one is used.
        let sql = format!("{SELECT} WHERE org = ?1 AND {column} = ?2 AND {column} <> ''");
        read(main, &sql, (&org.bytes()[..], of))
    };
    match key {
        RegisterKey::User(user) => {
            let sql = format!("{SELECT} WHERE org = ?1 AND user = ?2");
            read(main, &sql, (&org.bytes()[..], &user.bytes()[..]))
        }
        RegisterKey::External(external) => by("external", external),
        RegisterKey::Login(login) => by("login", login),
        RegisterKey::Email(email) => by("email", email),
    }
}

/// Writes people and makes their accounts; who belongs to another organisation is left out and returned.
pub(super) fn put(main: &Connection, people: &[Registered], now_ms: i64) -> Result<Vec<UserId>, PeopleError> {
    let mut left_out = Vec::new();
    for who in people.iter().take(REGISTER_PAGE_MAX) {
        let before = one(main, who.org, who.user)?;
        let account = match persons::stored(main, who.user)? {
            None => {
                let account = Account::of_roster(who, now_ms);
                leave_other_orgs(main, &account.person, now_ms)?;
                Ok(account)
            }
            Some(known) => known.after_roster(before.as_ref(), who),
        };
        match account {
            Ok(account) => persons::write(main, &account)?,
            Err(PeopleError::OtherOrg) => {
                left_out.push(who.user);
                continue;
            }
            Err(error) => return Err(error),
        }
        write(main, who)?;
    }
    Ok(left_out)
}

/// One person of a register.
pub(crate) fn one(main: &Connection, org: OrgId, user: UserId) -> Result<Option<Registered>, StoreError> {
    Ok(find_one(main, org, &RegisterKey::User(user))?.into_iter().next())
}

/// Writes a person as the register has them.
pub(crate) fn write(main: &Connection, who: &Registered) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO register VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let put = || {
        main.prepare_cached(sql)?.execute((
            &who.org.bytes()[..],
            &who.user.bytes()[..],
            &who.external,
            &who.login,
            &who.email,
            &who.name,
            role_word(who.role),
            who.status == Status::Gone,
            who.changed_ms,
        ))
    };
    put().during("store a person of a register")?;
    Ok(())
}

/// A page of a register's classes, by id.
pub(super) fn classes(
    main: &Connection,
    org: OrgId,
    after: Option<ClassId>,
    limit: usize,
) -> Result<Vec<RegisteredClass>, PeopleError> {
    let limit = i64::try_from(limit.min(REGISTER_PAGE_MAX)).unwrap_or(0);
    let after = after.map_or(Vec::new(), |after| after.bytes().to_vec());
    let sql = format!("{SELECT_CLASS} WHERE org = ?1 AND class > ?2 ORDER BY class LIMIT ?3");
    Ok(read_classes(main, &sql, (&org.bytes()[..], after, limit))?)
}

/// What the register says of one class.
pub(crate) fn one_class(
    main: &Connection,
    org: OrgId,
    class: ClassId,
) -> Result<Option<RegisteredClass>, StoreError> {
    let sql = format!("{SELECT_CLASS} WHERE org = ?1 AND class = ?2");
    Ok(read_classes(main, &sql, (&org.bytes()[..], &class.bytes()[..]))?.into_iter().next())
}

fn read_classes(
    main: &Connection,
    sql: &str,
    values: impl Params,
) -> Result<Vec<RegisteredClass>, StoreError> {
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement.query_map(values, |row| {
            Ok(RegisteredClass {
                org: OrgId::from_bytes(id(row, 0)?),
                class: ClassId::from_bytes(id(row, 1)?),
                external: row.get(2)?,
                changed_ms: row.get(3)?,
            })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read a register's classes")
}

/// Writes a class into the register.
pub(crate) fn write_class(main: &Connection, class: &RegisteredClass) -> Result<(), StoreError> {
    let put = || {
        main.prepare_cached("INSERT OR REPLACE INTO register_classes VALUES (?1, ?2, ?3, ?4)")?.execute((
            &class.org.bytes()[..],
            &class.class.bytes()[..],
            &class.external,
            class.changed_ms,
        ))
    };
    put().during("store a class of a register")?;
    Ok(())
}

/// Changes title, teacher and status of a class.
pub(super) fn amend(
    main: &Connection,
    id: ClassId,
    to: &ClassAmendment,
    now_ms: i64,
) -> Result<(), PeopleError> {
    let known = class_row(main, id)?.ok_or(PeopleError::NoSuchClass)?;
    if ClassAmendment::of(&known) == *to {
        return Ok(());
    }
    let deleted_ms = match to.status {
        Status::Active => None,
        Status::Gone => known.deleted_ms.or(Some(now_ms.max(known.created_ms))),
    };
    main.prepare_cached("UPDATE classes SET title = ?2, teacher = ?3, deleted_ms = ?4 WHERE id = ?1")
        .and_then(|mut change| {
            change.execute((&id.bytes()[..], &to.title, &to.teacher.bytes()[..], deleted_ms))
        })
        .during("change a class")?;
    Ok(())
}

/// Enrolls and removes many; who is of another organisation is left out and returned.
pub(super) fn enroll_many(
    main: &Connection,
    class: ClassId,
    who: &Enrolling,
    now_ms: i64,
) -> Result<Vec<UserId>, PeopleError> {
    class_row(main, class)?.ok_or(PeopleError::NoSuchClass)?;
    let mut left_out = Vec::new();
    for user in &who.join {
        if is_of_another_org(main, class, *user)? {
            left_out.push(*user);
        } else {
            change_class(main, class, ClassChange::Enroll(*user), now_ms)?;
        }
    }
    for user in &who.leave {
        change_class(main, class, ClassChange::Remove(*user), now_ms)?;
    }
    Ok(left_out)
}

fn read(main: &Connection, sql: &str, values: impl Params) -> Result<Vec<Registered>, StoreError> {
    let read = || {
        let mut statement = main.prepare_cached(sql)?;
        let rows = statement.query_map(values, of_row)?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read a register")
}

fn of_row(row: &Row) -> rusqlite::Result<Registered> {
    Ok(Registered {
        org: OrgId::from_bytes(id(row, 0)?),
        user: UserId::from_bytes(id(row, 1)?),
        external: row.get(2)?,
        login: row.get(3)?,
        email: row.get(4)?,
        name: row.get(5)?,
        role: role_of(row.get_ref(6)?.as_str()?),
        status: if row.get(7)? { Status::Gone } else { Status::Active },
        changed_ms: row.get(8)?,
    })
}
