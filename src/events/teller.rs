//! The task that turns what happened into events: it finds out whom it concerns, and appends. Nobody waits for it.

use super::happened::{Happened, SittingEnd};
use super::limits::{APPEND_AGAIN_MS, APPEND_AGAIN_MS_MAX, APPEND_TRIES, QUIET_WAITING_MAX, TOLD_AT_ONCE};
use super::quiet::Quiet;
use super::tell::Led;
use super::{EventsOptions, Figures, tell};
use crate::clock::ServerClock;
use crate::teaching::further_teachers;
use domain::ids::{ClassId, DeckId, SittingId, UserId};
use ports::people::ClassChange;
use ports::{Cause, ClassRecord, EventKind, Feed, Library, Papers, People, Told};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, mpsc, watch};

/// A look at things that wait is not more often than this, in milliseconds.
const LOOK_AT_LEAST_MS: u64 = 10;

/// What the teller works with.
pub(super) struct Teller {
    pub store: Arc<dyn ports::Events>,
    pub library: Arc<dyn Library>,
    pub people: Arc<dyn People>,
    pub papers: Arc<dyn Papers>,
    pub clock: Arc<ServerClock>,
    pub news: broadcast::Sender<Feed>,
    pub figures: Arc<Figures>,
    began: Instant,
    decks: Quiet<DeckId, DeckId>,
    sittings: Quiet<(UserId, SittingId), SittingEnd>,
    /// The newest change of a class: said twice in one moment it is one.
    last_change: Option<(ClassId, ClassChange, i64)>,
}

/// Where events go, and what they are about.
type Stores = (Arc<dyn ports::Events>, Arc<dyn Library>, Arc<dyn People>, Arc<dyn Papers>);

