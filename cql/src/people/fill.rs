//! People and classes as they are, with their past: for whoever moves a store.

use super::classes::{Header, given, make};
use super::enrollments::{Stretch, begin_all, end_all, stamp};
use super::person::Stored;
use super::persons::{put, read};
use super::spans::SpanRow;
use super::{extra, register};
use crate::CqlStore;
use domain::access::Span;
use domain::ids::{ClassId, DeckId, UserId};
use ports::archive::{ClassKept, PersonKept, joined};
use ports::{Account, Cause, ClassRecord, PeopleError, StoreError};

/// A person, and what only the store knows.
pub(crate) async fn kept_person(store: &CqlStore, user: UserId) -> Result<Option<PersonKept>, StoreError> {
    let Some(Stored { account, .. }) = read(store, user).await? else { return Ok(None) };
    let registered = match account.person.org {
        Some(org) => register::one(store, org, user).await?,
        None => None,
    };
    Ok(Some(PersonKept { person: account.person, name_chosen: account.name_chosen, registered }))
}

/// A class with its past.
pub(crate) async fn kept_class(store: &CqlStore, class: ClassId) -> Result<Option<ClassKept>, StoreError> {
    let students = store.client().read::<SpanRow>(&store.people().students, (class.0,));
    let (header, given, students, mut extra) = tokio::try_join!(
        Header::read(store, class),
        given(store, class),
        students,
        extra::read(store, class)
    )?;
    extra.sort_unstable();
    let span = |row: &SpanRow| Span { from_ms: row.1, until_ms: row.2 };
    let registered = match header.as_ref().and_then(|header| header.org) {
        Some(org) => register::one_class(store, org, class).await?,
        None => None,
    };
    Ok(header.map(|header| ClassKept {
        registered,
        extra,
        class: ClassRecord {
            id: header.id,
            org: header.org,
            teacher: header.teacher,
            title: header.title,
            created_ms: header.life.from_ms,
            deleted_ms: header.life.until_ms,
            students: Vec::new(),
            decks: Vec::new(),
        },
        enrolled: joined(students.iter().map(|row| (UserId(row.0), span(row)))),
        given: joined(given.iter().map(|row| (DeckId(row.0), span(row)))),
    }))
}

/// Stores a person as they are, on top of what is there.
pub(crate) async fn fill_person(store: &CqlStore, kept: PersonKept) -> Result<(), StoreError> {
    let known = read(store, kept.person.id).await?;
    let version = known.as_ref().map_or(1, |known| known.version);
    // Enrollments come as they are: nobody's are to be ended.
    let account = Account { person: kept.person, name_chosen: kept.name_chosen };
    let next = Stored { account, version, settled: true };
    match put(store, known.as_ref(), next).await? {
        Some(_) => match &kept.registered {
            Some(registered) => register::write(store, registered).await,
            None => Ok(()),
        },
        None => Err(StoreError::new(Cause::Overloaded, "somebody else changes people meanwhile")),
    }
}

/// Stores a class with its past. Doing it again changes nothing.
pub(crate) async fn fill_class(store: &CqlStore, kept: &ClassKept) -> Result<(), PeopleError> {
    let class = &kept.class;
    let values = (class.teacher.0, class.id.0, stamp(class.created_ms));
    store.client().write(&store.people().point_to, values).await?;
    let begun: Vec<(UserId, i64)> = kept.enrolled.iter().map(|(user, span)| (*user, span.from_ms)).collect();
    begin_all(store, class.id, &begun).await?;
    let ended = kept.enrolled.iter().filter_map(|(user, span)| {
        Some(Stretch { class: class.id, user: *user, from_ms: span.from_ms, until_ms: span.until_ms? })
    });
    end_all(store, ended).await?;
    extra::fill(store, class.id, &kept.extra).await?;
    for (deck, span) in &kept.given {
        let values = (class.id.0, deck.0, span.from_ms, stamp(span.from_ms));
        store.client().write(&store.people().give, values).await?;
        if let Some(until_ms) = span.until_ms {
            let values = (stamp(until_ms), until_ms, class.id.0, deck.0, span.from_ms);
            store.client().write(&store.people().take, values).await?;
        }
    }
    if let Some(registered) = &kept.registered {
        register::put_class(store, registered).await?;
    }
    make(store, class).await?;
    Ok(())
}
