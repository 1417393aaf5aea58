//! Extra time, kept with the enrollment that goes on.

use super::classes::Header;
use super::spans::{SpanRow, by_what};
use crate::CqlStore;
use domain::access::Span;
use domain::ids::{ClassId, UserId, Uuid};
use ports::{PeopleError, StoreError};
use std::collections::BTreeMap;

type Row = (Uuid, i64, Option<i64>, Option<i32>);

async fn rows(store: &CqlStore, class: ClassId) -> Result<Vec<Row>, StoreError> {
    store.client().read(&store.people().extra_times, (class.0,)).await
}

/// By student, the rows of the enrollment that goes on, with what each says of extra time.
fn open_rows(rows: &[Row]) -> BTreeMap<UserId, Vec<(i64, u16)>> {
    let spans: Vec<SpanRow> = rows.iter().map(|row| (row.0, row.1, row.2)).collect();
    let goes_on = by_what(&spans);
    let mut open: BTreeMap<UserId, Vec<(i64, u16)>> = BTreeMap::new();
    for (user, from_ms, until_ms, percent) in rows {
        let span = goes_on.get(user).and_then(|spans| spans.last()).filter(|span: &&Span| span.is_open());
        if until_ms.is_none() && span.is_some_and(|span| span.from_ms <= *from_ms) {
            let percent = percent.and_then(|percent| u16::try_from(percent).ok()).unwrap_or(0);
            open.entry(UserId(*user)).or_default().push((*from_ms, percent));
        }
    }
    open
}

/// Gives a student extra time: every row of the enrollment says the same.
pub(super) async fn set(
    store: &CqlStore,
    class: ClassId,
    student: UserId,
    percent: u16,
) -> Result<(), PeopleError> {
    Header::read(store, class).await?.ok_or(PeopleError::NoSuchClass)?;
    let open = open_rows(&rows(store, class).await?);
    let enrolled = open.get(&student).ok_or(PeopleError::NoSuchPerson)?;
    let stamp = store.next_stamp_us();
    for (from_ms, _) in enrolled {
        let values = (stamp, i32::from(percent), class.0, student.0, *from_ms);
        store.client().write(&store.people().set_extra_time, values).await?;
    }
    Ok(())
}

/// Stores who of those enrolled now has extra time, and that nobody else has.
pub(super) async fn fill(
    store: &CqlStore,
    class: ClassId,
    extra: &[(UserId, u16)],
) -> Result<(), StoreError> {
    let wanted: BTreeMap<UserId, u16> = extra.iter().copied().collect();
    let stamp = store.next_stamp_us();
    for (user, rows) in open_rows(&rows(store, class).await?) {
        let percent = wanted.get(&user).copied().unwrap_or(0);
        for (from_ms, _) in rows.into_iter().filter(|(_, kept)| *kept != percent) {
            let values = (stamp, i32::from(percent), class.0, user.0, from_ms);
            store.client().write(&store.people().set_extra_time, values).await?;
        }
    }
    Ok(())
}

/// Who of those enrolled now has extra time.
pub(super) async fn read(store: &CqlStore, class: ClassId) -> Result<Vec<(UserId, u16)>, StoreError> {
    let most = |rows: Vec<(i64, u16)>| rows.into_iter().map(|(_, percent)| percent).max().unwrap_or(0);
    let all = open_rows(&rows(store, class).await?).into_iter().map(|(user, rows)| (user, most(rows)));
    Ok(all.filter(|(_, percent)| *percent > 0).collect())
}
