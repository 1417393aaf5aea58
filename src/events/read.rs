//! What somebody sees of feeds now: their own, without what came through a class that they run no longer, and their
//! organisation's, if they administer it.

use super::Events;
use super::limits::LOOKED_AT;
use domain::ids::{ClassId, OrgId, UserId, Uuid};
use ports::{Event, EventId, EventKind, EventPage, Feed, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody may see of feeds now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    /// The person.
    pub user: UserId,
    /// The organisation that they administer.
    pub administers: Option<OrgId>,
    /// The classes that they run.
    pub runs: BTreeSet<ClassId>,
}

impl Reader {
    /// The feeds that they read.
    pub fn feeds(&self) -> Vec<Feed> {
        let org = self.administers.map(Feed::Org);
        [Feed::Person(self.user)].into_iter().chain(org).collect()
    }

    /// Whether they see an event of their own feed here.
    fn sees(&self, event: &Event) -> bool {
        let still = event.through.is_none_or(|class| self.runs.contains(&class));
        // What the organisation's feed has as well is read there.
        still && (event.also.is_none() || event.also != self.administers)
    }
}

/// Up to where feeds were read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Place {
    /// One's own.
    #[serde(default, rename = "p", skip_serializing_if = "Option::is_none")]
    own: Option<Uuid>,
    /// The organisation's.
    #[serde(default, rename = "o", skip_serializing_if = "Option::is_none")]
    org: Option<Uuid>,
}

impl Place {
    /// Whether it can be one that was given: ids are looked at.
    pub fn is_sound(&self) -> bool {
        [self.own, self.org].into_iter().flatten().all(|id| EventId::of_uuid(id).is_some())
    }
}

/// What somebody is shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// Events, oldest first, each with the place behind it.
    pub events: Vec<(Event, Place)>,
    /// Where to go on.
    pub place: Place,
    /// Whether there is more at once.
    pub has_more: bool,
}

impl Events {
    /// What this person sees after this place, at most `limit` events. Of many that are not wanted a part is looked at:
    /// then nothing is shown, and there is more.
    ///
    /// # Errors
    /// The store's.
    pub async fn read(
        &self,
        reader: &Reader,
        place: Place,
        kinds: &[EventKind],
        limit: usize,
    ) -> Result<Shown, StoreError> {
        let looked_at = if kinds.is_empty() && reader.runs.is_empty() { limit } else { limit.max(LOOKED_AT) };
        let of = |id: Option<Uuid>| id.and_then(EventId::of_uuid);
        let own = self.page(Feed::Person(reader.user), of(place.own), looked_at).await?;
        let org = match reader.administers {
            Some(org) => Some(self.page(Feed::Org(org), of(place.org), looked_at).await?),
            None => None,
        };
        Ok(merged(reader, place, own, org, kinds, limit))
    }

    /// The end of what this person sees now.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_for(&self, reader: &Reader) -> Result<Place, StoreError> {
        let own = self.end_of(Feed::Person(reader.user)).await?;
        let org = match reader.administers {
            Some(org) => self.end_of(Feed::Org(org)).await?,
            None => None,
        };
        Ok(Place { own: own.map(|id| id.uuid()), org: org.map(|id| id.uuid()) })
    }
}

/// Two feeds as one: each in its own order, and by time between them.
fn merged(
    reader: &Reader,
    before: Place,
    own: EventPage,
    org: Option<EventPage>,
    kinds: &[EventKind],
    limit: usize,
) -> Shown {
    let is_wanted = |event: &Event| kinds.is_empty() || kinds.contains(&event.what.kind);
    let mut own = Lane::of(own, |event| is_wanted(event) && reader.sees(event));
    let mut org = org.map(|page| Lane::of(page, is_wanted));
    let (mut events, mut at) = (Vec::new(), before);
    while events.len() < limit {
        let is_of_org = match (own.peek(), org.as_ref().and_then(Lane::peek)) {
            (Some(mine), Some(theirs)) => theirs < mine,
            // What is not read yet of the other feed may belong before it.
            (None, Some(theirs)) if own.is_read_to(theirs) => true,
            (Some(mine), None) if org.as_ref().is_none_or(|org| org.is_read_to(mine)) => false,
            (None, Some(_)) | (Some(_), None) | (None, None) => break,
        };
        let lane = if is_of_org { org.as_mut() } else { Some(&mut own) };
        let Some(event) = lane.and_then(Lane::take) else { break };
        let place = if is_of_org { &mut at.org } else { &mut at.own };
        *place = Some(event.id.uuid());
        events.push((event, at));
    }
    let place = Place {
        own: own.reached().map(|id| id.uuid()).or(before.own),
        org: org.as_ref().and_then(Lane::reached).map(|id| id.uuid()).or(before.org),
    };
    let has_more = own.has_more() || org.as_ref().is_some_and(Lane::has_more);
    Shown { events, place, has_more }
}

/// What is left of a page of one feed.
struct Lane {
    events: std::vec::IntoIter<Event>,
    taken: Option<EventId>,
    reached: Option<EventId>,
    is_cut: bool,
}

