//! Decks: their records, and where they lie in their owners' trees.

use super::head::Head;
use crate::CqlStore;
use crate::decide::{Verdict, decide};
use domain::ids::{DeckId, UserId, Uuid};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::codec::{settings_text, visibility_word};
use ports::library::PATH_SEPARATOR;
use ports::{Cause, DeckQuery, DeckRecord, LibraryError, StoreError};
use scylla::SerializeRow;
use scylla::value::MaybeUnset;
use std::collections::BTreeSet;

/// How often a change that is bound to no revision is tried, when others are always quicker.
const CHANGE_TRIES: u32 = 32;

/// Stores a deck, new or changed.
pub(super) async fn put_deck(
    store: &CqlStore,
    deck: DeckRecord,
    if_revision: Option<u64>,
    now_ms: i64,
) -> Result<DeckRecord, LibraryError> {
    for _ in 0..CHANGE_TRIES {
        let stored = Head::read(store, deck.id).await?.map(|head| head.record);
        match (&stored, if_revision) {
            (None, Some(_)) => return Err(LibraryError::NoSuchDeck),
            (Some(stored), Some(based_on)) if stored.revision != based_on => {
                return Err(LibraryError::Changed);
            }
            (None | Some(_), _) => {}
        }
        let mut deck = deck.clone();
        deck.revision = stored.as_ref().map_or(1, |stored| stored.revision + 1);
        deck.cards = stored.as_ref().map_or(0, |stored| stored.cards);
        deck.created_ms = stored.as_ref().map_or(deck.created_ms, |stored| stored.created_ms);
        deck.updated_ms = now_ms;
        if change(store, stored.as_ref(), &deck, if_revision.is_some()).await? {
            return Ok(deck);
        }
        if if_revision.is_some() {
            return Err(LibraryError::Changed);
        }
    }
    Err(StoreError::new(Cause::Overloaded, "a deck is changed by too many at once").into())
}

/// From `stored` to `deck`, unless somebody was quicker. The deck is listed under its new path before it has it and
/// under the old one until it has not, so that no list ever lacks it.
async fn change(
    store: &CqlStore,
    stored: Option<&DeckRecord>,
    deck: &DeckRecord,
    bound: bool,
) -> Result<bool, StoreError> {
    let statements = store.library();
    let moved = stored.is_none_or(|stored| (stored.owner, &stored.path) != (deck.owner, &deck.path));
    if moved {
        point_to(store, deck).await?;
    }
    let before = stored.map(|stored| &stored.editors[..]).unwrap_or_default();
    let new: Vec<UserId> = deck.editors.iter().filter(|editor| !before.contains(editor)).copied().collect();
    point_editors_to(store, deck, &new).await?;
    let done = match stored {
        None => make(store, deck).await?,
        Some(stored) => update(store, stored, deck, bound).await?,
    };
    if let (true, true, Some(stored)) = (done, moved, stored) {
        let values = (pointer_stamp(deck), stored.owner.0, &stored.path, stored.id.0);
        store.client().write(&statements.point_no_more, values).await?;
    }
    if done {
        for editor in before.iter().filter(|editor| !deck.editors.contains(editor)) {
            let values = (pointer_stamp(deck), editor.0, deck.id.0);
            store.client().write(&statements.edited_no_more, values).await?;
        }
    }
    Ok(done)
}

/// Lists a deck under these editors of it.
pub(crate) async fn point_editors_to(
    store: &CqlStore,
    deck: &DeckRecord,
    editors: &[UserId],
) -> Result<(), StoreError> {
    for editor in editors {
        let values = (editor.0, deck.id.0, pointer_stamp(deck));
        store.client().write(&store.library().edited_by, values).await?;
    }
    Ok(())
}

/// Lists a deck under its owner and path.
pub(crate) async fn point_to(store: &CqlStore, deck: &DeckRecord) -> Result<(), StoreError> {
    let values = (deck.owner.0, &deck.path, deck.id.0, pointer_stamp(deck));
    store.client().write(&store.library().point_to, values).await
}

/// The timestamp of a pointer's write: grows with the revision for which it is made, so that a deletion that comes late
/// does not win over a later return to the same path.
fn pointer_stamp(deck: &DeckRecord) -> i64 {
    deck.created_ms.saturating_mul(1_000).saturating_add_unsigned(deck.revision)
}

/// Makes a deck's row, without cards.
pub(crate) async fn make(store: &CqlStore, deck: &DeckRecord) -> Result<bool, StoreError> {
    let last = uuid::Uuid::new_v4();
    let values = (
        deck.id.0,
        MaybeUnset::from_option(deck.org.map(|org| org.0)),
        deck.owner.0,
        &deck.path,
        &deck.title,
        &deck.description,
        visibility_word(deck.visibility),
        MaybeUnset::from_option(deck.narrowed.all_until_ms),
        MaybeUnset::from_option(deck.narrowed.org_until_ms),
        &deck.tags,
        settings_text(&deck.settings),
        deck.created_ms,
        deck.updated_ms,
        MaybeUnset::from_option(deck.deleted_ms),
        MaybeUnset::from_option(editors_of(deck)),
        last,
    );
    decide(store.client(), &store.library().make_deck, &values, || async move {
        Ok(match Head::read_decided(store, deck.id).await? {
            None => Verdict::Again,
            Some(head) if head.last == last => Verdict::Done,
            Some(_) => Verdict::Refused,
        })
    })
    .await
}

