//! What waits to be told when a process goes down, and a store that does not answer any more.

use domain::ids::{SittingId, UserId};
use domain::session::Done;
use kit::MemoryStore;
use ports::{Boxed, EventId, EventPage, Feed, StoreError, Told};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use studyhall::events::{EventFigures, Events, EventsOptions, EventsParts, Happened, SittingEnd};

/// Sittings that wait for their quiet.
const WAITING: usize = 300;
/// What is told together, at most.
const TOGETHER: usize = studyhall::events::limits::TOLD_AT_ONCE;

/// A store that answers so many appends, and then no more.
struct Falling {
    store: MemoryStore,
    answers: AtomicUsize,
    appended: Mutex<Vec<usize>>,
}

impl ports::Events for Falling {
    fn append_events(&self, told: Vec<Told>, now_ms: i64) -> Boxed<'_, Result<(), StoreError>> {
        let one_less = |left: usize| left.checked_sub(1);
        if self.answers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err() {
            return Box::pin(std::future::pending());
        }
        self.appended.lock().unwrap().push(told.len());
        self.store.append_events(told, now_ms)
    }

    fn events(
        &self,
        feed: Feed,
        after: Option<EventId>,
        limit: usize,
    ) -> Boxed<'_, Result<EventPage, StoreError>> {
        self.store.events(feed, after, limit)
    }

    fn last_event(&self, feed: Feed) -> Boxed<'_, Result<Option<EventId>, StoreError>> {
        self.store.last_event(feed)
    }

    fn forget_events(&self, before_ms: i64, most: usize) -> Boxed<'_, Result<usize, StoreError>> {
        self.store.forget_events(before_ms, most)
    }
}

/// Goes down with sittings that wait, over a store that answers so many appends; what was appended together, and counted.
fn goes_down(answers: usize, stopped_within_ms: u64) -> (Vec<usize>, EventFigures) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let memory = MemoryStore::new();
        let appended = Mutex::default();
        let store = Arc::new(Falling { store: memory.clone(), answers: AtomicUsize::new(answers), appended });
        let events = Events::start(EventsParts {
            store: store.clone(),
            library: Arc::new(memory.clone()),
            people: Arc::new(memory.clone()),
            papers: Arc::new(memory),
            clock: Arc::default(),
            is_shared: false,
            options: EventsOptions { stopped_within_ms, ..EventsOptions::default() },
        });
        (1..=WAITING as u128).for_each(|n| events.happened(Happened::Sitting(sitting(n))));
        events.stop().await;
        let appended = store.appended.lock().unwrap().clone();
        (appended, events.figures())
    })
}

fn sitting(n: u128) -> SittingEnd {
    let done = Done {
        sitting: SittingId::from_u128(n),
        decks: vec![],
        answered: 1,
        cards: 1,
        correct: 1,
        elapsed_ms: 1_000,
        next_due_at_ms: None,
        held_elsewhere: None,
    };
    SittingEnd { user: UserId::from_u128(5), done }
}

#[test]
fn what_waits_is_told_a_part_at_a_time_when_the_process_goes_down() {
    let (appended, figures) = goes_down(usize::MAX, 60_000);
    assert_eq!(appended.iter().sum::<usize>(), WAITING);
    assert!(appended.iter().all(|told| *told <= TOGETHER), "{appended:?}");
    assert_eq!((figures.told, figures.lost), (WAITING as u64, 0));
}

#[test]
fn what_could_not_be_told_before_the_process_went_down_is_counted_as_lost() {
    let (_, figures) = goes_down(1, 2_000);
    assert_eq!((figures.told, figures.lost), (TOGETHER as u64, (WAITING - TOGETHER) as u64));
}
