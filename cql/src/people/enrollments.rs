//! Who was enrolled when: the same stretches in two tables, each change one logged batch. A stretch that ended stays,
//! so that what was seen once can be told from what never was.
//!
//! **Nobody known to be of another organisation is enrolled.** An enrollment looks at the person before it writes and,
//! unless the person's organisation was known, again after it; a sign-in writes the person first and then looks at the
//! enrollments. Of two at once at least one sees the other, and takes the enrollment back. Should that one die in
//! between, the grants say so still: see [`super::grants`].

use super::classes::Header;
use super::persons;
use super::spans::{SpanRow, free_moment, open};
use crate::CqlStore;
use domain::ids::{ClassId, OrgId, UserId, Uuid};
use ports::people::ClassChange;
use ports::{PeopleError, Person, StoreError};

/// Stretches that one batch changes.
const SPANS_PER_BATCH: usize = 50;

/// All stretches of a person, whatever class.
pub(super) async fn of_user(store: &CqlStore, user: UserId) -> Result<Vec<SpanRow>, StoreError> {
    store.client().read(&store.people().enrolled, (user.0,)).await
}

async fn of_user_in(store: &CqlStore, user: UserId, class: ClassId) -> Result<Vec<SpanRow>, StoreError> {
    store.client().read(&store.people().enrolled_in, (user.0, class.0)).await
}

/// Enrolls a student from this moment on; who is enrolled stays so.
pub(super) async fn enroll(
    store: &CqlStore,
    class: &Header,
    user: UserId,
    now_ms: i64,
) -> Result<(), PeopleError> {
    let person = persons::read(store, user).await?.map(|stored| stored.account.person);
    if person.as_ref().is_some_and(|person| person.org != class.org) {
        return Err(PeopleError::NoSuchPerson);
    }
    let rows = of_user_in(store, user, class.id).await?;
    if !open(&rows).is_empty() {
        return Ok(());
    }
    let from_ms = free_moment(&rows, now_ms);
    begin(store, class.id, &[user], from_ms).await?;
    if person.is_some_and(|person| person.org.is_some()) {
        // Nobody ever leaves an organisation.
        return Ok(());
    }
    take_back_if_of_another_org(store, class, user, from_ms).await
}

/// The second look at a person who was unknown, or of no organisation, when the enrollment began.
pub(super) async fn take_back_if_of_another_org(
    store: &CqlStore,
    class: &Header,
    user: UserId,
    from_ms: i64,
) -> Result<(), PeopleError> {
    let person = persons::read(store, user).await?.map(|stored| stored.account.person);
    if person.is_none_or(|person| person.org == class.org) {
        return Ok(());
    }
    end(
        store,
        vec![Ending { class: class.id.0, user: user.0, from_ms, until_ms: from_ms, stamp: stamp(from_ms) }],
    )
    .await?;
    Err(PeopleError::NoSuchPerson)
}

/// Begins enrollments in both tables.
pub(super) async fn begin(
    store: &CqlStore,
    class: ClassId,
    users: &[UserId],
    from_ms: i64,
) -> Result<(), StoreError> {
    let all: Vec<(UserId, i64)> = users.iter().map(|user| (*user, from_ms)).collect();
    begin_all(store, class, &all).await
}

/// Begins enrollments in both tables, each from its own moment.
pub(super) async fn begin_all(
    store: &CqlStore,
    class: ClassId,
    users: &[(UserId, i64)],
) -> Result<(), StoreError> {
    let statements = store.people();
    for users in users.chunks(SPANS_PER_BATCH) {
        let both =
            users.iter().flat_map(|_| [statements.enroll_user.clone(), statements.enroll_class.clone()]);
        let values = |(user, from_ms): &(UserId, i64)| [(class.0, user.0, *from_ms, stamp(*from_ms)); 2];
        let values: Vec<_> = users.iter().flat_map(values).collect();
        store.client().write_undivided(both.collect(), values).await?;
    }
    Ok(())
}

/// A stretch that ended.
pub(super) struct Stretch {
    pub(super) class: ClassId,
    pub(super) user: UserId,
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
}

