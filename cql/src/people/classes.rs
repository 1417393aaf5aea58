//! Classes, and which decks they have.

use super::enrollments::{begin, of_user, stamp, take_back_if_of_another_org};
use super::persons;
use super::spans::{SpanRow, by_what, free_moment, open};
use crate::CqlStore;
use crate::decide::{Verdict, decide};
use domain::access::Span;
use domain::ids::{ClassId, DeckId, OrgId, UserId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::{ClassRecord, PeopleError, StoreError};
use scylla::value::MaybeUnset;
use std::collections::BTreeSet;

/// The row of a class.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) id: ClassId,
    pub(super) org: Option<OrgId>,
    pub(super) teacher: UserId,
    pub(super) title: String,
    /// From its making to its deletion.
    pub(super) life: Span,
}

type Row = (Uuid, Option<Uuid>, Uuid, String, i64, Option<i64>);

impl Header {
    fn of_row((class, org, teacher, title, created_ms, deleted_ms): Row) -> Header {
        let life = Span { from_ms: created_ms, until_ms: deleted_ms };
        Header { id: ClassId(class), org: org.map(OrgId), teacher: UserId(teacher), title, life }
    }

    pub(super) async fn read(store: &CqlStore, class: ClassId) -> Result<Option<Header>, StoreError> {
        let row = store.client().read_one::<Row>(&store.people().class, (class.0,)).await?;
        Ok(row.map(Header::of_row))
    }

    pub(super) async fn read_decided(store: &CqlStore, class: ClassId) -> Result<Option<Header>, StoreError> {
        let row = store.client().read_one::<Row>(&store.people().class_decided, (class.0,)).await?;
        Ok(row.map(Header::of_row))
    }
}

/// Stores a new class with its students and decks; a known one is left as it is. The class comes last: before it
/// nobody sees what belongs to it, and who dies on the way has made none. Two who make the same class at once make one,
/// with the students and decks of both.
pub(super) async fn create(store: &CqlStore, class: &ClassRecord) -> Result<(), PeopleError> {
    if Header::read(store, class.id).await?.is_some() {
        return Ok(());
    }
    let mut unsure = Vec::new();
    for student in &class.students {
        let person = persons::read(store, *student).await?.map(|stored| stored.account.person);
        if person.as_ref().is_some_and(|person| person.org != class.org) {
            return Err(PeopleError::NoSuchPerson);
        }
        if person.is_none_or(|person| person.org.is_none()) {
            unsure.push(*student);
        }
    }
    let values = (class.teacher.0, class.id.0, stamp(class.created_ms));
    store.client().write(&store.people().point_to, values).await?;
    begin(store, class.id, &class.students, class.created_ms).await?;
    for deck in &class.decks {
        let values = (class.id.0, deck.0, class.created_ms, stamp(class.created_ms));
        store.client().write(&store.people().give, values).await?;
    }
    make(store, class).await?;
    let life = Span { from_ms: class.created_ms, until_ms: class.deleted_ms };
    let title = class.title.clone();
    let header = Header { id: class.id, org: class.org, teacher: class.teacher, title, life };
    for student in unsure {
        take_back_if_of_another_org(store, &header, student, class.created_ms).await?;
    }
    Ok(())
}

/// Makes the class's row; one that is there stays.
pub(super) async fn make(store: &CqlStore, class: &ClassRecord) -> Result<bool, StoreError> {
    let values = (
        class.id.0,
        MaybeUnset::from_option(class.org.map(|org| org.0)),
        class.teacher.0,
        &class.title,
        class.created_ms,
        MaybeUnset::from_option(class.deleted_ms),
    );
    decide(store.client(), &store.people().make_class, &values, || async move {
        let row = store.client().read_one::<Row>(&store.people().class_decided, (class.id.0,)).await?;
        Ok(if row.is_some() { Verdict::Done } else { Verdict::Again })
    })
    .await
}

