//! Persons: read by key, changed by compare-and-set on their version, so that of two first sign-ins one begins the
//! account, and no change undoes another.

use super::enrollments::leave_other_orgs;
use super::person::{Row, Stored};
use crate::CqlStore;
use crate::decide::{Verdict, decide};
use domain::ids::UserId;
use ports::codec::{role_word, zones_text};
use ports::people::PersonChange;
use ports::{Account, Cause, PeopleError, Person, SignIn, StoreError};
use scylla::value::MaybeUnset;

/// How often a change is tried, when others are always quicker.
const TRIES: u32 = 32;

/// A person as stored.
pub(super) async fn read(store: &CqlStore, user: UserId) -> Result<Option<Stored>, StoreError> {
    let row = store.client().read_one::<Row>(&store.people().person, (user.0,)).await?;
    row.map(Stored::of_row).transpose()
}

async fn read_decided(store: &CqlStore, user: UserId) -> Result<Option<Stored>, StoreError> {
    let row = store.client().read_one::<Row>(&store.people().person_decided, (user.0,)).await?;
    row.map(Stored::of_row).transpose()
}

/// The person that a token speaks of. Nearly every sign-in finds what it says, and then nothing is written. Who signs
/// in for the first time, or is of an organisation from now on, leaves the classes of others: that is done before the
/// person is stored as settled, and by the next sign-in if this one does not get to its end.
pub(super) async fn sign_in(store: &CqlStore, who: &SignIn, now_ms: i64) -> Result<Person, PeopleError> {
    for _ in 0..TRIES {
        let known = read(store, who.user).await?;
        let next = match &known {
            Some(known) => known.with(known.account.after_sign_in(who)?),
            None => Stored::begun(Account::new(who, now_ms)),
        };
        if let Some(known) = &known
            && known.settled
            && known.is_same(&next)
        {
            return Ok(next.account.person);
        }
        let Some(stored) = put(store, known.as_ref(), next).await? else { continue };
        if stored.settled {
            return Ok(stored.account.person);
        }
        leave_other_orgs(store, &stored.account.person, now_ms).await?;
        let settled = Stored { settled: true, ..stored.clone() };
        if let Some(settled) = put(store, Some(&stored), settled).await? {
            return Ok(settled.account.person);
        }
    }
    Err(too_many().into())
}

/// Changes a person's own record.
pub(super) async fn change(
    store: &CqlStore,
    user: UserId,
    change: &PersonChange,
    now_ms: i64,
) -> Result<Person, PeopleError> {
    for _ in 0..TRIES {
        let known = read(store, user).await?.ok_or(PeopleError::NoSuchPerson)?;
        let next = known.with(known.account.after_change(change, now_ms)?);
        if let Some(stored) = put(store, Some(&known), next).await? {
            return Ok(stored.account.person);
        }
    }
    Err(too_many().into())
}

pub(super) fn too_many() -> StoreError {
    StoreError::new(Cause::Overloaded, "a person is changed by too many at once")
}

/// Stores a person on top of what is known, unless somebody was quicker; what differs in nothing is stored already.
pub(super) async fn put(
    store: &CqlStore,
    known: Option<&Stored>,
    mut next: Stored,
) -> Result<Option<Stored>, StoreError> {
    if known.is_some_and(|known| known.is_same(&next)) {
        return Ok(Some(next));
    }
    let done = match known {
        None => make(store, &next).await?,
        Some(known) => {
            next.version = known.version + 1;
            update(store, known.version, &next).await?
        }
    };
    Ok(done.then_some(next))
}

async fn make(store: &CqlStore, next: &Stored) -> Result<bool, StoreError> {
    let person = &next.account.person;
    let values = (
        person.id.0,
        MaybeUnset::from_option(person.org.map(|org| org.0)),
        role_word(person.role),
        &person.name,
        next.account.name_chosen,
        zones_text(&person.zones),
        person.began_ms,
        next.version,
        next.settled,
    );
    // After a lost answer whatever is stored is read anew: it is this sign-in's doing, or another's, just as good.
    decide(store.client(), &store.people().make_person, &values, || async move {
        let now = read_decided(store, person.id).await?;
        Ok(if now.is_none() { Verdict::Again } else { Verdict::Refused })
    })
    .await
}

async fn update(store: &CqlStore, version: i64, next: &Stored) -> Result<bool, StoreError> {
    let person = &next.account.person;
    let values = (
        // An organisation is never taken away again.
        MaybeUnset::from_option(person.org.map(|org| org.0)),
        role_word(person.role),
        &person.name,
        next.account.name_chosen,
        zones_text(&person.zones),
        next.version,
        next.settled,
        person.id.0,
        version,
    );
    decide(store.client(), &store.people().change_person, &values, || async move {
        let now = read_decided(store, person.id).await?;
        let unchanged = now.is_some_and(|now| now.version == version);
        Ok(if unchanged { Verdict::Again } else { Verdict::Refused })
    })
    .await
}
