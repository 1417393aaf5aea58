//! The cold port for events: what happened, told to whom it concerns. A feed is append-only; its ids grow strictly, and
//! whoever has read up to an id misses nothing that comes later. What is older than [`EVENTS_KEPT_MS`] goes.

mod id;
mod kind;

pub use id::EventId;
pub use kind::EventKind;

use crate::Boxed;
use crate::error::StoreError;
use domain::ids::{ClassId, DeckId, JobId, OrgId, UserId};

/// How long an event is kept at least, in milliseconds: 30 days.
pub const EVENTS_KEPT_MS: i64 = 30 * 86_400_000;
/// Events of one feed that are read at once, at most.
pub const EVENTS_PAGE_MAX: usize = 1_000;
/// Bytes of an event's own data, at most; more is refused as invalid.
pub const EVENT_DATA_BYTES_MAX: usize = 8 * 1_024;

/// Whom a feed is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Feed {
    /// One person: what concerns them, and the classes that they run.
    Person(UserId),
    /// The administrators of an organisation.
    Org(OrgId),
}

/// Bytes of a feed's key in stores.
pub const FEED_KEY_BYTES: usize = 17;

impl Feed {
    /// Its key in stores: one byte for the kind, then the id.
    pub fn key(&self) -> [u8; FEED_KEY_BYTES] {
        let (kind, id) = match self {
            Feed::Person(user) => (b'p', user.bytes()),
            Feed::Org(org) => (b'o', org.bytes()),
        };
        let mut key = [kind; FEED_KEY_BYTES];
        if let Some(place) = key.get_mut(1..) {
            place.copy_from_slice(id);
        }
        key
    }

    /// Reads [`key`](Self::key).
    pub fn of_key(key: &[u8]) -> Option<Feed> {
        let (kind, id) = key.split_first()?;
        let id: [u8; 16] = id.try_into().ok()?;
        match kind {
            b'p' => Some(Feed::Person(UserId::from_bytes(id))),
            b'o' => Some(Feed::Org(OrgId::from_bytes(id))),
            _ => None,
        }
    }
}

/// What happened. It names things by their ids and holds neither names nor texts: who wants more reads it, and is asked
/// there whether they may.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Happening {
    /// What kind of thing.
    pub kind: EventKind,
    /// When, Unix milliseconds by the server's wall clock.
    pub at_ms: i64,
    /// The person it is about.
    pub user: Option<UserId>,
    /// The class it is about.
    pub class: Option<ClassId>,
    /// The deck it is about.
    pub deck: Option<DeckId>,
    /// The import it is about.
    pub job: Option<JobId>,
    /// What else is said: a JSON object of at most [`EVENT_DATA_BYTES_MAX`].
    pub data: String,
}

/// An event as it is put into a feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Whose feed.
    pub feed: Feed,
    /// The class through which it concerns them: only who runs it still sees it.
    pub through: Option<ClassId>,
    /// The organisation whose feed has it as well: who reads both reads it there.
    pub also: Option<OrgId>,
    /// What happened.
    pub what: Happening,
}

/// An event of a feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its place in the feed.
    pub id: EventId,
    /// The class through which it concerns the feed's person.
    pub through: Option<ClassId>,
    /// The organisation whose feed has it as well.
    pub also: Option<OrgId>,
    /// What happened.
    pub what: Happening,
}

/// A stretch of a feed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventPage {
    /// The events, oldest first; those of kinds that this program does not know are left out.
    pub events: Vec<Event>,
    /// Up to where the feed was read: the place to go on from. `None`: nothing is there.
    pub reached: Option<EventId>,
    /// Whether there may be more behind it.
    pub has_more: bool,
}

/// Feeds of events. What a function has returned is durable.
pub trait Events: Send + Sync + 'static {
    /// Appends each event to its feed, those of one feed in the order given. Whoever sees one of them sees all that the
    /// feed had before.
    ///
    /// After an error some may be there; appended again they are there twice.
    fn append_events(&self, told: Vec<Told>, now_ms: i64) -> Boxed<'_, Result<(), StoreError>>;

    /// Events of a feed after this one, oldest first, at most `limit` and at most [`EVENTS_PAGE_MAX`].
    fn events(
        &self,
        feed: Feed,
        after: Option<EventId>,
        limit: usize,
    ) -> Boxed<'_, Result<EventPage, StoreError>>;

    /// Where a feed ends: the newest event that was ever in it, or, where none is left, perhaps the place before that one.
    /// Whoever goes on from there misses nothing that comes.
    fn last_event(&self, feed: Feed) -> Boxed<'_, Result<Option<EventId>, StoreError>>;

    /// Forgets events from before this moment (Unix milliseconds), at most so many; returns how many. A store that
    /// forgets by itself does nothing.
    fn forget_events(&self, before_ms: i64, most: usize) -> Boxed<'_, Result<usize, StoreError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_feeds_read_back_and_differ_by_kind() {
        let (person, org) = (Feed::Person(UserId::from_u128(7)), Feed::Org(OrgId::from_u128(7)));
        for feed in [person, org] {
            assert_eq!(Feed::of_key(&feed.key()), Some(feed));
        }
        assert_ne!(person.key(), org.key());
        assert_eq!(Feed::of_key(b"x"), None);
        assert_eq!(Feed::of_key(&[b'z'; FEED_KEY_BYTES]), None);
    }
}