/// Ends stretches at their own moments.
pub(super) async fn end_all(
    store: &CqlStore,
    stretches: impl Iterator<Item = Stretch>,
) -> Result<(), StoreError> {
    let ending = |s: Stretch| Ending {
        class: s.class.0,
        user: s.user.0,
        from_ms: s.from_ms,
        until_ms: s.until_ms,
        stamp: stamp(s.until_ms),
    };
    end(store, stretches.map(ending).collect()).await
}

/// Ends the enrollment of a student; who is not enrolled stays so.
pub(super) async fn remove(
    store: &CqlStore,
    class: ClassId,
    user: UserId,
    now_ms: i64,
) -> Result<(), StoreError> {
    let rows = of_user_in(store, user, class).await?;
    let open = rows.iter().filter(|row| row.2.is_none());
    let endings = open.map(|row| {
        let until_ms = now_ms.max(row.1);
        Ending { class: class.0, user: user.0, from_ms: row.1, until_ms, stamp: stamp(until_ms) }
    });
    end(store, endings.collect()).await
}

/// Ends the enrollments of a person in classes of other organisations, now that it is known whose person it is.
/// What was made before the account is as if it had never been.
pub(super) async fn leave_other_orgs(
    store: &CqlStore,
    person: &Person,
    now_ms: i64,
) -> Result<(), StoreError> {
    let rows = of_user(store, person.id).await?;
    let mut org_of: std::collections::BTreeMap<Uuid, Option<Option<OrgId>>> =
        rows.iter().map(|row| (row.0, None)).collect();
    for (class, org) in &mut org_of {
        *org = Header::read(store, ClassId(*class)).await?.map(|class| class.org);
    }
    let others = |row: &&SpanRow| {
        let org = org_of.get(&row.0).copied().flatten();
        org.is_some_and(|org| org != person.org)
    };
    let endings = rows.iter().filter(others).filter_map(|row| {
        let (class, from_ms, until_ms) = *row;
        let undone = from_ms <= person.began_ms;
        let end_ms = if undone { from_ms } else { now_ms.max(from_ms) };
        let needed = until_ms.is_none() || (undone && until_ms != Some(from_ms));
        // Later than an ending that was stored before, whatever the clock says.
        let stamp = stamp(now_ms.max(until_ms.unwrap_or(from_ms)).max(from_ms)) + 1;
        needed.then_some(Ending { class, user: person.id.0, from_ms, until_ms: end_ms, stamp })
    });
    end(store, endings.collect()).await
}

/// The end of one stretch.
struct Ending {
    class: Uuid,
    user: Uuid,
    from_ms: i64,
    until_ms: i64,
    stamp: i64,
}

/// Ends stretches in both tables.
async fn end(store: &CqlStore, endings: Vec<Ending>) -> Result<(), StoreError> {
    let statements = store.people();
    for endings in endings.chunks(SPANS_PER_BATCH) {
        let both =
            endings.iter().flat_map(|_| [statements.remove_user.clone(), statements.remove_class.clone()]);
        let values = |e: &Ending| [(e.stamp, e.until_ms, e.class, e.user, e.from_ms); 2];
        let values: Vec<_> = endings.iter().flat_map(values).collect();
        store.client().write_undivided(both.collect(), values).await?;
    }
    Ok(())
}

/// The write timestamp of a moment: microseconds.
pub(super) const fn stamp(at_ms: i64) -> i64 {
    at_ms.saturating_mul(1_000)
}

/// Whom a change of a class concerns, and what it does.
pub(super) async fn change(
    store: &CqlStore,
    class: &Header,
    change: ClassChange,
    now_ms: i64,
) -> Result<(), PeopleError> {
    match change {
        ClassChange::Enroll(user) => enroll(store, class, user, now_ms).await,
        ClassChange::Remove(user) => Ok(remove(store, class.id, user, now_ms).await?),
        ClassChange::Give(deck) => Ok(super::classes::give(store, class.id, deck, now_ms).await?),
        ClassChange::Take(deck) => Ok(super::classes::take(store, class.id, deck, now_ms).await?),
    }
}