impl Lane {
    fn of(page: EventPage, shown: impl Fn(&Event) -> bool) -> Lane {
        let events: Vec<Event> = page.events.into_iter().filter(|event| shown(event)).collect();
        Lane { events: events.into_iter(), taken: None, reached: page.reached, is_cut: page.has_more }
    }

    fn peek(&self) -> Option<EventId> {
        self.events.as_slice().first().map(|event| event.id)
    }

    fn take(&mut self) -> Option<Event> {
        let event = self.events.next()?;
        self.taken = Some(event.id);
        Some(event)
    }

    /// Whether this feed has nothing from before that id which was not read yet.
    fn is_read_to(&self, id: EventId) -> bool {
        !self.is_cut || self.reached.is_some_and(|reached| reached >= id)
    }

    /// Up to where it counts as read: all of it, or up to what was taken.
    fn reached(&self) -> Option<EventId> {
        if self.peek().is_none() { self.reached } else { self.taken }
    }

    fn has_more(&self) -> bool {
        self.is_cut || self.peek().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::Happening;
    use proptest::prelude::*;

    const ORG: OrgId = OrgId::from_u128(7);
    const ME: UserId = UserId::from_u128(1);

    fn event(feed: Feed, before: Option<EventId>, at_ms: i64) -> Event {
        let what = Happening {
            kind: EventKind::DeckChanged,
            at_ms,
            user: None,
            class: None,
            deck: None,
            job: None,
            data: "{}".to_owned(),
        };
        Event { id: EventId::next(&feed, before, at_ms), through: None, also: None, what }
    }

    /// A feed whose events have these moments.
    fn feed(feed: Feed, times: &[i64]) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        for at_ms in times {
            events.push(event(feed, events.last().map(|event| event.id), *at_ms));
        }
        events
    }

    fn page(all: &[Event], after: Option<Uuid>, limit: usize) -> EventPage {
        let after = after.and_then(EventId::of_uuid);
        let mut newer = all.iter().filter(|event| after.is_none_or(|after| event.id > after));
        let events: Vec<Event> = newer.by_ref().take(limit).cloned().collect();
        let reached = events.last().map(|event| event.id).or(after);
        EventPage { has_more: newer.next().is_some(), events, reached }
    }

    fn admin(runs: &[u128]) -> Reader {
        let runs = runs.iter().map(|class| ClassId::from_u128(*class)).collect();
        Reader { user: ME, administers: Some(ORG), runs }
    }

    proptest! {
        #[test]
        fn two_feeds_are_read_to_their_ends_each_event_once_and_in_order(
            own in prop::collection::vec(0_i64..40, 0..20),
            org in prop::collection::vec(0_i64..40, 0..20),
            looked_at in 1_usize..6,
            limit in 1_usize..6,
            own_kinds in prop::collection::vec(any::<bool>(), 20),
        ) {
            let mut own = feed(Feed::Person(ME), &own);
            for (event, is_class) in own.iter_mut().zip(&own_kinds) {
                event.through = is_class.then_some(ClassId::from_u128(9));
            }
            let org = feed(Feed::Org(ORG), &org);
            let reader = admin(&[]);
            let (mut place, mut seen) = (Place::default(), Vec::new());
            loop {
                let (mine, theirs) = (page(&own, place.own, looked_at), page(&org, place.org, looked_at));
                let shown = merged(&reader, place, mine, Some(theirs), &[], limit);
                prop_assert!(shown.events.len() <= limit);
                seen.extend(shown.events.into_iter().map(|(event, _)| event));
                prop_assert!(!shown.has_more || shown.place != place, "it goes on");
                place = shown.place;
                if !shown.has_more {
                    break;
                }
            }
            prop_assert!(seen.is_sorted_by_key(|event| event.id));
            let mut expected: Vec<Event> =
                own.iter().filter(|event| event.through.is_none()).chain(&org).cloned().collect();
            expected.sort_by_key(|event| event.id);
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn what_came_through_a_class_is_seen_as_long_as_one_runs_it_and_what_both_feeds_have_once() {
        let mut events = feed(Feed::Person(ME), &[1, 2, 3]);
        events[0].through = Some(ClassId::from_u128(9));
        events[1].also = Some(ORG);
        let ids = |reader: &Reader| -> Vec<i64> {
            let shown = merged(reader, Place::default(), page(&events, None, 9), None, &[], 9);
            shown.events.iter().map(|(event, _)| event.what.at_ms).collect()
        };
        assert_eq!(ids(&admin(&[9])), [1, 3]);
        assert_eq!(ids(&admin(&[])), [3]);
        assert_eq!(ids(&Reader { administers: None, ..admin(&[9]) }), [1, 2, 3]);
        assert_eq!(ids(&Reader { administers: Some(OrgId::from_u128(8)), ..admin(&[]) }), [2, 3]);
    }

    #[test]
    fn of_kinds_that_are_not_wanted_nothing_is_shown_and_the_place_moves_on() {
        let events = feed(Feed::Person(ME), &[1, 2, 3]);
        let reader = Reader { administers: None, ..admin(&[]) };
        let shown =
            merged(&reader, Place::default(), page(&events, None, 2), None, &[EventKind::DeckDeleted], 9);
        assert_eq!((shown.events, shown.has_more), (vec![], true));
        assert_eq!(shown.place.own, Some(events[1].id.uuid()));
    }
}
