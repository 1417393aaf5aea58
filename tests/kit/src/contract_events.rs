//! What every store of events has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{START_MS, deck, job, user};
use domain::ids::{ClassId, OrgId};
use ports::events::EVENT_DATA_BYTES_MAX;
use ports::{Cause, Event, EventId, EventKind, Events, Feed, Happening, Told};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Makes a test of each promise about events: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! events_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_events;
            an_event_is_read_as_it_was_told,
            ids_grow_strictly_whatever_the_clock_does,
            a_feed_is_read_on_from_any_event_in_pages,
            feeds_do_not_see_each_others_events,
            whoever_reads_while_many_append_misses_nothing,
            what_says_too_much_is_refused_with_all_beside_it,
            the_newest_event_of_a_feed_is_known,
        );
    };
}

/// The feed of the n-th person.
pub fn feed(n: u64) -> Feed {
    Feed::Person(user(n))
}

fn class(n: u128) -> ClassId {
    ClassId::from_u128(0x0190_0000_0000_7000_8600_0000_0000_0000 + n)
}

/// What happened n-th, and nothing else is said of it.
pub fn happening(n: u64) -> Happening {
    Happening {
        kind: EventKind::DeckChanged,
        at_ms: START_MS + n as i64,
        user: None,
        class: None,
        deck: None,
        job: None,
        data: format!(r#"{{"revision":{n}}}"#),
    }
}

/// The n-th thing told to a feed.
pub fn told(feed: Feed, n: u64) -> Told {
    Told { feed, through: None, also: None, what: happening(n) }
}

async fn all(store: &impl Events, feed: Feed) -> Vec<Event> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.events(feed, after, 7).await.unwrap();
        found.extend(page.events);
        if !page.has_more {
            return found;
        }
        after = page.reached;
    }
}

fn said(events: &[Event]) -> Vec<Happening> {
    events.iter().map(|event| event.what.clone()).collect()
}

pub async fn an_event_is_read_as_it_was_told(store: &impl Events) {
    let page = store.events(feed(1), None, 9).await.unwrap();
    assert_eq!((page.events, page.reached, page.has_more), (vec![], None, false));
    let org = OrgId::from_u128(7);
    let everything = |kind| Told {
        feed: feed(1),
        through: Some(class(3)),
        also: Some(org),
        what: Happening {
            kind,
            at_ms: START_MS,
            user: Some(user(4)),
            class: Some(class(3)),
            deck: Some(deck(2)),
            job: Some(job(5)),
            data: r#"{"titel":"naïve “日本”"}"#.to_owned(),
        },
    };
    let mut asked: Vec<Told> = EventKind::ALL.map(everything).into();
    asked.push(told(feed(1), 1));
    store.append_events(asked.clone(), START_MS + 5).await.unwrap();
    store.append_events(vec![], START_MS + 5).await.unwrap();
    let found = all(store, feed(1)).await;
    assert_eq!(found.len(), asked.len());
    for (event, asked) in found.iter().zip(&asked) {
        assert_eq!((event.through, event.also, &event.what), (asked.through, asked.also, &asked.what));
        assert_eq!(event.id.at_ms(), START_MS + 5);
    }
}

pub async fn ids_grow_strictly_whatever_the_clock_does(store: &impl Events) {
    for (n, now_ms) in [START_MS, START_MS - 3_600_000, START_MS + 1, START_MS + 1, 0].into_iter().enumerate()
    {
        store
            .append_events(vec![told(feed(1), 2 * n as u64), told(feed(1), 2 * n as u64 + 1)], now_ms)
            .await
            .unwrap();
    }
    let found = all(store, feed(1)).await;
    assert_eq!(said(&found), (0..10).map(happening).collect::<Vec<_>>());
    assert!(found.is_sorted_by(|a, b| a.id < b.id), "{found:?}");
}

pub async fn a_feed_is_read_on_from_any_event_in_pages(store: &impl Events) {
    store.append_events((0..300).map(|n| told(feed(1), n)).collect(), START_MS).await.unwrap();
    let every = all(store, feed(1)).await;
    assert_eq!(said(&every), (0..300).map(happening).collect::<Vec<_>>());
    for at in [0, 1, 150, 298] {
        let page = store.events(feed(1), Some(every[at].id), 2).await.unwrap();
        assert_eq!(page.events, every[at + 1..(at + 3).min(300)]);
        assert_eq!(page.reached, page.events.last().map(|event| event.id));
        assert_eq!(page.has_more, at + 3 < 300);
    }
    let end = store.events(feed(1), Some(every[299].id), 2).await.unwrap();
    assert_eq!((end.events, end.reached, end.has_more), (vec![], Some(every[299].id), false));
}

