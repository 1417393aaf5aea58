//! The place of an event in its feed.

use super::Feed;
use domain::ids::{EntryId, Uuid};
use std::fmt;

/// Bits that count the events of a feed: enough for a thousand a second for thirty years.
const NUMBER_BITS: u32 = 40;
const NUMBERS: u128 = 1 << NUMBER_BITS;
/// Bits that tell feeds apart whose events have the same moment and number.
const FEED_BITS: u32 = 34;

/// An event's id: a UUIDv7 of 48 bits of time, 34 bits that follow from the feed, and the event's number in it, from 1.
/// Neither time nor number ever falls within a feed, so ids grow strictly whatever the clocks do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Uuid);

impl EventId {
    /// The id of the event that comes next in a feed.
    pub fn next(feed: &Feed, before: Option<EventId>, now_ms: i64) -> EventId {
        let at_ms = before.map_or(now_ms, |before| before.at_ms().max(now_ms)).clamp(0, (1 << 48) - 1);
        let number = before.map_or(0, EventId::number).saturating_add(1);
        let bits = (mark(feed) << NUMBER_BITS) | (u128::from(number) % NUMBERS);
        EventId(EntryId::v7(at_ms, bits).0)
    }

    /// The place before it, behind which it comes next; `None` before the first.
    pub fn before(self) -> Option<EventId> {
        // The number is in the lowest bits, and is not 0.
        (self.number() > 1).then(|| EventId(Uuid::from_u128(self.0.as_u128() - 1)))
    }

    /// What was written as an id; `None` if none can look so.
    pub fn of_uuid(id: Uuid) -> Option<EventId> {
        (id.get_version_num() == 7).then_some(EventId(id))
    }

    /// Reads the bytes that a store keeps.
    pub fn of_bytes(bytes: &[u8]) -> Option<EventId> {
        EventId::of_uuid(Uuid::from_bytes(bytes.try_into().ok()?))
    }

    /// The UUID.
    pub const fn uuid(&self) -> Uuid {
        self.0
    }

    /// The bytes, in whose order ids of one feed grow.
    pub const fn bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// When it was appended, Unix milliseconds; never earlier than any before it in its feed.
    pub const fn at_ms(&self) -> i64 {
        EntryId(self.0).at_ms()
    }

    /// Its number in the feed, from 1.
    pub fn number(self) -> u64 {
        u64::try_from(self.0.as_u128() % NUMBERS).unwrap_or(u64::MAX)
    }
}

/// FNV-1a over the feed's key, cut to the bits that there are.
fn mark(feed: &Feed) -> u128 {
    let fold = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = feed.key().into_iter().fold(0xcbf2_9ce4_8422_2325, fold);
    u128::from(hash >> (u64::BITS - FEED_BITS))
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{OrgId, UserId};

    #[test]
    fn ids_grow_whatever_the_clock_does() {
        let feed = Feed::Person(UserId::from_u128(5));
        let mut last = EventId::next(&feed, None, 1_700_000_000_000);
        assert_eq!((last.number(), last.at_ms()), (1, 1_700_000_000_000));
        for (n, now_ms) in
            [1_700_000_000_000, 1_600_000_000_000, -5, 1_800_000_000_000, i64::MAX].iter().enumerate()
        {
            let next = EventId::next(&feed, Some(last), *now_ms);
            assert!(next > last, "{now_ms}");
            assert_eq!(next.number(), n as u64 + 2);
            assert_eq!(EventId::of_uuid(next.uuid()), Some(next));
            assert_eq!(EventId::of_bytes(next.bytes()), Some(next));
            last = next;
        }
    }

    #[test]
    fn before_an_id_is_the_place_behind_which_it_comes() {
        let feed = Feed::Person(UserId::from_u128(5));
        let first = EventId::next(&feed, None, 1_700_000_000_000);
        let second = EventId::next(&feed, Some(first), 1_700_000_000_001);
        assert_eq!(first.before(), None);
        let before = second.before().unwrap();
        assert_eq!((before.number(), before.at_ms()), (1, 1_700_000_000_001));
        assert_eq!(EventId::next(&feed, Some(before), 0), second);
    }

    #[test]
    fn events_of_two_feeds_have_two_ids_even_in_one_moment() {
        let ids: std::collections::BTreeSet<EventId> = (0..1_000)
            .flat_map(|n| [Feed::Person(UserId::from_u128(n)), Feed::Org(OrgId::from_u128(n))])
            .map(|feed| EventId::next(&feed, None, 9))
            .collect();
        assert_eq!(ids.len(), 2_000);
        assert_eq!(EventId::of_uuid(Uuid::nil()), None);
    }
}