/// One class, deleted ones too.
pub(super) async fn class(store: &CqlStore, class: ClassId) -> Result<Option<ClassRecord>, StoreError> {
    let students = store.client().read::<SpanRow>(&store.people().students, (class.0,));
    let (header, given, students) =
        tokio::try_join!(Header::read(store, class), given(store, class), students)?;
    Ok(header.map(|header| ClassRecord {
        id: header.id,
        org: header.org,
        teacher: header.teacher,
        title: header.title,
        created_ms: header.life.from_ms,
        deleted_ms: header.life.until_ms,
        students: open(&students).into_iter().map(UserId).collect(),
        decks: open(&given).into_iter().map(DeckId).collect(),
    }))
}

/// Who is enrolled in a class now, and since when.
pub(super) async fn enrolled_since(
    store: &CqlStore,
    class: ClassId,
) -> Result<Vec<(UserId, i64)>, StoreError> {
    let rows = store.client().read::<SpanRow>(&store.people().students, (class.0,)).await?;
    let open = by_what(&rows).into_iter().filter_map(|(user, spans)| {
        let last = spans.last().copied().filter(Span::is_open)?;
        Some((UserId(user), last.from_ms))
    });
    Ok(open.collect())
}

/// The classes that this person teaches or is enrolled in now, but for deleted ones.
pub(super) async fn classes_of(store: &CqlStore, user: UserId) -> Result<Vec<ClassRecord>, StoreError> {
    let taught = store.client().read::<(Uuid,)>(&store.people().taught, (user.0,));
    let (taught, enrolled) = tokio::try_join!(taught, of_user(store, user))?;
    let enrolled: BTreeSet<Uuid> = open(&enrolled).into_iter().collect();
    let ids: BTreeSet<Uuid> =
        taught.into_iter().map(|(class,)| class).chain(enrolled.iter().copied()).collect();
    let reads = ids.into_iter().map(|id| class(store, ClassId(id)));
    let at_once = store.client().options().reads_at_once;
    let found: Vec<Option<ClassRecord>> = stream::iter(reads).buffer_unordered(at_once).try_collect().await?;
    let concerns = |class: &ClassRecord| {
        class.deleted_ms.is_none() && (class.teacher == user || enrolled.contains(&class.id.0))
    };
    let mut classes: Vec<ClassRecord> = found.into_iter().flatten().filter(concerns).collect();
    classes.sort_by_key(|class| (class.created_ms, class.id));
    Ok(classes)
}

/// All stretches in which decks were given to a class.
pub(super) async fn given(store: &CqlStore, class: ClassId) -> Result<Vec<SpanRow>, StoreError> {
    store.client().read(&store.people().given, (class.0,)).await
}

async fn given_deck(store: &CqlStore, class: ClassId, deck: DeckId) -> Result<Vec<SpanRow>, StoreError> {
    store.client().read(&store.people().given_deck, (class.0, deck.0)).await
}

/// Gives a deck to the class; one that it has it keeps.
pub(super) async fn give(
    store: &CqlStore,
    class: ClassId,
    deck: DeckId,
    now_ms: i64,
) -> Result<(), StoreError> {
    let rows = given_deck(store, class, deck).await?;
    if !open(&rows).is_empty() {
        return Ok(());
    }
    let from_ms = free_moment(&rows, now_ms);
    store.client().write(&store.people().give, (class.0, deck.0, from_ms, stamp(from_ms))).await
}

/// Takes a deck away; one that the class has not it has not.
pub(super) async fn take(
    store: &CqlStore,
    class: ClassId,
    deck: DeckId,
    now_ms: i64,
) -> Result<(), StoreError> {
    for (_, from_ms, _) in given_deck(store, class, deck).await?.iter().filter(|row| row.2.is_none()) {
        let until_ms = now_ms.max(*from_ms);
        let values = (stamp(until_ms), until_ms, class.0, deck.0, *from_ms);
        store.client().write(&store.people().take, values).await?;
    }
    Ok(())
}