pub async fn feeds_do_not_see_each_others_events(store: &impl Events) {
    let org = Feed::Org(OrgId(user(1).0));
    let mixed = vec![told(feed(1), 1), told(org, 2), told(feed(2), 3), told(feed(1), 4)];
    store.append_events(mixed, START_MS).await.unwrap();
    assert_eq!(said(&all(store, feed(1)).await), [happening(1), happening(4)]);
    assert_eq!(said(&all(store, feed(2)).await), [happening(3)]);
    assert_eq!(said(&all(store, org).await), [happening(2)]);
    assert_eq!(said(&all(store, feed(3)).await), []);
}

/// Writers of the next promise, and what each of them appends, one after another.
const WRITERS: u64 = 4;
const EACH: u64 = 10;

pub async fn whoever_reads_while_many_append_misses_nothing<S: Events>(store: &S) {
    let (store, written) = (Arc::new(store), AtomicUsize::new(0));
    let writer = async |writer: u64| {
        for n in 0..EACH {
            // Each by a clock of its own.
            let now_ms = START_MS + (writer as i64 - 2) * 60_000;
            store.append_events(vec![told(feed(1), writer * EACH + n)], now_ms).await.unwrap();
            written.fetch_add(1, Ordering::SeqCst);
        }
    };
    let reader = async {
        let (mut found, mut after): (Vec<Event>, Option<EventId>) = (Vec::new(), None);
        loop {
            let is_over = written.load(Ordering::SeqCst) as u64 == WRITERS * EACH;
            let page = store.events(feed(1), after, 3).await.unwrap();
            found.extend(page.events);
            after = page.reached;
            if is_over && !page.has_more {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    let (found, ..) = tokio::join!(reader, writer(0), writer(1), writer(2), writer(3));
    assert_eq!(found.len() as u64, WRITERS * EACH, "each event is read once");
    let numbers: BTreeSet<String> = found.iter().map(|event| event.what.data.clone()).collect();
    assert_eq!(numbers.len() as u64, WRITERS * EACH);
    assert!(found.is_sorted_by(|a, b| a.id < b.id));
    for writer in 0..WRITERS {
        let first = START_MS + (writer * EACH) as i64;
        let own =
            found.iter().map(|event| event.what.at_ms).filter(|at| (first..first + EACH as i64).contains(at));
        assert!(own.is_sorted(), "what one appends after another is read after it");
    }
}

pub async fn what_says_too_much_is_refused_with_all_beside_it(store: &impl Events) {
    let mut long = told(feed(1), 2);
    long.what.data = format!(r#"{{"x":"{}"}}"#, "y".repeat(EVENT_DATA_BYTES_MAX));
    let refused = store.append_events(vec![told(feed(1), 1), long], START_MS).await;
    assert_eq!(refused.unwrap_err().cause, Cause::Invalid);
    assert_eq!(all(store, feed(1)).await, []);
}

pub async fn the_newest_event_of_a_feed_is_known(store: &impl Events) {
    assert_eq!(store.last_event(feed(1)).await, Ok(None));
    store.append_events((0..5).map(|n| told(feed(1), n)).collect(), START_MS).await.unwrap();
    store.append_events(vec![told(feed(2), 9)], START_MS).await.unwrap();
    let last = all(store, feed(1)).await.pop().map(|event| event.id);
    assert_eq!(store.last_event(feed(1)).await, Ok(last));
}

/// Of stores that do not forget by themselves.
pub async fn what_is_too_old_is_forgotten_and_nothing_else(store: &impl Events) {
    for day in 0..4 {
        let now_ms = START_MS + day * 86_400_000;
        store
            .append_events(vec![told(feed(1), 2 * day as u64), told(feed(2), 2 * day as u64 + 1)], now_ms)
            .await
            .unwrap();
    }
    let before_ms = START_MS + 2 * 86_400_000;
    assert_eq!(store.forget_events(before_ms, 3).await, Ok(3));
    assert_eq!(store.forget_events(before_ms, 3).await, Ok(1));
    assert_eq!(store.forget_events(before_ms, 3).await, Ok(0));
    assert_eq!(said(&all(store, feed(1)).await), [happening(4), happening(6)]);
    assert_eq!(store.forget_events(i64::MAX, 99).await, Ok(4));
    assert_eq!(all(store, feed(1)).await, []);
    // Numbers go on: nobody who was at the end misses what comes.
    let last = store.last_event(feed(1)).await.unwrap().unwrap();
    store.append_events(vec![told(feed(1), 10)], START_MS).await.unwrap();
    let next = store.events(feed(1), Some(last), 9).await.unwrap().events;
    assert_eq!(said(&next), [happening(10)]);
}
