//! Feeds to which several nodes append, appenders that died on the way, and answers that were lost.

use super::{NUMBERS_A_BUCKET, append, end};
use crate::server::{shared_store, shared_view};
use crate::{CqlStore, Options};
use domain::ids::UserId;
use kit::contract_events::{happening, told};
use kit::rows::START_MS;
use kit::wait::block_on;
use ports::events::EVENTS_KEPT_MS;
use ports::{Event, EventId, Events, Feed};

/// All promises once more, with every answer to a compare-and-set lost after it was carried out.
mod answers {
    use super::{Options, shared_view};

    kit::events_contract!(match shared_view(&Options { loses_answers: true, ..Options::default() }).await {
        Some(view) => (view, ()),
        None => return,
    });

    kit::webhooks_contract!(
        match shared_view(&Options { loses_answers: true, ..Options::default() }).await {
            Some(view) => (view, ()),
            None => return,
        }
    );
}

mod lessons_answers {
    use super::{Options, shared_view};

    kit::lessons_contract!(match shared_view(&Options { loses_answers: true, ..Options::default() }).await {
        Some(view) => (view, ()),
        None => return,
    });
}

mod papers_answers {
    use super::{Options, shared_view};

    kit::papers_contract!(match shared_view(&Options { loses_answers: true, ..Options::default() }).await {
        Some(view) => (view, ()),
        None => return,
    });
}

fn feed() -> Feed {
    Feed::Person(UserId(uuid::Uuid::new_v4()))
}

/// Somebody set out to append the event behind this one, and died before it was there.
async fn dies(store: &CqlStore, feed: &Feed, before: Option<EventId>, now_ms: i64) {
    let id = EventId::next(feed, before, now_ms);
    let noted = (&feed.key()[..], &id.bytes()[..], id.number().cast_signed());
    store.client().write(&store.events_said().note_end, noted).await.unwrap();
}

async fn all(store: &CqlStore, feed: Feed) -> Vec<Event> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.events(feed, after, 300).await.unwrap();
        found.extend(page.events);
        after = page.reached;
        if !page.has_more {
            return found;
        }
    }
}

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.id.number()).collect()
}

#[test]
fn a_number_that_somebody_set_out_to_take_and_did_not_is_taken_by_the_next() {
    block_on(async {
        let Some(store) = shared_store(&Options::default()).await else { return };
        let feed = feed();
        dies(&store, &feed, None, START_MS).await;
        assert_eq!(store.last_event(feed).await, Ok(None));
        store.append_events(vec![told(feed, 1)], START_MS).await.unwrap();
        let last = store.last_event(feed).await.unwrap();
        dies(&store, &feed, last, START_MS + 5).await;
        assert_eq!(store.last_event(feed).await, Ok(last), "whoever waits for what comes misses nothing");
        store.append_events(vec![told(feed, 2), told(feed, 3)], START_MS).await.unwrap();
        assert_eq!(numbers(&all(&store, feed).await), [1, 2, 3]);
    });
}

/// The id of the n-th event of a feed.
fn numbered(feed: &Feed, n: u64) -> Option<EventId> {
    (0..n).fold(None, |last, _| Some(EventId::next(feed, last, START_MS)))
}

#[test]
fn a_number_that_was_not_taken_is_taken_by_the_next_though_all_before_it_are_gone() {
    block_on(async {
        let Some(store) = shared_store(&Options::default()).await else { return };
        for gone in [6, 3 * NUMBERS_A_BUCKET] {
            let feed = feed();
            let now_ms = START_MS + EVENTS_KEPT_MS;
            dies(&store, &feed, numbered(&feed, gone), now_ms).await;
            let newest = store.last_event(feed).await.unwrap();
            store.append_events(vec![told(feed, 1), told(feed, 2)], now_ms + 1).await.unwrap();
            for reader in [numbered(&feed, 5), newest] {
                let next = store.events(feed, reader, 9).await.unwrap().events;
                assert_eq!(numbers(&next), [gone + 1, gone + 2]);
            }
        }
    });
}

#[test]
fn when_all_is_gone_numbers_go_on_where_they_were() {
    block_on(async {
        let Some(store) = shared_store(&Options::default()).await else { return };
        let feed = feed();
        // As a feed looks whose events have all gone by themselves.
        dies(&store, &feed, numbered(&feed, 5), START_MS).await;
        let end = end(&store, &feed).await.unwrap();
        assert_eq!(store.last_event(feed).await.unwrap().map(EventId::number), Some(5));
        store.append_events(vec![told(feed, 1)], START_MS + EVENTS_KEPT_MS).await.unwrap();
        let next = store.events(feed, end, 9).await.unwrap().events;
        assert_eq!(numbers(&next), [7]);
    });
}

#[test]
fn a_feed_is_read_over_its_partitions_in_order_while_two_append() {
    block_on(async {
        let Some(store) = shared_store(&Options::default()).await else { return };
        let feed = feed();
        // Just before the first partition is full.
        let mut last = None;
        for _ in 0..NUMBERS_A_BUCKET - 3 {
            last = Some(EventId::next(&feed, last, START_MS));
        }
        let first = append(&store, feed, &told(feed, 0), last, START_MS).await.unwrap();
        assert_eq!(first.number(), NUMBERS_A_BUCKET - 2);
        let Some(other) = shared_store(&Options::default()).await else { return };
        let some = async |store: &CqlStore, from: u64| {
            for n in from..from + 5 {
                store.append_events(vec![told(feed, n)], START_MS).await.unwrap();
            }
        };
        tokio::join!(some(&store, 10), some(&other, 20));
        let found = all(&store, feed).await;
        assert_eq!(numbers(&found), (NUMBERS_A_BUCKET - 2..NUMBERS_A_BUCKET + 9).collect::<Vec<_>>());
        let own = |from: u64| {
            let moments = found.iter().map(|event| event.what.at_ms);
            moments.filter(move |at| (happening(from).at_ms..happening(from + 5).at_ms).contains(at))
        };
        assert!(own(10).is_sorted() && own(20).is_sorted());
    });
}
