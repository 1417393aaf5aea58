//! Learners who study by themselves, many at once, with the client that people use. Each keeps the book of what it
//! did and was told, and fails the test at the first promise that the server breaks.

use super::book::Book;
use super::server::random_uuid;
use client::{Client, Config, Event, EventStream, Gone, Handle, Shown, Stopped};
use domain::ids::{DeckId, UserId, Uuid};
use kit::rng::Rng;
use protocol::{Answer, Body, Card, Command, Grade, Reply, Set, SetChange, Start, Undo};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// A learner who studies by itself, as many cards as it is allowed to.
pub struct Student {
    pub user: UserId,
    pub handle: Handle,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    /// Cards that may still be answered.
    allowed: AtomicUsize,
    allowed_more: Notify,
    acting: AtomicBool,
    /// Answers after which no card has come yet.
    unfollowed: AtomicUsize,
    /// It takes no answer back: whoever does waits for the verdict.
    stands_by_answers: AtomicBool,
    book: Mutex<Book>,
    welcomes: AtomicUsize,
    violations: Mutex<Vec<String>>,
}

impl Shared {
    fn take_allowance(&self) -> bool {
        let one_less = |allowed: usize| allowed.checked_sub(1);
        self.allowed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }

    /// So many cards came that were not there.
    fn dealt(&self, cards: usize) {
        let fewer = |unfollowed: usize| Some(unfollowed.saturating_sub(cards));
        let _ = self.unfollowed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer);
    }
}

impl Student {
    /// Joins and starts over these decks, but answers nothing yet. Must run inside a tokio runtime.
    pub async fn begin(url: &str, token: String, user: UserId, decks: &[DeckId], seed: u64) -> Student {
        let (handle, events) = Client::connect(Config::new(url, token)).await.unwrap();
        let start = Start {
            sitting: random_uuid(),
            decks: Some(decks.iter().map(|deck| deck.0).collect()),
            tags: Vec::new(),
            filter: None,
            window: Some(3),
            limits: protocol::Allowance::default(),
            more: protocol::Allowance::default(),
            mode: None,
        };
        let shared = Arc::<Shared>::default();
        let life = Life {
            handle: handle.clone(),
            shared: shared.clone(),
            rng: Rng::new(seed),
            sitting: start.sitting,
            screen: Vec::new(),
            leaving: None,
            undoing: None,
            recent: VecDeque::new(),
        };
        handle.start(start).await.unwrap();
        let task = tokio::spawn(life.live(events));
        Student { user, handle, shared, task }
    }

    /// Lets it answer so many more cards, as fast as they come.
    pub fn allow(&self, cards: usize) {
        self.shared.allowed.fetch_add(cards, Ordering::SeqCst);
        self.shared.allowed_more.notify_one();
    }

    /// Lets it answer nothing more.
    pub fn rest(&self) {
        self.shared.allowed.store(0, Ordering::SeqCst);
    }

    /// From now on it takes answers back now and then, as at the beginning, or none.
    pub fn take_back(&self, takes_back: bool) {
        self.shared.stands_by_answers.store(!takes_back, Ordering::SeqCst);
    }

    /// Whether it has answered all that it was allowed to, and was dealt a card after each answer.
    pub fn is_dealt_to(&self) -> bool {
        let shared = &self.shared;
        shared.allowed.load(Ordering::SeqCst) == 0
            && !shared.acting.load(Ordering::SeqCst)
            && shared.unfollowed.load(Ordering::SeqCst) == 0
    }

    pub fn welcomes(&self) -> usize {
        self.shared.welcomes.load(Ordering::SeqCst)
    }

    pub fn count_saved(&self) -> usize {
        self.shared.book.lock().unwrap().count_saved()
    }

    /// Whether it has done all that it was allowed to, and everything has its verdict.
    pub fn is_through(&self) -> bool {
        let shared = &self.shared;
        shared.allowed.load(Ordering::SeqCst) == 0
            && !shared.acting.load(Ordering::SeqCst)
            && self.is_decided()
    }

    /// Whether everything that it did has its verdict.
    pub fn is_decided(&self) -> bool {
        self.shared.book.lock().unwrap().is_decided()
    }

    pub fn book(&self) -> Book {
        self.shared.book.lock().unwrap().clone()
    }

    /// Promises that the server broke, as the client noticed them.
    pub fn violations(&self) -> Vec<String> {
        self.shared.violations.lock().unwrap().clone()
    }

    /// Ends the client; what it knows stays in its book.
    pub async fn leave(self) -> Book {
        let _ = self.handle.stop().await;
        self.task.await.unwrap();
        self.shared.book.lock().unwrap().clone()
    }
}

