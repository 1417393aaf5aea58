//! The closes that mean "come back", as somebody sees them who studies with the client: it is told the code and comes
//! back by itself, and nothing that was answered is lost.

use super::learner::{Device, somebody};
use super::server::{PATIENCE, TestServer, Wishes, unlimited};
use actors::{Hooks, InputHook};
use client::{Client, Config, Event, EventStream, Handle, Shown};
use domain::ids::{CardId, DeckId, UserId, Uuid};
use domain::session::Input;
use protocol::{Grade, Next, Reply};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A learner with a client, and what it is told.
struct Studying<'a> {
    server: &'a TestServer,
    handle: Handle,
    events: EventStream,
}

impl<'a> Studying<'a> {
    fn begin(server: &'a TestServer, user: UserId) -> Studying<'a> {
        let config = Config { user: Some(user.0), ..Config::new(server.url(), user.to_string()) };
        let (handle, events) = server.run(Client::connect(config)).unwrap();
        Studying { server, handle, events }
    }

    fn wait<T>(&mut self, what: &str, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.next().await.unwrap_or_else(|| panic!("ended before {what}"));
                if let Event::Violation(broken) = &event {
                    panic!("{broken}");
                }
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        };
        let found = self.server.run(async { tokio::time::timeout(PATIENCE, found).await });
        found.unwrap_or_else(|_| panic!("never came: {what}"))
    }

    fn welcomed(&mut self) {
        self.wait("a welcome", |event| matches!(event, Event::Welcome(_)).then_some(()));
    }

    fn answer(&self, deck: DeckId, card: CardId) -> Uuid {
        let shown =
            Shown { deck_id: deck.0, card_id: card.0, elapsed_ms: 900, confidence: None, early: false };
        let grade = Reply::Grade(Grade::try_from(5).unwrap());
        self.server.run(self.handle.answer(shown, grade)).unwrap()
    }

    fn saved(&mut self, answer: Uuid) {
        self.wait("saved", |event| matches!(event, Event::Saved { id, .. } if id == answer).then_some(()));
    }

    /// The next close: its code, its text, and what the client does about it.
    fn closed(&mut self) -> (Option<u16>, String, Next) {
        self.wait("a close", |event| match event {
            Event::Disconnected { code, reason, next, .. } => Some((code, reason, next)),
            _ => None,
        })
    }
}

fn coming_back(code: u16, name: &str, next: Next) -> (Option<u16>, String, Next) {
    (Some(code), name.to_owned(), next)
}

/// A server whose sessions panic at so many of the next inputs of a kind.
fn fragile(panics: &Arc<AtomicUsize>, at: fn(&Input) -> bool) -> TestServer {
    let left = panics.clone();
    let hook: InputHook = Arc::new(move |_, input| {
        let one_less = |left: usize| left.checked_sub(1);
        if at(input) && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            panic!("planted in a session");
        }
    });
    let hooks = Hooks { before_input: Some(hook), ..Hooks::default() };
    TestServer::start_with(Wishes { workers: 2, hooks, ..Wishes::default() })
}

#[test]
fn a_session_that_falls_is_4409_and_the_answer_that_it_fell_over_is_saved_after_all() {
    let panics = Arc::new(AtomicUsize::new(1));
    let server = fragile(&panics, |input| matches!(input, Input::Command { .. }));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 1, unlimited());
    let mut studying = Studying::begin(&server, learner);
    studying.welcomed();
    let answer = studying.answer(deck, cards[0]);
    assert_eq!(studying.closed(), coming_back(4409, "restarted", Next::Reconnect));
    studying.saved(answer);
    assert_eq!(server.log(learner).len(), 1);
}

#[test]
fn a_session_that_keeps_failing_is_4413_and_the_client_waits_five_minutes_and_keeps_its_outbox() {
    let panics = Arc::new(AtomicUsize::new(usize::MAX));
    // A command would be put aside before it had broken the session so often.
    let server = fragile(&panics, |input| matches!(input, Input::Attach { .. }));
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 1, unlimited());
    let mut studying = Studying::begin(&server, learner);
    let answer = studying.answer(deck, cards[0]);
    let five_minutes = Next::ReconnectAfter(300_000);
    let handle = studying.handle.clone();
    let waits_ms = studying.wait("4413", |event| match event {
        Event::Disconnected { code: Some(4413), reason, next, retry_in_ms } => {
            assert_eq!((reason.as_str(), next), ("keeps_failing", five_minutes));
            retry_in_ms
        }
        Event::Disconnected { code, .. } => {
            assert!(matches!(code, Some(4409 | 4412)), "{code:?}");
            // Inside the runtime already: the wish is sent by itself.
            drop(server.spawn({
                let handle = handle.clone();
                async move { handle.retry().await }
            }));
            None
        }
        _ => None,
    });
    assert!(waits_ms >= 300_000);
    panics.store(0, Ordering::SeqCst);
    server.clock.pass_ms(domain::limits::PANIC_REST_MS);
    server.run(studying.handle.retry()).unwrap();
    studying.saved(answer);
}

#[test]
fn a_session_that_cannot_be_loaded_is_4412_and_the_client_is_welcome_when_it_can() {
    let server = TestServer::start();
    let learner = somebody();
    server.faults.seeded(1, 0, 100);
    let mut studying = Studying::begin(&server, learner);
    assert_eq!(studying.closed(), coming_back(4412, "not_ready", Next::Reconnect));
    server.faults.calm();
    studying.welcomed();
}

#[test]
fn the_seventeenth_device_is_4429_and_is_welcome_when_another_went() {
    let server = TestServer::start();
    let learner = somebody();
    let mut devices: Vec<Device<'_>> = (0..16).map(|_| Device::join(&server, learner)).collect();
    let mut studying = Studying::begin(&server, learner);
    assert_eq!(studying.closed(), coming_back(4429, "too_many_connections", Next::Reconnect));
    drop(devices.pop());
    studying.welcomed();
}
