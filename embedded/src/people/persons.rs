//! Persons in `main.db`.

use super::classes::leave_other_orgs;
use crate::error::{During, unreadable};
use crate::rows::{id, maybe_id};
use domain::ids::{OrgId, UserId};
use ports::codec::{role_of, role_word, zones_of, zones_text};
use ports::people::PersonChange;
use ports::{Account, PeopleError, Person, SignIn, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};

/// One person.
pub(super) fn person(main: &Connection, user: UserId) -> Result<Option<Person>, PeopleError> {
    Ok(stored(main, user)?.map(|stored| stored.person))
}

/// The person, if known and as the token says; then a sign-in has nothing to store.
pub(super) fn as_known(main: &Connection, who: &SignIn) -> Result<Option<Person>, PeopleError> {
    let Some(stored) = stored(main, who.user)? else { return Ok(None) };
    let (said, known) = (stored.after_sign_in(who)?.person, stored.person);
    let same = (said.org, said.role, &said.name) == (known.org, known.role, &known.name);
    Ok(same.then_some(said))
}

/// Stores what a token says of a person.
pub(super) fn sign_in(main: &Connection, who: &SignIn, now_ms: i64) -> Result<Person, PeopleError> {
    let known = stored(main, who.user)?;
    let next = match &known {
        Some(known) => known.after_sign_in(who)?,
        None => Account::new(who, now_ms),
    };
    // Who enrolled a person that was not here yet could not know whose person it is.
    if known.is_none_or(|known| known.person.org != next.person.org) {
        leave_other_orgs(main, &next.person, now_ms)?;
    }
    write(main, &next)?;
    Ok(next.person)
}

/// Changes a person's own record.
pub(super) fn change_person(
    main: &Connection,
    user: UserId,
    change: &PersonChange,
    now_ms: i64,
) -> Result<Person, PeopleError> {
    let next = stored(main, user)?.ok_or(PeopleError::NoSuchPerson)?.after_change(change, now_ms)?;
    write(main, &next)?;
    Ok(next.person)
}

/// Writes a person's row as it is.
pub(crate) fn write(main: &Connection, account: &Account) -> Result<(), StoreError> {
    let person = &account.person;
    let put = || {
        main.prepare_cached("INSERT OR REPLACE INTO users VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute((
            &person.id.bytes()[..],
            person.org.as_ref().map(|org| &org.bytes()[..]),
            role_word(person.role),
            &person.name,
            account.name_chosen,
            zones_text(&person.zones),
            person.began_ms,
        ))
    };
    put().during("store a person")?;
    Ok(())
}

/// A person as stored.
pub(crate) fn stored(main: &Connection, user: UserId) -> Result<Option<Account>, StoreError> {
    let found = main
        .prepare_cached("SELECT id, org, role, name, name_chosen, zones, began_ms FROM users WHERE id = ?1")
        .and_then(|mut find| find.query_row([&user.bytes()[..]], of_row).optional())
        .during("read a person")?;
    let Some((mut stored, zones)) = found else { return Ok(None) };
    stored.person.zones = zones_of(&zones).map_err(|error| unreadable("read a zone history", error))?;
    if let Some(unknown) = stored.person.zones.unknown() {
        tracing::warn!(zone = unknown, "a stored zone is unknown to this program");
    }
    Ok(Some(stored))
}

fn of_row(row: &Row) -> rusqlite::Result<(Account, String)> {
    let person = Person {
        id: UserId::from_bytes(id(row, 0)?),
        org: maybe_id(row, 1)?.map(OrgId::from_bytes),
        role: role_of(row.get_ref(2)?.as_str()?),
        name: row.get(3)?,
        zones: domain::day::ZoneHistory::new(),
        began_ms: row.get(6)?,
    };
    Ok((Account { person, name_chosen: row.get(4)? }, row.get(5)?))
}