/// The task of a student.
struct Life {
    handle: Handle,
    shared: Arc<Shared>,
    rng: Rng,
    sitting: Uuid,
    screen: Vec<Arc<Card>>,
    /// The card that was answered, until it is seen to have left the screen.
    leaving: Option<Uuid>,
    /// An undo without verdict: the card that it brings back is waited for.
    undoing: Option<Uuid>,
    /// Answers that may still be taken back.
    recent: VecDeque<Uuid>,
}

impl Life {
    async fn live(mut self, mut events: EventStream) {
        let shared = self.shared.clone();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(event) => self.hear(event),
                    None => return,
                },
                () = shared.allowed_more.notified() => {}
            }
            if self.leaving.is_none()
                && self.undoing.is_none()
                && let Some(card) = self.screen.first().cloned()
            {
                // Whoever sees that nothing is allowed any more must see this act in the book, or in the making.
                shared.acting.store(true, Ordering::SeqCst);
                let may = shared.take_allowance();
                let acted = if may { self.act(&card).await } else { Ok(()) };
                shared.acting.store(false, Ordering::SeqCst);
                if acted.is_err() {
                    return;
                }
            }
        }
    }

    fn hear(&mut self, event: Event) {
        let broken = |what: String| self.shared.violations.lock().unwrap().push(what);
        match event {
            Event::Held(cards) => {
                self.leaving = self.leaving.filter(|id| cards.iter().any(|card| card.card_id == *id));
                let was_there =
                    |card: &&Arc<Card>| self.screen.iter().any(|seen| seen.card_id == card.card_id);
                self.shared.dealt(cards.iter().filter(|card| !was_there(card)).count());
                self.screen = cards;
            }
            Event::Saved { id, .. } => {
                self.undoing = self.undoing.filter(|undo| *undo != id);
                self.shared.book.lock().unwrap().saved(id);
            }
            Event::Refused(aside) => {
                self.undoing = self.undoing.filter(|undo| *undo != aside.command.id);
                self.shared.book.lock().unwrap().refused(aside.command.id, &aside.code);
            }
            Event::Renamed { from, to } => {
                self.undoing = self.undoing.map(|undo| if undo == from { to } else { undo });
                self.recent.iter_mut().filter(|answer| **answer == from).for_each(|answer| *answer = to);
                self.shared.book.lock().unwrap().renamed(from, to);
            }
            Event::Welcome(_) => drop(self.shared.welcomes.fetch_add(1, Ordering::SeqCst)),
            Event::Violation(violation) => broken(format!("{violation:?}")),
            Event::Stopped(Stopped::Asked) => {}
            Event::Stopped(why) => broken(format!("stopped: {why:?}")),
            Event::Unsaved(_)
            | Event::Connecting { .. }
            | Event::Disconnected { .. }
            | Event::Queue(_)
            | Event::Left(_)
            | Event::Done(_)
            | Event::Graded(_)
            | Event::Class(_)
            | Event::Rescheduled { .. }
            | Event::Busy { .. }
            | Event::ForeignEntries(_)
            | Event::Notice(_)
            | Event::Goodbye { .. }
            | Event::OutboxFailed(_) => {}
        }
    }

    /// Answers the card on screen or takes an answer back; now and then sets a flag as well.
    async fn act(&mut self, card: &Card) -> Result<(), Gone> {
        let (deck_id, card_id) = (card.deck_id, card.card_id);
        if self.rng.chance(10) {
            let change = SetChange::Flag(self.rng.below(8) as u8);
            let id = self.handle.set(deck_id, card_id, change).await?;
            self.note(id, Body::Set(Set { deck_id, card_id, change }));
        }
        if self.rng.chance(10)
            && !self.shared.stands_by_answers.load(Ordering::SeqCst)
            && let Some(of) = self.recent.pop_front()
        {
            let id = self.handle.undo(of).await?;
            self.note(id, Body::Undo(Undo { of }));
            self.undoing = Some(id);
            return Ok(());
        }
        let grade = Grade::try_from(self.rng.below(6) as u8).unwrap();
        let elapsed_ms = self.rng.below(9_000) as u32;
        let shown = Shown { deck_id, card_id, elapsed_ms, confidence: None, early: false };
        self.leaving = Some(card_id);
        self.shared.unfollowed.fetch_add(1, Ordering::SeqCst);
        let id = self.handle.answer(shown, Reply::Grade(grade)).await?;
        let reply = Reply::Grade(grade);
        let sitting = Some(self.sitting);
        let answer = Answer { deck_id, card_id, reply, elapsed_ms, sitting, confidence: None, early: false };
        self.note(id, Body::Answer(answer));
        self.recent.push_back(id);
        if self.recent.len() > 8 {
            self.recent.pop_front();
        }
        Ok(())
    }

    fn note(&self, id: Uuid, body: Body) {
        self.shared.book.lock().unwrap().sent(Command { id, body });
    }
}