/// Why nothing is told of something: a store did not say whom it concerns.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error(transparent)]
    Library(#[from] ports::LibraryError),
    #[error(transparent)]
    People(#[from] ports::PeopleError),
    #[error(transparent)]
    Papers(#[from] ports::PapersError),
}

impl Teller {
    pub fn new(
        (store, library, people, papers): Stores,
        clock: Arc<ServerClock>,
        news: broadcast::Sender<Feed>,
        figures: Arc<Figures>,
        options: &EventsOptions,
    ) -> Teller {
        Teller {
            store,
            library,
            people,
            papers,
            clock,
            news,
            figures,
            began: Instant::now(),
            decks: Quiet::new(options.deck_quiet_ms, QUIET_WAITING_MAX),
            sittings: Quiet::new(options.sitting_quiet_ms, QUIET_WAITING_MAX),
            last_change: None,
        }
    }

    /// Tells what comes until it is to stop; then what waits is told, and that is the end.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Happened>, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(TOLD_AT_ONCE);
        loop {
            let rest = self.rest();
            let is_over = tokio::select! {
                count = queue.recv_many(&mut batch, TOLD_AT_ONCE) => count == 0,
                () = tokio::time::sleep(rest) => false,
                _ = stop.wait_for(|stop| *stop) => true,
            };
            if is_over {
                queue.close();
                loop {
                    self.figures.wait(batch.len() + queue.len() + self.decks.len() + self.sittings.len());
                    self.tell(std::mem::take(&mut batch)).await;
                    if queue.recv_many(&mut batch, TOLD_AT_ONCE).await == 0 {
                        break;
                    }
                }
                return self.tell_all_that_waits().await;
            }
            self.tell(std::mem::take(&mut batch)).await;
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long until something that waits is due.
    fn rest(&self) -> Duration {
        let next = [self.decks.next_ms(), self.sittings.next_ms()].into_iter().flatten().min();
        let rest = next.map_or(60_000, |next| next.saturating_sub(self.now_ms()));
        Duration::from_millis(rest.max(LOOK_AT_LEAST_MS))
    }

    async fn tell(&mut self, batch: Vec<Happened>) {
        let mut told = Vec::new();
        for happened in batch {
            match self.of(happened).await {
                Ok(some) => told.extend(some),
                Err(error) => self.lost(1, &error),
            }
        }
        self.append(told).await;
        let now_ms = self.now_ms();
        let (decks, sittings) = (self.decks.due(now_ms), self.sittings.due(now_ms));
        self.tell_what_waited(decks, sittings).await;
    }

    async fn tell_all_that_waits(&mut self) {
        let (decks, sittings) = (self.decks.all(), self.sittings.all());
        self.figures.wait(decks.len() + sittings.len());
        self.tell_what_waited(decks, sittings).await;
    }

    /// Tells what has waited, some of it at a time: what is told is told, however long the rest takes.
    async fn tell_what_waited(&self, decks: Vec<DeckId>, sittings: Vec<SittingEnd>) {
        for some in decks.chunks(TOLD_AT_ONCE) {
            let mut told = Vec::new();
            for deck in some {
                told.extend(self.deck_or_lost(*deck).await);
            }
            self.append(told).await;
            self.figures.waits_less(some.len());
        }
        for some in sittings.chunks(TOLD_AT_ONCE) {
            let mut told = Vec::new();
            for end in some {
                told.extend(self.sitting_or_lost(end).await);
            }
            self.append(told).await;
            self.figures.waits_less(some.len());
        }
    }

    /// Whom something concerns, and what they are told.
    async fn of(&mut self, happened: Happened) -> Result<Vec<Told>, Unknown> {
        let at_ms = self.clock.wall_ms();
        Ok(match happened {
            Happened::Deck(kind, deck) => {
                // What was changed in the same moment is in it.
                self.decks.forget(&deck.id);
                tell::of_deck(kind, &deck, at_ms)
            }
            Happened::DeckChanged(deck) => match self.decks.note(deck, deck, self.now_ms()) {
                Some(deck) => self.deck(deck).await?,
                None => Vec::new(),
            },
            Happened::ClassMade(class) => tell::of_class(EventKind::ClassCreated, &(*class).into(), at_ms),
            Happened::ClassAmended(class) => match self.led(class).await? {
                Some(class) if class.record.deleted_ms.is_some() => {
                    tell::of_class(EventKind::ClassClosed, &class, at_ms)
                }
                Some(class) => tell::of_class(EventKind::ClassChanged, &class, at_ms),
                None => Vec::new(),
            },
            Happened::ClassChanged(class, change, changed_ms) => {
                let again = self.last_change.replace((class, change, changed_ms));
                if again == Some((class, change, changed_ms)) {
                    return Ok(Vec::new());
                }
                self.class_changed(class, change, changed_ms, at_ms).await?
            }
            Happened::Enrolled(class, who) => {
                let Some(class) = self.led(class).await? else { return Ok(Vec::new()) };
                let came = tell::of_enrollment(EventKind::EnrollmentBegun, &class, &who.join, at_ms);
                let left = tell::of_enrollment(EventKind::EnrollmentEnded, &class, &who.leave, at_ms);
                came.into_iter().chain(left).collect()
            }
            Happened::Named(org, users) => tell::of_named(org, &users, at_ms),
            Happened::Import(record) => tell::of_import(&record, at_ms),
            Happened::Own { kind, user, class, deck, data } => {
                tell::own(kind, user, (class, deck), &data, at_ms)
            }
            Happened::Sitting(end) => {
                let key = (end.user, end.done.sitting);
                match self.sittings.note(key, end, self.now_ms()) {
                    Some(end) => self.sitting(&end).await?,
                    None => Vec::new(),
                }
            }
        })
    }

    async fn class_changed(
        &self,
        class: ClassId,
        change: ClassChange,
        changed_ms: i64,
        at_ms: i64,
    ) -> Result<Vec<Told>, Unknown> {
        let Some(class) = self.led(class).await? else { return Ok(Vec::new()) };
        let of_deck = |kind, deck| tell::of_class_deck(kind, &class, deck, at_ms);
        Ok(match change {
            ClassChange::Enroll(user) => {
                // Who was there already has not come; who is not there any more has come and gone.
                let since = self.people.enrolled_since(class.record.id).await?;
                let was_there = since.iter().any(|(who, from_ms)| *who == user && *from_ms < changed_ms);
                let come: &[UserId] = if was_there { &[] } else { &[user] };
                tell::of_enrollment(EventKind::EnrollmentBegun, &class, come, at_ms)
            }
            ClassChange::Remove(user) => {
                tell::of_enrollment(EventKind::EnrollmentEnded, &class, &[user], at_ms)
            }
            ClassChange::Give(deck) => of_deck(EventKind::DeckGiven, deck),
            ClassChange::Take(deck) => of_deck(EventKind::DeckTaken, deck),
        })
    }

    /// A class with all who run it.
    async fn led(&self, class: ClassId) -> Result<Option<Led>, Unknown> {
        match self.people.class(class).await? {
            Some(record) => Ok(Some(self.led_by(record).await?)),
            None => Ok(None),
        }
    }

    async fn led_by(&self, record: ClassRecord) -> Result<Led, Unknown> {
        let further = further_teachers(self.papers.as_ref(), record.id).await?;
        Ok(Led { record, further })
    }

    async fn deck(&self, deck: DeckId) -> Result<Vec<Told>, Unknown> {
        let record = self.library.deck(deck).await?.filter(|deck| deck.deleted_ms.is_none());
        let at_ms = self.clock.wall_ms();
        Ok(record.map_or(Vec::new(), |deck| tell::of_deck(EventKind::DeckChanged, &deck, at_ms)))
    }

    async fn deck_or_lost(&self, deck: DeckId) -> Vec<Told> {
        self.deck(deck).await.unwrap_or_else(|error| {
            self.lost(1, &error);
            Vec::new()
        })
    }

    async fn sitting(&self, end: &SittingEnd) -> Result<Vec<Told>, Unknown> {
        let classes =
            if end.done.decks.is_empty() { Vec::new() } else { self.people.classes_of(end.user).await? };
        let mut about = Vec::new();
        for class in classes.into_iter().filter(|class| tell::is_about(end, class)) {
            about.push(self.led_by(class).await?);
        }
        Ok(tell::of_sitting(end, &about, self.clock.wall_ms()))
    }

    async fn sitting_or_lost(&self, end: &SittingEnd) -> Vec<Told> {
        self.sitting(end).await.unwrap_or_else(|error| {
            self.lost(1, &error);
            Vec::new()
        })
    }

    /// Appends, again while that may help: what has been told of nowhere else must not be lost to a hiccup.
    async fn append(&self, told: Vec<Told>) {
        if told.is_empty() {
            return;
        }
        let feeds: BTreeSet<Feed> = told.iter().map(|told| told.feed).collect();
        let (count, mut rest_ms) = (told.len(), APPEND_AGAIN_MS);
        for number in 1..=APPEND_TRIES {
            match self.store.append_events(told.clone(), self.clock.wall_ms()).await {
                Ok(()) => {
                    self.figures.told(count);
                    // Nobody may watch.
                    feeds.iter().for_each(|feed| drop(self.news.send(*feed)));
                    return;
                }
                Err(error) if error.cause == Cause::Invalid || number == APPEND_TRIES => {
                    return self.lost(count, &error);
                }
                Err(error) => {
                    tracing::debug!(%error, "events wait for the store");
                    tokio::time::sleep(Duration::from_millis(rest_ms)).await;
                    rest_ms = (rest_ms * 2).min(APPEND_AGAIN_MS_MAX);
                }
            }
        }
    }

    fn lost(&self, count: usize, error: &dyn std::fmt::Display) {
        tracing::warn!(count, %error, "nothing is told of something that happened");
        self.figures.lost(count);
    }
}
