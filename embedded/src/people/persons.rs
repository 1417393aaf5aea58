//! Persons in `main.db`.

use super::classes::leave_other_orgs;
use crate::error::{During, unreadable};
use crate::rows::{id, maybe_id};
use domain::ids::{OrgId, UserId};
use ports::codec::{role_of, role_word, zones_of, zones_text};
use ports::people::PersonChange;
use ports::{PeopleError, Person, SignIn, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};

/// A person, and whether the name was chosen by the person: then a token's name no longer wins.
pub(crate) struct Stored {
    pub(crate) person: Person,
    pub(crate) name_chosen: bool,
}

/// One person.
pub(super) fn person(main: &Connection, user: UserId) -> Result<Option<Person>, PeopleError> {
    Ok(stored(main, user)?.map(|stored| stored.person))
}

/// The person, if known and as the token says; then a sign-in has nothing to store.
pub(super) fn as_known(main: &Connection, who: &SignIn) -> Result<Option<Person>, PeopleError> {
    let Some(stored) = stored(main, who.user)? else { return Ok(None) };
    let said = after_sign_in(&stored, who)?;
    let same =
        (said.org, said.role, &said.name) == (stored.person.org, stored.person.role, &stored.person.name);
    Ok(same.then_some(said))
}

/// Stores what a token says of a person.
pub(super) fn sign_in(main: &Connection, who: &SignIn, now_ms: i64) -> Result<Person, PeopleError> {
    let (person, name_chosen) = match stored(main, who.user)? {
        Some(stored) => {
            let person = after_sign_in(&stored, who)?;
            if person.org != stored.person.org {
                leave_other_orgs(main, &person, now_ms)?;
            }
            (person, stored.name_chosen)
        }
        None => {
            let name = who.name.clone().unwrap_or_default();
            let zones = domain::day::ZoneHistory::new();
            let person = Person { id: who.user, org: who.org, role: who.role, name, zones, began_ms: now_ms };
            // Who enrolled a person that was not here yet could not know whose person it is.
            leave_other_orgs(main, &person, now_ms)?;
            (person, false)
        }
    };
    write(main, &person, name_chosen)?;
    Ok(person)
}

/// The token's word wins, but nobody moves to another organisation by it. A token without an organisation says
/// nothing about it.
fn after_sign_in(stored: &Stored, who: &SignIn) -> Result<Person, PeopleError> {
    let mut person = stored.person.clone();
    if person.org.is_some() && who.org.is_some() && person.org != who.org {
        return Err(PeopleError::OtherOrg);
    }
    person.org = person.org.or(who.org);
    person.role = who.role;
    if let (Some(name), false) = (&who.name, stored.name_chosen) {
        person.name.clone_from(name);
    }
    Ok(person)
}

/// Changes a person's own record.
pub(super) fn change_person(
    main: &Connection,
    user: UserId,
    change: &PersonChange,
    now_ms: i64,
) -> Result<Person, PeopleError> {
    let Stored { mut person, mut name_chosen } = stored(main, user)?.ok_or(PeopleError::NoSuchPerson)?;
    if let Some(name) = &change.name {
        person.name.clone_from(name);
        name_chosen = true;
    }
    let asked = change.zone.is_some() || change.rollover_hour.is_some();
    if asked && !(change.only_if_unset && person.zones.is_set()) {
        // What holds from the next moment on, so that a change in this very millisecond counts.
        let next = now_ms.saturating_add(1);
        let (old_zone, old_hour) = (person.zones.name_at(next), person.zones.rollover_hour_at(next));
        let zone = change.zone.clone().unwrap_or_else(|| old_zone.to_owned());
        let hour = change.rollover_hour.unwrap_or(old_hour);
        // A change to what holds already would only push an older one out of the history.
        if !person.zones.is_set() || zone != old_zone || hour != old_hour {
            let changed = person.zones.change(now_ms, &zone, hour);
            changed.map_err(|error| PeopleError::BadZone(error.to_string()))?;
        }
    }
    write(main, &person, name_chosen)?;
    Ok(person)
}

/// Writes a person's row as it is.
pub(crate) fn write(main: &Connection, person: &Person, name_chosen: bool) -> Result<(), StoreError> {
    let put = || {
        main.prepare_cached("INSERT OR REPLACE INTO users VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute((
            &person.id.bytes()[..],
            person.org.as_ref().map(|org| &org.bytes()[..]),
            role_word(person.role),
            &person.name,
            name_chosen,
            zones_text(&person.zones),
            person.began_ms,
        ))
    };
    put().during("store a person")?;
    Ok(())
}

/// A person as stored.
pub(crate) fn stored(main: &Connection, user: UserId) -> Result<Option<Stored>, StoreError> {
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

fn of_row(row: &Row) -> rusqlite::Result<(Stored, String)> {
    let person = Person {
        id: UserId::from_bytes(id(row, 0)?),
        org: maybe_id(row, 1)?.map(OrgId::from_bytes),
        role: role_of(row.get_ref(2)?.as_str()?),
        name: row.get(3)?,
        zones: domain::day::ZoneHistory::new(),
        began_ms: row.get(6)?,
    };
    Ok((Stored { person, name_chosen: row.get(4)? }, row.get(5)?))
}