/// What `change_deck` is given, in its order: one value more than a tuple of the driver may have.
#[derive(SerializeRow)]
#[scylla(flavor = "enforce_order", skip_name_checks)]
struct Change<'a> {
    org: MaybeUnset<Option<Uuid>>,
    owner: Uuid,
    path: &'a str,
    title: &'a str,
    description: &'a str,
    visibility: &'a str,
    all_until_ms: MaybeUnset<Option<i64>>,
    org_until_ms: MaybeUnset<Option<i64>>,
    tags: &'a [String],
    settings: String,
    revision: i64,
    updated_ms: i64,
    deleted_ms: MaybeUnset<Option<i64>>,
    editors: MaybeUnset<Option<Vec<Uuid>>>,
    last: Uuid,
    deck: Uuid,
    based_on: i64,
}

async fn update(
    store: &CqlStore,
    stored: &DeckRecord,
    deck: &DeckRecord,
    bound: bool,
) -> Result<bool, StoreError> {
    let last = uuid::Uuid::new_v4();
    let based_on = stored.revision;
    let values = Change {
        org: unless_same(stored.org.map(|org| org.0), deck.org.map(|org| org.0)),
        owner: deck.owner.0,
        path: &deck.path,
        title: &deck.title,
        description: &deck.description,
        visibility: visibility_word(deck.visibility),
        all_until_ms: unless_same(stored.narrowed.all_until_ms, deck.narrowed.all_until_ms),
        org_until_ms: unless_same(stored.narrowed.org_until_ms, deck.narrowed.org_until_ms),
        tags: &deck.tags[..],
        settings: settings_text(&deck.settings),
        revision: deck.revision.cast_signed(),
        updated_ms: deck.updated_ms,
        deleted_ms: unless_same(stored.deleted_ms, deck.deleted_ms),
        editors: unless_same(editors_of(stored), editors_of(deck)),
        last,
        deck: deck.id.0,
        based_on: based_on.cast_signed(),
    };
    decide(store.client(), &store.library().change_deck, &values, || async move {
        Ok(match Head::read_decided(store, deck.id).await? {
            Some(head) if head.last == last => Verdict::Done,
            Some(head) if head.record.revision == based_on => Verdict::Again,
            // Ours, then another's; or another's alone: a change bound to no revision may simply be made again.
            Some(_) if !bound => Verdict::Refused,
            Some(_) | None => Verdict::Unknown,
        })
    })
    .await
}

/// The editors; a deck without any has nothing there.
fn editors_of(deck: &DeckRecord) -> Option<Vec<Uuid>> {
    let editors: Vec<Uuid> = deck.editors.iter().map(|editor| editor.0).collect();
    (!editors.is_empty()).then_some(editors)
}

/// A column that stays as it is is not written: writing "nothing" anew would leave a tombstone each time.
fn unless_same<T: PartialEq>(stored: Option<T>, new: Option<T>) -> MaybeUnset<Option<T>> {
    if stored == new { MaybeUnset::Unset } else { MaybeUnset::Set(new) }
}

/// Decks by path, then title, then id.
pub(super) async fn decks(store: &CqlStore, query: &DeckQuery) -> Result<Vec<DeckRecord>, StoreError> {
    let mut ids: BTreeSet<DeckId> = query.ids.iter().copied().collect();
    if let Some(owner) = query.owner {
        ids.extend(listed(store, owner, query.below_path.as_deref()).await?);
    }
    if let Some(editor) = query.editor {
        let rows = store.client().read::<(Uuid,)>(&store.library().edits, (editor.0,)).await?;
        ids.extend(rows.into_iter().map(|(deck,)| DeckId(deck)));
    }
    let reads = stream::iter(ids).map(|id| Head::read(store, id));
    let found: Vec<Option<Head>> =
        reads.buffer_unordered(store.client().options().reads_at_once).try_collect().await?;
    let records = found.into_iter().flatten().map(|head| head.record);
    let mut decks: Vec<DeckRecord> = records.filter(|deck| wanted(deck, query)).collect();
    decks.sort_by(|a, b| (&a.path, &a.title, a.id).cmp(&(&b.path, &b.title, b.id)));
    Ok(decks)
}

/// Decks that may lie there; their records decide.
async fn listed(store: &CqlStore, owner: UserId, below: Option<&str>) -> Result<Vec<DeckId>, StoreError> {
    let top = below.unwrap_or_default();
    let end = format!("{top}{}", char::MAX);
    let rows = store.client().read::<(Uuid,)>(&store.library().pointed_to, (owner.0, top, end)).await?;
    Ok(rows.into_iter().map(|(deck,)| DeckId(deck)).collect())
}

fn wanted(deck: &DeckRecord, query: &DeckQuery) -> bool {
    let asked_for = query.owner == Some(deck.owner)
        || query.ids.contains(&deck.id)
        || query.editor.is_some_and(|editor| deck.editors.contains(&editor));
    let below = query.below_path.as_deref().is_none_or(|top| {
        deck.path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(PATH_SEPARATOR))
    });
    asked_for && below && (query.with_deleted || deck.deleted_ms.is_none())
}
