//! A deck's row: the record, and what tells readers and writers how its cards lie.

use super::card::{PLACES_PER_BUCKET, bucket_of};
use crate::CqlStore;
use crate::log::unreadable;
use domain::access::Narrowed;
use domain::ids::{DeckId, OrgId, UserId, Uuid};
use ports::codec::{settings_of, visibility_of};
use ports::{DeckRecord, StoreError};
use scylla::DeserializeRow;

/// Nobody edits the deck.
pub(super) const NOBODY: Uuid = Uuid::nil();

/// How far apart the numbers of two edits of one deck are at least, in microseconds: so many different timestamps an
/// edit has for its writes.
pub(crate) const STAMPS_PER_EDIT: i64 = 1_000_000;

/// An edit that was committed, and of which some rows may not lie in `cards` yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Laid {
    pub(super) edit: i64,
    pub(super) buckets: Vec<u32>,
}

/// A deck's row.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) record: DeckRecord,
    /// Who made the newest change.
    pub(crate) last: Uuid,
    /// The number of the newest edit begun; also the first timestamp of its writes, microseconds.
    pub(crate) stamp: i64,
    /// Who makes it, or [`NOBODY`].
    pub(super) editor: Uuid,
    /// Its pulse.
    pub(super) beat: i32,
    /// Places in the deck; what lies beyond is not there yet.
    pub(crate) positions: u32,
    /// Of each bucket the revision in which a card of it was changed last.
    pub(super) buckets: Vec<i64>,
    pub(super) laid: Option<Laid>,
}

#[derive(DeserializeRow)]
struct Row {
    deck: Uuid,
    org: Option<Uuid>,
    owner: Uuid,
    path: String,
    title: String,
    description: String,
    visibility: String,
    all_until_ms: Option<i64>,
    org_until_ms: Option<i64>,
    tags: Vec<String>,
    settings: String,
    revision: i64,
    cards: i32,
    created_ms: i64,
    updated_ms: i64,
    deleted_ms: Option<i64>,
    editors: Option<Vec<Uuid>>,
    last: Uuid,
    stamp: i64,
    editor: Uuid,
    beat: i32,
    positions: i32,
    buckets: Vec<i64>,
    laid_edit: i64,
    laid_buckets: Vec<i32>,
}

impl Head {
    fn of_row(row: Row) -> Result<Head, StoreError> {
        let settings = settings_of(&row.settings).map_err(|error| unreadable(&error))?;
        let laid_buckets = row.laid_buckets.into_iter().map(i32::cast_unsigned).collect();
        let laid = Laid { edit: row.laid_edit, buckets: laid_buckets };
        let record = DeckRecord {
            id: DeckId(row.deck),
            org: row.org.map(OrgId),
            owner: UserId(row.owner),
            editors: row.editors.unwrap_or_default().into_iter().map(UserId).collect(),
            path: row.path,
            title: row.title,
            description: row.description,
            visibility: visibility_of(&row.visibility),
            narrowed: Narrowed { all_until_ms: row.all_until_ms, org_until_ms: row.org_until_ms },
            tags: row.tags,
            settings,
            revision: row.revision.cast_unsigned(),
            cards: row.cards.cast_unsigned(),
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
            deleted_ms: row.deleted_ms,
        };
        Ok(Head {
            record,
            last: row.last,
            stamp: row.stamp,
            editor: row.editor,
            beat: row.beat,
            positions: row.positions.cast_unsigned(),
            buckets: row.buckets,
            laid: (laid.edit != 0).then_some(laid),
        })
    }

    /// The deck as everybody sees it.
    pub(super) async fn read(store: &CqlStore, deck: DeckId) -> Result<Option<Head>, StoreError> {
        let row = store.client().read_one::<Row>(&store.library().deck, (deck.0,)).await?;
        row.map(Head::of_row).transpose()
    }

    /// The deck with whatever was under way decided.
    pub(crate) async fn read_decided(store: &CqlStore, deck: DeckId) -> Result<Option<Head>, StoreError> {
        let row = store.client().read_one::<Row>(&store.library().deck_decided, (deck.0,)).await?;
        row.map(Head::of_row).transpose()
    }

    /// Buckets that hold places of the deck.
    pub(super) const fn buckets_used(&self) -> u32 {
        self.positions.div_ceil(PLACES_PER_BUCKET)
    }

    /// The revision in which a card of this bucket was changed last; 0 where none ever was.
    pub(super) fn bucket_revision(&self, bucket: u32) -> i64 {
        self.buckets.get(bucket as usize).copied().unwrap_or(0)
    }

    /// The committed edit that may hold newer rows of this bucket than `cards` does.
    pub(super) fn laid_over(&self, bucket: u32) -> Option<i64> {
        self.laid.as_ref().filter(|laid| laid.buckets.contains(&bucket)).map(|laid| laid.edit)
    }

    /// The committed edit that may hold a newer row of this place.
    pub(super) fn laid_over_place(&self, position: u32) -> Option<i64> {
        self.laid_over(bucket_of(position))
    }
}
